//! `erase` with `backup`, `restore`, `doctor` and `verify` around it, on both engines.

use crate::{
    installation::{Installation, area, staffed},
    traces::{Trace, found, of_match_key, of_text},
};
use domain::{
    date::KnownDate,
    fields::Change,
    id::{ErasureId, ExposureId, PersonId, StreamId},
    kernel::{Command, Located, Outcome},
    noun::{
        case, contact, erasure, exposure,
        person::{self, Identifier},
    },
    seal::Reading,
};
use std::collections::BTreeMap;
use store::store::Store;
use testkit::scene;
use uuid::Uuid;

const N: u64 = 4_711;
const NAME: &str = "王芷若4711";
const PHONE: &str = "13905954711";
const ADDRESS: &str = "新门街4711号";
const NUMBER: &str = "350503198001014711";
const NOTE: &str = "邻居4711来电";
const SETTING: &str = "4711次公交车上";
const VALUES: [&str; 6] = [NAME, PHONE, ADDRESS, NUMBER, NOTE, SETTING];

fn person() -> PersonId {
    scene::person_id(N)
}

fn request() -> String {
    ErasureId::of(person()).to_string()
}

fn known() -> person::Command {
    person::Command::Register {
        id: person(),
        jurisdiction: scene::DISTRICT,
        fields: person::Given {
            full_name: Some(NAME.to_owned()),
            birth_date: KnownDate::parse("1980-01-01").ok(),
            phones: Some(vec![PHONE.to_owned()]),
            identifiers: Some(vec![Identifier { kind: "national_id".to_owned(), number: NUMBER.to_owned() }]),
            note: Some(NOTE.to_owned()),
            ..Default::default()
        },
        address: Some(person::AddressGiven {
            from: KnownDate::NotAsked,
            jurisdiction: scene::DISTRICT,
            place: None,
            text: Some(ADDRESS.to_owned()),
        }),
        household: None,
    }
}

/// An exposure of the person to a case that may not be known.
fn exposed(n: u128, case: domain::id::CaseId) -> exposure::Command {
    exposure::Command::Record {
        id: ExposureId(Uuid::from_u128(0xee00 + n)),
        source: exposure::Source::Case(case),
        person: person(),
        outbreak: scene::OUTBREAK,
        fields: exposure::Given { setting: Some(SETTING.to_owned()), ..Default::default() },
    }
}

fn renamed(seen: &str, to: &str) -> person::Command {
    let full_name = Some(Change { seen: Some(seen.to_owned()), to: Some(to.to_owned()) });
    person::Command::Correct { id: person(), changes: person::Changes { full_name, ..Default::default() } }
}

async fn send(store: &Store, id: u128, stream: StreamId, command: impl Into<Command>) -> Outcome {
    let submission = scene::caused(id, stream, command.into());
    store.submit(vec![submission]).await.remove(0).expect("the door answers")
}

async fn looked_up(store: &Store) -> BTreeMap<Uuid, Located> {
    let mut look = store.look_up().await.expect("a look begins");
    look.located([person().0].into()).await.expect("it is read")
}

async fn accepted(store: &Store, id: u128, stream: StreamId, command: impl Into<Command>) {
    let outcome = send(store, id, stream, command).await;
    assert!(outcome.is_accepted(), "{outcome:?}");
}

