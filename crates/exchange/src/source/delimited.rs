//! Delimited text: one pass that surveys the file, one that streams its rows in constant memory.

use super::code_page::Lost;
use super::input::{Encoding, RowWithoutEnd, Stored, TextInput, show_beyond_ascii, show_bytes};
use super::{FileFacts, RawRow, RowFault, Shape, code_page, full_sheet_warning, name_columns, trim};
use crate::errors_file;
use crate::{FileRefusal, Limits};
use csv::{ByteRecord, StringRecord};
use std::io::{Read, SeekFrom};

const BUFFER: usize = 64 << 10;

/// A CSV file.
pub struct Delimited {
    pub(super) facts: FileFacts,
    reader: csv::Reader<TextInput>,
    record: ByteRecord,
    cursor: Cursor,
    rows: u64,
    /// Rows so far whose bytes are not of the code page.
    undecodable: u64,
    encoding: Encoding,
    header_row: u64,
    /// Whether it is an errors file of this program, which is UTF-8 whatever the mapping says.
    own_errors: bool,
    limits: Limits,
}

/// Place in the file as a spreadsheet would number it: blank and comment lines count, line breaks in cells do not.
#[derive(Clone, Copy, Default)]
struct Cursor {
    row: u64,
    line: u64,
}

#[derive(Default)]
struct Survey {
    rows: u64,
    beyond_ascii: u64,
    /// Place of the first row, or of the header, that is not ASCII alone.
    first_beyond: Option<String>,
    undecodable: u64,
    first_undecodable: Option<String>,
    last_row: u64,
}

impl Delimited {
    /// Finds separator and code page, reads the whole file once against the limits, and starts over.
    pub(super) fn open(stored: Stored, shape: &Shape, limits: &Limits) -> Result<Self, FileRefusal> {
        let mut encoding = shape.encoding;
        let (mut source, mut survey) = Self::start(stored, encoding, shape, limits)?.surveyed()?;
        // Only where most lines with foreign letters are not UTF-8, and all of them are GB18030 and Chinese, is that the
        // code page: a single damaged byte must not turn every name into another.
        let may_be = matches!(shape.encoding, Encoding::Auto | Encoding::Utf8);
        if may_be && survey.undecodable * 2 > survey.beyond_ascii {
            let (other, found) = Self::start(source.into_stored(), Encoding::Gb18030, shape, limits)?.surveyed()?;
            let chinese = other.reader.get_ref().signs().is_some_and(|signs| signs.is_chinese());
            source = other;
            if found.undecodable == 0 && chinese {
                if shape.encoding == Encoding::Utf8 {
                    // Its rows of ASCII alone would be taken, and the others be refused one by one.
                    return Err(code_page::is_gb18030(survey.first_undecodable.unwrap_or_default()));
                }
                encoding = Encoding::Gb18030;
                survey = found;
            }
        }
        let told = source.judge_told(&survey, shape.encoding)?;
        let mut source = source.again(encoding, shape, limits)?;
        source.facts.rows = Some(survey.rows);
        source.facts.warnings.extend(full_sheet_warning(survey.last_row));
        source.facts.warnings.extend(told.map(str::to_owned));
        if shape.encoding == Encoding::Auto && encoding == Encoding::Gb18030 {
            source.facts.warnings.push("The file is read as GB18030, because its bytes are not UTF-8. Say encoding = \"gb18030\" in the mapping to be sure.".into());
        }
        Ok(source)
    }

