//! `verify`: the chain holds, replay of the journal gives the tables back, and every table is declared.
//!
//! Whatever a database holds, and whoever changed it past the door, `verify` names what is wrong and goes on: only a
//! database, key store or disk that cannot be reached ends it.

use crate::{
    engine::{Db, DbError, Engine, Found, Tx},
    levels::level_tables,
    schema,
    state::{self, Hashing, TableHash},
    table::Table,
    tables::{self, JOURNAL, STREAM_HEAD},
    value::{ColumnType, Row, Value},
    vault::{Vault, VaultError},
};
use futures_util::TryStreamExt as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::{sync::mpsc, task::JoinHandle};

mod fault;
mod replay;
mod sum;
mod walk;
pub use fault::Fault;
use fault::Faults;
pub(crate) use replay::Entry;
use replay::Replay;
use sum::{Sum, Summing};
use walk::Walk;
pub use walk::{Chain, walk_chain};

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
    /// Further faults, counted where they are too many to be listed.
    pub more_faults: i64,
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
/// Chunks read ahead of the replay.
const AHEAD: usize = 2;

/// States kept in memory unless another number is asked for: some hundred MiB at the most.
pub const KEPT: usize = 60_000;

/// What is to be verified, and against what.
pub struct Verifying<'a> {
    /// The database.
    pub db: &'a Db,
    /// Its key store.
    pub vault: Arc<Vault>,
    /// Anchored (seq, hash) pairs per stream.
    pub anchors: &'a BTreeMap<i64, Vec<(i64, [u8; 32])>>,
    /// A key that nobody knows, drawn for this run: see [`sum`].
    pub key: [u8; 32],
    /// States that the replay keeps in memory.
    pub kept: usize,
    /// Where the replay may put a file meanwhile.
    pub scratch_folder: &'a std::path::Path,
}

/// Verifies a database; `progress` gets entries done.
pub async fn verify(what: Verifying<'_>, progress: impl FnMut(i64)) -> Result<Report, VerifyError> {
    let mut faults = Faults::default();
    let (mut live, beside) = views(what.db).await?;
    let mut report = Report {
        entries: 0,
        tables: Vec::new(),
        state: String::new(),
        unproven: BTreeMap::new(),
        faults: Vec::new(),
        more_faults: 0,
    };
    if declared(&mut live, &mut faults).await? {
        let replay = Replay::open(what.vault.clone(), what.kept, what.scratch_folder).await?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let replaying = tokio::spawn(replayed(replay, receiver, what.key));
        let reading = beside.map(|beside| tokio::spawn(tables_beside(beside, what.key)));
        let walked = walk_all(&mut live, &what, sender, &mut report, &mut faults, progress).await;
        let tables = match (&walked, reading) {
            (_, Some(reading)) => ended(reading).await,
            (Ok(()), None) => read_tables(&mut live, &what.key).await,
            (Err(_), None) => Ok(Default::default()),
        };
        let (mut replay, sums) = ended(replaying).await?;
        walked?;
        let (tables, unreadable) = tables?;
        faults.append(unreadable);
        faults.append(std::mem::take(&mut replay.faults));
        let differing: Vec<_> =
            tables.iter().filter(|(table, _, sum)| sums.get(table.name) != sum.as_ref()).collect();
        compare(&mut live, &mut replay, &differing, &sums, &mut faults).await?;
        replay.close().await;
        report.tables = tables.into_iter().map(|(_, hash, _)| hash).collect();
    }
    live.roll_back().await?;
    let mut all = blake3::Hasher::new();
    report.tables.iter().for_each(|table| {
        all.update(table.hash.as_bytes());
    });
    report.state = all.finalize().to_hex().to_string();
    (report.faults, report.more_faults) = faults.into_parts();
    Ok(report)
}

type Chunk = (Vec<Found>, i64);
type Sums = BTreeMap<&'static str, Sum>;

/// The other half, beside the reading: applies chunks as they come, and sums up what the tables should hold.
async fn replayed(
    mut replay: Replay,
    mut chunks: mpsc::Receiver<Chunk>,
    key: [u8; 32],
) -> Result<(Replay, Sums), VerifyError> {
    while let Some((found, position)) = chunks.recv().await {
        replay.take(found, position).await?;
    }
    replay.name_incomplete();
    let sums = replay.sums(&key).await?;
    Ok((replay, sums))
}

async fn ended<T>(half: JoinHandle<Result<T, VerifyError>>) -> Result<T, VerifyError> {
    match half.await {
        Ok(ended) => ended,
        Err(error) => Err(DbError::Schema(format!("a half of the verification did not end: {error}")).into()),
    }
}

/// Views begun before one of them is given up.
const VIEWS: usize = 8;

