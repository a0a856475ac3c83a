//! `POST /api/v1/commands`: each envelope has its outcome, and each refusal its place.

use crate::{
    client::{Answer, Client},
    running::{Running, quick},
};
use domain::access::Role;
use serde_json::{Value, json};
use server::Limits;
use testkit::scene::DISTRICT;
use uuid::Uuid;

const COMMANDS: &str = "/api/v1/commands";

/// An envelope that registers the `n`-th person of an area.
pub fn register(id: u128, n: u64, area: Uuid) -> Value {
    let person = testkit::scene::person_id(n).0;
    envelope(
        id,
        json!({"person": {"register": {"id": person, "jurisdiction": area, "fields": {"full_name": "王测试"}}}}),
    )
}

pub fn envelope(id: u128, command: Value) -> Value {
    json!({"id": Uuid::from_u128(id), "stream": 1, "command": command})
}

fn place(answer: &Answer) -> (u16, String, String) {
    let problem = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&problem["rule"]), text(&problem["errors"][0]["pointer"]))
}

async fn refused(client: &Client, body: &str) -> (u16, String, String) {
    place(&client.post_text(COMMANDS, "application/json", body).await)
}

fn expected(status: u16, rule: &str, pointer: &str) -> (u16, String, String) {
    (status, rule.to_owned(), pointer.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_accepted_once_and_its_id_belongs_to_it() {
    let (running, client) = Running::with_epidemiologist().await;
    let first = client.post(COMMANDS, &register(1, 1, DISTRICT.0)).await;
    assert_eq!((first.status, first.json()["outcome"].as_str()), (200, Some("accepted")), "{}", first.text());
    assert!(first.json()["seq"].as_i64().is_some_and(|seq| seq > 0));
    assert_eq!(client.post(COMMANDS, &register(1, 1, DISTRICT.0)).await.json(), first.json());
    let other = client.post(COMMANDS, &register(1, 2, DISTRICT.0)).await;
    assert_eq!((other.status, other.json()["rule"].as_str()), (409, Some("other_content")));
    running.stop().await.verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_not_approved_over_http_where_its_keys_would_live_on() {
    let (running, client) = Running::with_epidemiologist().await;
    let approve = envelope(1, json!({"erasure": {"approve": {"id": Uuid::from_u128(5)}}}));
    let alone = client.post(COMMANDS, &approve).await;
    assert_eq!(place(&alone), expected(403, "erasure_at_the_installation", "/command"));
    let batch = client.post(COMMANDS, &json!([register(2, 1, DISTRICT.0), approve])).await;
    assert_eq!(place(&batch), expected(403, "erasure_at_the_installation", "/1/command"));
    let first = client.post(COMMANDS, &register(2, 1, DISTRICT.0)).await;
    assert_eq!(first.json()["outcome"], "accepted", "nothing of the refused batch was done: {}", first.text());
    running.stop().await.verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_batch_has_its_own_outcome() {
    let (running, client) = Running::with_epidemiologist().await;
    let person = testkit::scene::person_id(1).0;
    let correct = |id, person: Uuid, seen: &str, to: &str| {
        let changes = json!({"full_name": {"seen": seen, "to": to}});
        envelope(id, json!({"person": {"correct": {"id": person, "changes": changes}}}))
    };
    let batch = json!([
        register(1, 1, DISTRICT.0),
        correct(2, person, "王测试", &"长".repeat(401)),
        correct(3, person, "另一个名字", "新名字"),
        correct(4, testkit::scene::person_id(9).0, "a", "b"),
        register(1, 2, DISTRICT.0),
        register(5, 2, DISTRICT.0),
    ]);
    let answer = client.with("accept-language", "zh").post(COMMANDS, &batch).await;
    assert_eq!(answer.status, 200);
    let items = answer.json();
    let seen = |n: usize| (items[n]["status"].as_u64(), items[n]["outcome"].as_str());
    assert_eq!(seen(0), (Some(200), Some("accepted")), "{items}");
    assert_eq!(seen(1), (Some(422), Some("refused")));
    assert_eq!(items[1]["rule"], "too_long");
    assert_eq!(items[1]["errors"][0]["pointer"], "/1/command/person/correct/changes/full_name");
    assert_eq!(items[1]["errors"][0]["detail"], "文字超过字段长度。");
    assert_eq!(seen(2), (Some(409), Some("conflict")));
    assert_eq!(seen(3), (Some(202), Some("waiting")));
    assert_eq!(items[3]["ids"][0], testkit::scene::person_id(9).0.to_string());
    assert_eq!(seen(4), (Some(409), Some("other_content")));
    assert_eq!(seen(5), (Some(200), Some("accepted")));
    let metrics = running.client().get("/metrics").await.text();
    assert!(metrics.contains("firebreak_commands_total{outcome=\"accepted\"} 2"), "{metrics}");
    assert!(metrics.contains("firebreak_commands_total{outcome=\"conflict\"} 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_for_a_command_post_that_there_is_not_is_refused_at_its_stream() {
    for engine in testkit::engines() {
        let running = Running::on(testkit::Stage::new(engine).await, quick(), |_| {}).await;
        running.administrator_of(DISTRICT.0).await;
        let login = running.account(1, Role::Epidemiologist, DISTRICT.0).await;
        let client = running.signed_in(&login).await.with("accept-language", "zh");
        let elsewhere = |id, n, stream: i64| {
            let mut envelope = register(id, n, DISTRICT.0);
            envelope["stream"] = json!(stream);
            envelope
        };
        let alone = client.post(COMMANDS, &elsewhere(1, 1, 2)).await;
        assert_eq!(place(&alone), expected(422, "no_such_stream", "/stream"), "{}", alone.text());
        let problem = alone.json();
        assert_eq!((&problem["outcome"], &problem["ground"]), (&json!("refused"), &json!("integrity")));
        assert_eq!(problem["detail"], "没有该编号的指挥部，指令未执行。");
        let english = client.with("accept-language", "en").post(COMMANDS, &elsewhere(1, 1, i64::MIN)).await.json();
        assert!(english["remedy"].as_str().is_some_and(|remedy| remedy.contains("/api/v1/session")), "{english}");
        let batch = json!([elsewhere(2, 2, 7), register(3, 3, DISTRICT.0), elsewhere(4, 4, 7), elsewhere(5, 5, -1)]);
        let items = client.post(COMMANDS, &batch).await.json();
        for (n, item) in items.as_array().expect("a list").iter().enumerate().filter(|(n, _)| *n != 1) {
            assert_eq!((item["status"].as_u64(), &item["outcome"]), (Some(422), &json!("refused")), "{items}");
            assert_eq!((&item["rule"], &item["ground"]), (&json!("no_such_stream"), &json!("integrity")));
            assert_eq!(item["errors"][0]["pointer"], format!("/{n}/stream"));
        }
        assert_eq!(items[1]["outcome"], "accepted", "{items}");
        // It is not used up: where the post is named right, the same id is done.
        assert_eq!(client.post(COMMANDS, &elsewhere(1, 1, 1)).await.json()["outcome"], "accepted");
        running.stop().await.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_is_refused_at_its_place_with_nothing_done() {
    let (running, client) = Running::with_epidemiologist().await;
    let id = Uuid::from_u128(1);
    let with = |command: &str| format!("{{\"id\":\"{id}\",\"stream\":1,\"command\":{command}}}");
    let correct = |minutes: &str| {
        with(&format!("{{\"exposure\":{{\"correct\":{{\"id\":\"{id}\",\"changes\":{{\"minutes\":{minutes}}}}}}}}}"))
    };
    let cases = [
        ("{", expected(400, "malformed_json", "")),
        ("[]", expected(422, "empty_batch", "")),
        ("[1]", expected(422, "wrong_type", "/0")),
        ("{\"stream\":1}", expected(422, "missing_field", "/id")),
        (&with("{\"person\":{\"vanish\":{}}}"), expected(422, "unknown_choice", "/command/person")),
        (&with("{\"person\":{\"register\":{\"id\":1}}}"), expected(422, "wrong_type", "/command/person/register/id")),
        (
            &with(&format!(
                "{{\"person\":{{\"register\":{{\"id\":\"{id}\",\"jurisdiction\":\"{id}\",\"fields\":{{\"nickname\":\"x\"}}}}}}}}"
            )),
            expected(422, "unknown_field", "/command/person/register/fields"),
        ),
        (
            &with(&format!(
                "{{\"person\":{{\"register\":{{\"id\":\"{id}\",\"jurisdiction\":\"{id}\",\"fields\":{{\"age_years\":\"forty\"}}}}}}}}"
            )),
            expected(422, "wrong_type", "/command/person/register/fields/age_years"),
        ),
        (
            &with(&format!(
                "{{\"person\":{{\"register\":{{\"id\":\"{id}\",\"jurisdiction\":\"{id}\",\"fields\":{{\"birth_date\":\"王小明\"}}}}}}}}"
            )),
            expected(422, "invalid_value", "/command/person/register/fields/birth_date"),
        ),
        (
            &format!("{{\"id\":\"{id}\",\"stream\":1,\"actor\":\"{id}\",\"command\":{{\"case\":{{}}}}}}"),
            expected(422, "unknown_field", ""),
        ),
        // An array is no object, though its items come in the order of the fields.
        (&format!("[[\"{id}\",1,{{}}]]"), expected(422, "wrong_type", "/0")),
        (
            &with(&format!("{{\"person\":{{\"correct\":[\"{id}\",{{}}]}}}}")),
            expected(422, "wrong_type", "/command/person/correct"),
        ),
        (&correct("[30,45]"), expected(422, "wrong_type", "/command/exposure/correct/changes/minutes")),
        (&correct("{\"to\":[45]}"), expected(422, "wrong_type", "/command/exposure/correct/changes/minutes/to")),
    ];
    for (body, problem) in cases {
        assert_eq!(refused(&client, body).await, problem, "{body}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused(&client, &deep).await, expected(400, "too_deep_json", ""));
    let quoted = "{\"id\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\"}";
    assert_eq!(refused(&client, quoted).await.1, "invalid_value", "brackets inside a text are no nesting");
    let named = client.post_text(COMMANDS, "application/json", &with("{\"person\":{\"王小明\":{}}}")).await;
    assert!(!named.text().contains("王小明"), "what was typed is not repeated: {}", named.text());
    assert_eq!(client.post_text(COMMANDS, "text/plain", "{}").await.status, 415);
    running.stop().await.verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_or_a_phone_in_the_place_of_a_name_a_word_or_a_parameter_is_not_repeated() {
    let (running, client) = Running::with_epidemiologist().await;
    let id = Uuid::from_u128(1);
    let correct = |changes: &str| format!("{{\"person\":{{\"correct\":{{\"id\":\"{id}\",\"changes\":{changes}}}}}}}");
    let jurisdiction = |fields: &str| {
        format!(
            "{{\"jurisdiction\":{{\"define\":{{\"id\":\"{id}\",\"hierarchy\":\"administrative\",\"level\":\"district\",\"parent\":\"{id}\",\"fields\":{fields}}}}}}}"
        )
    };
    for typed in ["Okoro Ada", "okoro", "王小明", "13800001111", "a`okoro", "x, expected okoro"] {
        let places = [
            correct(&format!("{{\"{typed}\":{{\"to\":\"x\"}}}}")),
            correct(&format!("{{\"sex\":{{\"{typed}\":\"x\"}}}}")),
            correct(&format!("{{\"sex\":{{\"to\":\"{typed}\"}}}}")),
            correct(&format!("{{\"sex\":{{\"{typed}\" 1}}}}")),
            correct(&format!("{{\"birth_date\":{{\"to\":\"{typed}\"}}}}")),
            correct(&format!("{{\"age_years\":{{\"to\":\"{typed}\"}}}}")),
            jurisdiction(&format!("{{\"names\":{{\"{typed}\":1}}}}")),
            format!("{{\"person\":{{\"{typed}\":{{}}}}}}"),
            format!("{{\"{typed}\":{{}}}}"),
            format!("\"{typed}\""),
        ];
        for command in places {
            let body = format!("[{{\"id\":\"{id}\",\"stream\":1,\"command\":{command}}}]");
            let answer = client.post_text(COMMANDS, "application/json", &body).await;
            assert!(matches!(answer.status, 400 | 422), "{body}: {}", answer.text());
            for part in ["okoro", "Okoro", "王小明", "138"] {
                assert!(!answer.text().contains(part), "{body}: {}", answer.text());
            }
        }
    }
    for query in ["okoro=1", "13800001111", "sort=okoro", "limit=okoro", "after=okoro", "onset_from=okoro"] {
        let answer = client.get(&format!("/api/v1/cases?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(!answer.text().contains("okoro") && !answer.text().contains("138"), "{query}: {}", answer.text());
    }
    running.stop().await.verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_too_many_and_too_slow_are_refused() {
    let running = Running::with(Limits { commands_bytes: 4_096, batch: 2, ..quick() }).await;
    running.administrator_of(DISTRICT.0).await;
    let login = running.account(1, Role::Epidemiologist, DISTRICT.0).await;
    let client = running.signed_in(&login).await;
    let large = "x".repeat(4_097);
    let answer = client.post_text(COMMANDS, "application/json", &large).await;
    assert_eq!((answer.status, answer.json()["rule"].as_str()), (413, Some("body_too_large")));
    let chunked = client.with("content-type", "application/json").with("transfer-encoding", "chunked");
    let mut stream = chunked.open("POST", COMMANDS, None).await;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    stream.write_all(format!("2000\r\n{}\r\n", "x".repeat(0x2000)).as_bytes()).await.expect("a chunk is sent");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    assert_eq!(crate::client::parse(&bytes).status, 413);
    let many = json!([register(1, 1, DISTRICT.0), register(2, 2, DISTRICT.0), register(3, 3, DISTRICT.0)]);
    assert_eq!(client.post(COMMANDS, &many).await.json()["rule"], "too_many_in_batch");
    let mut slow = client
        .with("content-type", "application/json")
        .with("content-length", "100")
        .open("POST", COMMANDS, None)
        .await;
    let mut bytes = Vec::new();
    let _ = slow.read_to_end(&mut bytes).await;
    assert_eq!(crate::client::parse(&bytes).json()["rule"], "body_too_slow");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_room_it_turns_away_and_says_when_to_come_again() {
    let running = Running::with(Limits { envelopes: 1, ..quick() }).await;
    running.administrator_of(DISTRICT.0).await;
    let login = running.account(1, Role::Epidemiologist, DISTRICT.0).await;
    let client = running.signed_in(&login).await;
    let two = json!([register(1, 1, DISTRICT.0), register(2, 2, DISTRICT.0)]);
    let answer = client.post(COMMANDS, &two).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
    assert_eq!(client.post(COMMANDS, &register(1, 1, DISTRICT.0)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_is_refused_and_told_why() {
    let (running, _) = Running::with_epidemiologist().await;
    let login = running.account(2, Role::Laboratory, DISTRICT.0).await;
    let laboratory = running.signed_in(&login).await;
    let answer = laboratory.post(COMMANDS, &register(1, 1, DISTRICT.0)).await;
    assert_eq!((answer.status, answer.json()["rule"].as_str()), (403, Some("access.role")));
    assert_eq!(answer.json()["outcome"], "refused");
    assert!(answer.json()["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()));
}

type Refused = (String, &'static str, String, &'static str, &'static str);

/// An envelope around `command`, as text: what is refused is often no JSON that a value could hold.
fn envelope_of(command: &str) -> String {
    format!("{{\"id\":\"{}\",\"stream\":1,\"command\":{command}}}", Uuid::from_u128(1))
}

/// Registrations of a person that are refused: the body, the rule, the pointer, and what the detail says in
/// English and Chinese.
fn refused_registrations() -> Vec<Refused> {
    let id = Uuid::from_u128(1);
    let register = |fields: &str| {
        envelope_of(&format!(
            "{{\"person\":{{\"register\":{{\"id\":\"{id}\",\"jurisdiction\":\"{id}\",\"fields\":{fields}}}}}}}"
        ))
    };
    let fields = "/command/person/register/fields";
    vec![
        // A slip of the pen, and a field of another record: named itself.
        (register("{\"full_nmae\":\"x\"}"), "unknown_field", format!("{fields}/full_nmae"), "full_name", "full_name"),
        (register("{\"ring\":\"x\"}"), "unknown_field", format!("{fields}/ring"), "full_name", "full_name"),
        // What may be a value: its place is told.
        (
            register("{\"okoro\":\"x\"}"),
            "unknown_field",
            fields.to_owned(),
            "It stands at line 1, column 204. Expected one of: full_name",
            "位于第 1 行第 204 列。应为以下之一：full_name",
        ),
        (
            register("7"),
            "wrong_type",
            fields.to_owned(),
            "Expected: an object, written {…}.",
            "应为：对象，写作 {…}。",
        ),
        (
            register("[]"),
            "wrong_type",
            fields.to_owned(),
            "Expected: an object, written {…}.",
            "应为：对象，写作 {…}。",
        ),
        (
            register("{\"full_name\":7}"),
            "wrong_type",
            format!("{fields}/full_name"),
            "Expected: text in quotes.",
            "应为：加引号的文字。",
        ),
        (
            register("{\"phones\":\"1\"}"),
            "wrong_type",
            format!("{fields}/phones"),
            "Expected: a list, written […].",
            "应为：列表，写作 […]。",
        ),
        (register("{\"age_years\":\"7\"}"), "wrong_type", format!("{fields}/age_years"), "whole number", "整数"),
        (register("{\"sex\":7}"), "wrong_type", format!("{fields}/sex"), "a word in quotes", "加引号的词"),
        (
            register("{\"sex\":\"x\"}"),
            "unknown_choice",
            format!("{fields}/sex"),
            "Expected one of: ",
            "应为以下之一：",
        ),
    ]
}

/// Other commands that are refused, told as [`refused_registrations`] tells them.
fn refused_sources() -> Vec<Refused> {
    let id = Uuid::from_u128(1);
    let source = |source: &str| {
        envelope_of(&format!(
            "{{\"exposure\":{{\"record\":{{\"id\":\"{id}\",\"source\":{source},\"person\":\"{id}\",\"outbreak\":\"{id}\"}}}}}}"
        ))
    };
    vec![
        (
            source("\"case\""),
            "wrong_type",
            "/command/exposure/record/source".to_owned(),
            "as its one field",
            "只有一个字段的对象",
        ),
        (
            source("{\"case\":7}"),
            "wrong_type",
            "/command/exposure/record/source/case".to_owned(),
            "an id (a UUID)",
            "编号（UUID）",
        ),
        (envelope_of("7"), "wrong_type", "/command".to_owned(), "an object with one field", "只有一个字段的对象"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_says_which_field_and_what_json_is_wanted_in_both_languages() {
    let (running, client) = Running::with_epidemiologist().await;
    for (body, rule, pointer, english, chinese) in refused_registrations().into_iter().chain(refused_sources()) {
        for (language, words) in [("en", english), ("zh", chinese)] {
            let client = client.with("accept-language", language);
            let answer = client.post_text(COMMANDS, "application/json", &body).await;
            assert_eq!(place(&answer), expected(422, rule, &pointer), "{body}: {}", answer.text());
            let detail = answer.json()["errors"][0]["detail"].as_str().expect("a detail").to_owned();
            assert!(detail.contains(words), "{body}: {detail}");
            for parsers in ["struct", "variant", "i64", "enum", "newtype", "Fields"] {
                assert!(!detail.contains(parsers), "{body}: {detail}");
            }
        }
    }
    running.stop().await.verified().await;
}
