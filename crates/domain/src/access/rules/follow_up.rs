//! Entries of follow-up: seen well, seen ill, not seen. Whoever follows the contact writes and reads them.

use super::super::action::Action::{FollowUpCorrect, FollowUpList, FollowUpRead, FollowUpRecord};
use super::super::field::FieldGroup::{Clinical, FreeText, Operational};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, CommunityWorker, DataAnalyst, Epidemiologist, Inspector, Tracer};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{DEIDENTIFIED, FILE, WORK};

const ENTRY: FieldSet = FieldSet::of(&[Clinical, Operational, FreeText]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "follow_up.epidemiologist",
        &[Epidemiologist],
        &[FollowUpList, FollowUpRead, FollowUpRecord, FollowUpCorrect],
        RelationSet::AREA,
        FILE,
    ),
    Rule::by_task(
        "follow_up.following",
        &[Tracer, CommunityWorker],
        &[FollowUpList, FollowUpRead, FollowUpRecord, FollowUpCorrect],
        &[Task::FollowContact],
        ENTRY,
    ),
    Rule::by_task("follow_up.tracing", &[Tracer], &[FollowUpList, FollowUpRead], &[Task::InvestigateCase], ENTRY),
    Rule::by_jurisdiction(
        "follow_up.oversight",
        &[Commander, Inspector],
        &[FollowUpList, FollowUpRead],
        RelationSet::AREA,
        WORK,
    ),
    Rule::by_jurisdiction(
        "follow_up.figures",
        &[DataAnalyst],
        &[FollowUpList, FollowUpRead],
        RelationSet::AREA,
        DEIDENTIFIED,
    ),
];
