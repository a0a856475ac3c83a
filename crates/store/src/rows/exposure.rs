//! Exposures as queries read them.

use super::{Rows, code, day, list, said};
use crate::{table, value::Value};
use domain::{
    fields::Kept as _,
    noun::exposure::{Exposure, Source},
};

table! {
    /// Exposures, directed from a source to a person. The source columns are of the field group `source_case_link`.
    EXPOSURE "exposure" Replayed 2 [["source_case"], ["person_id"]] {
        stream Int, id Uuid, person_id Uuid, source_case Uuid opt, source_contact Uuid opt, source_place Uuid opt,
        outbreak Uuid, jurisdiction Uuid, first_on Text opt, last_on Text opt, first_day Text opt, first Text opt, last Text opt,
        minutes Int opt, minutes_after_case_left Int opt, kind Text opt, certainty Text opt, evidence Text opt, place Uuid opt,
        setting Text opt, note Text opt, entered_in_error_at Int opt,
    }
}

pub(super) fn rows(exposure: &Exposure, rows: &mut Rows<'_>) {
    let fields = &exposure.fields;
    let permit = &rows.permit;
    let (case, contact, place) = match exposure.source {
        Source::Case(id) => (Some(id.0), None, None),
        Source::Contact(id) => (None, Some(id.0), None),
        Source::Place(id) => (None, None, Some(id.0)),
    };
    let row = [
        Value::Uuid(exposure.id.0),
        Value::Uuid(exposure.person.0),
        Value::or_null(case),
        Value::or_null(contact),
        Value::or_null(place),
        Value::Uuid(exposure.outbreak.0),
        Value::Uuid(exposure.jurisdiction.0),
        said(Some(exposure.days.first)),
        said(Some(exposure.days.last)),
        day(Some(exposure.days.first)),
        list(fields.first.as_ref().map(|first| &first.0)),
        list(fields.last.as_ref().map(|last| &last.0)),
        Value::or_null(fields.minutes.as_ref().map(|minutes| minutes.0)),
        Value::or_null(fields.minutes_after_case_left.as_ref().map(|minutes| minutes.0)),
        code(fields.kind.as_ref().map(|kind| &kind.0)),
        code(fields.certainty.as_ref().map(|certainty| &certainty.0)),
        list(fields.evidence.as_ref().map(|evidence| &evidence.0)),
        Value::or_null(fields.place.as_ref().map(|place| place.0.0)),
        Value::or_null(fields.setting.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.note.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(exposure.entered_in_error_at),
    ];
    rows.push(&EXPOSURE, row);
}
