//! The rows a run wrote, written again bare: no command, no decision, no chain, no look-up.

use super::write::open_bare;
use sqlx::AssertSqlSafe;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use store::{
    engine::{Db, Engine, Tx, WRITER_CACHE},
    levels::level_table,
    table::Table,
    value::{Row, Value},
    writer::Written,
};
use uuid::Uuid;

/// Most envelopes of the row-by-row peer, which is slow.
pub const ROW_BY_ROW_COMMITS: usize = 4_000;
/// A person's keys, wrapped.
const WRAPPED_BYTES: usize = 297;

store::table! {
    /// The key store's table.
    PERSON_KEY "bare_person_key" Operational 1 [] {
        person Uuid, wrapped Bytes, wrapped_under Int, created_at Int,
    }
}

/// A pair of databases that takes bare rows.
pub struct Bare {
    url: String,
    db: Db,
    keys: Db,
    known: BTreeSet<Uuid>,
}

impl Bare {
    /// Makes the schema in empty databases.
    pub async fn open(url: &str, keys: &str) -> anyhow::Result<Self> {
        let (db, keys) = (open_bare(url).await?, Db::open(keys, true).await?);
        let mut tx = keys.begin_write().await?;
        for statement in store::schema::ddl(tx.engine(), &PERSON_KEY) {
            tx.execute(&statement, &[]).await?;
        }
        tx.commit().await?;
        Ok(Self { url: url.to_owned(), db, keys, known: BTreeSet::new() })
    }

    /// A copy of the database as it stands, for another writer of the same engine: SQLite only.
    pub async fn copy(&mut self) -> anyhow::Result<Option<(tempfile::TempDir, std::path::PathBuf)>> {
        let Some(file) = self.url.strip_prefix("sqlite:") else { return Ok(None) };
        self.db.close().await;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("bare.sqlite");
        std::fs::copy(file, &path)?;
        self.db = Db::open(&self.url, false).await?;
        Ok(Some((folder, path)))
    }

    fn new_keys(&mut self, written: &Written) -> Vec<Row> {
        let new = written.subjects.iter().filter(|person| self.known.insert(**person));
        new.map(|person| vec![Value::Uuid(*person), Value::Bytes(vec![0xa5; WRAPPED_BYTES]), Value::Int(1), Value::Int(0)])
            .collect()
    }

    /// Writes the rows of one commit, keys first, as the store does.
    pub async fn write(&mut self, written: &Written) -> anyhow::Result<()> {
        let keys = self.new_keys(written);
        write_keys(&self.keys, keys).await?;
        let (put, gone) = owned(written);
        write_rows(&self.db, put, gone).await
    }

    /// Time of the same commits, rows taken from memory.
    pub async fn time(&mut self, all: &[Written]) -> anyhow::Result<Duration> {
        let mut took = Duration::ZERO;
        for written in all {
            let keys = self.new_keys(written);
            let (put, gone) = owned(written);
            let started = Instant::now();
            write_keys(&self.keys, keys).await?;
            write_rows(&self.db, put, gone).await?;
            took += started.elapsed();
        }
        Ok(took)
    }

    /// Time of the same commits, one `INSERT` per row through sqlx, into tables of their own.
    pub async fn time_row_by_row(&mut self, some: &[Written]) -> anyhow::Result<Duration> {
        let mut took = Duration::ZERO;
        for written in some {
            let (put, _) = owned(written);
            let started = Instant::now();
            let mut tx = self.db.begin_write().await?;
            for (table, rows) in put {
                for row in rows {
                    one(&mut tx, table, row).await?;
                }
            }
            tx.commit().await?;
            took += started.elapsed();
        }
        Ok(took)
    }
}

type Rows = Vec<(&'static Table, Vec<Row>)>;

fn owned(written: &Written) -> (Rows, Rows) {
    let put = written.unit.rows().map(|(table, rows)| (table, rows.to_vec())).collect();
    let gone = written.unit.keys().map(|(table, keys)| (table, keys.to_vec())).collect();
    (put, gone)
}

async fn write_keys(db: &Db, keys: Vec<Row>) -> anyhow::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin_write().await?;
    tx.upsert(&PERSON_KEY, keys).await?;
    tx.commit().await?;
    Ok(())
}

