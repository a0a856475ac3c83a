//! Properties of the clocks over all dates, and the preview of a change.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::pack::{ContactDates, FollowUp, PlanMove, Ring, preview, preview_plan};

const RINGS: [Ring; 3] = [Ring::Ring1, Ring::Ring2, Ring::General];

fn day(number: i64) -> Date {
    date(2020, 1, 1).saturating_add(jiff::Span::new().days(number))
}

fn dates(last: i64, detected: i64) -> ContactDates {
    ContactDates::exposed(day(last), day(detected))
}

fn followed(check: impl Fn(&FollowUp) -> Result<(), TestCaseError>) -> Result<(), TestCaseError> {
    for (_, text) in ALL {
        let pack = pack(text);
        for ring in RINGS {
            if let Some(follow_up) = pack.follow_up(ring) {
                check(follow_up)?;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No slot outside the term or before detection; each day has every slot; strictly ascending.
    #[test]
    fn slots_fill_the_term_and_nothing_else(last in 0_i64..900, late in -5_i64..40) {
        followed(|follow_up| {
            let plan = follow_up.plan(&dates(last, last + late)).unwrap();
            let days = (follow_up.term.value - late.max(1) + 1).max(0);
            prop_assert_eq!(i64::try_from(plan.len()).ok(), Some(days * follow_up.slots_per_day.value));
            for slot in &plan {
                prop_assert!(slot.date > day(last) && slot.date <= day(last + follow_up.term.value));
                prop_assert!(slot.date >= day(last + late));
                prop_assert_eq!(slot.date, day(last + slot.day_index));
            }
            prop_assert!(plan.windows(2).all(|pair| pair[0] < pair[1]));
            Ok(())
        })?;
    }

    /// A later last exposure never ends a follow-up, a phase or a test earlier.
    #[test]
    fn plan_is_monotone_in_last_exposure(last in 0_i64..900, more in 0_i64..30, detected in 0_i64..950) {
        followed(|follow_up| {
            let (before, after) = (dates(last, detected), dates(last + more, detected));
            prop_assert_eq!(follow_up.last_day(&after).unwrap(), day(last + more + follow_up.term.value));
            let (a, b) = (follow_up.plan(&before).unwrap(), follow_up.plan(&after).unwrap());
            prop_assert!(a.last().map(|slot| slot.date) <= b.last().map(|slot| slot.date));
            let left = |dates| follow_up.remaining_phases(dates).unwrap().iter().map(|phase| phase.days).sum::<i64>();
            prop_assert!(left(&before) <= left(&after));
            Ok(())
        })?;
    }

    /// What remains is the tail of the term: contiguous, after detection, ending on the last day.
    #[test]
    fn remaining_phases_are_the_tail_of_the_term(last in 0_i64..900, late in -5_i64..40) {
        followed(|follow_up| {
            let dates = dates(last, last + late);
            let left = follow_up.remaining_phases(&dates).unwrap();
            let days: i64 = left.iter().map(|phase| phase.days).sum();
            prop_assert_eq!(days, (follow_up.term.value - late.max(0)).max(0));
            if let Some(tail) = left.last() {
                prop_assert_eq!(Ok(tail.through), follow_up.last_day(&dates));
            }
            prop_assert!(left.windows(2).all(|pair| pair[1].from == pair[0].through.tomorrow().unwrap()));
            Ok(())
        })?;
    }

    /// A test is due on a day of the plan, never before detection.
    #[test]
    fn tests_fall_on_days_of_the_plan(last in 0_i64..900, late in -5_i64..40) {
        followed(|follow_up| {
            let dates = dates(last, last + late);
            let planned: Vec<Date> = follow_up.plan(&dates).unwrap().iter().map(|slot| slot.date).collect();
            for test in follow_up.test_plan(&dates).unwrap() {
                prop_assert!(planned.contains(&test.date));
            }
            Ok(())
        })?;
    }

    /// A text with any stretch taken out is read to its end without panic, and every fault names a line it has.
    #[test]
    fn a_text_cut_anywhere_never_panics(from in 0_usize..12_000, length in 0_usize..400) {
        let text: String = CN_COVID_8.chars().take(from).chain(CN_COVID_8.chars().skip(from + length)).collect();
        if let Err(faults) = Pack::parse(&text) {
            prop_assert!(!faults.is_empty());
            let lines = text.lines().count().max(1) + 1;
            prop_assert!(faults.iter().all(|fault| (1..=lines).contains(&(fault.line as usize))), "{}", listed(&faults));
        }
    }
}

#[test]
fn clocks_stop_at_the_ends_of_the_calendar() {
    let ebola = pack(WHO_EBOLA);
    assert_eq!(ebola.end_of_outbreak(Date::MAX).over_on, Date::MAX);
    let dates = ContactDates::exposed(Date::MIN, Date::MAX);
    assert_eq!(ebola.follow_up_plan(Ring::Ring1, &dates), Ok(Vec::new()));
}

#[test]
fn a_change_of_pack_shows_what_it_moves() {
    let (eighth, ninth) = (pack(CN_COVID_8), pack(CN_COVID_9));
    let moves = preview(&eighth, &ninth);
    let term = moves.iter().find(|found| found.clock == "ring1.term").unwrap();
    assert_eq!(
        (term.before.as_slice(), term.after.as_slice(), term.shift),
        ([21].as_slice(), [10].as_slice(), Some(-11))
    );
    let names: Vec<&str> = moves.iter().map(|found| found.clock.as_str()).collect();
    let expected = [
        "ring1.phase1.facility",
        "ring1.phase1.test_days",
        "ring1.phase2.home",
        "ring1.phase2.test_days",
        "ring1.term",
        "ring2.phase1.facility",
        "ring2.phase1.home",
    ];
    assert_eq!(names, expected);
    assert!(preview(&eighth, &eighth).is_empty());
}

#[test]
fn a_running_contact_under_the_next_edition() {
    let dates = ContactDates::exposed(date(2022, 6, 20), date(2022, 6, 20));
    let moved: PlanMove = preview_plan(&pack(CN_COVID_8), &pack(CN_COVID_9), Ring::Ring1, &dates).unwrap();
    assert_eq!((moved.end_before, moved.end_after, moved.shift_days), (date(2022, 7, 11), date(2022, 6, 30), -11));
    let days = |tests: &[crate::pack::TestDay]| tests.iter().map(|test| test.date).collect::<Vec<_>>();
    assert_eq!(
        days(&moved.tests_added),
        [date(2022, 6, 22), date(2022, 6, 23), date(2022, 6, 25), date(2022, 6, 30)]
    );
    assert_eq!(
        days(&moved.tests_dropped),
        [date(2022, 6, 24), date(2022, 7, 4), date(2022, 7, 6), date(2022, 7, 11)]
    );
}
