//! What is said when a file, a row or a mapping cannot be taken: place, rule, reason, remedy.

use std::fmt;

/// A whole file that is not read, or not read further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason} [{rule}]. {remedy}")]
pub struct FileRefusal {
    /// Where in the file, as people see it: `row 12`, `header`, `sheet "Cases"`.
    pub place: String,
    /// The rule's id, stable across versions.
    pub rule: &'static str,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl FileRefusal {
    pub(crate) fn new(
        place: impl Into<String>,
        rule: &'static str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), rule, reason: reason.into(), remedy: remedy.into() }
    }

    pub(crate) fn io(place: impl Into<String>, error: &std::io::Error) -> Self {
        Self::new(
            place,
            "file.unreadable",
            format!("the file cannot be read: {error}"),
            "Check the disk and the file's rights, and try again.",
        )
    }
}

/// One reason why a row is not taken. A row may have several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// Row number as people see it: the spreadsheet's row, or the JSON record's place, both from 1.
    pub row: u64,
    /// The column's name; empty when the whole row is meant.
    pub column: String,
    /// The cell as it stood, cut at 200 characters.
    pub value: String,
    /// The rule's id.
    pub rule: &'static str,
    /// What to do.
    pub remedy: String,
}

impl RowError {
    /// A reason at a row, counted from 1 as spreadsheets do, and a column; of a long value the beginning.
    pub fn new(row: u64, column: &str, value: &str, rule: &'static str, remedy: impl Into<String>) -> Self {
        Self { row, column: column.to_owned(), value: shorten(value), rule, remedy: remedy.into() }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column {:?}, value {:?}", self.column, self.value)?;
        }
        write!(f, " [{}]: {}", self.rule, self.remedy)
    }
}

/// At most 200 characters of a value, for messages.
pub(crate) fn shorten(value: &str) -> String {
    match value.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}
