//! Exports leave our hands. De-identified is the ordinary one; a file with names is rare, told and counted (F69: lists of 7,000
//! returnees in chat groups).

use super::super::action::Action::{ExportDeidentified, ExportIdentified, ExportList, ExportRead};
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, DataAnalyst, Epidemiologist, Inspector};
use super::super::rule::{Limit, LimitKind, Rule};
use super::{DEIDENTIFIED, DEIDENTIFIED_CHAINS, FILE, WORK};

const DAY_MS: i64 = 86_400_000;

/// [P] Three files a day cover a shift's hand-over, a neighbour and the level above.
const IDENTIFIED: Limit = Limit {
    kind: LimitKind::IdentifiedExport,
    most: 3,
    per_ms: DAY_MS,
    tell_supervisor: true,
    review_within_ms: Some(DAY_MS),
};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "export.register",
        &[Epidemiologist, Commander, Inspector, DataAnalyst],
        &[ExportList, ExportRead],
        RelationSet::AREA,
        WORK,
    ),
    Rule::by_jurisdiction(
        "export.chains",
        &[Epidemiologist, DataAnalyst],
        &[ExportDeidentified],
        RelationSet::AREA,
        DEIDENTIFIED_CHAINS,
    ),
    Rule::by_jurisdiction("export.command", &[Commander], &[ExportDeidentified], RelationSet::AREA, DEIDENTIFIED),
    Rule::by_jurisdiction("export.identified", &[Epidemiologist], &[ExportIdentified], RelationSet::AREA, FILE)
        .limited(IDENTIFIED),
];
