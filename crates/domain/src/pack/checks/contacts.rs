//! Rules of contact definitions, follow-up plans and prophylaxis.

use std::collections::BTreeSet;

use super::{INCUBATION_MAX, unless_overridden};
use crate::pack::fault::Log;
use crate::pack::vocabulary::{LookbackFrom, Restriction};
use crate::pack::{FollowUp, Pack, Phase};

pub(super) fn contacts(pack: &Pack, log: &mut Log<'_>) {
    let mut seen = BTreeSet::new();
    if pack.contacts.is_empty() {
        log.fault("contact", &[], "no contact definition", "write at least one [[contact]]");
    }
    let before = pack.natural_history.presymptomatic.value;
    for (at, definition) in pack.contacts.iter().enumerate() {
        let path = format!("contact[{at}]");
        if !seen.insert(definition.ring) {
            log.fault(
                &format!("{path}.ring"),
                &[],
                format!("{} is defined twice", definition.ring),
                "keep one definition per ring",
            );
        }
        let lookback = format!("{path}.lookback");
        let short = definition.lookback_from == LookbackFrom::CaseAnchor && definition.lookback.value < before;
        let reason =
            format!("look-back of {} days is shorter than presymptomatic, {before} days", definition.lookback.value);
        let remedy = format!("write at least {before} days, or give override_reason");
        unless_overridden(short, &lookback, &["natural_history.presymptomatic"], reason, remedy, log);
        if definition.lookback_wide.as_ref().is_some_and(|wide| wide.value <= definition.lookback.value) {
            log.fault(
                &format!("{path}.lookback_wide"),
                &[&lookback],
                "not longer than lookback",
                "write a longer look-back or remove it",
            );
        }
    }
}

pub(super) fn follow_up_of(pack: &Pack, follow_up: &FollowUp, path: &str, log: &mut Log<'_>) {
    let at = |key: &str| format!("{path}.{key}");
    let ring = follow_up.ring;
    if pack.contact_definition(ring).is_none() {
        log.fault(&at("ring"), &["contact"], format!("{ring} has no contact definition"), "add a [[contact]] for it");
    }
    if pack.follow_ups.iter().filter(|other| other.ring == ring).count() > 1 {
        log.fault(&at("ring"), &[], format!("{ring} has two follow-ups"), "keep one per ring");
    }
    let (term, longest) = (follow_up.term.value, pack.natural_history.incubation.max.value);
    let reason = format!("follow-up of {term} days is shorter than the longest incubation, {longest} days");
    let remedy = format!("write at least {longest} days, or give override_reason with the authority's choice");
    unless_overridden(term < longest, &at("term"), &[INCUBATION_MAX], reason, remedy, log);

    let (slots, times) = (follow_up.slots_per_day.value, follow_up.due.minutes_of_day.len());
    if i64::try_from(times).ok() != Some(slots) {
        log.fault(
            &at("due"),
            &[&at("slots_per_day"), &at("due.times")],
            format!("{times} times for {slots} slots a day"),
            "give one time for each slot",
        );
    }
    if follow_up.lost_after.value < 1 || follow_up.lost_after.value > term {
        log.fault(&at("lost_after"), &[&at("term")], "not inside the follow-up", format!("write 1 to {term} days"));
    }
    phases(pack, follow_up, path, log);
    exclusion(pack, follow_up, path, log);
}

fn exclusion(pack: &Pack, follow_up: &FollowUp, path: &str, log: &mut Log<'_>) {
    let at = |key: &str| format!("{path}.{key}");
    let term = follow_up.term.value;
    if let Some(rule) = &follow_up.exclusion {
        let through = at("exclusion.through_day_after_last");
        if rule.through_day_after_last.value > term {
            log.fault(
                &through,
                &[&at("term")],
                format!("exclusion goes on after the follow-up of {term} days"),
                "end it inside the follow-up",
            );
        }
        if !pack.restrictions.allowed.contains(&Restriction::Exclusion) {
            log.fault(
                &at("exclusion"),
                &["restrictions.allowed"],
                "exclusion is not allowed for this disease",
                "allow it in [restrictions] or remove it",
            );
        }
    }
}

fn phases(pack: &Pack, follow_up: &FollowUp, path: &str, log: &mut Log<'_>) {
    let list = format!("{path}.phase");
    let term_path = format!("{path}.term");
    let sum: i64 = follow_up.phases.iter().map(|phase| phase.length.value).sum();
    let lengths: Vec<String> = (0..follow_up.phases.len()).map(|at| format!("{list}[{at}].length")).collect();
    let concerns: Vec<&str> = lengths.iter().map(String::as_str).chain([list.as_str()]).collect();
    if sum != follow_up.term.value {
        let reason = format!("term is {} days, the phases together {sum}", follow_up.term.value);
        log.fault(&term_path, &concerns, reason, "make the phases add up to the term");
    }
    for (at, phase) in follow_up.phases.iter().enumerate() {
        phase_of(pack, phase, &format!("{list}[{at}]"), log);
    }
}

fn phase_of(pack: &Pack, phase: &Phase, path: &str, log: &mut Log<'_>) {
    if !pack.restrictions.allowed.contains(&phase.restriction) {
        let reason = format!("{} is not allowed for this disease", phase.restriction);
        log.fault(
            &format!("{path}.restriction"),
            &["restrictions.allowed"],
            reason,
            "allow it in [restrictions] or choose a lighter one",
        );
    }
    let length = phase.length.value;
    let days = phase.test_days.iter().flat_map(|tests| tests.values.iter());
    let outside: Vec<String> = days.filter(|day| !(1..=length).contains(*day)).map(i64::to_string).collect();
    if !outside.is_empty() {
        let reason = format!("test on day {} lies outside the phase of {length} days", outside.join(", "));
        log.fault(
            &format!("{path}.test_days"),
            &[&format!("{path}.length"), &format!("{path}.test_days.days")],
            reason,
            format!("write days 1 to {length}"),
        );
    }
}

pub(super) fn prophylaxis(pack: &Pack, log: &mut Log<'_>) {
    let mut codes = BTreeSet::new();
    for (at, offer) in pack.prophylaxis.iter().enumerate() {
        let path = format!("prophylaxis[{at}]");
        if !codes.insert(&offer.code) {
            log.fault(&format!("{path}.code"), &[], format!("{} stands twice", offer.code), "keep one");
        }
        for ring in offer.rings.iter().filter(|ring| pack.contact_definition(**ring).is_none()) {
            log.fault(
                &format!("{path}.rings"),
                &["contact"],
                format!("{ring} has no contact definition"),
                "add a [[contact]] for it or remove it here",
            );
        }
    }
}
