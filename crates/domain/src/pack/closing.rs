//! When an outbreak ends, when community infection is zero, and how long a hand-off may take.

use std::collections::BTreeMap;

use serde::Serialize;

use super::contacts::Bilingual;
use super::figure::{Basis, Figure};
use super::reader::{COUNT, DAYS, DURATION, PER_100K, PERMILLE, Section, Table};
use super::vocabulary::{ControlClass, EndAnchor, Limit, ZeroCode};

/// The quiet time after the last case, and the watch kept after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndOfOutbreak {
    pub anchor: EndAnchor,
    /// Days; day 1 is the day after the anchor.
    pub quiet: Figure,
    /// Days of heightened surveillance after the end.
    pub surveillance: Option<Figure>,
}

impl Section for EndOfOutbreak {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        EndOfOutbreak {
            anchor: t.word("anchor", EndAnchor::LastCase),
            quiet: t.figure("quiet", DAYS),
            surveillance: t.figure_if_any("surveillance", DAYS),
        }
    }
}

/// How "no community infection" is judged. Never zero while a round is incomplete or results are out: UNKNOWN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Zero {
    /// The definition shown unless the outbreak chooses another.
    pub shown: ZeroCode,
    /// Least time under control before sampling.
    pub min_under_control: Figure,
    /// Share of the roster swabbed below which the answer is UNKNOWN, permille.
    pub min_round_coverage: Figure,
    /// Share of samples without result above which the answer is UNKNOWN, permille.
    pub max_unresulted_share: Figure,
    /// A conversion asymptomatic → confirmed is no new infection.
    pub exclude_conversions: bool,
    pub definitions: Vec<ZeroDefinition>,
}

impl Zero {
    /// The parameters of one definition, if the pack has it.
    pub fn definition(&self, code: ZeroCode) -> Option<&ZeroDefinition> {
        self.definitions.iter().find(|definition| definition.code == code)
    }
}

impl Section for Zero {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Zero {
            shown: t.word("shown", ZeroCode::A),
            min_under_control: t.figure("min_under_control", DURATION),
            min_round_coverage: t.figure("min_round_coverage", PERMILLE),
            max_unresulted_share: t.figure("max_unresulted_share", PERMILLE),
            exclude_conversions: t.flag("exclude_conversions"),
            definitions: t.children("definition"),
        }
    }
}

/// One definition: who counts as controlled, and for how long it must stay quiet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZeroDefinition {
    pub code: ZeroCode,
    pub title: Bilingual,
    /// A new infection in any of these classes at sampling is controlled; any other is community.
    pub controlled: Vec<ControlClass>,
    /// Days in a row below the threshold.
    pub consecutive_days: Option<Figure>,
    /// Clean rounds in a row.
    pub consecutive_rounds: Option<Figure>,
    /// Community infections a day below which it is *basically* cleared, per 100,000 residents.
    pub basic_threshold: Option<Figure>,
    /// Whether experts must judge too.
    pub expert_judgement: bool,
    /// Isolation this soon after onset (definition F).
    pub isolated_within: Option<Figure>,
    #[serde(flatten)]
    pub basis: Basis,
}

impl Section for ZeroDefinition {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        ZeroDefinition {
            code: t.word("code", ZeroCode::A),
            title: t.child("title"),
            controlled: t.words("controlled"),
            consecutive_days: t.figure_if_any("consecutive_days", DAYS),
            consecutive_rounds: t.figure_if_any("consecutive_rounds", COUNT),
            basic_threshold: t.figure_if_any("basic_threshold", PER_100K),
            expert_judgement: t.flag("expert_judgement"),
            isolated_within: t.figure_if_any("isolated_within", DURATION),
            basis: t.basis(),
        }
    }
}

/// Time limits of hand-offs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Limits(pub BTreeMap<Limit, Figure>);

impl Limits {
    /// The limit in minutes, if the pack sets one.
    pub fn minutes(&self, limit: Limit) -> Option<i64> {
        self.0.get(&limit).and_then(Figure::minutes)
    }
}

impl Section for Limits {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Limits(t.durations_by_word())
    }
}
