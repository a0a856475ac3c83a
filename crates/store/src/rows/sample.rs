//! Samples and their results as queries read them.

use super::{Rows, code, day, list, said};
use crate::{table, value::Value};
use domain::{fields::Kept as _, noun::sample::Sample, when::When};

table! {
    /// Samples.
    SAMPLE "sample" Replayed 2 [["person_id"], ["case_id"]] {
        stream Int, id Uuid, person_id Uuid, case_id Uuid opt, outbreak Uuid, jurisdiction Uuid, sampled_on Text opt,
        sampled_day Text opt, sampled_at Int opt, specimen Text opt, identifiers Text opt, note Text opt, positive Int,
        entered_in_error_at Int opt,
    }
}

table! {
    /// Results, in the order they were recorded.
    SAMPLE_RESULT "sample_result" Replayed 3 [] {
        stream Int, sample_id Uuid, n Int, test Text opt, result Text opt, tested Text opt, reported Text opt,
        laboratory Uuid opt, laboratory_name Text opt, verified Int, recorded_at Int, recorded_by Uuid, corrected_at Int opt,
    }
}

pub(super) fn rows(sample: &Sample, rows: &mut Rows<'_>) {
    let fields = &sample.fields;
    let permit = &rows.permit;
    let row = [
        Value::Uuid(sample.id.0),
        Value::Uuid(sample.person.0),
        Value::or_null(sample.case.map(|id| id.0)),
        Value::Uuid(sample.outbreak.0),
        Value::Uuid(sample.jurisdiction.0),
        said(Some(sample.sampled_on)),
        day(Some(sample.sampled_on)),
        Value::or_null(fields.sampled.as_ref().and_then(|sampled| match sampled.0 {
            When::At(at) => Some(at),
            When::On(_) => None,
        })),
        code(fields.specimen.as_ref().map(|specimen| &specimen.0)),
        list(fields.identifiers.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.note.as_ref().and_then(|field| field.shown(permit))),
        Value::Int(i64::from(sample.is_positive())),
        Value::or_null(sample.entered_in_error_at),
    ];
    rows.push(&SAMPLE, row);
    for (n, tested) in sample.results.iter().enumerate() {
        let fields = &tested.fields;
        let row = [
            Value::Uuid(sample.id.0),
            Value::Int(n as i64),
            code(fields.test.as_ref().map(|test| &test.0)),
            code(fields.result.as_ref().map(|result| &result.0)),
            list(fields.tested.as_ref().map(|tested| &tested.0)),
            list(fields.reported.as_ref().map(|reported| &reported.0)),
            Value::or_null(fields.laboratory.as_ref().map(|place| place.0.0)),
            Value::or_null(fields.laboratory_name.as_ref().and_then(|field| field.shown(&rows.permit))),
            Value::Int(i64::from(tested.is_verified())),
            Value::Int(tested.recorded_at),
            Value::Uuid(tested.recorded_by.0),
            Value::or_null(tested.corrected_at),
        ];
        rows.push(&SAMPLE_RESULT, row);
    }
}
