//! Places. That a school or a hospital exists is known to all; the address of a dwelling is somebody's address.

use super::super::action::Action::{PlaceCorrect, PlaceCreate, PlaceList, PlaceRead};
use super::super::field::FieldGroup::{FreeText, Location, Operational, Statistics};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{
    Commander, CommunityWorker, Courier, DataAnalyst, Dispatcher, Epidemiologist, Hotline, Inspector, Laboratory,
    Sampler, Tracer,
};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{NOTHING, WORK};

const ADDRESS: FieldSet = FieldSet::of(&[Location, Operational]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "place.everyone",
        &[
            Epidemiologist,
            Tracer,
            CommunityWorker,
            Sampler,
            Courier,
            Laboratory,
            Dispatcher,
            Hotline,
            Commander,
            Inspector,
            DataAnalyst,
        ],
        &[PlaceList, PlaceRead],
        RelationSet::SAME_TREE,
        WORK,
    ),
    Rule::by_jurisdiction(
        "place.epidemiologist",
        &[Epidemiologist],
        &[PlaceList, PlaceRead, PlaceCreate, PlaceCorrect],
        RelationSet::AREA,
        FieldSet::of(&[Location, Operational, FreeText, Statistics]),
    ),
    Rule::by_task(
        "place.tracing",
        &[Tracer],
        &[PlaceList, PlaceRead],
        &[Task::InvestigateCase, Task::FollowContact],
        ADDRESS,
    ),
    Rule::by_jurisdiction("place.naming", &[Tracer, CommunityWorker], &[PlaceCreate], RelationSet::AREA, NOTHING),
    Rule::by_task("place.follow_up", &[CommunityWorker], &[PlaceList, PlaceRead], &[Task::FollowContact], ADDRESS),
    Rule::by_task("place.supply", &[CommunityWorker], &[PlaceList, PlaceRead], &[Task::SupplyHousehold], ADDRESS),
    Rule::by_task("place.sampling", &[Sampler], &[PlaceList, PlaceRead], &[Task::CollectSample], ADDRESS),
    Rule::by_task("place.transport", &[Dispatcher], &[PlaceList, PlaceRead], &[Task::DispatchTransport], ADDRESS),
];
