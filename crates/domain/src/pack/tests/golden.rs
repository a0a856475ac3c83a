//! Golden vectors 6, 9, 11, 12 of the domain dossier §1.8 and the numbers of §1.7 as read from the shipped packs.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};

use super::*;
use crate::pack::{
    Anchor, AnchorDates, Classification, ContactDates, ExposureFact, ExposureKind, Finding, Limit, NoClock, NoWindow,
    Restriction, Ring, TestKind, TestResult, ZeroCode, check_all,
};

const DETECTED: Date = date(2022, 3, 26);

#[test]
fn shipped_packs_are_clean_together() {
    let packs = check_all(&ALL).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let names: Vec<&str> = packs.iter().map(|pack| pack.pack_id.as_str()).collect();
    assert_eq!(names, ["cn-covid-8", "cn-covid-9", "who-ebola", "measles", "mers", "disease-x"]);
}

#[test]
fn vector_6_days_already_passed_are_credited() {
    let left =
        pack(CN_COVID_8).remaining_phases(Ring::Ring1, &ContactDates::exposed(date(2022, 3, 14), DETECTED)).unwrap();
    let shape: Vec<_> = left.iter().map(|phase| (phase.restriction, phase.days, phase.from, phase.through)).collect();
    assert_eq!(
        shape,
        [
            (Restriction::Facility, 2, date(2022, 3, 27), date(2022, 3, 28)),
            (Restriction::Home, 7, date(2022, 3, 29), date(2022, 4, 4)),
        ]
    );
}

#[test]
fn vector_9_a_conversion_adds_no_infection() {
    use Classification::{Asymptomatic, Confirmed, FalsePositive, NotACase, Suspect};
    for text in [CN_COVID_8, CN_COVID_9, DISEASE_X] {
        let pack = pack(text);
        assert!(pack.cases.allows(Some(Asymptomatic), Confirmed));
        assert_eq!(pack.infection_change(Some(Asymptomatic), Confirmed), 0);
        assert!(!pack.adds_infection(Some(Asymptomatic), Confirmed));
        assert!(pack.adds_infection(None, Asymptomatic) && pack.adds_infection(None, Confirmed));
        assert!(pack.adds_infection(Some(Suspect), Confirmed));
        assert!(!pack.adds_infection(Some(Suspect), NotACase));
        assert_eq!(pack.infection_change(Some(Confirmed), FalsePositive), -1);
        assert!(!pack.cases.allows(Some(Confirmed), Asymptomatic));
    }
}

#[test]
fn vector_11_measles_at_80_hours_is_too_late_for_vaccine_only() {
    let pack = pack(MEASLES);
    let open = |minutes| -> Vec<(String, bool)> {
        pack.prophylaxis_at(Ring::Ring1, minutes).into_iter().map(|chance| (chance.code, chance.open)).collect()
    };
    let answer = |mmr, immunoglobulin| vec![("mmr".to_owned(), mmr), ("immunoglobulin".to_owned(), immunoglobulin)];
    assert_eq!(open(80 * 60), answer(false, true));
    assert_eq!(open(72 * 60), answer(true, true));
    assert_eq!(open(72 * 60 + 1), answer(false, true));
    assert_eq!(open(144 * 60), answer(false, true));
    assert_eq!(open(144 * 60 + 1), answer(false, false));
    let left: Vec<_> =
        pack.prophylaxis_at(Ring::Ring1, 80 * 60).into_iter().map(|chance| chance.minutes_left).collect();
    assert_eq!(left, [Some(0), Some(64 * 60)]);
    assert!(pack.prophylaxis_at(Ring::Ring2, 0).is_empty());
}

#[test]
fn vector_12_ebola_ends_on_day_42_and_is_watched_for_90_more() {
    let end = pack(WHO_EBOLA).end_of_outbreak(date(2015, 5, 1));
    assert_eq!((end.over_on, end.surveillance_through), (date(2015, 6, 12), Some(date(2015, 9, 10))));
}

