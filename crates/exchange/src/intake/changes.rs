//! What a record says against what stands: only cells that differ become changes, each with the value seen.

use crate::row::Value;
use domain::{
    date::{KnownDate, Precision},
    fields::{Change, Kept},
    seal::Reading,
    when::When,
};
use crate::map::DatePrecision;

/// The change of one field, if there is one. `clear` asks for it to be emptied.
pub(super) fn change<K: Kept>(
    stands: Option<&K>,
    said: Option<K::Given>,
    clear: bool,
    changed: &mut bool,
) -> Option<Change<K::Given>> {
    let seen = stands.and_then(|kept| kept.shown(&Reading::permit())).cloned();
    let to = match (said, clear) {
        (Some(value), _) => Some(value),
        (None, true) => None,
        (None, false) => return None,
    };
    if seen == to {
        return None;
    }
    *changed = true;
    Some(Change { seen, to })
}

/// Compares fields one by one: `differ!(Changes, kept, said, clears, changed; a, b, c)`.
macro_rules! differ {
    ($Changes:ty, $kept:expr, $said:expr, $clears:expr, $changed:expr; $($field:ident),* $(,)?) => {
        {
        type Changed = $Changes;
        Changed {
            $($field: $crate::intake::changes::change(
                $kept.$field.as_ref(),
                $said.$field.clone(),
                $clears.contains(&stringify!($field)),
                $changed,
            ),)*
            ..Default::default()
        }
        }
    };
}
pub(super) use differ;

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
