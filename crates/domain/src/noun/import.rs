//! Imports: one file of rows on its way in. The rows themselves come as commands of their nouns; this record says what
//! was sent, how far it went and what became of each row, so that none is lost unseen (F01: a spreadsheet's row limit
//! swallowed 15,841 positives).

use super::{About, MAX_LINE_CHARS, MatchKey, Noun, at_most};
use crate::{
    access::Action,
    id::{AccountId, ImportId, JurisdictionId},
    journaled,
    kernel::{Context, Kind, Stamp},
    refusal::Refusal,
    seal::Reading,
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What became of rows. Every row ends under exactly one of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Counts {
    /// Made a record.
    pub created: i64,
    /// Changed a record.
    pub updated: i64,
    /// Found what it says already there.
    pub unchanged: i64,
    /// Waits in the queue of duplicates.
    pub duplicate: i64,
    /// Changed here too since the file was made; waits for a person.
    pub conflict: i64,
    /// Names something not yet known.
    pub waiting: i64,
    /// Refused, with its reason in the errors file.
    pub refused: i64,
}

impl Counts {
    /// The seven counts in the order of their fields.
    pub fn each(self) -> [i64; 7] {
        [self.created, self.updated, self.unchanged, self.duplicate, self.conflict, self.waiting, self.refused]
    }

    /// All rows accounted for; `None` where a count is negative or the sum is beyond any file.
    pub fn total(self) -> Option<i64> {
        self.each().into_iter().try_fold(0i64, |sum, count| sum.checked_add(count).filter(|_| count >= 0))
    }
}

/// An import as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// The area whose records it brings; access follows it.
    pub jurisdiction: JurisdictionId,
    /// The noun its rows are about.
    pub as_noun: String,
    /// Name of the file, without its folder.
    pub file_name: String,
    /// BLAKE3 of the file, hexadecimal.
    pub file_blake3: String,
    /// BLAKE3 of the mapping, hexadecimal.
    pub mapping_blake3: String,
    /// Rows of the file, once known.
    pub rows: Option<i64>,
    /// Rows dealt with.
    pub rows_done: i64,
    /// What became of them.
    pub counts: Counts,
    /// When it was started, milliseconds UTC.
    pub started_at: i64,
    /// Who started it.
    pub started_by: AccountId,
    /// When it was complete; it takes nothing after that.
    pub completed_at: Option<i64>,
}

/// What can be asked of imports.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Starts an import. The same file after a complete import starts a new one.
    Start {
        /// Its id.
        id: ImportId,
        /// The area whose records it brings.
        jurisdiction: JurisdictionId,
        /// The noun its rows are about.
        as_noun: String,
        /// Name of the file, without its folder.
        file_name: String,
        /// BLAKE3 of the file, hexadecimal.
        file_blake3: String,
        /// BLAKE3 of the mapping, hexadecimal.
        mapping_blake3: String,
        /// Rows of the file, if counted beforehand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rows: Option<i64>,
    },
    /// Says how far it is; where it was interrupted it goes on from here.
    Progress {
        /// The import.
        id: ImportId,
        /// Rows dealt with so far.
        rows_done: i64,
        /// What became of them.
        counts: Counts,
    },
    /// Says that every row of the file is dealt with.
    Complete {
        /// The import.
        id: ImportId,
        /// Rows of the file as read to its end.
        rows: i64,
        /// What became of them.
        counts: Counts,
    },
}

/// An import was started.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// Its id.
    pub id: ImportId,
    /// The area whose records it brings.
    pub jurisdiction: JurisdictionId,
    /// The noun its rows are about.
    pub as_noun: String,
    /// Name of the file.
    pub file_name: String,
    /// BLAKE3 of the file.
    pub file_blake3: String,
    /// BLAKE3 of the mapping.
    pub mapping_blake3: String,
    /// Rows of the file, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
}

/// It went on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progressed {
    /// Rows dealt with so far.
    pub rows_done: i64,
    /// What became of them.
    pub counts: Counts,
}

/// Every row is dealt with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completed {
    /// Rows of the file.
    pub rows: i64,
    /// What became of them.
    pub counts: Counts,
}

/// What happens to imports.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Started.
    Started(Started),
    /// Went on.
    Progressed(Progressed),
    /// Complete.
    Completed(Completed),
}

journaled!(Event:
    Started "import.started" 1,
    Progressed "import.progressed" 1,
    Completed "import.completed" 1,
);
seals! { Started: ; Progressed: ; Completed: ; Import: ; }

