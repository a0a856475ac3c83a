//! Outbreaks as queries read them.

use super::Rows;
use crate::{table, value::Value};
use domain::noun::outbreak::Outbreak;

table! {
    /// Outbreaks.
    OUTBREAK "outbreak" Replayed 2 [] {
        stream Int, id Uuid, name Text, disease Text, pack_id Text, pack_version Int, time_zone Text, code_mask Text,
        jurisdiction Uuid, closed_at Int opt,
    }
}

pub(super) fn rows(outbreak: &Outbreak, rows: &mut Rows<'_>) {
    rows.push(
        &OUTBREAK,
        [
            Value::Uuid(outbreak.id.0),
            Value::from(&outbreak.name),
            Value::from(&outbreak.disease),
            Value::from(&outbreak.pack.pack_id),
            Value::Int(outbreak.pack.version),
            Value::from(&outbreak.time_zone),
            Value::from(&outbreak.code_mask),
            Value::Uuid(outbreak.jurisdiction.0),
            Value::or_null(outbreak.closed_at),
        ],
    );
}
