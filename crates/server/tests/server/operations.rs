//! Every operation of the OpenAPI document, from outside in: what it says of itself, and what it answers without
//! credentials (craft B3 row 15; role by role in `matrix`).

use crate::running::Running;
use domain::access::Action;
use serde_json::{Value, json};
use uuid::Uuid;

/// Operations that need nobody to be signed in.
const PUBLIC: &[&str] = &[
    "/api/v1/openapi.json GET",
    "/api/v1/password POST",
    "/api/v1/session POST",
    "/healthz GET",
    "/metrics GET",
    "/readyz GET",
    "/sign-in/{token} POST",
];

/// Signed-in operations that stand for no action of the access table: about the caller alone, or judged command by
/// command and message by message.
const OF_ONESELF: &[&str] = &[
    "/api/v1/commands POST",
    "/api/v1/conflicts GET",
    "/api/v1/conflicts/{id} POST",
    "/api/v1/feed GET",
    "/api/v1/session DELETE",
    "/api/v1/session GET",
    "/api/v1/session/password POST",
    "/api/v1/session/totp POST",
    "/api/v1/session/totp/confirm POST",
    "/api/v1/session/work GET",
    "/api/v1/session/work POST",
    "/api/v1/session/work/{id} DELETE",
    "/api/v1/sessions DELETE",
    "/api/v1/tokens GET",
    "/api/v1/tokens/{id} DELETE",
];

pub struct Operation {
    pub method: String,
    pub path: String,
    pub public: bool,
    pub action: Option<Action>,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.path, self.method)
    }

    /// Its path with an id that nothing has.
    fn filled(&self) -> String {
        self.path.replace("{id}", &Uuid::from_u128(1).to_string()).replace("{token}", &"00".repeat(32))
    }
}

pub fn operations() -> Vec<Operation> {
    let document: Value = serde_json::to_value(server::document()).expect("the document is JSON");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let name = operation["x-action"].as_str();
            let action = name.map(|name| Action::from_name(name).unwrap_or_else(|| panic!("{name} is no action")));
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                public: operation["security"] == json!([{}]) || operation["security"] == json!([]),
                action,
            });
        }
    }
    assert!(operations.len() > 30, "{}", operations.len());
    operations
}

#[test]
fn what_is_public_and_what_has_no_action_is_a_list_that_a_person_reads() {
    let operations = operations();
    let mut public: Vec<String> = operations.iter().filter(|one| one.public).map(Operation::name).collect();
    public.sort();
    assert_eq!(public, PUBLIC);
    let without = operations.iter().filter(|one| !one.public && one.action.is_none());
    let mut without: Vec<String> = without.map(Operation::name).collect();
    without.sort();
    assert_eq!(without, OF_ONESELF);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_every_operation_is_refused() {
    let running = Running::start().await;
    let garbled = [
        running.client().with("x-firebreak", "1"),
        running.client().with("authorization", "Bearer firebreak_00"),
        running.client().with("authorization", &format!("Bearer firebreak_{}", "00".repeat(32))),
        running.client().with("x-firebreak", "1").with("cookie", &format!("firebreak-session={}", "00".repeat(32))),
    ];
    for operation in operations().iter().filter(|operation| !operation.public) {
        for client in &garbled {
            let answer = client.with("content-type", "application/json");
            let answer = answer.send(&operation.method, &operation.filled(), Some(b"{}")).await;
            assert_eq!(answer.status, 401, "{}: {}", operation.name(), answer.text());
            assert_eq!(answer.json()["rule"], "not_signed_in", "{}", operation.name());
        }
    }
}

/// Every value of a document, with its pointer.
fn each<'a>(value: &'a Value, pointer: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    visit(pointer, value);
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                each(value, &format!("{pointer}/{name}"), visit);
            });
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| each(value, &format!("{pointer}/{n}"), visit));
        }
        _ => {}
    }
}

