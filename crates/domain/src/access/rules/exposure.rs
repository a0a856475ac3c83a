//! Exposures: who met whom. The one who serves the contact sees that it was, when and how; not with whom, and not in which
//! area, which is the source's (`Statistics`).

use super::super::action::Action::{ExposureCorrect, ExposureCreate, ExposureList, ExposureRead};
use super::super::field::FieldGroup::{
    Epidemiology, FreeText, Location, Operational, SourceCaseIdentity, Statistics,
};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, DataAnalyst, Epidemiologist, Tracer};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{DEIDENTIFIED, DEIDENTIFIED_CHAINS, FILE};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "exposure.epidemiologist",
        &[Epidemiologist],
        &[ExposureList, ExposureRead, ExposureCreate, ExposureCorrect],
        RelationSet::AREA,
        FILE,
    ),
    Rule::by_task(
        "exposure.investigating",
        &[Epidemiologist],
        &[ExposureList, ExposureRead, ExposureCreate, ExposureCorrect],
        &[Task::InvestigateCase],
        FILE.union(FieldSet::of(&[SourceCaseIdentity])),
    ),
    Rule::by_task(
        "exposure.tracing",
        &[Tracer],
        &[ExposureList, ExposureRead, ExposureCreate, ExposureCorrect],
        &[Task::InvestigateCase],
        FieldSet::of(&[Location, Epidemiology, Operational, FreeText, Statistics]),
    ),
    Rule::by_task(
        "exposure.follow_up",
        &[Tracer],
        &[ExposureList, ExposureRead],
        &[Task::FollowContact],
        FieldSet::of(&[Epidemiology, Operational]),
    ),
    Rule::by_jurisdiction(
        "exposure.command",
        &[Commander],
        &[ExposureList, ExposureRead],
        RelationSet::AREA,
        DEIDENTIFIED,
    ),
    Rule::by_jurisdiction(
        "exposure.figures",
        &[DataAnalyst],
        &[ExposureList, ExposureRead],
        RelationSet::AREA,
        DEIDENTIFIED_CHAINS,
    ),
];
