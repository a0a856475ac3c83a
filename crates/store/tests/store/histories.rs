//! Random histories over five streams, with moves, merges and hand-overs: one state on both engines, in memory, and in
//! every order in which the streams are replayed.

use domain::{
    date::KnownDate,
    id::{ContactId, ExposureId, JurisdictionId, StreamId},
    kernel::{
        Command, Outcome,
        group::Submission,
        memory::{Memory, Replay},
        upkeep,
    },
    noun::{contact, exposure, jurisdiction, person},
    pack::{ExposureKind, Ring, Shelf},
    when::When,
};
use std::collections::BTreeMap;
use store::{engine::Engine, state, store::Store};
use testkit::{Stage, engines, scene};
use uuid::Uuid;

const STREAMS: u64 = 5;
const ACTS: u64 = 48;
/// Histories of the ordinary run.
const HISTORIES: u64 = 60;
/// People, cases and contacts of one history.
const PEOPLE: u64 = 3;
const OTHER: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd2));

fn drawn(history: u64, act: u64, what: u64, below: u64) -> u64 {
    let mut hasher = blake3::Hasher::new();
    [history, act, what].iter().for_each(|part| {
        hasher.update(&part.to_be_bytes());
    });
    u64::from_be_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("eight bytes")) % below
}

fn contact_id(n: u64) -> ContactId {
    ContactId(Uuid::from_u128(0x0003_0000_0000_0000_0000_0000_0000_0000 + u128::from(n)))
}

fn exposure_id(n: u64) -> ExposureId {
    ExposureId(Uuid::from_u128(0x0004_0000_0000_0000_0000_0000_0000_0000 + u128::from(n)))
}

/// One act of a history. It is sent to the home of the record it changes, or (one in eight) to any stream. Nothing is
/// sent before what it names exists: what waits is decided again by the store alone.
fn act(memory: &Memory, history: u64, act: u64) -> Option<Submission> {
    let draw = |what, below| drawn(history, act, what, below);
    let (a, b) = (history * PEOPLE + draw(0, PEOPLE), history * PEOPLE + draw(1, PEOPLE));
    let (one, two) = (scene::person_id(a), scene::person_id(b));
    let anywhere = StreamId(1 + draw(2, STREAMS) as i64);
    let is_there = |id: Uuid| memory.get(id).is_some();
    // Every history begins with its people.
    if act < PEOPLE {
        return Some(scene::caused(number(history, act), anywhere, scene::register(history * PEOPLE + act)));
    }
    let on = KnownDate::parse("2022-03-13").ok().map(When::On);
    // Few people become contacts: of those who did, half of the acts are offers and acknowledgements.
    let what = if is_there(contact_id(a).0) && draw(6, 2) == 0 { 5 + draw(7, 2) } else { draw(3, 12) };
    let (target, needed, command): (Uuid, Vec<Uuid>, Command) = match what {
        0 => (scene::case_id(a).0, vec![one.0], scene::open_case(a).into()),
        1 | 2 => {
            let fields = exposure::Given { last: on, kind: Some(ExposureKind::Household), ..Default::default() };
            let source = exposure::Source::Case(scene::case_id(b));
            let record = exposure::Command::Record {
                id: exposure_id(a),
                source,
                person: one,
                outbreak: scene::OUTBREAK,
                fields,
            };
            (exposure_id(a).0, vec![one.0, scene::case_id(b).0], record.into())
        }
        3 | 4 => {
            let list = contact::Command::List {
                id: contact_id(a),
                person: one,
                ring: Ring::Ring1,
                exposures: vec![exposure_id(a)],
                fields: Default::default(),
            };
            (contact_id(a).0, vec![one.0, exposure_id(a).0], list.into())
        }
        5 => {
            let id = contact_id(a);
            (id.0, vec![id.0], contact::Command::OfferHandOver { id, to: anywhere, jurisdiction: OTHER }.into())
        }
        6 => {
            let id = contact_id(a);
            (id.0, vec![id.0], contact::Command::AcknowledgeHandOver { id, jurisdiction: OTHER }.into())
        }
        7 => (one.0, vec![one.0, two.0], person::Command::MergeInto { id: one, kept: two }.into()),
        8 => (one.0, vec![one.0], person::Command::Unmerge { id: one }.into()),
        _ => {
            let any = [one.0, scene::case_id(a).0, contact_id(a).0, exposure_id(a).0];
            let id = any[draw(4, any.len() as u64) as usize];
            (id, vec![id], Command::Upkeep(upkeep::Command::Release { id, to: anywhere }))
        }
    };
    if !needed.into_iter().all(is_there) {
        return None;
    }
    let home = memory.get(target).map_or(anywhere, |located| located.stream);
    let stream = if draw(5, 8) == 0 { anywhere } else { home };
    Some(scene::caused(number(history, act), stream, command))
}

