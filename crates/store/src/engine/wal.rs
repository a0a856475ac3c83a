//! PostgreSQL's write-ahead log after an erasure. Its files are used again and again, with what they held before still in
//! them until they are written over.

use super::DbError;
use sqlx::PgPool;

/// Writes over every file of the log: what stood in it before is gone. Twice around, since the files that are in use
/// at the start are used again only after the first time. Needs a user who may call `pg_switch_wal` and `CHECKPOINT`.
/// An archive or a standby keeps its own copy.
pub(crate) async fn overwrite(pool: &PgPool) -> Result<(), DbError> {
    written_over(pool).await.map_err(|error| match &error {
        // Insufficient privilege.
        sqlx::Error::Database(refused) if refused.code().as_deref() == Some("42501") => DbError::Schema(format!(
            "the tables were rewritten, but the write-ahead log still holds old values: the database's user may not write it over ({error}); \
             grant it pg_checkpoint, pg_monitor and EXECUTE on pg_switch_wal(), and give the command again"
        )),
        _ => error.into(),
    })
}

async fn written_over(pool: &PgPool) -> Result<(), sqlx::Error> {
    for _ in 0..2 {
        sqlx::query("CHECKPOINT").execute(pool).await?;
        let files: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM pg_ls_waldir()").fetch_one(pool).await?;
        for _ in 0..=files {
            // The switch fills the rest of a file with zeros, but does nothing in a file without an entry.
            sqlx::query("SELECT pg_logical_emit_message(false, 'firebreak', '')").execute(pool).await?;
            sqlx::query("SELECT pg_switch_wal()").execute(pool).await?;
        }
    }
    sqlx::query("CHECKPOINT").execute(pool).await?;
    Ok(())
}
