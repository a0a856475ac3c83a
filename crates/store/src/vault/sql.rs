//! Every fixed statement of the vault; one text for both engines. `{UUID}` and `{BLOB}` are the engine's type names.
//! Bulk statements, whose length follows their rows, are made in [`super::engine`].

pub(super) const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS vault_meta (name TEXT PRIMARY KEY NOT NULL, number BIGINT NOT NULL, bytes {BLOB})",
    "CREATE TABLE IF NOT EXISTS person_key (person {UUID} PRIMARY KEY NOT NULL, wrapped {BLOB} NOT NULL, \
     wrapped_under BIGINT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS erased_key (person {UUID} NOT NULL, class BIGINT NOT NULL, at BIGINT NOT NULL, \
     PRIMARY KEY (person, class))",
];
/// The tables above; another name in the database means that it is not a vault.
pub(super) const TABLES: [&str; 3] = ["vault_meta", "person_key", "erased_key"];

pub(super) const TABLE_NAMES_SQLITE: &str =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
pub(super) const TABLE_NAMES_POSTGRES: &str = "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";

pub(super) const INSERT_META: &str =
    "INSERT INTO vault_meta (name, number, bytes) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
pub(super) const READ_NUMBER: &str = "SELECT number FROM vault_meta WHERE name = $1";
/// Creators share this row, an erasure or the end of a rotation holds it alone. SQLite locks the file instead.
pub(super) const SHARE_EPOCH_POSTGRES: &str = "SELECT number FROM vault_meta WHERE name = 'epoch' FOR SHARE";
pub(super) const RAISE_EPOCH: &str =
    "UPDATE vault_meta SET number = number + 1 WHERE name = 'epoch' RETURNING number";
pub(super) const READ_MASTERS: &str =
    "SELECT number, bytes FROM vault_meta WHERE name LIKE 'master/%' ORDER BY number";
pub(super) const RETIRE_MASTERS: &str = "DELETE FROM vault_meta WHERE name LIKE 'master/%' AND number <> $1";

pub(super) const COUNT_PERSONS: &str = "SELECT COUNT(*) FROM person_key";
pub(super) const COUNT_NOT_UNDER: &str = "SELECT COUNT(*) FROM person_key WHERE wrapped_under <> $1";
pub(super) const READ_PERSON: &str = "SELECT person, wrapped, wrapped_under FROM person_key WHERE person = $1";
pub(super) const LOCK_PERSON_POSTGRES: &str =
    "SELECT person, wrapped, wrapped_under FROM person_key WHERE person = $1 FOR UPDATE";
pub(super) const OVERWRITE_PERSON: &str = "UPDATE person_key SET wrapped = $2, wrapped_under = $3 WHERE person = $1";
pub(super) const INSERT_ERASED: &str =
    "INSERT INTO erased_key (person, class, at) VALUES ($1, $2, $3) ON CONFLICT (person, class) DO NOTHING";

/// The next rows of a rotation, in key order.
pub(super) const PAGE_SQLITE: &str =
    "SELECT person, wrapped, wrapped_under FROM person_key WHERE person >= $1 ORDER BY person LIMIT $2";
pub(super) const PAGE_POSTGRES: &str =
    "SELECT person, wrapped, wrapped_under FROM person_key WHERE person >= $1 ORDER BY person LIMIT $2 FOR UPDATE";
