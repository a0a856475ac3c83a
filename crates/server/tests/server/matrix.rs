//! The whole matrix over HTTP: every operation of the OpenAPI document and every verb of the door, for every role, every
//! way in which work is assigned, and every place a record can lie. What comes back is held to `domain::access::cells` cell
//! by cell, and printed to `golden/operations.txt`, which a person reviews.

mod commands;
mod fixed;
mod golden;
mod queries;
mod world;

use crate::{client::Answer, operations::operations, running::Running};
use commands::{Asked, about_the_offered, commands, verbs};
use domain::access::{self, Action, Decision, Held, JurisdictionRelation, Kind, Role};
use golden::Printed;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::query::{FilterKind, VIEWS};
use uuid::Uuid;
use world::{Asker, Of, Site, World};

/// Actions of the access table that nothing of the API does: they are the binary's, or of a later step.
const NOT_OVER_HTTP: &[&str] = &[
    "access_log_read",
    "account_correct",
    "export_deidentified",
    "export_identified",
    "export_list",
    "export_read",
    "grant_read",
    "import_preview",
    "import_resolve",
    "journal_back_up",
    "journal_list",
    "journal_migrate",
    "journal_read",
    "journal_restore",
    "journal_verify",
    "outbreak_correct",
    "outbreak_figures",
    "pack_list",
    "pack_preview",
    "pack_read",
    "person_search",
    "sample_hand_over",
];

/// Most mismatches listed at once.
const MOST_FAULTS: usize = 300;

