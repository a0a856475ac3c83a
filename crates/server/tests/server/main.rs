//! The server over real HTTP on loopback, on a real store.

mod cells;
mod client;
mod commands;
mod conflicts;
mod feed;
mod fuzzing;
mod limits;
mod matrix;
mod operations;
mod pages;
mod records;
mod revocation;
mod running;
mod session;
mod staff;
mod tls;
