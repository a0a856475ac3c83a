use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::engines::{Database, MASTER_1, NOW, Place, both, entropy, files_holding, person, persons, places};
use crate::vault::{MasterKeys, VaultError};

const ALL: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

#[tokio::test]
async fn an_erased_class_is_gone_for_ever_and_the_others_stay() {
    for (place, _cluster) in places() {
        let vault = place.open(MASTER_1).await;
        let before = vault.keys_for(&persons(3), true, &mut entropy(1), NOW).await.unwrap();
        let destroyed = vault.destroy(person(1), &[0, 5], NOW + 1).await.unwrap();
        assert_eq!(destroyed.classes, [0, 5]);
        assert_eq!(vault.destroy(person(1), &[0, 5], NOW + 2).await.unwrap().classes, [0_u8; 0]);
        for vault in [&vault, &place.open(MASTER_1).await] {
            let after = vault.keys_for(&persons(3), true, &mut entropy(2), NOW).await.unwrap();
            assert_eq!(after[&person(1)].classes(), [1, 2, 3, 4, 6, 7]);
            assert!(after[&person(1)].key(0).is_none());
            assert_eq!(after[&person(1)].key(1).unwrap().bytes(), before[&person(1)].key(1).unwrap().bytes());
            assert_eq!(after[&person(2)].classes(), ALL);
        }
        assert_eq!(vault.destroy(person(1), &ALL, NOW + 3).await.unwrap().classes, [1, 2, 3, 4, 6, 7]);
        let after = vault.keys_for(&persons(3), true, &mut entropy(3), NOW).await.unwrap();
        assert_eq!(after[&person(1)].classes(), [0_u8; 0]);
        assert!(matches!(vault.destroy(person(1), &[8], NOW).await, Err(VaultError::Cipher(_))));
    }
}

#[tokio::test]
async fn a_person_erased_before_having_keys_never_gets_the_erased_ones() {
    // As when the erasure ledger is gone through over a vault that lost its newest rows.
    for (place, _cluster) in places() {
        let vault = place.open(MASTER_1).await;
        assert_eq!(vault.destroy(person(7), &ALL, NOW).await.unwrap().classes, [0_u8; 0]);
        vault.destroy(person(8), &[2], NOW).await.unwrap();
        for _ in 0..2 {
            let keys = vault.keys_for(&[person(7), person(8), person(9)], true, &mut entropy(1), NOW).await.unwrap();
            assert_eq!(keys[&person(7)].classes(), [0_u8; 0]);
            assert_eq!(keys[&person(8)].classes(), [0, 1, 3, 4, 5, 6, 7]);
            assert_eq!(keys[&person(9)].classes(), ALL);
        }
    }
}

#[tokio::test]
async fn an_erasure_by_one_server_empties_the_memory_of_another() {
    for (place, _cluster) in places() {
        let (one, two) = (place.open(MASTER_1).await, place.open(MASTER_1).await);
        one.keys_for(&persons(4), true, &mut entropy(1), NOW).await.unwrap();
        two.keys_for(&persons(4), true, &mut entropy(2), NOW).await.unwrap();
        let destroyed = one.destroy(person(2), &ALL, NOW).await.unwrap();
        assert_eq!(two.epoch().await.unwrap(), destroyed.epoch);
        for vault in [&two, &one] {
            let after = vault.keys_for(&persons(4), true, &mut entropy(3), NOW).await.unwrap();
            assert_eq!(after[&person(2)].classes(), [0_u8; 0]);
            assert_eq!(after[&person(3)].classes(), ALL);
        }
    }
}

#[tokio::test]
async fn creators_and_erasures_at_once_leave_no_erased_key() {
    for (place, _cluster) in places() {
        let (one, two) = (Arc::new(place.open(MASTER_1).await), Arc::new(place.open(MASTER_1).await));
        for round in 0..8_u128 {
            let group: Vec<Uuid> = (round * 50..round * 50 + 50).map(person).collect();
            let victim = person(round * 50 + 25);
            let creator = {
                let (vault, group) = (one.clone(), group.clone());
                tokio::spawn(async move {
                    vault.keys_for(&group, true, &mut entropy(round as u64), NOW).await.map(|_| ())
                })
            };
            let eraser = {
                let vault = two.clone();
                tokio::spawn(async move {
                    // The keys are gone whatever the log says; another reader may hold it for a moment.
                    match vault.destroy(victim, &ALL, NOW).await {
                        Ok(_) | Err(VaultError::LogNotEmptied) => Ok(()),
                        Err(error) => Err(error),
                    }
                })
            };
            creator.await.unwrap().unwrap();
            eraser.await.unwrap().unwrap();
            for vault in [&one, &two] {
                let keys = vault.keys_for(&group, true, &mut entropy(0), NOW).await.unwrap();
                assert_eq!(keys[&victim].classes(), [0_u8; 0], "round {round}");
            }
        }
    }
}

