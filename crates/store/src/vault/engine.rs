//! The two databases under the vault, and the statements whose form differs between them.

use crate::engine::{CONNECT_PATIENCE, Opened, begin_immediate};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use uuid::Uuid;

use super::identity::StorageIdentity;
use super::{VaultError, sql};

/// The format of the tables.
const SCHEMA_VERSION: i64 = 1;
/// Persons per `IN` list on SQLite.
const LOAD_CHUNK: usize = 500;
/// Rows per statement on SQLite: longer ones are slower to parse than they save.
const INSERT_CHUNK: usize = 200;
/// Servers that open a new PostgreSQL vault at one moment collide in its catalogue; the loser looks again.
const SCHEMA_ATTEMPTS: u32 = 5;

/// How long SQLite waits for another process's lock.
const BUSY: Duration = Duration::from_secs(10);

pub(super) struct PersonRow {
    pub(super) person: Uuid,
    pub(super) wrapped: Vec<u8>,
    pub(super) wrapped_under: i64,
}

type RowTuple = (Uuid, Vec<u8>, i64);

impl From<RowTuple> for PersonRow {
    fn from((person, wrapped, wrapped_under): RowTuple) -> Self {
        Self { person, wrapped, wrapped_under }
    }
}

pub(super) enum Engine {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A write transaction.
pub(super) enum Write {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The same call on either engine; sqlx's types differ, the text does not.
macro_rules! on_pool {
    ($engine:expr, $pool:ident => $body:expr) => {
        match $engine {
            Engine::Sqlite($pool) => $body,
            Engine::Postgres($pool) => $body,
        }
    };
}
macro_rules! on_write {
    ($write:expr, $tx:ident => $body:expr) => {
        match $write {
            Write::Sqlite(tx) => {
                let $tx = &mut **tx;
                $body
            }
            Write::Postgres(tx) => {
                let $tx = &mut **tx;
                $body
            }
        }
    };
}

impl Engine {
    pub(super) async fn open(url: &str) -> Result<Self, VaultError> {
        if let Some(file) = url.strip_prefix("sqlite:") {
            return open_sqlite(file.strip_prefix("//").unwrap_or(file)).await;
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options =
                PgConnectOptions::from_str(url).map_err(VaultError::opening(Opened::Address("PostgreSQL")))?;
            let options = options.application_name("firebreak vault");
            let place = Opened::from(&options);
            let pool = PgPoolOptions::new()
                .max_connections(4)
                .acquire_timeout(CONNECT_PATIENCE)
                .connect_with(options)
                .await
                .map_err(VaultError::opening(place))?;
            read_back_postgres(&pool).await?;
            return Ok(Engine::Postgres(pool));
        }
        // Only the scheme is told: an address may carry a password.
        Err(VaultError::BadUrl(url.split(':').next().unwrap_or_default().to_owned()))
    }

    pub(super) async fn refuse_foreign_tables(&self) -> Result<(), VaultError> {
        let names: Vec<(String,)> = match self {
            Engine::Sqlite(pool) => sqlx::query_as(sql::TABLE_NAMES_SQLITE).fetch_all(pool).await?,
            Engine::Postgres(pool) => sqlx::query_as(sql::TABLE_NAMES_POSTGRES).fetch_all(pool).await?,
        };
        match names.into_iter().find(|(name,)| !sql::TABLES.contains(&name.as_str())) {
            Some((table,)) => Err(VaultError::NotAVault { table }),
            None => Ok(()),
        }
    }

    pub(super) async fn create_schema(&self) -> Result<(), VaultError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.create_schema_once().await {
                Err(VaultError::Engine(sqlx::Error::Database(_))) if attempts < SCHEMA_ATTEMPTS => {}
                other => return other,
            }
        }
    }

