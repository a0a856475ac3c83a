//! The key store: a person's sealing keys, in a database of their own, apart from the data they seal (DESIGN §§3, 13.14).
//!
//! One row per person holds the keys of all classes, wrapped in one piece under the master key. To erase somebody is to
//! overwrite the keys: what the journal and every backup of it hold of that person can then be read by nobody. An erased
//! key is remembered and never made again, so that neither a late command nor a restored database revives it.
//!
//! This room does not know what is sealed, who may read it, or why somebody is erased.
//!
//! SQLite: rows are only ever added at the end or overwritten by the same number of bytes, never moved or removed, so
//! that a page keeps no stale copy of a key. PostgreSQL keeps old row versions in its files and its log until they are
//! reused: [`Vault::compact`] rewrites the tables and writes over the log; what an archive of the log still holds is
//! worthless once [`Vault::rotate`] has retired the master key that wrapped it and that key is destroyed.

mod backup_stream;
mod cache;
mod create;
mod destroy;
mod engine;
mod identity;
mod ledger;
pub(crate) mod line_file;
mod master;
mod person;
mod rotate;
mod sql;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use uuid::Uuid;

use crate::cipher::CipherError;
use crate::engine::{Opened, told};
use cache::Cache;
pub use cache::KEYS_KEPT;
use engine::Engine;

pub use backup_stream::{
    BACKUP_VERSION, BackupError, BackupHeader, BackupReader, BackupWriter, CHUNK_BYTES, HEADER_BYTES,
};
pub use destroy::Destroyed;
pub use identity::{Separation, StorageIdentity};
pub use ledger::{Erasure, ErasureLedger, LedgerEntry};
pub use line_file::{LineFault, LineFileError};
pub use master::{MasterKeyError, MasterKeys};
pub use person::PersonKeys;
pub use rotate::Rotation;

/// Where entropy comes from; `cli` gives one that asks the operating system.
pub type Entropy<'a> = &'a mut (dyn FnMut(&mut [u8]) + Send);

/// Why the vault could not do what was asked. Its text says the whole of its cause, as that of every error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the key store answered with an error: {}", told(.0))]
    Engine(sqlx::Error),
    #[error("the key store: {place} cannot be opened: {}; {remedy}", told(.error))]
    Opening { place: String, error: sqlx::Error, remedy: &'static str },
    #[error(
        "the key store's file {path} cannot be opened: {error}; its folder must be there and whoever runs this must be allowed to write there, or name another by --keys"
    )]
    File { path: String, error: std::io::Error },
    #[error("key store address `{0}` is neither sqlite:FILE nor postgres://…")]
    BadUrl(String),
    #[error(
        "key store: setting {setting} is `{found}`, durable keys need `{needed}`; change it in the server's configuration"
    )]
    NotDurable { setting: &'static str, found: String, needed: &'static str },
    #[error(
        "the key store's database holds a table `{table}` that is not the key store's; keys need a database of their own, give another address"
    )]
    NotAVault { table: String },
    #[error("the key store has format {found}, this program knows format {known}; use the newer program")]
    Newer { found: i64, known: i64 },
    #[error(
        "the key store is wrapped under master key {number}, which is not given; add its line `{number}:…` to the key file"
    )]
    MasterKeyMissing { number: i64 },
    #[error("master key {number} is not the one that wraps this key store; give the right key, nothing was changed")]
    WrongMasterKey { number: i64 },
    #[error("master key {number} was retired by a rotation; restart with the key file that holds the newer key")]
    MasterKeyRetired { number: i64 },
    #[error("the keys of person {person} cannot be opened ({fault}); restore the key store from its own copy")]
    Damaged { person: Uuid, fault: CipherError },
    #[error("the key store holds keys but no record of its master key: it was altered; restore it from its own copy")]
    NoMasterRecord,
    #[error("the source of entropy gave a key of one repeated byte; no key was made")]
    BadEntropy,
    #[error(
        "the keys are destroyed, but the write-ahead log could not be emptied because the file is being read; run the erasure again"
    )]
    LogNotEmptied,
    #[error(
        "{left} rows were wrapped under an old master key again during the rotation; give every server the new key file and rotate again"
    )]
    RotationDisturbed { left: i64 },
    #[error("sealing: {0}")]
    Cipher(CipherError),
    #[error("key store: {0}")]
    Compacting(crate::engine::DbError),
}

impl VaultError {
    /// For what fails while a key store is opened.
    fn opening(opened: Opened) -> impl Fn(sqlx::Error) -> Self {
        move |error| Self::Opening { place: opened.to_string(), remedy: opened.remedy(&error), error }
    }
}

