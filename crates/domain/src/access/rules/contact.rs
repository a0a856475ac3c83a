//! Contacts. Who follows a contact learns neither who the source case is nor its code, nor reads the interviewer's notes, which
//! may name them. Who investigates the source case works on its contacts too.

use super::super::action::Action::{
    ContactAcknowledge, ContactAssign, ContactCorrect, ContactCreate, ContactDrop, ContactHandOver, ContactList,
    ContactPromote, ContactRead,
};
use super::super::field::FieldGroup::{
    Clinical, ContactDetails, Epidemiology, FreeText, Identity, Location, Operational, SourceCaseIdentity,
};
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, CommunityWorker, DataAnalyst, Epidemiologist, Inspector, Tracer};
use super::super::role::Task;
use super::super::rule::Rule;
use super::{DEIDENTIFIED, DEIDENTIFIED_CHAINS, FILE, WORK};

const FOLLOWED: FieldSet = FieldSet::of(&[Identity, ContactDetails, Location, Clinical, Operational]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "contact.epidemiologist",
        &[Epidemiologist],
        &[
            ContactList,
            ContactRead,
            ContactCreate,
            ContactCorrect,
            ContactAssign,
            ContactPromote,
            ContactDrop,
            ContactHandOver,
            ContactAcknowledge,
        ],
        RelationSet::AREA,
        FILE,
    ),
    // Who is asked to take a contact over sees the ring, the dates and what has been done, and answers; who it is and where they
    // live is shown once the answer is yes.
    Rule::by_offer(
        "contact.receiving",
        &[Epidemiologist],
        &[ContactList, ContactRead, ContactAcknowledge],
        FieldSet::of(&[Epidemiology, Operational]),
    ),
    Rule::by_task(
        "contact.investigating",
        &[Epidemiologist],
        &[ContactList, ContactRead, ContactCreate, ContactCorrect],
        &[Task::InvestigateCase],
        FILE.union(FieldSet::of(&[SourceCaseIdentity])),
    ),
    Rule::by_task(
        "contact.tracing",
        &[Tracer],
        &[ContactList, ContactRead, ContactCreate, ContactCorrect],
        &[Task::InvestigateCase],
        FOLLOWED.union(FieldSet::of(&[Epidemiology, FreeText])),
    ),
    Rule::by_task(
        "contact.follow_up_tracer",
        &[Tracer],
        &[ContactList, ContactRead, ContactCorrect],
        &[Task::FollowContact],
        FOLLOWED.union(FieldSet::of(&[Epidemiology])),
    ),
    Rule::by_task(
        "contact.follow_up_community",
        &[CommunityWorker],
        &[ContactList, ContactRead],
        &[Task::FollowContact],
        FOLLOWED,
    ),
    Rule::by_jurisdiction(
        "contact.command",
        &[Commander],
        &[ContactList, ContactRead],
        RelationSet::AREA,
        DEIDENTIFIED,
    ),
    Rule::by_jurisdiction("contact.inspection", &[Inspector], &[ContactList, ContactRead], RelationSet::AREA, WORK),
    Rule::by_jurisdiction(
        "contact.figures",
        &[DataAnalyst],
        &[ContactList, ContactRead],
        RelationSet::AREA,
        DEIDENTIFIED_CHAINS,
    ),
];
