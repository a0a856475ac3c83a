//! Areas as queries read them.

use super::{Rows, list};
use crate::{table, value::Value};
use domain::noun::jurisdiction::Jurisdiction;

table! {
    /// Areas.
    JURISDICTION "jurisdiction" Replayed 2 [] {
        stream Int, id Uuid, hierarchy Text, level Text, parent Uuid opt, code Text opt, names Text opt, synonyms Text opt,
        latitude_microdegrees Int opt, longitude_microdegrees Int opt, residents Int opt,
    }
}

pub(super) fn rows(area: &Jurisdiction, rows: &mut Rows<'_>) {
    let fields = &area.fields;
    rows.push(
        &JURISDICTION,
        [
            Value::Uuid(area.id.0),
            Value::from(&area.hierarchy),
            Value::from(&area.level),
            Value::or_null(area.parent.map(|parent| parent.0)),
            Value::or_null(fields.code.as_ref().map(|code| &code.0)),
            list(fields.names.as_ref().map(|names| &names.0)),
            list(fields.synonyms.as_ref().map(|synonyms| &synonyms.0)),
            Value::or_null(fields.latitude_microdegrees.as_ref().map(|value| value.0)),
            Value::or_null(fields.longitude_microdegrees.as_ref().map(|value| value.0)),
            Value::or_null(fields.residents.as_ref().map(|value| value.0)),
        ],
    );
}
