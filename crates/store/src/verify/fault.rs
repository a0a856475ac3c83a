//! What `verify` can find, and a list of it that does not grow without limit.

use uuid::Uuid;

/// One thing that is not as the journal says. `position` counts entries over all streams, in the order of their numbers.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum Fault {
    /// A row's hash does not follow from its columns and the row before.
    BrokenLink {
        /// The stream.
        stream: i64,
        /// The entry.
        seq: i64,
        /// Its place among all entries.
        position: i64,
    },
    /// A number is missing in a stream.
    Gap {
        /// The stream.
        stream: i64,
        /// The number expected.
        expected: i64,
        /// The number found.
        found: i64,
    },
    /// An entry whose stream or number is no integer.
    Misplaced {
        /// What stands for the stream.
        stream: String,
        /// What stands for the number.
        seq: String,
    },
    /// The stream's head is not its last entry.
    WrongHead {
        /// The stream.
        stream: i64,
        /// What the head says.
        head: i64,
        /// The last entry.
        last: i64,
    },
    /// An entry that was anchored is gone or differs.
    AnchorBroken {
        /// The stream.
        stream: i64,
        /// The anchored entry.
        seq: i64,
    },
    /// An entry cannot be read or applied.
    Unreadable {
        /// The stream.
        stream: i64,
        /// The entry.
        seq: i64,
        /// Its place among all entries.
        position: i64,
        /// Why.
        reason: String,
    },
    /// A stream's entries could not be read further.
    CutShort {
        /// The stream.
        stream: i64,
        /// The last entry that was read.
        after: i64,
        /// What the engine said.
        reason: String,
    },
    /// An aggregate's history lacks a version.
    MissingVersion {
        /// The aggregate.
        aggregate: Uuid,
        /// The version missing.
        version: i64,
    },
    /// A table differs from what replay gives.
    Differs {
        /// The table.
        table: &'static str,
        /// Rows found.
        rows: i64,
        /// Rows that replay gives.
        replayed: i64,
        /// Key of the first differing row.
        first: String,
    },
    /// A table cannot be read to its end.
    UnreadableTable {
        /// The table.
        table: &'static str,
        /// What the engine said.
        reason: String,
    },
    /// A declared table is not there.
    Absent {
        /// The table.
        table: &'static str,
    },
    /// A table nobody declared.
    Undeclared {
        /// The table.
        table: String,
    },
}

/// Faults that a report lists; a journal written over as a whole has one for each of millions of entries.
const LISTED: usize = 10_000;

/// Faults as they are found.
#[derive(Default)]
pub(super) struct Faults {
    listed: Vec<Fault>,
    more: i64,
}

impl Faults {
    pub fn push(&mut self, fault: Fault) {
        if self.listed.len() < LISTED {
            self.listed.push(fault);
        } else {
            self.more += 1;
        }
    }

    pub fn append(&mut self, other: Self) {
        other.listed.into_iter().for_each(|fault| self.push(fault));
        self.more += other.more;
    }

    /// Those listed, and the number of those that are not.
    pub fn into_parts(self) -> (Vec<Fault>, i64) {
        (self.listed, self.more)
    }
}