/// Two views of the database at one instant, so that the tables are read beside the journal: every commit that changes
/// what can be proved moves a stream's head. One view alone where commits come so fast that two never show the same.
async fn views(db: &Db) -> Result<(Tx, Option<Tx>), DbError> {
    let mut first = db.begin_read().await?;
    let mut heads_of_first = heads(&mut first).await?;
    for _ in 0..VIEWS {
        let mut second = db.begin_read().await?;
        let heads_of_second = heads(&mut second).await?;
        if heads_of_first == heads_of_second {
            return Ok((first, Some(second)));
        }
        std::mem::replace(&mut first, second).roll_back().await?;
        heads_of_first = heads_of_second;
    }
    Ok((first, None))
}

/// What stands at the streams' heads, whatever it is.
async fn heads(tx: &mut Tx) -> Result<Vec<(Row, Option<&'static str>)>, DbError> {
    let sql = format!("SELECT {} FROM stream_head ORDER BY stream", STREAM_HEAD.column_list());
    tx.found(sql, Vec::new(), &STREAM_HEAD).map_ok(|found| (found.row, found.misfit)).try_collect().await
}

/// Walks every stream's chain and hands its entries on.
async fn walk_all(
    live: &mut Tx,
    what: &Verifying<'_>,
    replay: mpsc::Sender<Chunk>,
    report: &mut Report,
    faults: &mut Faults,
    mut progress: impl FnMut(i64),
) -> Result<(), VerifyError> {
    misplaced(live, faults).await?;
    let mut streams = streams(live).await?;
    // A stream that was anchored and is gone is found by its anchors.
    streams.extend(what.anchors.keys().filter(|stream| **stream > 0));
    for stream in streams {
        let mut walk = Walk::new(stream, what.anchors.get(&stream).map(Vec::as_slice), report.entries);
        // From the lowest number there is: an entry put in before the first one is an insertion like any other.
        let mut from = Some(i64::MIN);
        while let Some(first) = from {
            let found = match chunk(live, stream, first).await {
                Ok(found) => found,
                Err(error) if error.is_transient() => return Err(error.into()),
                Err(error) => {
                    faults.push(Fault::CutShort { stream, after: walk.last(), reason: error.to_string() });
                    break;
                }
            };
            if found.is_empty() {
                break;
            }
            found.iter().for_each(|found| walk.step(found, faults));
            from = walk.last().checked_add(1);
            let (position, count) = (report.entries + 1, found.len() as i64);
            report.entries += count;
            if replay.send((found, position)).await.is_err() {
                // The replay has ended by an error, which its own end tells.
                return Ok(());
            }
            progress(report.entries);
        }
        walk.finish(head(live, stream).await, faults);
        report.unproven.insert(stream, walk.unproven());
    }
    Ok(())
}

/// Every stream that has a head or an entry.
async fn streams(tx: &mut Tx) -> Result<BTreeSet<i64>, DbError> {
    let mut all = BTreeSet::new();
    for table in ["stream_head", "journal"] {
        let sql = format!("SELECT DISTINCT stream FROM {table}{}", integers(tx.engine(), " WHERE", "stream"));
        let rows = tx.rows(&sql, &[], &[ColumnType::Int]).await?;
        all.extend(rows.iter().filter_map(|row| row[0].opt_int()));
    }
    Ok(all)
}

/// A condition that keeps to integers where the engine takes any value for one; such a value would come again with every
/// page, because it is greater than all of them.
pub(crate) fn integers(engine: Engine, word: &str, column: &str) -> String {
    match engine {
        Engine::Sqlite => format!("{word} typeof({column}) = 'integer'"),
        Engine::Postgres => String::new(),
    }
}

/// Names entries that stand under no integer.
async fn misplaced(tx: &mut Tx, faults: &mut Faults) -> Result<(), DbError> {
    if tx.engine() == Engine::Postgres {
        return Ok(());
    }
    let sql = "SELECT hex(CAST(stream AS TEXT)), hex(CAST(seq AS TEXT)) FROM journal \
         WHERE typeof(stream) <> 'integer' OR typeof(seq) <> 'integer' LIMIT 1000";
    let text = |value: &Value| {
        let bytes = value.opt_text().and_then(crate::query::cursor::from_hex).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    for row in tx.rows(sql, &[], &[ColumnType::Text, ColumnType::Text]).await? {
        faults.push(Fault::Misplaced { stream: text(&row[0]), seq: text(&row[1]) });
    }
    Ok(())
}

async fn chunk(tx: &mut Tx, stream: i64, from: i64) -> Result<Vec<Found>, DbError> {
    let sql = format!(
        "SELECT {} FROM journal WHERE stream = $1 AND seq >= $2{} ORDER BY seq LIMIT {CHUNK}",
        JOURNAL.column_list(),
        integers(tx.engine(), " AND", "seq")
    );
    tx.found(sql, vec![stream.into(), from.into()], &JOURNAL).try_collect().await
}

/// What a stream's head says; `None` where it says nothing that could be one.
async fn head(tx: &mut Tx, stream: i64) -> Option<(i64, Vec<u8>)> {
    let sql = format!("SELECT {} FROM stream_head WHERE stream = $1", STREAM_HEAD.column_list());
    let found = tx.found(sql, vec![stream.into()], &STREAM_HEAD).try_next().await.ok()??;
    Some((found.row[1].opt_int()?, found.row[2].bytes().ok()?.to_vec()))
}

/// The hash before the first entry of a stream.
pub fn genesis(stream: i64) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"firebreak genesis 1").update(&stream.to_be_bytes());
    hasher.finalize().as_bytes().to_vec()
}

