//! Under control, community or unknown: three-valued, so that what is not on record never counts as an answer.

use super::facts::{Followed, InfectionFacts, Records, Stay};
use crate::{
    date::KnownDate,
    noun::contact::plan::plus_days,
    pack::{ControlClass, Ring, Zero, ZeroDefinition},
};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What an answer lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The day of the positive sample, or any day of the infection.
    SamplingDate,
    /// The day of onset, known to the day.
    OnsetDate,
    /// The day of isolation, known to the day.
    IsolationDate,
    /// Records of quarantine orders and stays.
    QuarantineRecords,
    /// Records of sealed zones.
    SealedZoneRecords,
    /// Records of controlled zones.
    ControlledZoneRecords,
    /// Records of closed loops.
    ClosedLoopRecords,
    /// Rounds of testing.
    RoundRecords,
    /// A round that is complete.
    CompleteRound,
    /// The experts' judgement.
    ExpertJudgement,
}

/// Yes, no, or what is missing to say so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// It cannot be said.
    Unknown(BTreeSet<Missing>),
}

impl Answer {
    fn unknown(missing: Missing) -> Self {
        Self::Unknown(BTreeSet::from([missing]))
    }

    fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    /// Either: yes if one is, no if both are not (Kleene).
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, other) | (other, Self::No) => other,
            (Self::Unknown(mut one), Self::Unknown(two)) => {
                one.extend(two);
                Self::Unknown(one)
            }
        }
    }
}

/// What an infection is under one definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InfectionClass {
    /// Found among the controlled.
    Controlled,
    /// Found outside.
    Community,
    /// It cannot be said.
    Unknown(BTreeSet<Missing>),
}

/// Whether a person was in a class of control on a day, for at least `min_minutes` by then.
pub fn control_class(facts: &InfectionFacts, class: ControlClass, on: Date, min_minutes: i64) -> Answer {
    let days = whole_days(min_minutes);
    match class {
        ControlClass::QuarantinedContact => quarantined(facts, Ring::Ring1, on, days),
        ControlClass::QuarantinedSecondaryContact => quarantined(facts, Ring::Ring2, on, days),
        ControlClass::IsolationSite => {
            let sites: Vec<Stay> = facts.followed.iter().filter_map(|followed| followed.in_site).collect();
            within(&Records::Kept(sites), on, days, Missing::QuarantineRecords).or(within(
                &facts.quarantine,
                on,
                days,
                Missing::QuarantineRecords,
            ))
        }
        ControlClass::SealedZone => within(&facts.sealed_zone, on, days, Missing::SealedZoneRecords),
        ControlClass::ControlledZone => within(&facts.controlled_zone, on, days, Missing::ControlledZoneRecords),
        ControlClass::ClosedLoop => within(&facts.closed_loop, on, days, Missing::ClosedLoopRecords),
        ControlClass::FollowedBeforeOnset => {
            Answer::of(facts.followed.iter().any(|followed| followed.stay.held(on, days) && seen_by(followed, on)))
        }
    }
}

/// Whole days that make up these minutes: records are of days, and 24 hours are one midnight.
fn whole_days(minutes: i64) -> i64 {
    minutes.div_euclid(1_440) + i64::from(minutes.rem_euclid(1_440) != 0)
}

fn within(records: &Records<Stay>, on: Date, days: i64, missing: Missing) -> Answer {
    match records {
        Records::NotKept => Answer::unknown(missing),
        Records::Kept(stays) => Answer::of(stays.iter().any(|stay| stay.held(on, days))),
    }
}

fn seen_by(followed: &Followed, on: Date) -> bool {
    followed.first_seen_on.is_some_and(|seen| seen <= on)
}

/// A contact of this ring who was followed and in quarantine. Who was not a contact was no quarantined contact,
/// whatever records of quarantine there are.
fn quarantined(facts: &InfectionFacts, ring: Ring, on: Date, days: i64) -> Answer {
    let contacts = facts.followed.iter().filter(|followed| followed.ring == ring && followed.stay.held(on, days));
    contacts.fold(Answer::No, |answer, followed| {
        let in_site = Answer::of(followed.in_site.is_some_and(|stay| stay.held(on, days)));
        answer.or(in_site).or(within(&facts.quarantine, on, days, Missing::QuarantineRecords))
    })
}

