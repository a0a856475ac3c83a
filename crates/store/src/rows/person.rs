//! People as queries read them.

use super::{Rows, code, day, list, said};
use crate::{table, value::Value};
use domain::{fields::Kept as _, noun::person::Person};

table! {
    /// People.
    PERSON "person" Replayed 2 [] {
        stream Int, id Uuid, jurisdiction Uuid, full_name Text opt, family_name Text opt, given_name Text opt, latin_name Text opt,
        sex Text opt, birth_date Text opt, birth_day Text opt, age_years Int opt, age_band Text opt, identifiers Text opt, phones Text opt,
        languages Text opt, occupation Text opt, health_worker Int opt, died_on Text opt, note Text opt, household Uuid opt,
        merged_into Uuid opt,
    }
}

table! {
    /// Addresses, each with the days it was true and the time it was recorded.
    PERSON_ADDRESS "person_address" Replayed 3 [] {
        stream Int, person_id Uuid, n Int, valid_from Text opt, valid_to Text opt, recorded_at Int, superseded_at Int opt,
        jurisdiction Uuid, place Uuid opt, address Text opt,
    }
}

pub(super) fn rows(person: &Person, rows: &mut Rows<'_>) {
    let fields = &person.fields;
    let permit = &rows.permit;
    let row = [
        Value::Uuid(person.id.0),
        Value::Uuid(person.jurisdiction.0),
        Value::or_null(fields.full_name.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.family_name.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.given_name.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.latin_name.as_ref().and_then(|field| field.shown(permit))),
        code(fields.sex.as_ref().and_then(|field| field.shown(permit))),
        said(fields.birth_date.as_ref().and_then(|field| field.shown(permit)).copied()),
        day(fields.birth_date.as_ref().and_then(|field| field.shown(permit)).copied()),
        Value::or_null(fields.age_years.as_ref().and_then(|field| field.shown(permit)).copied()),
        Value::or_null(person.age_band.map(|band| band.name())),
        list(fields.identifiers.as_ref().and_then(|field| field.shown(permit))),
        list(fields.phones.as_ref().and_then(|field| field.shown(permit))),
        list(fields.languages.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.occupation.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(fields.health_worker.as_ref().map(|field| field.0)),
        said(fields.died_on.as_ref().map(|field| field.0)),
        Value::or_null(fields.note.as_ref().and_then(|field| field.shown(permit))),
        Value::or_null(person.household.map(|id| id.0)),
        Value::or_null(person.merged_into.map(|id| id.0)),
    ];
    rows.push(&PERSON, row);
    for (n, address) in person.addresses.iter().enumerate() {
        let until = person.addresses.get(n + 1).map(|next| next.from);
        let text = address.text.as_ref().and_then(|text| text.shown(&rows.permit));
        let row = [
            Value::Uuid(person.id.0),
            Value::Int(n as i64),
            said(Some(address.from)),
            until.map_or(Value::Null, |until| said(Some(until))),
            Value::Int(address.recorded_at),
            Value::or_null(address.superseded_at),
            Value::Uuid(address.jurisdiction.0),
            Value::or_null(address.place.map(|id| id.0)),
            Value::or_null(text),
        ];
        rows.push(&PERSON_ADDRESS, row);
    }
}
