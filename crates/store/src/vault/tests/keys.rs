use std::collections::HashMap;
use std::sync::Arc;

use sqlx::Connection as _;
use testkit::postgres::PostgresSettings;
use uuid::Uuid;

use super::engines::{MASTER_1, NOW, Place, cluster, entropy, person, persons, places};
use crate::vault::{MasterKeys, PersonKeys, Separation, StorageIdentity, Vault, VaultError};

fn bytes_of(keys: &HashMap<Uuid, PersonKeys>, person: Uuid) -> Vec<[u8; 32]> {
    keys[&person].classes().into_iter().map(|class| *keys[&person].key(class).unwrap().bytes()).collect()
}

#[tokio::test]
async fn keys_are_made_once_and_read_back_after_a_restart() {
    for (place, _cluster) in places() {
        // Odd counts, more than one chunk of every statement.
        let everyone = persons(1_203);
        let vault = place.open(MASTER_1).await;
        assert!(
            vault.keys_for(&everyone, false, &mut entropy(1), NOW).await.unwrap().is_empty(),
            "reading makes nothing"
        );
        let first = vault.keys_for(&everyone, true, &mut entropy(1), NOW).await.unwrap();
        assert_eq!(first.len(), everyone.len());
        let mut different = std::collections::BTreeSet::new();
        for person in &everyone {
            assert_eq!(first[person].classes(), [0, 1, 2, 3, 4, 5, 6, 7]);
            different.extend(bytes_of(&first, *person));
        }
        assert_eq!(different.len(), 8 * everyone.len(), "every class of every person has its own key");
        let again = vault.keys_for(&everyone, true, &mut entropy(2), NOW).await.unwrap();
        vault.close().await;
        let reopened = place.open(MASTER_1).await;
        let mut asked = everyone.clone();
        asked.extend([person(5_000), person(5), person(5)]);
        let read = reopened.keys_for(&asked, false, &mut entropy(3), NOW).await.unwrap();
        assert_eq!(read.len(), everyone.len());
        for person in &everyone {
            assert_eq!(bytes_of(&first, *person), bytes_of(&again, *person));
            assert_eq!(bytes_of(&first, *person), bytes_of(&read, *person));
        }
        assert_eq!(reopened.persons().await.unwrap(), 1_203);
        assert!(first[&everyone[0]].key(8).is_none());
    }
}

#[tokio::test]
async fn two_servers_that_create_the_same_persons_end_with_the_same_keys() {
    for (place, _cluster) in places() {
        let one = Arc::new(place.open(MASTER_1).await);
        let two = Arc::new(place.open(MASTER_1).await);
        for round in 0..10_u128 {
            // Overlapping, in opposite orders.
            let ours: Vec<Uuid> = (round * 100..round * 100 + 80).map(person).collect();
            let theirs: Vec<Uuid> = (round * 100 + 20..round * 100 + 100).rev().map(person).collect();
            let race = |vault: &Arc<Vault>, persons: Vec<Uuid>, seed| {
                let vault = vault.clone();
                tokio::spawn(async move { vault.keys_for(&persons, true, &mut entropy(seed), NOW).await })
            };
            let seed = round as u64;
            let (mine, other) = (race(&one, ours.clone(), seed), race(&two, theirs.clone(), 1_000 + seed));
            let (mine, other) = (mine.await.unwrap().unwrap(), other.await.unwrap().unwrap());
            for shared in ours.iter().filter(|person| theirs.contains(person)) {
                assert_eq!(bytes_of(&mine, *shared), bytes_of(&other, *shared));
            }
            let stored = place.open(MASTER_1).await.keys_for(&theirs, false, &mut entropy(0), NOW).await.unwrap();
            for person in &theirs {
                assert_eq!(bytes_of(&stored, *person), bytes_of(&other, *person));
            }
        }
    }
}

