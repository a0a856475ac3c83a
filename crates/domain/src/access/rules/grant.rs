//! Grants. Nobody gives one to themselves, nor outside their own jurisdiction; `may_hold` keeps administration apart from all else.

use super::super::action::Action::{GrantCreate, GrantEnd, GrantList, GrantRead};
use super::super::field::FieldGroup::Operational;
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{AccountAdministrator, Inspector};
use super::super::rule::Rule;
use super::NOTHING;

const POST: FieldSet = FieldSet::of(&[Operational]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "grant.register",
        &[AccountAdministrator, Inspector],
        &[GrantList, GrantRead],
        RelationSet::AREA,
        POST,
    ),
    Rule::by_jurisdiction("grant.giving", &[AccountAdministrator], &[GrantCreate], RelationSet::AREA, NOTHING)
        .not_for_self(),
    Rule::by_jurisdiction("grant.ending", &[AccountAdministrator], &[GrantEnd], RelationSet::AREA, NOTHING),
];
