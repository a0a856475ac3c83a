use crate::desk::*;
use domain::{
    access::Role,
    fields::Kept as _,
    id::{DuplicateId, ErasureId, PersonId},
    kernel::{Event, Outcome},
    noun::{
        duplicate,
        erasure::{Command, Ending, Erasure, Ground, HoldGround},
        person::{self, Person},
    },
    seal::{Class, Reading, Sealed},
};
use std::collections::BTreeSet;

fn request(person: PersonId) -> Command {
    Command::Request {
        person,
        classes: BTreeSet::from([Class::Identity, Class::FreeText]),
        ground: Ground::Asked,
        note: Some("家属来电".to_owned()),
    }
}

fn file(n: u64) -> ErasureId {
    ErasureId::of(person_id(n))
}

fn approve(n: u64) -> Command {
    Command::Approve { id: file(n) }
}

fn is_erased(desk: &Desk, n: u64) -> bool {
    let fields = &desk.get::<Person>(person_id(n)).fields;
    fields.full_name.as_ref().is_some_and(|name| *name == Sealed::Gone)
        && fields.note.as_ref().is_some_and(|note| *note == Sealed::Gone)
}

#[test]
fn one_asks_another_approves() {
    let mut desk = Desk::new();
    let person = desk.register(1);
    desk.accept(request(person));
    assert_eq!(desk.refused(approve(1)), "two_people_needed");
    assert_eq!(desk.refused(Command::Refuse { id: file(1) }), "two_people_needed");
    assert_eq!(desk.refused(request(person)), "request_open");
    assert!(!is_erased(&desk, 1));
    desk.accept_by(BOB, HERE, approve(1));
    assert!(is_erased(&desk, 1));
    let phones = desk.get::<Person>(person).fields.phones.clone().expect("a class not named");
    assert!(phones.read(&Reading::permit()).is_some());
    let ended = desk.get::<Erasure>(file(1)).requests[0].ended.expect("it ended");
    assert_eq!((ended.how, ended.by), (Ending::Approved, BOB));
    assert_eq!(rule_of(&desk.send_by(BOB, HERE, approve(1))), "no_open_request");
    desk.assert_replays();
}

#[test]
fn the_reason_is_sealed_and_goes_with_the_rest() {
    let mut desk = Desk::new();
    let person = desk.register(1);
    desk.accept(request(person));
    let note = desk.get::<Erasure>(file(1)).requests[0].note.clone().expect("a note");
    assert_eq!(note.shown(&Reading::permit()).map(String::as_str), Some("家属来电"));
    let happened = desk.memory.journal().last().expect("an event").happened.clone();
    assert_eq!(happened.subject, Some(person.0), "sealed under the person's keys");
    assert!(happened.event.encode().is_err(), "in clear it may not enter the journal");
    desk.accept_by(BOB, HERE, approve(1));
    assert_eq!(desk.get::<Erasure>(file(1)).requests[0].note, Some(Sealed::Gone));
}

#[test]
fn nothing_is_erased_while_a_hold_is_open() {
    let mut desk = Desk::new();
    let person = desk.register(1);
    desk.accept(Command::PlaceHold { person, ground: HoldGround::Legal });
    desk.accept(request(person));
    desk.accept(Command::PlaceHold { person, ground: HoldGround::Appeal });
    let refusal = |desk: &mut Desk| rule_of(&desk.send_by(BOB, HERE, approve(1)));
    assert_eq!(refusal(&mut desk), "appeal_or_hold_open");
    desk.accept(Command::LiftHold { id: file(1), hold: 0 });
    assert_eq!(desk.refused(Command::LiftHold { id: file(1), hold: 0 }), "nothing_changes");
    assert_eq!(desk.refused(Command::LiftHold { id: file(1), hold: 2 }), "no_such_hold");
    assert_eq!(refusal(&mut desk), "appeal_or_hold_open");
    desk.accept(Command::LiftHold { id: file(1), hold: 1 });
    desk.accept_by(BOB, HERE, approve(1));
    assert!(is_erased(&desk, 1));
    desk.assert_replays();
}

