//! The errors file: each refused row with its own columns unchanged and, after them, where and why it was refused. A
//! person corrects the cells and imports the file again by the same mapping, which passes over the added columns. Bytes
//! that are not of the file's code page stand as U+FFFD and two hexadecimal digits, which no import takes.

use crate::RowError;
use crate::source::RawRow;
use crate::source::guard::guard;
use std::io::{self, Write};

/// Columns added after the file's own.
pub const COLUMNS: [&str; 5] = ["error_row", "error_column", "error_value", "error_rule", "error_remedy"];

/// Whether a column was added by an errors file.
pub(crate) fn is_own_column(name: &str) -> bool {
    COLUMNS.contains(&name)
}

/// Whether column names end as an errors file's do.
pub(crate) fn has_own_columns<'n>(names: impl DoubleEndedIterator<Item = &'n str>) -> bool {
    names.rev().take(COLUMNS.len()).eq(COLUMNS.into_iter().rev())
}

/// Whether a text begins as an errors file does: then its first row is the header, whatever the mapping says.
pub(crate) fn is_errors_header(sample: &str) -> bool {
    // Making a reader costs more than most samples; the last name is in every such header.
    if !sample.contains("error_remedy") {
        return false;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(sample.as_bytes());
    let mut header = csv::StringRecord::new();
    matches!(reader.read_record(&mut header), Ok(true)) && has_own_columns(header.iter())
}

/// An errors file being written, as CSV in UTF-8 with a byte order mark.
pub struct ErrorsFile<W: Write> {
    csv: csv::Writer<W>,
    /// Indexes of the refused file's columns without those an earlier errors file added.
    own: Vec<usize>,
    /// All columns of the refused file.
    known: usize,
    rows: u64,
}

impl<W: Write> ErrorsFile<W> {
    /// Starts the file with the columns of the refused one.
    pub fn create(mut sink: W, columns: &[String]) -> io::Result<Self> {
        sink.write_all("\u{FEFF}".as_bytes())?;
        // A quotation mark first: a name that starts with a bracket must not make the file look like JSON.
        let mut header = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        let own: Vec<usize> =
            columns.iter().enumerate().filter(|(_, name)| !is_own_column(name)).map(|(at, _)| at).collect();
        let names = own.iter().filter_map(|&at| columns.get(at));
        header
            .write_record(names.map(|name| guard(name).into_owned()).chain(COLUMNS.map(str::to_owned)))
            .map_err(io::Error::from)?;
        sink.write_all(&header.into_inner().map_err(|error| error.into_error())?)?;
        let csv = csv::Writer::from_writer(sink);
        Ok(Self { csv, own, known: columns.len(), rows: 0 })
    }

    /// Writes a refused row once, its reasons joined by ` | `. Cells beyond the header are kept in `error_value`.
    pub fn refuse(&mut self, row: &RawRow, errors: &[RowError]) -> io::Result<()> {
        for &index in &self.own {
            self.csv.write_field(guard(row.cell(index)).as_bytes())?;
        }
        let join = |part: fn(&RowError) -> &str| errors.iter().map(part).collect::<Vec<_>>().join(" | ");
        let mut values = join(|error| &error.value);
        for index in self.known..row.len() {
            values.push_str(" | ");
            values.push_str(row.cell(index));
        }
        let number = row.number().to_string();
        for field in [&number, &join(|e| &e.column), &values, &join(|e| e.rule), &join(|e| &e.remedy)] {
            self.csv.write_field(guard(field).as_bytes())?;
        }
        self.csv.write_record(None::<&[u8]>)?;
        self.rows += 1;
        Ok(())
    }

    /// Rows written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is held and gives the sink back.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(|error| error.into_error())
    }
}
