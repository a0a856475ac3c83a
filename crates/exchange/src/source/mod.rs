//! Readers of tables: CSV, XLSX and JSON as a stream of rows of text cells under named columns.
//!
//! This room knows bytes, rows and columns; it does not know what a column means.

mod code_page;
pub mod delimited;
pub mod guard;
pub mod input;
pub mod json;
mod kind;
mod sheet_scan;
pub mod workbook;
mod workbook_guard;

use crate::{FileRefusal, Limits, RowError};
use csv::StringRecord;
use input::{Encoding, Stored};
use std::io::{Seek, SeekFrom};

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Delimited text.
    Csv,
    /// An Office Open XML workbook.
    Xlsx,
    /// An array of objects, or one object per line.
    Json,
}

impl Format {
    /// What a person calls such a file.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Csv => "plain text",
            Self::Xlsx => "a workbook",
            Self::Json => "JSON",
        }
    }
}

/// How a file is laid out, as far as its mapping says so.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Kind of file. Its first bytes decide, because the errors file of a workbook is CSV; this settles only whether a
    /// text that starts with a bracket is CSV.
    pub format: Option<Format>,
    /// Code page of a text file. A byte order mark in the file overrides it.
    pub encoding: Encoding,
    /// Field separator; `None` is detected from the first lines.
    pub delimiter: Option<u8>,
    /// Row of the column names, from 1.
    pub header_row: u64,
    /// Lines that start with this byte are skipped.
    pub comment: Option<u8>,
    /// Sheet of a workbook; `None` takes the first.
    pub sheet: Option<String>,
}

impl Default for Shape {
    fn default() -> Self {
        Self { format: None, encoding: Encoding::Auto, delimiter: None, header_row: 1, comment: None, sheet: None }
    }
}

/// One row as it stands in the file.
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    pub(crate) number: u64,
    pub(crate) cells: StringRecord,
    pub(crate) guarded: bool,
    pub(crate) fault: Option<RowFault>,
}

/// Why a row cannot be read as cells of its columns.
#[derive(Clone, Debug)]
pub(crate) struct RowFault {
    pub rule: &'static str,
    pub column: String,
    pub value: String,
    pub remedy: String,
}

impl RawRow {
    /// A row of these cells, as a reader would give it.
    pub fn of_cells<'c>(number: u64, cells: impl Iterator<Item = &'c str>) -> Self {
        Self { number, cells: cells.collect(), ..Self::default() }
    }

    /// Row number as people see it, from 1: the spreadsheet's row, or the record's place in a JSON file.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The cell of a column by its index, with a formula guard taken off; empty where the row ends earlier.
    pub fn cell(&self, index: usize) -> &str {
        let cell = self.cells.get(index).unwrap_or_default();
        if self.guarded { guard::unguard(cell) } else { cell }
    }

    /// Number of cells in the row; more or fewer than columns when the row is ragged.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether the row has no cells.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub(crate) fn error(&self) -> Option<RowError> {
        self.fault
            .as_ref()
            .map(|fault| RowError::new(self.number, &fault.column, &fault.value, fault.rule, fault.remedy.clone()))
    }
}

/// What the file is and how much of it there is.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// Column names in the file's order; a name that comes twice is numbered `name [2]`.
    pub columns: Vec<String>,
    /// Rows with something in them, where a first pass counted them (CSV and JSON).
    pub rows: Option<u64>,
    /// Things a person should know before trusting the file, e.g. that it ends where old spreadsheets cut (F01).
    pub warnings: Vec<String>,
}

/// A stream of rows from one file.
pub enum Source {
    /// Delimited text.
    Csv(Box<delimited::Delimited>),
    /// A workbook's sheet.
    Xlsx(Box<workbook::Workbook>),
    /// JSON objects.
    Json(Box<json::JsonRecords>),
}

impl Source {
    /// Checks the file against the limits and opens it. CSV and JSON are read once through before the first row
    /// is given, so that a broken file is refused before anything is imported.
    pub fn open(stored: Stored, shape: &Shape, limits: &Limits) -> Result<Self, FileRefusal> {
        Self::open_told(stored, shape, limits, shape.format)
    }

    /// As `open`, with the kind that the file's name says, for the words of a refusal.
    pub(crate) fn open_told(
        mut stored: Stored,
        shape: &Shape,
        limits: &Limits,
        told: Option<Format>,
    ) -> Result<Self, FileRefusal> {
        let size = stored.seek(SeekFrom::End(0)).map_err(|e| FileRefusal::io("file", &e))?;
        let format = kind::of(&mut stored, shape)?;
        let max = if format == Format::Xlsx { limits.workbook.max_file_bytes } else { limits.max_file_bytes };
        if size > max {
            return Err(FileRefusal::new(
                "file",
                "file.size",
                format!("the file has {} MiB, more than the {} MiB that are read", size >> 20, max >> 20),
                "Split it into several files, or save a workbook as CSV.",
            ));
        }
        let opened = match format {
            Format::Csv => delimited::Delimited::open(stored, shape, limits).map(|file| Self::Csv(Box::new(file))),
            Format::Xlsx => workbook::Workbook::open(stored, shape, limits).map(|file| Self::Xlsx(Box::new(file))),
            Format::Json => json::JsonRecords::open(stored, shape, limits).map(|file| Self::Json(Box::new(file))),
        };
        opened.map_err(|refusal| kind::told_otherwise(refusal, format, told))
    }

    /// The kind of file, by its bytes.
    pub fn format(&self) -> Format {
        match self {
            Self::Csv(_) => Format::Csv,
            Self::Xlsx(_) => Format::Xlsx,
            Self::Json(_) => Format::Json,
        }
    }

    /// A refusal of these columns, which says what the file is where another kind was told.
    pub(crate) fn told_otherwise(&self, refusal: FileRefusal, told: Option<Format>) -> FileRefusal {
        kind::told_otherwise(refusal, self.format(), told)
    }

    /// Columns, counted rows and warnings.
    pub fn facts(&self) -> &FileFacts {
        match self {
            Self::Csv(source) => &source.facts,
            Self::Xlsx(source) => &source.facts,
            Self::Json(source) => &source.facts,
        }
    }

    /// Reads the next row into `row`, reusing its memory; `false` at the end.
    pub fn read(&mut self, row: &mut RawRow) -> Result<bool, FileRefusal> {
        match self {
            Self::Csv(source) => source.read(row),
            Self::Xlsx(source) => source.read(row),
            Self::Json(source) => source.read(row),
        }
    }
}

/// Column names as they are addressed: trimmed, blanks named by position, repetitions numbered from 2.
pub(crate) fn name_columns<'a>(header: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    let mut repeats = std::collections::BTreeMap::<String, usize>::new();
    let mut names = Vec::new();
    for (position, cell) in header.enumerate() {
        let trimmed = trim(cell);
        let plain = if trimmed.is_empty() { format!("column {}", position + 1) } else { trimmed.to_owned() };
        let mut name = plain.clone();
        while taken.contains(&name) {
            let n = repeats.entry(plain.clone()).or_insert(1);
            *n += 1;
            name = format!("{plain} [{n}]");
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// A cell without the spaces around it, the ideographic and the no-break space included.
pub(crate) fn trim(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
}

/// F01 (England 2020): a file that ends exactly at an old spreadsheet's last row was probably cut there.
pub(crate) fn full_sheet_warning(last_row: u64) -> Option<String> {
    matches!(last_row, 65_536 | 1_048_576).then(|| {
        format!("The file ends at row {last_row}, the last row some spreadsheets can hold: rows after it were probably lost. Ask for the file in parts or as CSV.")
    })
}
