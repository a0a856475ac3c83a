//! What an erasure reaches besides the records: kept commands, records it had not reached, hashes, a reader's words.

use crate::post::Post;
use domain::{
    access::Action,
    id::{AccountId, CaseId, CommandId, ExposureId},
    kernel::{Envelope, Outcome, group::Submission, upkeep},
    noun::{erasure, exposure, person},
    refusal::Answer,
    seal::Class,
};
use std::collections::BTreeSet;
use store::{
    access_log::Entry,
    tables::{DISPATCH, SPOOL_SUBJECT},
    value::{ColumnType, Row, Value},
};
use testkit::{Stage, engines, scene};
use uuid::Uuid;

const OTHER: AccountId = AccountId(Uuid::from_u128(0xb0b));
const ALL: [u8; 6] = [0, 1, 2, 3, 4, 5];

async fn send(stage: &Stage, submission: Submission) -> Outcome {
    stage.store.submit(vec![submission]).await.remove(0).expect("the door answers")
}

async fn accepted(stage: &Stage, submission: Submission) {
    let outcome = send(stage, submission).await;
    assert!(outcome.is_accepted(), "{outcome:?}");
}

/// Request, approval and completion.
async fn erased(stage: &Stage, n: u64) {
    let person = scene::person_id(n);
    let request = erasure::Command::Request {
        person,
        classes: Class::ALL.into(),
        ground: erasure::Ground::Asked,
        note: Some("家属来电".to_owned()),
    };
    accepted(stage, scene::caused(0xe0_0000 + u128::from(n), stage.stream(), request)).await;
    let approve = erasure::Command::Approve { id: domain::id::ErasureId::of(person) };
    let mut approval = scene::caused(0xe1_0000 + u128::from(n), stage.stream(), approve);
    approval.actor.account = OTHER;
    accepted(stage, approval).await;
    stage.store.complete_erasure(&[person.0], &ALL, OTHER).await.expect("it is completed");
}

async fn rows(stage: &Stage, sql: &str, types: &[ColumnType]) -> Vec<Row> {
    let mut tx = stage.store.read().await.expect("a read begins");
    tx.rows(sql, &[], types).await.expect("it is read")
}

/// An exposure of person `n` to a case nobody knows yet: it waits.
fn early(id: u128, stage: &Stage, n: u64) -> Submission {
    let record = exposure::Command::Record {
        id: ExposureId(Uuid::from_u128(0xee00 + u128::from(n))),
        source: exposure::Source::Case(CaseId(Uuid::from_u128(0xca5e))),
        person: scene::person_id(n),
        outbreak: scene::OUTBREAK,
        fields: exposure::Given { note: Some("与王测试同住".to_owned()), ..Default::default() },
    };
    scene::caused(id, stage.stream(), record)
}

/// A correction whose author saw another name: a conflict.
fn stale(id: u128, stage: &Stage, n: u64) -> Submission {
    let name = domain::fields::Change { seen: Some("王二".to_owned()), to: Some("王三".to_owned()) };
    let changes = person::Changes { full_name: Some(name), ..Default::default() };
    scene::caused(id, stage.stream(), person::Command::Correct { id: scene::person_id(n), changes })
}

