use super::scene::*;
use crate::desk::*;
use domain::{
    fields::Change,
    kernel::Outcome,
    noun::contact::{self, Contact, DropReason, Seen, Status},
    pack::Ring,
    refusal::Answer,
};
use jiff::civil::{Date, date};

/// An Ebola contact exposed on the 10th and found on the 12th: 21 days, two slots a day.
fn followed() -> Desk {
    let mut desk = outbreak("who-ebola", date(2022, 3, 12), 2);
    desk.accept(open(1, None));
    desk.accept(expose(1, from_case(1), person_id(2), None, Some(date(2022, 3, 10))));
    desk.accept(list(1, person_id(2), Ring::Ring1, &[1]));
    desk
}

fn march(day: i8) -> Date {
    date(2022, 3, day)
}

#[test]
fn entries_go_into_slots_of_the_plan_or_beside_it() {
    let mut desk = followed();
    desk.accept(entry(1, march(12), Some(1), Seen::NotSeen));
    desk.accept(entry(1, march(12), Some(1), Seen::SeenWell));
    desk.accept(entry(1, march(12), None, Seen::SeenIll));
    assert_eq!(desk.refused(entry(1, march(12), Some(3), Seen::SeenWell)), "slot_not_in_plan");
    assert_eq!(desk.refused(entry(1, march(11), Some(1), Seen::SeenWell)), "slot_not_in_plan", "found on the 12th");
    assert_eq!(desk.refused(entry(1, march(15), Some(1), Seen::SeenWell)), "in_the_future");
    let contact = desk.get::<Contact>(contact_id(1));
    let slots = contact.slots();
    assert_eq!(slots.len(), 2 * 20, "days 2 to 21");
    assert_eq!(slots.iter().take(3).map(|(_, state)| *state).collect::<Vec<_>>(), [Some(Seen::SeenWell), None, None]);
    assert_eq!(contact.entries.first().and_then(|entry| entry.fields.seen_by.as_ref()), None, "nobody saw anybody");
    assert_eq!(contact.entries.get(1).and_then(|entry| entry.fields.seen_by.as_ref()).map(|by| by.0), Some(ALICE));
    assert_eq!(contact.last_seen_on(), Some(march(12)));
    desk.assert_replays();
}

#[test]
fn findings_need_somebody_seen_and_a_possible_temperature() {
    let mut desk = followed();
    let record = |state, tenths| contact::Command::RecordFollowUp {
        id: contact_id(1),
        fields: contact::EntryGiven {
            on: Some(march(12)),
            state: Some(state),
            temperature_tenths: Some(tenths),
            ..Default::default()
        },
    };
    assert_eq!(desk.refused(record(Seen::Missed, 370)), "findings_without_seeing");
    assert_eq!(desk.refused(record(Seen::SeenWell, 37)), "impossible_temperature");
    desk.accept(record(Seen::SeenIll, 385));
    let to_missed = Some(Change { seen: Some(Seen::SeenIll), to: Some(Seen::Missed) });
    let changes = contact::EntryChanges { state: to_missed.clone(), ..Default::default() };
    assert_eq!(
        desk.refused(contact::Command::CorrectFollowUp { id: contact_id(1), n: 0, changes }),
        "findings_without_seeing"
    );
    let changes = contact::EntryChanges {
        state: to_missed,
        temperature_tenths: Some(Change { seen: Some(385), to: None }),
        ..Default::default()
    };
    desk.accept(contact::Command::CorrectFollowUp { id: contact_id(1), n: 0, changes });
    let stale = Some(Change { seen: Some(Seen::SeenWell), to: Some(Seen::Refused) });
    let changes = contact::EntryChanges { state: stale, ..Default::default() };
    let stale = desk.send(contact::Command::CorrectFollowUp { id: contact_id(1), n: 0, changes });
    assert!(matches!(stale, Outcome::Declined(refusal) if refusal.answer == Answer::Conflict));
    desk.assert_replays();
}