/// A person with records in two command posts, and all that can be kept beside records: a command that waits, one in
/// conflict.
async fn populated(place: &Installation) {
    for (code, name) in [("FZ", "Fengze"), ("LC", "Licheng")] {
        place.run_as("root", &["account", "stream", "add", code, name, "--area", &area()]).well();
    }
    staffed(place, &[("asks", "epidemiologist"), ("approves", "commander")]);
    let store = place.store().await;
    let (here, there) = (StreamId(1), StreamId(2));
    for submission in scene::beginning(here) {
        assert!(store.submit(vec![submission]).await.remove(0).is_ok_and(|outcome| outcome.is_accepted()));
    }
    accepted(&store, 1, here, scene::register(1)).await;
    accepted(&store, 2, here, scene::open_case(1)).await;
    accepted(&store, 3, here, known()).await;
    accepted(&store, 4, here, exposed(1, scene::case_id(1))).await;
    let mut open = scene::open_case(N);
    if let case::Command::Open { fields, .. } = &mut open {
        fields.note = Some(NOTE.to_owned());
    }
    accepted(&store, 5, there, open).await;
    let list = contact::Command::List {
        id: domain::id::ContactId(Uuid::from_u128(0xc0)),
        person: person(),
        ring: domain::pack::Ring::Ring1,
        exposures: vec![ExposureId(Uuid::from_u128(0xee01))],
        fields: contact::Given { note: Some(NOTE.to_owned()), ..Default::default() },
    };
    accepted(&store, 6, here, list).await;
    let waits = send(&store, 7, here, exposed(2, domain::id::CaseId(Uuid::from_u128(0xca5e)))).await;
    let conflict = send(&store, 8, here, renamed("王二", NAME)).await;
    assert!(!waits.is_accepted() && !conflict.is_accepted());
    assert_eq!(store.lateness().await.expect("it is read").waiting, 1);
    store.close().await;
}

/// Every form of every value of the person, and the keys by which the record is found.
async fn traces(place: &Installation) -> Vec<Trace> {
    let store = place.store().await;
    let mut traces: Vec<Trace> = VALUES.iter().flat_map(|value| of_text(value)).collect();
    let found = looked_up(&store).await;
    let keys = found[&person().0].aggregate.match_keys(&Reading::permit());
    assert_eq!(keys.len(), 3, "identifier, phone, name with month");
    traces.extend(keys.into_iter().flat_map(of_match_key));
    store.close().await;
    traces.extend(place.wrapped_keys(person().0).map(|bytes| Trace { label: "wrapped keys".to_owned(), bytes }));
    traces
}

