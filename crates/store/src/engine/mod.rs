//! The two engines behind one face. Everything that differs between SQLite and PostgreSQL is in this folder:
//! connecting, binding, bulk statements, durability settings.

mod bulk;
mod checkpoint;
mod durability;
mod open;
mod statement;
pub(crate) mod wal;

pub use bulk::Bulk;
pub use durability::Durability;
pub(crate) use open::{CONNECT_PATIENCE, begin_immediate};
pub use open::{Conn, Db, Engine, Tx, WRITER_CACHE};
pub(crate) use statement::Found;
pub use statement::{Arg, Sql};

/// What can go wrong at the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The engine said no, or went away.
    #[error("the database answered with an error: {0}")]
    Sql(#[from] sqlx::Error),
    /// A value is not of its declared type.
    #[error(transparent)]
    Mistyped(#[from] crate::value::Mistyped),
    /// The URL is of no known engine.
    #[error("{0:?} is no database: write sqlite:FILE or postgres://USER@HOST/NAME")]
    Url(String),
    /// The engine is not set to keep what it acknowledged.
    #[error("the database would not keep what it acknowledges: {setting} is {found}, and must be {wanted}; {remedy}")]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The schema is not this program's.
    #[error("{0}")]
    Schema(String),
}

impl DbError {
    /// Whether trying again on a new connection may help: the server went away or a lock was held.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => matches!(
                error.code().as_deref(),
                Some(
                    "40001"
                        | "40P01"
                        | "57P01"
                        | "57P02"
                        | "57P03"
                        | "08000"
                        | "08003"
                        | "08006"
                        | "53300"
                        | "5"
                        | "6"
                        | "261"
                        | "517"
                )
            ),
            Self::Sql(
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_),
            ) => true,
            _ => false,
        }
    }

    /// Whether the engine has waited its whole patience already, so that waiting on would keep people at their desks from
    /// an answer: a SQLite file that another program has locked, or no connection to be had.
    pub fn has_waited(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("5" | "261"))
                    && error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
            }
            Self::Sql(sqlx::Error::PoolTimedOut) => true,
            _ => false,
        }
    }

    /// Whether the disk is full: reads go on, writes are refused until there is room.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => matches!(error.code().as_deref(), Some("13" | "53100")),
            _ => false,
        }
    }

    /// Whether the engine could not make a write durable; the writer stops (fsync errors are never retried).
    pub fn is_sync_failure(&self) -> bool {
        match self {
            // SQLITE_IOERR with any extended code.
            Self::Sql(sqlx::Error::Database(error)) => {
                error.code().and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| code & 0xff == 10)
                    && error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
            }
            _ => false,
        }
    }
}
