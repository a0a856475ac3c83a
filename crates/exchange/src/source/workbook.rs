//! A workbook's sheet as a stream of rows. The parser borrows from the opened workbook, so it lives in a thread of its
//! own that hands over rows in bounded groups; a parser that panics ends that thread and refuses the file.

use super::delimited::{cell_too_large, oversized, too_many_rows};
use super::input::Stored;
use super::sheet_scan::SHEET_ROWS;
use super::workbook_guard::{self, damaged};
use super::{FileFacts, RawRow, RowFault, Shape, full_sheet_warning, name_columns, trim};
use crate::{FileRefusal, Limits};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader};
use csv::StringRecord;
use std::io::BufReader;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

const GROUP: usize = 256;

/// The sheet of an XLSX file.
pub struct Workbook {
    pub(super) facts: FileFacts,
    messages: Receiver<Message>,
    group: std::vec::IntoIter<SheetRow>,
    ended: bool,
}

enum Message {
    Header { columns: Vec<String>, warnings: Vec<String> },
    Rows(Vec<SheetRow>),
    Refused(FileRefusal),
    End { last_row: u64 },
}

struct SheetRow {
    number: u64,
    cells: StringRecord,
    fault: Option<RowFault>,
}

impl Workbook {
    pub(super) fn open(stored: Stored, shape: &Shape, limits: &Limits) -> Result<Self, FileRefusal> {
        let stored = workbook_guard::check(stored, limits)?;
        let (sender, messages) = sync_channel(4);
        let (shape, limits) = (shape.clone(), limits.clone());
        std::thread::Builder::new()
            .name("workbook".into())
            .spawn(move || {
                let last = match read_sheet(stored, &shape, &limits, &sender) {
                    Ok(last_row) => Message::End { last_row },
                    Err(Stopped::Refused(refusal)) => Message::Refused(refusal),
                    Err(Stopped::NobodyReads) => return,
                };
                // Nobody left to read it is the normal end of an abandoned import.
                let _ = sender.send(last);
            })
            .map_err(|e| FileRefusal::io("file", &e))?;
        let mut source = Self { facts: FileFacts::default(), messages, group: Vec::new().into_iter(), ended: false };
        match source.messages.recv() {
            Ok(Message::Header { columns, warnings }) => {
                source.facts.columns = columns;
                source.facts.warnings = warnings;
                Ok(source)
            }
            Ok(Message::Refused(refusal)) => Err(refusal),
            Ok(Message::Rows(_) | Message::End { .. }) => Err(no_header(1)),
            Err(_) => Err(damaged("it cannot be parsed")),
        }
    }

