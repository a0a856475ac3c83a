//! Imports as queries read them.

use super::Rows;
use crate::{table, value::Value};
use domain::noun::import::Import;

table! {
    /// Imports. The seven counts add up to `rows_done`.
    IMPORT "import" Replayed 2 [] {
        stream Int, id Uuid, jurisdiction Uuid, as_noun Text, file_name Text, file_blake3 Text, mapping_blake3 Text,
        rows_expected Int opt, rows_done Int, created Int, updated Int, unchanged Int, duplicate Int, conflict Int, waiting Int,
        refused Int, started_at Int, started_by Uuid, completed_at Int opt,
    }
}

pub(super) fn rows(import: &Import, rows: &mut Rows<'_>) {
    let [created, updated, unchanged, duplicate, conflict, waiting, refused] = import.counts.each().map(Value::Int);
    rows.push(
        &IMPORT,
        [
            Value::Uuid(import.id.0),
            Value::Uuid(import.jurisdiction.0),
            Value::from(&import.as_noun),
            Value::from(&import.file_name),
            Value::from(&import.file_blake3),
            Value::from(&import.mapping_blake3),
            Value::or_null(import.rows),
            Value::Int(import.rows_done),
            created,
            updated,
            unchanged,
            duplicate,
            conflict,
            waiting,
            refused,
            Value::Int(import.started_at),
            Value::Uuid(import.started_by.0),
            Value::or_null(import.completed_at),
        ],
    );
}
