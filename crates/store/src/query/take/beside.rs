//! Records that belong beside the rows of a page, read in bulk: a few statements a page, whatever its rows.

use crate::{
    engine::{Arg, DbError, Tx},
    rows,
    table::Table,
    value::{Row, Value},
};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Rows of a table by one of its columns.
pub(super) struct Beside {
    pub table: &'static Table,
    rows: HashMap<Uuid, Vec<Row>>,
}

impl Beside {
    pub fn empty(table: &'static Table) -> Self {
        Self { table, rows: HashMap::new() }
    }

    /// Rows whose column `by` is one of `ids`, each record's in the order of the table's key.
    pub async fn load(
        tx: &mut Tx,
        table: &'static Table,
        by: &'static str,
        ids: BTreeSet<Uuid>,
    ) -> Result<Self, DbError> {
        let mut found = Self::empty(table);
        let Some(at) = table.position(by).filter(|_| !ids.is_empty()) else { return Ok(found) };
        let sql = format!(
            "SELECT {} FROM {} WHERE stream IN (SELECT stream FROM stream_head) AND {by} IN {{1}}",
            table.column_list(),
            table.name
        );
        tx.each(&sql, &[Arg::Uuids(ids.into_iter().collect())], &table.types(), |row| {
            if let Some(id) = row.get(at).and_then(Value::opt_uuid) {
                found.rows.entry(id).or_default().push(row);
            }
        })
        .await?;
        for rows in found.rows.values_mut() {
            rows.sort_by(|a, b| a[..table.key].cmp(&b[..table.key]));
        }
        Ok(found)
    }

    pub fn all(&self, id: Uuid) -> &[Row] {
        self.rows.get(&id).map_or(&[], Vec::as_slice)
    }

    pub fn last(&self, id: Uuid) -> Option<&Row> {
        self.all(id).last()
    }

    pub fn ids(&self) -> BTreeSet<Uuid> {
        self.rows.keys().copied().collect()
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().flatten()
    }

    fn value<'r>(&self, row: &'r Row, column: &str) -> Option<&'r Value> {
        self.table.position(column).and_then(|at| row.get(at))
    }

    pub fn uuid(&self, row: &Row, column: &str) -> Option<Uuid> {
        self.value(row, column).and_then(Value::opt_uuid)
    }

    pub fn text<'r>(&self, row: &'r Row, column: &str) -> Option<&'r str> {
        self.value(row, column).and_then(Value::opt_text)
    }

    /// The ids in a column of all rows.
    pub fn column(&self, column: &str) -> BTreeSet<Uuid> {
        self.rows().filter_map(|row| self.uuid(row, column)).collect()
    }

    pub fn take_in(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }
}

/// Areas met so far: there are few beside the people in them.
#[derive(Default)]
pub(super) struct Areas {
    known: HashMap<Uuid, Area>,
}

struct Area {
    parent: Option<Uuid>,
    small: bool,
    called: String,
}

/// Levels at which an area is a few families: a de-identified row names the area above.
const SMALL: &[&str] = &["building", "block", "unit", "entrance", "floor", "household", "dwelling"];
/// Steps up at most.
const DEEPEST: usize = 16;

impl Areas {
    pub async fn meet(&mut self, tx: &mut Tx, ids: impl IntoIterator<Item = Uuid>) -> Result<(), DbError> {
        let mut wanted: BTreeSet<Uuid> = ids.into_iter().filter(|id| !self.known.contains_key(id)).collect();
        for _ in 0..DEEPEST {
            if wanted.is_empty() {
                return Ok(());
            }
            let found = Beside::load(tx, &rows::JURISDICTION, "id", wanted).await?;
            let mut above = BTreeSet::new();
            for row in found.rows() {
                let Some(id) = found.uuid(row, "id") else { continue };
                let level = found.text(row, "level").unwrap_or_default();
                let names: std::collections::BTreeMap<String, String> =
                    found.text(row, "names").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                let called = found.text(row, "code").map(str::to_owned).or_else(|| names.into_values().next());
                let small = SMALL.contains(&level.to_lowercase().as_str());
                let parent = found.uuid(row, "parent");
                above.extend(parent.filter(|_| small));
                self.known.insert(id, Area { parent, small, called: called.unwrap_or_else(|| id.to_string()) });
            }
            above.retain(|id| !self.known.contains_key(id));
            wanted = above;
        }
        Ok(())
    }

    /// Code, else name, else id.
    pub fn called(&self, id: Uuid) -> String {
        self.known.get(&id).map_or_else(|| id.to_string(), |area| area.called.clone())
    }

    /// The same of the smallest area that is not a few families.
    pub fn called_at_large(&self, mut id: Uuid) -> Option<String> {
        for _ in 0..DEEPEST {
            let area = self.known.get(&id)?;
            if !area.small {
                return Some(area.called.clone());
            }
            id = area.parent?;
        }
        None
    }
}
