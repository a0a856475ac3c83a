//! What was erased stays erased: no command brings values back into a record of an erased person.

use super::scene::*;
use crate::desk::*;
use domain::{
    fields::Change,
    id::{DuplicateId, ErasureId, HouseholdId, StreamId},
    kernel::{Command, Context, Located, Relation, World, decide, upkeep},
    noun::{
        case, contact, duplicate, erasure, exposure, household, household::Household, person, person::Person, sample,
    },
    pack::{Ring, Shelf, TestKind},
    refusal::Answer,
    seal::{Class, Classes},
};
use jiff::civil::{Date, date};
use uuid::Uuid;

const TODAY: Date = date(2022, 3, 20);
const ONSET: Date = date(2022, 3, 18);

fn household(n: u64) -> HouseholdId {
    HouseholdId(uuid(6, n))
}

/// Person 1 is a case; 2 and 3 are contacts in one household with a sample each.
fn traced() -> Desk {
    let mut desk = outbreak("cn-covid-8", TODAY, 6);
    desk.accept(open(1, Some(ONSET)));
    let home = household::Command::Establish {
        id: household(1),
        jurisdiction: DISTRICT,
        dwelling: None,
        fields: household::Given::default(),
    };
    desk.accept(home);
    for n in [2, 3] {
        desk.accept(expose(n, from_case(1), person_id(n), Some(ONSET), Some(ONSET)));
        desk.accept(list(n, person_id(n), Ring::Ring1, &[n]));
        desk.accept(collect(n, person_id(n), None, ONSET));
        desk.accept(open(n, Some(ONSET)));
        let household = Some(household(1));
        desk.accept(person::Command::JoinHousehold { id: person_id(n), household, seen: None });
    }
    desk
}

fn erase(desk: &mut Desk, n: u64, classes: &[Class]) {
    desk.accept(erasure::Command::Request {
        person: person_id(n),
        classes: classes.iter().copied().collect(),
        ground: erasure::Ground::Asked,
        note: None,
    });
    desk.accept_by(BOB, HERE, erasure::Command::Approve { id: ErasureId::of(person_id(n)) });
}

fn text(to: &str) -> Option<Change<String>> {
    Some(Change { seen: None, to: Some(to.to_owned()) })
}

/// One command of each noun that would put values into the records of person `n`.
fn additions(n: u64) -> Vec<Command> {
    let person = person_id(n);
    let changes = case::Changes { note: text("咳嗽"), ..Default::default() };
    let note = exposure::Changes { note: text("同住"), ..Default::default() };
    let entry = contact::EntryGiven {
        on: Some(TODAY),
        state: Some(contact::Seen::SeenWell),
        note: Some("在家".to_owned()),
        ..Default::default()
    };
    let tested = sample::ResultGiven {
        test: Some(TestKind::Pcr),
        result: Some(sample::Verdict::Negative),
        laboratory_name: Some("市疾控".to_owned()),
        ..Default::default()
    };
    let name = person::Changes { latin_name: text("Wang"), ..Default::default() };
    let address = person::AddressGiven {
        from: on(TODAY),
        jurisdiction: DISTRICT,
        place: None,
        text: Some("新门街1号".to_owned()),
    };
    vec![
        case::Command::Correct { id: case_id(n), changes }.into(),
        exposure::Command::Correct { id: exposure_id(n), changes: note }.into(),
        contact::Command::RecordFollowUp { id: contact_id(n), fields: entry }.into(),
        sample::Command::RecordResult { id: sample_id(n), fields: tested }.into(),
        collect(n + 100, person, None, TODAY).into(),
        expose(n + 100, from_case(1), person, Some(ONSET), Some(TODAY)).into(),
        person::Command::Correct { id: person, changes: name }.into(),
        person::Command::MoveHouse { id: person, address, seen: None }.into(),
        person::Command::JoinHousehold { id: person, household: None, seen: None }.into(),
        person::Command::JoinHousehold { id: person, household: Some(household(1)), seen: None }.into(),
    ]
}

#[test]
fn no_command_puts_values_into_the_records_of_an_erased_person() {
    let mut desk = traced();
    erase(&mut desk, 2, &Class::ALL);
    for (erased, living) in additions(2).into_iter().zip(additions(3)) {
        // The last but one takes the living one out, as it does the erased one: that says nothing of anybody.
        let leaves = matches!(erased, Command::Person(person::Command::JoinHousehold { household: None, .. }));
        match leaves {
            true => assert!(desk.send(erased).is_accepted()),
            false => {
                let said = format!("{erased:?}");
                assert_eq!(desk.refused(erased), "erased_person", "{said}");
            }
        }
        desk.accept(living);
    }
    let asked = erasure::Command::Request {
        person: person_id(2),
        classes: [Class::Identity].into(),
        ground: erasure::Ground::Asked,
        note: Some("再次来电".to_owned()),
    };
    assert_eq!(desk.refused(asked), "erased_person");
    desk.assert_replays();
}

