//! One cell's text to a typed value.

use super::Value;
use crate::map::Kind;
use crate::map::dates::{self, DateFormat, DatePrecision, Written};
use jiff::tz::TimeZone;

/// Why a cell is not a value of its field.
pub(super) struct CellFault {
    pub rule: &'static str,
    pub remedy: String,
}

/// What a field's conversion needs to know besides the cell.
pub(super) struct Reading<'m> {
    pub kind: Kind,
    pub formats: &'m [DateFormat],
    pub precision: Option<DatePrecision>,
    pub zone: &'m TimeZone,
}

fn fault<T>(rule: &'static str, remedy: impl Into<String>) -> Result<T, CellFault> {
    Err(CellFault { rule, remedy: remedy.into() })
}

/// Converts a trimmed cell that says something.
pub(super) fn convert(text: &str, reading: &Reading<'_>) -> Result<Value, CellFault> {
    if text.starts_with('#') && is_spreadsheet_error(text) {
        return fault(
            "cell.spreadsheet_error",
            "The spreadsheet could not compute this cell: type the value, or list the word under null in the mapping.",
        );
    }
    match reading.kind {
        Kind::Text(max) => plain_text(text, max),
        Kind::Reference => {
            refuse_scientific(text)?;
            plain_text(text, 200)
        }
        Kind::Phone => phone(text),
        Kind::Date | Kind::Moment | Kind::Instant => date(text, reading),
        Kind::Integer(low, high) => bounded(scaled(text, 0, false), low, high, 1, "a whole number"),
        Kind::Years => bounded(completed_years(text), 0, 130, 1, "an age in years"),
        Kind::Tenths => bounded(scaled(text, 1, true), -1_000, 10_000, 10, "a number"),
        Kind::Degrees(most) => bounded(
            scaled(text, 6, true),
            -most * 1_000_000,
            most * 1_000_000,
            1_000_000,
            "degrees with a decimal point",
        ),
        Kind::Code(codes) => match codes.iter().find(|code| same_word(code, text)) {
            Some(code) => Ok(Value::Code(code)),
            None => fault(
                "cell.code",
                format!("Say one of {}, or give the word a meaning under values in the mapping.", codes.join(", ")),
            ),
        },
        Kind::Boolean => boolean(text),
    }
}

fn is_spreadsheet_error(text: &str) -> bool {
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA"].contains(&text)
}

fn plain_text(text: &str, max: usize) -> Result<Value, CellFault> {
    if text.len() > max && text.chars().count() > max {
        return fault("cell.length", format!("The field holds at most {max} characters: shorten it."));
    }
    if text.bytes().any(|b| (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t')) || b == 0x7F) {
        return fault("cell.control", "The cell has an invisible control character: type it again.");
    }
    Ok(Value::Text(text.to_owned()))
}

/// A spreadsheet turned a long number into `8.61381E+12`: its last digits are lost and must not be guessed.
fn refuse_scientific(text: &str) -> Result<(), CellFault> {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return Ok(()) };
    let Some((whole, fraction)) = mantissa.split_once('.') else {
        let long = exponent.strip_prefix('+').is_some_and(all_digits) && all_digits(mantissa);
        return if long { scientific() } else { Ok(()) };
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if all_digits(whole) && all_digits(fraction) && all_digits(exponent) { scientific() } else { Ok(()) }
}

fn scientific() -> Result<(), CellFault> {
    fault(
        "cell.scientific",
        "A spreadsheet rounded this number: format the column as text and enter it again from the original.",
    )
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn phone(text: &str) -> Result<Value, CellFault> {
    refuse_scientific(text)?;
    let mut compact = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '0'..='9' => compact.push(letter),
            '０'..='９' => compact.push(char::from_digit(letter as u32 - '０' as u32, 10).unwrap_or('0')),
            '+' | '＋' if compact.is_empty() => compact.push('+'),
            ' ' | '\u{A0}' | '\u{3000}' | '-' | '–' | '(' | ')' | '（' | '）' | '.' | '/' => {}
            _ => {
                return fault(
                    "cell.phone",
                    "A telephone number has digits only, with an optional + before them; put a second number in another column.",
                );
            }
        }
    }
    let digits = compact.bytes().filter(u8::is_ascii_digit).count();
    if (5..=20).contains(&digits) {
        Ok(Value::Text(compact))
    } else {
        fault("cell.phone", "A telephone number has 5 to 20 digits.")
    }
}

