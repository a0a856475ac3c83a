//! The bulk writer: the one place where rows go into tables. SQLite takes multi-row `VALUES`, PostgreSQL takes
//! `UNNEST` of one array per column; both measured 10–40 times faster than row by row through the same driver
//! (dataplane.md B).

use super::{DbError, Engine, Tx};
use crate::{
    levels::level_table,
    table::Table,
    value::{ColumnType, Row, Value},
};
use sqlx::{Arguments as _, AssertSqlSafe, postgres::PgArguments, sqlite::SqliteArguments};
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};
use uuid::Uuid;

/// Most rows of one SQLite statement; smaller rests go in powers of two, so that few texts are prepared. Each statement is
/// a turn between two threads, so many rows go together.
const ROWS: usize = 256;
/// Most values of one SQLite statement; the engine's own limit is 32,766.
const VALUES: usize = 8_192;
/// Most rows of one PostgreSQL statement: bounds the memory of its arrays.
const ARRAY_ROWS: usize = 10_000;

/// How SQLite inserts. A statement that fails is not taken back by itself, which would have it copy each page before it
/// changes one (a tenth of the writer's time): whoever runs one takes back its whole transaction.
const INSERT: &str = "INSERT OR FAIL INTO";

/// A statement ready to be run: its text and its values, bound.
pub enum Bulk {
    /// SQLite's.
    Sqlite(Arc<str>, SqliteArguments),
    /// PostgreSQL's.
    Postgres(String, PgArguments),
}

impl Bulk {
    /// Statements that insert rows and replace those of the same key.
    pub fn upserts(engine: Engine, table: &Table, rows: Vec<Row>) -> Result<Vec<Self>, DbError> {
        Self::puts(engine, table, rows, OnKey::Replace)
    }

    fn puts(engine: Engine, table: &Table, rows: Vec<Row>, on_key: OnKey) -> Result<Vec<Self>, DbError> {
        let columns = table.columns.len();
        Self::statements(engine, table.types(), rows, |length| put_text(engine, table, length, on_key), columns)
    }

    /// Statements that delete the rows of these keys.
    pub fn deletes(engine: Engine, table: &Table, keys: Vec<Row>) -> Result<Vec<Self>, DbError> {
        let types = table.types().into_iter().take(table.key).collect();
        Self::statements(engine, types, keys, |length| delete_text(engine, table, length), table.key)
    }

    fn statements(
        engine: Engine,
        types: Vec<ColumnType>,
        rows: Vec<Row>,
        text: impl Fn(usize) -> String,
        columns: usize,
    ) -> Result<Vec<Self>, DbError> {
        let mut statements = Vec::new();
        let mut texts: BTreeMap<usize, Arc<str>> = BTreeMap::new();
        let most = 1 << (VALUES / columns.max(1)).clamp(1, ROWS).ilog2();
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            statements.push(match engine {
                Engine::Sqlite => {
                    let length = if rows.len() >= most { most } else { 1 << rows.len().ilog2() };
                    let text = texts.entry(length).or_insert_with(|| text(length).into());
                    Self::Sqlite(text.clone(), sqlite_arguments(rows.by_ref().take(length), length * columns)?)
                }
                Engine::Postgres => {
                    let arrays = arrays(types.clone(), rows.by_ref().take(ARRAY_ROWS));
                    Self::Postgres(text(0), postgres_arguments(arrays)?)
                }
            });
        }
        Ok(statements)
    }
}

impl Tx {
    /// Inserts rows, replacing those of the same key.
    pub async fn upsert(&mut self, table: &Table, rows: Vec<Row>) -> Result<(), DbError> {
        let statements = Bulk::upserts(self.engine(), table, rows)?;
        self.run(statements).await
    }

    /// Inserts rows whose keys are new; a key that exists is an error.
    pub async fn insert(&mut self, table: &Table, rows: Vec<Row>) -> Result<(), DbError> {
        let statements = Bulk::puts(self.engine(), table, rows, OnKey::Fail)?;
        self.run(statements).await
    }

    /// Deletes the rows of these keys.
    pub async fn delete(&mut self, table: &Table, keys: Vec<Row>) -> Result<(), DbError> {
        let statements = Bulk::deletes(self.engine(), table, keys)?;
        self.run(statements).await
    }

    /// Runs statements made ready for this engine, in order.
    pub async fn run(&mut self, statements: Vec<Bulk>) -> Result<(), DbError> {
        for statement in statements {
            match (&mut *self, statement) {
                (Self::Sqlite(tx), Bulk::Sqlite(text, arguments)) => {
                    sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut **tx).await?;
                }
                (Self::Postgres(tx), Bulk::Postgres(text, arguments)) => {
                    sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut **tx).await?;
                }
                (tx, _) => {
                    let name = tx.engine().name();
                    return Err(DbError::Schema(format!("a statement for another engine was given to {name}")));
                }
            }
        }
        Ok(())
    }
}

