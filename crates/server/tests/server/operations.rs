//! Every operation of the OpenAPI document, from outside in: without credentials, and role by role against the access
//! table (craft B3 row 15; the whole matrix is `domain::access::cells`).

use crate::{client::Client, running::Running};
use domain::{
    access::{self, Action, Cell, Held, JurisdictionRelation, Kind, Role},
    id::JurisdictionId,
    kernel::group::Submission,
    noun::{case, jurisdiction, outbreak, person},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::engine::Engine;
use testkit::{Stage, scene};
use uuid::Uuid;

/// Operations that need nobody to be signed in.
const PUBLIC: &[&str] = &[
    "/api/v1/openapi.json GET",
    "/api/v1/password POST",
    "/api/v1/session POST",
    "/healthz GET",
    "/metrics GET",
    "/readyz GET",
    "/sign-in/{token} GET",
];

/// Signed-in operations that stand for no action of the access table: about the caller alone, or judged command by
/// command and message by message.
const OF_ONESELF: &[&str] = &[
    "/api/v1/commands POST",
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

struct Operation {
    method: String,
    path: String,
    public: bool,
    action: Option<Action>,
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

fn operations() -> Vec<Operation> {
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

const PROVINCE: Uuid = Uuid::from_u128(0x100);
const CITY: Uuid = Uuid::from_u128(0x101);
const STREET: Uuid = Uuid::from_u128(0x103);
const BESIDE: Uuid = Uuid::from_u128(0x104);
const ABROAD: Uuid = Uuid::from_u128(0x105);

/// Where records lie, as the printed matrix has it, seen from the district.
fn site(relation: JurisdictionRelation) -> Uuid {
    match relation {
        JurisdictionRelation::Own => scene::DISTRICT.0,
        JurisdictionRelation::Below => STREET,
        JurisdictionRelation::Above => CITY,
        JurisdictionRelation::Beside => BESIDE,
        JurisdictionRelation::None => ABROAD,
    }
}

fn outbreak_id(relation: JurisdictionRelation) -> Uuid {
    Uuid::from_u128(0x200 + relation as u128)
}

fn person_id(relation: JurisdictionRelation) -> domain::id::PersonId {
    scene::person_id(relation as u64)
}

fn case_id(relation: JurisdictionRelation) -> domain::id::CaseId {
    scene::case_id(relation as u64)
}

/// A province, a city, three districts and a street; in five of them an outbreak, a person and a case.
async fn country() -> Stage {
    let stage = Stage::empty(Engine::Sqlite).await;
    let stream = stage.store.add_stream("FZ", "Fengze", None).await.expect("a stream is made");
    let define = |id: Uuid, level: &str, parent: Option<Uuid>| jurisdiction::Command::Define {
        id: JurisdictionId(id),
        hierarchy: "administrative".to_owned(),
        level: level.to_owned(),
        parent: parent.map(JurisdictionId),
        fields: jurisdiction::Given::default(),
    };
    let areas = [
        define(PROVINCE, "province", None),
        define(CITY, "city", Some(PROVINCE)),
        define(scene::DISTRICT.0, "district", Some(CITY)),
        define(STREET, "street", Some(scene::DISTRICT.0)),
        define(BESIDE, "district", Some(CITY)),
        define(ABROAD, "district", None),
    ];
    let mut story: Vec<Submission> = Vec::new();
    let mut id = 0;
    let mut add = |command: domain::kernel::Command| {
        id += 1;
        story.push(scene::caused(id, stream, command));
    };
    areas.into_iter().for_each(|area| add(area.into()));
    for relation in JurisdictionRelation::ALL.iter().copied() {
        let area = JurisdictionId(site(relation));
        add(outbreak::Command::Declare {
            id: domain::id::OutbreakId(outbreak_id(relation)),
            name: "Outbreak".to_owned(),
            disease: "covid-omicron-BA2".to_owned(),
            pack: scene::shipped("cn-covid-8"),
            time_zone: "Asia/Shanghai".to_owned(),
            code_mask: "FZ-0000".to_owned(),
            jurisdiction: area,
        }
        .into());
        let full_name = Some("王测试".to_owned());
        add(person::Command::Register {
            id: person_id(relation),
            jurisdiction: area,
            fields: person::Given { full_name, ..Default::default() },
            address: None,
            household: None,
        }
        .into());
        add(case::Command::Open {
            id: case_id(relation),
            person: person_id(relation),
            outbreak: domain::id::OutbreakId(outbreak_id(relation)),
            jurisdiction: area,
            classification: case::Classification::Unclassified,
            findings: Vec::new(),
            fields: case::Given::default(),
            reinfection_of: None,
        }
        .into());
    }
    for outcome in stage.store.submit(story).await {
        assert!(outcome.as_ref().is_ok_and(domain::kernel::Outcome::is_accepted), "{outcome:?}");
    }
    stage
}

/// The record of a noun that lies so, for the nouns whose records are here.
fn record(action: Action, relation: JurisdictionRelation) -> Option<Uuid> {
    match action.noun() {
        access::Noun::Jurisdiction => Some(site(relation)),
        access::Noun::Outbreak => Some(outbreak_id(relation)),
        access::Noun::Person => Some(person_id(relation).0),
        access::Noun::Case => Some(case_id(relation).0),
        _ => None,
    }
}

/// One client per role, each with a grant for the district and all its kinds of work open.
async fn staff(running: &Running) -> BTreeMap<Role, Client> {
    running.administrator_of(PROVINCE).await;
    let mut clients = BTreeMap::new();
    for (n, role) in Role::ALL.iter().copied().enumerate() {
        let login = running.account(n as u128 + 1, role, scene::DISTRICT.0).await;
        let client = running.signed_in(&login).await;
        for (m, task) in role.tasks().iter().enumerate() {
            let work = json!({"id": Uuid::from_u128(0xee00 + 16 * n as u128 + m as u128), "task": task.name()});
            assert_eq!(client.post("/api/v1/session/work", &work).await.status, 204);
        }
        clients.insert(role, client);
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unassigned_cell_of_reading_answers_over_http_as_the_table_says() {
    let running = Running::on(country().await, crate::running::quick(), |_| {}).await;
    let clients = staff(&running).await;
    let by_action: BTreeMap<Action, Operation> =
        operations().into_iter().filter_map(|one| Some((one.action?, one))).collect();
    let mut visited = 0;
    for cell in access::cells() {
        let Some(operation) = by_action.get(&cell.action) else { continue };
        let Some(id) = record(cell.action, cell.relation) else { continue };
        if cell.held != Held::Not || operation.method != "GET" {
            continue;
        }
        let client = &clients[&cell.role];
        match cell.action.kind() {
            Kind::Read if operation.path.ends_with("s/{id}") => {
                visit_one(client, &operation.path.replace("{id}", &id.to_string()), &cell).await;
            }
            Kind::List if !operation.path.contains('{') => visit_list(client, &operation.path, id, &cell).await,
            _ => continue,
        }
        visited += 1;
    }
    // 12 roles × 5 relations × (list, read) of four nouns.
    assert_eq!(visited, 12 * 5 * 2 * 4);
}

async fn visit_one(client: &Client, path: &str, cell: &Cell) {
    let answer = client.get(path).await;
    let named = format!("{:?} {} {:?}: {}", cell.role, cell.action, cell.relation, answer.text());
    if !cell.decision.allowed {
        assert_eq!(answer.status, 404, "{named}");
        return;
    }
    assert_eq!(answer.status, 200, "{named}");
    let shown: Vec<String> = cell.decision.fields.iter().map(|group| group.name().to_owned()).collect();
    assert_eq!(answer.json()["shown"], json!(shown), "{named}");
}

async fn visit_list(client: &Client, path: &str, id: Uuid, cell: &Cell) {
    let answer = client.get(path).await;
    let named = format!("{:?} {} {:?}: {}", cell.role, cell.action, cell.relation, answer.text());
    if answer.status == 403 {
        assert!(!cell.decision.allowed, "{named}");
        return;
    }
    assert_eq!(answer.status, 200, "{named}");
    let answer = answer.json();
    let ids: BTreeSet<&str> =
        answer["records"].as_array().expect("records").iter().filter_map(|record| record["id"].as_str()).collect();
    assert_eq!(ids.contains(id.to_string().as_str()), cell.decision.allowed, "{named}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unassigned_cell_of_making_a_person_answers_over_http_as_the_table_says() {
    let running = Running::on(country().await, crate::running::quick(), |_| {}).await;
    let clients = staff(&running).await;
    let cells =
        access::cells().into_iter().filter(|cell| cell.action == Action::PersonCreate && cell.held == Held::Not);
    let mut visited = 0;
    for (n, cell) in cells.enumerate() {
        let register = crate::commands::register(7_000 + n as u128, 500 + n as u64, site(cell.relation));
        let answer = clients[&cell.role].post("/api/v1/commands", &register).await;
        let expected = if cell.decision.allowed { 200 } else { 403 };
        let named = format!("{:?} {:?}: {}", cell.role, cell.relation, answer.text());
        assert_eq!(answer.status, expected, "{named}");
        if !cell.decision.allowed {
            assert_eq!(answer.json()["rule"], cell.decision.rule, "{named}");
        }
        visited += 1;
    }
    assert_eq!(visited, 12 * 5);
}