fn date(text: &str, reading: &Reading<'_>) -> Result<Value, CellFault> {
    match text {
        "unknown" => return Ok(Value::DateUnknown),
        "not_asked" => return Ok(Value::DateNotAsked),
        _ => {}
    }
    let Some(written) = dates::read(text, reading.formats) else {
        return fault(
            "cell.date",
            "Write the date as YYYY-MM-DD between the years 1800 and 2199, or add its pattern to dates in the mapping.",
        );
    };
    let instant = match (reading.kind, written.time) {
        (Kind::Date, _) if written.offset_seconds.is_none() => None,
        (_, Some(_)) => Some(instant_of(&written, reading.zone)?),
        (Kind::Instant, None) => return fault("cell.time", "A time of day is needed here: YYYY-MM-DD hh:mm."),
        (_, None) => None,
    };
    let precision = match (written.precision, reading.precision) {
        (DatePrecision::Day, Some(said)) => said,
        (shown, _) => shown,
    };
    match (reading.kind, instant) {
        (Kind::Date, Some(instant)) => Ok(Value::Date(reading.zone.to_datetime(instant).date(), precision)),
        (_, Some(instant)) => Ok(Value::Instant(instant.as_millisecond())),
        (_, None) => Ok(Value::Date(written.date, precision)),
    }
}

fn instant_of(written: &Written, zone: &TimeZone) -> Result<jiff::Timestamp, CellFault> {
    let local = written.date.to_datetime(written.time.unwrap_or_default());
    let zone = match written.offset_seconds {
        Some(seconds) => match jiff::tz::Offset::from_seconds(seconds) {
            Ok(offset) => offset.to_time_zone(),
            Err(_) => return fault("cell.time", "The offset from UTC is not possible."),
        },
        None => zone.clone(),
    };
    match zone.to_timestamp(local) {
        Ok(instant) => Ok(instant),
        Err(_) => fault("cell.time", "This time is outside the years 1800 to 2199."),
    }
}

/// A decimal number times 10^`places`, without passing through a float. Where it has more places it is rounded, or,
/// when `rounds` is not set, only zeros may follow.
fn scaled(text: &str, places: u32, rounds: bool) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !all_digits(whole) || whole.len() > 12 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut number: i64 = whole.parse().ok()?;
    let mut rest = fraction.bytes();
    for _ in 0..places {
        number = number * 10 + i64::from(rest.next().unwrap_or(b'0') - b'0');
    }
    if rounds {
        number += i64::from(rest.next().is_some_and(|digit| digit >= b'5'));
    } else if rest.any(|digit| digit != b'0') {
        return None;
    }
    Some(if negative { -number } else { number })
}

fn completed_years(text: &str) -> Option<i64> {
    // As Chinese line lists write an age; other units are months or days, and are not years.
    let text = text.strip_suffix("岁").map_or(text, |years| years.trim_end_matches('周').trim_end());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    (all_digits(whole) && all_digits(fraction) && whole.len() <= 4).then(|| whole.parse().ok()).flatten()
}

fn bounded(number: Option<i64>, low: i64, high: i64, unit: i64, what: &str) -> Result<Value, CellFault> {
    match number {
        Some(number) if (low..=high).contains(&number) => Ok(Value::Int(number)),
        Some(_) => fault("cell.range", format!("The number lies between {} and {}.", low / unit, high / unit)),
        None => fault("cell.number", format!("Write {what}, in digits and without a unit.")),
    }
}

fn boolean(text: &str) -> Result<Value, CellFault> {
    const YES: &[&str] = &["yes", "true", "y", "1", "是", "有"];
    const NO: &[&str] = &["no", "false", "n", "0", "否", "无"];
    if YES.iter().any(|word| same_word(word, text)) {
        Ok(Value::Bool(true))
    } else if NO.iter().any(|word| same_word(word, text)) {
        Ok(Value::Bool(false))
    } else {
        fault("cell.boolean", "Say yes or no, or give the word a meaning under values in the mapping.")
    }
}

/// Equal but for ASCII case, and with spaces and hyphens standing for underscores.
fn same_word(code: &str, text: &str) -> bool {
    code.len() == text.len()
        && code.bytes().zip(text.bytes()).all(|(c, t)| {
            let t = match t {
                b' ' | b'-' => b'_',
                other => other.to_ascii_lowercase(),
            };
            c == t
        })
}
