//! What makes a case: findings, classifications, allowed changes, reinfection, release.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::figure::{Basis, Figure};
use super::reader::{COUNT, DAYS, DURATION, Section, Table};
use super::vocabulary::{Anchor, Classification, Restriction, TestKind, TestResult, Word};

/// A fact on record from which a case may be classified (DESIGN §13.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Clinical signs or imaging that fit the disease.
    Symptoms,
    /// Examined and free of clinical signs.
    NoSymptoms,
    Death,
    /// An exposure on record.
    Exposure,
    /// A link on record to a probable or confirmed case.
    EpiLink,
    /// A sample with this result of this test.
    Test(TestKind, TestResult),
    /// The laboratory reviewed the run behind a result.
    LabReview,
}

impl Finding {
    pub(super) const REMEDY: &str = "write symptoms, no_symptoms, death, exposure, epi_link, lab_review or test:KIND:RESULT, for example test:pcr:positive";
}

/// A text that names no finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no finding")]
pub struct UnknownFinding(pub String);

impl FromStr for Finding {
    type Err = UnknownFinding;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let test = || {
            let (kind, result) = text.strip_prefix("test:")?.split_once(':')?;
            Some(Finding::Test(TestKind::from_word(kind)?, TestResult::from_word(result)?))
        };
        Ok(match text {
            "symptoms" => Finding::Symptoms,
            "no_symptoms" => Finding::NoSymptoms,
            "death" => Finding::Death,
            "exposure" => Finding::Exposure,
            "epi_link" => Finding::EpiLink,
            "lab_review" => Finding::LabReview,
            _ => return test().ok_or_else(|| UnknownFinding(text.to_owned())),
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Symptoms => f.write_str("symptoms"),
            Finding::NoSymptoms => f.write_str("no_symptoms"),
            Finding::Death => f.write_str("death"),
            Finding::Exposure => f.write_str("exposure"),
            Finding::EpiLink => f.write_str("epi_link"),
            Finding::LabReview => f.write_str("lab_review"),
            Finding::Test(kind, result) => write!(f, "test:{kind}:{result}"),
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One classification of the disease and the findings it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseDefinition {
    pub classification: Classification,
    /// Whether a person so classified is one infection of the count.
    pub counts_as_infection: bool,
    /// Sets of findings; all of one set are needed.
    pub any_of: Vec<BTreeSet<Finding>>,
    #[serde(flatten)]
    pub basis: Basis,
}

impl CaseDefinition {
    /// True when the findings on record carry this classification.
    pub fn met_by(&self, findings: &BTreeSet<Finding>) -> bool {
        self.any_of.iter().any(|set| set.is_subset(findings))
    }

    /// What each alternative still lacks; empty when one is met.
    pub fn missing(&self, findings: &BTreeSet<Finding>) -> Vec<BTreeSet<Finding>> {
        if self.met_by(findings) {
            return Vec::new();
        }
        self.any_of.iter().map(|set| set.difference(findings).copied().collect()).collect()
    }
}

impl Section for CaseDefinition {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        CaseDefinition {
            classification: t.word("classification", Classification::Suspect),
            counts_as_infection: t.flag("counts_as_infection"),
            any_of: t.finding_sets("any_of"),
            basis: t.basis(),
        }
    }
}

/// Allowed changes of a case that already has a classification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transition {
    pub from: Classification,
    pub to: Vec<Classification>,
}

impl Section for Transition {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Transition { from: t.word("from", Classification::Suspect), to: t.words("to") }
    }
}

/// The disease's classifications, how a case starts and how it may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cases {
    /// Classifications a case may be opened with.
    pub initial: Vec<Classification>,
    pub definitions: Vec<CaseDefinition>,
    pub transitions: Vec<Transition>,
    pub reinfection: Reinfection,
    /// What a single test proves, where the authority limits it.
    pub testing: Option<Testing>,
}

impl Cases {
    /// The definition of a classification, if the disease has it.
    pub fn definition(&self, classification: Classification) -> Option<&CaseDefinition> {
        self.definitions.iter().find(|definition| definition.classification == classification)
    }

    /// True when a case may go from one classification to another; `None` is a case being opened.
    pub fn allows(&self, from: Option<Classification>, to: Classification) -> bool {
        match from {
            None => self.initial.contains(&to),
            Some(from) => {
                self.transitions.iter().any(|transition| transition.from == from && transition.to.contains(&to))
            }
        }
    }

    /// How the count of infections changes: +1, 0 or −1. A conversion asymptomatic → confirmed is 0 (F76).
    pub fn infection_change(&self, from: Option<Classification>, to: Classification) -> i64 {
        let counts =
            |class| i64::from(self.definition(class).is_some_and(|definition| definition.counts_as_infection));
        counts(to) - from.map_or(0, counts)
    }

    /// True when the change adds one to the count of infections.
    pub fn adds_infection(&self, from: Option<Classification>, to: Classification) -> bool {
        self.infection_change(from, to) > 0
    }
}

impl Section for Cases {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Cases {
            initial: t.words("initial"),
            definitions: t.children("definition"),
            transitions: t.children("transition"),
            reinfection: t.child("reinfection"),
            testing: t.child_if_any("testing"),
        }
    }
}

/// When a new infection of the same person is a new case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reinfection {
    /// Days between the anchors of the two episodes.
    pub minimum_interval: Figure,
}

impl Reinfection {
    /// True when the later episode is far enough from the earlier to be a reinfection.
    pub fn is_reinfection(&self, earlier: Date, later: Date) -> bool {
        super::clocks::days_between(earlier, later) >= self.minimum_interval.value
    }
}

impl Section for Reinfection {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Reinfection { minimum_interval: t.figure("minimum_interval", DAYS) }
    }
}

/// Limits of what a negative proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Testing {
    /// A first negative sampled sooner than this after onset is repeated before the case is excluded.
    pub repeat_if_negative_before: Figure,
}

impl Section for Testing {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Testing { repeat_if_negative_before: t.figure("repeat_if_negative_before", DURATION) }
    }
}

/// When a case is released; all conditions given must hold. Rules of one pack follow each other by date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseRule {
    /// First day the rule is in force; from the pack's start when absent.
    pub from: Option<Date>,
    /// Last day of isolation relative to `anchor`.
    pub through: Option<Figure>,
    pub anchor: Option<Anchor>,
    /// Negative tests in a row.
    pub consecutive_negatives: Option<Figure>,
    /// Least time between two negatives.
    pub negative_gap: Option<Figure>,
    /// A cycle threshold that counts as negative.
    pub ct_at_least: Option<Figure>,
    /// Whether clinical recovery is needed too.
    pub recovered: bool,
    /// Days after release, and what they are.
    pub afterwards: Option<Figure>,
    pub afterwards_restriction: Option<Restriction>,
    #[serde(flatten)]
    pub basis: Basis,
}

impl Section for ReleaseRule {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        ReleaseRule {
            from: t.date_if_any("from"),
            through: t.offset_if_any("through"),
            anchor: t.word_if_any("anchor"),
            consecutive_negatives: t.figure_if_any("consecutive_negatives", COUNT),
            negative_gap: t.figure_if_any("negative_gap", DURATION),
            ct_at_least: t.figure_if_any("ct_at_least", COUNT),
            recovered: t.flag("recovered"),
            afterwards: t.figure_if_any("afterwards", DAYS),
            afterwards_restriction: t.word_if_any("afterwards_restriction"),
            basis: t.basis(),
        }
    }
}
