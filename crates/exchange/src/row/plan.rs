//! A mapping made ready for one file: columns by index, required targets resolved.

use super::convert::{CellFault, Reading, convert};
use super::{CLEAR, MappedField, MappedRecord, Value};
use crate::map::{Condition, FieldMap, FieldSource, Mapping, Noun, Parts, Target, TargetRef, Test, target};
use crate::source::{RawRow, trim};
use crate::{FileRefusal, RowError};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A mapping with the file's columns found.
#[derive(Debug)]
pub(crate) struct Plan {
    records: Vec<RecordPlan>,
    columns: Vec<String>,
    null: Vec<String>,
    zone: TimeZone,
}

#[derive(Debug)]
struct RecordPlan {
    noun: Noun,
    when: Vec<Check>,
    fields: Vec<FieldPlan>,
    required: Vec<Vec<&'static Target>>,
}

#[derive(Debug)]
struct FieldPlan {
    map: FieldMap,
    columns: Vec<usize>,
    when: Vec<Check>,
    /// Whether an earlier field of the record may have said the same target.
    repeated: bool,
}

#[derive(Debug)]
struct Check {
    column: usize,
    test: Test,
}

/// Columns the mapping names and the file does not have.
struct Missing {
    columns: Vec<String>,
    accepted: bool,
}

impl Plan {
    /// Finds the mapping's columns. `sparse` files (JSON) may lack a column that no record filled; the missing names
    /// come back as warnings.
    pub fn new(mapping: &Mapping, columns: &[String], sparse: bool) -> Result<(Self, Vec<String>), FileRefusal> {
        let index: BTreeMap<&str, usize> = columns.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let mut missing = Missing { columns: Vec::new(), accepted: sparse };
        let mut records = Vec::new();
        for record in &mapping.records {
            let when = checks(&record.when, &index, false, &mut missing);
            let mut fields: Vec<FieldPlan> = Vec::new();
            for field in &record.fields {
                let Some(mut plan) = field_plan(field, &index, &mut missing) else { continue };
                plan.repeated = plan.map.to.iter().any(|to| fields.iter().any(|earlier| earlier.map.to.contains(to)));
                fields.push(plan);
            }
            let required = target::required(record.noun)
                .iter()
                .map(|group| group.iter().filter_map(|path| target::find(record.noun, path)).collect())
                .collect();
            // A sparse file without a condition's column has no row for which the condition holds.
            if let Some(when) = when {
                records.push(RecordPlan { noun: record.noun, when, fields, required });
            }
        }
        missing.columns.sort();
        missing.columns.dedup();
        if !missing.accepted && !missing.columns.is_empty() {
            return Err(refuse_missing(&missing.columns, columns));
        }
        let warnings = missing
            .columns
            .iter()
            .map(|name| format!("No record has the field {name:?} that the mapping names."))
            .collect();
        let plan =
            Self { records, columns: columns.to_vec(), null: mapping.null.clone(), zone: mapping.time_zone.clone() };
        Ok((plan, warnings))
    }

    /// The records a row makes, or every reason why it makes none.
    pub fn apply(&self, row: &RawRow) -> Result<Vec<MappedRecord>, Vec<RowError>> {
        if let Some(error) = row.error() {
            return Err(vec![error]);
        }
        let mut errors = Vec::new();
        let mut made = Vec::with_capacity(self.records.len());
        for record in &self.records {
            if self.hold(&record.when, row) {
                made.push(self.record(record, row, &mut errors));
            }
        }
        if made.is_empty() && errors.is_empty() {
            errors.push(RowError::new(
                row.number(),
                "",
                "",
                "record.none",
                "No record of the mapping applies to this row: check its when conditions.",
            ));
        }
        if errors.is_empty() { Ok(made) } else { Err(errors) }
    }