/// Whether a person without infection is under control at the end of a day, under one definition.
pub fn control_status(facts: &InfectionFacts, zero: &Zero, definition: &ZeroDefinition, on: Date) -> Answer {
    let min = zero.min_under_control.minutes().unwrap_or(0);
    definition.controlled.iter().map(|class| control_class(facts, *class, on, min)).fold(Answer::No, Answer::or)
}

/// What an infection is under one definition of "no community infection".
pub fn class_of(facts: &InfectionFacts, zero: &Zero, definition: &ZeroDefinition) -> InfectionClass {
    let mut missing = BTreeSet::new();
    let min = zero.min_under_control.minutes().unwrap_or(0);
    let mut controlled = Answer::No;
    for class in &definition.controlled {
        let answer = match (class, facts.sampled_on) {
            (ControlClass::FollowedBeforeOnset, _) => followed_before_onset(facts, definition),
            (class, Some(on)) => control_class(facts, *class, on, min),
            (_, None) => Answer::unknown(Missing::SamplingDate),
        };
        controlled = controlled.or(answer);
    }
    if definition.consecutive_rounds.is_some() {
        missing.extend(match facts.rounds_complete {
            None => Some(Missing::RoundRecords),
            Some(false) => Some(Missing::CompleteRound),
            Some(true) => None,
        });
    }
    if definition.expert_judgement && facts.experts_agree.is_none() {
        missing.insert(Missing::ExpertJudgement);
    }
    if definition.expert_judgement && facts.experts_agree == Some(false) {
        controlled = Answer::No;
    }
    match (controlled, missing.is_empty()) {
        (Answer::Yes, true) => InfectionClass::Controlled,
        (Answer::No, true) => InfectionClass::Community,
        (Answer::Unknown(more), _) => InfectionClass::Unknown(missing.into_iter().chain(more).collect()),
        (_, false) => InfectionClass::Unknown(missing),
    }
}

/// Definition F (DESIGN §13.12): listed and followed before onset, and isolated within the time the definition gives
/// after it. Dates are compared at both ends of what they may be; where those differ, the date is missing.
fn followed_before_onset(facts: &InfectionFacts, definition: &ZeroDefinition) -> Answer {
    let open_on = |day: Date| {
        facts
            .followed
            .iter()
            .any(|followed| followed.stay.held(day, 1) && followed.first_seen_on.is_some_and(|seen| seen < day))
    };
    let (Some(soonest), Some(latest)) = (facts.onset.earliest(), facts.onset.latest()) else {
        // Without any follow-up there is no day before which it could have been.
        return if facts.followed.is_empty() { Answer::No } else { Answer::unknown(Missing::OnsetDate) };
    };
    match (open_on(soonest), open_on(latest)) {
        (false, false) => return Answer::No,
        (true, true) => {}
        _ => return Answer::unknown(Missing::OnsetDate),
    }
    let Some(limit) = definition.isolated_within.as_ref().and_then(|within| within.minutes()) else {
        return Answer::Yes;
    };
    isolated_in_time(facts.isolated, soonest, latest, whole_days(limit))
}

fn isolated_in_time(isolated: KnownDate, soonest: Date, latest: Date, days: i64) -> Answer {
    let (Some(first), Some(last)) = (isolated.earliest(), isolated.latest()) else {
        return Answer::unknown(Missing::IsolationDate);
    };
    let surely = last <= plus_days(soonest, days);
    let perhaps = first <= plus_days(latest, days);
    match (surely, perhaps) {
        (true, _) => Answer::Yes,
        (false, false) => Answer::No,
        (false, true) if first != last => Answer::unknown(Missing::IsolationDate),
        (false, true) => Answer::unknown(Missing::OnsetDate),
    }
}