    pub(super) fn read(&mut self, row: &mut RawRow) -> Result<bool, FileRefusal> {
        loop {
            if let Some(next) = self.group.next() {
                *row = RawRow { number: next.number, cells: next.cells, guarded: true, fault: next.fault };
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            match self.messages.recv() {
                Ok(Message::Rows(rows)) => self.group = rows.into_iter(),
                Ok(Message::End { last_row }) => {
                    self.ended = true;
                    self.facts.warnings.extend(full_sheet_warning(last_row));
                }
                Ok(Message::Refused(refusal)) => {
                    self.ended = true;
                    return Err(refusal);
                }
                Ok(Message::Header { .. }) => {}
                Err(_) => {
                    self.ended = true;
                    return Err(damaged("it cannot be parsed"));
                }
            }
        }
    }
}

enum Stopped {
    Refused(FileRefusal),
    NobodyReads,
}

impl From<FileRefusal> for Stopped {
    fn from(refusal: FileRefusal) -> Self {
        Self::Refused(refusal)
    }
}

fn no_header(row: u64) -> FileRefusal {
    FileRefusal::new(
        "header",
        "file.header",
        format!("the sheet has no row {row} with column names"),
        "Set header_row in the mapping to the row that holds the column names, and sheet to the sheet's name.",
    )
}

fn read_sheet(stored: Stored, shape: &Shape, limits: &Limits, sender: &SyncSender<Message>) -> Result<u64, Stopped> {
    let mut workbook = Xlsx::new(BufReader::with_capacity(64 << 10, stored))
        .map_err(|e| damaged(format!("it cannot be parsed ({e})")))?;
    let (sheet, warnings) = choose_sheet(&workbook, shape)?;
    let cells = workbook
        .worksheet_cells_reader(&sheet)
        .map_err(|e| damaged(format!("the sheet {sheet:?} cannot be parsed ({e})")))?;
    let mut reader = RowAssembler { cells, held: None, ended: false, row: 0, text_bytes: 0, limits };
    let mut record = StringRecord::new();
    let header_row = shape.header_row.max(1);
    let columns = loop {
        let Some(number) = reader.next_row(&mut record)? else { return Err(no_header(header_row).into()) };
        if number >= header_row && !is_blank(&record) {
            break name_columns(record.iter().map(super::guard::unguard));
        }
    };
    let width = columns.len();
    let names = columns.clone();
    sender.send(Message::Header { columns, warnings }).map_err(|_| Stopped::NobodyReads)?;
    let (mut group, mut rows, mut last_row) = (Vec::with_capacity(GROUP), 0, 0);
    while let Some(number) = reader.next_row(&mut record)? {
        if is_blank(&record) {
            continue;
        }
        rows += 1;
        last_row = number;
        if rows > limits.max_rows {
            return Err(too_many_rows(limits.max_rows).into());
        }
        let fault = fit(&mut record, width, &names, limits);
        group.push(SheetRow { number, cells: std::mem::take(&mut record), fault });
        if group.len() == GROUP {
            let full = std::mem::replace(&mut group, Vec::with_capacity(GROUP));
            sender.send(Message::Rows(full)).map_err(|_| Stopped::NobodyReads)?;
        }
    }
    sender.send(Message::Rows(group)).map_err(|_| Stopped::NobodyReads)?;
    Ok(last_row)
}

fn choose_sheet(workbook: &Xlsx<BufReader<Stored>>, shape: &Shape) -> Result<(String, Vec<String>), FileRefusal> {
    let sheets: Vec<&str> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| {
            sheet.typ == SheetType::WorkSheet && (shape.sheet.is_some() || sheet.visible == SheetVisible::Visible)
        })
        .map(|sheet| sheet.name.as_str())
        .collect();
    if let Some(wanted) = &shape.sheet {
        if sheets.contains(&wanted.as_str()) {
            return Ok((wanted.clone(), Vec::new()));
        }
        return Err(FileRefusal::new(
            "file",
            "workbook.sheet",
            format!("there is no sheet {wanted:?}; the workbook has {}", sheets.join(", ")),
            "Correct the sheet's name in the mapping.",
        ));
    }
    let first = sheets.first().ok_or_else(|| damaged("it has no visible sheet"))?;
    let mut warnings = Vec::new();
    if sheets.len() > 1 {
        warnings.push(format!(
            "The workbook has {} sheets; {first:?} is read. Name another by sheet = \"…\" in the mapping.",
            sheets.len()
        ));
    }
    Ok(((*first).to_owned(), warnings))
}

fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| trim(cell).is_empty())
}

/// Makes the row as wide as the header: missing cells are blank, blank cells beyond it are dropped, others are an error.
fn fit(record: &mut StringRecord, width: usize, names: &[String], limits: &Limits) -> Option<RowFault> {
    while record.len() < width {
        record.push_field("");
    }
    if record.len() > width {
        let beyond = record
            .iter()
            .enumerate()
            .skip(width)
            .find(|(_, cell)| !trim(cell).is_empty())
            .map(|(at, cell)| (at, cell.to_owned()));
        if let Some((at, value)) = beyond {
            return Some(RowFault {
                rule: "row.ragged",
                column: String::new(),
                value,
                remedy: format!(
                    "There is text in column {} of the sheet, which has no name in the header: name the column or empty the cell.",
                    at + 1
                ),
            });
        }
        record.truncate(width);
    }
    let index = oversized(record, limits.max_cell_bytes)?;
    Some(cell_too_large(
        names.get(index).cloned().unwrap_or_default(),
        record.get(index).unwrap_or_default(),
        limits.max_cell_bytes,
    ))
}

