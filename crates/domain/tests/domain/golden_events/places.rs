use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Set,
    id::{HouseholdId, PlaceId},
    kernel::Event,
    noun::{household, jurisdiction, place},
};
use std::collections::BTreeMap;

fn names() -> BTreeMap<String, String> {
    BTreeMap::from([("zh".to_owned(), "丰泽".to_owned()), ("en".to_owned(), "Fengze".to_owned())])
}

fn area() -> jurisdiction::Given {
    jurisdiction::Given {
        code: Some("350503".to_owned()),
        names: Some(names()),
        synonyms: Some(vec!["丰泽区".to_owned()]),
        latitude_microdegrees: Some(24_900_000),
        longitude_microdegrees: Some(118_600_000),
        residents: Some(700_000),
    }
}

fn flight() -> place::Given {
    place::Given {
        code: Some("P-1".to_owned()),
        names: Some(names()),
        building: Some("B-12".to_owned()),
        address: Some("机场路1号".to_owned()),
        latitude_microdegrees: Some(-24_900_000),
        longitude_microdegrees: Some(118_600_000),
        held_on: Some(KnownDate::Unknown),
        service_number: Some("MF8123".to_owned()),
        beds: Some(12),
        opened_on: KnownDate::parse("2021-01-01~").ok(),
    }
}

pub fn samples() -> Vec<Event> {
    let areas = [
        jurisdiction::Event::Defined(jurisdiction::Defined {
            id: DISTRICT,
            hierarchy: "administrative".to_owned(),
            level: "district".to_owned(),
            parent: Some(OTHER_DISTRICT),
            fields: area().patch(),
        }),
        jurisdiction::Event::Corrected(jurisdiction::Corrected {
            changes: jurisdiction::Patch { code: Set::Clear, ..area().patch() },
        }),
        jurisdiction::Event::Moved(jurisdiction::Moved { parent: OTHER_DISTRICT }),
    ];
    let inside = Some(PlaceId(uuid(2, 2)));
    let places = [
        place::Event::Registered(place::Registered {
            id: PlaceId(uuid(2, 1)),
            kind: place::PlaceKind::Conveyance,
            jurisdiction: DISTRICT,
            inside,
            fields: flight().patch(),
        }),
        place::Event::Corrected(place::Corrected { changes: place::Patch { code: Set::Clear, ..flight().patch() } }),
        place::Event::MovedInside(place::MovedInside { inside }),
        place::Event::Closed(place::Closed { on: KnownDate::NotAsked }),
    ];
    let dwelling = Some(PlaceId(uuid(2, 1)));
    let code = household::Given { code: Some("H-7".to_owned()) };
    let households = [
        household::Event::Established(household::Established {
            id: HouseholdId(uuid(6, 1)),
            jurisdiction: DISTRICT,
            dwelling,
            fields: code.clone().patch(),
        }),
        household::Event::Corrected(household::Corrected { changes: code.patch() }),
        household::Event::MovedHouse(household::MovedHouse { jurisdiction: OTHER_DISTRICT, dwelling }),
        household::Event::Dissolved(household::Dissolved {}),
    ];
    let areas = areas.into_iter().map(Event::Jurisdiction);
    areas.chain(places.into_iter().map(Event::Place)).chain(households.into_iter().map(Event::Household)).collect()
}
