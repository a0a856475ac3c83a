//! Damage done past the door, as somebody with the file would do it.

use crate::postgres::PostgresCluster;
use store::{
    engine::{Db, DbError},
    tables::JOURNAL,
    value::ColumnType,
};
use uuid::Uuid;

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