/// The wrapped rows as they lie in the file.
async fn wrapped_rows(place: &Place) -> BTreeMap<Uuid, Vec<u8>> {
    let pool = sqlx::SqlitePool::connect(&place.url).await.unwrap();
    let rows: Vec<(Uuid, Vec<u8>)> =
        sqlx::query_as("SELECT person, wrapped FROM person_key").fetch_all(&pool).await.unwrap();
    pool.close().await;
    rows.into_iter().collect()
}

/// How many of these wrapped rows are found anywhere in the vault's directory.
fn found_in_files(place: &Place, rows: &[&Vec<u8>]) -> usize {
    let files: Vec<Vec<u8>> = std::fs::read_dir(place.path().parent().unwrap())
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    // The nonce alone is searched for: whatever is left of a row has no use without it, and 16 bytes of any part would do.
    let starts: std::collections::BTreeSet<&[u8]> = rows.iter().map(|row| &row[..16]).collect();
    let ends: std::collections::BTreeSet<&[u8]> = rows.iter().map(|row| &row[row.len() - 16..]).collect();
    let windows = files.iter().flat_map(|file| file.windows(16));
    windows.filter(|window| starts.contains(window) || ends.contains(window)).count()
}

#[tokio::test]
async fn erased_keys_are_in_no_byte_of_the_sqlite_files() {
    let place = Place::sqlite();
    let vault = place.open(MASTER_1).await;
    // Many small commits in random key order, so that pages split and fill as in use.
    let everyone = persons(6_000);
    for group in everyone.chunks(37) {
        vault.keys_for(group, true, &mut entropy(u64::from(group[0].as_bytes()[0])), NOW).await.unwrap();
    }
    let before = wrapped_rows(&place).await;
    let erased: Vec<Uuid> = everyone.iter().copied().step_by(60).collect();
    let old: Vec<&Vec<u8>> = erased.iter().map(|person| &before[person]).collect();
    assert!(found_in_files(&place, &old) >= 2 * old.len(), "the search finds what is there");
    for (n, person) in erased.iter().enumerate() {
        // Wholly and in part; both overwrite the row.
        vault.destroy(*person, if n % 2 == 0 { &ALL } else { &ALL[..1] }, NOW).await.unwrap();
    }
    assert_eq!(found_in_files(&place, &old), 0, "with the vault open and its log emptied");
    // Everyone else is still whole, once.
    let kept: Vec<&Vec<u8>> =
        everyone.iter().filter(|person| !erased.contains(person)).map(|person| &before[person]).collect();
    assert_eq!(found_in_files(&place, &kept), 2 * kept.len());
    vault.close().await;
    assert_eq!(found_in_files(&place, &old), 0);
}

#[tokio::test]
async fn a_rotation_leaves_no_row_under_the_old_key_in_the_sqlite_files() {
    let place = Place::sqlite();
    let vault = place.open(MASTER_1).await;
    vault.keys_for(&persons(2_000), true, &mut entropy(1), NOW).await.unwrap();
    let before = wrapped_rows(&place).await;
    let old: Vec<&Vec<u8>> = before.values().collect();
    assert!(vault.rotate(MasterKeys::parse(&both()).unwrap()).await.unwrap().complete);
    assert_eq!(found_in_files(&place, &old), 0);
    let now = wrapped_rows(&place).await;
    assert_eq!(found_in_files(&place, &now.values().collect::<Vec<_>>()), 2 * now.len());
}

#[tokio::test]
async fn erased_keys_leave_the_postgresql_tables_when_compacted() {
    for (place, database) in places() {
        let Some(Database { cluster, name }) = database else { continue };
        let vault = place.open(MASTER_1).await;
        vault.keys_for(&persons(300), true, &mut entropy(1), NOW).await.unwrap();
        let victim = person(17);
        let pool = sqlx::PgPool::connect(&place.url).await.unwrap();
        let (wrapped,): (Vec<u8>,) = sqlx::query_as("SELECT wrapped FROM person_key WHERE person = $1")
            .bind(victim)
            .fetch_one(&pool)
            .await
            .unwrap();
        cluster.psql(&name, "CHECKPOINT").unwrap();
        let tables = cluster.data().join("base");
        assert_eq!(files_holding(&tables, &wrapped).len(), 1, "the search finds what is there");
        vault.destroy(victim, &ALL, NOW).await.unwrap();
        vault.compact().await.unwrap();
        cluster.psql(&name, "CHECKPOINT").unwrap();
        assert_eq!(files_holding(&tables, &wrapped), []);
        let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM person_key").fetch_one(&pool).await.unwrap();
        assert_eq!(count, 300);
    }
}
