//! A file and its mapping as a stream of outcomes: rows in = rows out, each mapped or refused with its reasons (F01).

use super::{MappedRecord, Plan};
use crate::errors_file;
use crate::map::{Mapping, Noun};
use crate::source::input::{self, Stored};
use crate::source::{Format, RawRow, Shape, Source};
use crate::{FileRefusal, Limits, RowError};
use std::path::Path;

/// What became of one row.
#[derive(Clone, Debug)]
pub struct RowOutcome {
    /// The row as it stood, for the errors file and for each cell's origin.
    pub row: RawRow,
    /// The records it makes, or every reason why it is refused.
    pub records: Result<Vec<MappedRecord>, Vec<RowError>>,
}

/// Rows of a file through a mapping.
pub struct RowStream {
    source: Source,
    plan: Plan,
    warnings: Vec<String>,
    unmapped: Vec<String>,
    rows: u64,
    refused: u64,
}

/// Opens a file by its path.
pub fn open_path(path: &Path, mapping: &Mapping, limits: &Limits) -> Result<RowStream, FileRefusal> {
    let stored = input::at(path)?;
    let named = path.extension().map(|name| name.to_string_lossy().to_ascii_lowercase());
    let named = match named.as_deref() {
        Some("xlsx" | "xlsm") => Some(Format::Xlsx),
        Some("json" | "jsonl" | "ndjson") => Some(Format::Json),
        Some("csv" | "tsv" | "txt") => Some(Format::Csv),
        _ => None,
    };
    // What the mapping says comes first; the name then only helps to say what is wrong.
    let told = mapping.shape.format.or(named);
    open_as(stored, mapping, limits, told)
}

/// Opens a file or buffer. It is checked against the limits, and against the mapping's columns, before this returns.
pub fn open(stored: Stored, mapping: &Mapping, limits: &Limits) -> Result<RowStream, FileRefusal> {
    open_as(stored, mapping, limits, mapping.shape.format)
}

fn open_as(
    stored: Stored,
    mapping: &Mapping,
    limits: &Limits,
    told: Option<Format>,
) -> Result<RowStream, FileRefusal> {
    through(Source::open_told(stored, &mapping.shape, limits, told)?, mapping, told)
}

/// Opens a file whose column names are target paths, as this program's exports are, without a mapping file.
pub fn open_export(stored: Stored, noun: Noun, limits: &Limits) -> Result<RowStream, FileRefusal> {
    let source = Source::open(stored, &Shape::default(), limits)?;
    let named: Vec<String> =
        source.facts().columns.iter().filter(|name| !errors_file::is_own_column(name)).cloned().collect();
    let mapping = Mapping::of_paths(noun, &named).ok_or_else(|| {
        FileRefusal::new(
            "header",
            "map.needed",
            format!(
                "the file is {}, and its {} columns are not the fields of {}",
                source.format().words(),
                named.len(),
                noun.name()
            ),
            "Write a mapping: --suggest-map OUT.toml drafts one, --map OUT.toml uses it.",
        )
    })?;
    through(source, &mapping, None)
}

fn through(source: Source, mapping: &Mapping, told: Option<Format>) -> Result<RowStream, FileRefusal> {
    let columns = source.facts().columns.clone();
    // JSON leaves out what nobody has, and so does the errors file of a JSON file.
    let sparse =
        matches!(source, Source::Json(_)) || errors_file::has_own_columns(columns.iter().map(String::as_str));
    let (plan, warnings) =
        Plan::new(mapping, &columns, sparse).map_err(|refusal| source.told_otherwise(refusal, told))?;
    let read = mapping.columns();
    let unmapped = columns
        .into_iter()
        .filter(|name| {
            !read.contains(name.as_str()) && !mapping.ignored.contains(name) && !errors_file::is_own_column(name)
        })
        .collect();
    Ok(RowStream { source, plan, warnings, unmapped, rows: 0, refused: 0 })
}

impl RowStream {
    /// Column names in the file's order.
    pub fn columns(&self) -> &[String] {
        &self.source.facts().columns
    }

    /// Columns that are neither mapped nor listed under `ignore`: what they say is not imported.
    pub fn unmapped(&self) -> &[String] {
        &self.unmapped
    }

    /// Number of rows to come, where it is known (CSV, JSON).
    pub fn expected_rows(&self) -> Option<u64> {
        self.source.facts().rows
    }

    /// What a person should know before trusting the file. A workbook's last warning comes with its last row.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.source.facts().warnings.iter().chain(&self.warnings).map(String::as_str)
    }

    /// Rows given so far, refused ones included.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows refused so far.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The next at most `n` rows; none at the end. A refusal ends the stream: rows given before it stand.
    pub fn next_batch(&mut self, n: usize) -> Result<Vec<RowOutcome>, FileRefusal> {
        let mut batch = Vec::with_capacity(n.min(4_096));
        while batch.len() < n {
            let mut row = RawRow::default();
            if !self.source.read(&mut row)? {
                break;
            }
            let records = self.plan.apply(&row);
            self.rows += 1;
            self.refused += u64::from(records.is_err());
            batch.push(RowOutcome { row, records });
        }
        Ok(batch)
    }
}
