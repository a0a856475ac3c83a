//! Records as they are known outside, for an import that finds them changed here (DESIGN §13.13): read from the journal of
//! these records alone.
//!
//! What came with a file is told by the ids of its commands, which are made from the import and the row: nothing is
//! written for it.

use crate::{
    access_log::taken_at,
    engine::{Arg, DbError, Tx},
    store::Store,
    tables::JOURNAL,
    value::{ColumnType, Row},
    verify::Entry,
    writer::{GroupError, refusal, unseal},
};
use domain::{
    id,
    kernel::{
        Aggregate, Command,
        outside::{Past, known_outside, rewrites},
    },
    refusal::Refusal,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What is known outside of a record that was rewritten here.
#[derive(Clone, Default, Debug)]
pub struct Origin {
    /// The record as files and exports know it; nothing where none brought or took it.
    pub outside: Option<Aggregate>,
    /// Commands about it that lie in the conflict queue, and whether nobody has decided yet.
    pub queued: Vec<(Command, bool)>,
}

const IMPORTS: &str = "SELECT id FROM import";

/// Entries of one record, oldest first, each with whether a file brought it.
type History = Vec<(Entry, bool)>;

impl Store {
    /// Which of these records were rewritten here, each with what is known of it outside. Records that nobody rewrote here
    /// stand as files left them, and are missing from the answer.
    pub async fn origins(&self, ids: BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, Origin>, GroupError> {
        let mut tx = self.read().await?;
        let imports = imports(&mut tx).await?;
        let mut histories: BTreeMap<Uuid, History> = BTreeMap::new();
        let later = select("aggregate_version > 1 AND aggregate_id IN {1}");
        take(tx.rows(&later, &[Arg::Uuids(ids.into_iter().collect())], &JOURNAL.types()).await?, &imports, &mut histories)?;
        histories.retain(|_, history| history.iter().any(|(entry, by_file)| !by_file && rewrites(&entry.event)));
        let rewritten: BTreeSet<Uuid> = histories.keys().copied().collect();
        if rewritten.is_empty() {
            tx.roll_back().await?;
            return Ok(BTreeMap::new());
        }
        let taken = taken_at(&mut tx, &rewritten).await?;
        first_entries(&mut tx, &imports, &taken, &mut histories).await?;
        tx.roll_back().await?;
        let mut origins: BTreeMap<Uuid, Origin> = BTreeMap::new();
        let outside = self.outside(histories, &taken).await?;
        for id in &rewritten {
            let outside = outside.get(id).cloned();
            origins.insert(*id, Origin { outside, queued: Vec::new() });
        }
        for (command, open) in self.core().in_conflict(rewritten).await? {
            if let Some(origin) = origins.get_mut(&command.target()) {
                origin.queued.push((command, open));
            }
        }
        Ok(origins)
    }

    /// What the door answered to commands of an import that it did not accept, by the row's number from 0, each with the kind
    /// of its id: for the errors file of one that was broken off and goes on.
    pub async fn declined_rows(&self, import: Uuid) -> Result<BTreeMap<u32, Vec<(u8, Refusal)>>, DbError> {
        // Ids of its commands have its own millisecond in front.
        let span = (1_u128 << 80) - 1;
        let (low, high) = (import.as_u128() & !span, import.as_u128() | span);
        let sql = "SELECT command_id, refusal FROM outcome WHERE stream IN (SELECT stream FROM stream_head) \
             AND command_id >= $1 AND command_id <= $2 AND refusal IS NOT NULL";
        let args = [Uuid::from_u128(low).into(), Uuid::from_u128(high).into()];
        let mut tx = self.read().await?;
        let rows = tx.rows(sql, &args, &[ColumnType::Uuid, ColumnType::Text]).await?;
        tx.roll_back().await?;
        let mut declined: BTreeMap<u32, Vec<(u8, Refusal)>> = BTreeMap::new();
        for row in rows {
            if let Some((n, kind)) = id::sequence_of(row[0].uuid()?, import) {
                declined.entry(n).or_default().push((kind, refusal(row[1].text()?)?));
            }
        }
        Ok(declined)
    }

    /// Deciphers histories with the keys that are left, and goes through them.
    async fn outside(
        &self,
        histories: BTreeMap<Uuid, History>,
        taken: &BTreeMap<Uuid, i64>,
    ) -> Result<BTreeMap<Uuid, Aggregate>, GroupError> {
        let subjects: BTreeSet<Uuid> = histories.values().flatten().filter_map(|(entry, _)| entry.subject).collect();
        let subjects: Vec<Uuid> = subjects.into_iter().collect();
        let keys = self.vault().keys_for(&subjects, false, &mut |_| {}, 0).await?;
        let mut found = BTreeMap::new();
        for (id, mut history) in histories {
            history.sort_unstable_by_key(|(entry, _)| entry.aggregate_version);
            // A history without its beginning tells nothing.
            if history.first().is_none_or(|(entry, _)| entry.aggregate_version != 1) {
                continue;
            }
            let mut past = Vec::with_capacity(history.len());
            for (mut entry, by_file) in history {
                let keys = entry.subject.and_then(|subject| keys.get(&subject));
                unseal(&mut entry.event, entry.command_id, entry.n, entry.stamp.at, keys)
                    .map_err(|error| DbError::Schema(format!("{error}: run `firebreak verify`")))?;
                past.push(Past { event: entry.event, stamp: entry.stamp, by_file });
            }
            let known = known_outside(id, &past, taken.get(&id).copied());
            found.extend(known.map(|located| (id, located.aggregate)));
        }
        Ok(found)
    }
}

fn select(condition: &str) -> String {
    format!("SELECT {} FROM journal WHERE {condition}", JOURNAL.column_list())
}

/// Imports, by the millisecond in front of the ids they made.
async fn imports(tx: &mut Tx) -> Result<BTreeMap<u64, Vec<Uuid>>, DbError> {
    let mut imports: BTreeMap<u64, Vec<Uuid>> = BTreeMap::new();
    for row in tx.rows(IMPORTS, &[], &[ColumnType::Uuid]).await? {
        let import = row[0].uuid()?;
        imports.entry(millisecond(import)).or_default().push(import);
    }
    Ok(imports)
}

fn millisecond(id: Uuid) -> u64 {
    (id.as_u128() >> 80) as u64
}

fn by_file(imports: &BTreeMap<u64, Vec<Uuid>>, id: Uuid) -> bool {
    imports.get(&millisecond(id)).is_some_and(|imports| imports.iter().any(|import| id::is_sequenced(id, *import)))
}

fn take(
    rows: Vec<Row>,
    imports: &BTreeMap<u64, Vec<Uuid>>,
    histories: &mut BTreeMap<Uuid, History>,
) -> Result<(), DbError> {
    for row in rows {
        let entry = Entry::read(&row, 0)?;
        let from = by_file(imports, entry.command_id);
        histories.entry(entry.aggregate_id).or_default().push((entry, from));
    }
    Ok(())
}

/// Adds the entries that made these records. One made by a row of an import is found through the outcomes of that row;
/// others that a file changed or took are looked for in the whole journal, once for all of them.
async fn first_entries(
    tx: &mut Tx,
    imports: &BTreeMap<u64, Vec<Uuid>>,
    taken: &BTreeMap<Uuid, i64>,
    histories: &mut BTreeMap<Uuid, History>,
) -> Result<(), DbError> {
    // The order of the two tables is said: the journal is reached from the few outcomes, never the other way round.
    let columns: Vec<String> = JOURNAL.columns.iter().map(|column| format!("journal.{}", column.name)).collect();
    let of_row = format!(
        "SELECT {} FROM outcome CROSS JOIN journal \
         WHERE outcome.stream IN (SELECT stream FROM stream_head) AND outcome.command_id >= $1 AND outcome.command_id <= $2 \
         AND journal.stream = outcome.stream AND journal.seq >= outcome.first_seq \
         AND journal.seq < outcome.first_seq + outcome.events AND journal.aggregate_id = $3 AND journal.aggregate_version = 1",
        columns.join(", ")
    );
    let mut made_here = Vec::new();
    let ids: Vec<Uuid> = histories.keys().copied().collect();
    for record in ids {
        if by_file(imports, record) {
            let (low, high) = id::of_the_same_row(record);
            let rows = tx.rows(&of_row, &[low.into(), high.into(), record.into()], &JOURNAL.types()).await?;
            take(rows, imports, histories)?;
        } else if taken.contains_key(&record)
            || histories.get(&record).is_some_and(|history| history.iter().any(|(_, by_file)| *by_file))
        {
            made_here.push(record);
        }
    }
    let first = select("aggregate_version = 1 AND aggregate_id IN {1}");
    take(tx.rows(&first, &[Arg::Uuids(made_here)], &JOURNAL.types()).await?, imports, histories)
}
