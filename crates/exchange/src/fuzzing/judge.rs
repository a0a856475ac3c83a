//! What must hold of every file, whatever is in it: rows in = rows accounted for, refusals in words, an errors file that
//! reads again.

use super::{Made, Reached, limits};
use crate::source::RawRow;
use crate::source::guard::unguard;
use crate::source::input::Stored;
use crate::{ErrorsFile, FileRefusal, Limits, MappedRecord, Mapping, Noun, RowOutcome, RowStream, Value};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows being read; the harness is told of readers with a planted fault through it.
pub trait Rows {
    /// Column names in the file's order.
    fn columns(&self) -> &[String];
    /// Rows to come, where they were counted beforehand.
    fn expected_rows(&self) -> Option<u64>;
    /// The next at most `n` rows; none at the end.
    fn next_batch(&mut self, n: usize) -> Result<Vec<RowOutcome>, FileRefusal>;
    /// Whether what it says of itself agrees with the rows that were read and refused, by the mapping they were read by.
    fn agrees(&self, _read: u64, _refused: u64, _mapping: &Mapping) -> Result<(), String> {
        Ok(())
    }
}

/// What opens a file.
pub trait Reader {
    /// Its rows.
    type Rows: Rows;
    /// Opens a file by a mapping.
    fn open(&self, stored: Stored, mapping: &Mapping, limits: &Limits) -> Result<Self::Rows, FileRefusal>;
}

/// The reader that is shipped.
pub struct Importer;

impl Rows for RowStream {
    fn columns(&self) -> &[String] {
        RowStream::columns(self)
    }
    fn expected_rows(&self) -> Option<u64> {
        RowStream::expected_rows(self)
    }
    fn next_batch(&mut self, n: usize) -> Result<Vec<RowOutcome>, FileRefusal> {
        RowStream::next_batch(self, n)
    }
    fn agrees(&self, read: u64, refused: u64, mapping: &Mapping) -> Result<(), String> {
        if (self.rows(), self.refused()) != (read, refused) {
            return Err(format!(
                "{} rows counted and {} refused, of {read} and {refused}",
                self.rows(),
                self.refused()
            ));
        }
        let known = mapping.columns();
        if let Some(name) = self.unmapped().iter().find(|name| known.contains(name.as_str())) {
            return Err(format!("the column {name:?} is mapped, and told as unmapped"));
        }
        match self.warnings().find(|warning| warning.is_empty()) {
            Some(_) => Err("a warning says nothing".into()),
            None => Ok(()),
        }
    }
}

/// The reader of this program's own exports, which has no mapping.
pub struct Exports(pub Noun);

impl Reader for Exports {
    type Rows = RowStream;
    fn open(&self, stored: Stored, _mapping: &Mapping, limits: &Limits) -> Result<RowStream, FileRefusal> {
        crate::open_export(stored, self.0, limits)
    }
}

impl Reader for Importer {
    type Rows = RowStream;
    fn open(&self, stored: Stored, mapping: &Mapping, limits: &Limits) -> Result<RowStream, FileRefusal> {
        crate::open(stored, mapping, limits)
    }
}

/// A file in memory that counts what is read of it.
struct Counted {
    bytes: Cursor<Vec<u8>>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buf)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// Reads a file to its end and holds what came of it to the rules.
pub fn account(reader: &impl Reader, made: &Made, mapping: &Mapping) -> Result<Reached, String> {
    let mut reached = Reached::default();
    let read = Arc::new(AtomicU64::new(0));
    let stored = Counted { bytes: Cursor::new(made.bytes.clone()), read: read.clone() };
    let ended = follow(reader, Box::new(stored), made, mapping, &mut reached);
    reached.bytes_read = read.load(Ordering::Relaxed);
    let Some((columns, refused, errors)) = ended? else { return Ok(reached) };
    reread(&errors, mapping, &columns, &refused)?;
    Ok(reached)
}

type Ended = Option<(Vec<String>, Vec<RawRow>, Vec<u8>)>;

