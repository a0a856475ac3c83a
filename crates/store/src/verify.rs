//! `verify`: the chain holds, replay of the journal gives the tables back, and every table is declared.

use crate::{
    engine::{Db, DbError, Engine, Tx},
    schema,
    state::{self, TableHash},
    tables,
    value::{ColumnType, Row},
    vault::{Vault, VaultError},
    writer::unseal,
};
use domain::{
    id::{AccountId, OutbreakId, StreamId},
    kernel::{Event, Located, Stamp, apply},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

mod scratch;
mod walk;
use scratch::Scratch;
use walk::Walk;
pub use walk::{Chain, walk_chain};

/// One thing that is not as the journal says.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum Fault {
    /// A row's hash does not follow from its columns and the row before.
    BrokenLink {
        /// The stream.
        stream: i64,
        /// The entry.
        seq: i64,
    },
    /// A number is missing in a stream.
    Gap {
        /// The stream.
        stream: i64,
        /// The number expected.
        expected: i64,
        /// The number found.
        found: i64,
    },
    /// The stream's head is not its last entry.
    WrongHead {
        /// The stream.
        stream: i64,
        /// What the head says.
        head: i64,
        /// The last entry.
        last: i64,
    },
    /// An entry that was anchored is gone or differs.
    AnchorBroken {
        /// The stream.
        stream: i64,
        /// The anchored entry.
        seq: i64,
    },
    /// An entry cannot be read or applied.
    Unreadable {
        /// The stream.
        stream: i64,
        /// The entry.
        seq: i64,
        /// Why.
        reason: String,
    },
    /// An aggregate's history lacks a version.
    MissingVersion {
        /// The aggregate.
        aggregate: Uuid,
        /// The version missing.
        version: i64,
    },
    /// A table differs from what replay gives.
    Differs {
        /// The table.
        table: &'static str,
        /// Rows found.
        rows: i64,
        /// Rows that replay gives.
        replayed: i64,
        /// Key of the first differing row.
        first: String,
    },
    /// A table nobody declared.
    Undeclared {
        /// The table.
        table: String,
    },
}

/// What `verify` found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// Entries read.
    pub entries: i64,
    /// Hashes of the live tables.
    pub tables: Vec<TableHash>,
    /// One hash over all of them.
    pub state: String,
    /// Entries after the last anchor, per stream: unproven.
    pub unproven: BTreeMap<i64, i64>,
    /// What is wrong; empty when all is well.
    pub faults: Vec<Fault>,
}

/// Why `verify` could not run.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The scratch database.
    #[error("a scratch database for the replay could not be made: {0}")]
    Scratch(std::io::Error),
}

/// Entries read at a time.
const CHUNK: i64 = 4_000;

/// Verifies a database. `anchors` are the latest anchored (seq, hash) pairs per stream; `progress` gets entries done.
pub async fn verify(
    db: &Db,
    vault: &Vault,
    anchors: &BTreeMap<i64, Vec<(i64, [u8; 32])>>,
    scratch_folder: &std::path::Path,
    mut progress: impl FnMut(i64),
) -> Result<Report, VerifyError> {
    let mut faults = Vec::new();
    let mut live = db.begin_read().await?;
    undeclared(&mut live, &mut faults).await?;
    let mut scratch = Scratch::open(scratch_folder).await?;
    let mut unproven = BTreeMap::new();
    let mut entries = 0;
    for stream in streams(&mut live).await? {
        let mut walk = Walk::new(stream, anchors.get(&stream).map(Vec::as_slice));
        // From the lowest number there is: an entry put in before the first one is an insertion like any other.
        let mut from = Some(i64::MIN);
        while let Some(first) = from {
            let rows = chunk(&mut live, stream, first).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                walk.step(row, &mut faults)?;
            }
            from = walk.last().checked_add(1);
            entries += rows.len() as i64;
            scratch.replay(vault, rows, &mut faults).await?;
            progress(entries);
        }
        walk.finish(head(&mut live, stream).await?, &mut faults);
        unproven.insert(stream, walk.unproven());
    }
    scratch.finish(&mut faults).await?;
    let hashes = state::of_database(&mut live).await?;
    let mut replayed = scratch.read().await?;
    for (found, expected) in hashes.iter().zip(state::of_database(&mut replayed).await?) {
        if *found != expected {
            let first = first_difference(&mut live, &mut replayed, found.table).await?;
            faults.push(Fault::Differs { table: found.table, rows: found.rows, replayed: expected.rows, first });
        }
    }
    replayed.roll_back().await?;
    scratch.close().await;
    live.roll_back().await?;
    let mut all = blake3::Hasher::new();
    hashes.iter().for_each(|table| {
        all.update(table.hash.as_bytes());
    });
    Ok(Report { entries, state: all.finalize().to_hex().to_string(), tables: hashes, unproven, faults })
}

async fn streams(tx: &mut Tx) -> Result<Vec<i64>, DbError> {
    let rows = tx.rows("SELECT stream FROM stream_head ORDER BY stream", &[], &[ColumnType::Int]).await?;
    // A journal of a stream without a head is found as well.
    let more = tx.rows("SELECT DISTINCT stream FROM journal", &[], &[ColumnType::Int]).await?;
    let all: BTreeSet<i64> = rows.iter().chain(&more).filter_map(|row| row[0].opt_int()).collect();
    Ok(all.into_iter().collect())
}

