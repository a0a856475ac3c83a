//! Samples. Laboratory and courier know a token, never a name (G09).

use super::super::action::Action::{
    SampleAssign, SampleCorrect, SampleCreate, SampleHandOver, SampleList, SampleRead, SampleRecordResult,
};
use super::super::field::FieldGroup::{Clinical, Identity, Operational};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{
    Commander, Courier, DataAnalyst, Dispatcher, Epidemiologist, Inspector, Laboratory, Sampler, Tracer,
};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{DEIDENTIFIED, FILE, NOTHING, WORK};

const TOKEN: FieldSet = FieldSet::of(&[Operational]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "sample.epidemiologist",
        &[Epidemiologist],
        &[SampleList, SampleRead, SampleCreate, SampleCorrect, SampleAssign, SampleHandOver, SampleRecordResult],
        RelationSet::AREA,
        FILE,
    ),
    Rule::by_task(
        "sample.tracing",
        &[Tracer],
        &[SampleList, SampleRead, SampleCreate, SampleRecordResult],
        &[Task::InvestigateCase],
        FieldSet::of(&[Identity, Clinical, Operational]),
    ),
    Rule::by_task(
        "sample.sampling",
        &[Sampler],
        &[SampleList, SampleRead, SampleCreate, SampleCorrect, SampleHandOver],
        &[Task::CollectSample],
        FieldSet::of(&[Identity, Operational]),
    ),
    Rule::by_task(
        "sample.carrying",
        &[Courier],
        &[SampleList, SampleRead, SampleHandOver],
        &[Task::CarrySample],
        TOKEN,
    ),
    Rule::by_task(
        "sample.testing",
        &[Laboratory],
        &[SampleList, SampleRead, SampleHandOver, SampleRecordResult],
        &[Task::TestSample],
        FieldSet::of(&[Clinical, Operational]),
    ),
    // A positive is never refused (DESIGN §13.8): a laboratory nobody assigned may report, unverified, and sees nothing.
    Rule::by_jurisdiction(
        "sample.unasked_result",
        &[Laboratory],
        &[SampleRecordResult],
        RelationSet::ANYWHERE,
        NOTHING,
    ),
    Rule::by_jurisdiction("sample.dispatch", &[Dispatcher], &[SampleList, SampleRead], RelationSet::AREA, TOKEN),
    Rule::by_jurisdiction("sample.assigning", &[Dispatcher], &[SampleAssign], RelationSet::AREA, NOTHING)
        .not_for_self(),
    Rule::by_jurisdiction("sample.command", &[Commander], &[SampleList, SampleRead], RelationSet::AREA, WORK),
    Rule::by_jurisdiction("sample.inspection", &[Inspector], &[SampleList, SampleRead], RelationSet::AREA, WORK),
    Rule::by_jurisdiction(
        "sample.figures",
        &[DataAnalyst],
        &[SampleList, SampleRead],
        RelationSet::AREA,
        DEIDENTIFIED,
    ),
];
