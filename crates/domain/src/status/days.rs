//! Days since the last community infection, area by area.

use super::control::{InfectionClass, Missing};
use crate::{id::JurisdictionId, noun::contact::plan::days_between};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// One infection with its class and day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatedInfection {
    /// The area it lies in, and all that contain it: it counts in each of them.
    pub areas: Vec<JurisdictionId>,
    /// Its day, by which the figure is counted.
    pub on: Option<Date>,
    /// What it is under the definition shown.
    pub class: InfectionClass,
}

/// How long an area has been without community infection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DaysSince {
    /// So many whole days; 0 is today.
    Days(i64),
    /// There was none.
    Never,
    /// It cannot be said: an infection later than the last known one has no known class or day.
    Unknown {
        /// Days since the last infection known to be of the community, the most it can be.
        at_most: Option<i64>,
        /// What is missing.
        missing: BTreeSet<Missing>,
    },
}

#[derive(Default)]
struct Area {
    last: Option<Date>,
    open: Vec<(Option<Date>, BTreeSet<Missing>)>,
}

/// Days since the last community infection in each of the areas that any infection names, as of `today`. Infections
/// dated later are left out. An unknown one leaves the answer unknown if it may be later than the last known one.
pub fn days_since_last_community(infections: &[DatedInfection], today: Date) -> BTreeMap<JurisdictionId, DaysSince> {
    let mut areas: BTreeMap<JurisdictionId, Area> = BTreeMap::new();
    for infection in infections.iter().filter(|infection| infection.on.is_none_or(|on| on <= today)) {
        let named: BTreeSet<JurisdictionId> = infection.areas.iter().copied().collect();
        for id in named {
            let area = areas.entry(id).or_default();
            match (&infection.class, infection.on) {
                (InfectionClass::Controlled, _) => {}
                (InfectionClass::Community, Some(on)) => area.last = area.last.max(Some(on)),
                (InfectionClass::Community, None) => {
                    area.open.push((None, BTreeSet::from([Missing::SamplingDate])));
                }
                (InfectionClass::Unknown(missing), on) => area.open.push((on, missing.clone())),
            }
        }
    }
    areas.into_iter().map(|(id, area)| (id, area.answer(today))).collect()
}

impl Area {
    fn answer(self, today: Date) -> DaysSince {
        let since = self.last.map(|last| days_between(last, today));
        // An infection of unknown class counts only where it would move the answer.
        let later =
            self.open.into_iter().filter(|(on, _)| on.is_none_or(|on| self.last.is_none_or(|last| on > last)));
        let missing: Vec<BTreeSet<Missing>> = later.map(|(_, missing)| missing).collect();
        if missing.is_empty() {
            return since.map_or(DaysSince::Never, DaysSince::Days);
        }
        DaysSince::Unknown { at_most: since, missing: missing.into_iter().flatten().collect() }
    }
}
