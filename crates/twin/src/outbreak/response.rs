//! What the response finds and does: swabs, reports, isolation, tracing, closures.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::district::{NONE, World};
use crate::rng::{Purpose, Stream};

use super::OutbreakSpec;
use super::mixing::{Measures, Meeting, Mixing, Setting};
use super::transmission::Spread;

/// Why a swab was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleReason {
    Symptoms,
    ContactTest,
    Screening,
}

/// A case as found, in minutes of the world.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub infection: u32,
    pub person: u32,
    pub reason: SampleReason,
    pub sampled: i32,
    pub reported: i32,
    pub isolated: i32,
    /// Whether the person was already under quarantine when sampled.
    pub under_control: bool,
}

/// Meetings of one case with one person, as the case told them.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub case: u32,
    pub person: u32,
    pub setting: Setting,
    pub place: Option<u32>,
    pub first: i32,
    pub last: i32,
    pub minutes: i32,
    pub meetings: u32,
    pub named: i32,
}

/// The response so far.
pub(super) struct Response<'s> {
    spec: &'s OutbreakSpec,
    pub cases: Vec<Found>,
    pub named: Vec<Named>,
    /// First minute under quarantine, by person.
    pub quarantined: BTreeMap<u32, i32>,
    /// Positive swabs on their way.
    pending: Vec<Found>,
    /// Infections with a positive swab.
    positive: BTreeSet<u32>,
    /// Day of the first report.
    pub alert_day: Option<i32>,
}

/// Days of quarantine on which contacts are swabbed (domain.md §1.1, edition 8), entry included.
const CONTACT_TEST_DAYS: [i32; 5] = [0, 1, 4, 7, 14];
/// Screening begins four days after the first report and is repeated every three days.
const SCREENING: (i32, i32) = (4, 3);
/// Swabbed in a screening round, in a hundred.
const COVERAGE: u32 = 94;

