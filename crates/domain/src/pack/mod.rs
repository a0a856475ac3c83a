//! Disease packs: every number the engine judges by, as versioned text with mark and source.
//!
//! [`Pack::parse`] is the only way to a [`Pack`]: a text with any fault is refused with every fault's line.
//! Cases and contacts store the [`PackRef`] that judged them; [`preview`] shows what a change would move.
//! This module knows no person, case or store: it answers from dates and findings given to it.
//!
//! Sources: domain dossier §§1.0–1.8, DESIGN §§5 and 13.

mod cases;
mod checks;
mod clocks;
mod closing;
mod contacts;
mod fault;
mod figure;
mod natural;
mod preview;
mod reader;
mod set;
mod shelf;
#[cfg(test)]
mod tests;
mod vocabulary;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

pub use cases::{CaseDefinition, Cases, Finding, Reinfection, ReleaseRule, Testing, Transition, UnknownFinding};
pub use clocks::{ContactDates, NoClock, OutbreakEnd, PhaseDays, ProphylaxisChance, Slot, TestDay};
pub use closing::{EndOfOutbreak, Limits, Zero, ZeroDefinition};
pub use contacts::{
    AllowedRestrictions, Bilingual, ContactDefinition, EarlyExit, Exclusion, FollowUp, Phase, Prophylaxis,
};
pub use fault::Fault;
pub use figure::{Basis, DueTimes, Figure, FigureList};
pub use natural::{Incubation, Infectious, NaturalHistory, Spread, Window};
pub use preview::{FigureMove, PlanMove, preview, preview_plan};
pub use set::{FileFault, check_all};
pub use shelf::{SHIPPED, Shelf};
pub use vocabulary::{
    Anchor, Classification, ClockReset, ClockStart, ControlClass, EndAnchor, ExcludedPeople, ExposureKind, Grade,
    Limit, LookbackFrom, Mark, Restriction, Ring, TestKind, TestResult, Unit, WindowEnd, Word, ZeroCode,
};
pub use windows::{AnchorDates, ExposureFact, InfectiousWindow, NoWindow};

use fault::Log;
use reader::{Section, Table, read_document};

/// Largest pack text read, in bytes.
const LONGEST_TEXT: usize = 256 * 1024;

/// Names the pack that judged a record, without its content: `cn-covid-8@1`.
/// One id and version has one content for ever; [`Pack::content_hash`] proves which.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackRef {
    pub pack_id: String,
    pub version: i64,
}

impl fmt::Display for PackRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.pack_id, self.version)
    }
}

/// A published source and its quality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    pub grade: Grade,
    pub cite: String,
}

impl Section for Source {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Source { grade: t.word("grade", Grade::Copy), cite: t.text("cite") }
    }
}

/// First and last day on which the authority's rule is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Validity {
    pub from: Date,
    /// Open when absent.
    pub to: Option<Date>,
    #[serde(flatten)]
    pub basis: Basis,
}

impl Section for Validity {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Validity { from: t.date("from"), to: t.date_if_any("to"), basis: t.basis() }
    }
}

/// The rules of one authority for one disease, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pack {
    pub pack_id: String,
    pub version: i64,
    pub disease: String,
    pub authority: String,
    /// Id of the pack this one follows.
    pub supersedes: Option<String>,
    pub title: Bilingual,
    pub valid: Validity,
    pub sources: BTreeMap<String, Source>,
    pub natural_history: NaturalHistory,
    pub cases: Cases,
    pub contacts: Vec<ContactDefinition>,
    pub restrictions: AllowedRestrictions,
    pub follow_ups: Vec<FollowUp>,
    pub prophylaxis: Vec<Prophylaxis>,
    /// In the order in which they came into force.
    pub release: Vec<ReleaseRule>,
    pub end_of_outbreak: EndOfOutbreak,
    pub limits: Limits,
    pub zero: Zero,
    content_hash: String,
}

