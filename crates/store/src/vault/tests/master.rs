use std::sync::Arc;

use testkit::postgres::PostgresSettings;

use super::engines::{MASTER_1, MASTER_2, NOW, WRONG_1, both, cluster, entropy, person, persons, places};
use crate::vault::{MasterKeys, Rotation, Vault, VaultError};

async fn open(url: &str, master: &str) -> Result<Vault, VaultError> {
    Vault::open(url, MasterKeys::parse(master).unwrap()).await
}

#[tokio::test]
async fn a_wrong_or_missing_master_key_is_refused_and_changes_nothing() {
    for (place, _cluster) in places() {
        // Even before there are any keys, the first master key is the vault's.
        open(&place.url, MASTER_1).await.unwrap();
        assert!(matches!(open(&place.url, WRONG_1).await, Err(VaultError::WrongMasterKey { number: 1 })));
        let vault = open(&place.url, MASTER_1).await.unwrap();
        vault.keys_for(&persons(10), true, &mut entropy(1), NOW).await.unwrap();
        assert!(matches!(open(&place.url, WRONG_1).await, Err(VaultError::WrongMasterKey { number: 1 })));
        assert!(matches!(open(&place.url, MASTER_2).await, Err(VaultError::MasterKeyMissing { number: 1 })));
        assert!(matches!(
            open(&place.url, &format!("{WRONG_1}\n{MASTER_2}")).await,
            Err(VaultError::WrongMasterKey { number: 1 })
        ));
        // None of these left a record: the right key still opens, and a rotation to key 2 has not begun.
        let vault = open(&place.url, MASTER_1).await.unwrap();
        assert_eq!(vault.keys_for(&persons(10), false, &mut entropy(2), NOW).await.unwrap().len(), 10);
    }
}

