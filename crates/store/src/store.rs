//! An open database with its key store and its door.

use crate::{
    engine::{Db, DbError, Tx},
    schema,
    tables::{STREAM, STREAM_HEAD},
    value::{ColumnType, Value},
    vault::{MasterKeys, Vault, VaultError},
    verify::{self, Report, VerifyError},
    writer::{Core, SharedClock, SharedEntropy, SubmitError, Submitter, Tap},
};
use domain::{
    id::{JurisdictionId, StreamId},
    kernel::{Outcome, group::Submission},
    pack::Shelf,
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, atomic::AtomicI64},
};
use uuid::Uuid;

pub use crate::vault::KEYS_KEPT;

/// What is needed to open a database.
pub struct Opening {
    /// `sqlite:FILE` or `postgres://…`.
    pub url: String,
    /// The key store's own URL; never the same database.
    pub keys_url: String,
    /// Keys that wrap the key store.
    pub master: MasterKeys,
    /// People whose keys stay in memory: [`KEYS_KEPT`], or fewer where few are looked at again.
    pub keys_kept: usize,
    /// The clock.
    pub clock: SharedClock,
    /// Entropy for new keys.
    pub entropy: SharedEntropy,
    /// Whether a new database is made where there is none.
    pub create: bool,
    /// Whether a new one is marked *exercise*.
    pub exercise: bool,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key store.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// One command post's stream.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct StreamInfo {
    /// Its number.
    pub stream: StreamId,
    /// Its short code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The area it is in charge of.
    pub jurisdiction: Option<JurisdictionId>,
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    core: Arc<Core>,
    door: Submitter,
    epoch: Uuid,
    exercise: bool,
}

impl Store {
    /// Opens, or makes, a database.
    pub async fn open(opening: Opening) -> Result<Self, OpenError> {
        let db = Db::open(&opening.url, opening.create).await?;
        let now = (opening.clock)();
        if opening.create {
            let mut epoch = [0; 16];
            (opening.entropy.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(&mut epoch);
            schema::prepare(&db, uuid::Builder::from_random_bytes(epoch).into_uuid(), opening.exercise, now).await?;
        } else {
            match schema::version(&db).await? {
                Some(schema::VERSION) => {}
                Some(other) => return Err(schema::mismatch(other).into()),
                None => {
                    return Err(
                        DbError::Schema("this database is empty: run `firebreak migrate` to make it".into()).into()
                    );
                }
            }
        }
        let sealed = !opening.create && has_sealed(&db).await?;
        // Opening would make the file anew, and it would look as if everybody had been erased.
        let file = opening.keys_url.strip_prefix("sqlite:").map(|file| file.trim_start_matches("//"));
        if sealed && file.is_some_and(|file| !Path::new(file.split('?').next().unwrap_or(file)).exists()) {
            return Err(missing_keys().into());
        }
        let vault = Arc::new(Vault::open_with_cache(&opening.keys_url, opening.master, opening.keys_kept).await?);
        if sealed && vault.persons().await? == 0 {
            return Err(missing_keys().into());
        }
        let epoch = schema::property(&db, "epoch").await?.and_then(|text| text.parse().ok()).unwrap_or_default();
        let exercise = schema::property(&db, "exercise").await?.as_deref() == Some("yes");
        let (streams, waiting) = counts(&db).await?;
        let core = Arc::new(Core {
            tap: Tap::default(),
            db,
            vault,
            clock: opening.clock,
            entropy: opening.entropy,
            packs: Shelf::shipped(),
            streams: AtomicI64::new(streams),
            content_key: Default::default(),
            waiting: AtomicI64::new(waiting),
            trails: Default::default(),
            ahead: Default::default(),
            levels: Default::default(),
            absent_keys: Default::default(),
        });
        let door = Submitter::new(core.clone());
        Ok(Self { core, door, epoch, exercise })
    }

    /// Submits envelopes; each answer comes after its outcome is durable.
    pub async fn submit(&self, submissions: Vec<Submission>) -> Vec<Result<Outcome, SubmitError>> {
        self.door.submit(submissions).await
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// The door itself.
    pub fn door(&self) -> &Submitter {
        &self.door
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.core.db
    }

    /// The key store.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.core.vault
    }

    /// Where a measurement takes what commits write.
    pub fn tap(&self) -> &Tap {
        &self.core.tap
    }

    /// The clock the store was opened with.
    pub fn now(&self) -> i64 {
        (self.core.clock)()
    }

    /// This database's epoch: cursors and anchors of another one do not fit.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Whether the database is marked *exercise*.
    pub fn is_exercise(&self) -> bool {
        self.exercise
    }

    /// A transaction that reads one state.
    pub async fn read(&self) -> Result<Tx, DbError> {
        self.core.db.begin_read().await
    }

    /// Makes a stream for a command post, under the next number.
    pub async fn add_stream(
        &self,
        code: &str,
        name: &str,
        jurisdiction: Option<JurisdictionId>,
    ) -> Result<StreamId, DbError> {
        let now = self.now();
        let mut tx = self.core.db.begin_write().await?;
        let last = tx.row("SELECT MAX(stream) FROM stream", &[], &[ColumnType::Int]).await?;
        let stream = last.and_then(|row| row.first().and_then(Value::opt_int)).unwrap_or(0) + 1;
        let area = Value::or_null(jurisdiction.map(|area| area.0));
        tx.insert(&STREAM, vec![vec![stream.into(), code.into(), name.into(), area, now.into()]]).await?;
        let head = vec![stream.into(), Value::Int(0), verify::genesis(stream).into(), Value::Int(0)];
        tx.insert(&STREAM_HEAD, vec![head]).await?;
        tx.commit().await?;
        self.core.streams.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(StreamId(stream))
    }

    /// All streams.
    pub async fn streams(&self) -> Result<Vec<StreamInfo>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT stream, code, name, jurisdiction FROM stream ORDER BY stream";
        let types = [ColumnType::Int, ColumnType::Text, ColumnType::Text, ColumnType::Uuid];
        let rows = tx.rows(sql, &[], &types).await?;
        rows.iter()
            .map(|row| {
                Ok(StreamInfo {
                    stream: StreamId(row[0].int()?),
                    code: row[1].text()?.to_owned(),
                    name: row[2].text()?.to_owned(),
                    jurisdiction: row[3].opt_uuid().map(JurisdictionId),
                })
            })
            .collect()
    }

