//! Households: who lives together and where. A supply worker sees address and needs, no names and no diagnosis (G09).

use super::super::action::Action::{
    HouseholdAssign, HouseholdCorrect, HouseholdCreate, HouseholdList, HouseholdRead,
};
use super::super::field::FieldGroup::{ContactDetails, Identity, Location, Operational};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{CommunityWorker, DataAnalyst, Dispatcher, Epidemiologist, Sampler, Tracer};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{FILE, WORK};

const DOOR: FieldSet = FieldSet::of(&[Location, Operational]);
const MEMBERS: FieldSet = FieldSet::of(&[Identity, ContactDetails, Location, Operational]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "household.epidemiologist",
        &[Epidemiologist],
        &[HouseholdList, HouseholdRead, HouseholdCreate, HouseholdCorrect, HouseholdAssign],
        RelationSet::AREA,
        FILE,
    ),
    Rule::by_task(
        "household.tracing",
        &[Tracer],
        &[HouseholdList, HouseholdRead, HouseholdCreate, HouseholdCorrect],
        &[Task::InvestigateCase, Task::FollowContact],
        MEMBERS,
    ),
    Rule::by_task(
        "household.follow_up",
        &[CommunityWorker],
        &[HouseholdList, HouseholdRead, HouseholdCreate, HouseholdCorrect],
        &[Task::FollowContact],
        MEMBERS,
    ),
    Rule::by_task(
        "household.supply",
        &[CommunityWorker],
        &[HouseholdList, HouseholdRead],
        &[Task::SupplyHousehold],
        DOOR,
    ),
    Rule::by_task("household.sampling", &[Sampler], &[HouseholdList, HouseholdRead], &[Task::CollectSample], DOOR),
    Rule::by_task(
        "household.transport",
        &[Dispatcher],
        &[HouseholdList, HouseholdRead],
        &[Task::DispatchTransport],
        DOOR,
    ),
    Rule::by_jurisdiction(
        "household.figures",
        &[DataAnalyst],
        &[HouseholdList, HouseholdRead],
        RelationSet::AREA,
        WORK,
    ),
];
