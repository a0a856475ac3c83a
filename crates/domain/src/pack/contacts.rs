//! Who is a contact, how contacts are followed and what may protect them.

use serde::Serialize;

use super::figure::{Basis, DueTimes, Figure, FigureList};
use super::reader::{COUNT, DAYS, DURATION, Section, Table};
use super::vocabulary::{ClockReset, ClockStart, ExcludedPeople, ExposureKind, LookbackFrom, Restriction, Ring};

/// A text in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bilingual {
    pub zh: String,
    pub en: String,
}

impl Section for Bilingual {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Bilingual { zh: t.text("zh"), en: t.text("en") }
    }
}

/// What puts a person into a ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactDefinition {
    pub ring: Ring,
    pub title: Bilingual,
    pub kinds: Vec<ExposureKind>,
    pub lookback_from: LookbackFrom,
    /// Days before the anchor from which exposures count; 0 for rings counted from another contact.
    pub lookback: Figure,
    /// A longer look-back in use where the published one was found too short.
    pub lookback_wide: Option<Figure>,
    /// Shortest exposure that counts; 0 is any duration.
    pub min_minutes: Figure,
    #[serde(flatten)]
    pub basis: Basis,
}

impl Section for ContactDefinition {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        ContactDefinition {
            ring: t.word("ring", Ring::Ring1),
            title: t.child("title"),
            kinds: t.words("kinds"),
            lookback_from: t.word("lookback_from", LookbackFrom::CaseAnchor),
            lookback: t.figure("lookback", DAYS),
            lookback_wide: t.figure_if_any("lookback_wide", DAYS),
            min_minutes: t.figure("min_minutes", &[super::vocabulary::Unit::Minutes]),
            basis: t.basis(),
        }
    }
}

/// The follow-up of one ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowUp {
    pub ring: Ring,
    /// The days the clock may count from; the first that is known is used.
    pub clock: Vec<ClockStart>,
    /// Events that start the clock again.
    pub resets: Vec<ClockReset>,
    /// Days after the start; the last day is included.
    pub term: Figure,
    pub slots_per_day: Figure,
    pub due: DueTimes,
    /// An entry missing this long after it was due goes to the supervisor.
    pub missing_alarm: Figure,
    /// Whole days unseen after which a contact is lost to follow-up.
    pub lost_after: Figure,
    pub phases: Vec<Phase>,
    pub exclusion: Option<Exclusion>,
    pub early_exit: Option<EarlyExit>,
    /// Swabs taken together by different reagents or laboratories before exit.
    pub exit_swabs: Option<Figure>,
}

impl Section for FollowUp {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        FollowUp {
            ring: t.word("ring", Ring::Ring1),
            clock: t.words("clock"),
            resets: t.words_if_any("resets"),
            term: t.figure("term", DAYS),
            slots_per_day: t.figure("slots_per_day", COUNT),
            due: t.due_times("due"),
            missing_alarm: t.figure("missing_alarm", DURATION),
            lost_after: t.figure("lost_after", DAYS),
            phases: t.children("phase"),
            exclusion: t.child_if_any("exclusion"),
            early_exit: t.child_if_any("early_exit"),
            exit_swabs: t.figure_if_any("exit_swabs", COUNT),
        }
    }
}

/// One stretch of a follow-up, with what it asks of the person. A restriction here is a proposal, never an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Phase {
    pub restriction: Restriction,
    /// Days.
    pub length: Figure,
    /// Days of this phase, from 1, on which a test is due.
    pub test_days: Option<FigureList>,
}

impl Section for Phase {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Phase {
            restriction: t.word("restriction", Restriction::Monitoring),
            length: t.figure("length", DAYS),
            test_days: t.figures_if_any("test_days", DAYS),
        }
    }
}

/// Exclusion from named activities beside the follow-up (measles: day 5 after first to day 21 after last exposure).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    pub applies_to: ExcludedPeople,
    pub from_day_after_first: Figure,
    pub through_day_after_last: Figure,
}

impl Section for Exclusion {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Exclusion {
            applies_to: t.word("applies_to", ExcludedPeople::Everyone),
            from_day_after_first: t.figure("from_day_after_first", DAYS),
            through_day_after_last: t.figure("through_day_after_last", DAYS),
        }
    }
}

/// Ends the follow-up of a contact of a contact when the linked contact stays negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlyExit {
    pub linked_contact_negatives: Figure,
    pub gap: Figure,
}

impl Section for EarlyExit {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        EarlyExit {
            linked_contact_negatives: t.figure("linked_contact_negatives", COUNT),
            gap: t.figure("gap", DURATION),
        }
    }
}

/// A protection offered after exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prophylaxis {
    pub code: String,
    pub title: Bilingual,
    pub rings: Vec<Ring>,
    /// Latest time after first exposure; no limit when absent.
    pub within: Option<Figure>,
    #[serde(flatten)]
    pub basis: Basis,
}

impl Section for Prophylaxis {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Prophylaxis {
            code: t.text("code"),
            title: t.child("title"),
            rings: t.words("rings"),
            within: t.figure_if_any("within", DURATION),
            basis: t.basis(),
        }
    }
}

/// The kinds of follow-up the disease allows (DESIGN §13.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AllowedRestrictions {
    pub allowed: Vec<Restriction>,
    #[serde(flatten)]
    pub basis: Basis,
}

impl Section for AllowedRestrictions {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        AllowedRestrictions { allowed: t.words("allowed"), basis: t.basis() }
    }
}
