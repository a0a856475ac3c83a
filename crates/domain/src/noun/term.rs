//! Times in which something holds, and when that was recorded (DESIGN §4: two times).

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// `[valid_from, valid_to)`, milliseconds UTC, open-ended without `valid_to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// First instant.
    pub valid_from: i64,
    /// First instant after it.
    // Never left out when written: this stands in states, whose encoding has no names to tell what is missing.
    pub valid_to: Option<i64>,
}

impl Span {
    /// The span that a command asks for: from now where it says no beginning. An end must come after the beginning.
    pub fn asked(from: Option<i64>, until: Option<i64>, now: i64) -> Result<Self, Refusal> {
        let span = Self { valid_from: from.unwrap_or(now), valid_to: until };
        if until.is_some_and(|until| until <= span.valid_from) {
            return Err(Refusal::rule("order_of_dates").at("until"));
        }
        Ok(span)
    }

    /// Whether the two share an instant.
    pub fn overlaps(self, other: Self) -> bool {
        let begin = self.valid_from.max(other.valid_from);
        [self.valid_to, other.valid_to].into_iter().flatten().all(|end| begin < end)
    }
}

/// A span on record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Term {
    /// When it holds.
    pub span: Span,
    /// When it was recorded, milliseconds UTC.
    pub recorded_at: i64,
    /// When its end was recorded; absent where it was given with the beginning, or there is none.
    pub end_recorded_at: Option<i64>,
}

impl Term {
    /// A term recorded at `at`.
    pub fn recorded(span: Span, at: i64) -> Self {
        Self { span, recorded_at: at, end_recorded_at: None }
    }

    /// Judges an end asked for at `end` (now if not said, and never before it begins): the instant, or the refusal.
    pub fn ending(self, end: Option<i64>, now: i64) -> Result<i64, Refusal> {
        let end = end.unwrap_or(now.max(self.span.valid_from));
        if self.span.valid_to.is_some_and(|until| until <= end) {
            return Err(Refusal::rule("nothing_changes"));
        }
        if end < self.span.valid_from {
            return Err(Refusal::rule("order_of_dates").at("at"));
        }
        Ok(end)
    }

    /// Whether it holds at some instant from `end` on.
    pub fn outlasts(self, end: i64) -> bool {
        self.span.valid_to.is_none_or(|until| until > end && until > self.span.valid_from)
    }

    /// Ends it at `end`, never before it began.
    pub fn end(&mut self, end: i64, recorded_at: i64) {
        self.span.valid_to = Some(end.max(self.span.valid_from));
        self.end_recorded_at = Some(recorded_at);
    }
}