    /// Whether a file that the mapping calls GB18030 is none; what a person should know where nobody can tell.
    fn judge_told(&self, survey: &Survey, told: Encoding) -> Result<Option<&'static str>, FileRefusal> {
        let input = self.reader.get_ref();
        if told != Encoding::Gb18030 {
            return Ok(None);
        }
        if input.marked_utf_8() && !self.own_errors {
            return Ok(Some(code_page::MARKED));
        }
        match (input.signs(), &survey.first_beyond) {
            (Some(signs), Some(place)) if signs.is_utf_8(survey.undecodable == 0) => {
                Err(code_page::is_utf_8(place.clone()))
            }
            (Some(signs), _) if signs.may_be_utf_8() => Ok(Some(code_page::EITHER)),
            _ => Ok(None),
        }
    }

    /// The file from its first row again, with what was found out about it kept where the code page was right.
    fn again(mut self, encoding: Encoding, shape: &Shape, limits: &Limits) -> Result<Self, FileRefusal> {
        if self.encoding != encoding {
            return Self::start(self.into_stored(), encoding, shape, limits);
        }
        self.reader.get_mut().allow(u64::MAX);
        let start = SeekFrom::Start(0);
        self.reader.seek_raw(start, csv::Position::new()).map_err(|error| self.refuse(error))?;
        self.cursor = Cursor { row: 0, line: 1 };
        (self.rows, self.undecodable) = (0, 0);
        self.read_header(self.header_row)?;
        Ok(self)
    }

    fn start(stored: Stored, encoding: Encoding, shape: &Shape, limits: &Limits) -> Result<Self, FileRefusal> {
        let mut probe = TextInput::start(stored, encoding)?;
        let sample = read_sample(&mut probe)?;
        if sample.is_empty() {
            return Err(FileRefusal::new(
                "file",
                "file.empty",
                "the file has nothing in it",
                "Check that the right file was chosen.",
            ));
        }
        let own_errors = errors_file::is_errors_header(&sample);
        let (comment, header_row) = if own_errors { (None, 1) } else { (shape.comment, shape.header_row.max(1)) };
        let told = if own_errors { Some(b',') } else { shape.delimiter };
        let delimiter = told.unwrap_or_else(|| detect_delimiter(&sample, comment, header_row));
        let input = TextInput::start(probe.into_stored(), encoding)?;
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .comment(comment)
            .buffer_capacity(BUFFER)
            .from_reader(input);
        let mut source = Self {
            facts: FileFacts::default(),
            reader,
            record: ByteRecord::new(),
            cursor: Cursor { row: 0, line: 1 },
            rows: 0,
            undecodable: 0,
            encoding,
            header_row,
            own_errors,
            limits: limits.clone(),
        };
        source.read_header(header_row)?;
        Ok(source)
    }

    fn read_header(&mut self, header_row: u64) -> Result<(), FileRefusal> {
        while self.advance()? {
            if self.cursor.row < header_row || is_blank(&self.record) {
                continue;
            }
            let columns = self.record.len();
            if columns > self.limits.max_columns {
                return Err(FileRefusal::new(
                    format!("row {}", self.cursor.row),
                    "file.columns",
                    format!("the header has {columns} columns, more than {}", self.limits.max_columns),
                    "Check the separator, or leave out columns that are not needed.",
                ));
            }
            let cells: Vec<String> = self.record.iter().map(show_bytes).collect();
            self.facts.columns = name_columns(cells.iter().map(|cell| super::guard::unguard(cell)));
            return Ok(());
        }
        Err(FileRefusal::new(
            "header",
            "file.header",
            format!("there is no row {header_row} with column names"),
            "Set header_row in the mapping to the row that holds the column names.",
        ))
    }

    fn surveyed(mut self) -> Result<(Self, Survey), FileRefusal> {
        let mut survey = Survey::default();
        let names = &self.facts.columns;
        if !names.iter().all(|name| name.is_ascii()) {
            (survey.beyond_ascii, survey.first_beyond) = (1, Some("header".to_owned()));
        }
        if names.iter().any(|name| name.contains('\u{FFFD}')) {
            self.undecodable = 1;
            survey.first_undecodable = Some("header".to_owned());
        }
        let mut row = RawRow::default();
        while self.read(&mut row)? {
            survey.rows += 1;
            if !row.cells.as_slice().is_ascii() {
                survey.beyond_ascii += 1;
                survey.first_beyond.get_or_insert_with(|| format!("row {}", row.number));
            }
            if self.undecodable > 0 {
                survey.first_undecodable.get_or_insert_with(|| format!("row {}", row.number));
            }
        }
        survey.undecodable = self.undecodable;
        survey.last_row = self.cursor.row;
        Ok((self, survey))
    }

    fn into_stored(self) -> Stored {
        self.reader.into_inner().into_stored()
    }

    /// Reads the next record and its place.
    fn advance(&mut self) -> Result<bool, FileRefusal> {
        let allowance = (self.limits.max_row_bytes + 2 * BUFFER) as u64;
        self.reader.get_mut().allow(allowance);
        let more = match self.reader.read_byte_record(&mut self.record) {
            Ok(more) => more,
            Err(error) => return Err(self.refuse(error)),
        };
        if !more {
            return Ok(false);
        }
        if self.record.as_slice().len() > self.limits.max_row_bytes {
            return Err(self.endless_row());
        }
        let line = self.reader.position().line();
        let step = line.saturating_sub(self.cursor.line);
        let within = if step > 1 { self.record.as_slice().iter().filter(|&&b| b == b'\n').count() as u64 } else { 0 };
        self.cursor.row += 1 + step.saturating_sub(1).saturating_sub(within);
        self.cursor.line = line;
        Ok(true)
    }

    pub(super) fn read(&mut self, row: &mut RawRow) -> Result<bool, FileRefusal> {
        self.record = std::mem::take(&mut row.cells).into_byte_record();
        row.fault = None;
        row.guarded = true;
        loop {
            if !self.advance()? {
                return Ok(false);
            }
            if !is_blank(&self.record) {
                break;
            }
        }
        self.rows += 1;
        if self.rows > self.limits.max_rows {
            return Err(too_many_rows(self.limits.max_rows));
        }
        row.number = self.cursor.row;
        let (cells, lost) = match StringRecord::from_byte_record(std::mem::take(&mut self.record)) {
            // Out of a decoder a wrong byte comes as U+FFFD. A file of UTF-8 may hold that letter and still be one.
            Ok(cells) if self.reader.get_ref().transcodes() => (cells, Lost::NotTold),
            Ok(cells) => (cells, Lost::Before),
            Err(error) => {
                let bytes = error.into_byte_record();
                if code_page::reads_as_gb18030(bytes.iter()) {
                    // Some of its letters are UTF-8 by chance, and other letters: none of them is believed.
                    (bytes.iter().map(show_beyond_ascii).collect(), Lost::Gb18030)
                } else {
                    (bytes.iter().map(show_bytes).collect(), Lost::NotUtf8)
                }
            }
        };
        row.cells = cells;
        if lost != Lost::Before && !row.cells.as_slice().is_ascii() && row.cells.as_slice().contains('\u{FFFD}') {
            self.undecodable += 1;
        }
        row.fault = self.fault_of(&row.cells, lost);
        Ok(true)
    }

    fn fault_of(&self, cells: &StringRecord, lost: Lost) -> Option<RowFault> {
        let columns = &self.facts.columns;
        let name = |index: usize| columns.get(index).cloned().unwrap_or_default();
        if cells.len() != columns.len() {
            return Some(RowFault {
                rule: "row.ragged",
                column: String::new(),
                value: String::new(),
                remedy: format!(
                    "The row has {} cells under {} column names: put a cell that contains the separator in quotation marks, or add the missing cells.",
                    cells.len(),
                    columns.len()
                ),
            });
        }
        if !cells.as_slice().is_ascii() && cells.as_slice().contains('\u{FFFD}') {
            let index = cells.iter().position(|cell| cell.contains('\u{FFFD}')).unwrap_or(0);
            return Some(lost.fault(name(index), cells.get(index).unwrap_or_default()));
        }
        oversized(cells, self.limits.max_cell_bytes).map(|index| {
            cell_too_large(name(index), cells.get(index).unwrap_or_default(), self.limits.max_cell_bytes)
        })
    }

    fn refuse(&self, error: csv::Error) -> FileRefusal {
        let place = format!("after row {}", self.cursor.row);
        match error.into_kind() {
            csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<RowWithoutEnd>()) => {
                self.endless_row()
            }
            csv::ErrorKind::Io(error) => FileRefusal::io(place, &error),
            other => FileRefusal::new(
                place,
                "file.csv",
                format!("the text cannot be read as CSV: {other:?}"),
                "Save the file again as CSV.",
            ),
        }
    }

    fn endless_row(&self) -> FileRefusal {
        FileRefusal::new(
            format!("row {}", self.cursor.row + 1),
            "row.size",
            format!("the row has no end within {} MiB", self.limits.max_row_bytes >> 20),
            "Most often a quotation mark was opened and not closed: look at this row.",
        )
    }
}

fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace))
}

pub(super) fn oversized(cells: &StringRecord, max: usize) -> Option<usize> {
    if cells.as_slice().len() <= max {
        return None;
    }
    cells.iter().position(|cell| cell.len() > max)
}

pub(super) fn cell_too_large(column: String, value: &str, max: usize) -> RowFault {
    RowFault {
        rule: "cell.size",
        column,
        value: crate::refusal::shorten(value),
        remedy: format!("The cell has more than {} KiB of text: shorten it.", max >> 10),
    }
}

pub(super) fn too_many_rows(max: u64) -> FileRefusal {
    FileRefusal::new(
        "file",
        "file.rows",
        format!("the file has more than {max} rows"),
        "Split it into several files.",
    )
}

fn read_sample(probe: &mut TextInput) -> Result<String, FileRefusal> {
    let mut bytes = Vec::new();
    probe.take(BUFFER as u64).read_to_end(&mut bytes).map_err(|e| FileRefusal::io("file", &e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The separator that splits the header and the rows after it into the same, largest number of cells.
fn detect_delimiter(sample: &str, comment: Option<u8>, header_row: u64) -> u8 {
    let lines: Vec<&str> = sample
        .lines()
        .skip(usize::try_from(header_row.saturating_sub(1)).unwrap_or(0))
        .filter(|line| !trim(line).is_empty() && comment.is_none_or(|c| line.as_bytes().first() != Some(&c)))
        .take(20)
        .collect();
    let Some((header, rest)) = lines.split_first() else { return b',' };
    let score = |delimiter: u8| {
        let columns = count_outside_quotes(header, delimiter);
        let agreeing = rest.iter().filter(|line| count_outside_quotes(line, delimiter) == columns).count();
        if columns == 0 { (0, 0) } else { (agreeing + 1, columns) }
    };
    // The first of equals wins: the comma.
    [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(|&d| score(d)).filter(|&d| score(d).1 > 0).unwrap_or(b',')
}

fn count_outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line.bytes() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            count += 1;
        }
    }
    count
}
