//! What an installation is kept by: copies, identities, heads to be anchored, what waits, and erasures to be completed.

use crate::{
    accounts::AccountError,
    closure,
    engine::{Arg, Db, DbError, Engine, wal},
    schema,
    store::Store,
    value::{ColumnType, Value},
    vault::StorageIdentity,
    writer::load_aggregates,
};
use domain::{
    access::{self, Action, Decision, Target},
    id::{ErasureId, OutbreakId, PersonId, StreamId},
    kernel::Relation,
    noun::{Of as _, contact::Contact, erasure::Erasure},
};
use std::{collections::BTreeSet, path::Path};
use uuid::Uuid;

/// The last entry of a stream: what an anchor signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The stream.
    pub stream: i64,
    /// Number of its last entry.
    pub seq: i64,
    /// Chain hash of that entry.
    pub hash: [u8; 32],
}

/// What waits, and since when (milliseconds UTC).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Lateness {
    /// Envelopes that wait for a record.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<i64>,
    /// Reactions sent to another stream without answer.
    pub unanswered: i64,
    /// Since when the oldest of them is without answer.
    pub unanswered_since: Option<i64>,
}

/// The schema version of the database at an address; `None` where there is no schema. Nothing is made or changed.
pub async fn schema_of(url: &str) -> Result<Option<i64>, DbError> {
    let db = Db::open(url, false).await?;
    let version = schema::version(&db).await;
    db.close().await;
    version
}

/// Whether the database at an address holds no table of anybody. A PostgreSQL database must exist.
pub async fn is_empty(url: &str) -> Result<bool, DbError> {
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_read().await?;
    let sql = match tx.engine() {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master",
        Engine::Postgres => "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()",
    };
    let row = tx.row(sql, &[], &[ColumnType::Int]).await?;
    tx.roll_back().await?;
    db.close().await;
    Ok(row.and_then(|row| row.first().and_then(Value::opt_int)) == Some(0))
}

/// Whether anybody has an account in the database, or a command post: whether it is more than an empty schema.
pub async fn is_used(url: &str) -> Result<bool, DbError> {
    let db = Db::open(url, false).await?;
    let mut tx = db.begin_read().await?;
    let sql = "SELECT (SELECT COUNT(*) FROM account) + (SELECT COUNT(*) FROM stream)";
    let row = tx.row(sql, &[], &[ColumnType::Int]).await?;
    tx.roll_back().await?;
    db.close().await;
    Ok(row.and_then(|row| row.first().and_then(Value::opt_int)).is_some_and(|count| count > 0))
}

/// Writes a consistent copy of a SQLite database into a new file while the database is in use.
pub async fn copy_sqlite(url: &str, file: &Path) -> Result<(), DbError> {
    let db = Db::open(url, false).await?;
    if let Db::Sqlite { readers, .. } = &db {
        let path = file.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO ?1").bind(path).execute(readers).await?;
    }
    db.close().await;
    Ok(())
}

impl Store {
    /// What and where the database is, to be compared with the key store's.
    pub async fn identity(&self) -> Result<StorageIdentity, DbError> {
        match self.db() {
            Db::Sqlite { readers, .. } => {
                let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'";
                let path: String = sqlx::query_scalar(sql).fetch_one(readers).await?;
                Ok(StorageIdentity::of_file(Path::new(&path)).map_err(sqlx::Error::Io)?)
            }
            Db::Postgres(pool) => Ok(StorageIdentity::of_database(pool).await?),
        }
    }