#[test]
fn a_request_is_taken_back_or_refused_and_may_be_made_again() {
    let mut desk = Desk::new();
    let person = desk.register(1);
    assert_eq!(desk.waits(approve(1)), vec![file(1).0]);
    desk.accept(request(person));
    desk.accept(Command::Cancel { id: file(1) });
    assert_eq!(rule_of(&desk.send_by(BOB, HERE, approve(1))), "no_open_request");
    desk.accept(request(person));
    desk.accept_by(BOB, HERE, Command::Refuse { id: file(1) });
    desk.accept(request(person));
    desk.accept_by(BOB, HERE, approve(1));
    let endings: Vec<_> = desk.get::<Erasure>(file(1)).requests.iter().map(|request| request.ended).collect();
    let how: Vec<_> = endings.into_iter().flatten().map(|ended| ended.how).collect();
    assert_eq!(how, vec![Ending::Cancelled, Ending::Refused, Ending::Approved]);
    let nothing = Command::Request { person, classes: BTreeSet::new(), ground: Ground::Asked, note: None };
    assert_eq!(desk.refused(nothing), "nothing_to_erase");
}

#[test]
fn records_merged_into_it_and_of_other_streams_are_erased_along() {
    let mut desk = Desk::new();
    for (n, stream) in [(1, HERE), (2, THERE), (3, HERE), (4, HERE)] {
        desk.register_in(stream, n);
    }
    // 3 was merged into 2, and 2 into 1.
    for (left, right, kept) in [(2, 3, 2), (1, 2, 1)] {
        let (one, two) = (person_id(left), person_id(right));
        let likeness = vec![duplicate::Likeness::SameIdentifier];
        desk.accept(duplicate::Command::Suspect { left: one, right: two, score_thousandths: 1000, likeness });
        desk.accept(duplicate::Command::Merge { id: DuplicateId::of(one, two), kept: person_id(kept) });
    }
    assert_eq!(desk.refused(request(person_id(3))), "merged_record");
    desk.accept(request(person_id(1)));
    desk.accept_by(BOB, HERE, approve(1));
    let erased: Vec<bool> = (1..=4).map(|n| is_erased(&desk, n)).collect();
    assert_eq!(erased, vec![true, true, true, false]);
    desk.assert_replays();
}

#[test]
fn a_person_merged_after_the_request_is_not_erased_alone() {
    let mut desk = Desk::new();
    let (one, two) = (desk.register(1), desk.register(2));
    desk.accept(request(two));
    desk.accept(person::Command::MergeInto { id: two, kept: one });
    assert_eq!(rule_of(&desk.send_by(BOB, HERE, approve(2))), "merged_record");
    assert!(!is_erased(&desk, 2));
}

#[test]
fn the_access_table_knows_who_asked() {
    let mut desk = Desk::new();
    let person = desk.register(1);
    let alice = holder(ALICE, Role::Epidemiologist);
    let bob = holder(BOB, Role::Commander);
    assert!(desk.ask(&alice, request(person)).is_accepted());
    assert_eq!(rule_of(&desk.ask(&alice, approve(1))), "access.same_person");
    assert!(desk.ask(&bob, approve(1)).is_accepted());
    assert_eq!(rule_of(&desk.ask(&alice, Command::LiftHold { id: file(1), hold: 0 })), "access.role");
    assert!(desk.ask(&alice, Command::PlaceHold { person, ground: HoldGround::Inquiry }).is_accepted());
    assert!(desk.ask(&bob, Command::LiftHold { id: file(1), hold: 0 }).is_accepted());
    let abroad = desk.register_in(THERE, 2);
    let Outcome::Declined(hidden) = desk.ask(&alice, request(abroad)) else { panic!("out of reach") };
    assert_eq!(hidden.ids, vec![abroad.0]);
}

#[test]
fn nobody_sends_an_erasure_itself() {
    let mut desk = Desk::new();
    let person = desk.register(1);
    let erase = domain::kernel::upkeep::Command::Erase { id: person.0, classes: vec![0] };
    assert_eq!(rule_of(&desk.ask(&holder(ALICE, Role::Epidemiologist), erase)), "unknown_body");
    desk.accept(request(person));
    desk.accept_by(BOB, HERE, approve(1));
    let erased = desk.memory.journal().iter().filter(|entry| matches!(entry.happened.event, Event::Upkeep(_)));
    assert!(erased.clone().count() > 0);
    assert!(erased.clone().all(|entry| entry.happened.cause.is_some()), "an erasure always names its approval");
}
