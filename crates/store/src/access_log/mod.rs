//! Who read what, and why (G11; DESIGN §10). One row per read, durable before its answer leaves; rows of one stream of
//! the log are chained by hashes as the journal is.
//!
//! What is read comes out of the store as [`Unlogged`] and opens only through [`AccessLog::release`].

mod chain;
mod counts;
mod downloads;
mod entry;
mod readers;
mod review;
mod writer;

pub use chain::{LogFault, LogReport};
pub(crate) use counts::uses;
pub use downloads::Download;
pub(crate) use downloads::{export_label, taken_at};
pub use entry::{Entry, Unlogged};
pub use readers::{Read, Reader};
pub use review::ToReview;
pub use writer::{AccessLog, LogError};

use crate::{table, table::Table};

table! {
    /// Reads of personal data. `query` says what was asked, with personal values left out; `query_hash` is a keyed hash
    /// of the whole question; `ids` are 16 bytes for each record given out. `hash` chains every column to the row before.
    ACCESS_LOG "access_log" Operational 2 [["account", "action", "at"], ["at"]] {
        stream Int, seq Int, at Int, account Uuid, session Uuid opt, action Text, query Text, query_hash Bytes, ids Bytes,
        count Int, purpose Text opt, rule Text, break_glass Int, hash Bytes,
    }
}

table! {
    /// The last row of each stream of the log; its row is the stream's lock.
    ACCESS_LOG_HEAD "access_log_head" Operational 1 [] {
        stream Int, seq Int, hash Bytes, at Int,
    }
}

table! {
    /// Break-glass reads with the reader's reason and their review by another. The reason is free text, so it stands
    /// outside the chain, where an erasure can take it away.
    BREAK_GLASS "break_glass" Operational 2 [["reviewed_at"], ["person"]] {
        stream Int, seq Int, account Uuid, person Uuid, at Int, reason Text opt, reviewed_by Uuid opt, reviewed_at Int opt,
        justified Int opt,
    }
}

/// Tables of this folder.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    [&ACCESS_LOG, &ACCESS_LOG_HEAD, &BREAK_GLASS].into_iter()
}