    fn record(&self, plan: &RecordPlan, row: &RawRow, errors: &mut Vec<RowError>) -> MappedRecord {
        let mut record = MappedRecord { noun: plan.noun, fields: Vec::with_capacity(plan.fields.len()) };
        for field in &plan.fields {
            if self.hold(&field.when, row) {
                self.field(field, row, &mut record, errors);
            }
        }
        for group in &plan.required {
            let about = |target: &&'static Target| {
                plan.fields.iter().find(|field| field.map.to.iter().any(|to| std::ptr::eq(to.target, *target)))
            };
            let refused = errors.iter().any(|error| {
                group
                    .iter()
                    .filter_map(about)
                    .flat_map(|field| &field.columns)
                    .any(|&at| self.name(at) == error.column)
            });
            if refused || group.iter().any(|target| record.says(target)) {
                continue;
            }
            let column = group
                .iter()
                .find_map(about)
                .and_then(|field| field.columns.first())
                .map(|&at| self.name(at))
                .unwrap_or_default();
            let paths: Vec<&str> = group.iter().map(|target| target.path).collect();
            let remedy = format!(
                "{} is needed in each row of {}: fill the cell.",
                crate::map::either(&paths),
                plan.noun.name()
            );
            errors.push(RowError::new(row.number(), column, "", "field.required", remedy));
        }
        record
    }

    fn field(&self, plan: &FieldPlan, row: &RawRow, record: &mut MappedRecord, errors: &mut Vec<RowError>) {
        let column = plan.columns.first().copied();
        let text: Cow<'_, str> = match &plan.map.from {
            FieldSource::Column(_) => Cow::Borrowed(column.map(|at| trim(row.cell(at))).unwrap_or_default()),
            FieldSource::Constant(text) => Cow::Borrowed(text),
            FieldSource::Joined(_, with) => {
                let said: Vec<&str> =
                    plan.columns.iter().map(|&at| trim(row.cell(at))).filter(|cell| self.says(cell)).collect();
                Cow::Owned(said.join(with))
            }
        };
        if !self.says(&text) {
            if plan.map.required {
                let column = column.map(|at| self.name(at)).unwrap_or_default();
                let remedy = "The mapping needs this cell in each row: fill it.";
                errors.push(RowError::new(row.number(), column, "", "cell.required", remedy));
            }
            return;
        }
        let mut refuse = |value: &str, fault: CellFault| {
            errors.push(RowError::new(
                row.number(),
                column.map(|at| self.name(at)).unwrap_or_default(),
                value,
                fault.rule,
                fault.remedy,
            ));
        };
        if let Parts::Whole = plan.map.parts {
            if let Some(to) = plan.map.to.first() {
                self.put(plan, *to, &text, record, &mut refuse);
            }
            return;
        }
        // One (clear) empties all that the cell would have been divided into.
        let pieces = if text == CLEAR { Ok(vec![CLEAR; plan.map.to.len()]) } else { plan.map.divide(&text) };
        match pieces {
            Ok(pieces) => {
                for (to, piece) in plan.map.to.iter().zip(pieces.into_iter().map(trim)) {
                    if self.says(piece) {
                        self.put(plan, *to, piece, record, &mut refuse);
                    }
                }
            }
            Err(fault) => refuse(&text, fault),
        }
    }

    fn put(
        &self,
        plan: &FieldPlan,
        to: TargetRef,
        text: &str,
        record: &mut MappedRecord,
        refuse: &mut impl FnMut(&str, CellFault),
    ) {
        if plan.repeated && record.fields.iter().any(|field| field.to == to) {
            return;
        }
        let word = plan.map.word(text);
        if word.is_empty() {
            return;
        }
        let reading = Reading {
            kind: to.target.kind,
            formats: &plan.map.formats,
            precision: plan.map.precision,
            zone: &self.zone,
        };
        let value = if word == CLEAR { Ok(Value::Clear) } else { convert(word, &reading) };
        match value {
            Ok(mut value) => {
                if let Value::Text(text) = &mut value {
                    text.insert_str(0, &plan.map.prefix);
                }
                record.fields.push(MappedField {
                    to,
                    value,
                    column: plan.columns.first().and_then(|&at| u16::try_from(at).ok()),
                });
            }
            Err(fault) => refuse(text, fault),
        }
    }

    /// Whether a trimmed cell says something.
    fn says(&self, cell: &str) -> bool {
        !cell.is_empty() && !self.null.iter().any(|word| word.eq_ignore_ascii_case(cell))
    }

    fn hold(&self, checks: &[Check], row: &RawRow) -> bool {
        checks.iter().all(|check| {
            let cell = trim(row.cell(check.column));
            let among = |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(cell));
            match &check.test {
                Test::Said => self.says(cell),
                Test::Is(words) => among(words),
                Test::Not(words) => !among(words),
            }
        })
    }

    fn name(&self, column: usize) -> &str {
        self.columns.get(column).map(String::as_str).unwrap_or_default()
    }
}

