//! Cases. A name beside a diagnosis is for those who investigate it and for nobody else.

use super::super::action::Action::{
    CaseAssign, CaseClassify, CaseCorrect, CaseCreate, CaseEnterInError, CaseList, CaseRead,
};
use super::super::field::FieldGroup::{
    Clinical, ContactDetails, Epidemiology, FreeText, Identity, Location, Operational, SourceCaseIdentity,
};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, DataAnalyst, Epidemiologist, Inspector, Tracer};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{DEIDENTIFIED, DEIDENTIFIED_CHAINS, FILE, NOTHING, WORK};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "case.epidemiologist",
        &[Epidemiologist],
        &[CaseList, CaseRead, CaseCreate, CaseCorrect, CaseClassify, CaseAssign, CaseEnterInError],
        RelationSet::AREA,
        FILE,
    ),
    Rule::by_task(
        "case.investigating",
        &[Epidemiologist],
        &[CaseList, CaseRead, CaseCorrect, CaseClassify],
        &[Task::InvestigateCase],
        FILE.union(FieldSet::of(&[SourceCaseIdentity])),
    ),
    Rule::by_task(
        "case.tracing",
        &[Tracer],
        &[CaseList, CaseRead, CaseCorrect],
        &[Task::InvestigateCase],
        FieldSet::of(&[Identity, ContactDetails, Location, Clinical, Epidemiology, Operational, FreeText]),
    ),
    // Who finds a case reports it at once, from wherever they stand; reporting shows nothing back.
    Rule::by_jurisdiction("case.reporting", &[Tracer], &[CaseCreate], RelationSet::SAME_TREE, NOTHING),
    Rule::by_jurisdiction("case.command", &[Commander], &[CaseList, CaseRead], RelationSet::AREA, DEIDENTIFIED),
    Rule::by_jurisdiction("case.inspection", &[Inspector], &[CaseList, CaseRead], RelationSet::AREA, WORK),
    Rule::by_jurisdiction(
        "case.figures",
        &[DataAnalyst],
        &[CaseList, CaseRead],
        RelationSet::AREA,
        DEIDENTIFIED_CHAINS,
    ),
];
