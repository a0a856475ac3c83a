use super::scene::*;
use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Change,
    noun::{
        case::{self, Classification, Finding},
        contact::{self, Contact, DropReason, Status},
        exposure::{self, Exposure, Source},
        sample::Verdict::Positive,
    },
    pack::{ContactDates, ExposureKind, Restriction, Ring, Shelf},
    when::When,
};
use jiff::civil::{Date, date};

/// Case 1 with an onset, exposure 1 of person 2 from it, contact 1.
fn one_contact(pack: &str, today: Date, onset: Option<Date>, first: Option<Date>, last: Option<Date>) -> Desk {
    let mut desk = outbreak(pack, today, 4);
    desk.accept(open(1, onset));
    desk.accept(expose(1, from_case(1), person_id(2), first, last));
    desk.accept(list(1, person_id(2), Ring::Ring1, &[1]));
    desk
}

fn move_last(n: u64, seen: Date, to: Date) -> exposure::Command {
    let last = Some(Change { seen: Some(When::On(on(seen))), to: Some(When::On(on(to))) });
    exposure::Command::Correct { id: exposure_id(n), changes: exposure::Changes { last, ..Default::default() } }
}

#[test]
fn vector_6_days_already_passed_are_credited() {
    let day = date(2022, 3, 14);
    let desk = one_contact("cn-covid-8", date(2022, 3, 26), Some(date(2022, 3, 13)), Some(day), Some(day));
    let contact = desk.get::<Contact>(contact_id(1));
    let plan = contact.judgement.plan.as_ref().expect("the ring is followed");
    assert_eq!(plan.dates.detected, date(2022, 3, 26));
    let shelf = Shelf::shipped();
    let pack = shelf.get(&contact.pack).expect("it judged");
    let left = pack.remaining_phases(Ring::Ring1, &plan.dates).expect("its dates are known");
    let left: Vec<_> = left.iter().map(|phase| (phase.restriction, phase.days)).collect();
    assert_eq!(left, [(Restriction::Facility, 2), (Restriction::Home, 7)]);
    assert_eq!(contact.judgement.in_window, Some(true));
    assert_eq!(contact.judgement.meets_definition, Some(true));
}

#[test]
fn slots_derived_from_the_plan_are_those_of_the_pack() {
    for (pack, detected) in [("cn-covid-8", 26), ("who-ebola", 20), ("measles", 14), ("mers", 18), ("disease-x", 25)]
    {
        let (exposed, today) = (date(2022, 3, 14), date(2022, 3, detected));
        let desk = one_contact(pack, today, None, None, Some(exposed));
        let contact = desk.get::<Contact>(contact_id(1));
        let plan = contact.judgement.plan.as_ref().expect("the ring is followed");
        let dates = ContactDates { first_exposure: Some(exposed), ..ContactDates::exposed(exposed, today) };
        assert_eq!(plan.dates, dates);
        let shelf = Shelf::shipped();
        let expected = shelf.get(&contact.pack).and_then(|pack| pack.follow_up_plan(Ring::Ring1, &dates).ok());
        assert_eq!(Some(plan.slots().collect::<Vec<_>>()), expected, "{pack}");
        assert!(plan.slots().all(|slot| plan.has(slot.date, slot.slot)));
        assert_eq!(plan.slots().next().map(|slot| slot.date), Some(plan.first_date()));
        assert_eq!(plan.slots().last().map(|slot| slot.date), Some(plan.last_date()));
    }
}

#[test]
fn a_contact_waits_for_its_exposure_and_an_exposure_for_its_case() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 2);
    let contact = list(1, person_id(2), Ring::Ring1, &[1]);
    let exposure = expose(1, from_case(1), person_id(2), None, Some(date(2022, 3, 18)));
    assert_eq!(desk.waits(contact.clone()), [exposure_id(1).0]);
    assert_eq!(desk.waits(exposure.clone()), [case_id(1).0]);
    desk.accept(open(1, None));
    desk.accept(exposure);
    desk.accept(contact);
    assert_eq!(status_of(&desk, 1), Status::Followed);
    desk.assert_replays();
}

#[test]
fn a_contact_is_listed_from_exposures_of_that_person_and_from_nothing_else() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 3);
    desk.accept(open(1, None));
    desk.accept(expose(1, from_case(1), person_id(2), None, Some(date(2022, 3, 18))));
    assert_eq!(desk.refused(list(1, person_id(2), Ring::Ring1, &[])), "needs_exposure");
    assert_eq!(desk.refused(list(1, person_id(3), Ring::Ring1, &[1])), "wrong_person");
    assert_eq!(desk.refused(expose(2, from_case(1), person_id(1), None, None)), "same_person_twice");
    let backwards = expose(2, from_case(1), person_id(2), Some(date(2022, 3, 19)), Some(date(2022, 3, 18)));
    assert_eq!(desk.refused(backwards), "order_of_dates");
    let place = Source::Place(domain::id::PlaceId(person_id(2).0));
    assert_eq!(desk.refused(expose(2, place, person_id(2), None, None)), "wrong_kind_of_record");
    desk.accept(exposure::Command::MarkEnteredInError { id: exposure_id(1) });
    assert_eq!(desk.refused(list(1, person_id(2), Ring::Ring1, &[1])), "entered_in_error");
}

