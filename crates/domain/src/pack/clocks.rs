//! Clocks of contacts, cases and outbreaks. Pure functions of dates; day 1 is the day after the start.

use jiff::civil::Date;
use jiff::{Span, Unit as Calendar};
use serde::{Deserialize, Serialize};

use super::Pack;
use super::contacts::FollowUp;
use super::figure::Figure;
use super::vocabulary::{ClockReset, ClockStart, Restriction, Ring, Word};

/// The date `days` later; stops at the ends of the calendar.
pub(super) fn plus_days(date: Date, days: i64) -> Date {
    match Span::new().try_days(days) {
        Ok(span) => date.saturating_add(span),
        Err(_) if days < 0 => Date::MIN,
        Err(_) => Date::MAX,
    }
}

/// Whole days from `earlier` to `later`; negative when they are the other way round.
pub(super) fn days_between(earlier: Date, later: Date) -> i64 {
    earlier.until((Calendar::Day, later)).map_or(0, |span| i64::from(span.get_days()))
}

/// The dates a contact's clocks count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactDates {
    pub first_exposure: Option<Date>,
    pub last_exposure: Option<Date>,
    /// Entry into the isolation site.
    pub entry: Option<Date>,
    /// The day the contact was found.
    pub detected: Date,
    /// The day the last positive left the site after transmission in it.
    pub reset: Option<Date>,
}

impl ContactDates {
    /// The common case: last exposure and detection are all that is known.
    pub fn exposed(last_exposure: Date, detected: Date) -> Self {
        ContactDates { first_exposure: None, last_exposure: Some(last_exposure), entry: None, detected, reset: None }
    }
}

/// Why a ring's clock cannot run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoClock {
    /// The pack does not follow this ring.
    #[error("the pack has no follow-up for {0}")]
    NotFollowed(Ring),
    /// None of the dates the clock may start from is known.
    #[error("the follow-up clock needs the date of {}", list(.0))]
    StartUnknown(Vec<ClockStart>),
}

fn list<W: Word>(words: &[W]) -> String {
    words.iter().map(|word| word.word()).collect::<Vec<_>>().join(" or ")
}

/// One time at which a contact is due to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    pub date: Date,
    /// Day of the follow-up, from 1.
    pub day_index: i64,
    /// Slot of the day, from 1.
    pub slot: i64,
    /// Minutes after local midnight.
    pub due_minute: i64,
}

/// A day on which a contact is due for a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TestDay {
    pub date: Date,
    pub restriction: Restriction,
    /// Day of the phase, from 1.
    pub day_of_phase: i64,
}

/// A phase of a follow-up as dates, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseDays {
    pub restriction: Restriction,
    pub from: Date,
    pub through: Date,
    pub days: i64,
}

impl FollowUp {
    /// The day 0 of the clock: the first of the pack's starts that is known, moved by a reset the pack names.
    pub fn start(&self, dates: &ContactDates) -> Result<Date, NoClock> {
        let known = |start: &ClockStart| match start {
            ClockStart::LastExposure => dates.last_exposure,
            ClockStart::Entry => dates.entry,
        };
        let start = self.clock.iter().find_map(known).ok_or_else(|| NoClock::StartUnknown(self.clock.clone()))?;
        let reset = dates.reset.filter(|_| self.resets.contains(&ClockReset::InSiteTransmission));
        Ok(reset.map_or(start, |reset| start.max(reset)))
    }

    /// The last day of follow-up.
    pub fn last_day(&self, dates: &ContactDates) -> Result<Date, NoClock> {
        Ok(plus_days(self.start(dates)?, self.term.value))
    }

    /// Every slot from the day after the start, or from the day of detection if later, to the last day.
    pub fn plan(&self, dates: &ContactDates) -> Result<Vec<Slot>, NoClock> {
        let start = self.start(dates)?;
        let first_index = days_between(start, dates.detected).max(1);
        let days = (first_index..=self.term.value).map(|day_index| (day_index, plus_days(start, day_index)));
        let slots = days.flat_map(|(day_index, date)| {
            let times = (1..).zip(self.due.minutes_of_day.iter().copied());
            times.map(move |(slot, due_minute)| Slot { date, day_index, slot, due_minute })
        });
        Ok(slots.collect())
    }

    /// All phases as dates, from the day after the start.
    pub fn phase_days(&self, dates: &ContactDates) -> Result<Vec<PhaseDays>, NoClock> {
        let mut before = self.start(dates)?;
        let phases = self.phases.iter().map(|phase| {
            let from = plus_days(before, 1);
            before = plus_days(before, phase.length.value);
            PhaseDays { restriction: phase.restriction, from, through: before, days: phase.length.value }
        });
        Ok(phases.collect())
    }

