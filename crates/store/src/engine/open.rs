//! Connections and transactions.

use super::{DbError, Durability, checkpoint::Checkpointer, opening::Opened};
use sqlx::{
    Acquire as _, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{str::FromStr, time::Duration};

/// Which engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// One file, one writer.
    Sqlite,
    /// A server, several writers.
    Postgres,
}

impl Engine {
    /// As the bench prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A database of one of the two engines.
#[derive(Clone, Debug)]
pub enum Db {
    /// Readers of a file; the writer has a pool of one of its own.
    Sqlite {
        /// Readers.
        readers: SqlitePool,
        /// The one writing connection.
        writer: SqlitePool,
        /// Writes the log back beside the writer; a throw-away file has none.
        checkpoints: Option<Checkpointer>,
    },
    /// A PostgreSQL server.
    Postgres(PgPool),
}

/// Longest wait for a lock or a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait for a connection to a PostgreSQL server: one that is away is told to people while they wait.
pub(crate) const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// `cache_size` of the writing connection to a SQLite file: 16 MiB.
pub const WRITER_CACHE: &str = "-16384";
/// Prepared statements kept per connection: every bulk statement in each of its sizes.
const STATEMENTS: usize = 1_000;

impl Db {
    /// Connects, and refuses an engine that would not keep what it acknowledges. `create` makes a SQLite file.
    pub async fn open(url: &str, create: bool) -> Result<Self, DbError> {
        let db = if url.starts_with("sqlite:") {
            Self::open_sqlite(url, create).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url).map_err(DbError::opening(Opened::Address("PostgreSQL")))?;
            let options = options.statement_cache_capacity(STATEMENTS);
            let place = Opened::from(&options);
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(CONNECT_PATIENCE)
                .connect_with(options)
                .await
                .map_err(DbError::opening(place))?;
            Self::Postgres(pool)
        } else {
            return Err(DbError::Url(url.split('@').next_back().unwrap_or(url).to_owned()));
        };
        Durability::read(&db).await?.refuse_if_weak()?;
        Ok(db)
    }

    async fn open_sqlite(url: &str, create: bool) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::from_str(url).map_err(DbError::opening(Opened::Address("SQLite")))?;
        let failed = DbError::opening(Opened::from(&options));
        let options = options
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .page_size(8192)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .statement_cache_capacity(STATEMENTS)
            .row_buffer_size(5_000)
            .foreign_keys(false)
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY");
        let writing = options.clone().pragma("cache_size", WRITER_CACHE).pragma("wal_autocheckpoint", "16000");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(PATIENCE)
            .connect_with(writing)
            .await
            .map_err(&failed)?;
        let reading = options.create_if_missing(false).pragma("cache_size", "-2048");
        let checkpoints = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(0)
            .connect_lazy_with(reading.clone().pragma("wal_autocheckpoint", "0"));
        let readers = SqlitePoolOptions::new()
            .max_connections(6)
            .acquire_timeout(PATIENCE)
            .connect_with(reading)
            .await
            .map_err(&failed)?;
        Ok(Self::Sqlite { readers, writer, checkpoints: Some(Checkpointer::new(checkpoints)) })
    }

    /// A throw-away SQLite file without any durability, for replays.
    pub async fn open_scratch(path: &std::path::Path) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .locking_mode(sqlx::sqlite::SqliteLockingMode::Exclusive)
            .statement_cache_capacity(STATEMENTS)
            .row_buffer_size(5_000)
            .pragma("cache_size", "-131072");
        let failed = DbError::opening(Opened::from(&options));
        let only = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await
            .map_err(failed)?;
        Ok(Self::Sqlite { readers: only.clone(), writer: only, checkpoints: None })
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// A transaction that will write: on SQLite it has the write lock from the start.
    pub async fn begin_write(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(begin_immediate(writer).await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction that reads one state of the database.
    pub async fn begin_read(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// Notes so many rows just committed: SQLite's log is written back beside the writer.
    pub fn note_committed(&self, rows: usize) {
        if let Self::Sqlite { checkpoints: Some(checkpoints), .. } = self {
            checkpoints.note(rows);
        }
    }

    /// A connection for single statements outside a transaction (pragmas, VACUUM).
    pub async fn writer_connection(&self) -> Result<Conn, DbError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Conn::Sqlite(writer.acquire().await?),
            Self::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// Closes all connections, letting SQLite fold its WAL into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer, checkpoints } => {
                if let Some(checkpoints) = checkpoints {
                    checkpoints.close().await;
                }
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Connections of a pool that may have to be given up before one begins.
const BROKEN: usize = 16;

/// Begins a writing transaction on SQLite. A full disk makes SQLite take a transaction back by itself; the driver still
/// counts it, and such a connection would never begin another: it is given up for a new one.
pub(crate) async fn begin_immediate(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    for _ in 0..BROKEN {
        match pool.begin_with("BEGIN IMMEDIATE").await {
            Err(sqlx::Error::InvalidSavePointStatement) => pool.acquire().await?.close().await?,
            begun => return begun,
        }
    }
    pool.begin_with("BEGIN IMMEDIATE").await
}

/// A plain connection.
pub enum Conn {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl Conn {
    /// The SQLite connection, where it is one.
    pub async fn sqlite(&mut self) -> Result<Option<&mut SqliteConnection>, DbError> {
        Ok(match self {
            Self::Sqlite(connection) => Some(connection.acquire().await?),
            Self::Postgres(_) => None,
        })
    }
}

/// A transaction.
pub enum Tx {
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Commits durably.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Takes everything back.
    pub async fn roll_back(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