impl FieldMap {
    /// The pieces of a text, at most one for each target.
    fn divide<'t>(&self, text: &'t str) -> Result<Vec<&'t str>, CellFault> {
        let most = self.to.len();
        match &self.parts {
            Parts::Whole => Ok(vec![text]),
            Parts::Split(separator) => {
                let pieces: Vec<&str> = text.split(separator.as_str()).take(most + 1).collect();
                let remedy = || format!("The cell has more than {most} parts separated by {separator:?}.");
                if pieces.len() > most {
                    Err(CellFault { rule: "split.parts", remedy: remedy() })
                } else {
                    Ok(pieces)
                }
            }
            Parts::Pattern(pattern) => pattern.read(text).ok_or_else(|| CellFault {
                rule: "split.pattern",
                remedy: "The cell does not fit the mapping's pattern.".into(),
            }),
        }
    }

    /// The target's word for a cell.
    fn word<'t>(&'t self, text: &'t str) -> &'t str {
        if self.values.is_empty() && self.otherwise.is_none() || text == CLEAR {
            return text;
        }
        let found = self.values.get(text).or_else(|| {
            self.values.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(text)).map(|(_, ours)| ours)
        });
        found.or(self.otherwise.as_ref()).map_or(text, String::as_str)
    }
}

fn field_plan(field: &FieldMap, index: &BTreeMap<&str, usize>, missing: &mut Missing) -> Option<FieldPlan> {
    let names: &[String] = match &field.from {
        FieldSource::Column(name) => std::slice::from_ref(name),
        FieldSource::Joined(names, _) => names,
        FieldSource::Constant(_) => &[],
    };
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        match index.get(name.as_str()) {
            Some(&at) => columns.push(at),
            None if field.optional => {}
            None => missing.columns.push(name.clone()),
        }
    }
    let when = checks(&field.when, index, field.optional, missing)?;
    (names.is_empty() || !columns.is_empty()).then(|| FieldPlan {
        map: field.clone(),
        columns,
        when,
        repeated: false,
    })
}

/// `None` where a condition's column is absent.
fn checks(
    conditions: &[Condition],
    index: &BTreeMap<&str, usize>,
    optional: bool,
    missing: &mut Missing,
) -> Option<Vec<Check>> {
    let mut checks = Vec::with_capacity(conditions.len());
    for condition in conditions {
        match index.get(condition.column.as_str()) {
            Some(&column) => checks.push(Check { column, test: condition.test.clone() }),
            None => {
                if !optional {
                    missing.columns.push(condition.column.clone());
                }
                return None;
            }
        }
    }
    Some(checks)
}

fn refuse_missing(missing: &[String], columns: &[String]) -> FileRefusal {
    let named: Vec<String> = missing
        .iter()
        .take(5)
        .map(|name| {
            format!(
                "{name:?} (nearest: {:?})",
                crate::map::nearest(name, columns.iter().take(1_000).map(String::as_str))
            )
        })
        .collect();
    FileRefusal::new(
        "header",
        "map.column",
        format!("the file has no column {}", named.join(", ")),
        "Correct the column's name in the mapping, or write optional = true where a file may come without it.",
    )
}
