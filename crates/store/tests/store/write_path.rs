//! The write path: decided once, durable, in order, the same on both engines and in memory.

use domain::{
    id::StreamId,
    kernel::{Command, Outcome, group::Submission, memory::Memory, memory::Replay, upkeep},
    noun::{case, person},
    pack::Shelf,
    refusal::Answer,
};
use std::time::Duration;
use store::{state, writer::SubmitError};
use testkit::{Stage, engines, scene};

/// Ends a test whose awaited commit never comes; nothing that is well comes near it.
const PATIENCE: Duration = Duration::from_secs(30);

async fn accepted(stage: &Stage, submissions: Vec<Submission>) {
    for outcome in stage.store.submit(submissions).await {
        let outcome = outcome.expect("it is written");
        assert!(outcome.is_accepted(), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_a_case_are_written_and_verified() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let stream = stage.stream();
        let mut batch = Vec::new();
        for n in 0..300u64 {
            batch.push(scene::caused(u128::from(n) * 2 + 1, stream, scene::register(n)));
            batch.push(scene::caused(u128::from(n) * 2 + 2, stream, scene::open_case(n)));
        }
        accepted(&stage, batch).await;
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_is_done_once_and_other_content_is_refused() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let stream = stage.stream();
        let first = stage.store.submit(vec![scene::caused(1, stream, scene::register(1))]).await;
        let again = stage.store.submit(vec![scene::caused(1, stream, scene::register(1))]).await;
        assert_eq!(first[0].as_ref().ok(), again[0].as_ref().ok());
        let other = stage.store.submit(vec![scene::caused(1, stream, scene::register(2))]).await;
        assert!(matches!(other[0], Err(SubmitError::OtherContent)));
        let twice = vec![scene::caused(9, stream, scene::register(9)), scene::caused(9, stream, scene::register(9))];
        let outcomes = stage.store.submit(twice).await;
        assert_eq!(outcomes[0].as_ref().ok(), outcomes[1].as_ref().ok(), "twice in one batch is one act");
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_before_its_parent_waits_and_is_decided_when_it_comes() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let stream = stage.stream();
        let early = stage.store.submit(vec![scene::caused(5, stream, scene::open_case(4))]).await;
        let Ok(Outcome::Declined(refusal)) = &early[0] else { panic!("it waits: {early:?}") };
        assert_eq!(refusal.answer, Answer::Waiting);
        accepted(&stage, vec![scene::caused(6, stream, scene::register(4))]).await;
        let mut heads = stage.store.door().heads();
        // The waiting command is decided by the writer itself; its commit moves the head.
        let moved = heads.wait_for(|heads| heads.get(&stream.0).is_some_and(|head| *head >= 4));
        let moved = tokio::time::timeout(PATIENCE, moved).await;
        moved.expect("what waited is decided when its parent has come").expect("the door is open");
        let later = stage.store.submit(vec![scene::caused(5, stream, scene::open_case(4))]).await;
        assert!(later[0].as_ref().is_ok_and(Outcome::is_accepted), "{later:?}");
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_changing_one_field_is_a_conflict() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let stream = stage.stream();
        accepted(&stage, vec![scene::caused(1, stream, scene::register(1))]).await;
        let rename = |seen: &str, to: &str| person::Command::Correct {
            id: scene::person_id(1),
            changes: person::Changes {
                full_name: Some(domain::fields::Change { seen: Some(seen.to_owned()), to: Some(to.to_owned()) }),
                ..Default::default()
            },
        };
        accepted(&stage, vec![scene::caused(2, stream, rename("王测试1", "王一"))]).await;
        let stale = stage.store.submit(vec![scene::caused(3, stream, rename("王测试1", "王二"))]).await;
        let Ok(Outcome::Declined(refusal)) = &stale[0] else { panic!("it is a conflict: {stale:?}") };
        assert_eq!((refusal.answer, refusal.pointers.len()), (Answer::Conflict, 1));
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_moves_to_another_stream_and_is_written_only_there() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let from = stage.stream();
        let to = stage.store.add_stream("LC", "Licheng", None).await.expect("a stream is made");
        accepted(&stage, vec![scene::caused(1, from, scene::register(1))]).await;
        let release = Command::Upkeep(upkeep::Command::Release { id: scene::person_id(1).0, to });
        let mut heads = stage.store.door().heads();
        accepted(&stage, vec![scene::caused(2, from, release)]).await;
        let moved = heads.wait_for(|heads| heads.get(&to.0).is_some_and(|head| *head >= 1));
        let moved = tokio::time::timeout(PATIENCE, moved).await;
        moved.expect("the record comes to its new stream").expect("the door is open");
        let join = |id, stream| {
            scene::caused(
                id,
                stream,
                person::Command::JoinHousehold {
                    id: scene::person_id(1),
                    household: Some(domain::id::HouseholdId(uuid::Uuid::from_u128(3))),
                    seen: None,
                },
            )
        };
        let old = stage.store.submit(vec![join(3, from)]).await;
        assert!(matches!(&old[0], Ok(Outcome::Declined(refusal)) if refusal.rule == "moved_away"), "{old:?}");
        accepted(&stage, vec![join(4, to)]).await;
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_history_gives_the_same_state_on_both_engines_and_in_memory() {
    let history = |streams: &[StreamId]| {
        let mut history = scene::beginning(streams[0]);
        for n in 0..40u64 {
            let stream = streams[0];
            history.push(scene::caused(u128::from(n) * 4 + 1, stream, scene::register(n)));
            history.push(scene::caused(u128::from(n) * 4 + 2, stream, scene::open_case(n)));
            if n % 3 == 0 {
                let classify = case::Command::MarkEnteredInError { id: scene::case_id(n) };
                history.push(scene::caused(u128::from(n) * 4 + 3, stream, classify));
            }
            if n % 5 == 0 {
                let release = upkeep::Command::Release { id: scene::case_id(n).0, to: streams[1] };
                history.push(scene::caused(u128::from(n) * 4 + 4, stream, Command::Upkeep(release)));
            }
        }
        history
    };
    let streams = [StreamId(1), StreamId(2)];
    let mut memory = Memory::new(Shelf::shipped());
    for submission in history(&streams) {
        memory.submit(testkit::clock::START, &[submission]);
    }
    let expected = state::of_memory(memory.located(), memory.codes()).expect("memory is hashed");
    let mut replay = Replay::default();
    for order in [[1, 2], [2, 1]] {
        let mut replay_one = Replay::default();
        for stream in order {
            for entry in memory.journal().iter().filter(|entry| entry.stamp.stream == StreamId(stream)) {
                let happened = &entry.happened;
                replay_one.take(
                    entry.stamp,
                    happened.aggregate_id,
                    happened.aggregate_version,
                    happened.event.clone(),
                );
            }
        }
        assert_eq!(replay_one.incomplete().count(), 0);
        replay = replay_one;
        assert_eq!(state::of_memory(replay.located(), replay.codes()).expect("replay is hashed"), expected);
    }
    drop(replay);
    for engine in engines() {
        let stage = Stage::empty(engine).await;
        for code in ["FZ", "LC"] {
            stage.store.add_stream(code, code, None).await.expect("a stream is made");
        }
        let mut heads = stage.store.door().heads();
        for submission in history(&streams) {
            accepted(&stage, vec![submission]).await;
        }
        while heads.borrow_and_update().get(&2).copied().unwrap_or(0) < 8 {
            heads.changed().await.expect("the door is open");
        }
        stage.verified().await;
        let mut tx = stage.store.read().await.expect("a read begins");
        assert_eq!(state::of_database(&mut tx).await.expect("the database is hashed"), expected, "{engine:?}");
    }
}
