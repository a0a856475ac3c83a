//! `erase` with `backup`, `restore`, `doctor` and `verify` around it, on both engines.

use crate::{
    installation::{Installation, area, staffed},
    subject::{
        NAME, NOT_THERE, VALUES, exposed, fell_ill, known, listed, looked_up, person, renamed, request, traces,
    },
    traces::{assert_sees, found},
};
use domain::{
    id::{ErasureId, StreamId},
    kernel::{Command, Outcome},
    noun::erasure,
    refusal::Answer,
};
use store::store::Store;
use testkit::scene;

async fn send(store: &Store, id: u128, stream: StreamId, command: impl Into<Command>) -> Outcome {
    let submission = scene::caused(id, stream, command.into());
    store.submit(vec![submission]).await.remove(0).expect("the door answers")
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
    accepted(&store, 5, there, fell_ill()).await;
    accepted(&store, 6, here, listed()).await;
    let waits = send(&store, 7, here, exposed(2, NOT_THERE)).await;
    let conflict = send(&store, 8, here, renamed()).await;
    for (outcome, kept) in [(waits, Answer::Waiting), (conflict, Answer::Conflict)] {
        assert!(matches!(&outcome, Outcome::Declined(refusal) if refusal.answer == kept), "{outcome:?}");
    }
    assert_eq!(store.lateness().await.expect("it is read").waiting, 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_erasure_no_byte_is_left_and_a_restore_brings_none_back() {
    for place in Installation::on_both() {
        populated(&place).await;
        let traces = traces(&place).await;
        if !place.is_postgres() {
            assert_sees(&traces, &place, "data/planted");
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