#[test]
fn one_open_follow_up_per_person_and_outbreak() {
    let day = date(2022, 3, 18);
    let mut desk = one_contact("cn-covid-8", date(2022, 3, 20), None, None, Some(day));
    desk.accept(expose(2, from_case(1), person_id(2), None, Some(day)));
    assert_eq!(desk.refused(list(2, person_id(2), Ring::Ring1, &[2])), "open_follow_up_exists");
    desk.accept(contact::Command::Drop { id: contact_id(1), reason: DropReason::NotExposed });
    desk.accept(list(2, person_id(2), Ring::Ring1, &[2]));
    assert_eq!(desk.refused(contact::Command::Reopen { id: contact_id(1) }), "open_follow_up_exists");
}

#[test]
fn a_further_exposure_extends_follow_up_and_brings_a_closer_ring() {
    let day = date(2022, 3, 10);
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 4);
    desk.accept(open(1, None));
    for (n, last) in [(1, day), (2, date(2022, 3, 15)), (3, date(2022, 3, 8))] {
        desk.accept(expose(n, from_case(1), person_id(2), None, Some(last)));
    }
    desk.accept(list(1, person_id(2), Ring::Ring2, &[1]));
    assert_eq!(last_day(&desk, 1), Some(date(2022, 3, 17)), "7 days in the second ring");
    let add = |n, ring| contact::Command::AddExposure { id: contact_id(1), exposure: exposure_id(n), ring };
    desk.accept(add(3, None));
    assert_eq!(last_day(&desk, 1), Some(date(2022, 3, 17)), "an earlier one shortens nothing");
    desk.accept(add(2, Some(Ring::Ring1)));
    assert_eq!(last_day(&desk, 1), Some(date(2022, 4, 5)), "21 days in the first");
    assert_eq!(desk.refused(add(2, Some(Ring::General))), "nothing_changes");
    let rings: Vec<Ring> = desk.get::<Contact>(contact_id(1)).history.iter().map(|step| step.ring).collect();
    assert_eq!(rings, [Ring::Ring2, Ring::Ring1], "promotion keeps history");
    desk.assert_replays();
}

#[test]
fn correcting_an_exposure_recomputes_the_plan() {
    let (first, last) = (date(2022, 3, 10), date(2022, 3, 12));
    let mut desk = one_contact("cn-covid-8", date(2022, 3, 20), None, Some(first), Some(last));
    assert_eq!(last_day(&desk, 1), Some(date(2022, 4, 2)));
    assert_eq!(desk.accept(move_last(1, last, date(2022, 3, 14))), 2, "the correction and the new plan");
    assert_eq!(last_day(&desk, 1), Some(date(2022, 4, 4)));
    desk.accept(move_last(1, date(2022, 3, 14), date(2022, 3, 11)));
    assert_eq!(last_day(&desk, 1), Some(date(2022, 4, 1)));
    let minutes = Some(Change { seen: None, to: Some(45) });
    let changes = exposure::Changes { minutes, ..Default::default() };
    assert_eq!(desk.accept(exposure::Command::Correct { id: exposure_id(1), changes }), 1, "no date, no new plan");
    desk.assert_replays();
}

#[test]
fn correcting_an_anchor_of_the_source_recomputes_the_plan() {
    // Household from the 1st to the 20th; the case infects from 2 days before onset to 8 after.
    let onset = date(2022, 3, 10);
    let mut desk =
        one_contact("cn-covid-8", date(2022, 3, 24), Some(onset), Some(date(2022, 3, 1)), Some(date(2022, 3, 20)));
    let dates = |desk: &Desk| {
        let plan = desk.get::<Contact>(contact_id(1)).judgement.plan.clone().expect("dates are known");
        (plan.dates.first_exposure, plan.dates.last_exposure)
    };
    assert_eq!(dates(&desk), (Some(date(2022, 3, 8)), Some(date(2022, 3, 18))));
    desk.accept(move_onset(1, Some(onset), Some(date(2022, 3, 8))));
    assert_eq!(dates(&desk), (Some(date(2022, 3, 6)), Some(date(2022, 3, 16))), "a shorter term");
    desk.accept(move_onset(1, Some(date(2022, 3, 8)), None));
    assert_eq!(dates(&desk), (Some(date(2022, 3, 1)), Some(date(2022, 3, 20))), "an unknown window cuts nothing");
    // A positive sample is an anchor too, where no onset is known.
    desk.accept(collect(1, person_id(1), Some(case_id(1)), date(2022, 3, 9)));
    desk.accept(result(1, Positive, date(2022, 3, 10)));
    assert_eq!(dates(&desk), (Some(date(2022, 3, 7)), Some(date(2022, 3, 17))));
    desk.accept(move_onset(1, None, Some(date(2022, 3, 24))));
    let contact = desk.get::<Contact>(contact_id(1));
    assert_eq!(contact.judgement.in_window, Some(false), "early is a warning");
    assert_eq!(contact.status(), Status::Followed, "and a person decides");
    desk.assert_replays();
}