    async fn create_schema_once(&self) -> Result<(), VaultError> {
        let (uuid, blob) = match self {
            Engine::Sqlite(_) => ("BLOB", "BLOB"),
            Engine::Postgres(_) => ("UUID", "BYTEA"),
        };
        let mut write = self.begin().await?;
        for statement in sql::SCHEMA {
            let statement = AssertSqlSafe(statement.replace("{UUID}", uuid).replace("{BLOB}", blob));
            on_write!(&mut write, tx => sqlx::query(statement).execute(tx).await.map(|_| ()))?;
        }
        write.insert_meta("schema", SCHEMA_VERSION, None).await?;
        write.insert_meta("epoch", 0, None).await?;
        let found = write.number("schema").await?.unwrap_or_default();
        if found != SCHEMA_VERSION {
            return Err(VaultError::Newer { found, known: SCHEMA_VERSION });
        }
        write.commit().await
    }

    pub(super) async fn begin(&self) -> Result<Write, VaultError> {
        Ok(match self {
            Engine::Sqlite(pool) => Write::Sqlite(begin_immediate(pool).await?),
            Engine::Postgres(pool) => Write::Postgres(pool.begin().await?),
        })
    }

    pub(super) async fn epoch(&self) -> Result<i64, VaultError> {
        let (epoch,): (i64,) =
            on_pool!(self, pool => sqlx::query_as(sql::READ_NUMBER).bind("epoch").fetch_one(pool).await)?;
        Ok(epoch)
    }

    pub(super) async fn count(&self, statement: &'static str) -> Result<i64, VaultError> {
        let (count,): (i64,) = on_pool!(self, pool => sqlx::query_as(statement).fetch_one(pool).await)?;
        Ok(count)
    }

    /// The rows of these persons that exist, in any order.
    pub(super) async fn load(&self, persons: &[Uuid]) -> Result<Vec<PersonRow>, VaultError> {
        match self {
            Engine::Sqlite(pool) => {
                let mut connection = pool.acquire().await?;
                load_sqlite(&mut connection, persons).await
            }
            Engine::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                load_postgres(&mut connection, persons).await
            }
        }
    }

    /// Empties SQLite's write-ahead log into the file, so that no older version of a page is left beside it.
    pub(super) async fn empty_log(&self) -> Result<(), VaultError> {
        let Engine::Sqlite(pool) = self else { return Ok(()) };
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await?;
        if busy == 0 { Ok(()) } else { Err(VaultError::LogNotEmptied) }
    }

    pub(super) async fn compact(&self) -> Result<(), VaultError> {
        match self {
            Engine::Sqlite(pool) => sqlx::query("VACUUM").execute(pool).await.map(|_| ())?,
            Engine::Postgres(pool) => {
                sqlx::query("ANALYZE").execute(pool).await?;
                sqlx::query("VACUUM FULL").execute(pool).await?;
                crate::engine::wal::overwrite(pool).await?;
            }
        }
        self.empty_log().await
    }

    pub(super) async fn identity(&self) -> Result<StorageIdentity, VaultError> {
        match self {
            Engine::Sqlite(pool) => {
                let path = pool.connect_options().get_filename().to_owned();
                StorageIdentity::of_file(&path)
                    .map_err(|error| VaultError::File { path: path.display().to_string(), error })
            }
            Engine::Postgres(pool) => Ok(StorageIdentity::of_database(pool).await?),
        }
    }

    pub(super) async fn close(&self) {
        on_pool!(self, pool => pool.close().await);
    }
}

