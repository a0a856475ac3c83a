//! A typed value as the text that reads back as the same value.

use crate::map::{DatePrecision, Kind};
use crate::row::{CLEAR, Value};
use std::borrow::Cow;

/// The cell's text for a value of a field of this kind: dates after ISO 8601-2 (`2022-03-14`, `2022-03-14~` about,
/// `2022-03` month), instants in UTC, tenths and degrees with a decimal point.
pub fn text_of(value: &Value, kind: Kind) -> Cow<'_, str> {
    match (value, kind) {
        (Value::Text(text), _) => Cow::Borrowed(text),
        (Value::Date(date, DatePrecision::Day), _) => Cow::Owned(date.to_string()),
        (Value::Date(date, DatePrecision::About), _) => Cow::Owned(format!("{date}~")),
        (Value::Date(date, DatePrecision::Month), _) => Cow::Owned(format!("{:04}-{:02}", date.year(), date.month())),
        (Value::DateUnknown, _) => Cow::Borrowed("unknown"),
        (Value::DateNotAsked, _) => Cow::Borrowed("not_asked"),
        (Value::Instant(ms), _) => match jiff::Timestamp::from_millisecond(*ms) {
            Ok(instant) => Cow::Owned(instant.to_string()),
            Err(_) => Cow::Borrowed(""),
        },
        (Value::Int(number), Kind::Tenths) => Cow::Owned(decimal(*number, 10, 1)),
        (Value::Int(number), Kind::Degrees(_)) => Cow::Owned(decimal(*number, 1_000_000, 6)),
        (Value::Int(number), _) => Cow::Owned(number.to_string()),
        (Value::Code(code), _) => Cow::Borrowed(code),
        (Value::Bool(truth), _) => Cow::Borrowed(if *truth { "yes" } else { "no" }),
        (Value::Clear, _) => Cow::Borrowed(CLEAR),
    }
}

fn decimal(number: i64, unit: u64, places: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    format!("{sign}{}.{:0places$}", size / unit, size % unit)
}
