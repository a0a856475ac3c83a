//! Whatever somebody with the file does to it, `verify` runs to its end and names what was done to.

use domain::id::StreamId;
use store::{
    engine::Engine,
    verify::{Fault, Report},
    writer::SubmitError,
};
use testkit::{Stage, damage, engines, entropy::drawn, scene};

const STREAM: i64 = 1;
/// Entries of the tampered journal: the district, the outbreak, people and their cases.
const PEOPLE: u64 = 10;

async fn written(engine: Engine) -> Stage {
    let stage = Stage::new(engine).await;
    let mut batch = Vec::new();
    for n in 0..PEOPLE {
        batch.push(scene::caused(u128::from(n) * 2 + 1, StreamId(STREAM), scene::register(n)));
        batch.push(scene::caused(u128::from(n) * 2 + 2, StreamId(STREAM), scene::open_case(n)));
    }
    for outcome in stage.store.submit(batch).await {
        assert!(outcome.expect("it is written").is_accepted());
    }
    stage
}

async fn report(stage: &Stage) -> Report {
    stage.store.verify(&Default::default(), stage.folder.path(), |_| {}).await.expect("verify runs to its end")
}

/// Whether an entry is named as one that cannot be read or whose link is broken.
fn is_named(faults: &[Fault], entry: i64) -> bool {
    faults.iter().any(|fault| match fault {
        Fault::BrokenLink { stream, seq, position } | Fault::Unreadable { stream, seq, position, .. } => {
            (*stream, *seq, *position) == (STREAM, entry, entry)
        }
        _ => false,
    })
}

