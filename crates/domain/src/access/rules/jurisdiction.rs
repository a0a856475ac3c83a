//! Jurisdictions: public knowledge. Moving one moves rights over all that lies in it, so only those who give rights do it, and
//! only below their own: judge the new parent as well, as the target of `jurisdiction_create`.

use super::super::action::Action::{
    JurisdictionCorrect, JurisdictionCreate, JurisdictionList, JurisdictionMove, JurisdictionRead,
};
use super::super::relation::JurisdictionRelation::Below;
use super::super::relation::RelationSet;
use super::super::role::Role::{AccountAdministrator, Epidemiologist};
use super::super::rule::Rule;
use super::{EVERYONE, NOTHING, WORK};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "jurisdiction.everyone",
        EVERYONE,
        &[JurisdictionList, JurisdictionRead],
        RelationSet::ANYWHERE,
        WORK,
    ),
    Rule::by_jurisdiction(
        "jurisdiction.naming",
        &[Epidemiologist, AccountAdministrator],
        &[JurisdictionCorrect],
        RelationSet::AREA,
        NOTHING,
    ),
    Rule::by_jurisdiction(
        "jurisdiction.founding",
        &[AccountAdministrator],
        &[JurisdictionCreate],
        RelationSet::AREA,
        NOTHING,
    ),
    Rule::by_jurisdiction(
        "jurisdiction.moving",
        &[AccountAdministrator],
        &[JurisdictionMove],
        RelationSet::of(&[Below]),
        NOTHING,
    ),
];