    /// What is left after the day of detection; days already passed are credited (domain dossier §1.1, clock start).
    pub fn remaining_phases(&self, dates: &ContactDates) -> Result<Vec<PhaseDays>, NoClock> {
        let tomorrow = plus_days(dates.detected, 1);
        let left = self.phase_days(dates)?.into_iter().filter_map(|phase| {
            let from = phase.from.max(tomorrow);
            let days = days_between(from, phase.through) + 1;
            (days > 0).then_some(PhaseDays { from, days, ..phase })
        });
        Ok(left.collect())
    }

    /// Test days not before detection.
    pub fn test_plan(&self, dates: &ContactDates) -> Result<Vec<TestDay>, NoClock> {
        let mut tests = Vec::new();
        for (phase, days) in self.phases.iter().zip(self.phase_days(dates)?) {
            let due = phase.test_days.iter().flat_map(|list| list.values.iter().copied());
            tests.extend(due.map(|day_of_phase| TestDay {
                date: plus_days(days.from, day_of_phase - 1),
                restriction: phase.restriction,
                day_of_phase,
            }));
        }
        tests.retain(|test| test.date >= dates.detected);
        Ok(tests)
    }

    /// First and last day of exclusion; `None` without a rule or without the exposures it counts from.
    pub fn exclusion_days(&self, dates: &ContactDates) -> Option<(Date, Date)> {
        let rule = self.exclusion.as_ref()?;
        let last = dates.last_exposure?;
        let first = dates.first_exposure.unwrap_or(last);
        Some((plus_days(first, rule.from_day_after_first.value), plus_days(last, rule.through_day_after_last.value)))
    }

    /// True when the pack's number of whole days has passed without the contact being seen.
    pub fn lost(&self, last_seen: Date, today: Date) -> bool {
        days_between(last_seen, today) > self.lost_after.value
    }
}

/// A prophylaxis offered to a ring and whether there is still time for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProphylaxisChance {
    pub code: String,
    pub open: bool,
    /// Minutes after first exposure at which it closes; no limit when absent.
    pub closes_after_minutes: Option<i64>,
    /// Minutes left; 0 when closed.
    pub minutes_left: Option<i64>,
}

/// When an outbreak may be declared over, and until when it is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutbreakEnd {
    pub over_on: Date,
    pub surveillance_through: Option<Date>,
}

impl Pack {
    fn followed(&self, ring: Ring) -> Result<&FollowUp, NoClock> {
        self.follow_up(ring).ok_or(NoClock::NotFollowed(ring))
    }

    /// The slots at which a contact of this ring is due to be seen.
    pub fn follow_up_plan(&self, ring: Ring, dates: &ContactDates) -> Result<Vec<Slot>, NoClock> {
        self.followed(ring)?.plan(dates)
    }

    /// The phases left after detection; golden vector 6.
    pub fn remaining_phases(&self, ring: Ring, dates: &ContactDates) -> Result<Vec<PhaseDays>, NoClock> {
        self.followed(ring)?.remaining_phases(dates)
    }

    /// The days on which a contact of this ring is due for a test.
    pub fn test_plan(&self, ring: Ring, dates: &ContactDates) -> Result<Vec<TestDay>, NoClock> {
        self.followed(ring)?.test_plan(dates)
    }

    /// What may still be offered this many minutes after first exposure; golden vector 11.
    pub fn prophylaxis_at(&self, ring: Ring, minutes_after_exposure: i64) -> Vec<ProphylaxisChance> {
        let offered = self.prophylaxis.iter().filter(|offer| offer.rings.contains(&ring));
        let chances = offered.map(|offer| {
            let closes_after_minutes = offer.within.as_ref().and_then(Figure::minutes);
            let left = closes_after_minutes.map(|closes| closes.saturating_sub(minutes_after_exposure));
            ProphylaxisChance {
                code: offer.code.clone(),
                open: left.is_none_or(|left| left >= 0),
                closes_after_minutes,
                minutes_left: left.map(|left| left.max(0)),
            }
        });
        chances.collect()
    }

    /// End of the outbreak from the date of the pack's end anchor; golden vector 12.
    pub fn end_of_outbreak(&self, anchor: Date) -> OutbreakEnd {
        let over_on = plus_days(anchor, self.end_of_outbreak.quiet.value);
        let surveillance = self.end_of_outbreak.surveillance.as_ref();
        OutbreakEnd { over_on, surveillance_through: surveillance.map(|days| plus_days(over_on, days.value)) }
    }
}