#[test]
fn every_reference_of_the_document_resolves() {
    let document: Value = serde_json::to_value(server::document()).expect("the document is JSON");
    let mut found = 0;
    each(&document, "", &mut |place, value| {
        let Some(reference) = value.as_str().filter(|_| place.ends_with("/$ref")) else { return };
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{place}: {reference} is elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{place}: {reference} is not there");
        found += 1;
    });
    assert!(found > 100, "{found}");
}

#[test]
fn every_operation_says_what_it_does_and_how_it_refuses() {
    let document: Value = serde_json::to_value(server::document()).expect("the document is JSON");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let named = format!("{method} {path}");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{named} has no summary");
            assert!(ids.insert(operation["operationId"].to_string()), "{named}: {}", operation["operationId"]);
            assert!(operation["tags"][0].is_string(), "{named} has no tag");
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{named} never succeeds");
            for (status, response) in responses {
                assert!(!response["description"].as_str().unwrap_or_default().is_empty(), "{named} {status}");
                if status.starts_with(['2', '3']) {
                    continue;
                }
                let sent = &response["content"]["application/problem+json"];
                assert_eq!(sent["schema"]["$ref"], "#/components/schemas/Problem", "{named} {status}");
                let example = &sent["example"];
                assert_eq!(example["status"].to_string(), *status, "{named}");
                for part in ["type", "title", "detail", "remedy", "rule"] {
                    assert!(!example[part].as_str().unwrap_or_default().is_empty(), "{named} {status} {part}");
                }
            }
            let needed: &[&str] = match (path.starts_with("/api/"), operation.get("requestBody").is_some()) {
                (true, true) => &["400", "413", "415", "422", "429", "503"],
                (true, false) => &["429", "503"],
                (false, _) => &[],
            };
            for status in needed {
                assert!(responses.contains_key(*status), "{named} does not say {status}");
            }
            for parameter in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
                let of_path = operation["parameters"].as_array().into_iter().flatten();
                let declared = of_path.filter(|one| one["in"] == "path").any(|one| one["name"] == parameter);
                assert!(declared, "{named} does not describe {parameter}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_the_document_is_served() {
    let running = Running::start().await;
    let client = running.client().with("x-firebreak", "1");
    let served = client.get("/api/v1/openapi.json").await.json();
    assert_eq!(served, serde_json::to_value(server::document()).expect("the document is JSON"));
    for operation in operations() {
        let answer = client.with("content-type", "application/json");
        let answer = answer.send(&operation.method, &operation.filled(), Some(b"{}")).await;
        let rule = if answer.status < 400 { json!(null) } else { answer.json()["rule"].clone() };
        assert_ne!(rule, "no_such_address", "{}", operation.name());
        assert_ne!(rule, "no_such_method", "{}", operation.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_refused_at_its_place_in_both_languages_by_every_operation_that_takes_a_body() {
    let (running, client) = Running::with_epidemiologist().await;
    let document: Value = serde_json::to_value(server::document()).expect("the document is JSON");
    let mut asked = 0;
    for operation in operations() {
        let described = &document["paths"][&operation.path][operation.method.to_lowercase()];
        if described.get("requestBody").is_none() {
            continue;
        }
        for (language, letters) in [("zh", '\u{4e00}'..='\u{9fff}'), ("en", 'a'..='z')] {
            let client = client.with("accept-language", language).with("content-type", "application/json");
            let body = Some(b"{\"surprise\":1}".as_slice());
            let answer = client.send(&operation.method, &operation.filled(), body).await;
            let problem = answer.json();
            let named = format!("{}: {problem}", operation.name());
            assert_eq!((answer.status, problem["rule"].as_str()), (422, Some("unknown_field")), "{named}");
            assert_eq!(problem["errors"][0]["pointer"], "", "{named}");
            assert!(!problem.to_string().contains("surprise"), "what was sent is not repeated: {named}");
            assert_eq!(answer.header("content-language"), Some(language), "{named}");
            for part in ["detail", "remedy"] {
                assert!(
                    problem[part].as_str().is_some_and(|text| text.contains(|letter| letters.contains(&letter))),
                    "{named}"
                );
            }
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
    running.stop().await.verified().await;
}
