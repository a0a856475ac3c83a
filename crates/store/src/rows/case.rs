//! Cases as queries read them.

use super::{Rows, code, day, list, said};
use crate::{table, value::Value};
use domain::{fields::Kept as _, noun::case::Case};

table! {
    /// Cases: one infection episode each.
    CASE_RECORD "case_record" Replayed 2 [["outbreak", "classification", "onset_day"]] {
        stream Int, id Uuid, person_id Uuid, outbreak Uuid, jurisdiction Uuid, number Int, code Text,
        classification Text, identifiers Text opt, infected_on Text opt, onset_on Text opt, onset_day Text opt,
        rash_onset_on Text opt, first_positive_on Text opt, reported_on Text opt, admitted_on Text opt, isolated_on Text opt,
        facility Uuid opt, facility_name Text opt, outcome Text opt, outcome_on Text opt, reported_as Text opt,
        reported_generation Int opt, symptoms Text opt, note Text opt, reinfection_of Uuid opt, is_infection Int,
        first_positive_sample_on Text opt, entered_in_error_at Int opt,
    }
}

table! {
    /// Steps of each case's classification: the days it was true, and when it was recorded.
    CASE_CLASSIFICATION "case_classification" Replayed 3 [] {
        stream Int, case_id Uuid, n Int, classification Text, valid_from Text opt, recorded_at Int, superseded_at Int opt,
        recorded_by Uuid, findings Text, pack_id Text, pack_version Int,
    }
}

table! {
    /// Steps of each case's investigation.
    CASE_INVESTIGATION "case_investigation" Replayed 3 [] {
        stream Int, case_id Uuid, step Text, done_when Text opt, recorded_at Int, recorded_by Uuid,
    }
}

pub(super) fn rows(case: &Case, rows: &mut Rows<'_>) {
    let fields = &case.fields;
    let permit = &rows.permit;
    let row = [
        Value::Uuid(case.id.0),
        Value::Uuid(case.person.0),
        Value::Uuid(case.outbreak.0),
        Value::Uuid(case.jurisdiction.0),
        Value::Int(case.number),
        Value::from(&case.code),
        Value::from(case.classification().name()),
        list(fields.identifiers.as_ref().and_then(|field| field.shown(permit))),
        said(fields.infected_on.as_ref().map(|field| field.0)),
        said(fields.onset_on.as_ref().map(|field| field.0)),
        day(fields.onset_on.as_ref().map(|field| field.0)),
        said(fields.rash_onset_on.as_ref().map(|field| field.0)),
        said(fields.first_positive_on.as_ref().map(|field| field.0)),
        said(fields.reported_on.as_ref().map(|field| field.0)),
        said(fields.admitted_on.as_ref().map(|field| field.0)),
        said(fields.isolated_on.as_ref().map(|field| field.0)),
        Value::or_null(fields.facility.as_ref().map(|field| field.0.0)),
        Value::or_null(fields.facility_name.as_ref().and_then(|field| field.shown(permit))),
        code(fields.outcome.as_ref().map(|field| &field.0)),
        said(fields.outcome_on.as_ref().map(|field| field.0)),
        code(fields.reported_as.as_ref().map(|field| &field.0)),
        Value::or_null(fields.reported_generation.as_ref().map(|field| field.0)),
        list(fields.symptoms.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.note.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(case.reinfection_of.map(|id| id.0)),
        Value::Int(i64::from(case.counts)),
        said(case.first_positive),
        Value::or_null(case.entered_in_error_at),
    ];
    rows.push(&CASE_RECORD, row);
    for (n, step) in case.history.iter().enumerate() {
        rows.push(
            &CASE_CLASSIFICATION,
            [
                Value::Uuid(case.id.0),
                Value::Int(n as i64),
                Value::from(step.to.name()),
                said(step.valid_from),
                Value::Int(step.recorded_at),
                Value::or_null(step.superseded_at),
                Value::Uuid(step.recorded_by.0),
                list(Some(&step.findings)),
                Value::from(&step.pack.pack_id),
                Value::Int(step.pack.version),
            ],
        );
    }
    for (step, done) in &case.investigation {
        let row = [
            Value::Uuid(case.id.0),
            code(Some(step)),
            list(Some(&done.when)),
            Value::Int(done.recorded_at),
            Value::Uuid(done.recorded_by.0),
        ];
        rows.push(&CASE_INVESTIGATION, row);
    }
}