impl Pack {
    /// Reads and checks a pack text. Every fault found is returned, in the order of the text.
    pub fn parse(text: &str) -> Result<Pack, Vec<Fault>> {
        let mut log = Log::new(text);
        if text.len() > LONGEST_TEXT {
            log.fault_at(
                0..0,
                "",
                format!("{} bytes are too many for a pack", text.len()),
                format!("keep it under {LONGEST_TEXT} bytes"),
            );
            return Err(log.into_faults());
        }
        let (root, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in errors {
                let reason = format!("not TOML: {}", error.message().replace('\n', "; "));
                log.fault_at(error.span().unwrap_or(0..0), "", reason, "correct the syntax at this place");
            }
            return Err(log.into_faults());
        }
        let source_table = root.get_ref().get("sources").and_then(|value| value.get_ref().as_table());
        let source_keys: BTreeSet<String> =
            source_table.into_iter().flat_map(|table| table.keys()).map(|key| key.get_ref().to_string()).collect();
        let mut pack: Pack = read_document(&root, &source_keys, &mut log);
        pack.content_hash = content_hash(text);
        checks::run(&pack, &mut log);
        let faults = log.into_faults();
        if faults.is_empty() { Ok(pack) } else { Err(faults) }
    }

    /// The name to store on a record judged by this pack.
    pub fn reference(&self) -> PackRef {
        PackRef { pack_id: self.pack_id.clone(), version: self.version }
    }

    /// BLAKE3 of the text as read (line ends as `\n`), hexadecimal: what an adoption signs.
    pub fn content_hash(&self) -> &str {
        &self.content_hash
    }

    /// True when the authority's rule is in force on a day.
    pub fn in_force_on(&self, day: Date) -> bool {
        self.valid.from <= day && self.valid.to.is_none_or(|last| day <= last)
    }

    /// The contact definition of a ring, if the pack has the ring.
    pub fn contact_definition(&self, ring: Ring) -> Option<&ContactDefinition> {
        self.contacts.iter().find(|definition| definition.ring == ring)
    }

    /// The follow-up of a ring, if the ring is followed.
    pub fn follow_up(&self, ring: Ring) -> Option<&FollowUp> {
        self.follow_ups.iter().find(|follow_up| follow_up.ring == ring)
    }

    /// The release rule in force on a day.
    pub fn release_rule_on(&self, day: Date) -> Option<&ReleaseRule> {
        self.release.iter().rev().find(|rule| rule.from.is_none_or(|from| from <= day))
    }

    /// How the count of infections changes when a case is reclassified; a conversion adds none (F76).
    pub fn infection_change(&self, from: Option<Classification>, to: Classification) -> i64 {
        self.cases.infection_change(from, to)
    }

    /// True when opening or reclassifying a case adds one to the count of infections.
    pub fn adds_infection(&self, from: Option<Classification>, to: Classification) -> bool {
        self.cases.adds_infection(from, to)
    }
}

impl Section for Pack {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Pack {
            pack_id: t.text("pack_id"),
            version: t.ordinal("version"),
            disease: t.text("disease"),
            authority: t.text("authority"),
            supersedes: t.text_if_any("supersedes"),
            title: t.child("title"),
            valid: t.child("valid"),
            sources: t.child::<Sources>("sources").0,
            natural_history: t.child("natural_history"),
            cases: t.child("cases"),
            contacts: t.children("contact"),
            restrictions: t.child("restrictions"),
            follow_ups: t.children("follow_up"),
            prophylaxis: t.children("prophylaxis"),
            release: t.children("release"),
            end_of_outbreak: t.child("end_of_outbreak"),
            limits: t.child("limits"),
            zero: t.child("zero"),
            content_hash: String::new(),
        }
    }
}

/// The `[sources]` table: its keys are the authors' own.
struct Sources(BTreeMap<String, Source>);

impl Section for Sources {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Sources(t.keys().into_iter().map(|key| (key.clone(), t.child(&key))).collect())
    }
}

fn content_hash(text: &str) -> String {
    blake3::hash(text.replace("\r\n", "\n").as_bytes()).to_hex().to_string()
}
