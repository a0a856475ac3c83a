//! The unit of work: the rows a decided group changes, by table, as differences.

use crate::{
    engine::{Bulk, DbError, Engine, Tx},
    rows::each_row,
    table::Table,
    tables::AGGREGATE,
    value::{Row, Value},
};
use domain::kernel::Located;
use std::collections::BTreeMap;

/// Rows to put and keys to delete, by table name.
#[derive(Clone, Default)]
pub struct Unit {
    put: BTreeMap<&'static str, (&'static Table, Vec<Row>)>,
    gone: BTreeMap<&'static str, (&'static Table, Vec<Row>)>,
}

impl Unit {
    /// One row to put.
    pub(crate) fn put(&mut self, table: &'static Table, row: Row) {
        self.put.entry(table.name).or_insert_with(|| (table, Vec::new())).1.push(row);
    }

    /// One key to delete.
    pub(crate) fn delete(&mut self, table: &'static Table, key: Row) {
        self.gone.entry(table.name).or_insert_with(|| (table, Vec::new())).1.push(key);
    }

    /// Takes in the rows of another.
    pub(crate) fn join(&mut self, other: Self) {
        for (table, rows) in other.put.into_values() {
            self.put.entry(table.name).or_insert_with(|| (table, Vec::new())).1.extend(rows);
        }
        for (table, keys) in other.gone.into_values() {
            self.gone.entry(table.name).or_insert_with(|| (table, Vec::new())).1.extend(keys);
        }
    }

    /// The rows that turn `before` into `after`.
    pub(crate) fn change(&mut self, before: Option<&Located>, after: &Located) -> Result<(), DbError> {
        let state = after
            .aggregate
            .encode()
            .map_err(|error| DbError::Schema(format!("the state of {} cannot be encoded: {error}", after.id)))?;
        let Some(before) = before else {
            each_row(after, state, &mut |table, row| self.put(table, row));
            return Ok(());
        };
        let mut old: BTreeMap<(&'static str, Vec<Value>), (&'static Table, Row)> = BTreeMap::new();
        each_row(before, Vec::new(), &mut |table, row| {
            old.insert((table.name, row[..table.key].to_vec()), (table, row));
        });
        each_row(after, state, &mut |table, row| {
            let stood = old.remove(&(table.name, row[..table.key].to_vec()));
            if stood.is_none_or(|(_, stood)| stood != row || table.name == AGGREGATE.name) {
                self.put(table, row);
            }
        });
        for ((_, key), (table, _)) in old {
            self.delete(table, key);
        }
        Ok(())
    }

    /// Rows to put, by table, in key order.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Table, &[Row])> {
        self.put.values().map(|(table, rows)| (*table, rows.as_slice()))
    }

    /// Keys to delete, by table.
    pub fn keys(&self) -> impl Iterator<Item = (&'static Table, &[Row])> {
        self.gone.values().map(|(table, keys)| (*table, keys.as_slice()))
    }

    /// Rows to put into a table.
    pub(crate) fn put_into(&self, table: &Table) -> &[Row] {
        self.put.get(table.name).map_or(&[], |(_, rows)| rows)
    }

    /// Number of rows to put and keys to delete.
    pub(crate) fn size(&self) -> usize {
        self.put.values().chain(self.gone.values()).map(|(_, rows)| rows.len()).sum()
    }

    /// Puts the rows of each table in key order: neighbours in a B-tree are written together.
    pub(crate) fn sort(&mut self) {
        for (table, rows) in self.put.values_mut() {
            rows.sort_unstable_by(|left, right| left[..table.key].cmp(&right[..table.key]));
        }
    }

    /// The statements that write everything, one bulk statement per table or a few.
    pub(crate) fn statements(self, engine: Engine) -> Result<Vec<Bulk>, DbError> {
        let mut statements = Vec::new();
        for (table, keys) in self.gone.into_values() {
            statements.extend(Bulk::deletes(engine, table, keys)?);
        }
        for (table, rows) in self.put.into_values() {
            statements.extend(Bulk::upserts(engine, table, rows)?);
        }
        Ok(statements)
    }

    /// Writes everything.
    pub async fn write(self, tx: &mut Tx) -> Result<(), DbError> {
        let statements = self.statements(tx.engine())?;
        tx.run(statements).await
    }
}
