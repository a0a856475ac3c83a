//! The hidden truth: who infected whom, where and when.

use serde::Serialize;

use crate::calendar::Clock;
use crate::district::{NONE, World};
use crate::rng::{Purpose, Stream};

use super::OutbreakSpec;
use super::mixing::{Measures, Meeting, Mixing, Setting};
use super::natural_history::Course;

/// One infection. Nobody in the response sees this list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Infection {
    pub person: u32,
    /// Minutes since midnight of day 0.
    pub infected_minute: i32,
    /// Position of the infector's infection; none when imported.
    pub infector: Option<u32>,
    pub setting: Setting,
    pub place: Option<u32>,
    pub course: Course,
}

impl Infection {
    /// Day of infection.
    #[must_use]
    pub fn day(&self) -> i32 {
        self.infected_minute.div_euclid(1_440)
    }

    /// Instant of infection, milliseconds UTC.
    #[must_use]
    pub fn infected_at(&self, clock: Clock) -> i64 {
        clock.instant(self.infected_minute)
    }
}

/// The spread so far.
pub(super) struct Spread {
    pub infections: Vec<Infection>,
    /// Position in `infections` by person; [`NONE`] for the uninfected.
    pub of_person: Vec<u32>,
    /// The minute from which a person meets nobody (isolated, quarantined); `i32::MAX` when free.
    pub controlled_from: Vec<i32>,
    transmissibility_percent: u32,
    end_minute: i32,
}

impl Spread {
    pub fn new(world: &World, spec: &OutbreakSpec) -> Spread {
        let people = world.people().len();
        Spread {
            infections: Vec::new(),
            of_person: vec![NONE; people],
            controlled_from: vec![i32::MAX; people],
            transmissibility_percent: spec.transmissibility_percent,
            end_minute: spec.end_minute(),
        }
    }

    /// People who bring the virus home from elsewhere, in the first three days.
    pub fn import(&mut self, world: &World, count: u32) {
        let mut arrival = 0;
        let mut attempt = 0;
        // Fewer arrive when the city is so small that nobody new is found.
        while arrival < count && attempt < count * 50 {
            let mut stream = Stream::new(world.spec().seed, Purpose::Import, 0, attempt);
            attempt += 1;
            let person = stream.below(world.spec().population);
            let age = world.people()[person as usize].age_on(world.spec().start);
            if self.of_person[person as usize] != NONE || !(16..75).contains(&age) {
                continue;
            }
            let minute = (arrival % 3) as i32 * 1_440 + stream.between(480, 1_200) as i32;
            self.infect(world, person, minute, None, Setting::Imported, None);
            arrival += 1;
        }
    }

    /// One day of meetings of everybody infectious, in order of infection.
    pub fn spend_day(&mut self, world: &World, mixing: &Mixing<'_>, day: i32, measures: Measures) {
        let mut today: Vec<Meeting> = Vec::new();
        for index in 0..self.infections.len() {
            let person = self.infections[index].person;
            let strength = self.infections[index].course.infectiousness(day);
            if strength == 0 || self.controlled_from[person as usize] <= day * 1_440 {
                continue;
            }
            mixing.meetings(person, day, measures, &mut today);
            for meeting in &today {
                let minutes = self.minutes_together(person, meeting);
                if minutes > 0 && self.of_person[meeting.other as usize] == NONE {
                    self.expose(world, index, &Meeting { minutes, ..*meeting }, day, strength);
                }
            }
        }
    }

    /// How long a meeting lasts: until one of the two is isolated or quarantined; 0 when it never begins.
    pub fn minutes_together(&self, person: u32, meeting: &Meeting) -> i32 {
        let parted = self.controlled_from[person as usize].min(self.controlled_from[meeting.other as usize]);
        meeting.minutes.min(parted.min(self.end_minute).saturating_sub(meeting.start)).max(0)
    }

    fn expose(&mut self, world: &World, infector: usize, meeting: &Meeting, day: i32, strength: u32) {
        let person = self.infections[infector].person;
        let chance = u64::from(meeting.setting.infection_ppm())
            * u64::from(strength)
            * u64::from(self.transmissibility_percent)
            / 10_000;
        let slot = day as u32 * 16 + meeting.setting as u32;
        let mut draw = Stream::pair(world.spec().seed, Purpose::Transmission, slot, person, meeting.other);
        if draw.ppm(chance.min(1_000_000) as u32) {
            let minute = meeting.start + draw.below(meeting.minutes as u32) as i32;
            self.infect(world, meeting.other, minute, Some(infector as u32), meeting.setting, meeting.place);
        }
    }

    fn infect(
        &mut self,
        world: &World,
        person: u32,
        minute: i32,
        infector: Option<u32>,
        setting: Setting,
        place: Option<u32>,
    ) {
        let age = world.people()[person as usize].age_on(world.spec().start);
        let course = Course::draw(world.spec().seed, person, age, minute.div_euclid(1_440));
        self.of_person[person as usize] = self.infections.len() as u32;
        self.infections.push(Infection { person, infected_minute: minute, infector, setting, place, course });
    }
}
