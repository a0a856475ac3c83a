//! The person who asks to be erased, with a value of every kind, and all that could be left of them.

use crate::{
    installation::Installation,
    traces::{Trace, of_match_key, of_text},
};
use domain::{
    date::KnownDate,
    fields::Change,
    id::{CaseId, ContactId, ErasureId, ExposureId, PersonId},
    kernel::Located,
    noun::{
        case, contact, exposure,
        person::{self, Identifier},
    },
    seal::Reading,
};
use std::collections::BTreeMap;
use store::store::Store;
use testkit::scene;
use uuid::Uuid;

pub const N: u64 = 4_711;
pub const NAME: &str = "王芷若4711";
pub const PHONE: &str = "13905954711";
pub const ADDRESS: &str = "新门街4711号";
pub const NUMBER: &str = "350503198001014711";
pub const NOTE: &str = "邻居4711来电";
pub const SETTING: &str = "4711次公交车上";
pub const VALUES: [&str; 6] = [NAME, PHONE, ADDRESS, NUMBER, NOTE, SETTING];

/// A name that a correction in conflict asks for.
pub const OTHER_NAME: &str = "王芷茹4711";

/// A case that nobody knows: what names it waits.
pub const NOT_THERE: CaseId = CaseId(Uuid::from_u128(0xca5e));

pub fn person() -> PersonId {
    scene::person_id(N)
}

pub fn request() -> String {
    ErasureId::of(person()).to_string()
}

pub fn known() -> person::Command {
    person::Command::Register {
        id: person(),
        jurisdiction: scene::DISTRICT,
        fields: person::Given {
            full_name: Some(NAME.to_owned()),
            birth_date: KnownDate::parse("1980-01-01").ok(),
            phones: Some(vec![PHONE.to_owned()]),
            identifiers: Some(vec![Identifier { kind: "national_id".to_owned(), number: NUMBER.to_owned() }]),
            note: Some(NOTE.to_owned()),
            ..Default::default()
        },
        address: Some(person::AddressGiven {
            from: KnownDate::NotAsked,
            jurisdiction: scene::DISTRICT,
            place: None,
            text: Some(ADDRESS.to_owned()),
        }),
        household: None,
    }
}

/// An exposure of the person to a case that may not be known.
pub fn exposed(n: u128, case: CaseId) -> exposure::Command {
    exposure::Command::Record {
        id: ExposureId(Uuid::from_u128(0xee00 + n)),
        source: exposure::Source::Case(case),
        person: person(),
        outbreak: scene::OUTBREAK,
        fields: exposure::Given { setting: Some(SETTING.to_owned()), ..Default::default() },
    }
}

/// Their own case, with a note.
pub fn fell_ill() -> case::Command {
    let mut open = scene::open_case(N);
    if let case::Command::Open { fields, .. } = &mut open {
        fields.note = Some(NOTE.to_owned());
    }
    open
}

/// The person as a contact by the first exposure.
pub fn listed() -> contact::Command {
    contact::Command::List {
        id: ContactId(Uuid::from_u128(0xc0)),
        person: person(),
        ring: domain::pack::Ring::Ring1,
        exposures: vec![ExposureId(Uuid::from_u128(0xee01))],
        fields: contact::Given { note: Some(NOTE.to_owned()), ..Default::default() },
    }
}

/// A correction by somebody who saw a name that never stood there.
pub fn renamed() -> person::Command {
    let full_name = Some(Change { seen: Some("王二".to_owned()), to: Some(OTHER_NAME.to_owned()) });
    person::Command::Correct { id: person(), changes: person::Changes { full_name, ..Default::default() } }
}

pub async fn looked_up(store: &Store) -> BTreeMap<Uuid, Located> {
    let mut look = store.look_up().await.expect("a look begins");
    look.located([person().0].into()).await.expect("it is read")
}

/// Every form of every value of the person, and the keys by which the record is found.
pub async fn traces(place: &Installation) -> Vec<Trace> {
    let store = place.store().await;
    let mut traces: Vec<Trace> = VALUES.iter().chain([&OTHER_NAME]).flat_map(|value| of_text(value)).collect();
    let found = looked_up(&store).await;
    let keys = found[&person().0].aggregate.match_keys(&Reading::permit());
    assert_eq!(keys.len(), 3, "identifier, phone, name with month");
    traces.extend(keys.into_iter().flat_map(of_match_key));
    store.close().await;
    traces.extend(place.wrapped_keys(person().0).map(|bytes| Trace { label: "wrapped keys".to_owned(), bytes }));
    traces
}