/// pack, incubation max, presymptomatic, look-back, term, slots a day, end days.
#[test]
fn numbers_of_the_dossier_are_in_the_packs() {
    let rows = [
        (CN_COVID_8, 8, 2, 2, 21, 2, 14),
        (CN_COVID_9, 8, 2, 2, 10, 2, 14),
        (WHO_EBOLA, 21, 0, 0, 21, 2, 42),
        (MEASLES, 18, 4, 4, 21, 1, 42),
        (MERS, 14, 0, 0, 14, 1, 28),
        (DISEASE_X, 21, 4, 4, 21, 2, 42),
    ];
    for (text, incubation, before, lookback, term, slots, quiet) in rows {
        let pack = pack(text);
        let (contact, follow_up) =
            (pack.contact_definition(Ring::Ring1).unwrap(), pack.follow_up(Ring::Ring1).unwrap());
        let numbers = (
            pack.natural_history.incubation.max.value,
            pack.natural_history.presymptomatic.value,
            contact.lookback.value,
            follow_up.term.value,
            follow_up.slots_per_day.value,
            pack.end_of_outbreak.quiet.value,
        );
        assert_eq!(numbers, (incubation, before, lookback, term, slots, quiet), "{}", pack.pack_id);
    }
}

#[test]
fn time_limits_of_china_2022() {
    for text in [CN_COVID_8, CN_COVID_9] {
        let limits = pack(text).limits;
        let hours = [
            (Limit::DirectReport, 2),
            (Limit::CoreFacts, 4),
            (Limit::PreliminaryReport, 24),
            (Limit::CaseTransfer, 2),
            (Limit::ContactInSite, 8),
            (Limit::SecondaryContactInSite, 12),
        ];
        for (limit, hours) in hours {
            assert_eq!(limits.minutes(limit), Some(hours * 60), "{limit}");
        }
        assert_eq!(limits.minutes(Limit::LifeDangerDispatch), Some(10));
    }
    assert_eq!(pack(WHO_EBOLA).limits.minutes(Limit::DirectReport), None);
}

#[test]
fn all_six_zero_definitions_stand_in_the_china_packs() {
    let zero = pack(CN_COVID_9).zero;
    for code in [ZeroCode::A, ZeroCode::BStrict, ZeroCode::BLoose, ZeroCode::C, ZeroCode::D, ZeroCode::E, ZeroCode::F]
    {
        assert!(zero.definition(code).is_some(), "{code}");
    }
    let isolation = zero.definition(ZeroCode::F).and_then(|f| f.isolated_within.clone());
    assert_eq!(isolation.and_then(|within| within.minutes()), Some(24 * 60));
    assert_eq!(pack(WHO_EBOLA).zero.shown, ZeroCode::F);
}

#[test]
fn tests_and_end_of_a_fresh_contact_in_both_editions() {
    let dates = ContactDates::exposed(date(2022, 7, 1), date(2022, 7, 1));
    let days = |text| -> Vec<Date> {
        pack(text).test_plan(Ring::Ring1, &dates).unwrap().into_iter().map(|test| test.date).collect()
    };
    let july = |days: &[i8]| days.iter().map(|day| date(2022, 7, *day)).collect::<Vec<_>>();
    assert_eq!(days(CN_COVID_8), july(&[2, 5, 8, 15, 17, 22]));
    assert_eq!(days(CN_COVID_9), july(&[2, 3, 4, 6, 8, 11]));
}

#[test]
fn ebola_contact_has_two_slots_a_day_to_day_21() {
    let plan = pack(WHO_EBOLA)
        .follow_up_plan(Ring::Ring1, &ContactDates::exposed(date(2014, 9, 10), date(2014, 9, 10)))
        .unwrap();
    assert_eq!(plan.len(), 42);
    let first: Vec<_> =
        plan.iter().take(2).map(|slot| (slot.date, slot.day_index, slot.slot, slot.due_minute)).collect();
    assert_eq!(first, [(date(2014, 9, 11), 1, 1, 540), (date(2014, 9, 11), 1, 2, 1020)]);
    assert_eq!(plan.last().map(|slot| (slot.date, slot.day_index)), Some((date(2014, 10, 1), 21)));
}

