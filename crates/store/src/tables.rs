//! The tables that every noun shares, and the one list of all tables.
//!
//! Every growing table leads with `stream` in its key: one commit, one shard (DESIGN §4).

use crate::{access_log, accounts, closure, rows, table, table::Table};

table! {
    /// Command posts.
    STREAM "stream" Operational 1 [] {
        stream Int, code Text, name Text, jurisdiction Uuid opt, created_at Int,
    }
}

table! {
    /// The last entry of each stream's journal; its row is the stream's lock.
    STREAM_HEAD "stream_head" Operational 1 [] {
        stream Int, seq Int, hash Bytes, at Int,
    }
}

table! {
    /// What happened. `hash` chains every column of this row to the row before.
    JOURNAL "journal" Operational 2 [] {
        stream Int, seq Int, command_id Uuid, n Int, aggregate_id Uuid, aggregate_version Int, at Int,
        device_time Int opt, actor Uuid, cause Uuid opt, subject Uuid opt, kind Text, version Int, payload Bytes, hash Bytes,
    }
}

table! {
    /// The door's answers, so that a command sent twice is done once.
    OUTCOME "outcome" Operational 2 [] {
        stream Int, command_id Uuid, content Bytes, at Int, actor Uuid, first_seq Int opt, events Int opt, refusal Text opt,
    }
}

table! {
    /// Commands that wait for an id not yet known. The body is enciphered under keys of all records that it names.
    WAITING "waiting" Operational 2 [["awaited"]] {
        stream Int, command_id Uuid, awaited Uuid, since Int, actor Uuid, body Bytes,
    }
}

table! {
    /// Commands whose author saw what somebody changed meanwhile; both are kept until a person decides.
    CONFLICT "conflict" Operational 2 [["target"]] {
        stream Int, command_id Uuid, target Uuid, since Int, actor Uuid, pointers Text, body Bytes, resolved_at Int opt,
        resolved_by Uuid opt,
    }
}

table! {
    /// Reactions for other streams, until they are answered.
    DISPATCH "dispatch" Operational 2 [] {
        stream Int, command_id Uuid, to_stream Int, cause Uuid, actor Uuid, body Bytes, created_at Int,
        answered_at Int opt, answer Text opt,
    }
}

table! {
    /// Whom a kept command may speak of: people, and ids not known when it was kept. Its body opens only while all of
    /// them have their keys, and by this an erasure finds it.
    SPOOL_SUBJECT "spool_subject" Operational 3 [["subject"]] {
        stream Int, command_id Uuid, subject Uuid,
    }
}

table! {
    /// The highest number each device has sent, and what it skipped.
    DEVICE "device" Operational 2 [] {
        stream Int, device_id Uuid, last_seq Int, gaps Text, seen_at Int,
    }
}

table! {
    /// The full state of each aggregate, compactly encoded; what decisions load.
    AGGREGATE "aggregate" Replayed 2 [] {
        stream Int, id Uuid, kind Int, version Int, released_to Int opt, erased Int, jurisdiction Uuid opt,
        state Bytes,
    }
}

table! {
    /// Who refers to whom; `stream` is the home of the source.
    LINK "link" Replayed 4 [] {
        stream Int, target Uuid, relation Int, source Uuid,
    }
}

table! {
    /// Keys by which records are found again.
    MATCH_KEY "match_key" Derived 3 [] {
        stream Int, key Int, id Uuid,
    }
}

table! {
    /// The last human code given, per stream and outbreak.
    CODE_COUNTER "code_counter" Derived 2 [] {
        stream Int, outbreak Uuid, last Int,
    }
}

/// The tables of this module.
const SHARED: &[&Table] = &[
    &STREAM,
    &STREAM_HEAD,
    &JOURNAL,
    &OUTCOME,
    &WAITING,
    &CONFLICT,
    &DISPATCH,
    &SPOOL_SUBJECT,
    &DEVICE,
    &AGGREGATE,
    &LINK,
    &MATCH_KEY,
    &CODE_COUNTER,
];

/// Every table of the database.
pub fn all() -> Vec<&'static Table> {
    let shared = SHARED.iter().copied().chain(closure::tables());
    shared.chain(accounts::tables()).chain(access_log::tables()).chain(rows::tables()).collect()
}
