//! Numbers that carry their source.

use serde::Serialize;

use super::vocabulary::{Mark, Unit, Word};

/// Longest duration a pack may state: ten years. Keeps every clock inside the calendar.
pub(super) const LONGEST_DAYS: i64 = 3_660;

/// Where a number or rule comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Basis {
    pub mark: Mark,
    /// For [`Mark::Sourced`] keys of the pack's `[sources]`; otherwise where it was remembered, derived or proposed.
    pub source: String,
}

/// A whole number with unit, mark and source: `{ days = 21, mark = "S", source = "E2" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    pub value: i64,
    pub unit: Unit,
    #[serde(flatten)]
    pub basis: Basis,
    /// Why a derived check does not bind this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_reason: Option<String>,
}

impl Figure {
    /// The duration in minutes; `None` for a number that is no duration.
    pub fn minutes(&self) -> Option<i64> {
        let factor = match self.unit {
            Unit::Days => 1_440,
            Unit::Hours => 60,
            Unit::Minutes => 1,
            Unit::Count | Unit::Permille | Unit::Per100k => return None,
        };
        Some(self.value.saturating_mul(factor))
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.value, self.unit.word())
    }
}

/// Several whole numbers of one unit from one source, ascending: `{ days = [1, 4, 7], mark = "S", source = "P7" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureList {
    pub values: Vec<i64>,
    pub unit: Unit,
    #[serde(flatten)]
    pub basis: Basis,
}

/// Times of day in minutes after local midnight, ascending: `{ times = ["09:00"], mark = "P", source = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueTimes {
    pub minutes_of_day: Vec<i64>,
    #[serde(flatten)]
    pub basis: Basis,
}

/// Minutes after midnight of `HH:MM`.
pub(super) fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i64>().ok()).flatten()
    };
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}
