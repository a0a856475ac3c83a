//! Rules of release, the end of an outbreak and zero definitions.

use std::collections::BTreeSet;

use super::{INCUBATION_MAX, unless_overridden};
use crate::pack::Pack;
use crate::pack::fault::Log;
use crate::pack::vocabulary::Word;

pub(super) fn release(pack: &Pack, log: &mut Log<'_>) {
    if pack.release.is_empty() {
        log.fault("release", &[], "no release rule", "write at least one [[release]]");
    }
    for (at, rule) in pack.release.iter().enumerate() {
        let path = format!("release[{at}]");
        let previous = at.checked_sub(1).and_then(|before| pack.release.get(before));
        if previous.is_some_and(|previous| rule.from <= previous.from) {
            log.fault(
                &format!("{path}.from"),
                &[],
                "does not come after the rule before it",
                "order the rules by the day they come into force",
            );
        }
        if rule.through.is_none() && rule.consecutive_negatives.is_none() {
            log.fault(
                &path,
                &[],
                "says nothing about when a case is released",
                "give through with anchor, or consecutive_negatives",
            );
        }
        if rule.through.is_some() != rule.anchor.is_some() {
            log.fault(
                &path,
                &[&format!("{path}.anchor")],
                "through and anchor belong together",
                "give both or neither",
            );
        }
        if rule.afterwards.is_some() != rule.afterwards_restriction.is_some() {
            log.fault(
                &path,
                &[&format!("{path}.afterwards_restriction")],
                "afterwards and afterwards_restriction belong together",
                "give both or neither",
            );
        }
        if let Some(kind) = rule.afterwards_restriction.filter(|kind| !pack.restrictions.allowed.contains(kind)) {
            let reason = format!("{} is not allowed for this disease", kind.word());
            log.fault(
                &format!("{path}.afterwards_restriction"),
                &["restrictions.allowed"],
                reason,
                "allow it in [restrictions] or choose a lighter one",
            );
        }
    }
}

pub(super) fn end_of_outbreak(pack: &Pack, log: &mut Log<'_>) {
    let (quiet, twice) =
        (pack.end_of_outbreak.quiet.value, pack.natural_history.incubation.max.value.saturating_mul(2));
    let reason = format!("{quiet} quiet days are fewer than twice the longest incubation, {twice} days");
    let remedy = format!("write at least {twice} days, or give override_reason with the authority's choice");
    unless_overridden(quiet < twice, "end_of_outbreak.quiet", &[INCUBATION_MAX], reason, remedy, log);
}

pub(super) fn zero(pack: &Pack, log: &mut Log<'_>) {
    let mut codes = BTreeSet::new();
    for (at, definition) in pack.zero.definitions.iter().enumerate() {
        let path = format!("zero.definition[{at}]");
        if !codes.insert(definition.code) {
            log.fault(
                &format!("{path}.code"),
                &[],
                format!("{} is defined twice", definition.code),
                "keep one definition",
            );
        }
        if definition.consecutive_days.is_none() && definition.consecutive_rounds.is_none() {
            log.fault(
                &path,
                &[],
                "says not how long it must stay quiet",
                "give consecutive_days or consecutive_rounds",
            );
        }
    }
    if !codes.contains(&pack.zero.shown) {
        log.fault(
            "zero.shown",
            &["zero.definition"],
            format!("{} is not among the definitions", pack.zero.shown),
            "add it or show another",
        );
    }
}
