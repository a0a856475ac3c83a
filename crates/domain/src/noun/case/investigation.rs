//! The investigation of a case: when each step was done, and by when the pack wanted it (domain dossier §2.5).

use super::Case;
use crate::{
    id::AccountId,
    pack::{Limit, Pack},
    when::When,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Steps, in the order they are usually taken. Times are recorded as they are; no order is forced on them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvestigationStep {
    /// The positive was reported to the network; the clocks of the later steps start here.
    Reported,
    /// An investigator has it.
    Assigned,
    /// The case or a relative was reached.
    Called,
    /// Who, where, when, with whom.
    CoreFacts,
    /// The preliminary report.
    PreliminaryReport,
    /// The chain is known, or known to be unknown.
    Closed,
}

impl InvestigationStep {
    /// All steps.
    pub const ALL: [Self; 6] =
        [Self::Reported, Self::Assigned, Self::Called, Self::CoreFacts, Self::PreliminaryReport, Self::Closed];

    /// The pack's limit for it, counted from the report.
    fn limit(self) -> Option<Limit> {
        match self {
            Self::CoreFacts => Some(Limit::CoreFacts),
            Self::PreliminaryReport => Some(Limit::PreliminaryReport),
            Self::Reported | Self::Assigned | Self::Called | Self::Closed => None,
        }
    }
}

/// One step as recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepDone {
    /// When it was done.
    pub when: When,
    /// When that was recorded, milliseconds UTC.
    pub recorded_at: i64,
    /// Who recorded it.
    pub recorded_by: AccountId,
}

/// One step held against its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepClock {
    /// The step.
    pub step: InvestigationStep,
    /// When it was done.
    pub done: Option<When>,
    /// By when it was due at the latest, milliseconds UTC; `None` without a limit or without a report.
    pub due_at: Option<i64>,
    /// Whether it was, or is, late. `None` where there is no limit or the times are not known well enough.
    pub late: Option<bool>,
}

impl Case {
    /// The investigation's clock at `now` (milliseconds UTC), by the limits of a pack.
    pub fn investigation_clock(&self, pack: &Pack, zone: &TimeZone, now: i64) -> Vec<StepClock> {
        let done = |step| self.investigation.get(&step).map(|done: &StepDone| done.when);
        let reported = done(InvestigationStep::Reported).and_then(|when| when.bounds(zone));
        InvestigationStep::ALL
            .into_iter()
            .map(|step| {
                let minutes = step.limit().and_then(|limit| pack.limits.minutes(limit));
                let due = minutes.zip(reported).map(|(minutes, (from, to))| {
                    let limit = minutes.saturating_mul(60_000);
                    (from.saturating_add(limit), to.saturating_add(limit))
                });
                let when = done(step);
                let was = when.map_or(Some((now, now)), |when| when.bounds(zone));
                let late = due.zip(was).and_then(|((soonest, latest), (from, to))| {
                    let open = when.is_none();
                    if from > latest {
                        Some(true)
                    } else if to <= soonest || open {
                        Some(false)
                    } else {
                        None
                    }
                });
                StepClock { step, done: when, due_at: due.map(|(_, latest)| latest), late }
            })
            .collect()
    }
}