async fn chunk(tx: &mut Tx, stream: i64, from: i64) -> Result<Vec<Row>, DbError> {
    let sql = format!(
        "SELECT {} FROM journal WHERE stream = $1 AND seq >= $2 ORDER BY seq LIMIT {CHUNK}",
        tables::JOURNAL.column_list()
    );
    tx.rows(&sql, &[stream.into(), from.into()], &tables::JOURNAL.types()).await
}

async fn head(tx: &mut Tx, stream: i64) -> Result<Option<(i64, Vec<u8>)>, DbError> {
    let types = [ColumnType::Int, ColumnType::Bytes];
    let row = tx.row("SELECT seq, hash FROM stream_head WHERE stream = $1", &[stream.into()], &types).await?;
    row.map(|row| Ok((row[0].int()?, row[1].bytes()?.to_vec()))).transpose()
}

/// The hash before the first entry of a stream.
pub fn genesis(stream: i64) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"firebreak genesis 1").update(&stream.to_be_bytes());
    hasher.finalize().as_bytes().to_vec()
}

async fn undeclared(tx: &mut Tx, faults: &mut Vec<Fault>) -> Result<(), DbError> {
    let sql = match tx.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Engine::Postgres => "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
    };
    let declared: BTreeSet<&str> =
        tables::all().iter().map(|table| table.name).chain(schema::OWN_TABLES.iter().copied()).collect();
    for row in tx.rows(sql, &[], &[ColumnType::Text]).await? {
        let name = row[0].text()?;
        if !declared.contains(name) {
            faults.push(Fault::Undeclared { table: name.to_owned() });
        }
    }
    Ok(())
}

async fn first_difference(live: &mut Tx, replayed: &mut Tx, name: &str) -> Result<String, DbError> {
    let Some(table) = tables::all().into_iter().find(|table| table.name == name) else { return Ok(String::new()) };
    let sql = state::in_order(table);
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    // Keys and row hashes only: the rows of a large table would not fit.
    for (tx, rows) in [(live, &mut left), (replayed, &mut right)] {
        tx.each(&sql, &[], &table.types(), |row| {
            let mut hasher = blake3::Hasher::new();
            row.iter().for_each(|value| value.hash_into(&mut hasher));
            rows.insert(row[..table.key].to_vec(), *hasher.finalize().as_bytes());
        })
        .await?;
    }
    let differing = left.iter().find(|(key, hash)| right.get(*key) != Some(hash)).map(|(key, _)| key);
    let absent = right.keys().find(|key| !left.contains_key(*key));
    Ok(differing.or(absent).map(|key| format!("{key:?}")).unwrap_or_default())
}

/// A journal row as replay reads it.
struct Entry {
    stamp: Stamp,
    seq: i64,
    command_id: Uuid,
    n: i64,
    aggregate_id: Uuid,
    aggregate_version: i64,
    subject: Option<Uuid>,
    event: Event,
}

fn read_entry(row: &Row) -> Result<Entry, DbError> {
    let event = Event::decode(row[11].text()?, row[12].int()?, row[13].bytes()?)
        .map_err(|error| DbError::Schema(error.to_string()))?;
    Ok(Entry {
        stamp: Stamp { at: row[6].int()?, stream: StreamId(row[0].int()?), actor: AccountId(row[8].uuid()?) },
        seq: row[1].int()?,
        command_id: row[2].uuid()?,
        n: row[3].int()?,
        aggregate_id: row[4].uuid()?,
        aggregate_version: row[5].int()?,
        subject: row[10].opt_uuid(),
        event,
    })
}

/// Deciphers entries with the keys that are left.
async fn unseal_all(vault: &Vault, entries: &mut [Entry], faults: &mut Vec<Fault>) -> Result<(), VaultError> {
    let subjects: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.subject).collect();
    let subjects: Vec<Uuid> = subjects.into_iter().collect();
    let keys: HashMap<_, _> = vault.keys_for(&subjects, false, &mut |_| {}, 0).await?;
    for entry in entries {
        let keys = entry.subject.and_then(|subject| keys.get(&subject));
        if let Err(error) = unseal(&mut entry.event, entry.command_id, entry.n, entry.stamp.at, keys) {
            faults.push(Fault::Unreadable {
                stream: entry.stamp.stream.0,
                seq: entry.seq,
                reason: error.to_string(),
            });
        }
    }
    Ok(())
}

type Codes = BTreeMap<(StreamId, OutbreakId), i64>;

fn note_code(codes: &mut Codes, entry: &Entry) {
    if let Some((outbreak, number)) = entry.event.code_given() {
        let last = codes.entry((entry.stamp.stream, outbreak)).or_insert(number);
        *last = number.max(*last);
    }
}

fn step(before: Option<Located>, entry: &Entry) -> Option<Located> {
    apply(before, entry.aggregate_id, &entry.event, &entry.stamp)
}
