//! The state hash: per table, over typed values in key order. The same history gives the same hash on both engines and
//! in memory.

use crate::{
    engine::{DbError, Engine, Tx},
    levels::{LEVELS, level_table},
    rows::each_row,
    table::{Table, TableKind},
    tables::{self, CODE_COUNTER},
    value::{Row, Value},
};
use domain::{
    id::{OutbreakId, StreamId},
    kernel::Located,
};
use std::collections::BTreeMap;

/// One table's rows and their hash.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TableHash {
    /// The table.
    pub table: &'static str,
    /// Its kind.
    #[serde(skip)]
    pub kind: TableKind,
    /// Number of rows.
    pub rows: i64,
    /// Hash over its rows, hexadecimal.
    pub hash: String,
}

/// The hash of one table, row by row in key order.
pub(crate) struct Hashing {
    hasher: blake3::Hasher,
    bytes: Vec<u8>,
    rows: i64,
}

impl Hashing {
    pub fn new(table: &Table) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"firebreak state 1").update(table.name.as_bytes());
        Self { hasher, bytes: Vec::new(), rows: 0 }
    }

    pub fn take(&mut self, row: &[Value]) {
        self.bytes.clear();
        row.iter().for_each(|value| value.canonical(&mut self.bytes));
        self.hasher.update(&self.bytes);
        self.rows += 1;
    }

    pub fn finish(self, table: &Table) -> TableHash {
        TableHash {
            table: table.name,
            kind: table.kind,
            rows: self.rows,
            hash: self.hasher.finalize().to_hex().to_string(),
        }
    }
}

/// Tables that replay gives back or recounts.
pub fn provable() -> impl Iterator<Item = &'static Table> {
    tables::all().into_iter().filter(|table| table.kind != TableKind::Operational)
}

/// SELECT text of a whole table in key order.
pub(crate) fn in_order(engine: Engine, table: &Table) -> String {
    let key: Vec<&str> = table.columns[..table.key].iter().map(|column| column.name).collect();
    let (columns, key) = (table.column_list(), key.join(", "));
    match level_table(engine, table) {
        // Each level is in this order: they are merged, nothing is sorted.
        Some(levels) => {
            let each = LEVELS.map(|level| format!("SELECT {columns} FROM {levels} WHERE level = {level}"));
            format!("{} ORDER BY {key}", each.join(" UNION ALL "))
        }
        None => format!("SELECT {columns} FROM {} ORDER BY {key}", table.name),
    }
}

/// Hashes of all provable tables of a database.
pub async fn of_database(tx: &mut Tx) -> Result<Vec<TableHash>, DbError> {
    let mut hashes = Vec::new();
    for table in provable() {
        let mut hashing = Hashing::new(table);
        tx.each(&in_order(tx.engine(), table), &[], &table.types(), |row| hashing.take(&row)).await?;
        hashes.push(hashing.finish(table));
    }
    Ok(hashes)
}

/// Hashes of the tables that these aggregates and counters would fill.
pub fn of_memory<'a>(
    located: impl Iterator<Item = &'a Located>,
    codes: &BTreeMap<(StreamId, OutbreakId), i64>,
) -> Result<Vec<TableHash>, DbError> {
    let mut rows: BTreeMap<&'static str, Vec<Row>> = BTreeMap::new();
    let located: Vec<&Located> = located.collect();
    let areas = crate::closure::of(&crate::closure::parents_of(located.iter().copied()));
    rows.insert(crate::closure::JURISDICTION_CLOSURE.name, areas);
    for located in located {
        let state = located.aggregate.encode().map_err(|error| DbError::Schema(error.to_string()))?;
        each_row(located, state, &mut |table, row| rows.entry(table.name).or_default().push(row));
    }
    for ((stream, outbreak), last) in codes {
        rows.entry(CODE_COUNTER.name).or_default().push(vec![stream.0.into(), outbreak.0.into(), (*last).into()]);
    }
    Ok(provable()
        .map(|table| {
            let mut rows = rows.remove(table.name).unwrap_or_default();
            rows.sort_unstable_by(|left, right| left[..table.key].cmp(&right[..table.key]));
            let mut hashing = Hashing::new(table);
            rows.iter().for_each(|row| hashing.take(row));
            hashing.finish(table)
        })
        .collect())
}
