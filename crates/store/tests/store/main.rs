//! The store through its own door, on both engines.

mod absent_keys;
mod access_log;

mod accounts;
mod ahead;
mod broken;
mod chain;
mod erasing;
mod errors;
mod feed;
mod histories;
mod levels;
mod post;
mod queries;
mod scope;
mod taking;
mod tampered;
mod together;
mod write_path;