fn number(history: u64, act: u64) -> u128 {
    u128::from(history * ACTS + act) + 1
}

/// Until nothing sent from one stream to another is without its answer.
async fn settled(store: &Store) {
    while store.lateness().await.expect("it is counted").unanswered > 0 {
        tokio::task::yield_now().await;
    }
}

fn beginning() -> Vec<Submission> {
    let mut beginning = scene::beginning(StreamId(1));
    let define = jurisdiction::Command::Define {
        id: OTHER,
        hierarchy: "administrative".to_owned(),
        level: "district".to_owned(),
        parent: None,
        fields: Default::default(),
    };
    beginning.push(scene::caused(0xffff_0003, StreamId(1), define));
    beginning
}

async fn compare(engine: Engine, histories: u64) {
    let stage = Stage::empty(engine).await;
    for n in 1..=STREAMS {
        stage.store.add_stream(&format!("S{n}"), "a post", None).await.expect("a stream is made");
    }
    let mut memory = Memory::new(Shelf::shipped());
    let mut events: BTreeMap<String, u64> = BTreeMap::new();
    let acts = (0..ACTS).map(Some);
    for round in std::iter::once(None).chain(acts) {
        // One act of every history at a time: within a round no two touch the same record.
        let batch: Vec<Submission> = match round {
            None => beginning(),
            Some(n) => (0..histories).filter_map(|history| act(&memory, history, n)).collect(),
        };
        let expected = memory.submit(testkit::clock::START, &batch);
        let found = stage.store.submit(batch).await;
        for (expected, found) in expected.iter().zip(found) {
            let found = found.expect("it is decided");
            assert_eq!(rule(&found), rule(expected), "{engine:?}: the store decides as memory does");
        }
        settled(&stage.store).await;
    }
    for entry in memory.journal() {
        *events.entry(entry.happened.event.kind().to_owned()).or_default() += 1;
    }
    for kind in ["aggregate.adopted", "person.merged_into", "person.unmerged", "contact.hand_over_acknowledged"] {
        assert!(events.contains_key(kind), "no history has {kind}: {events:?}");
    }
    let expected = state::of_memory(memory.located(), memory.codes()).expect("memory is hashed");
    for order in [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 1, 5, 2, 4]] {
        let mut replay = Replay::default();
        for stream in order {
            for entry in memory.journal().iter().filter(|entry| entry.stamp.stream == StreamId(stream)) {
                let what = &entry.happened;
                replay.take(entry.stamp, what.aggregate_id, what.aggregate_version, what.event.clone());
            }
        }
        assert_eq!(replay.incomplete().count(), 0);
        let replayed = state::of_memory(replay.located(), replay.codes()).expect("replay is hashed");
        assert_eq!(replayed, expected, "replayed in the order {order:?}");
    }
    stage.verified().await;
    let mut tx = stage.store.read().await.expect("a read begins");
    assert_eq!(state::of_database(&mut tx).await.expect("the database is hashed"), expected, "{engine:?}");
    println!("{}: {histories} histories, {} events", engine.name(), memory.journal().len());
}

fn rule(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Accepted { .. } => None,
        Outcome::Declined(refusal) => Some(&refusal.rule),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_give_one_state() {
    for engine in engines() {
        compare(engine, HISTORIES).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten thousand histories: minutes"]
async fn ten_thousand_random_histories_give_one_state() {
    for engine in engines() {
        compare(engine, 10_000).await;
    }
}
