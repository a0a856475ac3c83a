//! Rows that queries read, made from states: one file per noun. The state is the truth; a row is a view of it, and
//! replay makes the same one.

mod assignment;
mod case;
mod contact;
mod duplicate;
mod erasure;
mod exposure;
mod household;
mod import;
mod jurisdiction;
mod outbreak;
mod person;
mod place;
mod sample;
mod team;

pub use assignment::ASSIGNMENT;
pub use case::{CASE_CLASSIFICATION, CASE_INVESTIGATION, CASE_RECORD};
pub use contact::{CONTACT, CONTACT_BASIS, CONTACT_STEP, FOLLOW_UP};
pub use duplicate::DUPLICATE;
pub use erasure::{ERASURE_HOLD, ERASURE_REQUEST};
pub use exposure::EXPOSURE;
pub use household::HOUSEHOLD;
pub use import::IMPORT;
pub use jurisdiction::JURISDICTION;
pub use outbreak::OUTBREAK;
pub use person::{PERSON, PERSON_ADDRESS};
pub use place::PLACE;
pub use sample::{SAMPLE, SAMPLE_RESULT};
pub use team::{TEAM, TEAM_AREA, TEAM_MEMBER};

use crate::{
    table::Table,
    tables::{AGGREGATE, LINK, MATCH_KEY},
    value::{Row, Value},
};
use domain::{
    date::KnownDate,
    kernel::{Aggregate, Located},
    seal::Reading,
};

/// Tables of all nouns.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    [
        &JURISDICTION,
        &OUTBREAK,
        &PERSON,
        &PERSON_ADDRESS,
        &CASE_RECORD,
        &CASE_CLASSIFICATION,
        &PLACE,
        &HOUSEHOLD,
        &DUPLICATE,
        &TEAM,
        &TEAM_MEMBER,
        &TEAM_AREA,
        &ASSIGNMENT,
        &IMPORT,
        &ERASURE_REQUEST,
        &ERASURE_HOLD,
        &SAMPLE,
        &SAMPLE_RESULT,
        &EXPOSURE,
        &CONTACT,
        &CONTACT_BASIS,
        &CONTACT_STEP,
        &FOLLOW_UP,
        &CASE_INVESTIGATION,
    ]
    .into_iter()
}

/// Rows of one aggregate, by table.
pub struct Rows<'a> {
    /// The aggregate's home.
    pub stream: i64,
    /// Permission to read sealed values.
    pub permit: Reading,
    take: &'a mut dyn FnMut(&'static Table, Row),
}

impl Rows<'_> {
    /// One row; `stream` is put in front.
    pub fn push<const N: usize>(&mut self, table: &'static Table, values: [Value; N]) {
        let mut row = Vec::with_capacity(N + 1);
        row.push(Value::Int(self.stream));
        row.extend(values);
        debug_assert_eq!(row.len(), table.columns.len(), "{}", table.name);
        (self.take)(table, row);
    }
}

/// All rows of an aggregate: its state, its links, its match keys, and what its noun shows.
pub fn each_row(located: &Located, state: Vec<u8>, take: &mut dyn FnMut(&'static Table, Row)) {
    let about = located.aggregate.about();
    let id = Value::Uuid(located.id);
    let mut rows = Rows { stream: located.stream.0, permit: Reading::permit(), take };
    rows.push(
        &AGGREGATE,
        [
            id.clone(),
            Value::Int(located.aggregate.kind() as i64),
            Value::Int(located.version),
            Value::or_null(located.released_to.map(|stream| stream.0)),
            Value::Int(located.erased.bits()),
            Value::or_null(about.jurisdiction.map(|area| area.0)),
            Value::Bytes(state),
        ],
    );
    for link in located.aggregate.links() {
        rows.push(&LINK, [Value::Uuid(link.target), Value::Int(link.relation as i64), id.clone()]);
    }
    let mut keys = located.aggregate.match_keys(&rows.permit);
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        rows.push(&MATCH_KEY, [Value::Int(key.0), id.clone()]);
    }
    match &located.aggregate {
        Aggregate::Jurisdiction(noun) => jurisdiction::rows(noun, &mut rows),
        Aggregate::Outbreak(noun) => outbreak::rows(noun, &mut rows),
        Aggregate::Person(noun) => person::rows(noun, &mut rows),
        Aggregate::Case(noun) => case::rows(noun, &mut rows),
        Aggregate::Place(noun) => place::rows(noun, &mut rows),
        Aggregate::Household(noun) => household::rows(noun, &mut rows),
        Aggregate::Duplicate(noun) => duplicate::rows(noun, &mut rows),
        Aggregate::Team(noun) => team::rows(noun, &mut rows),
        Aggregate::Assignment(noun) => assignment::rows(noun, &mut rows),
        Aggregate::Import(noun) => import::rows(noun, &mut rows),
        Aggregate::Erasure(noun) => erasure::rows(noun, &mut rows),
        Aggregate::Sample(noun) => sample::rows(noun, &mut rows),
        Aggregate::Exposure(noun) => exposure::rows(noun, &mut rows),
        Aggregate::Contact(noun) => contact::rows(noun, &mut rows),
    }
}

/// The earliest day of a date as text; NULL where none is known.
pub(crate) fn day(date: Option<KnownDate>) -> Value {
    Value::or_null(date.and_then(KnownDate::earliest).map(|date| date.to_string()))
}

/// A date as it was said, precision included; NULL where nothing was said.
pub(crate) fn said(date: Option<KnownDate>) -> Value {
    Value::or_null(date.map(|date| date.to_string()))
}

/// The written name of a code.
pub(crate) fn code<T: serde::Serialize>(value: Option<&T>) -> Value {
    match value.map(serde_json::to_value) {
        Some(Ok(serde_json::Value::String(name))) => Value::Text(name),
        _ => Value::Null,
    }
}

/// A list as JSON text.
pub(crate) fn list<T: serde::Serialize>(value: Option<&T>) -> Value {
    value.and_then(|value| serde_json::to_string(value).ok()).map_or(Value::Null, Value::Text)
}
