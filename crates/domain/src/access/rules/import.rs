//! Imports bring whole line lists, and their error files hold what people are.

use super::super::action::Action::{ImportList, ImportPreview, ImportRead, ImportResolve, ImportRun};
use super::super::relation::RelationSet;
use super::super::role::Role::{Epidemiologist, Inspector};
use super::super::rule::Rule;
use super::{FILE, WORK};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "import.epidemiologist",
        &[Epidemiologist],
        &[ImportList, ImportRead, ImportPreview, ImportRun, ImportResolve],
        RelationSet::AREA,
        FILE,
    ),
    Rule::by_jurisdiction("import.inspection", &[Inspector], &[ImportList, ImportRead], RelationSet::AREA, WORK),
];
