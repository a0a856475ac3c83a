//! Cells of the access table over HTTP, role by role: those of reading and of making a person, for records that are not
//! assigned (the whole table is `domain::access::cells`).

use crate::{
    client::Client,
    operations::{Operation, operations},
    running::Running,
};
use domain::{
    access::{self, Action, Cell, Held, JurisdictionRelation, Kind, Role},
    id::JurisdictionId,
    kernel::group::Submission,
    noun::{case, jurisdiction, outbreak, person},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::engine::Engine;
use testkit::{Stage, scene};
use uuid::Uuid;

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
