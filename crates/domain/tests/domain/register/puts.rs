//! What is put in the place of something else (a household, an address, the place around) says what its author saw: two
//! who change it do not overwrite each other (DESIGN §3).

use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Seen,
    id::{HouseholdId, PlaceId},
    kernel::{
        Command, Outcome,
        dispute::{disputed, seen_again},
    },
    noun::{
        household,
        person::{self, AddressGiven, Person},
        place::{self, Place},
    },
    refusal::Answer,
};
use serde_json::json;

fn home(n: u64) -> HouseholdId {
    HouseholdId(uuid(0x60, n))
}

fn spot(n: u64) -> PlaceId {
    PlaceId(uuid(0x61, n))
}

fn address(text: &str) -> AddressGiven {
    AddressGiven { from: KnownDate::NotAsked, jurisdiction: DISTRICT, place: None, text: Some(text.to_owned()) }
}

/// Two homes, three places, and a person who lives in none.
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.register(1);
    for n in 1..=2 {
        let fields = household::Given { code: Some(format!("H-{n}")) };
        desk.accept(household::Command::Establish { id: home(n), jurisdiction: DISTRICT, dwelling: None, fields });
    }
    for n in 1..=3 {
        let (kind, fields) = (place::PlaceKind::Facility, place::Given::default());
        desk.accept(place::Command::Register { id: spot(n), kind, jurisdiction: DISTRICT, inside: None, fields });
    }
    desk
}

fn join(n: u64, seen: Option<u64>) -> Command {
    let seen = Some(Seen { stood: seen.map(home) });
    person::Command::JoinHousehold { id: person_id(1), household: Some(home(n)), seen }.into()
}

fn live_at(text: &str, seen: Option<&str>) -> Command {
    let seen = Some(Seen { stood: seen.map(address) });
    person::Command::MoveHouse { id: person_id(1), address: address(text), seen }.into()
}

fn inside(n: u64, seen: Option<u64>) -> Command {
    let seen = Some(Seen { stood: seen.map(spot) });
    place::Command::MoveInside { id: spot(1), inside: Some(spot(n)), seen }.into()
}

#[test]
fn what_was_changed_meanwhile_is_in_conflict_and_taken_by_whoever_has_seen_it() {
    // One puts it there, another who saw nothing there puts something else, and a third knows better.
    let of = [
        ("household", join(1, None), join(2, None), join(2, Some(1))),
        ("address", live_at("a", None), live_at("b", None), live_at("b", Some("a"))),
        ("inside", inside(2, None), inside(3, None), inside(3, Some(2))),
    ];
    let mut desk = desk();
    for (field, first, stale, knowing) in of {
        let target = first.target();
        desk.accept(first.clone());
        let Outcome::Declined(refusal) = desk.send(stale.clone()) else { panic!("{field}: taken") };
        assert_eq!((refusal.answer, refusal.pointers), (Answer::Conflict, vec![field.into()]));
        assert_eq!(desk.refused(first), "nothing_changes", "{field}: what stands is no conflict");
        let stands = desk.memory.get(target).expect("a record").aggregate.clone();
        let [told] = &disputed(&stale, &stands)[..] else { panic!("{field}: one field differs") };
        assert_eq!((told.field.as_str(), &told.seen), (field, &json!(null)));
        assert!(!told.stands.is_null() && !told.asked.is_null() && told.stands != told.asked, "{told:?}");
        assert_eq!(seen_again(&stale, &stands), Some(knowing.clone()));
        desk.accept(knowing.clone());
        assert_eq!(disputed(&stale, &desk.memory.get(target).expect("a record").aggregate), vec![]);
    }
    assert_eq!(desk.get::<Person>(person_id(1)).household, Some(home(2)));
    assert_eq!(desk.get::<Person>(person_id(1)).lives_at(), Some(address("b")));
    assert_eq!(desk.get::<Place>(spot(1)).inside, Some(spot(3)));
    desk.assert_replays();
}

#[test]
fn who_says_nothing_of_what_was_seen_puts_it_all_the_same() {
    let mut desk = desk();
    desk.accept(join(1, None));
    desk.accept(person::Command::JoinHousehold { id: person_id(1), household: None, seen: None });
    desk.accept(live_at("a", None));
    desk.accept(person::Command::MoveHouse { id: person_id(1), address: address("b"), seen: None });
    let person = desk.get::<Person>(person_id(1));
    assert_eq!((person.household, person.lives_at()), (None, Some(address("b"))));
}
