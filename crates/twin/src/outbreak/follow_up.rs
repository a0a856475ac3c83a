//! The daily rounds: who was seen, and who was not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::district::World;
use crate::occupation::Occupation;
use crate::rng::{Purpose, Stream};

use super::OutbreakSpec;
use super::records::{ContactEnd, ContactRecord, DropReason, Ring, Written};
use super::transmission::Spread;

/// What a round found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpOutcome {
    SeenWell,
    SeenIll,
    /// Looked for and not found.
    NotSeen,
    Refused,
    /// Due, and nothing recorded in time.
    Missed,
    /// Nobody could be sent.
    NotAttempted,
}

/// How a contact is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    QuarantineSite,
    HomeVisit,
    Telephone,
}

/// One follow-up entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowUpEntry {
    pub contact: u32,
    pub date: Date,
    /// 1, 2, … within the day.
    pub slot: u8,
    pub at: i64,
    pub mode: Mode,
    pub outcome: FollowUpOutcome,
    /// Tenths of a degree Celsius, when seen.
    pub temperature_tenths: Option<u16>,
    /// The resident who made the round; none when nobody did.
    pub seen_by: Option<u32>,
}

/// What one contact is like over all rounds.
struct Habit {
    refuses_percent: u32,
    /// Day from which the contact cannot be found.
    gone_from: i32,
    dropped_on: Option<(i32, DropReason)>,
}

/// Writes all entries and the end of monitoring of each contact.
pub(super) fn write(
    world: &World,
    spec: &OutbreakSpec,
    spread: &Spread,
    written: &mut Written,
) -> Vec<FollowUpEntry> {
    let workers = workers_by_community(world);
    let start = world.clock().instant(0);
    let mut entries = Vec::new();
    for (index, contact) in (0_u32..).zip(written.contacts.iter_mut()) {
        let minute = |at: i64| ((at - start) / 60_000) as i32;
        let round = Rounds {
            world,
            spec,
            spread,
            workers: workers.get(&world.community_of(contact.person)).map_or(&[], Vec::as_slice),
            contact: index,
            named: minute(contact.named_at),
            until: match contact.end {
                ContactEnd::BecameCase { at, .. } => minute(at),
                _ => spec.end_minute(),
            },
        };
        round.write(contact, &mut entries);
    }
    entries
}

struct Rounds<'a> {
    world: &'a World,
    spec: &'a OutbreakSpec,
    spread: &'a Spread,
    workers: &'a [u32],
    contact: u32,
    named: i32,
    until: i32,
}

