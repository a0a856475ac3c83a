//! Teams, and the areas given to them. An area opens the records in it and a member sees what the team is assigned, so nobody
//! adds themselves to a team or gives an area to their own.

use super::super::action::Action::{
    TeamAddMember, TeamAssignArea, TeamCorrect, TeamCreate, TeamEndMember, TeamList, TeamRead,
};
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, Dispatcher, Epidemiologist};
use super::super::rule::Rule;
use super::{EVERYONE, NOTHING, WORK};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction("team.everyone", EVERYONE, &[TeamList, TeamRead], RelationSet::AREA, WORK),
    Rule::by_jurisdiction(
        "team.leading",
        &[Epidemiologist, Commander, Dispatcher],
        &[TeamCreate, TeamCorrect, TeamEndMember],
        RelationSet::AREA,
        NOTHING,
    ),
    Rule::by_jurisdiction(
        "team.entrusting",
        &[Epidemiologist, Commander, Dispatcher],
        &[TeamAddMember, TeamAssignArea],
        RelationSet::AREA,
        NOTHING,
    )
    .not_for_self(),
];