/// Names tables that nobody declared, and declared ones that are not there; without all of those nothing can be replayed.
async fn declared(tx: &mut Tx, faults: &mut Faults) -> Result<bool, DbError> {
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema()"
        }
    };
    let rows = tx.rows(sql, &[], &[ColumnType::Text]).await?;
    let there: BTreeSet<&str> = rows.iter().filter_map(|row| row[0].opt_text()).collect();
    let all = tables::all();
    let declared: BTreeSet<&'static str> = (all.iter().map(|table| table.name))
        .chain(level_tables(tx.engine(), &all))
        .chain(schema::OWN_TABLES.iter().copied())
        .collect();
    for table in there.iter().filter(|name| !declared.contains(*name)) {
        faults.push(Fault::Undeclared { table: (*table).to_owned() });
    }
    for table in declared.iter().filter(|name| !there.contains(*name)) {
        faults.push(Fault::Absent { table });
    }
    Ok(declared.iter().all(|name| there.contains(name)))
}

type Read = Vec<(&'static Table, TableHash, Option<Sum>)>;

/// [`read_tables`] on a view of its own.
async fn tables_beside(mut view: Tx, key: [u8; 32]) -> Result<(Read, Faults), VerifyError> {
    let read = read_tables(&mut view, &key).await?;
    view.roll_back().await?;
    Ok(read)
}

/// Reads every table that replay gives back, once: its hash in key order, and its sum under the run's key.
async fn read_tables(live: &mut Tx, key: &[u8; 32]) -> Result<(Read, Faults), VerifyError> {
    let (mut summing, mut read, mut faults) = (Summing::new(key), Read::new(), Faults::default());
    for table in state::provable() {
        let (mut hashing, mut sum) = (Hashing::new(table), Sum::default());
        let mut rows = live.found(state::in_order(live.engine(), table), Vec::new(), table);
        let ended = loop {
            match rows.try_next().await {
                Ok(Some(found)) => {
                    hashing.take(&found.row);
                    summing.add_found(&mut sum, table, &found);
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(rows);
        match ended {
            Ok(()) => {}
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => faults.push(Fault::UnreadableTable { table: table.name, reason: error.to_string() }),
        }
        read.push((table, hashing.finish(table), (sum.rows > 0).then_some(sum)));
    }
    Ok((read, faults))
}

/// Names the first row in which each of these tables differs from what it should hold.
async fn compare(
    live: &mut Tx,
    replay: &mut Replay,
    differing: &[&(&'static Table, TableHash, Option<Sum>)],
    sums: &Sums,
    faults: &mut Faults,
) -> Result<(), VerifyError> {
    if differing.is_empty() {
        return Ok(());
    }
    let wanted: Vec<&'static Table> = differing.iter().map(|(table, ..)| *table).collect();
    let mut scratch = replay.filled(&wanted).await?;
    for (table, hash, _) in differing {
        let replayed = sums.get(table.name).map_or(0, |sum| sum.rows);
        let first = first_difference(live, &mut scratch, table).await.unwrap_or_else(|error| error.to_string());
        faults.push(Fault::Differs { table: table.name, rows: hash.rows, replayed, first });
    }
    Ok(scratch.roll_back().await?)
}

async fn first_difference(live: &mut Tx, scratch: &mut Tx, table: &'static Table) -> Result<String, DbError> {
    let here = state::in_order(live.engine(), table);
    let there = state::in_order(scratch.engine(), table);
    let (mut left, mut right) = (live.found(here, Vec::new(), table), scratch.found(there, Vec::new(), table));
    loop {
        let (here, there) = (left.try_next().await?, right.try_next().await?);
        let key = |found: &Found| found.row[..table.key].to_vec();
        return Ok(match (here, there) {
            (None, None) => String::new(),
            (Some(one), Some(other)) if one.misfit.is_none() && one.row == other.row => continue,
            (Some(one), Some(other)) => format!("{:?}", key(&one).min(key(&other))),
            (Some(one), None) | (None, Some(one)) => format!("{:?}", key(&one)),
        });
    }
}
