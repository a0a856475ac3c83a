//! What a change of pack would move, before anybody signs it (DESIGN §5, §13.6).

use jiff::civil::Date;
use serde::Serialize;

use super::clocks::{ContactDates, NoClock, TestDay, days_between};
use super::vocabulary::{Ring, Unit, Word};
use super::{Figure, FollowUp, Pack};

/// A number that differs between two packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureMove {
    /// Which clock: `ring1.term`, `ring1.phase1.test_days`, `end_of_outbreak.quiet`, `limits.core_facts`.
    pub clock: String,
    /// Values before and after; empty when the pack has no such clock.
    pub before: Vec<i64>,
    pub after: Vec<i64>,
    pub unit: Unit,
    /// After less before, where both are one number of the same unit.
    pub shift: Option<i64>,
}

/// A running follow-up under two packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanMove {
    pub end_before: Date,
    pub end_after: Date,
    /// Days the end moves; negative is earlier. A longer restriction needs a new signature (DESIGN §13.7).
    pub shift_days: i64,
    pub tests_added: Vec<TestDay>,
    pub tests_dropped: Vec<TestDay>,
}

/// Every clock number that differs, in a fixed order. No record is changed by it.
pub fn preview(old: &Pack, new: &Pack) -> Vec<FigureMove> {
    let mut before = clock_figures(old);
    let mut moves = Vec::new();
    for (clock, unit, after) in clock_figures(new) {
        let found = before.iter().position(|(name, _, _)| *name == clock).map(|at| before.remove(at));
        let (old_unit, was) = found.map_or((unit, Vec::new()), |(_, unit, values)| (unit, values));
        if was != after || old_unit != unit {
            let shift = match (was.as_slice(), after.as_slice()) {
                ([was], [now]) if old_unit == unit => Some(now - was),
                _ => None,
            };
            moves.push(FigureMove { clock, before: was, after, unit, shift });
        }
    }
    moves.extend(before.into_iter().map(|(clock, unit, was)| FigureMove {
        clock,
        before: was,
        after: Vec::new(),
        unit,
        shift: None,
    }));
    moves.sort_by(|a, b| a.clock.cmp(&b.clock));
    moves
}

/// What the change would do to one contact's follow-up, judged on the same dates.
pub fn preview_plan(old: &Pack, new: &Pack, ring: Ring, dates: &ContactDates) -> Result<PlanMove, NoClock> {
    let followed = |pack: &Pack| -> Result<(Date, Vec<TestDay>), NoClock> {
        let follow_up = pack.follow_up(ring).ok_or(NoClock::NotFollowed(ring))?;
        Ok((follow_up.last_day(dates)?, follow_up.test_plan(dates)?))
    };
    let (end_before, tests_before) = followed(old)?;
    let (end_after, tests_after) = followed(new)?;
    let less = |these: &[TestDay], those: &[TestDay]| {
        these.iter().filter(|test| !those.iter().any(|other| other.date == test.date)).copied().collect::<Vec<_>>()
    };
    Ok(PlanMove {
        end_before,
        end_after,
        shift_days: days_between(end_before, end_after),
        tests_added: less(&tests_after, &tests_before),
        tests_dropped: less(&tests_before, &tests_after),
    })
}

type Named = (String, Unit, Vec<i64>);

/// Every number of a pack that drives a clock, by name.
fn clock_figures(pack: &Pack) -> Vec<Named> {
    let mut figures = Vec::new();
    let mut one = |name: String, figure: &Figure| figures.push((name, figure.unit, vec![figure.value]));
    for definition in &pack.contacts {
        one(format!("{}.lookback", definition.ring), &definition.lookback);
    }
    one("end_of_outbreak.quiet".to_owned(), &pack.end_of_outbreak.quiet);
    if let Some(days) = &pack.end_of_outbreak.surveillance {
        one("end_of_outbreak.surveillance".to_owned(), days);
    }
    for (limit, figure) in &pack.limits.0 {
        one(format!("limits.{}", limit.word()), figure);
    }
    for offer in &pack.prophylaxis {
        if let Some(within) = &offer.within {
            one(format!("prophylaxis.{}", offer.code), within);
        }
    }
    for follow_up in &pack.follow_ups {
        figures.extend(follow_up_figures(follow_up));
    }
    figures
}

fn follow_up_figures(follow_up: &FollowUp) -> Vec<Named> {
    let ring = follow_up.ring;
    let one = |name: &str, figure: &Figure| (format!("{ring}.{name}"), figure.unit, vec![figure.value]);
    let mut figures = vec![
        one("term", &follow_up.term),
        one("missing_alarm", &follow_up.missing_alarm),
        one("lost_after", &follow_up.lost_after),
        (format!("{ring}.due"), Unit::Minutes, follow_up.due.minutes_of_day.clone()),
    ];
    for (number, phase) in (1..).zip(&follow_up.phases) {
        figures.push(one(&format!("phase{number}.{}", phase.restriction), &phase.length));
        if let Some(tests) = &phase.test_days {
            figures.push((format!("{ring}.phase{number}.test_days"), tests.unit, tests.values.clone()));
        }
    }
    if let Some(rule) = &follow_up.exclusion {
        figures.push(one("exclusion.from_day_after_first", &rule.from_day_after_first));
        figures.push(one("exclusion.through_day_after_last", &rule.through_day_after_last));
    }
    figures
}
