//! Dates said as known (DESIGN §13.11): a calendar date with its precision, or the reason there is none.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// How exactly a date is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Precision {
    /// This very day.
    Day,
    /// About this day.
    About,
    /// Some day of this month; the date is its first.
    Month,
}

/// A calendar date as the speaker knows it.
///
/// Written after ISO 8601-2: `2022-03-14`, `2022-03-14~` (about), `2022-03` (month), and the two words
/// `unknown` (asked, not known) and `not_asked`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KnownDate {
    /// A date with its precision.
    On(Date, Precision),
    /// Asked, and not known.
    Unknown,
    /// Nobody asked yet.
    NotAsked,
}

impl KnownDate {
    /// A date known to the day.
    pub fn day(date: Date) -> Self {
        Self::On(date, Precision::Day)
    }

    /// The earliest day it may have been; `None` where no date is known.
    pub fn earliest(self) -> Option<Date> {
        match self {
            Self::On(date, _) => Some(date),
            Self::Unknown | Self::NotAsked => None,
        }
    }

    /// The latest day it may have been: the month's end where only the month is known.
    pub fn latest(self) -> Option<Date> {
        match self {
            Self::On(date, Precision::Month) => Some(date.last_of_month()),
            other => other.earliest(),
        }
    }

    /// How exactly it is known; `None` where no date is known.
    pub fn precision(self) -> Option<Precision> {
        match self {
            Self::On(_, precision) => Some(precision),
            Self::Unknown | Self::NotAsked => None,
        }
    }

    /// Reads the written form; the error says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "unknown" => return Ok(Self::Unknown),
            "not_asked" => return Ok(Self::NotAsked),
            _ => {}
        }
        let (body, precision) = match text.strip_suffix('~') {
            Some(body) => (body, Precision::About),
            None if text.len() == 7 => {
                return format!("{text}-01")
                    .parse()
                    .map(|date| Self::On(date, Precision::Month))
                    .map_err(|_| explain(text));
            }
            None => (text, Precision::Day),
        };
        if body.len() != 10 {
            return Err(explain(text));
        }
        body.parse().map(|date| Self::On(date, precision)).map_err(|_| explain(text))
    }
}

fn explain(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("{shown:?} is no date: write 2022-03-14, 2022-03-14~ (about), 2022-03, unknown or not_asked")
}

impl fmt::Display for KnownDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(date, Precision::Day) => write!(f, "{date}"),
            Self::On(date, Precision::About) => write!(f, "{date}~"),
            Self::On(date, Precision::Month) => write!(f, "{:04}-{:02}", date.year(), date.month()),
            Self::Unknown => f.write_str("unknown"),
            Self::NotAsked => f.write_str("not_asked"),
        }
    }
}

impl Serialize for KnownDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let (date, code) = match self {
            Self::On(date, precision) => (Some(*date), *precision as u8),
            Self::Unknown => (None, 3),
            Self::NotAsked => (None, 4),
        };
        (code, date.map(|date| (date.year(), date.month(), date.day()))).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KnownDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            return Self::parse(&text).map_err(de::Error::custom);
        }
        let (code, date) = <(u8, Option<(i16, i8, i8)>)>::deserialize(deserializer)?;
        let precision = match (code, date) {
            (0, Some(_)) => Precision::Day,
            (1, Some(_)) => Precision::About,
            (2, Some(_)) => Precision::Month,
            (3, None) => return Ok(Self::Unknown),
            (4, None) => return Ok(Self::NotAsked),
            _ => return Err(de::Error::custom("a date of unknown precision")),
        };
        let (year, month, day) = date.unwrap_or((0, 0, 0));
        Date::new(year, month, day).map(|date| Self::On(date, precision)).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_written_form_reads_back(year in 1800i16..2200, month in 1i8..=12, day in 1i8..=28, kind in 0u8..5) {
            let date = Date::new(year, month, day).expect("days up to 28 exist in every month");
            let known = match kind {
                0 => KnownDate::On(date, Precision::Day),
                1 => KnownDate::On(date, Precision::About),
                2 => KnownDate::On(date.first_of_month(), Precision::Month),
                3 => KnownDate::Unknown,
                _ => KnownDate::NotAsked,
            };
            prop_assert_eq!(KnownDate::parse(&known.to_string()), Ok(known));
            let bytes = postcard::to_allocvec(&known).expect("a date encodes");
            prop_assert_eq!(postcard::from_bytes::<KnownDate>(&bytes).expect("and decodes"), known);
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            let _ = KnownDate::parse(&text);
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["2022-02-30", "2022-13", "14.03.2022", "", "~", "2022-3-1"] {
            assert!(KnownDate::parse(text).is_err(), "{text}");
        }
    }
}
