//! Targets for hostile files: any bytes end as rows accounted for or as a refusal in words, never in a panic.
//!
//! Each target returns `Err` with the broken rule; a fuzzer counts that, or a panic, as a finding. [`mutate`] makes
//! files that are mostly right, so that most of them reach the rows.

pub mod mutate;

use crate::source::RawRow;
use crate::source::input::Stored;
use crate::write::{WriteOptions, Writer};
use crate::{ErrorsFile, FileRefusal, Limits, Mapping, Noun, suggest};
use std::io::Cursor;
use std::sync::OnceLock;

/// How far a file came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Rows read, refused ones included.
    pub rows: u64,
    /// Rows that became records.
    pub mapped: u64,
    /// Whether the file was refused, at the start or on the way.
    pub refused: bool,
}

/// Bounds small enough that a fuzzer meets each of them.
pub fn limits() -> Limits {
    let mut limits = Limits {
        max_file_bytes: 1 << 20,
        max_columns: 40,
        max_cell_bytes: 1 << 10,
        max_row_bytes: 8 << 10,
        max_rows: 500,
        max_depth: 6,
        ..Limits::default()
    };
    limits.workbook.max_file_bytes = 1 << 20;
    limits.workbook.max_part_bytes = 4 << 20;
    limits.workbook.max_total_bytes = 8 << 20;
    limits
}

/// The mapping of the corpus; each column may be missing.
pub const MAP: &str = r#"
as = "linelist"
null = ["NA", "不详"]
dates = ["D/M/YYYY", "YYYY年M月D日"]
time_zone = "Asia/Shanghai"
[[field]]
to = "case.external_id"
column = "id"
optional = true
[[field]]
to = "person.full_name"
columns = ["surname", "name"]
join = ""
optional = true
[[field]]
to = "person.sex"
column = "sex"
values = { m = "male", f = "female", "男" = "male", "女" = "female" }
optional = true
[[field]]
to = "person.birth_date"
column = "born"
optional = true
[[field]]
to = "person.age_years"
column = "age"
optional = true
[[field]]
column = "phone"
split = ";"
into = ["person.phone", "person.phone[2]"]
optional = true
[[field]]
to = "case.onset"
column = "onset"
optional = true
[[field]]
to = "sample.collected"
column = "sampled"
optional = true
[[field]]
to = "person.address.latitude"
column = "lat"
optional = true
[[record]]
as = "exposures"
when = "infector"
[[record.field]]
to = "exposure.source.external_id"
column = "infector"
optional = true
[[record.field]]
to = "exposure.target.external_id"
column = "id"
optional = true
"#;

fn mapping() -> Option<&'static Mapping> {
    static PARSED: OnceLock<Option<Mapping>> = OnceLock::new();
    PARSED.get_or_init(|| Mapping::parse(MAP).ok()).as_ref()
}

fn stored(bytes: &[u8]) -> Stored {
    Box::new(Cursor::new(bytes.to_vec()))
}

/// Any bytes as a CSV file, by the corpus mapping and by a drafted one.
pub fn fuzz_csv(bytes: &[u8]) -> Result<Reached, String> {
    through_both(bytes)
}

/// Any bytes as a JSON file.
pub fn fuzz_json(bytes: &[u8]) -> Result<Reached, String> {
    through_both(bytes)
}

/// Any bytes as a workbook.
pub fn fuzz_xlsx(bytes: &[u8]) -> Result<Reached, String> {
    let mapping = mapping().ok_or("the corpus mapping does not parse")?;
    account(bytes, mapping)
}

/// Any bytes as a mapping file: it is refused with lines, or maps a row without a panic.
pub fn fuzz_map(bytes: &[u8]) -> Result<Reached, String> {
    let text = String::from_utf8_lossy(bytes);
    match Mapping::parse(&text) {
        Err(faults) if faults.is_empty() => Err("a mapping was refused without a reason".into()),
        Err(faults) => {
            let lines = text.lines().count() + 1;
            match faults.iter().find(|fault| fault.line > lines || fault.reason.is_empty()) {
                Some(fault) => Err(format!("the fault {fault} names no line of the file")),
                None => Ok(Reached { refused: true, ..Reached::default() }),
            }
        }
        Ok(mapping) => account(mutate::SMALL_CSV.as_bytes(), &mapping),
    }
}

