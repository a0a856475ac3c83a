//! Contacts as queries read them. Slots are derived from the plan's columns: day 0 is `plan_start`, days `plan_first_day` to
//! `plan_last_day` have one visit at each of `plan_due_minutes`.

use super::{Rows, code, list, said};
use crate::{table, value::Value};
use domain::{
    fields::Kept as _,
    noun::{
        contact::{Contact, Status},
        exposure::Source,
    },
};

table! {
    /// Contacts: one person under follow-up each.
    CONTACT "contact" Replayed 2 [["outbreak", "status", "plan_last_on"], ["person_id"]] {
        stream Int, id Uuid, person_id Uuid, outbreak Uuid, jurisdiction Uuid, ring Text opt, status Text, status_on Text opt,
        drop_reason Text opt, promoted_case Uuid opt, pack_id Text, pack_version Int, identifiers Text opt, note Text opt,
        listed_on Text opt, detected_on Text, entered_site_on Text opt, meets_definition Int opt, in_window Int opt,
        first_exposure Text opt, last_exposure Text opt, plan_start Text opt, plan_first_day Int opt, plan_last_day Int opt,
        plan_last_on Text opt, plan_due_minutes Text opt, last_seen_on Text opt, offered_stream Int opt,
        offered_jurisdiction Uuid opt, offered_at Int opt, handed_over_at Int opt,
    }
}

table! {
    /// What each contact rests on. The source columns are of the field group `source_case_link`.
    CONTACT_BASIS "contact_basis" Replayed 3 [["source_case"]] {
        stream Int, contact_id Uuid, exposure_id Uuid, source_case Uuid opt, source_contact Uuid opt, source_place Uuid opt,
    }
}

table! {
    /// Steps of each follow-up: listed, lost, completed, promoted, dropped, taken up again, brought into a closer ring.
    CONTACT_STEP "contact_step" Replayed 3 [] {
        stream Int, contact_id Uuid, n Int, status Text, ring Text opt, from_day Text, recorded_at Int, recorded_by Uuid,
    }
}

table! {
    /// Entries of follow-up.
    FOLLOW_UP "follow_up" Replayed 3 [] {
        stream Int, contact_id Uuid, n Int, on_day Text opt, slot Int opt, mode Text opt, state Text opt,
        temperature_tenths Int opt, symptoms Text opt, seen_by Uuid opt, note Text opt, recorded_at Int, recorded_by Uuid,
        corrected_at Int opt,
    }
}

pub(super) fn rows(contact: &Contact, rows: &mut Rows<'_>) {
    let fields = &contact.fields;
    let permit = &rows.permit;
    let plan = contact.judgement.plan.as_ref();
    let status = contact.status();
    let (reason, case) = match &status {
        Status::Dropped(reason) => (code(Some(reason)), None),
        Status::Promoted(case) => (Value::Null, Some(case.0)),
        _ => (Value::Null, None),
    };
    let row = [
        Value::Uuid(contact.id.0),
        Value::Uuid(contact.person.0),
        Value::Uuid(contact.outbreak.0),
        Value::Uuid(contact.jurisdiction.0),
        code(Some(&contact.judgement.ring)),
        Value::from(status.name()),
        Value::or_null(contact.history.last().map(|step| step.on.to_string())),
        reason,
        Value::or_null(case),
        Value::from(&contact.pack.pack_id),
        Value::Int(contact.pack.version),
        list(fields.identifiers.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.note.as_ref().and_then(|field| field.shown(permit))),
        said(fields.listed_on.as_ref().map(|field| field.0)),
        Value::from(&contact.detected_on().to_string()),
        said(fields.entered_site_on.as_ref().map(|field| field.0)),
        Value::or_null(contact.judgement.meets_definition.map(i64::from)),
        Value::or_null(contact.judgement.in_window.map(i64::from)),
        Value::or_null(plan.and_then(|plan| plan.dates.first_exposure).map(|date| date.to_string())),
        Value::or_null(plan.and_then(|plan| plan.dates.last_exposure).map(|date| date.to_string())),
        Value::or_null(plan.map(|plan| plan.start.to_string())),
        Value::or_null(plan.map(|plan| plan.first_day)),
        Value::or_null(plan.map(|plan| plan.last_day)),
        Value::or_null(plan.map(|plan| plan.last_date().to_string())),
        list(plan.map(|plan| &plan.due_minutes)),
        Value::or_null(contact.last_seen_on().map(|date| date.to_string())),
        Value::or_null(contact.offer.as_ref().map(|offer| offer.to.0)),
        Value::or_null(contact.offer.as_ref().map(|offer| offer.jurisdiction.0)),
        Value::or_null(contact.offer.as_ref().map(|offer| offer.offered_at)),
        Value::or_null(contact.handed_over_at),
    ];
    rows.push(&CONTACT, row);
    bases(contact, rows);
    steps(contact, rows);
    entries(contact, rows);
}

fn bases(contact: &Contact, rows: &mut Rows<'_>) {
    for basis in &contact.bases {
        let (case, other, place) = match basis.source {
            Source::Case(id) => (Some(id.0), None, None),
            Source::Contact(id) => (None, Some(id.0), None),
            Source::Place(id) => (None, None, Some(id.0)),
        };
        let row = [
            Value::Uuid(contact.id.0),
            Value::Uuid(basis.exposure.0),
            Value::or_null(case),
            Value::or_null(other),
            Value::or_null(place),
        ];
        rows.push(&CONTACT_BASIS, row);
    }
}

fn steps(contact: &Contact, rows: &mut Rows<'_>) {
    for (n, step) in contact.history.iter().enumerate() {
        let row = [
            Value::Uuid(contact.id.0),
            Value::Int(n as i64),
            Value::from(step.status.name()),
            code(Some(&step.ring)),
            Value::from(&step.on.to_string()),
            Value::Int(step.recorded_at),
            Value::Uuid(step.recorded_by.0),
        ];
        rows.push(&CONTACT_STEP, row);
    }
}

fn entries(contact: &Contact, rows: &mut Rows<'_>) {
    for (n, entry) in contact.entries.iter().enumerate() {
        let fields = &entry.fields;
        let permit = &rows.permit;
        let row = [
            Value::Uuid(contact.id.0),
            Value::Int(n as i64),
            Value::or_null(fields.on.as_ref().map(|on| on.0.to_string())),
            Value::or_null(fields.slot.as_ref().map(|slot| slot.0)),
            code(fields.mode.as_ref().map(|mode| &mode.0)),
            code(fields.state.as_ref().map(|state| &state.0)),
            Value::or_null(fields.temperature_tenths.as_ref().and_then(|field| field.shown(permit)).copied()),
            list(fields.symptoms.as_ref().and_then(|field| field.shown(permit))),
            Value::or_null(fields.seen_by.as_ref().map(|account| account.0.0)),
            Value::or_null(fields.note.as_ref().and_then(|field| field.shown(permit))),
            Value::Int(entry.recorded_at),
            Value::Uuid(entry.recorded_by.0),
            Value::or_null(entry.corrected_at),
        ];
        rows.push(&FOLLOW_UP, row);
    }
}
