//! Assignments as records: who works on what. Making one is an action on the record it opens (`case_assign`, `contact_assign`,
//! `sample_assign`, `household_assign`, `team_assign_area`).

use super::super::action::Action::{AssignmentEnd, AssignmentList, AssignmentRead};
use super::super::field::FieldGroup::Operational;
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{
    Commander, CommunityWorker, Courier, Dispatcher, Epidemiologist, Hotline, Inspector, Laboratory, Sampler, Tracer,
};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{NOTHING, WORK};

const MINE: FieldSet = FieldSet::of(&[Operational]);
const READING: &[super::super::action::Action] = &[AssignmentList, AssignmentRead];

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "assignment.leading",
        &[Epidemiologist, Commander, Dispatcher, Inspector],
        READING,
        RelationSet::AREA,
        WORK,
    ),
    Rule::by_jurisdiction(
        "assignment.ending",
        &[Epidemiologist, Commander, Dispatcher],
        &[AssignmentEnd],
        RelationSet::AREA,
        NOTHING,
    ),
    Rule::by_task("assignment.tracing", &[Tracer], READING, &[Task::InvestigateCase, Task::FollowContact], MINE),
    Rule::by_task("assignment.follow_up", &[CommunityWorker], READING, &[Task::FollowContact], MINE),
    Rule::by_task("assignment.supply", &[CommunityWorker], READING, &[Task::SupplyHousehold], MINE),
    Rule::by_task("assignment.testing", &[Sampler], READING, &[Task::CollectSample], MINE),
    Rule::by_task("assignment.carrying", &[Courier], READING, &[Task::CarrySample], MINE),
    Rule::by_task("assignment.laboratory", &[Laboratory], READING, &[Task::TestSample], MINE),
    Rule::by_task("assignment.calls", &[Hotline], READING, &[Task::AnswerCall], MINE),
];