async fn write_rows(db: &Db, put: Rows, gone: Rows) -> anyhow::Result<()> {
    let mut tx = db.begin_write().await?;
    for (table, keys) in gone {
        tx.delete(table, keys).await?;
    }
    for (table, rows) in put {
        tx.upsert(table, rows).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn upsert_text(engine: Engine, table: &Table, marks: impl Fn(usize) -> String) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let set: Vec<String> = names[table.key..].iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let values = (1..=names.len()).map(marks).collect::<Vec<_>>().join(", ");
    if let Some(levels) = level_table(engine, table) {
        let columns = names.join(", ");
        return format!("INSERT INTO {levels} (level, {columns}) VALUES (0, {values}) ON CONFLICT DO NOTHING");
    }
    let action = if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
    format!(
        "INSERT INTO {} ({}) VALUES ({values}) ON CONFLICT ({}) DO {action}",
        table.name,
        names.join(", "),
        names[..table.key].join(", ")
    )
}

async fn one(tx: &mut Tx, table: &Table, row: Row) -> anyhow::Result<()> {
    let text = upsert_text(tx.engine(), table, |n| format!("${n}"));
    match tx {
        Tx::Sqlite(tx) => {
            let mut query = sqlx::query(AssertSqlSafe(text));
            for value in row {
                query = match value {
                    Value::Null => query.bind(None::<i64>),
                    Value::Int(value) => query.bind(value),
                    Value::Text(value) => query.bind(value),
                    Value::Bytes(value) => query.bind(value),
                    Value::Uuid(value) => query.bind(value),
                };
            }
            query.execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            let mut query = sqlx::query(AssertSqlSafe(text));
            for (value, column) in row.into_iter().zip(table.columns) {
                query = match (value, column.ty) {
                    (Value::Int(value), _) => query.bind(value),
                    (Value::Text(value), _) => query.bind(value),
                    (Value::Bytes(value), _) => query.bind(value),
                    (Value::Uuid(value), _) => query.bind(value),
                    (Value::Null, store::value::ColumnType::Int) => query.bind(None::<i64>),
                    (Value::Null, store::value::ColumnType::Text) => query.bind(None::<String>),
                    (Value::Null, store::value::ColumnType::Bytes) => query.bind(None::<Vec<u8>>),
                    (Value::Null, store::value::ColumnType::Uuid) => query.bind(None::<Uuid>),
                };
            }
            query.execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// A rusqlite connection to a copy of the database, with the durability and cache of the store's.
pub fn open_rusqlite(path: &std::path::Path) -> anyhow::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(200);
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = {WRITER_CACHE}; PRAGMA wal_autocheckpoint = 16000;",
    ))?;
    Ok(connection)
}

/// Time of the same commits through rusqlite with cached statements, row by row.
pub fn rusqlite(connection: &mut rusqlite::Connection, all: &[Written]) -> anyhow::Result<Duration> {
    let mut took = Duration::ZERO;
    for written in all {
        let (put, gone) = owned(written);
        let started = Instant::now();
        let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for (table, keys) in &gone {
            let same: Vec<String> =
                table.columns[..table.key].iter().enumerate().map(|(n, column)| format!("{} = ?{}", column.name, n + 1)).collect();
            let same = same.join(" AND ");
            let mut statement = tx.prepare_cached(&match level_table(Engine::Sqlite, table) {
                Some(levels) => format!("DELETE FROM {levels} WHERE level IN (0, 1, 2) AND {same}"),
                None => format!("DELETE FROM {} WHERE {same}", table.name),
            })?;
            for key in keys {
                statement.execute(rusqlite::params_from_iter(key.iter().map(bound)))?;
            }
        }
        for (table, rows) in &put {
            let mut statement = tx.prepare_cached(&upsert_text(Engine::Sqlite, table, |n| format!("?{n}")))?;
            for row in rows {
                statement.execute(rusqlite::params_from_iter(row.iter().map(bound)))?;
            }
        }
        tx.commit()?;
        took += started.elapsed();
    }
    Ok(took)
}

fn bound(value: &Value) -> rusqlite::types::ToSqlOutput<'_> {
    use rusqlite::types::{ToSqlOutput, ValueRef};
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Int(value) => ValueRef::Integer(*value),
        Value::Text(value) => ValueRef::Text(value.as_bytes()),
        Value::Bytes(value) => ValueRef::Blob(value),
        Value::Uuid(value) => ValueRef::Blob(value.as_bytes()),
    })
}
