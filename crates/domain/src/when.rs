//! A point of time as its speaker knows it: an instant off a clock, or a calendar date with its precision.

use crate::{date::KnownDate, noun::person::not_future, refusal::Refusal};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// How far the clock of a device may run ahead before what it says lies in the future, milliseconds.
const CLOCK_SKEW: i64 = 5 * 60_000;

/// An instant or a date: `{"at": 1647216000000}` or `{"on": "2022-03-14~"}`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Milliseconds UTC.
    At(i64),
    /// A date as known.
    On(KnownDate),
}

impl When {
    /// The calendar date in a zone, with the precision it is known with.
    pub fn date(self, zone: &TimeZone) -> KnownDate {
        match self {
            Self::On(date) => date,
            Self::At(at) => day_of(at, zone).map_or(KnownDate::Unknown, KnownDate::day),
        }
    }

    /// First and last instant it may have been, milliseconds UTC; `None` where no date is known.
    pub fn bounds(self, zone: &TimeZone) -> Option<(i64, i64)> {
        match self {
            Self::At(at) => Some((at, at)),
            Self::On(date) => {
                let from = midnight(date.earliest()?, zone)?;
                let to = midnight(date.latest()?.tomorrow().ok()?, zone)?;
                Some((from, to - 1))
            }
        }
    }

    /// Refuses what lies in the future at `now`.
    pub fn not_future(self, pointer: &'static str, now: i64) -> Result<(), Refusal> {
        match self {
            Self::At(at) if at > now.saturating_add(CLOCK_SKEW) => Err(Refusal::rule("in_the_future").at(pointer)),
            Self::At(_) => Ok(()),
            Self::On(date) => not_future(pointer, date, now),
        }
    }
}

/// The calendar date of an instant in a zone.
pub fn day_of(at: i64, zone: &TimeZone) -> Option<Date> {
    Timestamp::from_millisecond(at).ok().map(|instant| zone.to_datetime(instant).date())
}

fn midnight(date: Date, zone: &TimeZone) -> Option<i64> {
    zone.to_timestamp(date.at(0, 0, 0, 0)).ok().map(Timestamp::as_millisecond)
}

/// The zone of an outbreak's reporting day. Outbreaks name zones that exist; UTC stands in for one that a smaller
/// list of zones does not have.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_instant_has_the_date_of_the_zone() {
        let shanghai = zone("Asia/Shanghai");
        let late_evening_utc = When::At(1_647_277_200_000); // 2022-03-14T17:00Z
        assert_eq!(late_evening_utc.date(&shanghai), KnownDate::day(date(2022, 3, 15)));
        assert_eq!(late_evening_utc.date(&TimeZone::UTC), KnownDate::day(date(2022, 3, 14)));
    }

    #[test]
    fn a_date_is_as_long_as_it_is_unsure() {
        let day = When::On(KnownDate::day(date(2022, 3, 14))).bounds(&TimeZone::UTC);
        assert_eq!(day, Some((1_647_216_000_000, 1_647_216_000_000 + 86_400_000 - 1)));
        assert_eq!(When::On(KnownDate::Unknown).bounds(&TimeZone::UTC), None);
        assert_eq!(When::At(i64::MAX).date(&TimeZone::UTC), KnownDate::Unknown);
    }
}
