//! HTTP to commands and queries, and back. Sessions, live updates, OpenAPI.
//!
//! This room does not know SQL text or a rule of the field. It translates: what may be done and seen is a table in
//! `domain::access`, which rows those are is a `Scope` in `store`.

mod app;
mod caller;
mod config;
mod credentials;
mod description;
mod endpoint;
pub mod fuzzing;
mod guard;
mod html;
mod json;
mod language;
mod metrics;
mod problem;
mod proxy;
mod query;
mod rate;
mod said;
mod serve;
mod signing;
mod stall;
mod strict;
mod texts;

pub use config::{Config, Limits, MonotonicClock, Tls};
pub use credentials::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, hash_password, totp_code};
pub use description::document;
pub use language::Language;
pub use proxy::Network;
pub use serve::{Ready, ServeError, prepare, serve};
pub use strict::Strict;