#[tokio::test]
async fn a_rotation_cut_off_half_way_is_taken_up_and_ends() {
    for (place, _cluster) in places() {
        let everyone = persons(1_700);
        let vault = open(&place.url, MASTER_1).await.unwrap();
        let before = vault.keys_for(&everyone, true, &mut entropy(1), NOW).await.unwrap();
        assert!(matches!(
            vault.rotate(MasterKeys::parse(MASTER_2).unwrap()).await,
            Err(VaultError::MasterKeyMissing { number: 1 })
        ));
        // Two of four batches, then the process is gone.
        let half = vault.rotate_at_most(MasterKeys::parse(&both()).unwrap(), 2).await.unwrap();
        assert_eq!(half, Rotation { rewrapped: 1_000, complete: false });
        drop(vault);
        assert!(matches!(open(&place.url, MASTER_1).await, Err(VaultError::MasterKeyMissing { number: 2 })));
        assert!(matches!(open(&place.url, MASTER_2).await, Err(VaultError::MasterKeyMissing { number: 1 })));
        let vault = open(&place.url, &both()).await.unwrap();
        let mixed = vault.keys_for(&everyone, false, &mut entropy(2), NOW).await.unwrap();
        let rest = vault.rotate(MasterKeys::parse(&both()).unwrap()).await.unwrap();
        assert_eq!(rest, Rotation { rewrapped: 700, complete: true });
        assert_eq!(
            vault.rotate(MasterKeys::parse(&both()).unwrap()).await.unwrap(),
            Rotation { rewrapped: 0, complete: true }
        );
        vault.close().await;
        // The old key is no longer needed, and no longer enough.
        assert!(open(&place.url, MASTER_1).await.is_err());
        let vault = open(&place.url, MASTER_2).await.unwrap();
        let after = vault.keys_for(&everyone, false, &mut entropy(3), NOW).await.unwrap();
        for person in &everyone {
            for class in 0..8 {
                let key = |keys: &std::collections::HashMap<_, crate::vault::PersonKeys>| {
                    *keys[person].key(class).unwrap().bytes()
                };
                assert_eq!(key(&before), key(&after));
                assert_eq!(key(&before), key(&mixed));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_under_which_postgresql_is_killed_loses_no_key() {
    let Some(mut cluster) = cluster(PostgresSettings::default()) else { return };
    let url = cluster.create_database("keys").unwrap();
    let everyone = persons(6_000);
    let vault = Arc::new(open(&url, MASTER_1).await.unwrap());
    let before = vault.keys_for(&everyone, true, &mut entropy(1), NOW).await.unwrap();
    let rotating = {
        let vault = vault.clone();
        tokio::spawn(async move { vault.rotate(MasterKeys::parse(&both()).unwrap()).await })
    };
    // Killed once the first batch is seen to be durable, wherever the next ones are by then.
    while cluster.psql("keys", "SELECT COUNT(*) FROM person_key WHERE wrapped_under = 2").unwrap() == "0"
        && !rotating.is_finished()
    {}
    cluster.kill_9().unwrap();
    let _ = rotating.await.unwrap();
    cluster.restart().unwrap();
    let vault = open(&url, &both()).await.unwrap();
    assert!(vault.rotate(MasterKeys::parse(&both()).unwrap()).await.unwrap().complete);
    let vault = open(&url, MASTER_2).await.unwrap();
    let after = vault.keys_for(&everyone, false, &mut entropy(2), NOW).await.unwrap();
    for person in &everyone {
        assert_eq!(before[person].key(3).unwrap().bytes(), after[person].key(3).unwrap().bytes());
    }
}

#[tokio::test]
async fn a_server_that_missed_a_rotation_makes_nothing_under_the_retired_key() {
    for (place, _cluster) in places() {
        let late = open(&place.url, MASTER_1).await.unwrap();
        late.keys_for(&persons(5), true, &mut entropy(1), NOW).await.unwrap();
        let other = open(&place.url, &both()).await.unwrap();
        // Between the rotation's start and its end the late server may still write; the rotation takes that along.
        other.rotate_at_most(MasterKeys::parse(&both()).unwrap(), 1).await.unwrap();
        late.keys_for(&[person(100)], true, &mut entropy(2), NOW).await.unwrap();
        assert!(other.rotate(MasterKeys::parse(&both()).unwrap()).await.unwrap().complete);
        let refused = late.keys_for(&[person(101)], true, &mut entropy(3), NOW).await.map(|_| ());
        assert!(matches!(refused, Err(VaultError::MasterKeyRetired { number: 1 })), "{refused:?}");
        let refused = late.keys_for(&[person(100)], false, &mut entropy(4), NOW).await.map(|_| ());
        assert!(matches!(refused, Err(VaultError::MasterKeyMissing { number: 2 })), "{refused:?}");
        assert_eq!(other.persons().await.unwrap(), 6);
    }
}

#[tokio::test]
async fn keys_made_while_a_rotation_runs_survive_it() {
    for (place, _cluster) in places() {
        let vault = Arc::new(open(&place.url, MASTER_1).await.unwrap());
        vault.keys_for(&persons(1_200), true, &mut entropy(1), NOW).await.unwrap();
        let maker = {
            let vault = vault.clone();
            tokio::spawn(async move {
                for n in 0..60 {
                    vault.keys_for(&[person(10_000 + n)], true, &mut entropy(n as u64 + 2), NOW).await.unwrap();
                }
            })
        };
        assert!(vault.rotate(MasterKeys::parse(&both()).unwrap()).await.unwrap().complete);
        maker.await.unwrap();
        vault.close().await;
        let vault = open(&place.url, MASTER_2).await.unwrap();
        let mut all = persons(1_200);
        all.extend((0..60).map(|n| person(10_000 + n)));
        assert_eq!(vault.keys_for(&all, false, &mut entropy(0), NOW).await.unwrap().len(), 1_260);
    }
}

#[tokio::test]
async fn exchanged_and_altered_rows_do_not_open() {
    for (place, database) in places() {
        let vault = open(&place.url, MASTER_1).await.unwrap();
        vault.keys_for(&persons(3), true, &mut entropy(1), NOW).await.unwrap();
        vault.close().await;
        let copy = "UPDATE person_key SET wrapped = (SELECT wrapped FROM person_key ORDER BY person LIMIT 1)";
        match &database {
            Some(database) => {
                database.cluster.psql(&database.name, copy).unwrap();
            }
            None => {
                let pool = sqlx::SqlitePool::connect(&place.url).await.unwrap();
                sqlx::query(copy).execute(&pool).await.unwrap();
                pool.close().await;
            }
        }
        let vault = open(&place.url, MASTER_1).await.unwrap();
        let mut opened = 0;
        for person in persons(3) {
            match vault.keys_for(&[person], true, &mut entropy(2), NOW).await {
                Ok(_) => opened += 1,
                Err(VaultError::Damaged { person: damaged, .. }) => assert_eq!(damaged, person),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(opened, 1, "only the row that is its own");
    }
}
