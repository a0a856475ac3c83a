//! The monitoring plan of a contact, kept as the few numbers it is made of; its slots are derived.

use super::super::exposure::Span;
use crate::pack::{ContactDates, NoClock, Pack, Ring, Slot};
use jiff::{Unit, civil::Date};
use serde::{Deserialize, Serialize};

/// When a contact is due to be seen. The pack that made it is the contact's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The dates its clock was computed from.
    pub dates: ContactDates,
    /// Day 0.
    pub start: Date,
    /// First day with slots: 1, or later where the contact was found later.
    pub first_day: i64,
    /// Last day with slots.
    pub last_day: i64,
    /// Due times of each day in minutes after local midnight.
    pub due_minutes: Vec<i64>,
}

impl Plan {
    /// The plan of a ring from the pack; `None` where the pack does not follow the ring or a date is missing.
    pub(super) fn of(pack: &Pack, ring: Ring, dates: ContactDates) -> Result<Self, NoClock> {
        let follow_up = pack.follow_up(ring).ok_or(NoClock::NotFollowed(ring))?;
        let start = follow_up.start(&dates)?;
        Ok(Self {
            dates,
            start,
            first_day: days_between(start, dates.detected).max(1),
            last_day: follow_up.term.value,
            due_minutes: follow_up.due.minutes_of_day.clone(),
        })
    }

    /// Every slot, in order.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        (self.first_day..=self.last_day).flat_map(move |day_index| {
            let date = plus_days(self.start, day_index);
            let times = (1..).zip(self.due_minutes.iter().copied());
            times.map(move |(slot, due_minute)| Slot { date, day_index, slot, due_minute })
        })
    }

    /// The last day of follow-up.
    pub fn last_date(&self) -> Date {
        plus_days(self.start, self.last_day)
    }

    /// The first day with slots; after [`Self::last_date`] where the contact was found too late for any.
    pub fn first_date(&self) -> Date {
        plus_days(self.start, self.first_day)
    }

    /// Whether a visit is due on this day in this slot.
    pub fn has(&self, date: Date, slot: i64) -> bool {
        let day = days_between(self.start, date);
        (self.first_day..=self.last_day).contains(&day) && (1..=self.due_minutes.len() as i64).contains(&slot)
    }
}

/// First and last day over several exposures, and whether any of them lies in its source's infectious window.
pub(super) fn union(spans: impl Iterator<Item = Span>) -> Option<Span> {
    // Days inside a window, or of which nothing is known, count; only where there are none do those outside.
    let (outside, counting): (Vec<Span>, Vec<Span>) = spans.partition(|span| span.in_window == Some(false));
    let counted = if counting.is_empty() { outside } else { counting };
    counted.into_iter().reduce(|one, other| Span {
        first: one.first.min(other.first),
        last: one.last.max(other.last),
        in_window: match (one.in_window, other.in_window) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (None, _) | (_, None) => None,
            _ => Some(false),
        },
    })
}

/// The date `days` later; stops at the ends of the calendar.
pub(crate) fn plus_days(date: Date, days: i64) -> Date {
    match jiff::Span::new().try_days(days) {
        Ok(span) => date.saturating_add(span),
        Err(_) if days < 0 => Date::MIN,
        Err(_) => Date::MAX,
    }
}

/// Whole days from `earlier` to `later`; negative when they are the other way round.
pub(crate) fn days_between(earlier: Date, later: Date) -> i64 {
    earlier.until((Unit::Day, later)).map_or(0, |span| i64::from(span.get_days()))
}