    /// Verifies chain, replay and tables; see [`verify::verify`].
    pub async fn verify(
        &self,
        anchors: &BTreeMap<i64, Vec<(i64, [u8; 32])>>,
        scratch: &Path,
        progress: impl FnMut(i64),
    ) -> Result<Report, VerifyError> {
        let mut key = [0; 32];
        (self.core.entropy.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(&mut key);
        let (db, vault) = (&self.core.db, self.core.vault.clone());
        verify::verify(
            verify::Verifying { db, vault, anchors, key, kept: verify::KEPT, scratch_folder: scratch },
            progress,
        )
        .await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.core.db.close().await;
        self.core.vault.close().await;
    }
}

/// Whether the journal holds entries that only the key store can open.
async fn has_sealed(db: &Db) -> Result<bool, DbError> {
    let mut tx = db.begin_read().await?;
    let sql = "SELECT stream FROM journal WHERE subject IS NOT NULL LIMIT 1";
    let found = tx.row(sql, &[], &[ColumnType::Int]).await?.is_some();
    tx.roll_back().await?;
    Ok(found)
}

fn missing_keys() -> DbError {
    DbError::Schema(
        "the key store is missing or empty, and the journal holds people whose entries only it can open: bring it from \
         its own copy, or name the right one by --keys; nothing was changed"
            .to_owned(),
    )
}

async fn counts(db: &Db) -> Result<(i64, i64), DbError> {
    let mut tx = db.begin_read().await?;
    let sql = "SELECT (SELECT COUNT(*) FROM stream), (SELECT COUNT(*) FROM waiting)";
    let row = tx.row(sql, &[], &[ColumnType::Int, ColumnType::Int]).await?.unwrap_or_default();
    Ok((row.first().and_then(Value::opt_int).unwrap_or(0), row.get(1).and_then(Value::opt_int).unwrap_or(0)))
}