#[tokio::test]
async fn many_servers_may_open_a_new_vault_at_once() {
    for (place, _cluster) in places() {
        let opened: Vec<_> = (0..6)
            .map(|_| {
                let url = place.url.clone();
                tokio::spawn(async move { Vault::open(&url, MasterKeys::parse(MASTER_1).unwrap()).await.map(|_| ()) })
            })
            .collect();
        for one in opened {
            one.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_poor_source_of_entropy_makes_no_keys() {
    let place = Place::sqlite();
    let vault = place.open(MASTER_1).await;
    let refused = vault.keys_for(&persons(3), true, &mut |bytes: &mut [u8]| bytes.fill(0), NOW).await;
    assert!(matches!(refused, Err(VaultError::BadEntropy)));
    assert_eq!(vault.persons().await.unwrap(), 0);
}

#[tokio::test]
async fn keys_acknowledged_before_a_kill_of_postgresql_are_there_after_it() {
    let Some(mut cluster) = cluster(PostgresSettings::default()) else { return };
    let url = cluster.create_database("keys").unwrap();
    let vault = Vault::open(&url, MasterKeys::parse(MASTER_1).unwrap()).await.unwrap();
    let made = vault.keys_for(&persons(500), true, &mut entropy(1), NOW).await.unwrap();
    cluster.kill_9().unwrap();
    let answer = vault.keys_for(&[person(900)], true, &mut entropy(2), NOW).await;
    assert!(matches!(answer, Err(VaultError::Engine(_))), "{answer:?}");
    cluster.restart().unwrap();
    vault.forget(&persons(500));
    let read = vault.keys_for(&persons(500), false, &mut entropy(3), NOW).await.unwrap();
    assert!(persons(500).into_iter().all(|person| bytes_of(&made, person) == bytes_of(&read, person)));
}

#[tokio::test]
async fn an_engine_that_does_not_wait_for_the_disk_is_refused() {
    for (settings, expected) in [
        (PostgresSettings { fsync: false, ..PostgresSettings::default() }, "fsync"),
        (PostgresSettings { full_page_writes: false, ..PostgresSettings::default() }, "full_page_writes"),
    ] {
        let Some(cluster) = cluster(settings) else { return };
        let url = cluster.create_database("keys").unwrap();
        let refused = Vault::open(&url, MasterKeys::parse(MASTER_1).unwrap()).await.map(|_| ());
        assert!(matches!(refused, Err(VaultError::NotDurable { setting, .. }) if setting == expected), "{refused:?}");
    }
    let Some(cluster) = cluster(PostgresSettings::default()) else { return };
    let url = cluster.create_database("keys").unwrap();
    cluster.psql("postgres", "ALTER DATABASE keys SET synchronous_commit = off").unwrap();
    let refused = Vault::open(&url, MasterKeys::parse(MASTER_1).unwrap()).await.map(|_| ());
    assert!(matches!(refused, Err(VaultError::NotDurable { setting: "synchronous_commit", .. })), "{refused:?}");
}

#[tokio::test]
async fn the_main_database_is_not_taken_for_a_vault() {
    let place = Place::sqlite();
    let path = place.path();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut main = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE journal (stream BIGINT)").execute(&mut main).await.unwrap();
    let refused = Vault::open(&place.url, MasterKeys::parse(MASTER_1).unwrap()).await.map(|_| ());
    assert!(matches!(&refused, Err(VaultError::NotAVault { table }) if table == "journal"), "{refused:?}");
    if let Some(cluster) = cluster(PostgresSettings::default()) {
        let url = cluster.create_database("main").unwrap();
        cluster.psql("main", "CREATE TABLE journal (stream BIGINT)").unwrap();
        let refused = Vault::open(&url, MasterKeys::parse(MASTER_1).unwrap()).await.map(|_| ());
        assert!(matches!(&refused, Err(VaultError::NotAVault { table }) if table == "journal"), "{refused:?}");
    }
    for bad in ["", "mysql://host/keys", "sqlite:", "sqlite::memory:"] {
        let refused = Vault::open(bad, MasterKeys::parse(MASTER_1).unwrap()).await.map(|_| ());
        assert!(matches!(refused, Err(VaultError::BadUrl(_))), "{bad}: {refused:?}");
    }
}

#[tokio::test]
async fn a_vault_says_where_it_is_and_how_far_from_another_database() {
    let place = Place::sqlite();
    let vault = place.open(MASTER_1).await;
    let here = vault.identity().await.unwrap();
    let link = place.path().with_extension("link");
    std::fs::hard_link(place.path(), &link).unwrap();
    assert_eq!(here.separation(&StorageIdentity::of_file(&link).unwrap()), Separation::Same);
    let beside = place.path().with_extension("db");
    std::fs::write(&beside, b"").unwrap();
    assert_eq!(here.separation(&StorageIdentity::of_file(&beside).unwrap()), Separation::SameDirectory);
    let elsewhere = Place::sqlite();
    elsewhere.open(MASTER_1).await;
    assert_eq!(here.separation(&StorageIdentity::of_file(&elsewhere.path()).unwrap()), Separation::SameMachine);
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let Some(cluster) = cluster(PostgresSettings::default()) else { return };
    // The server's account is no superuser.
    let url = cluster.create_database("keys").unwrap();
    cluster.psql("postgres", "CREATE ROLE firebreak LOGIN; ALTER DATABASE keys OWNER TO firebreak;").unwrap();
    let plain_user = url.replace("postgres@", "firebreak@");
    let vault = Vault::open(&plain_user, MasterKeys::parse(MASTER_1).unwrap()).await.unwrap();
    let there = vault.identity().await.unwrap();
    assert_eq!(there.separation(&here), Separation::Apart);
    let main = sqlx::PgPool::connect(&cluster.url("postgres")).await.unwrap();
    assert_eq!(there.separation(&StorageIdentity::of_database(&main).await.unwrap()), Separation::SameMachine);
    let same = sqlx::PgPool::connect(&url).await.unwrap();
    assert_eq!(there.separation(&StorageIdentity::of_database(&same).await.unwrap()), Separation::Same);
}
