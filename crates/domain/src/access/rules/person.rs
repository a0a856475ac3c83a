//! People. Only who answers for an area searches by name; everybody else reads those assigned, and beyond that asks one exact
//! identifier and hears match or no match (DESIGN §13.10; F71: 26,000 could search, and the register was sold).

use super::super::action::Action::{
    PersonBreakGlass, PersonCorrect, PersonCreate, PersonList, PersonMatch, PersonRead, PersonSearch,
};
use super::super::field::FieldGroup::{ContactDetails, FreeText, Identity, Location, Operational};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, CommunityWorker, Dispatcher, Epidemiologist, Hotline, Sampler, Tracer};
use super::super::role::{Purpose, Task};
use super::super::rule::{Limit, LimitKind, Rule};
use super::{FILE, NOTHING};

const HOUR_MS: i64 = 3_600_000;

/// [P] One look-up a minute is a busy telephone; more is a harvest.
const MATCH: Limit =
    Limit { kind: LimitKind::Match, most: 60, per_ms: HOUR_MS, tell_supervisor: false, review_within_ms: None };

/// DESIGN §13.10: limited, told, reviewed within 24 h. [P] three in a day.
const BREAK_GLASS: Limit = Limit {
    kind: LimitKind::BreakGlass,
    most: 3,
    per_ms: 24 * HOUR_MS,
    tell_supervisor: true,
    review_within_ms: Some(24 * HOUR_MS),
};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "person.epidemiologist",
        &[Epidemiologist],
        &[PersonList, PersonRead, PersonSearch, PersonCreate, PersonCorrect],
        RelationSet::AREA,
        FILE,
    ),
    Rule::by_task(
        "person.tracing",
        &[Tracer],
        &[PersonList, PersonRead, PersonCorrect],
        &[Task::InvestigateCase, Task::FollowContact],
        FieldSet::of(&[Identity, ContactDetails, Location, Operational, FreeText]),
    ),
    Rule::by_jurisdiction("person.naming_tracing", &[Tracer], &[PersonCreate], RelationSet::AREA, NOTHING)
        .while_open(&[Task::InvestigateCase, Task::FollowContact]),
    Rule::by_jurisdiction("person.naming_follow_up", &[CommunityWorker], &[PersonCreate], RelationSet::AREA, NOTHING)
        .while_open(&[Task::FollowContact]),
    Rule::by_jurisdiction("person.naming_sampling", &[Sampler], &[PersonCreate], RelationSet::AREA, NOTHING)
        .while_open(&[Task::CollectSample]),
    Rule::by_task(
        "person.follow_up",
        &[CommunityWorker],
        &[PersonList, PersonRead, PersonCorrect],
        &[Task::FollowContact],
        FieldSet::of(&[Identity, ContactDetails, Location, Operational]),
    ),
    Rule::by_task(
        "person.supply",
        &[CommunityWorker],
        &[PersonList, PersonRead],
        &[Task::SupplyHousehold],
        FieldSet::of(&[Location, Operational]),
    ),
    Rule::by_task(
        "person.sampling",
        &[Sampler],
        &[PersonList, PersonRead],
        &[Task::CollectSample],
        FieldSet::of(&[Identity, Location, Operational]),
    ),
    Rule::by_task(
        "person.transport",
        &[Dispatcher],
        &[PersonList, PersonRead],
        &[Task::DispatchTransport],
        FieldSet::of(&[Identity, ContactDetails, Location, Operational]),
    ),
    Rule::by_jurisdiction("person.match_hotline", &[Hotline], &[PersonMatch], RelationSet::SAME_TREE, NOTHING)
        .while_open(&[Task::AnswerCall])
        .limited(MATCH),
    Rule::by_jurisdiction(
        "person.match_tracing",
        &[Epidemiologist, Tracer],
        &[PersonMatch],
        RelationSet::SAME_TREE,
        NOTHING,
    )
    .while_open(&[Task::InvestigateCase, Task::FollowContact])
    .limited(MATCH),
    Rule::by_jurisdiction(
        "person.match_follow_up",
        &[CommunityWorker],
        &[PersonMatch],
        RelationSet::SAME_TREE,
        NOTHING,
    )
    .while_open(&[Task::FollowContact])
    .limited(MATCH),
    Rule::by_jurisdiction("person.match_sampling", &[Sampler], &[PersonMatch], RelationSet::SAME_TREE, NOTHING)
        .while_open(&[Task::CollectSample])
        .limited(MATCH),
    Rule::by_jurisdiction(
        "person.break_glass",
        &[Epidemiologist, Tracer, CommunityWorker, Dispatcher, Hotline, Commander],
        &[PersonBreakGlass],
        RelationSet::SAME_TREE,
        FieldSet::of(&[Identity, ContactDetails, Location]),
    )
    .purpose(Purpose::Care)
    .limited(BREAK_GLASS),
];
