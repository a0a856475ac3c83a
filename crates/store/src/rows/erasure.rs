//! Erasure files as queries read them.

use super::{Rows, code, list};
use crate::{table, value::Value};
use domain::{fields::Kept as _, noun::erasure::Erasure};

table! {
    /// Requests to erase a person's values.
    ERASURE_REQUEST "erasure_request" Replayed 3 [["person_id"]] {
        stream Int, erasure Uuid, n Int, person_id Uuid, jurisdiction Uuid, classes Text, ground Text opt, note Text opt,
        requested_by Uuid, requested_at Int, ending Text opt, ended_by Uuid opt, ended_at Int opt,
    }
}

table! {
    /// Holds: nothing of the person is erased while one is open.
    ERASURE_HOLD "erasure_hold" Replayed 3 [["person_id"]] {
        stream Int, erasure Uuid, n Int, person_id Uuid, jurisdiction Uuid, ground Text opt, placed_by Uuid, placed_at Int,
        lifted_by Uuid opt, lifted_at Int opt,
    }
}

pub(super) fn rows(file: &Erasure, rows: &mut Rows<'_>) {
    for (n, request) in file.requests.iter().enumerate() {
        let row = [
            Value::Uuid(file.id.0),
            Value::Int(n as i64),
            Value::Uuid(file.person.0),
            Value::Uuid(file.jurisdiction.0),
            list(Some(&request.classes)),
            code(Some(&request.ground)),
            Value::or_null(request.note.as_ref().and_then(|note| note.shown(&rows.permit))),
            Value::Uuid(request.by.0),
            Value::Int(request.at),
            code(request.ended.as_ref().map(|ended| &ended.how)),
            Value::or_null(request.ended.map(|ended| ended.by.0)),
            Value::or_null(request.ended.map(|ended| ended.at)),
        ];
        rows.push(&ERASURE_REQUEST, row);
    }
    for (n, hold) in file.holds.iter().enumerate() {
        rows.push(
            &ERASURE_HOLD,
            [
                Value::Uuid(file.id.0),
                Value::Int(n as i64),
                Value::Uuid(file.person.0),
                Value::Uuid(file.jurisdiction.0),
                code(Some(&hold.ground)),
                Value::Uuid(hold.by.0),
                Value::Int(hold.at),
                Value::or_null(hold.lifted_by.map(|account| account.0)),
                Value::or_null(hold.lifted_at),
            ],
        );
    }
}