#[test]
fn a_ring_without_follow_up_and_a_start_without_date_are_said() {
    let nothing = ContactDates { last_exposure: None, ..ContactDates::exposed(DETECTED, DETECTED) };
    assert_eq!(pack(CN_COVID_8).follow_up_plan(Ring::General, &nothing), Err(NoClock::NotFollowed(Ring::General)));
    let refusal = pack(CN_COVID_8).follow_up_plan(Ring::Ring1, &nothing).unwrap_err();
    assert_eq!(refusal.to_string(), "the follow-up clock needs the date of last_exposure or entry");
    let entered = ContactDates { entry: Some(DETECTED), ..nothing };
    assert_eq!(pack(CN_COVID_8).follow_up(Ring::Ring1).unwrap().last_day(&entered), Ok(date(2022, 4, 16)));
}

#[test]
fn transmission_in_the_site_restarts_the_clock_only_where_the_pack_says() {
    let dates = ContactDates { reset: Some(date(2022, 3, 24)), ..ContactDates::exposed(date(2022, 3, 14), DETECTED) };
    assert_eq!(pack(CN_COVID_8).follow_up(Ring::Ring1).unwrap().start(&dates), Ok(date(2022, 3, 24)));
    assert_eq!(pack(WHO_EBOLA).follow_up(Ring::Ring1).unwrap().start(&dates), Ok(date(2022, 3, 14)));
}

#[test]
fn infectious_windows_use_the_first_known_anchor() {
    let measles = pack(MEASLES);
    let rash = AnchorDates { rash: Some(date(2019, 1, 10)), fever: Some(date(2019, 1, 7)), ..AnchorDates::default() };
    let window = measles.infectious_window(&rash).unwrap();
    assert_eq!(
        (window.anchor, window.from, window.through),
        (Anchor::Rash, date(2019, 1, 6), Some(date(2019, 1, 14)))
    );
    let refusal = measles.infectious_window(&AnchorDates::default()).unwrap_err();
    assert_eq!(
        refusal,
        NoWindow::AnchorUnknown(vec![Anchor::Rash, Anchor::Fever, Anchor::Onset, Anchor::FirstPositiveSample])
    );

    let ebola = pack(WHO_EBOLA);
    let ill = AnchorDates { onset: Some(date(2014, 9, 1)), ..AnchorDates::default() };
    let through = |dates: AnchorDates| ebola.infectious_window(&dates).unwrap().through;
    assert_eq!(through(ill), None);
    assert_eq!(through(AnchorDates { release: Some(date(2014, 9, 20)), ..ill }), Some(date(2014, 9, 20)));
    let dead = AnchorDates { death: Some(date(2014, 9, 8)), ..ill };
    assert_eq!(through(dead), None, "the body infects until burial");
    assert_eq!(through(AnchorDates { burial: Some(date(2014, 9, 9)), ..dead }), Some(date(2014, 9, 9)));
}

#[test]
fn contacts_are_searched_from_the_look_back_or_the_opening_of_the_window() {
    let covid = pack(CN_COVID_8);
    let case = AnchorDates { onset: Some(date(2022, 3, 20)), ..AnchorDates::default() };
    let from = |wide| covid.contact_search(Ring::Ring1, &case, wide).map(|window| window.from);
    assert_eq!((from(false), from(true)), (Ok(date(2022, 3, 18)), Ok(date(2022, 3, 16))));
    assert_eq!(covid.contact_search(Ring::Ring2, &case, false), Err(NoWindow::CountedFromContact(Ring::Ring2)));
    let found_dead = AnchorDates { death: Some(date(2014, 9, 22)), ..AnchorDates::default() };
    let search = pack(WHO_EBOLA).contact_search(Ring::Ring1, &found_dead, false).unwrap();
    assert_eq!(search.from, date(2014, 9, 1), "onset unknown: 21 days");
}

