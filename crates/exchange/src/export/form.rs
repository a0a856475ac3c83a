//! How a value becomes a cell: the text that an import reads as the same value.

use super::{Fields, columns::Spec};
use serde_json::Value;

/// The ways.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Text, number or word as it is.
    Plain,
    /// A date, where one was asked for: *not asked* is what an empty cell says.
    Date,
    /// Yes or no.
    YesNo,
    /// Tenths with a decimal point.
    Tenths,
    /// Millionths of degrees with a decimal point.
    Degrees,
    /// A word of ours by the word of the file; words not listed stay.
    Words(&'static [(&'static str, &'static str)]),
    /// An instant in UTC, or a date.
    Moment,
    /// Entries between semicolons.
    Semicolons,
    /// The classification of the records; where they give none, the one that came with a file.
    Classification,
    /// The name whose language is not told, else the first.
    Name,
    /// Kind of a document; its number is the next column.
    DocumentKind,
    /// Number of a document.
    DocumentNumber,
    /// A telephone number.
    Phone,
    /// A language.
    Language,
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn decimal(value: &Value, unit: u64, places: usize) -> String {
    let Some(number) = value.as_i64() else { return String::new() };
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    format!("{sign}{}.{:0places$}", size / unit, size % unit)
}

fn moment(value: &Value) -> String {
    let at = value.get("at").and_then(Value::as_i64).and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    match at {
        Some(at) => at.to_string(),
        None => value.get("on").and_then(Value::as_str).filter(|on| *on != NOT_ASKED).unwrap_or_default().to_owned(),
    }
}

const NOT_ASKED: &str = "not_asked";

impl Form {
    /// How many entries the row has of a list.
    pub fn entries(self, row: &impl Fields, spec: &Spec) -> Option<usize> {
        let listed = matches!(self, Self::DocumentKind | Self::DocumentNumber | Self::Phone | Self::Language);
        let value = row.value(spec.record, spec.field).filter(|_| listed)?;
        value.as_array().map(Vec::len)
    }

    pub fn cell(self, row: &impl Fields, spec: &Spec, index: usize) -> String {
        if let Self::Classification = self {
            let said = |field| row.value(spec.record, field).and_then(Value::as_str);
            let by_records = said("classification").filter(|word| *word != "unclassified");
            return by_records.or_else(|| said("reported_as")).unwrap_or_default().to_owned();
        }
        let Some(value) = row.value(spec.record, spec.field) else { return String::new() };
        match self {
            Self::Plain | Self::YesNo | Self::Classification => plain(value),
            Self::Date => plain(value).replace(NOT_ASKED, ""),
            Self::Tenths => decimal(value, 10, 1),
            Self::Degrees => decimal(value, 1_000_000, 6),
            Self::Words(words) => {
                let word = plain(value);
                words.iter().find(|(ours, _)| *ours == word).map_or(word, |(_, theirs)| (*theirs).to_owned())
            }
            Self::Moment => moment(value),
            Self::Semicolons => {
                let entries = value.as_array().into_iter().flatten().map(plain);
                entries.collect::<Vec<_>>().join("; ")
            }
            Self::Name => {
                let first = || value.as_object().and_then(|names| names.values().next());
                value.get("und").or_else(first).map(plain).unwrap_or_default()
            }
            Self::DocumentKind => value.get(index).and_then(|entry| entry.get("kind")).map(plain).unwrap_or_default(),
            Self::DocumentNumber => value.get(index).and_then(|entry| entry.get("number")).map(plain).unwrap_or_default(),
            Self::Phone | Self::Language => value.get(index).map(plain).unwrap_or_default(),
        }
    }
}
