//! What is said of a database that cannot be opened: which one it is, and what to do. An address may carry a password, so
//! of a server only its place and the database's name are told.

use sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};
use std::{fmt, path::PathBuf};

/// Which database it was.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A SQLite file.
    File(PathBuf),
    /// A database of a PostgreSQL server: host or folder of its socket, port, name.
    OfServer(String, u16, String),
    /// An address of this kind that cannot be read.
    Address(&'static str),
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "database file {}", file.display()),
            Self::OfServer(host, port, name) => write!(f, "database {name} of the PostgreSQL server {host}:{port}"),
            Self::Address(kind) => write!(f, "the address of a {kind} database"),
        }
    }
}

impl From<&SqliteConnectOptions> for Opened {
    fn from(options: &SqliteConnectOptions) -> Self {
        Self::File(options.get_filename().to_owned())
    }
}

impl From<&PgConnectOptions> for Opened {
    fn from(options: &PgConnectOptions) -> Self {
        let socket = options.get_socket().map(|folder| folder.display().to_string());
        let name = options.get_database().unwrap_or(options.get_username()).to_owned();
        Self::OfServer(socket.unwrap_or_else(|| options.get_host().to_owned()), options.get_port(), name)
    }
}

impl Opened {
    /// What to do about an error at it.
    pub fn remedy(&self, error: &sqlx::Error) -> &'static str {
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
        match self {
            Self::Address("PostgreSQL") => "write postgres://USER@HOST/NAME",
            Self::Address(_) => "write sqlite:FILE",
            Self::File(file) => match code.parse::<i64>().map_or(-1, |code| code & 0xff) {
                14 if !file.exists() => {
                    "there is no such file: name the right one by --database, or make it by `firebreak migrate`"
                }
                3 | 8 | 14 | 23 => {
                    "whoever runs this must be allowed to write the file and its folder, for SQLite keeps two more beside it"
                }
                26 => "this is no SQLite database: name another file, or bring it back from its backup",
                11 => "the file is damaged: bring it back from its backup",
                5 | 6 => "another program holds the file: end that one first",
                10 => "look after the disk before anything else",
                13 => "the disk is full: make room",
                _ => "run `firebreak doctor`",
            },
            Self::OfServer(..) => match error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => {
                    "look whether the server runs, listens there and has connections left"
                }
                sqlx::Error::Tls(_) => "look after the certificates, or name another sslmode in the address",
                _ if code.starts_with("28") => "correct user and password in the address",
                _ if code == "3D000" => "make it on that server by createdb, or name another",
                _ if code.starts_with("53") || code.starts_with("57") => "the server turns away just now: try again",
                _ => "see the server's own log",
            },
        }
    }
}

/// An engine's error in its own words, said once: the driver's text of it holds that of its cause.
pub fn told(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |said| said.to_string())
}
