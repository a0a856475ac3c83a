//! The journal applied anew. States are kept in memory up to a number, and beyond it in a SQLite file without
//! durability that is thrown away: a journal of any length takes the same memory.

use super::{
    VerifyError,
    fault::{Fault, Faults},
    sum::{Sum, Summing},
};
use crate::{
    closure,
    engine::{Arg, Db, DbError, Found, Tx},
    rows::each_row,
    schema, table,
    table::Table,
    tables::{CODE_COUNTER, JOURNAL},
    value::{Row, Value},
    vault::{PersonKeys, Vault, VaultError},
    writer::{AGGREGATE_TYPES, Unit, located, unseal},
};
use domain::{
    id::{AccountId, OutbreakId, StreamId},
    kernel::{Event, Located, Stamp, apply},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

table! {
    /// States that do not fit into memory; by id alone, so that one that moved has one row.
    REPLAYED "replayed" Operational 1 [] {
        id Uuid, stream Int, kind Int, version Int, released_to Int opt, erased Int, state Bytes,
    }
}

const COLUMNS: &str = "stream, id, kind, version, released_to, erased, state";
/// States read back at a time.
const PAGE: i64 = 4_000;

/// A journal row that could be read.
pub(crate) struct Entry {
    pub stamp: Stamp,
    seq: i64,
    position: i64,
    pub command_id: Uuid,
    pub n: i64,
    pub aggregate_id: Uuid,
    pub aggregate_version: i64,
    pub subject: Option<Uuid>,
    pub event: Event,
}

impl Entry {
    /// Reads one `journal` row, all columns in their order.
    pub(crate) fn read(row: &Row, position: i64) -> Result<Self, DbError> {
        let event = Event::decode(row[11].text()?, row[12].int()?, row[13].bytes()?)
            .map_err(|error| DbError::Schema(error.to_string()))?;
        Ok(Self {
            stamp: Stamp { at: row[6].int()?, stream: StreamId(row[0].int()?), actor: AccountId(row[8].uuid()?) },
            seq: row[1].int()?,
            position,
            command_id: row[2].uuid()?,
            n: row[3].int()?,
            aggregate_id: row[4].uuid()?,
            aggregate_version: row[5].int()?,
            subject: row[10].opt_uuid(),
            event,
        })
    }

    fn unreadable(&self, reason: String) -> Fault {
        Fault::Unreadable { stream: self.stamp.stream.0, seq: self.seq, position: self.position, reason }
    }
}

pub(super) struct Replay {
    vault: Arc<Vault>,
    scratch: Db,
    path: PathBuf,
    /// States in memory, and whether each differs from the scratch file's.
    kept: HashMap<Uuid, (Located, bool)>,
    most_kept: usize,
    spilled: bool,
    codes: BTreeMap<(StreamId, OutbreakId), i64>,
    /// Entries whose aggregate is not that far yet, by aggregate and version.
    early: BTreeMap<Uuid, BTreeMap<i64, Entry>>,
    pub faults: Faults,
}

impl Replay {
    pub async fn open(vault: Arc<Vault>, most_kept: usize, folder: &Path) -> Result<Self, VerifyError> {
        let path = folder.join("replay.sqlite");
        for file in files(&path) {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(VerifyError::Scratch(error));
                }
                _ => {}
            }
        }
        let scratch = Db::open_scratch(&path).await?;
        let mut tx = scratch.begin_write().await?;
        for statement in schema::ddl(tx.engine(), &REPLAYED) {
            tx.execute(&statement, &[]).await?;
        }
        tx.commit().await?;
        let (kept, codes, early) = (HashMap::new(), BTreeMap::new(), BTreeMap::new());
        let faults = Faults::default();
        Ok(Self { vault, scratch, path, kept, most_kept, spilled: false, codes, early, faults })
    }

    /// Applies entries of one stream; `position` is that of the first.
    pub async fn take(&mut self, found: Vec<Found>, position: i64) -> Result<(), VerifyError> {
        let mut entries = Vec::with_capacity(found.len());
        for (found, position) in found.iter().zip(position..) {
            let read = match found.misfit {
                Some(column) => Err(format!("its {column} is of another type than the column, or is no UTF-8")),
                None => Entry::read(&found.row, position).map_err(|error| error.to_string()),
            };
            match read {
                Ok(entry) => entries.push(entry),
                Err(reason) => {
                    let of = |n: usize| found.row[n].opt_int().unwrap_or_default();
                    self.faults.push(Fault::Unreadable { stream: of(0), seq: of(1), position, reason });
                }
            }
        }
        self.unseal(&mut entries).await?;
        self.fetch(&entries).await?;
        for entry in entries {
            self.apply(entry);
        }
        if self.kept.len() > self.most_kept {
            self.spill().await?;
            self.kept.clear();
        }
        Ok(())
    }

    /// Deciphers entries with the keys that are left.
    async fn unseal(&mut self, entries: &mut [Entry]) -> Result<(), VerifyError> {
        let subjects: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.subject).collect();
        let subjects: Vec<Uuid> = subjects.into_iter().collect();
        let (keys, damaged) = keys(&self.vault, &subjects).await?;
        for entry in entries {
            if let Some(reason) = entry.subject.and_then(|subject| damaged.get(&subject)) {
                self.faults.push(entry.unreadable(reason.clone()));
            }
            let keys = entry.subject.and_then(|subject| keys.get(&subject));
            if let Err(error) = unseal(&mut entry.event, entry.command_id, entry.n, entry.stamp.at, keys) {
                self.faults.push(entry.unreadable(error.to_string()));
            }
        }
        Ok(())
    }

    /// Brings the states that entries change into memory.
    async fn fetch(&mut self, entries: &[Entry]) -> Result<(), VerifyError> {
        let ids: BTreeSet<Uuid> = entries.iter().map(|entry| entry.aggregate_id).collect();
        let ids: Vec<Uuid> = ids.into_iter().filter(|id| self.spilled && !self.kept.contains_key(id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut tx = self.scratch.begin_read().await?;
        let sql = format!("SELECT {COLUMNS} FROM replayed WHERE id IN {{1}}");
        for row in tx.rows(&sql, &[Arg::Uuids(ids)], &AGGREGATE_TYPES).await? {
            let located = located(&row)?;
            self.kept.insert(located.id, (located, false));
        }
        Ok(tx.roll_back().await?)
    }

    fn apply(&mut self, entry: Entry) {
        if let Some((outbreak, number)) = entry.event.code_given() {
            let last = self.codes.entry((entry.stamp.stream, outbreak)).or_insert(number);
            *last = number.max(*last);
        }
        let id = entry.aggregate_id;
        if entry.aggregate_version == self.next(id) {
            self.step(entry);
        } else {
            self.early.entry(id).or_default().insert(entry.aggregate_version, entry);
        }
        // Nearly always nobody waits.
        while !self.early.is_empty() {
            let next = self.next(id);
            let Some(waiting) = self.early.get_mut(&id) else { return };
            let Some(entry) = waiting.remove(&next) else { return };
            if waiting.is_empty() {
                self.early.remove(&id);
            }
            self.step(entry);
        }
    }

    fn next(&self, id: Uuid) -> i64 {
        self.kept.get(&id).map_or(0, |(located, _)| located.version).saturating_add(1)
    }

    fn step(&mut self, entry: Entry) {
        let before = self.kept.remove(&entry.aggregate_id).map(|(located, _)| located);
        let after = unharmed(|| apply(before, entry.aggregate_id, &entry.event, &entry.stamp)).flatten();
        match after {
            Some(after) => {
                self.kept.insert(entry.aggregate_id, (after, true));
            }
            None => {
                let reason = format!("event {} does not fit the record it changes", entry.event.kind());
                self.faults.push(entry.unreadable(reason));
            }
        }
    }

    /// Writes the states that the scratch file does not have.
    async fn spill(&mut self) -> Result<(), VerifyError> {
        let mut rows: Vec<Row> = Vec::new();
        for (located, differs) in self.kept.values_mut().filter(|(_, differs)| *differs) {
            let released_to = Value::or_null(located.released_to.map(|stream| stream.0));
            let kind = Value::Int(located.aggregate.kind() as i64);
            let state = encoded(located)?.into();
            let (stream, version) = (located.stream.0.into(), located.version.into());
            let erased = Value::Int(located.erased.bits());
            rows.push(vec![located.id.into(), stream, kind, version, released_to, erased, state]);
            *differs = false;
        }
        rows.sort_unstable_by(|left, right| left[0].cmp(&right[0]));
        let mut tx = self.scratch.begin_write().await?;
        tx.upsert(&REPLAYED, rows).await?;
        tx.commit().await?;
        self.spilled = true;
        Ok(())
    }

    /// Names aggregates whose history is incomplete.
    pub fn name_incomplete(&mut self) {
        for (id, waiting) in &self.early {
            let version = waiting.keys().next().copied().unwrap_or_default().saturating_sub(1);
            self.faults.push(Fault::MissingVersion { aggregate: *id, version });
        }
    }

    /// Sums of the tables as they should be.
    pub async fn sums(&mut self, key: &[u8; 32]) -> Result<BTreeMap<&'static str, Sum>, VerifyError> {
        let (mut summing, mut sums) = (Summing::new(key), BTreeMap::<&'static str, Sum>::new());
        let mut add = |table: &'static Table, row: Row| {
            summing.add(sums.entry(table.name).or_default(), table, &row);
        };
        let mut parents = closure::Parents::new();
        if self.spilled {
            let mut after = None;
            while let Some(page) = self.page(&mut after).await? {
                page.into_iter().for_each(|(located, state)| rows_of(&located, state, &mut parents, &mut add));
            }
        } else {
            for (located, _) in self.kept.values() {
                rows_of(located, encoded(located)?, &mut parents, &mut add);
            }
        }
        self.counted(&parents, &mut add);
        Ok(sums)
    }

    /// Fills these tables as they should be, to be compared row by row: only where something is wrong.
    pub async fn filled(&mut self, tables: &[&'static Table]) -> Result<Tx, VerifyError> {
        let wanted: BTreeSet<&str> = tables.iter().map(|table| table.name).collect();
        let mut tx = self.scratch.begin_write().await?;
        for table in tables {
            for statement in schema::ddl(tx.engine(), table) {
                tx.execute(&statement, &[]).await?;
            }
        }
        tx.commit().await?;
        let mut unit = Unit::default();
        let mut parents = closure::Parents::new();
        let mut after = None;
        loop {
            let page = self.page(&mut after).await?;
            let mut put = |table: &'static Table, row: Row| {
                if wanted.contains(table.name) {
                    unit.put(table, row);
                }
            };
            let is_last = page.is_none();
            for (located, state) in page.into_iter().flatten() {
                rows_of(&located, state, &mut parents, &mut put);
            }
            if is_last {
                self.counted(&parents, &mut put);
            }
            let mut tx = self.scratch.begin_write().await?;
            std::mem::take(&mut unit).write(&mut tx).await?;
            tx.commit().await?;
            if is_last {
                return Ok(self.scratch.begin_read().await?);
            }
        }
    }

    /// The next states of the scratch file, in the order of their ids.
    async fn page(&mut self, after: &mut Option<Uuid>) -> Result<Option<Vec<(Located, Vec<u8>)>>, VerifyError> {
        if after.is_none() {
            self.spill().await?;
            self.kept.clear();
        }
        let from = if after.is_some() { ">" } else { ">=" };
        let sql = format!("SELECT {COLUMNS} FROM replayed WHERE id {from} $1 ORDER BY id LIMIT {PAGE}");
        let mut tx = self.scratch.begin_read().await?;
        let rows = tx.rows(&sql, &[after.unwrap_or_default().into()], &AGGREGATE_TYPES).await?;
        tx.roll_back().await?;
        let mut page = Vec::with_capacity(rows.len());
        for mut row in rows {
            let located = located(&row)?;
            *after = Some(located.id);
            if let Some(Value::Bytes(state)) = row.pop() {
                page.push((located, state));
            }
        }
        Ok((!page.is_empty()).then_some(page))
    }

    /// Rows of what is counted over all records.
    fn counted(&self, parents: &closure::Parents, take: &mut dyn FnMut(&'static Table, Row)) {
        closure::of(parents).into_iter().for_each(|row| take(&closure::JURISDICTION_CLOSURE, row));
        for ((stream, outbreak), last) in &self.codes {
            take(&CODE_COUNTER, vec![stream.0.into(), outbreak.0.into(), (*last).into()]);
        }
    }

    pub async fn close(self) {
        self.scratch.close().await;
        for file in files(&self.path) {
            // What cannot be removed now is removed by the next run.
            let _ = std::fs::remove_file(file);
        }
    }
}

fn files(path: &Path) -> impl Iterator<Item = String> {
    ["", "-wal", "-shm", "-journal"].into_iter().map(move |suffix| format!("{}{suffix}", path.display()))
}

/// Runs what reads entries that may have been forged: a value that overflows a sum is a fault of the entry, and the rest
/// is still to be verified.
fn unharmed<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Rows of one state. Of one made from altered entries they may be impossible to make: its tables differ then.
fn rows_of(
    located: &Located,
    state: Vec<u8>,
    parents: &mut closure::Parents,
    take: &mut dyn FnMut(&'static Table, Row),
) {
    parents.extend(closure::parents_of([located]));
    let _ = unharmed(|| each_row(located, state, take));
}

fn encoded(located: &Located) -> Result<Vec<u8>, DbError> {
    let state = located.aggregate.encode();
    state.map_err(|error| DbError::Schema(format!("the state of {} cannot be encoded: {error}", located.id)))
}

type Damaged = BTreeMap<Uuid, String>;

/// The keys of these people, and whose were altered.
async fn keys(vault: &Vault, subjects: &[Uuid]) -> Result<(HashMap<Uuid, PersonKeys>, Damaged), VaultError> {
    match vault.keys_for(subjects, false, &mut |_| {}, 0).await {
        Ok(keys) => return Ok((keys, Damaged::new())),
        Err(VaultError::Damaged { .. }) => {}
        Err(error) => return Err(error),
    }
    let (mut keys, mut damaged) = (HashMap::new(), Damaged::new());
    for subject in subjects {
        match vault.keys_for(&[*subject], false, &mut |_| {}, 0).await {
            Ok(found) => keys.extend(found),
            Err(error @ VaultError::Damaged { .. }) => {
                damaged.insert(*subject, error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok((keys, damaged))
}

/// Columns of a journal row that this file reads by place.
const _: () = assert!(JOURNAL.columns.len() == 15);
