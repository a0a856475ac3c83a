use crate::desk::*;
use domain::{
    fields::Change,
    id::{HouseholdId, PlaceId},
    noun::{
        household::{Changes, Command, Given, Household},
        person::{self, Person},
        place,
    },
};

const HOME: HouseholdId = HouseholdId(uuid::Uuid::from_u128(0x60));
const FLAT: PlaceId = PlaceId(uuid::Uuid::from_u128(0x61));

fn establish(dwelling: Option<PlaceId>) -> Command {
    let fields = Given { code: Some("H-7".to_owned()) };
    Command::Establish { id: HOME, jurisdiction: DISTRICT, dwelling, fields }
}

fn join(n: u64, household: Option<HouseholdId>) -> person::Command {
    person::Command::JoinHousehold { id: person_id(n), household, seen: None }
}

#[test]
fn a_household_waits_for_its_dwelling() {
    let mut desk = Desk::new();
    desk.register(1);
    assert_eq!(desk.waits(establish(Some(FLAT))), vec![FLAT.0]);
    let flat = place::Command::Register {
        id: FLAT,
        kind: place::PlaceKind::Dwelling,
        jurisdiction: DISTRICT,
        inside: None,
        fields: place::Given::default(),
    };
    desk.accept(flat);
    desk.accept(establish(Some(FLAT)));
    desk.accept(join(1, Some(HOME)));
    assert_eq!(desk.get::<Person>(person_id(1)).household, Some(HOME));
    assert_eq!(desk.refused(establish(None)), "already_exists");
}

#[test]
fn a_dissolved_household_has_no_people_and_takes_none() {
    let mut desk = Desk::new();
    desk.accept(establish(None));
    for (n, stream) in [(1, HERE), (2, THERE), (3, HERE)] {
        desk.register_in(stream, n);
        desk.accept_in(stream, join(n, Some(HOME)));
    }
    desk.accept(person::Command::MergeInto { id: person_id(3), kept: person_id(1) });
    assert_eq!(desk.accept(Command::Dissolve { id: HOME }), 2, "the dissolution and the one person of this stream");
    for n in [1, 2] {
        assert_eq!(desk.get::<Person>(person_id(n)).household, None, "person {n}, in whichever stream");
    }
    assert_eq!(desk.refused(join(1, Some(HOME))), "household_dissolved");
    let born = person::Command::Register {
        id: person_id(4),
        jurisdiction: DISTRICT,
        fields: person::Given::default(),
        address: None,
        household: Some(HOME),
    };
    assert_eq!(desk.refused(born), "household_dissolved");
    assert_eq!(desk.refused(Command::Dissolve { id: HOME }), "household_dissolved");
    desk.assert_replays();
}

/// The dissolution reaches the other command post after the person joined another household there.
#[test]
fn who_joined_another_household_meanwhile_stays_in_it() {
    const NEXT: HouseholdId = HouseholdId(uuid::Uuid::from_u128(0x62));
    let mut desk = Desk::new();
    desk.accept(establish(None));
    let fields = Given { code: Some("H-8".to_owned()) };
    desk.accept(Command::Establish { id: NEXT, jurisdiction: DISTRICT, dwelling: None, fields });
    desk.register_in(THERE, 1);
    desk.accept_in(THERE, join(1, Some(HOME)));
    let outcomes = desk.send_together([(HERE, Command::Dissolve { id: HOME }.into()), (THERE, join(1, Some(NEXT)).into())]);
    assert!(outcomes.iter().all(domain::kernel::Outcome::is_accepted), "{outcomes:?}");
    assert_eq!(desk.get::<Person>(person_id(1)).household, Some(NEXT));
    desk.assert_replays();
}

#[test]
fn a_household_moves_and_its_code_is_corrected_with_what_was_seen() {
    let mut desk = Desk::new();
    desk.accept(establish(None));
    desk.accept(Command::MoveHouse { id: HOME, jurisdiction: OTHER_DISTRICT, dwelling: None });
    assert_eq!(desk.get::<Household>(HOME).jurisdiction, OTHER_DISTRICT);
    let same = Command::MoveHouse { id: HOME, jurisdiction: OTHER_DISTRICT, dwelling: None };
    assert_eq!(desk.refused(same), "nothing_changes");
    let code = |seen: &str| Change { seen: Some(seen.to_owned()), to: Some("H-8".to_owned()) };
    let stale = Command::Correct { id: HOME, changes: Changes { code: Some(code("H-6")) } };
    let domain::kernel::Outcome::Declined(refusal) = desk.send(stale) else {
        panic!("a stale view is no correction")
    };
    assert_eq!(refusal.answer, domain::refusal::Answer::Conflict);
    desk.accept(Command::Correct { id: HOME, changes: Changes { code: Some(code("H-7")) } });
    assert_eq!(desk.get::<Household>(HOME).fields.code.as_ref().map(|code| code.0.as_str()), Some("H-8"));
}