/// The search sees each form where there is one.
fn assert_sees(traces: &[Trace], place: &Installation) {
    let planted = place.path("data/planted");
    for trace in traces {
        std::fs::write(&planted, [b"before", &trace.bytes[..], b"behind"].concat()).expect("it is planted");
        let seen = found(std::slice::from_ref(trace), place);
        assert!(seen.iter().any(|hit| hit.ends_with("planted")), "{} is overlooked", trace.label);
    }
    std::fs::remove_file(planted).expect("it is taken away");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_erasure_no_byte_is_left_and_a_restore_brings_none_back() {
    for place in Installation::on_both() {
        populated(&place).await;
        let traces = traces(&place).await;
        if !place.is_postgres() {
            assert_sees(&traces, &place);
        }
        let before = found(&traces, &place);
        for value in VALUES {
            assert!(before.iter().any(|hit| hit.starts_with(value)), "{value} is there before: {before:?}");
        }
        assert!(before.iter().any(|hit| hit.starts_with("match key")), "{before:?}");
        let copy = place.path("copy.backup").display().to_string();
        // The command that waits does so since years, by this machine's clock; the erasure takes it away.
        place.run(&["doctor"]).refused("1 envelopes wait");
        place.run(&["backup", "--to", &copy]).well();
        place.run(&["backup", "--to", &copy]).refused("never written over another");
        place.run_as("asks", &["erase", &person().to_string(), "--reason", "asked"]).well();
        place.run_as("asks", &["erase", "--approve", &request()]).refused("This takes two people");
        assert!(!found(&traces, &place).is_empty(), "a refused approval erases nothing");
        place.run_as("approves", &["erase", "--approve", &request(), "--compact"]).well();
        assert_eq!(found(&traces, &place), Vec::<String>::new());
        // Again, as after a crash: nothing is done twice.
        place.run_as("approves", &["erase", "--approve", &request()]).well();
        place.run(&["verify"]).well();
        place.run(&["doctor"]).well();
        let into = place.empty_url();
        let (ledger, hidden) = (place.path("data-keys/erasures.jsonl"), place.path("data-keys/hidden"));
        std::fs::rename(&ledger, &hidden).expect("the ledger is hidden");
        place.run(&["restore", &copy, "--into", &into]).refused("erasure ledger");
        std::fs::rename(&hidden, &ledger).expect("the ledger is back");
        place.run(&["restore", &copy, "--into", &place.url()]).refused("is not empty");
        let said = place.run(&["restore", &copy, "--into", &into]).well();
        assert!(said.contains("1 erasures done again"), "{said}");
        assert_eq!(found(&traces, &place), Vec::<String>::new());
        let (keys, folder) = (place.keys_url(), place.path("data").display().to_string());
        let rest = ["verify", "--keys", &keys, "--folder", &folder, "--database", &into];
        place.run(&rest).well();
    }
}

/// Whether a file holds a text, read by another process: a file of SQLite that this one opens and closes beside it
/// loses the locks by which other programs know that the database is open.
fn seen_elsewhere(place: &Installation, file: &str, text: &str) -> bool {
    let read = std::process::Command::new("cat").arg(place.path(file)).output().expect("the file is read");
    read.stdout.windows(text.len()).any(|part| part == text.as_bytes())
}

/// SQLite empties its write-ahead log when the last program closes the database; beside another one the erasure must.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_leaves_nothing_in_the_log_of_a_database_that_is_open_elsewhere() {
    let place = Installation::new();
    let beside = place.store().await;
    populated(&place).await;
    let traces = traces(&place).await;
    place.run_as("asks", &["erase", &person().to_string(), "--reason", "asked"]).well();
    assert!(seen_elsewhere(&place, "data/firebreak.sqlite-wal", NAME), "the log holds values");
    place.run_as("approves", &["erase", "--approve", &request()]).well();
    assert!(place.path("data/firebreak.sqlite-wal").exists(), "it is open elsewhere still");
    assert_eq!(found(&traces, &place), Vec::<String>::new());
    beside.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_placed_before_the_approval_keeps_ledger_keys_and_records() {
    let place = Installation::new();
    populated(&place).await;
    let traces = traces(&place).await;
    place.run_as("asks", &["erase", &person().to_string(), "--reason", "asked"]).well();
    let store = place.store().await;
    let ground = erasure::HoldGround::Legal;
    accepted(&store, 20, StreamId(1), erasure::Command::PlaceHold { person: person(), ground }).await;
    store.close().await;
    place.run_as("approves", &["erase", "--approve", &request()]).refused("appeal_or_hold_open");
    let ledger = std::fs::read(place.path("data-keys/erasures.jsonl")).expect("there is a ledger");
    assert_eq!(ledger, b"", "what was not approved is not in the ledger");
    assert!(!found(&traces, &place).is_empty());
    let store = place.store().await;
    assert!(looked_up(&store).await[&person().0].erased.is_empty());
    let lift = erasure::Command::LiftHold { id: ErasureId::of(person()), hold: 0 };
    accepted(&store, 21, StreamId(1), lift).await;
    store.close().await;
    place.run_as("approves", &["erase", "--approve", &request()]).well();
    assert_eq!(found(&traces, &place), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_cut_off_after_its_approval_is_shown_and_completed() {
    let place = Installation::new();
    populated(&place).await;
    let traces = traces(&place).await;
    place.run_as("asks", &["erase", &person().to_string(), "--reason", "asked"]).well();
    let store = place.store().await;
    accepted(&store, 20, StreamId(1), erasure::Command::Approve { id: ErasureId::of(person()) }).await;
    store.close().await;
    place.run(&["doctor"]).refused("1 of them cut off");
    place.run_as("asks", &["erase", "--approve", &request()]).well();
    place.run(&["doctor"]).well();
    assert_eq!(found(&traces, &place), Vec::<String>::new());
    place.run(&["verify"]).well();
}
