//! Rules between the numbers of one pack (domain dossier §1.7, derived checks), each said at the line it concerns.

mod cases;
mod closing;
mod contacts;

use std::collections::BTreeSet;

use super::fault::Log;
use super::{Figure, Pack};

const INCUBATION: &str = "natural_history.incubation";
const INCUBATION_MAX: &str = "natural_history.incubation.max";

/// Runs every check and notes what fails.
pub(super) fn run(pack: &Pack, log: &mut Log<'_>) {
    head(pack, log);
    natural_history(pack, log);
    cases::cases(pack, log);
    contacts::contacts(pack, log);
    for (at, follow_up) in pack.follow_ups.iter().enumerate() {
        contacts::follow_up_of(pack, follow_up, &format!("follow_up[{at}]"), log);
    }
    contacts::prophylaxis(pack, log);
    closing::release(pack, log);
    closing::end_of_outbreak(pack, log);
    closing::zero(pack, log);
    for path in log.idle_overrides() {
        log.fault(&path, &[], "override_reason stands where no check is overridden", "remove override_reason");
    }
}

/// A derived check that an authority may have chosen to overrule, with its reason.
fn unless_overridden(broken: bool, path: &str, concerns: &[&str], reason: String, remedy: String, log: &mut Log<'_>) {
    if broken && !log.take_override(path) {
        log.fault(path, concerns, reason, remedy);
    }
}

fn head(pack: &Pack, log: &mut Log<'_>) {
    for (key, id) in
        [("pack_id", Some(&pack.pack_id)), ("disease", Some(&pack.disease)), ("supersedes", pack.supersedes.as_ref())]
    {
        let plain = |id: &String| {
            id.len() <= 40 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if id.is_some_and(|id| !plain(id)) {
            log.fault(key, &[], "not an identifier", "use up to 40 of a-z, 0-9 and -");
        }
    }
    if pack.supersedes.as_ref() == Some(&pack.pack_id) {
        log.fault(
            "supersedes",
            &["pack_id"],
            "a pack cannot supersede itself",
            "name the earlier pack, or raise version",
        );
    }
    if pack.valid.to.is_some_and(|last| last < pack.valid.from) {
        log.fault("valid.to", &["valid.from"], "ends before it starts", "write the last day in force");
    }
}

fn natural_history(pack: &Pack, log: &mut Log<'_>) {
    let incubation = &pack.natural_history.incubation;
    let known = [
        ("min", incubation.min.as_ref()),
        ("median", incubation.median.as_ref()),
        ("median_high", incubation.median_high.as_ref()),
        ("max", Some(&incubation.max)),
    ];
    let mut before: Option<(&str, i64)> = None;
    for (name, figure) in known {
        let Some(minutes) = figure.and_then(Figure::minutes) else {
            continue;
        };
        if let Some((earlier, least)) = before.filter(|(_, least)| *least > minutes) {
            let path = format!("{INCUBATION}.{name}");
            log.fault(
                &path,
                &[&format!("{INCUBATION}.{earlier}")],
                format!("shorter than {earlier}, {} hours", least / 60),
                format!("write at least {earlier}"),
            );
        }
        before = Some((name, minutes));
    }
    if incubation.max.value == 0 {
        log.fault(
            INCUBATION_MAX,
            &[],
            "a longest incubation of 0 days makes every check idle",
            "write at least 1 day",
        );
    }
    windows(pack, log);
}

fn windows(pack: &Pack, log: &mut Log<'_>) {
    let windows = &pack.natural_history.infectious.windows;
    let list = "natural_history.infectious.window";
    if windows.is_empty() {
        log.fault(list, &[], "no infectious window", "write at least one [[natural_history.infectious.window]]");
    }
    let mut seen = BTreeSet::new();
    for (at, window) in windows.iter().enumerate() {
        let path = format!("{list}[{at}]");
        if !seen.insert(window.anchor) {
            log.fault(
                &format!("{path}.anchor"),
                &[],
                format!("{} has two windows", window.anchor),
                "keep one window per anchor",
            );
        }
        let opens = format!("{path}.opens");
        if window.closes.as_ref().is_some_and(|closes| closes.value < window.opens.value) {
            log.fault(&format!("{path}.closes"), &[&opens], "closes before it opens", "write a day not before opens");
        }
        let before = pack.natural_history.presymptomatic.value;
        if at == 0 && window.opens.value != -before {
            let reason = format!("opens on day {}, but presymptomatic is {before} days", window.opens.value);
            log.fault(
                &opens,
                &["natural_history.presymptomatic"],
                reason,
                format!("write {} here, or correct presymptomatic", -before),
            );
        }
    }
}
