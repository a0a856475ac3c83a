//! The six packs parse, the golden vectors hold, every fault is found at its line.

mod clocks;
mod faults;
mod golden;

use super::{Fault, Pack};

pub(super) const CN_COVID_8: &str = include_str!("../../../../packs/cn-covid-8.toml");
pub(super) const CN_COVID_9: &str = include_str!("../../../../packs/cn-covid-9.toml");
pub(super) const WHO_EBOLA: &str = include_str!("../../../../packs/who-ebola.toml");
pub(super) const MEASLES: &str = include_str!("../../../../packs/measles.toml");
pub(super) const MERS: &str = include_str!("../../../../packs/mers.toml");
pub(super) const DISEASE_X: &str = include_str!("../../../../packs/disease-x.toml");

pub(super) const ALL: [(&str, &str); 6] = [
    ("cn-covid-8.toml", CN_COVID_8),
    ("cn-covid-9.toml", CN_COVID_9),
    ("who-ebola.toml", WHO_EBOLA),
    ("measles.toml", MEASLES),
    ("mers.toml", MERS),
    ("disease-x.toml", DISEASE_X),
];

/// A shipped pack; a fault in it is the test's failure.
pub(super) fn pack(text: &str) -> Pack {
    Pack::parse(text).unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}

pub(super) fn listed(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}