/// Columns, refused rows and errors file of a file that was read to its end; `None` where it was refused.
fn follow(
    reader: &impl Reader,
    stored: Stored,
    made: &Made,
    mapping: &Mapping,
    reached: &mut Reached,
) -> Result<Ended, String> {
    let mut stream = match reader.open(stored, mapping, &limits()) {
        Ok(stream) => stream,
        Err(refusal) => return refused(&refusal, reached),
    };
    let columns = stream.columns().to_vec();
    let mut errors = ErrorsFile::create(Vec::new(), &columns).map_err(|e| e.to_string())?;
    let mut kept: Vec<RawRow> = Vec::new();
    let mut last = 0;
    loop {
        let batch = match stream.next_batch(64) {
            Ok(batch) if batch.is_empty() => break,
            Ok(batch) => batch,
            Err(refusal) => return refused(&refusal, reached),
        };
        for outcome in batch {
            let number = outcome.row.number();
            if number <= last {
                return Err(format!("row {number} comes after row {last}"));
            }
            last = number;
            as_written(made, &columns, reached.rows, &outcome.row)?;
            reached.rows += 1;
            match outcome.records {
                Ok(records) if records.is_empty() => {
                    return Err(format!("row {last} vanished: no record and no error"));
                }
                Ok(records) => {
                    records.iter().try_for_each(|record| answers(record, &columns))?;
                    reached.mapped += 1;
                }
                Err(reasons) => {
                    if reasons.is_empty()
                        || reasons.iter().any(|reason| reason.row != last || reason.remedy.is_empty())
                    {
                        return Err(format!("row {last} was refused without reason: {reasons:?}"));
                    }
                    errors.refuse(&outcome.row, &reasons).map_err(|e| e.to_string())?;
                    kept.push(outcome.row);
                }
            }
        }
    }
    let expected = stream.expected_rows().unwrap_or(reached.rows);
    let written = made.table_under(&columns).map_or(reached.rows, |rows| rows.len() as u64);
    if expected != reached.rows || written != reached.rows || errors.rows() + reached.mapped != reached.rows {
        return Err(format!(
            "{written} rows written, {expected} expected, {} read, {} mapped, {} refused",
            reached.rows,
            reached.mapped,
            kept.len()
        ));
    }
    stream.agrees(reached.rows, kept.len() as u64, mapping)?;
    let errors = errors.finish().map_err(|e| e.to_string())?;
    Ok(Some((columns, kept, errors)))
}

/// A record gives each of its fields under the path that names it, and a column that there is.
fn answers(record: &MappedRecord, columns: &[String]) -> Result<(), String> {
    for field in &record.fields {
        let path = field.to.to_string();
        if record.get(&path) != Some(&field.value) {
            return Err(format!("{path} is in the record and is not found"));
        }
        if record.text(&path).is_some() != matches!(field.value, Value::Text(_)) {
            return Err(format!("{path} is told as the text that it is not"));
        }
        if field.column().is_some_and(|at| at >= columns.len()) {
            return Err(format!("{path} comes from a column that there is not"));
        }
    }
    Ok(())
}

/// A refused file must say what is wrong.
fn refused(refusal: &FileRefusal, reached: &mut Reached) -> Result<Ended, String> {
    reached.refused = true;
    let silent =
        [refusal.place.as_str(), refusal.rule, &refusal.reason, &refusal.remedy].iter().any(|part| part.is_empty());
    if silent { Err(format!("a refusal does not say all: {refusal:?}")) } else { Ok(None) }
}

/// Where the maker knows what it wrote, each cell must be what was written.
fn as_written(made: &Made, columns: &[String], at: u64, row: &RawRow) -> Result<(), String> {
    let Some(rows) = made.table_under(columns) else { return Ok(()) };
    let Some(cells) = usize::try_from(at).ok().and_then(|at| rows.get(at)) else {
        return Err(format!("row {} was never written", row.number()));
    };
    for (column, cell) in cells.iter().enumerate() {
        let written = if row.guarded { unguard(cell) } else { cell };
        if made.exact && column < columns.len() && row.cell(column) != written {
            return Err(format!("row {}, column {column}: {cell:?} became {:?}", row.number(), row.cell(column)));
        }
    }
    Ok(())
}

/// The errors file, by the same mapping, gives the refused rows again, each cell unchanged.
fn reread(file: &[u8], mapping: &Mapping, columns: &[String], refused: &[RawRow]) -> Result<(), String> {
    // A second reading costs as much as the first; every third file is enough.
    if refused.is_empty() || !file.len().is_multiple_of(3) {
        return Ok(());
    }
    let mut stream = crate::open(Box::new(Cursor::new(file.to_vec())), mapping, &Limits::default())
        .map_err(|refusal| format!("the errors file is refused: {refusal}"))?;
    let again =
        stream.next_batch(refused.len() + 1).map_err(|refusal| format!("the errors file is refused: {refusal}"))?;
    if again.len() != refused.len() {
        return Err(format!("{} rows refused, {} in the errors file", refused.len(), again.len()));
    }
    let own =
        (0..columns.len()).filter(|&at| columns.get(at).is_some_and(|name| !crate::errors_file::is_own_column(name)));
    for (to, from) in own.enumerate() {
        for (before, after) in refused.iter().zip(&again) {
            if before.cell(from) != after.row.cell(to) {
                return Err(format!(
                    "row {}, column {from}: {:?} became {:?} in the errors file",
                    before.number(),
                    before.cell(from),
                    after.row.cell(to)
                ));
            }
        }
    }
    Ok(())
}