/// Values that no column takes for its own, as SQLite lets anybody put them.
const MISFITS: [&str; 7] = ["CAST(x'ff00fe' AS TEXT)", "x'ff'", "1.5", "'seven'", "''", "NULL", "x''"];

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_any_type_in_any_column_is_named_and_the_rest_is_verified() {
    for (n, column) in damage::journal_columns().into_iter().enumerate() {
        let stage = written(Engine::Sqlite).await;
        let change = |value: &str, entry: i64| {
            format!("UPDATE journal SET {column} = {value} WHERE stream = 1 AND seq = {entry}")
        };
        // Entry 7 is tampered with, and an honest flip further on is found as well.
        let value = MISFITS[n % MISFITS.len()];
        // These two are empty in this journal, so that nothing says nothing new.
        let empty = ["device_time", "cause"].contains(&column);
        for value in
            [value, "x'ff'", "CAST(x'ff' AS TEXT)", "NULL"].into_iter().filter(|value| !empty || *value != "NULL")
        {
            damage::run(stage.url(), &[&change(value, 7)], true).await.expect("the damage is done");
            let found = report(&stage).await;
            assert!(is_named(&found.faults, 7), "{column} = {value}: {:?}", found.faults);
        }
        damage::flip_payload(stage.url(), STREAM, 15, 3).await.expect("the damage is done");
        let found = report(&stage).await;
        assert!(is_named(&found.faults, 7) && is_named(&found.faults, 15), "{column}: {:?}", found.faults);
        assert_eq!(found.entries, 2 + 2 * PEOPLE as i64, "{column}: every entry is read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_under_no_number_is_named() {
    for (sql, stream, seq) in [
        ("UPDATE journal SET seq = 'seven' WHERE seq = 7", "1", "seven"),
        ("UPDATE journal SET seq = 7.5 WHERE seq = 7", "1", "7.5"),
        ("UPDATE journal SET stream = 'one' WHERE seq = 7", "one", "7"),
        ("UPDATE journal SET stream = x'31' WHERE seq = 7", "1", "7"),
    ] {
        let stage = written(Engine::Sqlite).await;
        damage::run(stage.url(), &[sql], false).await.expect("the damage is done");
        let found = report(&stage).await;
        let misplaced = Fault::Misplaced { stream: stream.to_owned(), seq: seq.to_owned() };
        assert!(found.faults.contains(&misplaced), "{sql}: {:?}", found.faults);
        assert!(found.faults.contains(&Fault::Gap { stream: 1, expected: 7, found: 8 }), "{sql}: {:?}", found.faults);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_as_large_as_they_get_are_named_and_end_nothing() {
    for engine in engines() {
        for column in ["n", "aggregate_version", "at", "version"] {
            for value in ["9223372036854775807", "-9223372036854775808"] {
                let stage = written(engine).await;
                let sql = format!("UPDATE journal SET {column} = {value} WHERE stream = 1 AND seq = 7");
                damage::run(stage.url(), &[&sql], false).await.expect("the damage is done");
                let found = report(&stage).await;
                assert!(is_named(&found.faults, 7), "{engine:?}, {column} = {value}: {:?}", found.faults);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_changed_past_the_door_is_named_with_its_first_row() {
    let everywhere = [
        ("person", "UPDATE person SET full_name = 'x' WHERE stream = 1"),
        ("person", "DELETE FROM person WHERE stream = 1"),
        ("person", "UPDATE person SET age_years = 3"),
        ("aggregate", "UPDATE aggregate SET version = version + 1"),
        ("link", "DELETE FROM link"),
        ("code_counter", "UPDATE code_counter SET last = last + 1"),
        ("jurisdiction_closure", "UPDATE jurisdiction_closure SET depth = 4"),
    ];
    let misfits = [
        ("person", "UPDATE person SET full_name = CAST(x'ff' AS TEXT)"),
        ("person", "UPDATE person SET age_years = 'old'"),
        ("person", "UPDATE person SET note = x''"),
        ("aggregate", "UPDATE aggregate SET state = 5"),
    ];
    for engine in engines() {
        let misfits = misfits.iter().filter(|_| engine == Engine::Sqlite);
        let keys = match engine {
            Engine::Sqlite => ("match_key", "DELETE FROM match_key_level"),
            Engine::Postgres => ("match_key", "DELETE FROM match_key"),
        };
        for (table, sql) in everywhere.iter().chain([&keys]).chain(misfits) {
            let stage = written(engine).await;
            let changed = damage::run(stage.url(), &[sql], false).await.expect("the damage is done");
            assert!(changed > 0, "{sql}");
            let found = report(&stage).await;
            let differs = |fault: &Fault| matches!(fault, Fault::Differs { table: of, first, .. } if *of == *table && !first.is_empty());
            assert!(found.faults.iter().any(differs), "{engine:?}: {sql}: {:?}", found.faults);
            assert_eq!(found.faults.len(), 1, "{engine:?}: {sql}: nothing else is blamed: {:?}", found.faults);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_or_a_column_that_is_gone_is_named() {
    for engine in engines() {
        let stage = written(engine).await;
        damage::run(stage.url(), &["DROP TABLE person_address"], false).await.expect("the damage is done");
        assert_eq!(report(&stage).await.faults, vec![Fault::Absent { table: "person_address" }], "{engine:?}");
        let stage = written(engine).await;
        damage::run(stage.url(), &["ALTER TABLE person DROP COLUMN note"], false).await.expect("the damage is done");
        let found = report(&stage).await;
        let unreadable = |fault: &Fault| matches!(fault, Fault::UnreadableTable { table: "person", .. });
        assert!(found.faults.iter().any(unreadable), "{engine:?}: {:?}", found.faults);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_keys_of_one_person_are_named_and_the_others_are_read() {
    let stage = written(Engine::Sqlite).await;
    let sql = format!(
        "UPDATE person_key SET wrapped = zeroblob(length(wrapped)) WHERE hex(person) = '{}'",
        scene::person_id(3).0.simple().to_string().to_uppercase()
    );
    assert_eq!(damage::run(stage.keys_url(), &[&sql], false).await.expect("the damage is done"), 1);
    // Another process, which has nothing of it in memory.
    let store = stage.another().await;
    let found = store.verify(&Default::default(), stage.folder.path(), |_| {}).await.expect("verify runs to its end");
    let named: Vec<i64> = found
        .faults
        .iter()
        .filter_map(|fault| match fault {
            Fault::Unreadable { seq, .. } => Some(*seq),
            _ => None,
        })
        .collect();
    assert!(named.contains(&9) && named.iter().all(|seq| [9, 10].contains(seq)), "{:?}", found.faults);
}

/// Bytes of payloads flipped in the database itself, not in memory: whatever they decode to is replayed.
#[tokio::test(flavor = "multi_thread")]
async fn payloads_flipped_anywhere_are_named_and_end_nothing() {
    let stage = written(Engine::Sqlite).await;
    let entries = 2 + 2 * PEOPLE;
    for flip in 0..60u64 {
        let (entry, byte) = (1 + drawn(flip, entries) as i64, drawn(flip + 1_000, 100) as usize);
        damage::flip_payload(stage.url(), STREAM, entry, byte).await.expect("the damage is done");
        assert!(is_named(&report(&stage).await.faults, entry), "entry {entry}, byte {byte}");
        damage::flip_payload(stage.url(), STREAM, entry, byte).await.expect("the damage is undone");
    }
    stage.verified().await;
}

/// One command in the middle of a group meets an error of the database: it alone has no outcome.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_halved_until_the_command_that_the_database_refuses_stands_alone() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let refused = "王测试3";
        let trap = match engine {
            Engine::Sqlite => format!(
                "CREATE TRIGGER trap BEFORE INSERT ON person WHEN NEW.full_name = '{refused}' \
                 BEGIN SELECT RAISE(ABORT, 'trapped'); END"
            ),
            Engine::Postgres => format!("ALTER TABLE person ADD CONSTRAINT trap CHECK (full_name <> '{refused}')"),
        };
        damage::run(stage.url(), &[&trap], false).await.expect("the trap is set");
        let batch =
            || (0..9).map(|n| scene::caused(u128::from(n) + 1, StreamId(STREAM), scene::register(n))).collect();
        let before = stage.store.submit(batch()).await;
        for (n, outcome) in before.iter().enumerate() {
            match outcome {
                Ok(outcome) => assert!(n != 3 && outcome.is_accepted(), "{engine:?}: {n}"),
                Err(error) => assert!(n == 3 && matches!(error, SubmitError::Failed(_)), "{engine:?}: {n}: {error}"),
            }
        }
        stage.verified().await;
        let free = match engine {
            Engine::Sqlite => "DROP TRIGGER trap",
            Engine::Postgres => "ALTER TABLE person DROP CONSTRAINT trap",
        };
        damage::run(stage.url(), &[free], false).await.expect("the trap is taken away");
        for (n, (outcome, before)) in stage.store.submit(batch()).await.into_iter().zip(before).enumerate() {
            let outcome = outcome.expect("it is written");
            assert!(outcome.is_accepted());
            assert!(before.is_ok_and(|before| before == outcome) || n == 3, "what was answered is answered alike");
        }
        stage.verified().await;
    }
}