impl Noun for Import {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Start { id, .. } | Command::Progress { id, .. } | Command::Complete { id, .. } => id.0,
        }
    }

    fn action(_: &Command) -> Action {
        Action::ImportRun
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Start { jurisdiction, .. } => Some(*jurisdiction),
            _ => None,
        }
    }

    fn decide(this: Option<&Self>, command: &Command, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Start { .. }) => start(command),
            (Some(_), Command::Start { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(Import { completed_at: Some(_), id, .. }), _) => Err(Refusal::rule("batch_closed").about(*id)),
            (Some(import), Command::Progress { rows_done, counts, .. }) => {
                accounted(import, *rows_done, *counts)?;
                if import.rows.is_some_and(|rows| *rows_done > rows) {
                    return Err(Refusal::rule("rows_not_accounted").at("rows_done").about(import.id));
                }
                if (import.rows_done, import.counts) == (*rows_done, *counts) {
                    return Err(Refusal::rule("nothing_changes"));
                }
                Ok(vec![Event::Progressed(Progressed { rows_done: *rows_done, counts: *counts })])
            }
            (Some(import), Command::Complete { rows, counts, .. }) => {
                accounted(import, *rows, *counts)?;
                if import.rows.is_some_and(|expected| expected != *rows) {
                    return Err(Refusal::rule("rows_not_accounted").at("rows").about(import.id));
                }
                Ok(vec![Event::Completed(Completed { rows: *rows, counts: *counts })])
            }
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        match (this, event) {
            (None, Event::Started(made)) => Some(Self {
                id: made.id,
                jurisdiction: made.jurisdiction,
                as_noun: made.as_noun.clone(),
                file_name: made.file_name.clone(),
                file_blake3: made.file_blake3.clone(),
                mapping_blake3: made.mapping_blake3.clone(),
                rows: made.rows,
                rows_done: 0,
                counts: Counts::default(),
                started_at: stamp.at,
                started_by: stamp.actor,
                completed_at: None,
            }),
            (Some(import), Event::Progressed(step)) => {
                Some(Self { rows_done: step.rows_done, counts: step.counts, ..import })
            }
            (Some(import), Event::Completed(end)) => Some(Self {
                rows: Some(end.rows),
                rows_done: end.rows,
                counts: end.counts,
                completed_at: Some(stamp.at),
                ..import
            }),
            _ => None,
        }
    }

    fn about(&self) -> About {
        About { jurisdiction: Some(self.jurisdiction), ..About::default() }
    }

    /// A running import is found by its file, so that it goes on instead of starting again.
    /// By its file: one that was broken off goes on, and one that was complete tells what its rows made.
    fn match_keys(&self, _: &Reading) -> Vec<MatchKey> {
        vec![MatchKey::new("import", &[&self.file_blake3])]
    }
}

fn start(command: &Command) -> Result<Vec<Event>, Refusal> {
    let Command::Start { id, jurisdiction, as_noun, file_name, file_blake3, mapping_blake3, rows } = command else {
        return Err(Refusal::rule("unknown_body"));
    };
    if !Kind::ALL.iter().any(|kind| kind.name() == as_noun) {
        return Err(Refusal::rule("unknown_noun").at("as_noun"));
    }
    at_most("file_name", file_name, MAX_LINE_CHARS)?;
    for (pointer, hash) in [("file_blake3", file_blake3), ("mapping_blake3", mapping_blake3)] {
        if hash.len() != 64 || !hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Refusal::rule("not_a_hash").at(pointer));
        }
    }
    if rows.is_some_and(|rows| rows < 0) {
        return Err(Refusal::rule("impossible_number").at("rows"));
    }
    Ok(vec![Event::Started(Started {
        id: *id,
        jurisdiction: *jurisdiction,
        as_noun: as_noun.clone(),
        file_name: file_name.clone(),
        file_blake3: file_blake3.clone(),
        mapping_blake3: mapping_blake3.clone(),
        rows: *rows,
    })])
}

/// F01: the counts add up to the rows, and no row once accounted for goes missing.
fn accounted(import: &Import, rows: i64, counts: Counts) -> Result<(), Refusal> {
    if counts.total() != Some(rows) || rows < import.rows_done {
        return Err(Refusal::rule("rows_not_accounted").at("counts").about(import.id));
    }
    Ok(())
}
