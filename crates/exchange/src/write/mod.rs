//! Tables out: CSV, XLSX and JSON whose cells run as no formula and read back as the very texts that were written.
//!
//! This room knows columns and texts; which columns a reader may see is decided elsewhere.

mod text;

pub use text::text_of;

use crate::source::Format;
use crate::source::guard::guard;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use std::io::{self, Write};
use std::path::PathBuf;

/// Rows of a worksheet, the header included.
const SHEET_ROWS: u64 = 1_048_576;
/// UTF-16 units in a worksheet's cell.
const SHEET_CELL: usize = 32_767;

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The sink refused the bytes.
    #[error("the file cannot be written: {0}. Check the disk and its rights, and try again")]
    Io(#[from] io::Error),
    /// A sheet holds no more rows; nothing is cut off silently (F01).
    #[error("a sheet holds {SHEET_ROWS} rows and the table has more. Export as CSV")]
    SheetFull,
    /// A cell longer than a sheet's cells may be.
    #[error("row {row}, column {column:?}: a sheet's cell holds {SHEET_CELL} characters. Export as CSV")]
    CellTooLong {
        /// Row in the sheet, from 1.
        row: u64,
        /// Column name.
        column: String,
    },
    /// A row with other than one cell per column.
    #[error("row {row} has {cells} cells under {columns} columns")]
    Ragged {
        /// Row in the file, from 1 for the header.
        row: u64,
        /// Cells given.
        cells: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// The workbook's writer failed.
    #[error("the workbook cannot be written: {0}")]
    Workbook(#[from] XlsxError),
}

/// What the table's columns do not say.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Put a byte order mark before CSV, without which spreadsheets misread names that are not ASCII.
    pub byte_order_mark: bool,
    /// Name of the sheet.
    pub sheet: String,
    /// Time of writing in the workbook's properties, milliseconds UTC.
    pub written_at: i64,
    /// Folder of the unnamed scratch file in which a workbook grows; `None` takes the system's.
    pub scratch: Option<PathBuf>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { byte_order_mark: true, sheet: "Firebreak".into(), written_at: 0, scratch: None }
    }
}

/// A table being written row by row, in constant memory.
pub struct Writer<W: Write + Send> {
    kind: Kind<W>,
    columns: Vec<String>,
    rows: u64,
}

enum Kind<W: Write + Send> {
    Csv(Box<csv::Writer<W>>),
    Xlsx { workbook: Box<Workbook>, sink: W },
    Json { sink: io::BufWriter<W> },
}

impl<W: Write + Send> Writer<W> {
    /// Starts a table under its column names.
    pub fn create(
        format: Format,
        mut sink: W,
        columns: &[String],
        options: &WriteOptions,
    ) -> Result<Self, WriteFault> {
        let kind = match format {
            Format::Csv => {
                if options.byte_order_mark {
                    sink.write_all("\u{FEFF}".as_bytes())?;
                }
                let mut csv = csv::Writer::from_writer(sink);
                csv.write_record(columns.iter().map(|name| guard(name).into_owned())).map_err(io::Error::from)?;
                Kind::Csv(Box::new(csv))
            }
            Format::Xlsx => Kind::Xlsx { workbook: Box::new(new_workbook(columns, options)?), sink },
            Format::Json => {
                let mut sink = io::BufWriter::new(sink);
                sink.write_all(b"[")?;
                Kind::Json { sink }
            }
        };
        Ok(Self { kind, columns: columns.to_vec(), rows: 1 })
    }

    /// Writes one row, a cell per column; an empty text is a blank cell.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<(), WriteFault> {
        if cells.len() != self.columns.len() {
            return Err(WriteFault::Ragged { row: self.rows + 1, cells: cells.len(), columns: self.columns.len() });
        }
        match &mut self.kind {
            Kind::Csv(csv) => {
                for cell in cells {
                    csv.write_field(guard(cell.as_ref()).as_bytes()).map_err(io::Error::from)?;
                }
                csv.write_record(None::<&[u8]>).map_err(io::Error::from)?;
            }
            Kind::Xlsx { workbook, .. } => write_sheet_row(workbook, self.rows, &self.columns, cells)?,
            Kind::Json { sink } => write_object(sink, self.rows == 1, &self.columns, cells)?,
        }
        self.rows += 1;
        Ok(())
    }

    /// Rows written, without the header.
    pub fn rows(&self) -> u64 {
        self.rows - 1
    }

    /// Completes the file and gives the sink back.
    pub fn finish(self) -> Result<W, WriteFault> {
        match self.kind {
            Kind::Csv(csv) => Ok(csv.into_inner().map_err(|error| error.into_error())?),
            Kind::Xlsx { mut workbook, mut sink } => {
                workbook.save_to_writer(&mut sink)?;
                Ok(sink)
            }
            Kind::Json { mut sink } => {
                sink.write_all(b"\n]\n")?;
                Ok(sink.into_inner().map_err(io::IntoInnerError::into_error)?)
            }
        }
    }
}

fn new_workbook(columns: &[String], options: &WriteOptions) -> Result<Workbook, WriteFault> {
    let mut workbook = Workbook::new();
    let written = ExcelDateTime::from_timestamp(options.written_at.div_euclid(1_000))?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&written));
    if let Some(folder) = &options.scratch {
        workbook.set_tempdir(folder)?;
    }
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(&options.sheet)?;
    sheet.set_freeze_panes(1, 0)?;
    write_sheet_row(&mut workbook, 0, columns, columns)?;
    Ok(workbook)
}

fn write_sheet_row<T: AsRef<str>>(
    workbook: &mut Workbook,
    row: u64,
    columns: &[String],
    cells: &[T],
) -> Result<(), WriteFault> {
    if row >= SHEET_ROWS {
        return Err(WriteFault::SheetFull);
    }
    let at = u32::try_from(row).map_err(|_| WriteFault::SheetFull)?;
    let sheet = workbook.worksheet_from_index(0)?;
    for (index, cell) in cells.iter().enumerate() {
        let text = guard(cell.as_ref());
        if text.is_empty() {
            continue;
        }
        let column = u16::try_from(index).map_err(|_| WriteFault::SheetFull)?;
        if text.encode_utf16().count() > SHEET_CELL {
            return Err(WriteFault::CellTooLong {
                row: row + 1,
                column: columns.get(index).cloned().unwrap_or_default(),
            });
        }
        sheet.write_string(at, column, text.as_ref())?;
    }
    Ok(())
}

fn write_object<W: Write, T: AsRef<str>>(
    sink: &mut W,
    first: bool,
    columns: &[String],
    cells: &[T],
) -> Result<(), WriteFault> {
    sink.write_all(if first { b"\n{" } else { b",\n{" })?;
    for (index, (name, cell)) in columns.iter().zip(cells).enumerate() {
        if index > 0 {
            sink.write_all(b",")?;
        }
        serde_json::to_writer(&mut *sink, name).map_err(io::Error::from)?;
        sink.write_all(b":")?;
        serde_json::to_writer(&mut *sink, cell.as_ref()).map_err(io::Error::from)?;
    }
    sink.write_all(b"}")?;
    Ok(())
}
