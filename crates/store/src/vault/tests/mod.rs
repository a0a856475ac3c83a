//! The vault through its public door, each rule on both engines.

mod backup;
mod engines;
mod erase;
mod keys;
mod master;