#[test]
fn an_exposure_entered_in_error_drops_the_contact_that_rests_on_it_alone() {
    let day = date(2022, 3, 18);
    let mut desk = one_contact("cn-covid-8", date(2022, 3, 20), None, None, Some(day));
    desk.accept(expose(2, from_case(1), person_id(3), None, Some(day)));
    desk.accept(expose(3, from_case(1), person_id(3), None, Some(date(2022, 3, 15))));
    desk.accept(list(2, person_id(3), Ring::Ring1, &[2, 3]));
    // Person 4 met contact 1.
    desk.accept(expose(4, Source::Contact(contact_id(1)), person_id(4), None, Some(day)));
    desk.accept(list(3, person_id(4), Ring::Ring2, &[4]));
    desk.accept(exposure::Command::MarkEnteredInError { id: exposure_id(1) });
    assert_eq!(status_of(&desk, 1), Status::Dropped(DropReason::EnteredInError));
    assert_eq!(status_of(&desk, 3), Status::Dropped(DropReason::EnteredInError), "the second ring with it");
    desk.accept(exposure::Command::MarkEnteredInError { id: exposure_id(2) });
    assert_eq!(status_of(&desk, 2), Status::Followed, "another exposure stands");
    assert_eq!(last_day(&desk, 2), Some(date(2022, 4, 5)), "and the clock counts from it");
    assert_eq!(desk.refused(contact::Command::Reopen { id: contact_id(1) }), "needs_exposure");
    desk.assert_replays();
}

#[test]
fn a_case_entered_in_error_unwinds_its_contacts_and_returns_who_was_promoted() {
    let day = date(2022, 3, 18);
    let mut desk = one_contact("cn-covid-8", date(2022, 3, 20), None, None, Some(day));
    // Person 3 is a contact of case 2 as well and of nobody else; person 2 becomes case 2.
    desk.accept(open(2, None));
    desk.accept(contact::Command::Promote { id: contact_id(1), case: case_id(2) });
    desk.accept(expose(2, from_case(2), person_id(3), None, Some(day)));
    desk.accept(list(2, person_id(3), Ring::Ring1, &[2]));
    desk.accept(case::Command::MarkEnteredInError { id: case_id(2) });
    assert_eq!(status_of(&desk, 2), Status::Dropped(DropReason::EnteredInError));
    assert_eq!(status_of(&desk, 1), Status::Followed);
    let steps: Vec<Status> = desk.get::<Contact>(contact_id(1)).history.iter().map(|step| step.status).collect();
    assert_eq!(steps, [Status::Followed, Status::Promoted(case_id(2)), Status::Followed]);
    desk.assert_replays();
}

#[test]
fn who_is_followed_again_by_now_is_not_followed_twice() {
    let day = date(2022, 3, 18);
    let mut desk = one_contact("cn-covid-8", date(2022, 3, 20), None, None, Some(day));
    desk.accept(open(2, None));
    desk.accept(contact::Command::Promote { id: contact_id(1), case: case_id(2) });
    desk.accept(expose(2, from_case(1), person_id(2), None, Some(day)));
    desk.accept(list(2, person_id(2), Ring::Ring1, &[2]));
    desk.accept(case::Command::MarkEnteredInError { id: case_id(2) });
    assert_eq!(status_of(&desk, 1), Status::Dropped(DropReason::Duplicate));
    assert_eq!(status_of(&desk, 2), Status::Followed);
    desk.assert_replays();
}