type Key = (Action, Role, &'static str, JurisdictionRelation);

/// The access table as it says itself.
struct Table(BTreeMap<Key, Decision>);

impl Table {
    fn new() -> Self {
        let key = |cell: &access::Cell| (cell.action, cell.role, cell.held.name(), cell.relation);
        Self(access::cells().iter().map(|cell| (key(cell), cell.decision)).collect())
    }

    fn decision(&self, action: Action, role: Role, held: Held, relation: JurisdictionRelation) -> Decision {
        let found = self.0.get(&(action, role, held.name(), relation));
        *found.unwrap_or_else(|| panic!("the table has no cell for {action} {role} {}", held.name()))
    }

    /// The rule that refuses a role whatever the record; none where some record would be allowed.
    fn never(&self, action: Action, role: Role) -> bool {
        let mut of_role = self.0.iter().filter(|((of, by, ..), _)| *of == action && *by == role);
        of_role.all(|(_, decision)| decision.rule == access::Denial::Role.name())
    }

    /// Whether the reader may know of the record.
    fn reads(&self, action: Action, role: Role, held: Held, relation: JurisdictionRelation) -> bool {
        let read = action.noun().read_action().unwrap_or(action);
        self.decision(read, role, held, relation).allowed
    }
}

fn denial(rule: &str) -> String {
    format!("403 {}", rule.trim_start_matches("access."))
}

/// What a command must meet, by the table.
fn expected_of_command(
    table: &Table,
    asked: &Asked,
    asker: &Asker,
    held: Held,
    relation: JurisdictionRelation,
) -> String {
    let decision = table.decision(asked.action, asker.role, held, relation);
    let knows = match asked.made_where_it_lies {
        true => asked.action.kind() == Kind::Create,
        false => table.reads(asked.action, asker.role, held, relation),
    };
    let also = asked.also.map(|also| table.decision(also, asker.role, held, relation));
    if let (true, Some(also)) = (decision.allowed, also.filter(|also| !also.allowed)) {
        denial(also.rule)
    } else if decision.allowed {
        "passes".to_owned()
    } else if table.never(asked.action, asker.role) {
        denial(access::Denial::Role.name())
    } else if knows {
        denial(decision.rule)
    } else {
        "waits".to_owned()
    }
}

/// What became of a command, as far as the access table is concerned.
fn met(outcome: &Value, judged: Uuid, expected: &str) -> String {
    let rule = outcome["rule"].as_str().unwrap_or_default();
    let waits_for = outcome["ids"].as_array().filter(|_| outcome["outcome"] == "waiting");
    match waits_for {
        _ if rule.starts_with("access.") => denial(rule),
        None => "passes".to_owned(),
        // The record it is judged by may be known, and another that it names not.
        Some(ids) if expected == "passes" && !ids.contains(&json!(judged)) => "passes, waits".to_owned(),
        Some(_) => "waits".to_owned(),
    }
}

/// An outcome without what the sender wrote into it, as it were about the site that is nowhere.
fn bare(outcome: &Value, site: Site) -> Value {
    let mut outcome: Value = serde_json::from_str(&site.as_absent(&outcome.to_string())).expect("still JSON");
    for own in ["id", "seq"] {
        outcome[own] = json!(null);
    }
    outcome
}

async fn send(world: &mut World, asker: usize, asked: &[Asked]) -> Vec<Value> {
    let batch: Vec<Value> =
        asked.iter().map(|one| json!({"id": world.fresh(), "stream": 1, "command": one.command})).collect();
    let answer = world.askers[asker].client.post("/api/v1/commands", &json!(batch)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().as_array().expect("outcomes").clone()
}

/// One account's commands about the records of one site, all at once.
async fn ask_all(
    world: &mut World,
    asker: usize,
    site: Site,
    make: fn(Site, &mut dyn FnMut() -> Uuid) -> Vec<Asked>,
) -> (Vec<Asked>, Vec<Value>) {
    let asked = make(site, &mut || world.fresh());
    let outcomes = send(world, asker, &asked).await;
    (asked, outcomes)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_answers_over_http_as_the_table_says_and_as_it_was_reviewed() {
    let mut world = World::new().await;
    let table = Table::new();
    let mut printed = Printed::default();
    queries::visit(&mut world, &table, &mut printed).await;
    visit_commands(&mut world, &table, &mut printed).await;
    queries::visit_accounts(&mut world, &table, &mut printed).await;
    fixed::nobody_grants_to_oneself(&mut world).await;
    queries::visit_break_glass(&mut world, &table, &mut printed).await;
    queries::visit_endings(&mut world, &table, &mut printed).await;
    let visited = printed.operations();
    for operation in operations().iter().filter(|operation| operation.action.is_some()) {
        let name = format!("{} {}", operation.method, operation.path);
        assert!(visited.contains(&name), "{name} has no row in the matrix: add it to tests/server/matrix/queries.rs");
    }
    println!("{} cells asked over HTTP", printed.count());
    let faults: Vec<&str> = printed.faults.iter().map(String::as_str).take(MOST_FAULTS).collect();
    assert!(
        faults.is_empty(),
        "{} cells answer otherwise than the table says:\n{}",
        printed.faults.len(),
        faults.join("\n")
    );
    fixed::hold(&printed);
    golden::compare(&printed.render());
    world.running.stop().await.verified().await;
}

async fn visit_commands(world: &mut World, table: &Table, printed: &mut Printed) {
    for n in 0..world.askers.len() {
        let (_, absent) = ask_all(world, n, Site(None), commands).await;
        let (_, absent_offers) = ask_all(world, n, Site(None), about_the_offered).await;
        for relation in JurisdictionRelation::ALL.iter().copied() {
            let (asked, outcomes) = ask_all(world, n, Site(Some(relation)), commands).await;
            let again = |(asked, outcome): (&Asked, &Value)| {
                matches!(asked.name.as_str(), "erasure.refuse" | "erasure.cancel") && outcome["outcome"] == "accepted"
            };
            if asked.iter().zip(&outcomes).any(again) {
                world.request_erasure(Site(Some(relation))).await;
            }
            let held = world.askers[n].held;
            compare(world, table, printed, (n, held, relation), &asked, &outcomes, &absent);
            if held == Held::Not {
                let (asked, outcomes) = ask_all(world, n, Site(Some(relation)), about_the_offered).await;
                compare(world, table, printed, (n, Held::Offered, relation), &asked, &outcomes, &absent_offers);
            }
        }
    }
}

fn compare(
    world: &World,
    table: &Table,
    printed: &mut Printed,
    (n, held, relation): (usize, Held, JurisdictionRelation),
    asked: &[Asked],
    outcomes: &[Value],
    absent: &[Value],
) {
    let asker = &world.askers[n];
    assert_eq!((outcomes.len(), absent.len()), (asked.len(), asked.len()));
    for ((asked, outcome), absent) in asked.iter().zip(outcomes).zip(absent) {
        let named = format!("{} {} {relation}: {outcome}", asker.name(), asked.name);
        let expected = expected_of_command(table, asked, asker, held, relation);
        let met = met(outcome, asked.judged, &expected);
        if met.split(',').next() != Some(&expected) {
            printed.faults.push(format!("{named}: by the table {expected}"));
        }
        let site = Site(Some(relation));
        // For which of several records it waits differs where some of them are public; see the test below.
        let [mut of_site, mut of_nowhere] = [bare(outcome, site), bare(absent, Site(None))];
        (of_site["ids"], of_nowhere["ids"]) = (json!(null), json!(null));
        if met == "waits" && of_site != of_nowhere {
            printed.faults.push(format!("a foreign record is told from an absent one, {absent}: {named}"));
        }
        let block = format!("POST /api/v1/commands {} ({})", asked.name, asked.action);
        printed.cell(&block, asker.role, held, relation, met);
    }
}

/// A command with every `from` in it made `to`.
fn renamed(command: &Value, from: Uuid, to: Uuid) -> Value {
    serde_json::from_str(&command.to_string().replace(&from.to_string(), &to.to_string())).expect("still JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_record_named_in_a_filter_or_a_command_is_as_one_that_is_not_there() {
    let mut world = World::new().await;
    filters_tell_nothing(&world).await;
    let own = Site(Some(JurisdictionRelation::Own));
    let asker = |asker: &Asker| asker.role == Role::Epidemiologist && asker.held == Held::Not;
    let asker = world.askers.iter().position(asker).expect("there is one");
    let count = commands(own, &mut || Uuid::nil()).len();
    let (mut compared, mut told_apart) = (0, Vec::new());
    for n in 0..count {
        for of in Of::ALL {
            let mut variants = Vec::new();
            for elsewhere in [Site(Some(JurisdictionRelation::None)), Site(None)] {
                let mut asked = commands(own, &mut || world.fresh()).swap_remove(n);
                if asked.command.to_string().contains(&own.id(of).to_string()) {
                    asked.command = renamed(&asked.command, own.id(of), elsewhere.id(of));
                    variants.push(asked);
                }
            }
            if variants.is_empty() {
                continue;
            }
            let outcomes = send(&mut world, asker, &variants).await;
            compared += 1;
            let (foreign, absent) = (Site(Some(JurisdictionRelation::None)), Site(None));
            if bare(&outcomes[0], foreign) != bare(&outcomes[1], absent) {
                let name = format!("{} {}", variants[0].name, of.name());
                told_apart.push(format!("{name}: {} | {}", outcomes[0], outcomes[1]));
            }
        }
    }
    assert!(told_apart.is_empty(), "foreign is told from absent by:\n{}", told_apart.join("\n"));
    assert!(compared > 60, "{compared}");
}

/// Filters by ids and areas, each asked with everything abroad and with what is nowhere.
async fn filters_tell_nothing(world: &World) {
    let (abroad, absent) = (Site(Some(JurisdictionRelation::None)), Site(None));
    let all = |site: Site| Of::ALL.map(|of| site.id(of).to_string()).join(",");
    let mut compared = 0;
    for asker in world.askers.iter().filter(|asker| asker.held == Held::Not) {
        for view in VIEWS {
            for filter in view.filters {
                let (foreign, nothing) = match filter.kind {
                    FilterKind::Ids(_) => (all(abroad), all(absent)),
                    FilterKind::Subtree(_) => (abroad.area().to_string(), absent.area().to_string()),
                    _ => continue,
                };
                let ask = async |ids: &str| {
                    let path = format!("/api/v1/{}s?{}={ids}", view.noun.name(), filter.name);
                    asker.client.get(&path).await.without_date()
                };
                let (foreign, nothing) = (ask(&foreign).await, ask(&nothing).await);
                let found = foreign.status == 200 && foreign.json()["records"] != json!([]);
                // What they may read wherever it lies, or because it is offered to them, is not foreign.
                if !(found && may_be_read_abroad(view.noun)) {
                    assert_eq!(foreign, nothing, "{} {} {}", asker.name(), view.noun, filter.name);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

/// Nouns of which somebody without an assignment may read a record abroad.
fn may_be_read_abroad(noun: access::Noun) -> bool {
    let abroad = |cell: &access::Cell| {
        cell.action.noun() == noun
            && cell.action.kind() == Kind::List
            && cell.relation == JurisdictionRelation::None
            && matches!(cell.held, Held::Not | Held::Offered)
    };
    access::cells().iter().any(|cell| abroad(cell) && cell.decision.allowed)
}

#[test]
fn every_verb_of_the_door_and_every_action_has_a_row() {
    let mut n = 0;
    let mut fresh = || {
        n += 1;
        Uuid::from_u128(n)
    };
    let asked = commands(Site(None), &mut fresh);
    let sent: BTreeSet<String> = asked.iter().map(|asked| asked.name.clone()).collect();
    let known: BTreeSet<String> = verbs().into_iter().filter(|verb| !verb.starts_with("upkeep.")).collect();
    let missing: Vec<&String> = known.difference(&sent).filter(|verb| *verb != "erasure.approve").collect();
    assert!(missing.is_empty(), "add to tests/server/matrix/commands.rs: {missing:?}");
    let mut actions: BTreeSet<Action> = asked.iter().map(|asked| asked.action).collect();
    actions.extend(operations().into_iter().filter_map(|operation| operation.action));
    // Approving is refused over HTTP whoever asks (see `commands::an_erasure_is_not_approved_over_http…`).
    actions.insert(Action::ErasureApprove);
    let unasked: Vec<&str> =
        Action::ALL.iter().filter(|action| !actions.contains(action)).map(|action| action.name()).collect();
    let mut unasked_sorted = unasked.clone();
    unasked_sorted.sort_unstable();
    assert_eq!(unasked_sorted, NOT_OVER_HTTP);
}

/// A list of texts in an answer.
fn listed<'a>(body: &'a Value, name: &str) -> Vec<&'a str> {
    let list = body.as_array().or_else(|| body["records"].as_array()).or_else(|| body["items"].as_array());
    list.expect("a list").iter().filter_map(|entry| entry[name].as_str()).collect()
}

/// What an act that is no command met.
fn status(answer: &Answer) -> String {
    match answer.status {
        403 => denial(answer.json()["rule"].as_str().unwrap_or_default()),
        status => status.to_string(),
    }
}

impl World {
    fn running(&self) -> &Running {
        &self.running
    }
}
