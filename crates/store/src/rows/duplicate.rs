//! Pairs of suspected duplicates as queries read them.

use super::{Rows, list};
use crate::{table, value::Value};
use domain::noun::duplicate::Duplicate;

table! {
    /// Pairs of suspected duplicates.
    DUPLICATE "duplicate" Replayed 2 [["stream", "standing", "score_thousandths"]] {
        stream Int, id Uuid, left_person Uuid, right_person Uuid, standing Text, score_thousandths Int, likeness Text,
        suspected_at Int, kept Uuid opt, merged_by Uuid opt, merged_at Int opt, dismissed_by Uuid opt, dismissed_at Int opt,
    }
}

pub(super) fn rows(pair: &Duplicate, rows: &mut Rows<'_>) {
    rows.push(
        &DUPLICATE,
        [
            Value::Uuid(pair.id.0),
            Value::Uuid(pair.left.0),
            Value::Uuid(pair.right.0),
            Value::from(pair.standing().name()),
            Value::Int(pair.score_thousandths),
            list(Some(&pair.likeness)),
            Value::Int(pair.suspected_at),
            Value::or_null(pair.kept.map(|id| id.0)),
            Value::or_null(pair.merged.map(|verdict| verdict.by.0)),
            Value::or_null(pair.merged.map(|verdict| verdict.at)),
            Value::or_null(pair.dismissed.map(|verdict| verdict.by.0)),
            Value::or_null(pair.dismissed.map(|verdict| verdict.at)),
        ],
    );
}