type Position = (u32, u32);

/// Puts cells, which come one by one and only where something stands, together into rows.
struct RowAssembler<'a, 'l> {
    cells: XlsxCellReader<'a, BufReader<Stored>>,
    held: Option<(Position, String)>,
    /// The parser must not be asked again after its last cell.
    ended: bool,
    row: u64,
    text_bytes: u64,
    limits: &'l Limits,
}

impl RowAssembler<'_, '_> {
    /// The next row that has cells, and its number from 1.
    fn next_row(&mut self, record: &mut StringRecord) -> Result<Option<u64>, FileRefusal> {
        record.clear();
        let first = match self.held.take() {
            Some(cell) => Some(cell),
            None => self.next_cell()?,
        };
        let Some(((row, _), _)) = first else { return Ok(None) };
        let number = u64::from(row) + 1;
        if number <= self.row || row >= SHEET_ROWS {
            return Err(damaged(format!("row {number} comes after row {}", self.row)));
        }
        self.row = number;
        let mut pending = first;
        while let Some((position, text)) = pending.take() {
            if position.0 != row {
                self.held = Some((position, text));
                break;
            }
            self.place(record, position.1 as usize, &text)?;
            pending = self.next_cell()?;
        }
        Ok(Some(number))
    }

    fn place(&mut self, record: &mut StringRecord, column: usize, text: &str) -> Result<(), FileRefusal> {
        if text.is_empty() {
            return Ok(());
        }
        let place = format!("row {}", self.row);
        if column >= self.limits.max_columns {
            return Err(FileRefusal::new(
                place,
                "file.columns",
                format!("there is text in column {}, more than {} are read", column + 1, self.limits.max_columns),
                "Leave out columns that are not needed.",
            ));
        }
        if column < record.len() {
            return Err(damaged(format!("two cells of row {} stand in one place", self.row)));
        }
        while record.len() < column {
            record.push_field("");
        }
        record.push_field(text);
        self.text_bytes += text.len() as u64;
        if record.as_slice().len() > self.limits.max_row_bytes {
            return Err(FileRefusal::new(
                place,
                "row.size",
                format!("the row has more than {} MiB of text", self.limits.max_row_bytes >> 20),
                "Shorten its cells.",
            ));
        }
        if self.text_bytes > self.limits.workbook.max_text_bytes {
            return Err(FileRefusal::new(
                place,
                "workbook.size",
                format!("the sheet's cells hold more than {} MiB of text", self.limits.workbook.max_text_bytes >> 20),
                "Split the sheet, or save it as CSV.",
            ));
        }
        Ok(())
    }

    fn next_cell(&mut self) -> Result<Option<(Position, String)>, FileRefusal> {
        if self.ended {
            return Ok(None);
        }
        let cell = self
            .cells
            .next_cell()
            .map_err(|e| damaged(format!("after row {} it cannot be parsed ({e})", self.row)))?;
        self.ended = cell.is_none();
        Ok(cell.map(|cell| (cell.get_position(), cell_text(cell.get_value()))))
    }
}

fn cell_text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::Bool(truth) => if *truth { "true" } else { "false" }.to_owned(),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
            }
        }
        DataRef::DateTime(duration) => number_text(duration.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}

/// A number as a person would write it: `7`, `37.2`. From 15 digits on, where a spreadsheet no longer keeps each
/// digit, in scientific notation, which identifiers and phone numbers refuse (`cell.scientific`).
pub(super) fn number_text(number: f64) -> String {
    if number.abs() >= 1e15 {
        return format!("{number:E}");
    }
    if number == number.trunc() {
        // Exact: the magnitude is under 10^15.
        #[allow(clippy::cast_possible_truncation)]
        return (number as i64).to_string();
    }
    number.to_string()
}