fn through_both(bytes: &[u8]) -> Result<Reached, String> {
    let mapping = mapping().ok_or("the corpus mapping does not parse")?;
    let reached = account(bytes, mapping)?;
    // The draft costs a second reading; every eighth file is enough.
    if bytes.len().is_multiple_of(8)
        && let Ok(draft) = suggest::draft_for(stored(bytes), Noun::Linelist, &limits())
        && !draft.contains("# NOT ENOUGH")
    {
        let drafted =
            Mapping::parse(&draft).map_err(|faults| format!("a draft does not parse: {faults:?}\n{draft}"))?;
        account(bytes, &drafted)?;
    }
    Ok(reached)
}

/// Rows in = rows mapped + rows refused, each refused row is in the errors file with its cells unchanged, and that file
/// reads again by the same mapping.
fn account(bytes: &[u8], mapping: &Mapping) -> Result<Reached, String> {
    let mut reached = Reached::default();
    let mut stream = match crate::open(stored(bytes), mapping, &limits()) {
        Ok(stream) => stream,
        Err(refusal) => {
            speaks(&refusal)?;
            return Ok(Reached { refused: true, ..reached });
        }
    };
    let columns = stream.columns().to_vec();
    let mut errors = ErrorsFile::create(Vec::new(), &columns).map_err(|e| e.to_string())?;
    let mut refused: Vec<RawRow> = Vec::new();
    let mut last = 0;
    loop {
        let batch = match stream.next_batch(64) {
            Ok(batch) if batch.is_empty() => break,
            Ok(batch) => batch,
            Err(refusal) => {
                speaks(&refusal)?;
                return Ok(Reached { refused: true, ..reached });
            }
        };
        for outcome in batch {
            if outcome.row.number() <= last {
                return Err(format!("row {} comes after row {last}", outcome.row.number()));
            }
            last = outcome.row.number();
            reached.rows += 1;
            match outcome.records {
                Ok(records) if records.is_empty() => {
                    return Err(format!("row {last} vanished: no record and no error"));
                }
                Ok(_) => reached.mapped += 1,
                Err(reasons) => {
                    if reasons.is_empty()
                        || reasons.iter().any(|reason| reason.row != last || reason.remedy.is_empty())
                    {
                        return Err(format!("row {last} was refused without reason: {reasons:?}"));
                    }
                    errors.refuse(&outcome.row, &reasons).map_err(|e| e.to_string())?;
                    refused.push(outcome.row);
                }
            }
        }
    }
    if stream.expected_rows().is_some_and(|expected| expected != reached.rows)
        || stream.rows() != reached.mapped + refused.len() as u64
    {
        return Err(format!(
            "{:?} rows expected, {} read, {} mapped, {} refused",
            stream.expected_rows(),
            reached.rows,
            reached.mapped,
            refused.len()
        ));
    }
    reread(&errors.finish().map_err(|e| e.to_string())?, mapping, &columns, &refused)?;
    Ok(reached)
}

fn speaks(refusal: &FileRefusal) -> Result<(), String> {
    let silent =
        [refusal.place.as_str(), refusal.rule, &refusal.reason, &refusal.remedy].iter().any(|part| part.is_empty());
    if silent { Err(format!("a refusal does not say all: {refusal:?}")) } else { Ok(()) }
}

fn reread(file: &[u8], mapping: &Mapping, columns: &[String], refused: &[RawRow]) -> Result<(), String> {
    if refused.is_empty() {
        return Ok(());
    }
    let mut stream = crate::open(stored(file), mapping, &Limits::default())
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
