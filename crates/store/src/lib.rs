//! What has happened. One write, one transaction: events, rows, audit link, outcome; on SQLite and PostgreSQL.
//!
//! This room does not know the rules of the field: it stores what `domain::decide` returned.

pub mod absent_keys;
pub mod access_log;
pub mod accounts;
pub mod anchor;
pub mod anchor_known;
pub mod cipher;
pub mod closure;
pub mod conflict;
pub mod engine;
pub mod erasing;
pub mod feed;
pub mod levels;
pub mod matching;
pub mod origin;
pub mod query;
pub mod rows;
pub mod schema;
pub mod scope_sql;
pub mod state;
pub mod store;
pub mod table;
pub mod tables;
pub mod upkeep;
pub mod value;
pub mod vault;
pub mod verify;
pub mod writer;
