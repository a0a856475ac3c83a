//! Mapping files: which column says what, as a person wrote it down.
//!
//! This room knows names of columns and of target fields; it does not know cells or the register.

pub mod dates;
mod parse;
pub mod pattern;
pub mod target;

pub use dates::{DateFormat, DatePrecision};
pub use target::{Kind, Noun, Target};

pub(crate) use parse::{either, nearest};

use crate::source::Shape;
use jiff::tz::TimeZone;
use pattern::Pattern;
use std::collections::BTreeMap;
use std::fmt;

/// A checked mapping file.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// What the file is, as `--as` names it.
    pub noun: Noun,
    /// How the file is laid out.
    pub shape: Shape,
    /// Records made from each row, in order.
    pub records: Vec<RecordMap>,
    /// Columns left out on purpose.
    pub ignored: Vec<String>,
    /// Cells that say nothing, besides the blank one.
    pub null: Vec<String>,
    /// Zone of instants that name none.
    pub time_zone: TimeZone,
}

/// One record made from each row, where its conditions hold.
#[derive(Clone, Debug)]
pub struct RecordMap {
    /// What the record is.
    pub noun: Noun,
    /// All must hold, or the record is not made.
    pub when: Vec<Condition>,
    /// Its fields. Several may name one target: the first that says something is taken.
    pub fields: Vec<FieldMap>,
}

/// One or more target fields and where their text comes from.
#[derive(Clone, Debug)]
pub struct FieldMap {
    /// Line in the mapping file, from 1.
    pub line: usize,
    /// Where the text comes from.
    pub from: FieldSource,
    /// How it is divided among the targets.
    pub parts: Parts,
    /// Where it goes.
    pub to: Vec<TargetRef>,
    /// Words of the file to words of the target; matched exactly, then without regard to ASCII case.
    pub values: BTreeMap<String, String>,
    /// The word for cells that `values` does not list.
    pub otherwise: Option<String>,
    /// Patterns of dates, tried in order.
    pub formats: Vec<DateFormat>,
    /// Precision of its dates; `None` takes what the cell shows.
    pub precision: Option<DatePrecision>,
    /// Text put before each value, to make ids of several files distinct.
    pub prefix: String,
    /// All must hold, or the field says nothing.
    pub when: Vec<Condition>,
    /// Whether the file may come without the column.
    pub optional: bool,
    /// Whether a row is refused in which it says nothing.
    pub required: bool,
}

/// Where a field's text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSource {
    /// One column.
    Column(String),
    /// Several columns, blanks left out, joined by a text.
    Joined(Vec<String>, String),
    /// The same text for each row.
    Constant(String),
}

/// How a text is divided among several targets.
#[derive(Clone, Debug)]
pub enum Parts {
    /// All of it to the one target.
    Whole,
    /// At each separator; a missing part says nothing, one too many is an error.
    Split(String),
    /// By the fixed texts between holes.
    Pattern(Pattern),
}

/// A target field, and which of several it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetRef {
    /// The field.
    pub target: &'static Target,
    /// From 1; always 1 where the field does not repeat.
    pub index: u8,
}

/// A condition on a cell of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// What its cell must be.
    pub test: Test,
}

/// What a cell must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Says something: neither blank nor one of the mapping's `null` words.
    Said,
    /// Is one of these.
    Is(Vec<String>),
    /// Is none of these.
    Not(Vec<String>),
}

/// A fault of a mapping file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct MapFault {
    /// Line in the mapping file, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong and what may stand there.
    pub reason: String,
}

impl fmt::Display for MapFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.reason) } else { write!(f, "line {}: {}", self.line, self.reason) }
    }
}

impl Mapping {
    /// Reads and checks a mapping file; every fault is named with its line.
    pub fn parse(text: &str) -> Result<Self, Vec<MapFault>> {
        parse::parse(text)
    }

    /// The mapping of a file whose column names are target paths, as exports are: each column to its own field.
    /// `None` where a name is no field of the noun, or the file does not say who or what its rows are.
    pub fn of_paths(noun: Noun, columns: &[String]) -> Option<Self> {
        let mut fields = Vec::with_capacity(columns.len());
        // What the other installation made of its records is made again here.
        let (ignored, told): (Vec<&String>, Vec<&String>) =
            columns.iter().partition(|column| column.starts_with(crate::export::DERIVED));
        for column in told {
            let (path, index) = target::split_index(column)?;
            let target = target::find(noun, &path).filter(|target| index == 1 || target.repeats)?;
            fields.push(FieldMap {
                line: 0,
                from: FieldSource::Column(column.clone()),
                parts: Parts::Whole,
                to: vec![TargetRef { target, index }],
                values: BTreeMap::new(),
                otherwise: None,
                formats: Vec::new(),
                precision: None,
                prefix: String::new(),
                when: Vec::new(),
                optional: false,
                required: false,
            });
        }
        let named =
            |group: &&[&str]| fields.iter().any(|field| field.to.iter().any(|to| group.contains(&to.target.path)));
        if !target::required(noun).iter().all(named) {
            return None;
        }
        let records = vec![RecordMap { noun, when: Vec::new(), fields }];
        Some(Self {
            noun,
            shape: Shape::default(),
            records,
            ignored: ignored.into_iter().cloned().collect(),
            null: Vec::new(),
            time_zone: TimeZone::UTC,
        })
    }

    /// Columns the mapping reads, each once.
    pub fn columns(&self) -> std::collections::BTreeSet<&str> {
        let mut columns = std::collections::BTreeSet::new();
        for record in &self.records {
            columns.extend(record.when.iter().map(|condition| condition.column.as_str()));
            for field in &record.fields {
                columns.extend(field.when.iter().map(|condition| condition.column.as_str()));
                match &field.from {
                    FieldSource::Column(name) => {
                        columns.insert(name);
                    }
                    FieldSource::Joined(names, _) => columns.extend(names.iter().map(String::as_str)),
                    FieldSource::Constant(_) => {}
                }
            }
        }
        columns
    }
}

impl fmt::Display for TargetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.index == 1 {
            return f.write_str(self.target.path);
        }
        // The index follows the repeating name: person.identifier[2].number, person.phone[2].
        let mut words = self.target.path.splitn(3, '.');
        let (group, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        write!(f, "{group}.{name}[{}]", self.index)?;
        words.next().map_or(Ok(()), |rest| write!(f, ".{rest}"))
    }
}
