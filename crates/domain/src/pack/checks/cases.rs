//! Rules between classifications.

use std::collections::BTreeSet;

use crate::pack::Pack;
use crate::pack::fault::Log;
use crate::pack::vocabulary::Classification;

pub(super) fn cases(pack: &Pack, log: &mut Log<'_>) {
    let cases = &pack.cases;
    let mut defined = BTreeSet::new();
    for (at, definition) in cases.definitions.iter().enumerate() {
        let path = format!("cases.definition[{at}].classification");
        if !defined.insert(definition.classification) {
            log.fault(&path, &[], format!("{} is defined twice", definition.classification), "keep one definition");
        }
    }
    if !cases.definitions.iter().any(|definition| definition.counts_as_infection) {
        log.fault(
            "cases.definition",
            &[],
            "no classification counts as an infection",
            "set counts_as_infection = true for at least confirmed",
        );
    }
    let mut known = |class: Classification, path: &str| {
        if !defined.contains(&class) {
            log.fault(
                path,
                &["cases.definition"],
                format!("{class} has no definition"),
                "add a [[cases.definition]] or remove it here",
            );
        }
    };
    let mut reached: BTreeSet<Classification> = cases.initial.iter().copied().collect();
    for (at, class) in cases.initial.iter().enumerate() {
        known(*class, &format!("cases.initial[{at}]"));
    }
    for (at, transition) in cases.transitions.iter().enumerate() {
        known(transition.from, &format!("cases.transition[{at}].from"));
        for class in &transition.to {
            known(*class, &format!("cases.transition[{at}].to"));
            reached.insert(*class);
        }
    }
    for (at, definition) in cases.definitions.iter().enumerate() {
        if !reached.contains(&definition.classification) {
            let path = format!("cases.definition[{at}].classification");
            log.fault(
                &path,
                &["cases.initial", "cases.transition"],
                format!("no case can become {}", definition.classification),
                "list it in initial or in a transition",
            );
        }
    }
    conversion(pack, log);
}

/// A conversion asymptomatic → confirmed must leave the count of infections as it is (F76).
fn conversion(pack: &Pack, log: &mut Log<'_>) {
    let (from, to) = (Classification::Asymptomatic, Classification::Confirmed);
    if !pack.cases.allows(Some(from), to) || pack.cases.infection_change(Some(from), to) == 0 {
        return;
    }
    for (at, definition) in pack.cases.definitions.iter().enumerate().filter(|(_, d)| d.classification == from) {
        let path = format!("cases.definition[{at}].counts_as_infection");
        let reason = format!(
            "a conversion to confirmed would change the count of infections, but here it is {}",
            definition.counts_as_infection
        );
        log.fault(&path, &[], reason, "let asymptomatic and confirmed both count, or remove the transition");
    }
}