impl Write {
    pub(super) async fn commit(self) -> Result<(), VaultError> {
        match self {
            Write::Sqlite(tx) => tx.commit().await?,
            Write::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(super) async fn insert_meta(
        &mut self,
        name: &str,
        number: i64,
        bytes: Option<&[u8]>,
    ) -> Result<(), VaultError> {
        on_write!(self, tx => sqlx::query(sql::INSERT_META).bind(name).bind(number).bind(bytes).execute(tx).await.map(|_| ()))?;
        Ok(())
    }

    pub(super) async fn number(&mut self, name: &str) -> Result<Option<i64>, VaultError> {
        let row: Option<(i64,)> =
            on_write!(self, tx => sqlx::query_as(sql::READ_NUMBER).bind(name).fetch_optional(tx).await)?;
        Ok(row.map(|(number,)| number))
    }

    /// The master keys this vault is wrapped under, with their checks.
    pub(super) async fn masters(&mut self) -> Result<Vec<(i64, Vec<u8>)>, VaultError> {
        Ok(on_write!(self, tx => sqlx::query_as(sql::READ_MASTERS).fetch_all(tx).await)?)
    }

    pub(super) async fn retire_masters_but(&mut self, current: i64) -> Result<(), VaultError> {
        on_write!(self, tx => sqlx::query(sql::RETIRE_MASTERS).bind(current).execute(tx).await.map(|_| ()))?;
        Ok(())
    }

    pub(super) async fn count_not_under(&mut self, number: i64) -> Result<i64, VaultError> {
        let (count,): (i64,) =
            on_write!(self, tx => sqlx::query_as(sql::COUNT_NOT_UNDER).bind(number).fetch_one(tx).await)?;
        Ok(count)
    }

    pub(super) async fn has_persons(&mut self) -> Result<bool, VaultError> {
        let row: Option<(i64,)> = on_write!(self, tx => sqlx::query_as("SELECT created_at FROM person_key LIMIT 1").fetch_optional(tx).await)?;
        Ok(row.is_some())
    }

    /// Keeps erasures out until this transaction ends, and other creators in. Returns the epoch.
    pub(super) async fn share_epoch(&mut self) -> Result<i64, VaultError> {
        let (epoch,): (i64,) = match self {
            // The transaction holds the file's only write lock.
            Write::Sqlite(tx) => sqlx::query_as(sql::READ_NUMBER).bind("epoch").fetch_one(&mut **tx).await?,
            Write::Postgres(tx) => sqlx::query_as(sql::SHARE_EPOCH_POSTGRES).fetch_one(&mut **tx).await?,
        };
        Ok(epoch)
    }

    /// Keeps creators and erasures out until this transaction ends. Returns the new epoch.
    pub(super) async fn raise_epoch(&mut self) -> Result<i64, VaultError> {
        let (epoch,): (i64,) = on_write!(self, tx => sqlx::query_as(sql::RAISE_EPOCH).fetch_one(tx).await)?;
        Ok(epoch)
    }

    pub(super) async fn load(&mut self, persons: &[Uuid]) -> Result<Vec<PersonRow>, VaultError> {
        match self {
            Write::Sqlite(tx) => load_sqlite(tx, persons).await,
            Write::Postgres(tx) => load_postgres(tx, persons).await,
        }
    }

    /// One row, held against other writers.
    pub(super) async fn lock_person(&mut self, person: Uuid) -> Result<Option<PersonRow>, VaultError> {
        let row: Option<RowTuple> = match self {
            Write::Sqlite(tx) => sqlx::query_as(sql::READ_PERSON).bind(person).fetch_optional(&mut **tx).await?,
            Write::Postgres(tx) => {
                sqlx::query_as(sql::LOCK_PERSON_POSTGRES).bind(person).fetch_optional(&mut **tx).await?
            }
        };
        Ok(row.map(PersonRow::from))
    }

    /// The next rows in key order, held against other writers.
    pub(super) async fn page(&mut self, from: Uuid, limit: i64) -> Result<Vec<PersonRow>, VaultError> {
        let rows: Vec<RowTuple> = match self {
            Write::Sqlite(tx) => sqlx::query_as(sql::PAGE_SQLITE).bind(from).bind(limit).fetch_all(&mut **tx).await?,
            Write::Postgres(tx) => {
                sqlx::query_as(sql::PAGE_POSTGRES).bind(from).bind(limit).fetch_all(&mut **tx).await?
            }
        };
        Ok(rows.into_iter().map(PersonRow::from).collect())
    }

    /// The erased classes of these persons.
    pub(super) async fn erased(&mut self, persons: &[Uuid]) -> Result<Vec<(Uuid, i64)>, VaultError> {
        match self {
            Write::Sqlite(tx) => {
                let mut erased = Vec::new();
                for chunk in persons.chunks(LOAD_CHUNK) {
                    let statement =
                        format!("SELECT person, class FROM erased_key WHERE person IN ({})", marks(chunk.len(), "?"));
                    let mut query = sqlx::query_as::<_, (Uuid, i64)>(AssertSqlSafe(statement))
                        .persistent(chunk.len() == LOAD_CHUNK);
                    for person in chunk {
                        query = query.bind(*person);
                    }
                    erased.extend(query.fetch_all(&mut **tx).await?);
                }
                Ok(erased)
            }
            Write::Postgres(tx) => {
                let statement = "SELECT person, class FROM erased_key WHERE person = ANY($1)";
                Ok(sqlx::query_as(statement).bind(persons).fetch_all(&mut **tx).await?)
            }
        }
    }

    pub(super) async fn insert_erased(&mut self, person: Uuid, class: u8, at: i64) -> Result<(), VaultError> {
        let class = i64::from(class);
        on_write!(self, tx => sqlx::query(sql::INSERT_ERASED).bind(person).bind(class).bind(at).execute(tx).await.map(|_| ()))?;
        Ok(())
    }

    /// Adds rows; those whose person has one already are left alone. Returns how many were added.
    pub(super) async fn insert(&mut self, rows: &[PersonRow], created_at: i64) -> Result<u64, VaultError> {
        match self {
            Write::Sqlite(tx) => {
                let mut added = 0;
                for chunk in rows.chunks(INSERT_CHUNK) {
                    let values = marks(chunk.len(), "(?,?,?,?)");
                    let statement = format!(
                        "INSERT INTO person_key (person, wrapped, wrapped_under, created_at) VALUES {values} ON CONFLICT (person) DO NOTHING"
                    );
                    let mut query = sqlx::query(AssertSqlSafe(statement))
                        .persistent(chunk.len() == INSERT_CHUNK || chunk.len() == 1);
                    for row in chunk {
                        query = query
                            .bind(row.person)
                            .bind(row.wrapped.as_slice())
                            .bind(row.wrapped_under)
                            .bind(created_at);
                    }
                    added += query.execute(&mut **tx).await?.rows_affected();
                }
                Ok(added)
            }
            Write::Postgres(tx) => {
                let statement = "INSERT INTO person_key (person, wrapped, wrapped_under, created_at) \
                     SELECT person, wrapped, wrapped_under, $4 FROM UNNEST($1::uuid[], $2::bytea[], $3::bigint[]) AS new (person, wrapped, wrapped_under) \
                     ON CONFLICT (person) DO NOTHING";
                let (persons, wrapped, under) = columns(rows);
                Ok(sqlx::query(statement)
                    .bind(persons)
                    .bind(wrapped)
                    .bind(under)
                    .bind(created_at)
                    .execute(&mut **tx)
                    .await?
                    .rows_affected())
            }
        }
    }

    /// Overwrites rows in place.
    pub(super) async fn overwrite(&mut self, rows: &[PersonRow]) -> Result<(), VaultError> {
        match self {
            Write::Sqlite(tx) => {
                for chunk in rows.chunks(INSERT_CHUNK) {
                    let values = marks(chunk.len(), "(?,?,?)");
                    let statement = format!(
                        "WITH new (person, wrapped, wrapped_under) AS (VALUES {values}) UPDATE person_key \
                         SET wrapped = new.wrapped, wrapped_under = new.wrapped_under FROM new WHERE person_key.person = new.person"
                    );
                    let mut query = sqlx::query(AssertSqlSafe(statement)).persistent(chunk.len() == INSERT_CHUNK);
                    for row in chunk {
                        query = query.bind(row.person).bind(row.wrapped.as_slice()).bind(row.wrapped_under);
                    }
                    query.execute(&mut **tx).await?;
                }
            }
            Write::Postgres(tx) => {
                let statement = "UPDATE person_key SET wrapped = new.wrapped, wrapped_under = new.wrapped_under \
                     FROM UNNEST($1::uuid[], $2::bytea[], $3::bigint[]) AS new (person, wrapped, wrapped_under) WHERE person_key.person = new.person";
                let (persons, wrapped, under) = columns(rows);
                sqlx::query(statement).bind(persons).bind(wrapped).bind(under).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn overwrite_one(&mut self, row: &PersonRow) -> Result<(), VaultError> {
        on_write!(self, tx => sqlx::query(sql::OVERWRITE_PERSON).bind(row.person).bind(row.wrapped.as_slice()).bind(row.wrapped_under).execute(tx).await.map(|_| ()))?;
        Ok(())
    }
}

fn columns(rows: &[PersonRow]) -> (Vec<Uuid>, Vec<&[u8]>, Vec<i64>) {
    let persons = rows.iter().map(|row| row.person).collect();
    let wrapped = rows.iter().map(|row| row.wrapped.as_slice()).collect();
    (persons, wrapped, rows.iter().map(|row| row.wrapped_under).collect())
}

/// `mark` repeated with commas.
fn marks(count: usize, mark: &str) -> String {
    let mut text = String::with_capacity(count * (mark.len() + 1));
    for _ in 0..count {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(mark);
    }
    text
}

async fn load_sqlite(
    connection: &mut sqlx::SqliteConnection,
    persons: &[Uuid],
) -> Result<Vec<PersonRow>, VaultError> {
    let mut rows = Vec::with_capacity(persons.len());
    for chunk in persons.chunks(LOAD_CHUNK) {
        let statement = format!(
            "SELECT person, wrapped, wrapped_under FROM person_key WHERE person IN ({})",
            marks(chunk.len(), "?")
        );
        let mut query = sqlx::query_as::<_, RowTuple>(AssertSqlSafe(statement))
            .persistent(chunk.len() == LOAD_CHUNK || chunk.len() == 1);
        for person in chunk {
            query = query.bind(*person);
        }
        rows.extend(query.fetch_all(&mut *connection).await?.into_iter().map(PersonRow::from));
    }
    Ok(rows)
}

async fn load_postgres(connection: &mut sqlx::PgConnection, persons: &[Uuid]) -> Result<Vec<PersonRow>, VaultError> {
    let statement = "SELECT person, wrapped, wrapped_under FROM person_key WHERE person = ANY($1)";
    let rows: Vec<RowTuple> = sqlx::query_as(statement).bind(persons).fetch_all(connection).await?;
    Ok(rows.into_iter().map(PersonRow::from).collect())
}

async fn open_sqlite(path: &str) -> Result<Engine, VaultError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if path.is_empty() || path == ":memory:" {
        return Err(VaultError::BadUrl("sqlite: without a file".to_owned()));
    }
    // Made here so that it is never readable by others, not even for a moment; SQLite gives its log the same mode.
    let created = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    created.map_err(|error| VaultError::File { path: path.to_owned(), error })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .row_buffer_size(1_000)
        .busy_timeout(BUSY);
    let failed = VaultError::opening(Opened::from(&options));
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.map_err(failed)?;
    for (setting, statement, needed) in [
        ("journal_mode", "SELECT CAST(journal_mode AS TEXT) FROM pragma_journal_mode", "wal"),
        ("synchronous", "SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous", "2"),
        ("secure_delete", "SELECT CAST(secure_delete AS TEXT) FROM pragma_secure_delete", "1"),
    ] {
        let (found,): (String,) = sqlx::query_as(statement).fetch_one(&pool).await?;
        if found != needed {
            return Err(VaultError::NotDurable { setting, found, needed });
        }
    }
    Ok(Engine::Sqlite(pool))
}

async fn read_back_postgres(pool: &PgPool) -> Result<(), VaultError> {
    for (setting, statement, needed, refused) in [
        ("fsync", "SHOW fsync", "on", "off"),
        ("full_page_writes", "SHOW full_page_writes", "on", "off"),
        // `local`, `remote_write` and `remote_apply` all wait for this machine's disk.
        ("synchronous_commit", "SHOW synchronous_commit", "on", "off"),
    ] {
        let (found,): (String,) = sqlx::query_as(statement).fetch_one(pool).await?;
        if found == refused {
            return Err(VaultError::NotDurable { setting, found, needed });
        }
    }
    Ok(())
}
