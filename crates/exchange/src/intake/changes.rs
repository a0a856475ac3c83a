//! What a record says against what stands: only cells that differ become changes, each with the value seen.

use crate::row::Value;
use domain::{
    date::{KnownDate, Precision},
    fields::{Change, Kept},
    seal::Reading,
    when::When,
};
use crate::map::DatePrecision;

/// What one cell does to its field.
pub(super) enum Merged<T> {
    /// Nothing: it says what stands, nothing at all, or what files said before.
    Same,
    /// Changes it.
    Change(Change<T>),
    /// It was changed here too, to something else: the value that files knew, and the file's.
    Conflict(Change<T>),
}

/// Merges one field: what stands here, what the cell says, and with it what is known outside where that is known. `clear`
/// asks for it to be emptied.
pub(super) fn cell<K: Kept>(
    stands: Option<&K>,
    said: Option<&K::Given>,
    outside: Option<(Option<&K>, Option<&K::Given>)>,
    clear: bool,
) -> Merged<K::Given> {
    let permit = Reading::permit();
    let shown = |kept: Option<&K>| kept.and_then(|kept| kept.shown(&permit)).cloned();
    let to = match (said, clear) {
        (Some(value), _) => Some(value.clone()),
        (None, true) => None,
        (None, false) => return Merged::Same,
    };
    let seen = shown(stands);
    if seen == to {
        return Merged::Same;
    }
    let Some((known, said)) = outside else { return Merged::Change(Change { seen, to }) };
    let (known, said) = (shown(known), said.cloned());
    if known == seen {
        return Merged::Change(Change { seen, to });
    }
    // Files said this before, or took it: the file changed nothing, and what was changed here stays.
    if known == said { Merged::Same } else { Merged::Conflict(Change { seen: known, to: said }) }
}

/// What a row does to a record.
#[derive(Default)]
pub(super) struct Merge<C> {
    /// Fields that only the file changed.
    pub changes: C,
    /// Whether there are any.
    pub changed: bool,
    /// Fields changed on both sides, each with the value known outside in place of the one seen.
    pub conflict: C,
    /// Their names.
    pub in_conflict: Vec<&'static str>,
}

/// Merges fields one by one: `merge!(Changes, kept, said, outside, clears; a, b, c)`. `outside` holds the fields as known
/// outside and what the row says, lists joined with what stood there.
macro_rules! merge {
    ($Changes:ty, $kept:expr, $said:expr, $outside:expr, $clears:expr; $($field:ident),* $(,)?) => {
        {
        let mut merge = $crate::intake::changes::Merge::<$Changes>::default();
        $(match $crate::intake::changes::cell(
            $kept.$field.as_ref(),
            $said.$field.as_ref(),
            $outside.as_ref().map(|(known, said)| (known.$field.as_ref(), said.$field.as_ref())),
            $clears.contains(&stringify!($field)),
        ) {
            $crate::intake::changes::Merged::Same => {}
            $crate::intake::changes::Merged::Change(change) => {
                merge.changes.$field = Some(change);
                merge.changed = true;
            }
            $crate::intake::changes::Merged::Conflict(change) => {
                merge.conflict.$field = Some(change);
                merge.in_conflict.push(stringify!($field));
            }
        })*
        merge
        }
    };
}
pub(super) use merge;

/// Asks for what a merge found: the record's fields after it, those known outside after it, and the verdict.
/// `settle!(intake, id, fields, known, merge, |changes| command)`, the fields to be changed in place.
macro_rules! settle {
    ($intake:expr, $id:expr, $fields:expr, $known:expr, $merge:expr, $command:expr) => {
        {
        let (merge, mut verdict) = ($merge, $crate::intake::Verdict::Unchanged);
        if merge.changed {
            if let Ok(patch) = merge.changes.clone().judge($fields) {
                if let Some(known) = $known {
                    patch.clone().apply(known);
                }
                patch.apply($fields);
            }
            $intake.then($command(merge.changes));
            verdict = $crate::intake::Verdict::Updated;
        }
        if !merge.in_conflict.is_empty() {
            verdict = verdict.max($intake.dispute($id, &merge.in_conflict, $command(merge.conflict).into()));
        }
        verdict
        }
    };
}
pub(super) use settle;

/// A list with what was said first and what stood there after it.
pub(super) fn joined<T: PartialEq + Clone>(stands: Option<&Vec<T>>, said: Vec<T>) -> Vec<T> {
    let Some(stands) = stands else { return said };
    if said.iter().all(|entry| stands.contains(entry)) {
        return stands.clone();
    }
    let mut list = said;
    for entry in stands {
        if !list.contains(entry) {
            list.push(entry.clone());
        }
    }
    list
}

/// A cell's date.
pub(super) fn known_date(value: &Value, zone: &jiff::tz::TimeZone) -> Option<KnownDate> {
    Some(match value {
        Value::Date(date, DatePrecision::Day) => KnownDate::On(*date, Precision::Day),
        Value::Date(date, DatePrecision::About) => KnownDate::On(*date, Precision::About),
        Value::Date(date, DatePrecision::Month) => KnownDate::On(date.first_of_month(), Precision::Month),
        Value::DateUnknown => KnownDate::Unknown,
        Value::DateNotAsked => KnownDate::NotAsked,
        Value::Instant(at) => When::At(*at).date(zone),
        _ => return None,
    })
}

/// A cell's instant or date.
pub(super) fn moment(value: &Value, zone: &jiff::tz::TimeZone) -> Option<When> {
    match value {
        Value::Instant(at) => Some(When::At(*at)),
        other => known_date(other, zone).map(When::On),
    }
}

/// A date with the precision another column gives it.
pub(super) fn with_precision(date: Option<KnownDate>, precision: Option<&str>) -> Option<KnownDate> {
    match (date, precision) {
        (Some(KnownDate::On(date, _)), Some("day")) => Some(KnownDate::On(date, Precision::Day)),
        (Some(KnownDate::On(date, _)), Some("about")) => Some(KnownDate::On(date, Precision::About)),
        (Some(KnownDate::On(date, _)), Some("month")) => {
            Some(KnownDate::On(date.first_of_month(), Precision::Month))
        }
        (None, Some("unknown")) => Some(KnownDate::Unknown),
        (None, Some("not_asked")) => Some(KnownDate::NotAsked),
        (date, _) => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::fields::Open;

    /// What a cell that says `said` does where `here` stands and files knew `known`: `=` nothing, `>` a change, `!` a
    /// conflict.
    fn done(here: &str, said: &str, known: Option<&str>) -> char {
        let kept = |value: &str| Open(value.to_owned());
        let (here, known, said) = (kept(here), known.map(kept), said.to_owned());
        let outside = known.as_ref().map(|known| (Some(known), Some(&said)));
        match cell(Some(&here), Some(&said), outside, false) {
            Merged::Same => '=',
            Merged::Change(change) => {
                assert_eq!((change.seen, change.to), (Some(here.0), Some(said)), "the change of what stands");
                '>'
            }
            Merged::Conflict(change) => {
                assert_eq!((change.seen, change.to), (known.map(|known| known.0), Some(said)), "what files knew and say");
                '!'
            }
        }
    }

    #[test]
    fn a_cell_is_merged_with_what_files_knew() {
        assert_eq!(done("a", "a", Some("b")), '=', "both sides agree");
        assert_eq!(done("b", "a", Some("a")), '=', "changed here alone");
        assert_eq!(done("a", "b", Some("a")), '>', "changed in the file alone");
        assert_eq!(done("b", "c", Some("a")), '!', "changed on both sides");
        assert_eq!(done("a", "b", None), '>', "no file knew it");
    }
}