const SPOOLED: [ColumnType; 5] =
    [ColumnType::Int, ColumnType::Uuid, ColumnType::Uuid, ColumnType::Bytes, ColumnType::Int];

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_command_goes_with_the_person_it_names_in_every_copy() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        for n in [1, 2] {
            accepted(&stage, scene::caused(u128::from(n), stage.stream(), scene::register(n))).await;
            let waits = send(&stage, early(10 + u128::from(n), &stage, n)).await;
            assert!(matches!(&waits, Outcome::Declined(refusal) if refusal.answer == Answer::Waiting), "{waits:?}");
            let conflict = send(&stage, stale(20 + u128::from(n), &stage, n)).await;
            assert!(matches!(&conflict, Outcome::Declined(refusal) if refusal.answer == Answer::Conflict));
        }
        let spool = "SELECT stream, command_id, actor, body, since FROM waiting ORDER BY command_id";
        let copies = rows(&stage, spool, &SPOOLED).await;
        let named = "SELECT stream, command_id, subject FROM spool_subject ORDER BY command_id";
        let names = rows(&stage, named, &SPOOL_SUBJECT.types()).await;
        assert_eq!(copies.len(), 2);
        erased(&stage, 1).await;
        let left = rows(&stage, spool, &SPOOLED).await;
        assert_eq!(left, copies[1..], "the other's stays");
        let conflicts = "SELECT command_id, body, resolved_at FROM conflict ORDER BY command_id";
        let conflicts = rows(&stage, conflicts, &[ColumnType::Uuid, ColumnType::Bytes, ColumnType::Int]).await;
        let emptied: Vec<bool> = conflicts.iter().map(|row| row[1].bytes().is_ok_and(<[u8]>::is_empty)).collect();
        assert_eq!(emptied, [true, false]);
        let again = send(&stage, early(11, &stage, 1)).await;
        assert!(matches!(&again, Outcome::Declined(refusal) if refusal.rule == "erased_person"), "{again:?}");
        // A copy of both bodies comes back, as from an older disk, where what opens is delivered: one opens.
        restored(&stage, copies, names).await;
        assert_eq!(stage.store.door().deliver_unanswered().await.expect("it delivers"), 1);
        stage.verified().await;
    }
}

