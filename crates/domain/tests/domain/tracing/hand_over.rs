use super::scene::*;
use crate::desk::*;
use domain::{
    access::Role,
    id::StreamId,
    kernel::Outcome,
    noun::{
        case,
        contact::{self, Contact, DropReason, Seen, Status},
    },
    pack::Ring,
};
use jiff::civil::date;

/// A contact of ours whose exposure and case stay ours.
fn ours() -> Desk {
    let mut desk = outbreak("who-ebola", date(2022, 3, 12), 2);
    desk.accept(open(1, Some(date(2022, 3, 5))));
    desk.accept(expose(1, from_case(1), person_id(2), Some(date(2022, 3, 6)), Some(date(2022, 3, 10))));
    desk.accept(list(1, person_id(2), Ring::Ring1, &[1]));
    desk
}

fn offer(to: StreamId) -> contact::Command {
    contact::Command::OfferHandOver { id: contact_id(1), to, jurisdiction: OTHER_DISTRICT }
}

fn acknowledge() -> contact::Command {
    contact::Command::AcknowledgeHandOver { id: contact_id(1), jurisdiction: OTHER_DISTRICT }
}

fn home(desk: &Desk) -> StreamId {
    desk.memory.get(contact_id(1).0).expect("it is listed").stream
}

#[test]
fn a_contact_stays_ours_until_the_other_area_acknowledges() {
    let mut desk = ours();
    desk.accept(offer(THERE));
    desk.accept(entry(1, date(2022, 3, 12), Some(1), Seen::SeenWell));
    assert_eq!((home(&desk), desk.get::<Contact>(contact_id(1)).jurisdiction), (HERE, DISTRICT));
    desk.accept_by(BOB, HERE, acknowledge());
    assert_eq!((home(&desk), desk.get::<Contact>(contact_id(1)).jurisdiction), (THERE, OTHER_DISTRICT));
    assert_eq!(desk.refused(entry(1, date(2022, 3, 12), Some(2), Seen::SeenWell)), "moved_away");
    desk.accept_in(THERE, entry(1, date(2022, 3, 12), Some(2), Seen::SeenWell));
    assert_eq!(desk.get::<Contact>(contact_id(1)).entries.len(), 2, "history goes with it");
    desk.assert_replays();
}

#[test]
fn corrections_here_reach_the_contact_there() {
    let mut desk = ours();
    desk.accept(offer(THERE));
    desk.accept_by(BOB, HERE, acknowledge());
    let outcome_on = Some(domain::fields::Change { seen: None, to: Some(on(date(2022, 3, 8))) });
    let outcome = Some(domain::fields::Change { seen: None, to: Some(case::CaseOutcome::Recovered) });
    let changes = case::Changes { outcome, outcome_on, ..Default::default() };
    assert_eq!(last_day(&desk, 1), Some(date(2022, 3, 31)));
    desk.accept(case::Command::Correct { id: case_id(1), changes });
    assert_eq!(last_day(&desk, 1), Some(date(2022, 3, 29)), "released on the 8th, infects no more");
    desk.accept(case::Command::MarkEnteredInError { id: case_id(1) });
    assert_eq!(status_of(&desk, 1), Status::Dropped(DropReason::EnteredInError));
    desk.assert_replays();
}

#[test]
fn the_receiving_area_takes_it_over_by_its_own_rights_and_nobody_else_does() {
    let epidemiologist_of = |account, area: domain::id::JurisdictionId| {
        let mut rights = holder(account, Role::Epidemiologist);
        rights.grants[0].lineage = vec![area.0];
        rights
    };
    let theirs = epidemiologist_of(BOB, OTHER_DISTRICT);
    let mut desk = ours();
    let early = desk.ask(&theirs, acknowledge());
    assert!(matches!(early, Outcome::Declined(_)), "nothing is offered yet: {early:?}");
    desk.accept(offer(THERE));
    let third = epidemiologist_of(BOB, domain::id::JurisdictionId(uuid(1, 77)));
    let outsider = desk.ask(&third, acknowledge());
    assert!(matches!(outsider, Outcome::Declined(_)), "{outsider:?}");
    let drop = contact::Command::Drop { id: contact_id(1), reason: DropReason::NotExposed };
    let dropped = desk.ask(&theirs, drop);
    assert!(matches!(dropped, Outcome::Declined(_)), "an offer gives no other right: {dropped:?}");
    let taken = desk.ask(&theirs, acknowledge());
    assert!(taken.is_accepted(), "{taken:?}");
    assert_eq!(home(&desk), THERE);
    desk.assert_replays();
}

#[test]
fn only_whom_it_was_offered_to_can_acknowledge() {
    let mut desk = ours();
    assert_eq!(desk.refused(acknowledge()), "not_offered_to_you");
    desk.accept(offer(THERE));
    let wrong = contact::Command::AcknowledgeHandOver { id: contact_id(1), jurisdiction: DISTRICT };
    assert_eq!(desk.refused(wrong), "not_offered_to_you");
    assert_eq!(desk.refused(offer(THERE)), "nothing_changes");
    let elsewhere = contact::Command::OfferHandOver { id: contact_id(1), to: HERE, jurisdiction: OTHER_DISTRICT };
    assert_eq!(desk.refused(elsewhere), "offer_open");
    let withdraw = contact::Command::WithdrawHandOver { id: contact_id(1) };
    desk.accept(withdraw.clone());
    assert_eq!(desk.refused(acknowledge()), "not_offered_to_you", "withdrawn is withdrawn");
    assert_eq!(desk.refused(withdraw), "nothing_changes");
    assert_eq!(home(&desk), HERE);
}

#[test]
fn a_hand_over_within_one_stream_moves_the_area_alone() {
    let mut desk = ours();
    desk.accept(offer(HERE));
    desk.accept(acknowledge());
    assert_eq!((home(&desk), desk.get::<Contact>(contact_id(1)).jurisdiction), (HERE, OTHER_DISTRICT));
    assert_eq!(desk.refused(acknowledge()), "nothing_changes");
    assert_eq!(desk.refused(contact::Command::WithdrawHandOver { id: contact_id(1) }), "handed_over");
    assert_eq!(desk.refused(offer(HERE)), "nothing_changes", "it is there already");
    desk.accept(contact::Command::Drop { id: contact_id(1), reason: DropReason::Died });
    assert_eq!(desk.refused(offer(THERE)), "follow_up_not_open");
}

#[test]
fn who_lives_elsewhere_is_listed_where_found_until_handed_over() {
    let mut desk = outbreak("who-ebola", date(2022, 3, 12), 1);
    let person = desk.register_in(THERE, 2);
    desk.accept(open(1, None));
    desk.accept(expose(1, from_case(1), person, None, Some(date(2022, 3, 10))));
    desk.accept(list(1, person, Ring::Ring1, &[1]));
    assert_eq!((home(&desk), desk.get::<Contact>(contact_id(1)).jurisdiction), (HERE, DISTRICT));
    let unknown = contact::Command::OfferHandOver {
        id: contact_id(1),
        to: THERE,
        jurisdiction: domain::id::JurisdictionId(uuid(1, 99)),
    };
    assert!(matches!(desk.send(unknown), Outcome::Declined(refusal) if refusal.ids == [uuid(1, 99)]));
    desk.accept(offer(THERE));
    desk.accept_by(BOB, HERE, acknowledge());
    assert_eq!(home(&desk), THERE);
    desk.assert_replays();
}
