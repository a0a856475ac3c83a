//! The scope as SQL says of every record what the access table says of it.

use crate::post::id;
use domain::{
    access::{self, Action, Actor, Assigned, Assignee, Grant, Kind, Lying, Membership, OpenTask, Role, Target, Task},
    id::{JurisdictionId, StreamId},
    kernel::{Aggregate, Located},
    noun::jurisdiction::Jurisdiction,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    closure,
    engine::{Engine, Tx},
    rows::{ASSIGNMENT, CONTACT, JURISDICTION},
    scope_sql::{Reached, Statement, within},
    table::Column,
    tables::AGGREGATE,
    value::{ColumnType, Value},
    writer::Unit,
};
use testkit::{Stage, engines};
use uuid::Uuid;

/// Draws that are the same on every run.
struct Draws(blake3::OutputReader);

impl Draws {
    fn new(seed: u64) -> Self {
        Self(blake3::Hasher::new_derive_key("store tests scopes 1").update(&seed.to_be_bytes()).finalize_xof())
    }

    fn below(&mut self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes) % end
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

const NOW: i64 = 1_000;
const ME: Uuid = Uuid::from_u128(0xe1);
const AREAS: u64 = 12;
/// Areas that records may name although nobody defined them.
const UNKNOWN: u64 = 2;

fn area(n: u64) -> Uuid {
    id(0xa00 + u128::from(n))
}

/// A forest: each area under an earlier one or under none.
fn forest(draws: &mut Draws) -> closure::Parents {
    (0..AREAS)
        .map(|n| {
            let parent = if n == 0 || draws.below(4) == 0 { None } else { Some(area(draws.below(n))) };
            (area(n), parent)
        })
        .collect()
}

fn lineage(of: Uuid, parents: &closure::Parents) -> Vec<Uuid> {
    std::iter::successors(Some(of), |last| parents.get(last).copied().flatten()).collect()
}

fn span(draws: &mut Draws) -> (i64, Option<i64>) {
    *draws.one(&[(0, None), (0, Some(NOW)), (0, Some(NOW + 1)), (NOW, None), (NOW + 1, None)])
}

struct World {
    parents: closure::Parents,
    /// Records with their area.
    records: BTreeMap<Uuid, Option<Uuid>>,
    /// Areas that records are offered to.
    offers: BTreeMap<Uuid, Uuid>,
    /// What is assigned: a record or an area.
    assignments: Vec<(Uuid, Assigned)>,
}

fn world(draws: &mut Draws) -> World {
    let parents = forest(draws);
    let records: BTreeMap<Uuid, Option<Uuid>> = (0..24)
        .map(|n| (id(0xb00 + n), if draws.below(8) == 0 { None } else { Some(area(draws.below(AREAS + UNKNOWN))) }))
        .collect();
    let offers: BTreeMap<Uuid, Uuid> = records
        .keys()
        .filter_map(|record| (draws.below(3) == 0).then(|| (*record, area(draws.below(AREAS + UNKNOWN)))))
        .collect();
    let works: Vec<Uuid> = records.keys().copied().chain((0..AREAS).map(area)).collect();
    let assignees =
        [Assignee::Account(ME), Assignee::Account(id(0xe2)), Assignee::Team(id(0xf1)), Assignee::Team(id(0xf2))];
    let assignments = (0..20)
        .map(|_| {
            let (valid_from, valid_to) = span(draws);
            let assigned =
                Assigned { assignee: *draws.one(&assignees), task: *draws.one(Task::ALL), valid_from, valid_to };
            (*draws.one(&works), assigned)
        })
        .collect();
    World { parents, records, offers, assignments }
}

fn actor(draws: &mut Draws, world: &World) -> Actor {
    let grants = (0..1 + draws.below(3))
        .map(|_| {
            let (valid_from, valid_to) = if draws.below(3) > 0 { (0, None) } else { span(draws) };
            let lineage = lineage(area(draws.below(AREAS + 1)), &world.parents);
            Grant { role: *draws.one(Role::ALL), lineage, valid_from, valid_to }
        })
        .collect();
    let teams = (0..draws.below(3))
        .map(|_| {
            let (valid_from, valid_to) = span(draws);
            Membership { team: *draws.one(&[id(0xf1), id(0xf2)]), valid_from, valid_to }
        })
        .collect();
    let open_tasks = (0..draws.below(3))
        .map(|n| {
            let (valid_from, valid_to) = span(draws);
            OpenTask { id: id(u128::from(n)), task: *draws.one(Task::ALL), valid_from, valid_to }
        })
        .collect();
    Actor { account: ME, at: NOW, grants, teams, open_tasks, uses: Default::default() }
}

fn lineage_of(area: Uuid, world: &World) -> Vec<Uuid> {
    lineage(area, &world.parents)
}

fn target(record: Uuid, world: &World) -> Target {
    let lineage = world.records[&record].map(|area| lineage(area, &world.parents)).unwrap_or_default();
    let covers = |work: &Uuid| *work == record || lineage.contains(work);
    let assignments = world.assignments.iter().filter(|(work, _)| covers(work)).map(|(_, assigned)| assigned.clone());
    let offered = world.offers.get(&record).map(|area| lineage_of(*area, world)).unwrap_or_default();
    Target { assignments: assignments.collect(), lineage, offered, ..Target::default() }
}

async fn write(tx: &mut Tx, world: &World) {
    for table in ["jurisdiction", "jurisdiction_closure", "aggregate", "assignment", "contact"] {
        tx.execute(&format!("DELETE FROM {table}"), &[]).await.expect("the table is emptied");
    }
    let areas = world.parents.iter().map(|(area, parent)| {
        let mut row = vec![Value::Int(1), (*area).into(), "h".into(), "l".into(), Value::or_null(*parent)];
        row.resize(JURISDICTION.columns.len(), Value::Null);
        row
    });
    tx.insert(&JURISDICTION, areas.collect()).await.expect("areas are written");
    closure::recount(tx).await.expect("the closure is made");
    let records = world.records.iter().map(|(record, area)| {
        let head = [Value::Int(1), (*record).into(), Value::Int(3), Value::Int(1), Value::Null, Value::Int(0)];
        head.into_iter().chain([Value::or_null(*area), Value::Bytes(vec![])]).collect()
    });
    tx.insert(&AGGREGATE, records.collect()).await.expect("records are written");
    let assignments = world.assignments.iter().enumerate().map(|(n, (work, assigned))| {
        let (account, team) = match assigned.assignee {
            Assignee::Account(account) => (Value::Uuid(account), Value::Null),
            Assignee::Team(team) => (Value::Null, Value::Uuid(team)),
        };
        vec![
            Value::Int(1),
            id(0xc00 + n as u128).into(),
            (*work).into(),
            "case".into(),
            Value::Null,
            account,
            team,
            assigned.task.name().into(),
            assigned.valid_from.into(),
            Value::or_null(assigned.valid_to),
            Value::Int(0),
            Value::Null,
            ME.into(),
        ]
    });
    tx.insert(&ASSIGNMENT, assignments.collect()).await.expect("assignments are written");
    let offers = world.offers.iter().map(|(record, area)| {
        let value = |column: &Column| match (column.name, column.ty) {
            ("id", _) => (*record).into(),
            ("stream", _) => Value::Int(1),
            ("offered_jurisdiction", _) => (*area).into(),
            _ if column.nullable => Value::Null,
            (_, ColumnType::Uuid) => ME.into(),
            (_, ColumnType::Int) => Value::Int(0),
            (_, _) => "x".into(),
        };
        CONTACT.columns.iter().map(value).collect()
    });
    tx.insert(&CONTACT, offers.collect()).await.expect("offers are written");
}

const REACHED: Reached = Reached {
    area: "r.jurisdiction",
    offered: Some("(SELECT c.offered_jurisdiction FROM contact c WHERE c.stream = r.stream AND c.id = r.id)"),
    own: &["r.id"],
    through: &[],
};

async fn returned(tx: &mut Tx, scope: &access::Scope, actor: &Actor) -> BTreeSet<Uuid> {
    let mut statement = Statement::new("SELECT r.id FROM aggregate r WHERE ");
    within(&mut statement, scope, actor, &REACHED);
    let rows = tx.rows(&statement.text, &statement.args, &[ColumnType::Uuid]).await.expect("the scope is SQL");
    let found: Vec<Uuid> = rows.iter().filter_map(|row| row[0].opt_uuid()).collect();
    let set: BTreeSet<Uuid> = found.iter().copied().collect();
    assert_eq!(set.len(), found.len(), "each record once");
    set
}

async fn agree(engine: Engine, seed: u64, tx: &mut Tx) -> (usize, usize) {
    let mut draws = Draws::new(seed);
    let world = world(&mut draws);
    let actor = actor(&mut draws, &world);
    write(tx, &world).await;
    let targets: BTreeMap<Uuid, Target> = world.records.keys().map(|id| (*id, target(*id, &world))).collect();
    let (mut yes, mut no) = (0, 0);
    for action in Action::ALL {
        let scope = access::scope(&actor, *action);
        let permits = |target: &Target| scope.permits(Lying::of(target), actor.tasks_on(target)).is_some();
        let expected: BTreeSet<Uuid> =
            targets.iter().filter(|(_, target)| permits(target)).map(|(id, _)| *id).collect();
        let found = returned(tx, &scope, &actor).await;
        assert_eq!(found, expected, "{engine:?}, seed {seed}, {action}: {scope:?}");
        if matches!(action.kind(), Kind::List | Kind::Read) {
            for (id, target) in &targets {
                let allowed = access::allow(&actor, *action, target).allowed;
                assert_eq!(found.contains(id), allowed, "{engine:?}, seed {seed}, {action}, {id}");
            }
        }
        yes += found.len();
        no += targets.len() - found.len();
    }
    (yes, no)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_a_scope_are_those_it_permits() {
    for engine in engines() {
        let stage = Stage::empty(engine).await;
        let mut tx = stage.store.db().begin_write().await.expect("a write begins");
        let (mut yes, mut no) = (0, 0);
        for seed in 0..80 {
            let (more, fewer) = agree(engine, seed, &mut tx).await;
            yes += more;
            no += fewer;
        }
        // Worlds in which everything, or nothing, is permitted would prove nothing.
        assert!(yes > 1_000 && no > 1_000, "{yes} permitted, {no} not");
        tx.roll_back().await.expect("it ends");
    }
}

fn located(id: Uuid, parent: Option<Uuid>) -> Located {
    let aggregate = Aggregate::Jurisdiction(Jurisdiction {
        id: JurisdictionId(id),
        hierarchy: "administrative".into(),
        level: "area".into(),
        parent: parent.map(JurisdictionId),
        fields: Default::default(),
    });
    Located { id, stream: StreamId(1), version: 1, released_to: None, erased: Default::default(), aggregate }
}

async fn stored(tx: &mut Tx) -> BTreeSet<Vec<Value>> {
    let sql = "SELECT descendant, ancestor, depth FROM jurisdiction_closure";
    let types = [ColumnType::Uuid, ColumnType::Uuid, ColumnType::Int];
    tx.rows(sql, &[], &types).await.expect("the closure is read").into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_closure_kept_by_commits_is_the_closure_recounted() {
    for engine in engines() {
        let stage = Stage::empty(engine).await;
        let mut tx = stage.store.db().begin_write().await.expect("a write begins");
        for seed in 0..20 {
            tx.execute("DELETE FROM jurisdiction", &[]).await.expect("areas are removed");
            tx.execute("DELETE FROM jurisdiction_closure", &[]).await.expect("the closure is removed");
            let mut draws = Draws::new(1_000 + seed);
            let mut parents = closure::Parents::new();
            for _ in 0..30 {
                // A group of areas made or moved, as one commit has them.
                let mut touched = BTreeMap::new();
                for _ in 0..1 + draws.below(3) {
                    let this = area(draws.below(AREAS));
                    let parent = if draws.below(5) == 0 { None } else { Some(area(draws.below(AREAS))) };
                    let loops = parent.is_some_and(|parent| lineage(parent, &parents).contains(&this));
                    if !loops {
                        parents.insert(this, parent);
                        touched.insert(this, located(this, parent));
                    }
                }
                let mut unit = Unit::default();
                closure::keep(&mut tx, touched.values(), &mut unit).await.expect("the closure is kept");
                unit.write(&mut tx).await.expect("it is written");
                for (this, located) in &touched {
                    let parent = closure::parents_of([located])[this];
                    let mut row = vec![Value::Int(1), (*this).into(), "h".into(), "l".into(), Value::or_null(parent)];
                    row.resize(JURISDICTION.columns.len(), Value::Null);
                    tx.upsert(&JURISDICTION, vec![row]).await.expect("the area is written");
                }
                let expected: BTreeSet<Vec<Value>> = closure::of(&parents).into_iter().collect();
                assert_eq!(stored(&mut tx).await, expected, "{engine:?}, seed {seed}");
            }
        }
        let lineages = closure::lineages(&mut tx, &[id(0xdead)]).await.expect("it is read");
        assert_eq!(lineages[&id(0xdead)], [id(0xdead)], "an area nobody defined stands alone");
        tx.roll_back().await.expect("it ends");
    }
}
