use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Change,
    id::PlaceId,
    noun::place::{Changes, Command, Given, Place, PlaceKind},
    seal::Reading,
};
use std::collections::BTreeMap;

fn place(n: u64) -> PlaceId {
    PlaceId(uuid(2, n))
}

fn register(n: u64, kind: PlaceKind, inside: Option<u64>, fields: Given) -> Command {
    Command::Register { id: place(n), kind, jurisdiction: DISTRICT, inside: inside.map(place), fields }
}

fn day(text: &str) -> KnownDate {
    KnownDate::parse(text).expect("a date")
}

#[test]
fn a_bed_lies_in_a_ward_in_a_hospital_and_no_place_in_itself() {
    let mut desk = Desk::new();
    assert_eq!(desk.waits(register(2, PlaceKind::Ward, Some(1), Given::default())), vec![place(1).0]);
    desk.accept(register(1, PlaceKind::Facility, None, Given::default()));
    desk.accept(register(2, PlaceKind::Ward, Some(1), Given::default()));
    desk.accept(register(3, PlaceKind::Bed, Some(2), Given::default()));
    let up = |inside: u64| Command::MoveInside { id: place(1), inside: Some(place(inside)), seen: None };
    assert_eq!(desk.refused(up(1)), "place_loop");
    assert_eq!(desk.refused(up(3)), "place_loop");
    desk.accept(Command::MoveInside { id: place(3), inside: Some(place(1)), seen: None });
    assert_eq!(desk.get::<Place>(place(3)).inside, Some(place(1)));
    assert_eq!(desk.refused(Command::MoveInside { id: place(3), inside: Some(place(1)), seen: None }), "nothing_changes");
    desk.accept(Command::MoveInside { id: place(3), inside: None, seen: None });
    assert_eq!(desk.get::<Place>(place(3)).inside, None);
    desk.assert_replays();
}

#[test]
fn a_dwelling_keeps_nothing_that_says_where_somebody_lives() {
    let mut desk = Desk::new();
    let name = || Some(BTreeMap::from([("zh".to_owned(), "王家".to_owned())]));
    let personal = [
        Given { names: name(), ..Given::default() },
        Given { address: Some("测试路1号".to_owned()), ..Given::default() },
        Given { latitude_microdegrees: Some(24_900_000), ..Given::default() },
        Given { longitude_microdegrees: Some(118_600_000), ..Given::default() },
    ];
    for fields in personal {
        assert_eq!(desk.refused(register(1, PlaceKind::Dwelling, None, fields)), "dwelling_is_personal");
    }
    let fields = Given { code: Some("D-1".to_owned()), building: Some("B-12".to_owned()), ..Given::default() };
    desk.accept(register(1, PlaceKind::Dwelling, None, fields));
    let names = Some(Change { seen: None, to: name() });
    let changes = Changes { names: names.clone(), ..Changes::default() };
    assert_eq!(desk.refused(Command::Correct { id: place(1), changes: changes.clone() }), "dwelling_is_personal");
    desk.accept(register(2, PlaceKind::Market, None, Given::default()));
    desk.accept(Command::Correct { id: place(2), changes });
    assert!(desk.get::<Place>(place(2)).fields.names.is_some());
}

#[test]
fn a_gathering_has_its_day_and_a_conveyance_its_service() {
    let mut desk = Desk::new();
    let held = Given { held_on: Some(day("2022-03-12")), ..Given::default() };
    let flight = Given { service_number: Some("MF8123".to_owned()), ..held.clone() };
    assert_eq!(desk.refused(register(1, PlaceKind::Gathering, None, Given::default())), "needs_its_day");
    assert_eq!(desk.refused(register(1, PlaceKind::Conveyance, None, held.clone())), "needs_service_number");
    assert_eq!(desk.refused(register(1, PlaceKind::School, None, held.clone())), "field_not_of_kind");
    assert_eq!(desk.refused(register(1, PlaceKind::Gathering, None, flight.clone())), "field_not_of_kind");
    desk.accept(register(1, PlaceKind::Gathering, None, held));
    desk.accept(register(2, PlaceKind::Conveyance, None, flight));
    let unknown = Given { held_on: Some(KnownDate::Unknown), ..Given::default() };
    desk.accept(register(3, PlaceKind::Gathering, None, unknown));
    let cleared = Changes { held_on: Some(Change { seen: Some(day("2022-03-12")), to: None }), ..Changes::default() };
    assert_eq!(desk.refused(Command::Correct { id: place(1), changes: cleared }), "needs_its_day");
}

#[test]
fn a_service_is_found_by_number_and_day_whatever_the_case() {
    let mut desk = Desk::new();
    let flight = |number: &str, on: &str| Given {
        service_number: Some(number.to_owned()),
        held_on: Some(day(on)),
        ..Given::default()
    };
    desk.accept(register(1, PlaceKind::Conveyance, None, flight("MF8123", "2022-03-12")));
    desk.accept(register(2, PlaceKind::Conveyance, None, flight("mf8123", "2022-03-12")));
    desk.accept(register(3, PlaceKind::Conveyance, None, flight("MF8123", "2022-03-13")));
    let keys = |n: u64| desk.memory.get(place(n).0).expect("it is there").aggregate.match_keys(&Reading::permit());
    assert_eq!(keys(1), keys(2));
    assert_ne!(keys(1), keys(3));
}

#[test]
fn impossible_places_and_days_are_refused() {
    let mut desk = Desk::new();
    let wrong = [
        (Given { latitude_microdegrees: Some(90_000_001), ..Given::default() }, "impossible_coordinates"),
        (Given { longitude_microdegrees: Some(i64::MIN), ..Given::default() }, "impossible_coordinates"),
        (Given { beds: Some(-1), ..Given::default() }, "impossible_number"),
        (Given { opened_on: Some(day("2022-04-01")), ..Given::default() }, "in_the_future"),
        (Given { code: Some("x".repeat(401)), ..Given::default() }, "too_long"),
    ];
    for (fields, rule) in wrong {
        assert_eq!(desk.refused(register(1, PlaceKind::Facility, None, fields)), rule);
    }
}

#[test]
fn a_closed_place_takes_corrections_and_nothing_else() {
    let mut desk = Desk::new();
    let fields = Given { opened_on: Some(day("2021-01-01")), ..Given::default() };
    desk.accept(register(1, PlaceKind::Facility, None, fields));
    let close = |on: &str| Command::Close { id: place(1), on: day(on) };
    assert_eq!(desk.refused(close("2020-12-31")), "order_of_dates");
    assert_eq!(desk.refused(close("2022-04-01")), "in_the_future");
    desk.accept(close("2022-03"));
    assert_eq!(desk.get::<Place>(place(1)).closed_at, Some(desk.now));
    assert_eq!(desk.refused(close("2022-03-13")), "place_closed");
    assert_eq!(desk.refused(register(2, PlaceKind::Ward, Some(1), Given::default())), "place_closed");
    let code = Some(Change { seen: None, to: Some("F-1".to_owned()) });
    desk.accept(Command::Correct { id: place(1), changes: Changes { code, ..Changes::default() } });
    desk.assert_replays();
}
