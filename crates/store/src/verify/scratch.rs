//! The empty database that a journal is replayed into: a SQLite file without durability, thrown away afterwards.

use super::{Codes, Entry, Fault, VerifyError, note_code, read_entry, step, unseal_all};
use crate::{
    closure,
    engine::{Db, DbError, Tx},
    schema,
    tables::{self, CODE_COUNTER},
    value::{Row, Value},
    vault::Vault,
    writer::{Unit, load_replayed},
};
use domain::{id::StreamId, kernel::Located};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use uuid::Uuid;

pub(super) struct Scratch {
    db: Db,
    path: PathBuf,
    codes: Codes,
    early: BTreeMap<Uuid, BTreeMap<i64, Entry>>,
}

impl Scratch {
    pub async fn open(folder: &Path) -> Result<Self, VerifyError> {
        let path = folder.join("replay.sqlite");
        for suffix in ["", "-wal", "-shm", "-journal"] {
            match std::fs::remove_file(format!("{}{suffix}", path.display())) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(VerifyError::Scratch(error));
                }
                _ => {}
            }
        }
        let db = Db::open_scratch(&path).await?;
        let mut tx = db.begin_write().await?;
        for table in tables::all() {
            for statement in schema::ddl(tx.engine(), table) {
                tx.execute(&statement, &[]).await?;
            }
        }
        tx.commit().await?;
        Ok(Self { db, path, codes: Codes::new(), early: BTreeMap::new() })
    }

    /// Applies a chunk of one stream; entries whose aggregate is not that far yet are kept for later.
    pub async fn replay(
        &mut self,
        vault: &Vault,
        rows: Vec<Row>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), VerifyError> {
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            match read_entry(row) {
                Ok(entry) => entries.push(entry),
                Err(error) => faults.push(Fault::Unreadable {
                    stream: row[0].opt_int().unwrap_or_default(),
                    seq: row[1].opt_int().unwrap_or_default(),
                    reason: error.to_string(),
                }),
            }
        }
        unseal_all(vault, &mut entries, faults).await?;
        let ids: BTreeSet<Uuid> = entries.iter().map(|entry| entry.aggregate_id).collect();
        let mut tx = self.db.begin_write().await?;
        let before = load_replayed(&mut tx, ids).await?;
        let mut now: BTreeMap<Uuid, Located> = before.clone();
        for entry in entries {
            note_code(&mut self.codes, &entry);
            let id = entry.aggregate_id;
            self.early.entry(id).or_default().insert(entry.aggregate_version, entry);
            self.drain(id, &mut now, faults);
        }
        let mut unit = Unit::default();
        for (id, after) in &now {
            let stood = before.get(id);
            if stood != Some(after) {
                unit.change(stood, after)?;
            }
        }
        unit.write(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    fn drain(&mut self, id: Uuid, now: &mut BTreeMap<Uuid, Located>, faults: &mut Vec<Fault>) {
        loop {
            let next = now.get(&id).map_or(0, |located| located.version) + 1;
            let Some(waiting) = self.early.get_mut(&id) else { return };
            let Some(entry) = waiting.remove(&next) else { return };
            if waiting.is_empty() {
                self.early.remove(&id);
            }
            match step(now.remove(&id), &entry) {
                Some(after) => {
                    now.insert(id, after);
                }
                None => faults.push(Fault::Unreadable {
                    stream: entry.stamp.stream.0,
                    seq: entry.seq,
                    reason: format!("event {} does not fit the record it changes", entry.event.kind()),
                }),
            }
        }
    }

    /// Writes counters, and names aggregates whose history is incomplete.
    pub async fn finish(&mut self, faults: &mut Vec<Fault>) -> Result<(), VerifyError> {
        let mut tx = self.db.begin_write().await?;
        let rows = self.codes.iter().map(|((StreamId(stream), outbreak), last)| {
            vec![Value::Int(*stream), Value::Uuid(outbreak.0), Value::Int(*last)]
        });
        tx.upsert(&CODE_COUNTER, rows.collect()).await?;
        closure::recount(&mut tx).await?;
        for (id, waiting) in &self.early {
            let version = waiting.keys().next().copied().unwrap_or_default().saturating_sub(1);
            faults.push(Fault::MissingVersion { aggregate: *id, version });
        }
        tx.commit().await?;
        Ok(())
    }

    pub async fn read(&self) -> Result<Tx, DbError> {
        self.db.begin_read().await
    }

    pub async fn close(self) {
        self.db.close().await;
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // What cannot be removed now is removed by the next run.
            let _ = std::fs::remove_file(format!("{}{suffix}", self.path.display()));
        }
    }
}