#[test]
fn a_contact_who_becomes_an_infection_is_promoted_with_history() {
    let mut desk = one_contact("cn-covid-8", date(2022, 3, 20), None, None, Some(date(2022, 3, 18)));
    desk.accept(entry(1, date(2022, 3, 20), Some(1), contact::Seen::SeenWell));
    desk.accept(open_as(
        2,
        Classification::Suspect,
        vec![Finding::Symptoms, Finding::Exposure(exposure_id(1))],
        None,
    ));
    assert_eq!(status_of(&desk, 1), Status::Followed, "a suspect is followed on");
    desk.accept(collect(2, person_id(2), Some(case_id(2)), date(2022, 3, 20)));
    desk.accept(result(2, Positive, date(2022, 3, 20)));
    let findings = vec![Finding::Symptoms, Finding::PositiveSample(sample_id(2))];
    desk.accept(classify(2, Classification::Confirmed, findings));
    let contact = desk.get::<Contact>(contact_id(1));
    assert_eq!((contact.status(), contact.entries.len()), (Status::Promoted(case_id(2)), 1));
    assert_eq!(desk.refused(contact::Command::Reopen { id: contact_id(1) }), "follow_up_not_open");
    assert_eq!(desk.refused(contact::Command::Promote { id: contact_id(1), case: case_id(1) }), "follow_up_not_open");
    desk.assert_replays();
}

#[test]
fn an_exposure_as_a_finding_is_on_record_and_of_that_person() {
    let mut desk = one_contact("cn-covid-8", date(2022, 3, 20), None, None, Some(date(2022, 3, 18)));
    let suspect = |n, exposure| {
        open_as(n, Classification::Suspect, vec![Finding::Symptoms, Finding::Exposure(exposure_id(exposure))], None)
    };
    assert_eq!(desk.waits(suspect(2, 9)), [exposure_id(9).0]);
    assert_eq!(desk.refused(suspect(3, 1)), "wrong_person");
    desk.accept(exposure::Command::MarkEnteredInError { id: exposure_id(1) });
    assert_eq!(desk.refused(suspect(2, 1)), "entered_in_error");
}

#[test]
fn a_ring_that_is_not_followed_and_a_date_not_known_have_no_plan() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 3);
    desk.accept(open(1, None));
    desk.accept(expose(1, from_case(1), person_id(2), None, None));
    desk.accept(expose(2, from_case(1), person_id(3), None, Some(date(2022, 3, 18))));
    desk.accept(list(1, person_id(2), Ring::Ring1, &[1]));
    desk.accept(list(2, person_id(3), Ring::General, &[2]));
    assert_eq!((last_day(&desk, 1), last_day(&desk, 2)), (None, None));
    assert_eq!(desk.get::<Contact>(contact_id(2)).judgement.meets_definition, Some(false), "household is closer");
    assert_eq!(desk.refused(contact::Command::Complete { id: contact_id(1) }), "term_not_over");
    desk.accept(contact::Command::Complete { id: contact_id(2) });
    // A month is a date too; the clock counts from its last day, not from its first.
    let last = Some(Change { seen: None, to: Some(When::On(KnownDate::parse("2022-02").expect("a month"))) });
    let changes = exposure::Changes { last, ..Default::default() };
    desk.accept(exposure::Command::Correct { id: exposure_id(1), changes });
    assert_eq!(last_day(&desk, 1), Some(date(2022, 3, 21)));
}

#[test]
fn an_entry_into_the_site_starts_the_clock_only_where_no_exposure_does() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 2);
    desk.accept(open(1, None));
    desk.accept(expose(1, from_case(1), person_id(2), None, None));
    desk.accept(list(1, person_id(2), Ring::Ring1, &[1]));
    let entered = |seen, to| {
        let entered_site_on = Some(Change { seen, to });
        let changes = contact::Changes { entered_site_on, ..Default::default() };
        contact::Command::Correct { id: contact_id(1), changes }
    };
    assert_eq!(desk.accept(entered(None, Some(on(date(2022, 3, 19))))), 2);
    assert_eq!(last_day(&desk, 1), Some(date(2022, 4, 9)));
    let last = Some(Change { seen: None, to: Some(When::On(on(date(2022, 3, 15)))) });
    let changes = exposure::Changes { last, ..Default::default() };
    desk.accept(exposure::Command::Correct { id: exposure_id(1), changes });
    assert_eq!(last_day(&desk, 1), Some(date(2022, 4, 5)));
    desk.assert_replays();
}

#[test]
fn an_instant_is_dated_by_the_outbreaks_midnight() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 2);
    desk.accept(open(1, None));
    let late = When::At(START - 7 * 3_600_000); // 2022-03-13T17:00Z is the 14th in Shanghai.
    let fields = exposure::Given { last: Some(late), kind: Some(ExposureKind::Household), ..Default::default() };
    desk.accept(exposure::Command::Record {
        id: exposure_id(1),
        source: from_case(1),
        person: person_id(2),
        outbreak: outbreak_id(),
        fields,
    });
    assert_eq!(desk.get::<Exposure>(exposure_id(1)).days.last, on(date(2022, 3, 14)));
}