    /// The last entry of every stream that has one.
    pub async fn stream_heads(&self) -> Result<Vec<Head>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT stream, seq, hash FROM stream_head WHERE seq > 0 ORDER BY stream";
        let rows = tx.rows(sql, &[], &[ColumnType::Int, ColumnType::Int, ColumnType::Bytes]).await?;
        let mut heads = Vec::new();
        for row in rows {
            let bytes = row[2].bytes()?;
            let hash = bytes
                .try_into()
                .map_err(|_| DbError::Schema("a stream's head is not 32 bytes; run `firebreak verify`".into()))?;
            heads.push(Head { stream: row[0].int()?, seq: row[1].int()?, hash });
        }
        Ok(heads)
    }

    /// What waits.
    pub async fn lateness(&self) -> Result<Lateness, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT (SELECT COUNT(DISTINCT command_id) FROM waiting), (SELECT MIN(since) FROM waiting), \
             (SELECT COUNT(*) FROM dispatch WHERE answered_at IS NULL), \
             (SELECT MIN(created_at) FROM dispatch WHERE answered_at IS NULL)";
        let row = tx.row(sql, &[], &[ColumnType::Int; 4]).await?.unwrap_or_default();
        let of = |n: usize| row.get(n).and_then(Value::opt_int);
        Ok(Lateness {
            waiting: of(0).unwrap_or(0),
            waiting_since: of(1),
            unanswered: of(2).unwrap_or(0),
            unanswered_since: of(3),
        })
    }

    /// The database server's clock, milliseconds UTC; `None` on SQLite, which has none of its own.
    pub async fn server_clock(&self) -> Result<Option<i64>, DbError> {
        let Db::Postgres(pool) = self.db() else { return Ok(None) };
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        Ok(Some(sqlx::query_scalar(sql).fetch_one(pool).await?))
    }

    /// A property of the database, such as `ledger_head`.
    pub async fn property(&self, name: &str) -> Result<Option<String>, DbError> {
        schema::property(self.db(), name).await
    }

    /// Writes a property of the database.
    pub async fn set_property(&self, name: &str, value: &str) -> Result<(), DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "INSERT INTO property (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
        tx.execute(sql, &[name.into(), value.into()]).await?;
        tx.commit().await
    }

    /// The home of a record.
    pub async fn home(&self, id: Uuid) -> Result<Option<StreamId>, DbError> {
        let mut tx = self.read().await?;
        Ok(load_aggregates(&mut tx, BTreeSet::from([id])).await?.get(&id).map(|located| located.stream))
    }

    /// An erasure file with its home. Whoever calls has judged the act, or judges it by [`Store::judge_record`].
    pub async fn erasure_file(&self, id: ErasureId) -> Result<Option<(StreamId, Erasure)>, DbError> {
        let mut tx = self.read().await?;
        let found = load_aggregates(&mut tx, BTreeSet::from([id.0])).await?.remove(&id.0);
        Ok(found.and_then(|located| Erasure::of(&located.aggregate).cloned().map(|file| (located.stream, file))))
    }

    /// A person's record and all that were merged into it, directly or through others.
    pub async fn with_merged(&self, person: PersonId) -> Result<Vec<PersonId>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT source FROM link WHERE target = $1 AND relation = $2 ORDER BY source";
        let mut records = vec![person];
        let mut next = 0;
        while let Some(record) = records.get(next).copied() {
            next += 1;
            let args: [Arg; 2] = [record.0.into(), (Relation::MergedInto as i64).into()];
            for row in tx.rows(sql, &args, &[ColumnType::Uuid]).await? {
                let merged = PersonId(row[0].uuid()?);
                if !records.contains(&merged) {
                    records.push(merged);
                }
            }
        }
        Ok(records)
    }

    /// Requests that were approved, with the people whose values they erase: what the ledger must hold.
    pub async fn approved_erasures(&self) -> Result<Vec<(ErasureId, PersonId)>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT DISTINCT erasure, person_id FROM erasure_request WHERE ending = $1 ORDER BY erasure";
        let rows = tx.rows(sql, &["approved".into()], &[ColumnType::Uuid, ColumnType::Uuid]).await?;
        rows.iter().map(|row| Ok((ErasureId(row[0].uuid()?), PersonId(row[1].uuid()?)))).collect()
    }

    /// The follow-ups of an outbreak that are under way. Whoever calls has judged the act, and shows no person.
    pub async fn running_follow_ups(&self, outbreak: OutbreakId) -> Result<Vec<Contact>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT id FROM contact WHERE outbreak = $1 AND status IN ('followed', 'lost') ORDER BY id";
        let ids = tx.ids(sql, &[outbreak.0.into()]).await?;
        let found = load_aggregates(&mut tx, ids).await?;
        Ok(found.values().filter_map(|located| Contact::of(&located.aggregate).cloned()).collect())
    }

    /// What the access table says of an act on a record.
    pub async fn judge_record(&self, by: &access::Actor, action: Action, id: Uuid) -> Result<Decision, DbError> {
        let mut tx = self.read().await?;
        let targets = crate::query::targets(&mut tx, &[id]).await?;
        Ok(access::answer(by, action, targets.get(&id)))
    }

    /// Refuses an act that the access table does not allow in an area.
    pub async fn judge_area(&self, by: &access::Actor, action: Action, area: Uuid) -> Result<(), AccountError> {
        let mut tx = self.read().await?;
        let lineage = closure::lineages(&mut tx, &[area]).await?.remove(&area).unwrap_or_default();
        let decision = access::answer(by, action, Some(&Target { lineage, ..Target::default() }));
        if decision.allowed { Ok(()) } else { Err(AccountError::Denied(Box::new(decision))) }
    }

    /// Takes erased bytes out of what the engine keeps beside its rows: SQLite empties its write-ahead log (and with
    /// `compact` rewrites the file); PostgreSQL, with `compact`, rewrites its tables, then its statistics and write-ahead
    /// log. `false` where the log is being read and was not emptied: run it again.
    pub async fn scrub(&self, compact: bool) -> Result<bool, DbError> {
        match self.db() {
            Db::Sqlite { writer, .. } => {
                if compact {
                    sqlx::query("VACUUM").execute(writer).await?;
                }
                let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer).await?;
                Ok(busy == 0)
            }
            Db::Postgres(pool) => {
                if compact {
                    // First the statistics, which hold samples of values; rewriting then takes out their old rows too.
                    sqlx::query("ANALYZE").execute(pool).await?;
                    sqlx::query("VACUUM FULL").execute(pool).await?;
                    wal::overwrite(pool).await?;
                }
                Ok(true)
            }
        }
    }
}
