//! From a row's cells to typed records, by a mapping whose columns are found once for the whole file.

mod convert;
mod plan;
mod stream;

pub use stream::{RowOutcome, RowStream, open, open_export, open_path};

pub(crate) use plan::Plan;

use crate::map::{DatePrecision, Noun, Target, TargetRef, target};
use jiff::civil::Date;

/// A cell that asks for the field to be emptied. A blank cell says nothing (DESIGN §13.13).
pub const CLEAR: &str = "(clear)";

/// A typed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, reference or phone number, spaces around it taken off.
    Text(String),
    /// A calendar date.
    Date(Date, DatePrecision),
    /// A date that was asked and is not known.
    DateUnknown,
    /// A date that nobody asked.
    DateNotAsked,
    /// Milliseconds UTC since 1970.
    Instant(i64),
    /// A whole number; completed years, tenths or millionths of degrees by its field's kind.
    Int(i64),
    /// One of the field's words.
    Code(&'static str),
    /// Yes or no.
    Bool(bool),
    /// Empty the field.
    Clear,
}

/// A field of a record, and the column it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedField {
    /// Which field.
    pub to: TargetRef,
    /// Its value.
    pub value: Value,
    column: Option<u16>,
}

impl MappedField {
    /// Index of the column the value came from (the first, where several were joined); `None` for a constant.
    pub fn column(&self) -> Option<usize> {
        self.column.map(usize::from)
    }
}

/// A record made from a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedRecord {
    /// What it is.
    pub noun: Noun,
    /// What the row says of it, in the mapping's order; each field at most once, unsaid fields absent.
    pub fields: Vec<MappedField>,
}

impl MappedRecord {
    /// The value of a field by its path, `person.phone[2]` for the second of several.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let (plain, index) = target::split_index(path)?;
        self.fields
            .iter()
            .find(|field| field.to.target.path == plain && field.to.index == index)
            .map(|field| &field.value)
    }

    /// The text of a text field.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.get(path)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the record says anything of the target, other than that it be emptied.
    fn says(&self, wanted: &'static Target) -> bool {
        self.fields.iter().any(|field| std::ptr::eq(field.to.target, wanted) && field.value != Value::Clear)
    }
}

/// Whether a cell reads as a value of a kind that needs no pattern.
pub(crate) fn reads(cell: &str, kind: crate::map::Kind) -> bool {
    let zone = jiff::tz::TimeZone::UTC;
    convert::convert(cell, &convert::Reading { kind, formats: &[], precision: None, zone: &zone }).is_ok()
}