/// The values of rows as SQLite's arguments, room for all of them made at once.
fn sqlite_arguments(rows: impl Iterator<Item = Row>, values: usize) -> Result<SqliteArguments, DbError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values, 0);
    for value in rows.flatten() {
        match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OnKey {
    Replace,
    Fail,
}

fn placeholders(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row; rows].join(",")
}

fn unnest(table: &Table, columns: usize) -> String {
    let casts = table.columns[..columns].iter().enumerate().map(|(n, column)| {
        let ty = match column.ty {
            ColumnType::Int => "bigint",
            ColumnType::Text => "text",
            ColumnType::Bytes => "bytea",
            ColumnType::Uuid => "uuid",
        };
        format!("${}::{ty}[]", n + 1)
    });
    format!("UNNEST({})", casts.collect::<Vec<_>>().join(", "))
}

fn put_text(engine: Engine, table: &Table, rows: usize, on_key: OnKey) -> String {
    if let Some(levels) = level_table(engine, table) {
        // New rows go to the first level. All their columns are key: one that stands is the same row.
        let values = vec![format!("(0{})", ",?".repeat(table.columns.len())); rows].join(",");
        let columns = table.column_list();
        return format!("{INSERT} {levels} (level, {columns}) VALUES {values} ON CONFLICT DO NOTHING");
    }
    let source = match engine {
        Engine::Sqlite => format!("VALUES {}", placeholders(rows, table.columns.len())),
        Engine::Postgres => format!("SELECT * FROM {}", unnest(table, table.columns.len())),
    };
    let insert = if engine == Engine::Sqlite { INSERT } else { "INSERT INTO" };
    let mut text = format!("{insert} {} ({}) {source}", table.name, table.column_list());
    if on_key == OnKey::Replace {
        let key: Vec<&str> = table.columns[..table.key].iter().map(|column| column.name).collect();
        let rest: Vec<String> =
            table.columns[table.key..].iter().map(|column| format!("{0} = excluded.{0}", column.name)).collect();
        let action = if rest.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", rest.join(", ")) };
        let _ = write!(text, " ON CONFLICT ({}) DO {action}", key.join(", "));
    }
    text
}

fn delete_text(engine: Engine, table: &Table, rows: usize) -> String {
    let key: Vec<&str> = table.columns[..table.key].iter().map(|column| column.name).collect();
    match engine {
        Engine::Sqlite => {
            let gone = format!("VALUES {}", placeholders(rows, table.key));
            match level_table(engine, table) {
                Some(levels) => format!(
                    "DELETE FROM {levels} WHERE (level, {}) IN (SELECT level.*, gone.* FROM (VALUES (0),(1),(2)) AS level, ({gone}) AS gone)",
                    key.join(", ")
                ),
                None => format!("DELETE FROM {} WHERE ({}) IN ({gone})", table.name, key.join(", ")),
            }
        }
        Engine::Postgres => {
            let same: Vec<String> = key.iter().map(|name| format!("{}.{name} = gone.{name}", table.name)).collect();
            format!(
                "DELETE FROM {} USING {} AS gone({}) WHERE {}",
                table.name,
                unnest(table, table.key),
                key.join(", "),
                same.join(" AND ")
            )
        }
    }
}

/// One column of many rows, as PostgreSQL takes it.
enum Array {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Uuid(Vec<Option<Uuid>>),
}

impl Array {
    fn push(&mut self, value: Value) {
        match (self, value) {
            (Self::Int(values), Value::Int(value)) => values.push(Some(value)),
            (Self::Text(values), Value::Text(value)) => values.push(Some(value)),
            (Self::Bytes(values), Value::Bytes(value)) => values.push(Some(value)),
            (Self::Uuid(values), Value::Uuid(value)) => values.push(Some(value)),
            (Self::Int(values), _) => values.push(None),
            (Self::Text(values), _) => values.push(None),
            (Self::Bytes(values), _) => values.push(None),
            (Self::Uuid(values), _) => values.push(None),
        }
    }
}

fn postgres_arguments(arrays: Vec<Array>) -> Result<PgArguments, DbError> {
    let mut arguments = PgArguments::default();
    for array in arrays {
        match array {
            Array::Int(values) => arguments.add(values),
            Array::Text(values) => arguments.add(values),
            Array::Bytes(values) => arguments.add(values),
            Array::Uuid(values) => arguments.add(values),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn arrays(types: Vec<ColumnType>, rows: impl Iterator<Item = Row>) -> Vec<Array> {
    let mut arrays: Vec<Array> = types
        .into_iter()
        .map(|ty| match ty {
            ColumnType::Int => Array::Int(Vec::new()),
            ColumnType::Text => Array::Text(Vec::new()),
            ColumnType::Bytes => Array::Bytes(Vec::new()),
            ColumnType::Uuid => Array::Uuid(Vec::new()),
        })
        .collect();
    for row in rows {
        for (array, value) in arrays.iter_mut().zip(row) {
            array.push(value);
        }
    }
    arrays
}