/// Puts copies of spooled bodies, with whom they name, among the dispatches.
async fn restored(stage: &Stage, copies: Vec<Row>, names: Vec<Row>) {
    let mut tx = stage.store.db().begin_write().await.expect("a write begins");
    let kept: BTreeSet<Uuid> = copies.iter().map(|row| row[1].uuid().expect("an id")).collect();
    let dispatch = |row: Row| {
        let [stream, id, actor, body, at] = <[Value; 5]>::try_from(row).expect("five columns");
        vec![stream.clone(), id.clone(), stream, id, actor, body, at, Value::Null, Value::Null]
    };
    tx.insert(&DISPATCH, copies.into_iter().map(dispatch).collect()).await.expect("they are put");
    let names = names.into_iter().filter(|row| row[1].uuid().is_ok_and(|id| kept.contains(&id)));
    tx.upsert(&SPOOL_SUBJECT, names.collect()).await.expect("they are put");
    tx.commit().await.expect("it is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_about_somebody_erased_is_refused_and_not_kept() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        accepted(&stage, scene::caused(1, stage.stream(), scene::register(1))).await;
        erased(&stage, 1).await;
        let outcome = send(&stage, early(11, &stage, 1)).await;
        assert!(matches!(&outcome, Outcome::Declined(refusal) if refusal.rule == "erased_person"), "{outcome:?}");
        assert_eq!(rows(&stage, "SELECT command_id FROM waiting", &[ColumnType::Uuid]).await, Vec::<Row>::new());
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_an_erasure_had_not_reached_are_found_wherever_they_are() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let there = stage.store.add_stream("LC", "Licheng", None).await.expect("a stream is made");
        for n in [1, 2] {
            accepted(&stage, scene::caused(u128::from(n), stage.stream(), scene::register(n))).await;
            accepted(&stage, scene::caused(10 + u128::from(n), stage.stream(), scene::open_case(n))).await;
        }
        let release = upkeep::Command::Release { id: scene::case_id(1).0, to: there };
        accepted(&stage, scene::caused(21, stage.stream(), release)).await;
        // Nothing was approved here: as after a crash that left the ledger alone.
        let persons = [scene::person_id(1).0];
        stage.store.complete_erasure(&persons, &ALL, OTHER).await.expect("it is completed");
        stage.store.complete_erasure(&persons, &ALL, OTHER).await.expect("and again");
        let sql = "SELECT stream, id, erased FROM aggregate WHERE erased <> 0 ORDER BY id";
        let reached = rows(&stage, sql, &[ColumnType::Int, ColumnType::Uuid, ColumnType::Int]).await;
        let expected = [(stage.stream().0, persons[0]), (there.0, scene::case_id(1).0)];
        let found: Vec<(i64, Uuid)> =
            reached.iter().map(|row| (row[0].int().expect("a stream"), row[1].uuid().expect("an id"))).collect();
        assert_eq!(found, expected);
        let keys = rows(&stage, "SELECT DISTINCT id FROM match_key", &[ColumnType::Uuid]).await;
        let of_people: Vec<Uuid> = keys.iter().map(|row| row[0].uuid().expect("an id")).collect();
        assert!(of_people.contains(&scene::person_id(2).0) && !of_people.contains(&persons[0]), "{of_people:?}");
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hash_of_what_was_said_about_an_erased_person_is_left() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let register = |n: u64| scene::caused(u128::from(n), stage.stream(), scene::register(n));
        let first = send(&stage, register(1)).await;
        accepted(&stage, register(2)).await;
        erased(&stage, 1).await;
        let sql = "SELECT command_id, content FROM outcome ORDER BY command_id";
        let hashed: Vec<Uuid> = rows(&stage, sql, &[ColumnType::Uuid, ColumnType::Bytes])
            .await
            .iter()
            .filter(|row| row[1].bytes().is_ok_and(|hash| !hash.is_empty()))
            .map(|row| row[0].uuid().expect("an id"))
            .collect();
        assert!(!hashed.contains(&Uuid::from_u128(1)) && hashed.contains(&Uuid::from_u128(2)), "{hashed:?}");
        // Sent again after all, it has its answer; another content under a living id is still told apart.
        assert_eq!(send(&stage, register(1)).await, first);
        let mut other = register(3);
        other.envelope.id = CommandId(Uuid::from_u128(2));
        assert!(stage.store.submit(vec![other]).await[0].is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_with_which_the_glass_was_broken_go_with_the_person() {
    for engine in engines() {
        let post = Post::new(engine).await;
        for n in [1, 2] {
            post.case_in(n, scene::DISTRICT.0).await;
            let entry = Entry {
                account: scene::ACTOR,
                session: None,
                action: Action::PersonBreakGlass,
                query: "person".to_owned(),
                question: "person".to_owned(),
                ids: [scene::person_id(n).0].into(),
                purposes: Default::default(),
                rules: ["break_glass"].into(),
                limit: None,
                reason: Some("王测试在急诊".to_owned()),
            };
            post.log.record(entry).await.expect("it is logged");
        }
        post.store().complete_erasure(&[scene::person_id(1).0], &ALL, OTHER).await.expect("it is completed");
        let mut tx = post.store().read().await.expect("a read begins");
        let sql = "SELECT person, reason FROM break_glass ORDER BY person";
        let left = tx.rows(sql, &[], &[ColumnType::Uuid, ColumnType::Text]).await.expect("it is read");
        let words: Vec<bool> = left.iter().map(|row| row[1].opt_text().is_some()).collect();
        assert_eq!(words, [false, true]);
        drop(tx);
        assert_eq!(post.store().verify_access_log(&Default::default()).await.expect("it is read").faults, vec![]);
    }
}

/// A command that names nobody is kept and opened again.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_kept_under_no_person() {
    let stage = Stage::new(store::engine::Engine::Sqlite).await;
    let release = upkeep::Command::Release { id: scene::person_id(9).0, to: domain::id::StreamId(2) };
    let envelope = Envelope::new(CommandId(Uuid::from_u128(5)), stage.stream(), release.into());
    let actor = domain::kernel::Actor { account: scene::ACTOR };
    let outcome = send(&stage, Submission::caused(actor, envelope)).await;
    assert!(matches!(&outcome, Outcome::Declined(refusal) if refusal.answer == Answer::Waiting), "{outcome:?}");
    assert_eq!(rows(&stage, "SELECT subject FROM spool_subject", &[ColumnType::Uuid]).await, Vec::<Row>::new());
}
