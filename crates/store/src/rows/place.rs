//! Places as queries read them.

use super::{Rows, code, day, list, said};
use crate::{table, value::Value};
use domain::noun::place::Place;

table! {
    /// Places.
    PLACE "place" Replayed 2 [["stream", "inside"]] {
        stream Int, id Uuid, kind Text, jurisdiction Uuid, inside Uuid opt, code Text opt, names Text opt, building Text opt,
        address Text opt, latitude_microdegrees Int opt, longitude_microdegrees Int opt, held_on Text opt, held_day Text opt,
        service_number Text opt, beds Int opt, opened_on Text opt, closed_on Text opt, closed_at Int opt,
    }
}

pub(super) fn rows(place: &Place, rows: &mut Rows<'_>) {
    let fields = &place.fields;
    let held_on = fields.held_on.as_ref().map(|field| field.0);
    rows.push(
        &PLACE,
        [
            Value::Uuid(place.id.0),
            code(Some(&place.kind)),
            Value::Uuid(place.jurisdiction.0),
            Value::or_null(place.inside.map(|id| id.0)),
            Value::or_null(fields.code.as_ref().map(|field| &field.0)),
            list(fields.names.as_ref().map(|field| &field.0)),
            Value::or_null(fields.building.as_ref().map(|field| &field.0)),
            Value::or_null(fields.address.as_ref().map(|field| &field.0)),
            Value::or_null(fields.latitude_microdegrees.as_ref().map(|field| field.0)),
            Value::or_null(fields.longitude_microdegrees.as_ref().map(|field| field.0)),
            said(held_on),
            day(held_on),
            Value::or_null(fields.service_number.as_ref().map(|field| &field.0)),
            Value::or_null(fields.beds.as_ref().map(|field| field.0)),
            said(fields.opened_on.as_ref().map(|field| field.0)),
            said(place.closed_on),
            Value::or_null(place.closed_at),
        ],
    );
}
