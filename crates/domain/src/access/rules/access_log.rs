//! The log of reads (G11). It holds accounts, purposes and ids, not the fields that were read.

use super::super::action::Action::{AccessLogForPerson, AccessLogList, AccessLogRead, BreakGlassReview};
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, Epidemiologist, Hotline, Inspector};
use super::super::role::Task;
use super::super::rule::Rule;
use super::WORK;

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "access_log.inspection",
        &[Inspector],
        &[AccessLogList, AccessLogRead],
        RelationSet::AREA,
        WORK,
    ),
    // A person is told who read theirs: by whoever takes their request.
    Rule::by_jurisdiction(
        "access_log.telling",
        &[Inspector, Epidemiologist],
        &[AccessLogForPerson],
        RelationSet::AREA,
        WORK,
    ),
    Rule::by_task("access_log.telling_caller", &[Hotline], &[AccessLogForPerson], &[Task::AnswerCall], WORK),
    Rule::by_jurisdiction(
        "access_log.reviewing",
        &[Inspector, Epidemiologist, Commander],
        &[BreakGlassReview],
        RelationSet::AREA,
        WORK,
    )
    .two_person(),
];
