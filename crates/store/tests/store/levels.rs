//! Match keys that move from level to level are found wherever they are, and go wherever they are.

use domain::{
    fields::Change,
    kernel::Outcome,
    noun::{MatchKey, person},
};
use std::collections::BTreeSet;
use store::{engine::Engine, value::ColumnType};
use testkit::{Stage, engines, scene};
use uuid::Uuid;

/// Two keys each: more than the first level holds.
const PEOPLE: u64 = 10_000;
const BATCH: u64 = 500;
/// Every so manieth person gets another number.
const CHANGED: usize = 97;

fn number(n: u64) -> String {
    format!("1110{n:07}")
}

fn new_number(n: u64) -> String {
    format!("1120{n:07}")
}

fn call_elsewhere(n: u64) -> person::Command {
    let phones = Change { seen: Some(vec![number(n)]), to: Some(vec![new_number(n)]) };
    let changes = person::Changes { phones: Some(phones), ..Default::default() };
    person::Command::Correct { id: scene::person_id(n), changes }
}

async fn who_has(stage: &Stage, phones: impl Iterator<Item = String>) -> BTreeSet<Uuid> {
    let keys = phones.map(|phone| MatchKey::new("phone", &[&phone[1..]])).collect();
    let mut look = stage.store.look_up().await.expect("a look at the register");
    let found = look.matching(&keys).await.expect("keys are looked up");
    look.end().await.expect("the look ends");
    found.into_keys().collect()
}

async fn levels(stage: &Stage) -> Vec<i64> {
    let mut tx = stage.store.read().await.expect("a transaction");
    let sql = "SELECT DISTINCT level FROM match_key_level ORDER BY level";
    let rows = tx.rows(sql, &[], &[ColumnType::Int]).await.expect("levels are counted");
    rows.iter().map(|row| row[0].int().expect("a level")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_found_and_deleted_at_every_level() {
    let mut states = Vec::new();
    for engine in engines() {
        let stage = Stage::new(engine).await;
        for first in (0..PEOPLE).step_by(BATCH as usize) {
            let batch = (first..first + BATCH)
                .map(|n| scene::caused(u128::from(n) + 1, stage.stream(), scene::register(n)))
                .collect();
            for answer in stage.store.submit(batch).await {
                assert!(matches!(answer, Ok(Outcome::Accepted { .. })), "{answer:?}");
            }
        }
        if engine == Engine::Sqlite {
            assert_eq!(levels(&stage).await, [0, 1, 2], "keys lie at every level");
        }
        let everybody: BTreeSet<Uuid> = (0..PEOPLE).map(|n| scene::person_id(n).0).collect();
        assert_eq!(who_has(&stage, (0..PEOPLE).map(number)).await, everybody, "{engine:?}");

        let moved: Vec<u64> = (0..PEOPLE).step_by(CHANGED).collect();
        let batch = moved
            .iter()
            .map(|n| scene::caused(u128::from(PEOPLE + n) + 1, stage.stream(), call_elsewhere(*n)))
            .collect();
        for answer in stage.store.submit(batch).await {
            assert!(matches!(answer, Ok(Outcome::Accepted { .. })), "{answer:?}");
        }
        let ids: BTreeSet<Uuid> = moved.iter().map(|n| scene::person_id(*n).0).collect();
        assert_eq!(who_has(&stage, moved.iter().map(|n| new_number(*n))).await, ids, "{engine:?}");
        assert_eq!(who_has(&stage, moved.iter().map(|n| number(*n))).await, BTreeSet::new(), "{engine:?}");
        // Counts every row of every level against the journal: one left behind or twice would show.
        states.push(stage.verified().await);
    }
    assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "both engines hold the same");
}
