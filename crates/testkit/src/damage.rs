//! Damage done and looks taken past the door, as somebody with the file would do it.

use crate::postgres::PostgresCluster;
use std::collections::BTreeSet;
use store::{
    engine::{Db, DbError, Engine},
    store::Store,
    tables::JOURNAL,
    value::ColumnType,
};
use uuid::Uuid;

/// Runs statements as they are. `unguarded` first takes SQLite's NOT NULL away from the journal, as an editor of the file
/// could.
pub async fn run(url: &str, statements: &[&str], unguarded: bool) -> Result<u64, DbError> {
    let mut changed = 0;
    if unguarded {
        let db = Db::open(url, false).await?;
        let mut tx = db.begin_write().await?;
        tx.execute("PRAGMA writable_schema = ON", &[]).await?;
        let sql = "UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'journal'";
        tx.execute(sql, &[]).await?;
        tx.commit().await?;
        db.close().await;
    }
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_write().await?;
    for statement in statements {
        changed += tx.execute(statement, &[]).await?;
    }
    tx.commit().await?;
    db.close().await;
    Ok(changed)
}

/// Every value of one column type in a journal entry, for SQLite: names of columns that are not of its key.
pub fn journal_columns() -> Vec<&'static str> {
    JOURNAL.columns[JOURNAL.key..].iter().map(|column| column.name).collect()
}

/// Cuts a stream's journal off after an entry and makes its head fit, as somebody would who wants it unseen.
pub async fn cut_off(url: &str, stream: i64, after: i64) -> Result<(), DbError> {
    let cut = format!("DELETE FROM journal WHERE stream = {stream} AND seq > {after}");
    let head = format!(
        "UPDATE stream_head SET seq = {after}, \
         hash = (SELECT hash FROM journal WHERE stream = {stream} AND seq = {after}) WHERE stream = {stream}"
    );
    run(url, &[&cut, &head], false).await.map(|_| ())
}

/// Takes a stream of the log of reads away, its head too.
pub async fn cut_off_log(url: &str, stream: i64) -> Result<(), DbError> {
    let rows = format!("DELETE FROM access_log WHERE stream = {stream}");
    let head = format!("DELETE FROM access_log_head WHERE stream = {stream}");
    run(url, &[&rows, &head], false).await.map(|_| ())
}

/// Gives the database the schema version of a program to come.
pub async fn become_newer(url: &str) -> Result<(), DbError> {
    run(url, &["UPDATE schema_version SET version = version + 1"], false).await.map(|_| ())
}

/// A write transaction held open, as by another program that has the file.
pub struct Held(Db, store::engine::Tx);

/// Takes the write lock and keeps it.
pub async fn hold(url: &str) -> Result<Held, DbError> {
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_write().await?;
    if tx.engine() == Engine::Postgres {
        tx.execute("UPDATE stream_head SET seq = seq", &[]).await?;
    }
    Ok(Held(db, tx))
}

impl Held {
    /// Gives it back.
    pub async fn release(self) -> Result<(), DbError> {
        self.1.roll_back().await?;
        self.0.close().await;
        Ok(())
    }
}

/// Accepted commands as the database has them; each must be there once, with one entry: for histories whose commands have
/// one event each.
pub async fn accepted_once(store: &Store) -> Result<BTreeSet<Uuid>, String> {
    let told = |error: DbError| error.to_string();
    let mut tx = store.read().await.map_err(told)?;
    let sql = "SELECT command_id FROM outcome WHERE refusal IS NULL";
    let rows = tx.rows(sql, &[], &[ColumnType::Uuid]).await.map_err(told)?;
    let accepted: BTreeSet<Uuid> = rows.iter().filter_map(|row| row[0].opt_uuid()).collect();
    if accepted.len() != rows.len() {
        return Err(format!("{} commands have {} outcomes", accepted.len(), rows.len()));
    }
    let sql = "SELECT COUNT(*), COUNT(DISTINCT aggregate_id), COUNT(DISTINCT command_id) FROM journal";
    let counted = tx.row(sql, &[], &[ColumnType::Int; 3]).await.map_err(told)?.unwrap_or_default();
    let counted: Vec<_> = counted.iter().filter_map(|value| value.opt_int()).collect();
    if counted != vec![accepted.len() as i64; 3] {
        return Err(format!("{} accepted commands have entries, records and causes {counted:?}", accepted.len()));
    }
    Ok(accepted)
}

/// Flips the lowest bit of one byte of an entry's payload.
pub async fn flip_payload(url: &str, stream: i64, seq: i64, byte: usize) -> Result<(), DbError> {
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_write().await?;
    let select = "SELECT payload FROM journal WHERE stream = $1 AND seq = $2";
    let row = tx.row(select, &[stream.into(), seq.into()], &[ColumnType::Bytes]).await?;
    let row = row.ok_or_else(|| DbError::Schema(format!("stream {stream} has no entry {seq}")))?;
    let mut payload = row[0].bytes()?.to_vec();
    payload[byte] ^= 1;
    let update = "UPDATE journal SET payload = $1 WHERE stream = $2 AND seq = $3";
    tx.execute(update, &[payload.into(), stream.into(), seq.into()]).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// Number of rows of a table.
pub async fn count(url: &str, table: &str) -> Result<i64, DbError> {
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_read().await?;
    let row = tx.row(&format!("SELECT COUNT(*) FROM {table}"), &[], &[ColumnType::Int]).await?.unwrap_or_default();
    tx.roll_back().await?;
    db.close().await;
    Ok(row.first().and_then(|value| value.opt_int()).unwrap_or_default())
}

/// Takes an entry out of a journal.
pub async fn delete_entry(url: &str, stream: i64, seq: i64) -> Result<(), DbError> {
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_write().await?;
    tx.execute("DELETE FROM journal WHERE stream = $1 AND seq = $2", &[stream.into(), seq.into()]).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// Puts a copy of an entry under another stream and number.
pub async fn copy_entry(url: &str, stream: i64, seq: i64, to_stream: i64, to_seq: i64) -> Result<(), DbError> {
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_write().await?;
    let select = format!("SELECT {} FROM journal WHERE stream = $1 AND seq = $2", JOURNAL.column_list());
    let row = tx.row(&select, &[stream.into(), seq.into()], &JOURNAL.types()).await?;
    let mut row = row.ok_or_else(|| DbError::Schema(format!("stream {stream} has no entry {seq}")))?;
    row[0] = to_stream.into();
    row[1] = to_seq.into();
    tx.insert(&JOURNAL, vec![row]).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// A person's wrapped keys as a PostgreSQL key store holds them, to be searched for when they should be gone.
pub fn wrapped_keys(cluster: &PostgresCluster, database: &str, person: Uuid) -> Result<Vec<u8>, String> {
    let sql = format!("SELECT encode(wrapped, 'hex') FROM person_key WHERE person = '{person}'");
    let hex = cluster.psql(database, &sql)?;
    let byte = |n: usize| hex.get(2 * n..2 * n + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..hex.len() / 2).map(|n| byte(n).ok_or_else(|| format!("{hex} is not hexadecimal"))).collect()
}
