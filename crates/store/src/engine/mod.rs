//! The two engines behind one face. Everything that differs between SQLite and PostgreSQL is in this folder:
//! connecting, binding, bulk statements, durability settings.

mod bulk;
mod checkpoint;
mod durability;
mod open;
mod opening;
mod statement;
pub(crate) mod wal;

pub use bulk::Bulk;
pub use durability::Durability;
pub(crate) use open::{CONNECT_PATIENCE, begin_immediate};
pub use open::{Conn, Db, Engine, Tx, WRITER_CACHE};
pub(crate) use opening::{Opened, told};
pub(crate) use statement::Found;
pub use statement::{Arg, Sql};

/// What can go wrong at the database.
///
/// As of every error of this crate its text says the whole of its cause, and so it has no `source`: whoever prints an error
/// with its causes would say the same again. A `#[from]` without `transparent` breaks this; a test says so.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The engine said no, or went away.
    #[error("the database answered with an error: {}", told(.0))]
    Sql(sqlx::Error),
    /// It could not be opened.
    #[error("{place} cannot be opened: {}; {remedy}", told(.error))]
    Opening {
        /// Which, without a password.
        place: String,
        /// What the engine said.
        error: sqlx::Error,
        /// What to do.
        remedy: &'static str,
    },
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

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl DbError {
    /// For what fails while a database is opened.
    pub(crate) fn opening(opened: Opened) -> impl Fn(sqlx::Error) -> Self {
        move |error| Self::Opening { place: opened.to_string(), remedy: opened.remedy(&error), error }
    }

    /// What the engine said.
    fn engine(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Sql(error) | Self::Opening { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether trying again on a new connection may help: the server went away or a lock was held.
    pub fn is_transient(&self) -> bool {
        match self.engine() {
            Some(sqlx::Error::Database(error)) => matches!(
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
            Some(
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
        match self.engine() {
            Some(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("5" | "261"))
                    && error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
            }
            Some(sqlx::Error::PoolTimedOut) => true,
            _ => false,
        }
    }

    /// Whether the disk is full: reads go on, writes are refused until there is room.
    pub fn is_disk_full(&self) -> bool {
        match self.engine() {
            Some(sqlx::Error::Database(error)) => matches!(error.code().as_deref(), Some("13" | "53100")),
            _ => false,
        }
    }

    /// Whether the engine could not make a write durable; the writer stops (fsync errors are never retried).
    pub fn is_sync_failure(&self) -> bool {
        match self.engine() {
            // SQLITE_IOERR with any extended code.
            Some(sqlx::Error::Database(error)) => {
                error.code().and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| code & 0xff == 10)
                    && error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
            }
            _ => false,
        }
    }
}
