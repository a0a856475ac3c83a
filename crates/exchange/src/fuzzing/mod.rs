//! Targets for hostile files: any bytes end as rows accounted for or as a refusal in words, never in a panic, and with
//! work in proportion to their size.
//!
//! [`mutate`] makes files that are mostly right, so that most of them reach the rows, and knows of many of them what
//! must be read; [`judge`] holds a reader to it; [`run`](mod@run) counts, and catches what is found.

pub mod judge;
pub mod maps;
pub mod mutate;
pub mod run;

use crate::source::RawRow;
use crate::source::input::Stored;
use crate::write::{WriteOptions, Writer};
use crate::{Limits, MapFault, Mapping, Noun, suggest};
use judge::{Exports, Importer, account};
use std::io::Cursor;

/// How far a file came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Rows read, refused ones included.
    pub rows: u64,
    /// Rows that became records.
    pub mapped: u64,
    /// Whether the file was refused, at the start or on the way.
    pub refused: bool,
    /// Bytes that the reader asked of the file.
    pub bytes_read: u64,
}

/// Bounds small enough that a fuzzer meets each of them.
pub fn limits() -> Limits {
    let mut limits = Limits {
        max_file_bytes: 1 << 20,
        max_columns: 40,
        max_cell_bytes: 1 << 10,
        max_row_bytes: 8 << 10,
        max_rows: 2_600,
        max_depth: 6,
        ..Limits::default()
    };
    limits.workbook.max_file_bytes = 1 << 20;
    limits.workbook.max_entries = 40;
    limits.workbook.max_part_bytes = 3 << 20;
    limits.workbook.max_total_bytes = 5 << 20;
    limits.workbook.max_shared_bytes = 1 << 20;
    limits.workbook.max_shared_strings = 40_000;
    limits.workbook.max_small_part_bytes = 128 << 10;
    limits.workbook.max_text_bytes = 256 << 10;
    limits
}

/// A file, and what its maker knows was written into it.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its columns and the rows under them; `None` where bytes were changed afterwards, so that nobody knows.
    pub table: Option<Table>,
    /// Whether each cell must come out as it was written; otherwise only the number of rows is known.
    pub exact: bool,
    /// Which of the corpus mappings it is read by.
    pub map: usize,
    /// Whose export it is, read without a mapping.
    pub export: Option<Noun>,
}

/// Names and rows as written, rows of blanks left out.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Column names as they must be found; none where that is not known.
    pub names: Vec<String>,
    /// Cells, ragged where the file is.
    pub rows: Vec<Vec<String>>,
}

impl Made {
    /// A file of which nothing is known.
    pub fn unknown(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// The mapping it is read by.
    pub fn mapping(&self) -> Result<&'static Mapping, String> {
        maps::at(self.map)
    }

    /// The rows written, where they are known and the reader found the columns that they were written under.
    fn table_under(&self, columns: &[String]) -> Option<&[Vec<String>]> {
        let fits = |table: &&Table| table.names.is_empty() || table.names == columns;
        self.table.as_ref().filter(fits).map(|table| table.rows.as_slice())
    }
}

fn stored(bytes: &[u8]) -> Stored {
    Box::new(Cursor::new(bytes.to_vec()))
}

/// Any bytes as a table, by a corpus mapping and, now and then, by a drafted one.
pub fn table_file(made: &Made) -> Result<Reached, String> {
    if let Some(noun) = made.export {
        return export_file(made, noun);
    }
    let reached = account(&Importer, made, made.mapping()?)?;
    // The draft costs two more readings; every sixteenth file is enough.
    if made.bytes.len().is_multiple_of(16)
        && let Ok(draft) = suggest::draft_for(stored(&made.bytes), Noun::Linelist, &limits())
        && !draft.contains("# NOT ENOUGH")
    {
        let drafted =
            Mapping::parse(&draft).map_err(|faults| format!("a draft does not parse: {faults:?}\n{draft}"))?;
        // A draft leaves to the reader what the mapping told: what must be found is then not known.
        let unknown = Made::unknown(made.bytes.clone());
        account(&Importer, if made.map == 0 { made } else { &unknown }, &drafted)?;
    }
    Ok(reached)
}

/// Any bytes as an export of this program, which needs no mapping.
fn export_file(made: &Made, noun: Noun) -> Result<Reached, String> {
    let Ok(stream) = crate::open_export(stored(&made.bytes), noun, &limits()) else {
        return account(&Exports(noun), made, made.mapping()?);
    };
    let own = |name: &&String| !crate::errors_file::is_own_column(name);
    let names: Vec<String> = stream.columns().iter().filter(own).cloned().collect();
    let mapping = Mapping::of_paths(noun, &names)
        .ok_or_else(|| format!("{names:?} are no fields of {}, and the file is read", noun.name()))?;
    account(&Exports(noun), made, &mapping)
}