#[test]
fn lost_after_the_packs_days_and_found_again_by_being_seen() {
    let mut desk = followed();
    go_to(&mut desk, march(13));
    desk.accept(entry(1, march(13), Some(1), Seen::SeenWell));
    let lose = contact::Command::MarkLost { id: contact_id(1) };
    go_to(&mut desk, march(15));
    assert_eq!(desk.refused(lose.clone()), "lost_too_soon", "two whole days are not more than two");
    go_to(&mut desk, march(16));
    desk.accept(lose);
    assert_eq!(status_of(&desk, 1), Status::Lost);
    go_to(&mut desk, march(17));
    desk.accept(entry(1, march(17), Some(1), Seen::NotSeen));
    assert_eq!(status_of(&desk, 1), Status::Lost);
    desk.accept(entry(1, march(13), Some(2), Seen::SeenWell));
    assert_eq!(status_of(&desk, 1), Status::Lost, "seen before being lost, told late");
    desk.accept(entry(1, march(17), Some(2), Seen::SeenIll));
    assert_eq!(status_of(&desk, 1), Status::Followed);
    desk.assert_replays();
}

#[test]
fn follow_up_ends_with_its_term_and_what_was_seen_before_is_still_taken() {
    let mut desk = followed();
    let complete = contact::Command::Complete { id: contact_id(1) };
    go_to(&mut desk, march(30));
    assert_eq!(desk.refused(complete.clone()), "term_not_over");
    go_to(&mut desk, march(31));
    desk.accept(complete);
    assert_eq!(status_of(&desk, 1), Status::Completed, "day 21 is the 31st");
    go_to(&mut desk, date(2022, 4, 2));
    desk.accept(entry(1, march(20), Some(1), Seen::SeenWell));
    assert_eq!(desk.refused(entry(1, date(2022, 4, 1), None, Seen::SeenWell)), "follow_up_not_open");
    // A further exposure opens it again.
    desk.accept(expose(2, from_case(1), person_id(2), None, Some(march(28))));
    let exposure = exposure_id(2);
    desk.accept(contact::Command::AddExposure { id: contact_id(1), exposure, ring: None });
    assert_eq!((status_of(&desk, 1), last_day(&desk, 1)), (Status::Followed, Some(date(2022, 4, 18))));
    desk.assert_replays();
}

#[test]
fn a_corrected_exposure_reopens_a_completed_follow_up_that_ended_too_soon() {
    let mut desk = followed();
    go_to(&mut desk, march(31));
    desk.accept(contact::Command::Complete { id: contact_id(1) });
    let when = |day| domain::when::When::On(on(march(day)));
    let last = Some(Change { seen: Some(when(10)), to: Some(when(14)) });
    let changes = domain::noun::exposure::Changes { last, ..Default::default() };
    desk.accept(domain::noun::exposure::Command::Correct { id: exposure_id(1), changes });
    assert_eq!((status_of(&desk, 1), last_day(&desk, 1)), (Status::Followed, Some(date(2022, 4, 4))));
    desk.assert_replays();
}

#[test]
fn a_dropped_contact_is_not_followed_until_taken_up_again() {
    let mut desk = followed();
    desk.accept(contact::Command::Drop { id: contact_id(1), reason: DropReason::Immune });
    assert_eq!(
        desk.refused(contact::Command::Drop { id: contact_id(1), reason: DropReason::Immune }),
        "follow_up_not_open"
    );
    go_to(&mut desk, march(14));
    assert_eq!(desk.refused(entry(1, march(14), Some(1), Seen::SeenWell)), "follow_up_not_open");
    desk.accept(contact::Command::Reopen { id: contact_id(1) });
    desk.accept(entry(1, march(14), Some(1), Seen::SeenWell));
    let steps: Vec<Status> = desk.get::<Contact>(contact_id(1)).history.iter().map(|step| step.status).collect();
    assert_eq!(steps, [Status::Followed, Status::Dropped(DropReason::Immune), Status::Followed]);
    desk.assert_replays();
}
