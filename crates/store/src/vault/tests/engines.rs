//! Places to put a vault in, and entropy that repeats.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use testkit::postgres::{PostgresCluster, PostgresSettings};
use uuid::Uuid;

use crate::vault::{MasterKeys, Vault};

pub(super) const NOW: i64 = 1_700_000_000_000;

/// One place for a vault, gone when dropped.
pub(super) struct Place {
    pub(super) url: String,
    directory: tempfile::TempDir,
}

impl Place {
    pub(super) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("firebreak.keys").display());
        Self { url, directory }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("firebreak.keys")
    }

    pub(super) async fn open(&self, master: &str) -> Vault {
        Vault::open(&self.url, MasterKeys::parse(master).unwrap()).await.unwrap()
    }
}

/// A cluster of one test alone: with settings of its own, or to be killed.
pub(super) fn cluster(settings: PostgresSettings) -> Option<PostgresCluster> {
    if !PostgresCluster::installed() {
        println!("SKIPPED: no PostgreSQL server programs in /usr/lib/postgresql/*/bin or PATH");
        return None;
    }
    Some(PostgresCluster::start_with(settings).unwrap())
}

/// The cluster that tests running at the same time share. It stops when the last of them lets go; a static would
/// outlive the process.
fn shared_cluster() -> Option<Arc<PostgresCluster>> {
    static SHARED: Mutex<Weak<PostgresCluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Some(running);
    }
    let started = Arc::new(cluster(PostgresSettings::default())?);
    *shared = Arc::downgrade(&started);
    Some(started)
}

/// One test's empty database in the shared cluster.
pub(super) struct Database {
    pub(super) cluster: Arc<PostgresCluster>,
    pub(super) name: String,
}

/// A place of each engine; the PostgreSQL one comes with its cluster, which it keeps alive.
pub(super) fn places() -> Vec<(Place, Option<Database>)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut places = vec![(Place::sqlite(), None)];
    if let Some(cluster) = shared_cluster() {
        let name = format!("keys_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = cluster.create_database(&name).unwrap();
        places.push((Place { url, directory: tempfile::tempdir().unwrap() }, Some(Database { cluster, name })));
    }
    places
}

pub(super) const MASTER_1: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(super) const MASTER_2: &str = "2:ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(super) const WRONG_1: &str = "1:aa0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub(super) fn both() -> String {
    format!("{MASTER_1}\n{MASTER_2}")
}

/// Bytes that repeat from run to run and differ by seed.
pub(super) fn entropy(seed: u64) -> impl FnMut(&mut [u8]) + Send {
    let mut reader = blake3::Hasher::new().update(&seed.to_be_bytes()).finalize_xof();
    move |bytes| reader.fill(bytes)
}

pub(super) fn person(n: u128) -> Uuid {
    // Spread, so that neighbours in number are not neighbours in key order.
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *blake3::hash(&n.to_be_bytes()).as_bytes();
    Uuid::from_bytes(bytes)
}

pub(super) fn persons(count: u128) -> Vec<Uuid> {
    (0..count).map(person).collect()
}

/// Every file below a directory whose bytes hold `needle`, and how often.
pub(super) fn files_holding(directory: &Path, needle: &[u8]) -> Vec<(PathBuf, usize)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_holding(&path, needle));
        } else if let Ok(bytes) = std::fs::read(&path) {
            let count = bytes.windows(needle.len()).filter(|window| *window == needle).count();
            if count > 0 {
                found.push((path, count));
            }
        }
    }
    found
}