impl<'s> Response<'s> {
    pub fn new(spec: &'s OutbreakSpec) -> Response<'s> {
        Response {
            spec,
            cases: Vec::new(),
            named: Vec::new(),
            quarantined: BTreeMap::new(),
            pending: Vec::new(),
            positive: BTreeSet::new(),
            alert_day: None,
        }
    }

    /// Closures: schools three days after the first report, gatherings two.
    pub fn measures(&self) -> Measures {
        match self.alert_day.filter(|_| self.spec.closures) {
            Some(alert) => Measures { schools_closed_from: alert + 3, gatherings_cut_from: alert + 2 },
            None => Measures::NONE,
        }
    }

    /// Reports that arrive on a day: isolation and, when it is on, tracing.
    pub fn receive(&mut self, world: &World, mixing: &Mixing<'_>, spread: &mut Spread, day: i32) {
        let midnight = (day + 1) * 1_440;
        let (mut due, later): (Vec<Found>, Vec<Found>) =
            self.pending.drain(..).partition(|found| found.reported < midnight);
        self.pending = later;
        due.sort_by_key(|found| (found.reported, found.person));
        for found in due {
            self.alert_day = self.alert_day.or(Some(day));
            let from = &mut spread.controlled_from[found.person as usize];
            let free_until = (*from).min(found.reported);
            *from = (*from).min(found.isolated);
            let case = self.cases.len() as u32;
            let trace_from = self.window_start(spread, &found);
            self.cases.push(found);
            if self.spec.tracing {
                self.trace(world, mixing, spread, case, (trace_from, free_until));
            }
        }
    }

    /// First day of the contact window: so many days before onset, or before the first positive swab
    /// when there is no onset yet.
    fn window_start(&self, spread: &Spread, found: &Found) -> i32 {
        let sample_day = found.sampled.div_euclid(1_440);
        let onset = spread.infections[found.infection as usize].course.onset_day();
        (onset.unwrap_or(sample_day).min(sample_day) - self.spec.lookback_days as i32).max(0)
    }

    /// The interview: meetings in the window that the case remembers, and quarantine of the close ones.
    fn trace(&mut self, world: &World, mixing: &Mixing<'_>, spread: &mut Spread, case: u32, window: (i32, i32)) {
        let person = self.cases[case as usize].person;
        let measures = self.measures();
        let mut met: BTreeMap<u32, Vec<Meeting>> = BTreeMap::new();
        let mut today = Vec::new();
        for day in window.0..=window.1.div_euclid(1_440) {
            mixing.meetings(person, day, measures, &mut today);
            for mut meeting in today.drain(..) {
                meeting.minutes = spread.minutes_together(person, &meeting).min(window.1 - meeting.start);
                if meeting.minutes > 0 {
                    met.entry(meeting.other).or_default().push(meeting);
                }
            }
        }
        for (other, meetings) in met {
            let Some(named) = self.interview(world, case, other, &meetings) else { continue };
            if named.setting.is_close() {
                let mut delay = Stream::new(world.spec().seed, Purpose::Response, 0, other);
                let placed = named.named + delay.between(60, 240) as i32;
                self.quarantined.entry(other).and_modify(|from| *from = (*from).min(placed)).or_insert(placed);
                let from = &mut spread.controlled_from[other as usize];
                *from = (*from).min(placed);
            }
            self.named.push(named);
        }
    }

    /// Whether the case names this person, and when a tracer has written it down.
    fn interview(&self, world: &World, case: u32, other: u32, meetings: &[Meeting]) -> Option<Named> {
        let closest = meetings.iter().min_by_key(|meeting| (meeting.setting, meeting.start))?;
        let (recall, hours) = match closest.setting {
            Setting::Household => (99, (1, 6)),
            Setting::School | Setting::Work => (93, (2, 16)),
            Setting::Meal | Setting::Visit => (82, (2, 30)),
            Setting::Bus => (40, (8, 44)),
            _ => (25, (8, 44)),
        };
        let found = &self.cases[case as usize];
        let mut stream = Stream::pair(world.spec().seed, Purpose::Recall, 0, found.person, other);
        if !stream.percent(recall) {
            return None;
        }
        let named = found.reported + stream.between(hours.0 * 60, hours.1 * 60) as i32;
        let first = meetings.iter().map(|meeting| meeting.start).min()?;
        let last = meetings.iter().map(|meeting| meeting.start + meeting.minutes).max()?;
        let minutes = meetings.iter().map(|meeting| meeting.minutes).sum();
        let place = closest.place;
        let setting = closest.setting;
        let meetings = meetings.len() as u32;
        (named < self.spec.end_minute()).then_some(Named {
            case,
            person: other,
            setting,
            place,
            first,
            last,
            minutes,
            meetings,
            named,
        })
    }

    /// Swabs of a day. Only the infected matter: everybody else is negative.
    pub fn sample(&mut self, world: &World, spread: &Spread, day: i32) {
        for (index, infection) in (0_u32..).zip(&spread.infections) {
            if self.positive.contains(&index) || day < infection.course.infectious_from {
                continue;
            }
            let Some(reason) = self.reason(world, spread, index, day) else { continue };
            let mut stream = Stream::new(world.spec().seed, Purpose::ContactTest, day as u32, infection.person);
            if !infection.course.swab_is_positive(day, &mut stream) {
                continue;
            }
            let quarantined = self.quarantined.get(&infection.person).copied();
            let hour = day * 1_440 + stream.between(480, 1_080) as i32;
            // On the day of quarantine the swab is taken at the site.
            let sampled = match quarantined {
                Some(from) if reason == SampleReason::ContactTest => hour.max(from + 30),
                _ => hour,
            };
            // Laboratories report overnight: never on the day of the swab.
            let reported = (sampled + stream.between(360, 1_080) as i32).max((day + 1) * 1_440 + 30);
            let isolated = reported + stream.between(60, 360) as i32;
            let under_control = quarantined.is_some_and(|from| from <= sampled);
            self.positive.insert(index);
            self.pending.push(Found {
                infection: index,
                person: infection.person,
                reason,
                sampled,
                reported,
                isolated,
                under_control,
            });
        }
    }

    /// Whether and why an infected person is swabbed on a day.
    fn reason(&self, world: &World, spread: &Spread, index: u32, day: i32) -> Option<SampleReason> {
        let infection = &spread.infections[index as usize];
        let seed = world.spec().seed;
        let quarantine_day = self.quarantined.get(&infection.person).map(|from| day - from.div_euclid(1_440));
        if quarantine_day.is_some_and(|since| CONTACT_TEST_DAYS.contains(&since)) {
            return Some(SampleReason::ContactTest);
        }
        if let Some(onset) = infection.course.onset_day() {
            let mut stream = Stream::new(seed, Purpose::CareSeeking, 0, infection.person);
            let (chance, early, late) = (stream.below(100), stream.below(3) as i32, stream.below(4) as i32);
            let seeks = match self.alert_day {
                None => chance < 40 && day == onset + 1 + late,
                Some(_) => chance < 80 && day >= onset + early,
            };
            if seeks {
                return Some(SampleReason::Symptoms);
            }
        }
        let since = self.alert_day.map(|alert| day - alert - SCREENING.0)?;
        let round = self.spec.screening && since >= 0 && since % SCREENING.1 == 0;
        let free = quarantine_day.is_none_or(|since| since < 0);
        (round && free && Stream::new(seed, Purpose::Screening, day as u32, infection.person).percent(COVERAGE))
            .then_some(SampleReason::Screening)
    }

    /// The case of a person, when there is one.
    pub fn case_by_person(&self, people: usize) -> Vec<u32> {
        let mut cases = vec![NONE; people];
        for (index, case) in (0_u32..).zip(&self.cases) {
            cases[case.person as usize] = index;
        }
        cases
    }
}
