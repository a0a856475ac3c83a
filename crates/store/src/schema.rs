//! The schema: made from the table declarations, versioned, and checked against them.

use crate::{
    engine::{Db, DbError, Engine},
    levels::level_table,
    table::Table,
    tables,
    value::ColumnType,
};

/// Version of the schema this program writes.
pub const VERSION: i64 = 1;

/// Tables whose rows hold a whole command, event or page of ids.
const LONG_ROWS: &[&str] = &["journal", "waiting", "conflict", "dispatch", "access_log"];

/// Indexes over a part of a table. What changed a record after it was made: those who ask what became of a record since
/// a file knew it find its entries without reading the journal; entries that make a record, as a large import's do, cost
/// nothing here.
const PARTIAL: &[(&str, &str)] =
    &[("journal", "CREATE INDEX journal_later ON journal (aggregate_id) WHERE aggregate_version > 1")];

/// Statements that make one table and its indexes.
pub fn ddl(engine: Engine, table: &Table) -> Vec<String> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let ty = match (engine, column.ty) {
                (Engine::Sqlite, ColumnType::Int) => "INTEGER",
                (Engine::Postgres, ColumnType::Int) => "BIGINT",
                (_, ColumnType::Text) => "TEXT",
                (Engine::Sqlite, ColumnType::Bytes | ColumnType::Uuid) => "BLOB",
                (Engine::Postgres, ColumnType::Bytes) => "BYTEA",
                (Engine::Postgres, ColumnType::Uuid) => "UUID",
            };
            format!("{} {ty}{}", column.name, if column.nullable { "" } else { " NOT NULL" })
        })
        .collect();
    let key: Vec<&str> = table.columns[..table.key].iter().map(|column| column.name).collect();
    // A clustered key on SQLite: one B-tree per table instead of two. Not where a row may be longer than a quarter of a
    // page: in a clustered tree each of those takes an overflow page of its own.
    let clustered = engine == Engine::Sqlite && !LONG_ROWS.contains(&table.name);
    let suffix = if clustered { " WITHOUT ROWID" } else { "" };
    let (columns, key) = (columns.join(", "), key.join(", "));
    if let Some(levels) = level_table(engine, table) {
        return vec![
            format!("CREATE TABLE {levels} (level INTEGER NOT NULL, {columns}, PRIMARY KEY (level, {key})){suffix}"),
            format!(
                "CREATE VIEW {} AS SELECT {} FROM {levels} WHERE level IN (0, 1, 2)",
                table.name,
                table.column_list()
            ),
        ];
    }
    let mut statements = vec![format!("CREATE TABLE {} ({columns}, PRIMARY KEY ({key})){suffix}", table.name)];
    for index in table.indexes {
        statements.push(format!(
            "CREATE INDEX {}_{} ON {} ({})",
            table.name,
            index.join("_"),
            table.name,
            index.join(", ")
        ));
    }
    let partial = PARTIAL.iter().filter(|(name, _)| *name == table.name);
    statements.extend(partial.map(|(_, statement)| (*statement).to_owned()));
    statements
}

/// Tables the schema itself keeps.
pub const OWN_TABLES: &[&str] = &["schema_version", "property"];

const CREATE_VERSION: &str =
    "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
const CREATE_PROPERTY: &str = "CREATE TABLE property (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)";

/// The version a database has; `None` for an empty one.
pub async fn version(db: &Db) -> Result<Option<i64>, DbError> {
    let mut tx = db.begin_read().await?;
    let catalogue = match tx.engine() {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
        Engine::Postgres => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'schema_version'"
        }
    };
    let present = tx.row(catalogue, &[], &[ColumnType::Int]).await?;
    if present.and_then(|row| row.first().and_then(|value| value.opt_int())) != Some(1) {
        return Ok(None);
    }
    let row = tx.row("SELECT MAX(version) FROM schema_version", &[], &[ColumnType::Int]).await?;
    Ok(row.and_then(|row| row.first().and_then(|value| value.opt_int())))
}

/// What to do about a database of another version.
pub fn mismatch(found: i64) -> DbError {
    DbError::Schema(if found > VERSION {
        format!(
            "this database has schema {found}, this program knows up to {VERSION}: use the newer program; nothing was changed"
        )
    } else {
        format!("this database has schema {found}: run `firebreak migrate`, which makes a backup first")
    })
}

/// Makes the schema in an empty database. A database of another version is refused with what to do.
pub async fn prepare(db: &Db, epoch: uuid::Uuid, exercise: bool, now: i64) -> Result<(), DbError> {
    match version(db).await? {
        Some(VERSION) => return Ok(()),
        Some(other) => return Err(mismatch(other)),
        None => {}
    }
    let mut tx = db.begin_write().await?;
    let engine = tx.engine();
    for statement in [CREATE_VERSION, CREATE_PROPERTY] {
        tx.execute(statement, &[]).await?;
    }
    for table in tables::all() {
        for statement in ddl(engine, table) {
            tx.execute(&statement, &[]).await?;
        }
    }
    tx.execute("INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)", &[VERSION.into(), now.into()])
        .await?;
    let insert = "INSERT INTO property (name, value) VALUES ($1, $2)";
    tx.execute(insert, &["epoch".into(), epoch.to_string().into()]).await?;
    tx.execute(insert, &["exercise".into(), (if exercise { "yes" } else { "no" }).into()]).await?;
    tx.commit().await
}

/// A property of the database: `epoch`, `exercise`.
pub async fn property(db: &Db, name: &str) -> Result<Option<String>, DbError> {
    let mut tx = db.begin_read().await?;
    let row = tx.row("SELECT value FROM property WHERE name = $1", &[name.into()], &[ColumnType::Text]).await?;
    Ok(row.and_then(|row| row.first().and_then(|value| value.opt_text().map(str::to_owned))))
}