#[test]
fn measles_airspace_stays_infectious_for_two_hours() {
    let after = |minutes| ExposureFact {
        kind: ExposureKind::SameAirspace,
        minutes: Some(1),
        minutes_after_case_left: minutes,
    };
    let measles = pack(MEASLES);
    assert!(measles.makes_contact(Ring::Ring1, &after(120)));
    assert!(!measles.makes_contact(Ring::Ring1, &after(121)));
    let near = ExposureFact { kind: ExposureKind::NearUnprotected, minutes: None, minutes_after_case_left: 0 };
    assert!(pack(CN_COVID_8).makes_contact(Ring::Ring1, &near), "an unknown duration is not too short");
    assert!(!measles.makes_contact(Ring::Ring1, &ExposureFact { kind: ExposureKind::Breastfeeding, ..near }));
}

#[test]
fn measles_exclusion_runs_from_day_5_after_first_to_day_21_after_last() {
    let measles = pack(MEASLES);
    let follow_up = measles.follow_up(Ring::Ring1).unwrap();
    let dates = ContactDates {
        first_exposure: Some(date(2019, 1, 1)),
        ..ContactDates::exposed(date(2019, 1, 4), date(2019, 1, 5))
    };
    assert_eq!(follow_up.exclusion_days(&dates), Some((date(2019, 1, 6), date(2019, 1, 25))));
    assert_eq!(follow_up.exclusion_days(&ContactDates { last_exposure: None, ..dates }), None);
}

#[test]
fn a_classification_rests_on_findings_and_says_what_is_missing() {
    let covid = pack(CN_COVID_8);
    let confirmed = covid.cases.definition(Classification::Confirmed).unwrap();
    let positive = Finding::Test(TestKind::Pcr, TestResult::Positive);
    assert!(confirmed.met_by(&BTreeSet::from([positive, Finding::Symptoms, Finding::Exposure])));
    let missing = confirmed.missing(&BTreeSet::from([positive]));
    assert!(missing.contains(&BTreeSet::from([Finding::Symptoms])));
    assert!(!confirmed.met_by(&BTreeSet::new()));
    assert!(covid.cases.definition(Classification::Probable).is_none());
    assert_eq!("test:pcr:positive".parse(), Ok(positive));
    assert_eq!(positive.to_string(), "test:pcr:positive");
}

#[test]
fn release_rule_follows_the_clinical_plan_in_force() {
    let covid = pack(CN_COVID_8);
    let after = |day| covid.release_rule_on(day).and_then(|rule| rule.afterwards.clone()).map(|days| days.value);
    assert_eq!((after(date(2022, 3, 14)), after(date(2022, 3, 15))), (Some(14), Some(7)));
    assert_eq!(
        covid.release_rule_on(date(2022, 3, 20)).and_then(|rule| rule.ct_at_least.clone()).map(|ct| ct.value),
        Some(35)
    );
}

#[test]
fn lost_to_follow_up_after_two_whole_days_unseen() {
    let ebola = pack(WHO_EBOLA);
    let follow_up = ebola.follow_up(Ring::Ring1).unwrap();
    assert!(!follow_up.lost(date(2014, 9, 1), date(2014, 9, 3)));
    assert!(follow_up.lost(date(2014, 9, 1), date(2014, 9, 4)));
}

#[test]
fn reinfection_needs_the_interval() {
    let covid = pack(CN_COVID_9);
    assert!(!covid.cases.reinfection.is_reinfection(date(2022, 7, 1), date(2022, 9, 28)));
    assert!(covid.cases.reinfection.is_reinfection(date(2022, 7, 1), date(2022, 9, 29)));
}

#[test]
fn reference_and_hash_name_the_pack() {
    let covid = pack(CN_COVID_8);
    assert_eq!(covid.reference().to_string(), "cn-covid-8@1");
    assert_eq!(covid.content_hash(), pack(&CN_COVID_8.replace('\n', "\r\n")).content_hash());
    assert_ne!(covid.content_hash(), pack(&CN_COVID_8.replace("hours = 8", "hours = 7")).content_hash());
    assert!(covid.in_force_on(date(2022, 6, 27)) && !covid.in_force_on(date(2022, 6, 28)));
}