/// Any bytes as a mapping file: it is refused with lines, or maps rows.
pub fn mapping_file(bytes: &[u8]) -> Result<Reached, String> {
    let text = String::from_utf8_lossy(bytes);
    match Mapping::parse(&text) {
        Err(faults) if faults.is_empty() => Err("a mapping was refused without a reason".into()),
        Err(faults) => {
            let lines = text.lines().count() + 1;
            let silent = |fault: &&MapFault| {
                let line = fault.line == 0 || fault.to_string().starts_with(&format!("line {}: ", fault.line));
                fault.line > lines || fault.reason.is_empty() || !line
            };
            match faults.iter().find(silent) {
                Some(fault) => Err(format!("the fault {fault} names no line of the file")),
                None => Ok(Reached { refused: true, ..Reached::default() }),
            }
        }
        Ok(mapping) => account(&Importer, &Made::unknown(mutate::SMALL_CSV.as_bytes().to_vec()), &mapping),
    }
}

/// Any bytes as a disease pack: it is refused with places, or is taken and gives its reference.
pub fn pack_file(bytes: &[u8]) -> Result<Reached, String> {
    let text = String::from_utf8_lossy(bytes);
    match domain::pack::Pack::parse(&text) {
        Err(faults) if faults.is_empty() => Err("a pack was refused without a reason".into()),
        Err(faults) => {
            let lines = u32::try_from(text.lines().count() + 1).unwrap_or(u32::MAX);
            let silent = |fault: &&domain::pack::Fault| {
                fault.line == 0 || fault.line > lines || fault.reason.is_empty() || fault.remedy.is_empty()
            };
            match faults.iter().find(silent) {
                Some(fault) => Err(format!("the fault {fault} names no place of the file or no remedy")),
                // A pack is read key by key, and each fault of meaning comes from a value that was read.
                None => Ok(Reached {
                    refused: true,
                    rows: faults.iter().filter(|fault| !fault.path.is_empty()).count() as u64,
                    ..Reached::default()
                }),
            }
        }
        Ok(pack) => {
            let again = domain::pack::Pack::parse(&text).map(|pack| pack.reference());
            if again.as_ref().ok() != Some(&pack.reference()) {
                return Err("the same text gives another reference".into());
            }
            Ok(Reached { rows: 1, mapped: 1, ..Reached::default() })
        }
    }
}

/// What is read from a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Delimited text.
    Csv,
    /// A workbook.
    Xlsx,
    /// Objects.
    Json,
    /// A mapping file.
    Mapping,
    /// A disease pack.
    Pack,
}

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "json" => Some(Self::Json),
            "mapping" => Some(Self::Mapping),
            "pack" => Some(Self::Pack),
            _ => None,
        }
    }

    /// The seed's file.
    pub fn file(self, seed: u64) -> Made {
        match self {
            Self::Csv => mutate::csv(seed),
            Self::Xlsx => mutate::xlsx(seed),
            Self::Json => mutate::json(seed),
            Self::Mapping => Made::unknown(mutate::mapping(seed)),
            Self::Pack => Made::unknown(mutate::pack(seed)),
        }
    }

    /// Makes the seed's file and judges it: its size, and how far it came or which rule it broke.
    pub fn case(self, seed: u64) -> (usize, Result<Reached, String>) {
        let made = self.file(seed);
        let verdict = match self {
            Self::Csv | Self::Xlsx | Self::Json => table_file(&made),
            Self::Mapping => mapping_file(&made.bytes),
            Self::Pack => pack_file(&made.bytes),
        };
        (made.bytes.len(), verdict)
    }
}

/// Writes texts as a table and reads them back: every text must be the same.
pub fn round_trip(format: crate::source::Format, columns: &[String], rows: &[Vec<String>]) -> Result<(), String> {
    let mut writer =
        Writer::create(format, Vec::new(), columns, &WriteOptions::default()).map_err(|e| e.to_string())?;
    for row in rows {
        writer.row(row).map_err(|e| e.to_string())?;
    }
    let bytes = writer.finish().map_err(|e| e.to_string())?;
    let mut source =
        crate::source::Source::open(stored(&bytes), &crate::source::Shape::default(), &Limits::default())
            .map_err(|e| e.to_string())?;
    let mut row = RawRow::default();
    for wanted in rows {
        if !source.read(&mut row).map_err(|e| e.to_string())? {
            return Err(format!("the row {wanted:?} is gone"));
        }
        for (at, cell) in wanted.iter().enumerate() {
            if row.cell(at) != cell {
                return Err(format!("{cell:?} became {:?}", row.cell(at)));
            }
        }
    }
    Ok(())
}
