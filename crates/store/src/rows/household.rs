//! Households as queries read them.

use super::Rows;
use crate::{table, value::Value};
use domain::noun::household::Household;

table! {
    /// Households.
    HOUSEHOLD "household" Replayed 2 [] {
        stream Int, id Uuid, jurisdiction Uuid, dwelling Uuid opt, code Text opt, dissolved_at Int opt,
    }
}

pub(super) fn rows(household: &Household, rows: &mut Rows<'_>) {
    rows.push(
        &HOUSEHOLD,
        [
            Value::Uuid(household.id.0),
            Value::Uuid(household.jurisdiction.0),
            Value::or_null(household.dwelling.map(|id| id.0)),
            Value::or_null(household.fields.code.as_ref().map(|code| &code.0)),
            Value::or_null(household.dissolved_at),
        ],
    );
}