impl From<sqlx::Error> for VaultError {
    fn from(error: sqlx::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<CipherError> for VaultError {
    fn from(error: CipherError) -> Self {
        Self::Cipher(error)
    }
}

impl From<crate::engine::DbError> for VaultError {
    fn from(error: crate::engine::DbError) -> Self {
        Self::Compacting(error)
    }
}

/// An open key store. Cheap to share behind an `Arc`; every method takes `&self`.
pub struct Vault {
    engine: Engine,
    master: RwLock<Arc<MasterKeys>>,
    cache: Mutex<Cache>,
}

impl Vault {
    /// Opens `sqlite:FILE` (made with mode 600 if absent) or `postgres://…`, makes the tables if there are none, reads the
    /// durability settings back, and proves that the master keys are those that wrap it.
    pub async fn open(url: &str, master: MasterKeys) -> Result<Self, VaultError> {
        Self::open_with_cache(url, master, KEYS_KEPT).await
    }

    /// As [`Vault::open`], keeping at most `persons` persons' keys in memory (about 360 bytes each).
    pub async fn open_with_cache(url: &str, master: MasterKeys, persons: usize) -> Result<Self, VaultError> {
        let engine = Engine::open(url).await?;
        engine.refuse_foreign_tables().await?;
        engine.create_schema().await?;
        let vault =
            Self { engine, master: RwLock::new(Arc::new(master.clone())), cache: Mutex::new(Cache::new(persons)) };
        vault.check_master(&master).await?;
        // A process killed between an erasure and the emptying of the log left the log; a busy file is tried next time.
        match vault.engine.empty_log().await {
            Ok(()) | Err(VaultError::LogNotEmptied) => Ok(vault),
            Err(error) => Err(error),
        }
    }

    /// The keys of these persons. Persons without keys are missing from the answer, unless `create`: then keys of all
    /// classes are made for them (but for erased classes) and are durable, in one commit, before this returns. One cheap
    /// read tells whether another server has erased somebody, then memory answers; the rest comes in bulk.
    pub async fn keys_for(
        &self,
        persons: &[Uuid],
        create: bool,
        entropy: Entropy<'_>,
        now: i64,
    ) -> Result<HashMap<Uuid, PersonKeys>, VaultError> {
        let mut found = HashMap::with_capacity(persons.len());
        if persons.is_empty() {
            return Ok(found);
        }
        let epoch = self.engine.epoch().await?;
        let missing = self.from_cache(persons, epoch, &mut found);
        if missing.is_empty() {
            return Ok(found);
        }
        let rows = self.engine.load(&missing).await?;
        self.take_rows(rows, epoch, &mut found)?;
        if create {
            let absent: Vec<Uuid> = missing.into_iter().filter(|person| !found.contains_key(person)).collect();
            if !absent.is_empty() {
                self.create(&absent, entropy, now, &mut found).await?;
            }
        }
        Ok(found)
    }

    /// Drops these persons' keys from memory; the next use reads them again.
    pub fn forget(&self, persons: &[Uuid]) {
        let mut cache = self.lock_cache();
        for person in persons {
            cache.remove(person);
        }
    }

    /// The counter that every erasure raises, on whichever server.
    pub async fn epoch(&self) -> Result<i64, VaultError> {
        self.engine.epoch().await
    }

    /// How many persons have a row.
    pub async fn persons(&self) -> Result<i64, VaultError> {
        self.engine.count(sql::COUNT_PERSONS).await
    }

    /// What and where this store is, so that `doctor` can prove it is not the main database.
    pub async fn identity(&self) -> Result<StorageIdentity, VaultError> {
        self.engine.identity().await
    }

    /// Rewrites the files so that they hold live rows only (SQLite `VACUUM`, PostgreSQL `VACUUM FULL`). Takes as long as
    /// copying the store and keeps others out meanwhile.
    pub async fn compact(&self) -> Result<(), VaultError> {
        self.engine.compact().await
    }

    /// Closes every connection; what is under way ends first.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    fn master(&self) -> Arc<MasterKeys> {
        self.master.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock_cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what memory has into `found` and returns the rest, each once, ascending: all servers lock in one order.
    fn from_cache(&self, persons: &[Uuid], epoch: i64, found: &mut HashMap<Uuid, PersonKeys>) -> Vec<Uuid> {
        let mut missing = BTreeSet::new();
        let mut cache = self.lock_cache();
        cache.enter(epoch);
        for person in persons {
            match cache.get(person) {
                Some(keys) => {
                    found.insert(*person, keys);
                }
                None => {
                    missing.insert(*person);
                }
            }
        }
        missing.into_iter().collect()
    }

    /// Unwraps loaded rows into `found` and memory. `epoch` was read before the rows were.
    fn take_rows(
        &self,
        rows: Vec<engine::PersonRow>,
        epoch: i64,
        found: &mut HashMap<Uuid, PersonKeys>,
    ) -> Result<(), VaultError> {
        let wrapper = person::Wrapper::new(self.master());
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            opened.push((row.person, wrapper.unwrap(&row)?));
        }
        let mut cache = self.lock_cache();
        for (person, keys) in opened {
            cache.insert(epoch, person, keys.clone());
            found.insert(person, keys);
        }
        Ok(())
    }
}
