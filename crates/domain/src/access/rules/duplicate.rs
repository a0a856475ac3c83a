//! Suspected duplicates show two people side by side. A pair over two jurisdictions is judged once for each and joined by
//! `Decision::both`.

use super::super::action::Action::{
    DuplicateDismiss, DuplicateList, DuplicateMerge, DuplicateRead, DuplicateSuspect, DuplicateUnmerge,
};
use super::super::relation::RelationSet;
use super::super::role::Role::Epidemiologist;
use super::super::rule::Rule;
use super::FILE;

pub(super) const RULES: &[Rule] = &[Rule::by_jurisdiction(
    "duplicate.epidemiologist",
    &[Epidemiologist],
    &[DuplicateList, DuplicateRead, DuplicateSuspect, DuplicateMerge, DuplicateUnmerge, DuplicateDismiss],
    RelationSet::AREA,
    FILE,
)];