impl Rounds<'_> {
    fn write(&self, contact: &mut ContactRecord, entries: &mut Vec<FollowUpEntry>) {
        let clock = self.world.clock();
        let first = self.named.div_euclid(1_440) + 1;
        let habit = self.habit(contact, first);
        let mut unseen = 0;
        for day in first..self.spec.days as i32 {
            if clock.date(day) > contact.monitor_until {
                self.finish(contact, ContactEnd::Completed { at: clock.instant(day * 1_440) });
                return;
            }
            if let Some((_, reason)) = habit.dropped_on.filter(|(on, _)| *on == day) {
                let at = clock.instant(day * 1_440 + 600);
                self.finish(contact, ContactEnd::Dropped { reason, at });
                return;
            }
            for slot in 1..=self.spec.slots_per_day.clamp(1, 2) {
                let Some(entry) = self.entry(contact, &habit, day, slot) else { return };
                unseen = if entry.outcome == FollowUpOutcome::NotSeen { unseen + 1 } else { 0 };
                let at = entry.at;
                entries.push(entry);
                // Three days without a trace: lost to follow-up.
                if unseen == 3 * u32::from(self.spec.slots_per_day.clamp(1, 2)) {
                    self.finish(contact, ContactEnd::LostToFollowUp { at });
                    return;
                }
            }
        }
    }

    /// A contact who became a case stays one.
    fn finish(&self, contact: &mut ContactRecord, end: ContactEnd) {
        if contact.end == ContactEnd::UnderFollowUp {
            contact.end = end;
        }
    }

    /// Three of a hundred are dropped, one and a half are lost, two refuse often. Those who become
    /// cases are neither dropped nor lost here: their end is known.
    fn habit(&self, contact: &ContactRecord, first: i32) -> Habit {
        let mut stream = Stream::new(self.world.spec().seed, Purpose::FollowUp, 0, contact.person);
        let chance = stream.below(1_000);
        let later = first + stream.below(4) as i32;
        let reason = if stream.percent(70) { DropReason::ExposureRuledOut } else { DropReason::MovedAway };
        let becomes_case = matches!(contact.end, ContactEnd::BecameCase { .. });
        Habit {
            refuses_percent: if stream.percent(2) { 40 } else { 0 },
            gone_from: if chance < 15 && !becomes_case { later } else { i32::MAX },
            dropped_on: (15..45).contains(&chance).then_some((later, reason)).filter(|_| !becomes_case),
        }
    }

    /// One round; none when it would fall after the end of monitoring.
    fn entry(&self, contact: &ContactRecord, habit: &Habit, day: i32, slot: u8) -> Option<FollowUpEntry> {
        let seed = self.world.spec().seed;
        let key = day as u32 * 4 + u32::from(slot);
        let mut stream = Stream::new(seed, Purpose::FollowUp, key, contact.person);
        let hour = if slot == 1 { 510 } else { 1_020 };
        let minute = day * 1_440 + hour + stream.below(150) as i32;
        if minute >= self.until {
            return None;
        }
        let ill = self.is_ill(contact.person, day);
        // Staff run short by community and day, not contact by contact.
        let community = self.world.community_of(contact.person);
        let short = Stream::new(seed, Purpose::Staffing, day as u32, community).percent(6);
        let chance = stream.below(100);
        let outcome = match chance {
            _ if day >= habit.gone_from => FollowUpOutcome::NotSeen,
            _ if short && stream.percent(45) => FollowUpOutcome::NotAttempted,
            _ if stream.percent(habit.refuses_percent) => FollowUpOutcome::Refused,
            0..3 => FollowUpOutcome::Missed,
            3..5 => FollowUpOutcome::NotSeen,
            _ if ill && stream.percent(85) => FollowUpOutcome::SeenIll,
            _ => FollowUpOutcome::SeenWell,
        };
        let temperature_tenths = match outcome {
            FollowUpOutcome::SeenIll => Some(373 + stream.below(22) as u16),
            FollowUpOutcome::SeenWell => Some(360 + stream.below(11) as u16),
            _ => None,
        };
        let nobody = matches!(outcome, FollowUpOutcome::Missed | FollowUpOutcome::NotAttempted);
        let seen_by = if nobody || self.workers.is_empty() { None } else { Some(*stream.pick(self.workers)) };
        Some(FollowUpEntry {
            contact: self.contact,
            date: self.world.clock().date(day),
            slot,
            at: self.world.clock().instant(minute),
            mode: match contact.ring {
                // Who left the quarantine site is looked for at home.
                Ring::Close if day < habit.gone_from => Mode::QuarantineSite,
                Ring::General if slot == 1 => Mode::Telephone,
                _ => Mode::HomeVisit,
            },
            outcome,
            temperature_tenths,
            seen_by,
        })
    }

    fn is_ill(&self, person: u32, day: i32) -> bool {
        let infection = self.spread.of_person[person as usize];
        self.spread
            .infections
            .get(infection as usize)
            .and_then(|infection| infection.course.onset_day())
            .is_some_and(|onset| day >= onset && day < onset + 7)
    }
}

fn workers_by_community(world: &World) -> BTreeMap<u32, Vec<u32>> {
    let mut workers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, person) in (0_u32..).zip(world.people()) {
        if person.occupation == Occupation::CommunityWorker
            && let Some(group) = person.group()
        {
            let office = world.groups()[group as usize].place;
            workers.entry(world.places()[office as usize].community).or_default().push(number);
        }
    }
    workers
}
