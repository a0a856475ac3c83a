//! Outbreaks and their figures. One declared for the city is above every district that fights it. Figures under k are suppressed
//! for those without case rights (DESIGN §13.15); that is the query's work.

use super::super::action::Action::{
    OutbreakClose, OutbreakCorrect, OutbreakCreate, OutbreakFigures, OutbreakList, OutbreakRead,
};
use super::super::field::FieldGroup::Statistics;
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{
    Commander, CommunityWorker, Courier, DataAnalyst, Dispatcher, Epidemiologist, Hotline, Inspector, Laboratory,
    Sampler, Tracer,
};
use super::super::rule::Rule;
use super::{NOTHING, WORK};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "outbreak.everyone",
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
        &[OutbreakList, OutbreakRead],
        RelationSet::SAME_TREE,
        WORK,
    ),
    Rule::by_jurisdiction(
        "outbreak.figures",
        &[Epidemiologist, Commander, Inspector, DataAnalyst],
        &[OutbreakFigures],
        RelationSet::SAME_TREE,
        FieldSet::of(&[Statistics]),
    ),
    Rule::by_jurisdiction(
        "outbreak.declaring",
        &[Epidemiologist, Commander],
        &[OutbreakCreate, OutbreakCorrect, OutbreakClose],
        RelationSet::AREA,
        NOTHING,
    ),
];
