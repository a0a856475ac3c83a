//! Durability settings, read back from the engine: what a driver or a wrapper chose is not trusted (DESIGN §4).

use super::{Db, DbError};
use sqlx::Row as _;

/// What the engine says of itself.
#[derive(Clone, Debug)]
pub struct Durability {
    /// Setting, value found, value wanted, what to do.
    pub settings: Vec<(&'static str, String, &'static str, &'static str)>,
}

const SQLITE: &[(&str, &str, &str, &str)] = &[
    ("PRAGMA journal_mode", "journal_mode", "wal", "the file must lie on a local disk"),
    ("PRAGMA synchronous", "synchronous", "2", "this is set by the program; the file may be opened by another"),
    ("PRAGMA secure_delete", "secure_delete", "1", "this is set by the program; SQLite may lack the feature"),
];

const POSTGRES: &[(&str, &str, &str, &str)] = &[
    ("SHOW fsync", "fsync", "on", "set fsync = on in postgresql.conf"),
    ("SHOW full_page_writes", "full_page_writes", "on", "set full_page_writes = on in postgresql.conf"),
    ("SHOW synchronous_commit", "synchronous_commit", "on", "set synchronous_commit = on for this database"),
];

impl Durability {
    /// Reads the settings back.
    pub async fn read(db: &Db) -> Result<Self, DbError> {
        let mut settings = Vec::new();
        match db {
            Db::Sqlite { writer, .. } => {
                let mut connection = writer.acquire().await?;
                for (sql, name, wanted, remedy) in SQLITE {
                    let row = sqlx::query(*sql).fetch_one(&mut *connection).await?;
                    let found =
                        row.try_get::<i64, _>(0).map(|n| n.to_string()).or_else(|_| row.try_get::<String, _>(0))?;
                    settings.push((*name, found, *wanted, *remedy));
                }
            }
            Db::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                for (sql, name, wanted, remedy) in POSTGRES {
                    let found: String = sqlx::query(*sql).fetch_one(&mut *connection).await?.try_get(0)?;
                    settings.push((*name, found, *wanted, *remedy));
                }
            }
        }
        Ok(Self { settings })
    }

    /// The first setting that would lose an acknowledged write is an error.
    pub fn refuse_if_weak(&self) -> Result<(), DbError> {
        // A replica's acknowledgement is more than `on`, never less.
        let strong = |found: &str, wanted: &str| found == wanted || (wanted == "on" && found == "remote_apply");
        match self.settings.iter().find(|(_, found, wanted, _)| !strong(found, wanted)) {
            Some((setting, found, wanted, remedy)) => {
                Err(DbError::NotDurable { setting, found: found.clone(), wanted, remedy })
            }
            None => Ok(()),
        }
    }
}
