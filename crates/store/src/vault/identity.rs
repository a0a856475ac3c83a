//! What and where a database is, in terms that two addresses of one place cannot hide: device and inode of a file, system
//! identifier and number of a PostgreSQL database. `doctor` compares the vault's with the main database's.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sqlx::PgPool;

/// Where a database's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageIdentity {
    File { device: u64, inode: u64, path: PathBuf },
    Database { system: String, number: i64, name: String },
}

/// How far two databases are apart, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Separation {
    /// One and the same: whoever copies the data copies the keys.
    Same,
    /// Two files in one directory: a copy of the directory holds both.
    SameDirectory,
    /// Two files on one file system, or two databases of one PostgreSQL cluster: a copy of the disk or a physical backup
    /// of the cluster (`pg_basebackup`, `pg_dumpall`) holds both; a dump of one database does not.
    SameMachine,
    /// Nothing in common that can be seen from here.
    Apart,
}

impl StorageIdentity {
    /// Of an existing file; links are followed.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let metadata = fs::metadata(&path)?;
        Ok(StorageIdentity::File { device: metadata.dev(), inode: metadata.ino(), path })
    }

    /// Of a PostgreSQL database.
    pub async fn of_database(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let statement = "SELECT CAST((SELECT system_identifier FROM pg_control_system()) AS TEXT), CAST(oid AS BIGINT), \
             CAST(datname AS TEXT) FROM pg_database WHERE datname = current_database()";
        let (system, number, name) = sqlx::query_as(statement).fetch_one(pool).await?;
        Ok(StorageIdentity::Database { system, number, name })
    }

    /// How far this one is from another.
    pub fn separation(&self, other: &Self) -> Separation {
        use StorageIdentity::{Database, File};
        match (self, other) {
            (File { device, inode, path }, File { device: other_device, inode: other_inode, path: other_path }) => {
                if (device, inode) == (other_device, other_inode) {
                    Separation::Same
                } else if path.parent() == other_path.parent() {
                    Separation::SameDirectory
                } else if device == other_device {
                    Separation::SameMachine
                } else {
                    Separation::Apart
                }
            }
            (Database { system, number, .. }, Database { system: other_system, number: other_number, .. }) => {
                if system != other_system {
                    Separation::Apart
                } else if number == other_number {
                    Separation::Same
                } else {
                    Separation::SameMachine
                }
            }
            _ => Separation::Apart,
        }
    }
}

impl std::fmt::Display for StorageIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StorageIdentity::File { device, inode, path } => {
                write!(f, "file {} (device {device}, inode {inode})", path.display())
            }
            StorageIdentity::Database { system, number, name } => {
                write!(f, "database {name} (cluster {system}, number {number})")
            }
        }
    }
}