#[test]
fn nobody_becomes_a_case_or_a_contact_again_under_an_erased_record() {
    let mut desk = traced();
    erase(&mut desk, 4, &Class::ALL);
    desk.accept(expose(5, from_case(1), person_id(5), Some(ONSET), Some(ONSET)));
    assert_eq!(desk.refused(open(4, Some(ONSET))), "erased_person");
    assert_eq!(desk.refused(expose(4, from_case(1), person_id(4), Some(ONSET), None)), "erased_person");
    desk.accept(open(5, Some(ONSET)));
    desk.accept(list(5, person_id(5), Ring::Ring1, &[5]));
}

#[test]
fn what_says_nothing_goes_on_under_an_erased_record() {
    let mut desk = traced();
    erase(&mut desk, 2, &Class::ALL);
    desk.accept(case::Command::MarkEnteredInError { id: case_id(2) });
    // Dissolving the household of an erased and of a living person is refused to neither.
    desk.accept(household::Command::Dissolve { id: household(1) });
    assert!(desk.get::<Household>(household(1)).dissolved_at.is_some());
    assert_eq!(desk.get::<Person>(person_id(2)).household, None);
    desk.assert_replays();
}

#[test]
fn a_class_that_was_not_erased_takes_values() {
    let mut desk = traced();
    erase(&mut desk, 2, &[Class::FreeText]);
    let named = person::Changes { latin_name: text("Wang"), ..Default::default() };
    desk.accept(person::Command::Correct { id: person_id(2), changes: named });
    let noted = person::Changes { note: text("再次"), ..Default::default() };
    assert_eq!(desk.refused(person::Command::Correct { id: person_id(2), changes: noted }), "erased_person");
    desk.accept(collect(102, person_id(2), None, TODAY));
}

#[test]
fn an_erased_record_is_likened_to_and_merged_with_nobody() {
    let mut desk = traced();
    let likeness = vec![duplicate::Likeness::SameIdentifier];
    let suspect = |left: u64, right: u64| duplicate::Command::Suspect {
        left: person_id(left),
        right: person_id(right),
        score_thousandths: 900,
        likeness: likeness.clone(),
    };
    desk.accept(suspect(4, 5));
    erase(&mut desk, 4, &Class::ALL);
    let pair = DuplicateId::of(person_id(4), person_id(5));
    for kept in [4, 5] {
        assert_eq!(desk.refused(duplicate::Command::Merge { id: pair, kept: person_id(kept) }), "erased_person");
    }
    assert_eq!(desk.refused(suspect(4, 6)), "erased_person");
    for (id, kept) in [(4, 6), (6, 4)] {
        let merge = person::Command::MergeInto { id: person_id(id), kept: person_id(kept) };
        assert_eq!(desk.refused(merge), "erased_person");
    }
    desk.accept(suspect(5, 6));
}

#[test]
fn a_record_that_moves_takes_along_that_it_was_erased() {
    let mut desk = traced();
    erase(&mut desk, 2, &Class::ALL);
    for (id, n) in [(person_id(2).0, 2), (contact_id(2).0, 2), (contact_id(3).0, 3)] {
        desk.accept(upkeep::Command::Release { id, to: THERE });
        let located = desk.memory.get(id).expect("it is there");
        assert_eq!((located.stream, located.erased.contains(Class::FreeText)), (THERE, n == 2));
    }
    let entry = |n| contact::Command::RecordFollowUp {
        id: contact_id(n),
        fields: contact::EntryGiven {
            on: Some(TODAY),
            state: Some(contact::Seen::SeenWell),
            note: Some("在家".to_owned()),
            ..Default::default()
        },
    };
    assert_eq!(rule_of(&desk.send_by(ALICE, THERE, entry(2))), "erased_person");
    desk.accept_in(THERE, entry(3));
    desk.assert_replays();
}

/// One record on its way from one stream to another.
struct OnItsWay(Located);

impl World for OnItsWay {
    fn get(&self, id: Uuid) -> Option<&Located> {
        Some(&self.0).filter(|located| located.id == id)
    }

    fn referrers(&self, _: Uuid, _: Relation) -> &[Uuid] {
        &[]
    }

    fn next_code(&self, _: domain::id::OutbreakId) -> i64 {
        1
    }

    fn has_stream(&self, _: StreamId) -> bool {
        true
    }
}

#[test]
fn an_erasure_waits_for_a_record_that_is_on_its_way() {
    let desk = traced();
    let mut located = desk.memory.get(person_id(2).0).expect("it is there").clone();
    located.released_to = Some(THERE);
    let (world, packs) = (OnItsWay(located), Shelf::shipped());
    let erase = Command::Upkeep(upkeep::Command::Erase { id: person_id(2).0, classes: vec![0] });
    let answer = |stream: StreamId| {
        let context = Context { now: START, stream, actor: ALICE, world: &world, packs: &packs };
        decide(&erase, &context).expect_err("it is on its way").answer
    };
    assert_eq!((answer(THERE), answer(HERE)), (Answer::Waiting, Answer::Refused));
    assert!(Classes::from_numbers([0, 9]).contains(Class::Identity), "numbers of no class are left out");
}
