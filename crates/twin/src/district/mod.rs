//! The exercise city: a population in households, buildings and communities, with schools, workplaces,
//! facilities, markets and buses. It exists nowhere.
//!
//! Stored per person: 16 bytes. Names, numbers and addresses are computed when asked for.

mod activities;
mod areas;
mod describe;
mod households;
mod places;

use jiff::civil::Date;
use serde::Serialize;

use crate::calendar::{self, Clock};
use crate::occupation::Occupation;

pub use areas::{Building, Community, Jurisdiction, Level};
pub use describe::{Address, PersonRecord, PlaceRecord};
pub use places::{Group, GroupKind, Place, PlaceKind};

/// No group.
pub(crate) const NONE: u32 = u32::MAX;

/// What to generate. `Spec::new` gives the usual sizes of areas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spec {
    /// Residents, exactly.
    pub population: u32,
    /// The same seed gives the same city and the same outbreak.
    pub seed: u64,
    /// Day 0: ages and school years are those of this day.
    pub start: Date,
    /// East positive; 480 for China. The exercise city has no summer time.
    pub utc_offset_minutes: i32,
    /// Mean residents of a community.
    pub community_residents: u32,
    pub communities_per_street: u32,
    pub streets_per_district: u32,
}

/// Why a specification cannot be met.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    #[error("population {0} is outside 1 to 10,000,000: choose a number in that range")]
    Population(u32),
    #[error("community_residents {0} is below 100: use 100 or more, a community must hold several households")]
    CommunityResidents(u32),
    #[error("{0} is 0: every street needs a community and every district a street")]
    EmptyArea(&'static str),
    #[error("start {0} is outside 1990 to 2070: birth dates are kept between 1900 and 2079")]
    Start(Date),
    #[error("utc_offset_minutes {0} is outside -720 to 840")]
    UtcOffset(i32),
    #[error("days {0} is outside 1 to 60: the outbreak is simulated for at most 60 days")]
    Days(u32),
}

impl Spec {
    /// A city in China's time zone with communities of about 2,000 residents.
    #[must_use]
    pub fn new(population: u32, seed: u64, start: Date) -> Spec {
        Spec {
            population,
            seed,
            start,
            utc_offset_minutes: 480,
            community_residents: 2_000,
            communities_per_street: 4,
            streets_per_district: 10,
        }
    }

    fn check(&self) -> Result<(), SpecError> {
        if self.population == 0 || self.population > 10_000_000 {
            return Err(SpecError::Population(self.population));
        }
        if self.community_residents < 100 {
            return Err(SpecError::CommunityResidents(self.community_residents));
        }
        if self.communities_per_street == 0 {
            return Err(SpecError::EmptyArea("communities_per_street"));
        }
        if self.streets_per_district == 0 {
            return Err(SpecError::EmptyArea("streets_per_district"));
        }
        if !(1990..=2070).contains(&self.start.year()) {
            return Err(SpecError::Start(self.start));
        }
        if !(-720..=840).contains(&self.utc_offset_minutes) {
            return Err(SpecError::UtcOffset(self.utc_offset_minutes));
        }
        Ok(())
    }
}

/// Sex as registers have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Female,
    Male,
}

impl Sex {
    fn opposite(self) -> Sex {
        if self == Sex::Male { Sex::Female } else { Sex::Male }
    }
}

/// Relation to the head of the household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Head,
    Spouse,
    Child,
    Parent,
}

/// A resident as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    pub household: u32,
    /// Class or team.
    group: u32,
    born_day: u16,
    bus_run: u16,
    pub sex: Sex,
    pub occupation: Occupation,
    surname: u8,
    pub relation: Relation,
}

impl Person {
    /// Date of birth.
    #[must_use]
    pub fn born(&self) -> Date {
        calendar::birth_date(self.born_day)
    }

    /// Completed years on a day.
    #[must_use]
    pub fn age_on(&self, day: Date) -> u8 {
        calendar::age_on(self.born(), day)
    }

    /// The class or team the person belongs to.
    #[must_use]
    pub fn group(&self) -> Option<u32> {
        (self.group != NONE).then_some(self.group)
    }
}

/// A household in its flat. Its members are the people from `first_person` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Household {
    pub first_person: u32,
    pub building: u32,
    pub size: u8,
    pub unit: u8,
    pub floor: u8,
    /// Number on its floor.
    pub room: u8,
}

/// The generated city. Everything is addressed by its position from 0.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct World {
    spec: Spec,
    communities: Vec<Community>,
    buildings: Vec<Building>,
    households: Vec<Household>,
    people: Vec<Person>,
    places: Vec<Place>,
    groups: Vec<Group>,
    group_starts: Vec<u32>,
    group_members: Vec<u32>,
    first_run: u32,
}

impl World {
    /// The city of a specification, made on this thread.
    ///
    /// # Errors
    /// [`SpecError`] when a number is out of range; it names the field and the range.
    pub fn generate(spec: Spec) -> Result<World, SpecError> {
        World::generate_on(spec, 1)
    }

    /// The same city, its people drawn by up to `threads` threads: the same bytes for any number.
    ///
    /// # Errors
    /// As [`World::generate`].
    pub fn generate_on(spec: Spec, threads: usize) -> Result<World, SpecError> {
        spec.check()?;
        let mut households = households::draw_sizes(&spec);
        let (communities, buildings) = areas::lay_out(&spec, &mut households);
        let mut people = settle(&spec, &households, threads);
        let made = activities::assign(&spec, &communities, &buildings, &households, &mut people);
        let (group_starts, group_members) = activities::memberships(&people, made.groups.len(), made.first_run);
        Ok(World {
            spec,
            communities,
            buildings,
            households,
            people,
            places: made.places,
            groups: made.groups,
            group_starts,
            group_members,
            first_run: made.first_run,
        })
    }

    /// What was asked for.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The clock of the world.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::new(self.spec.start, self.spec.utc_offset_minutes)
    }

    /// All residents.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// All households; the people of household `h` are contiguous.
    #[must_use]
    pub fn households(&self) -> &[Household] {
        &self.households
    }

    /// All residential buildings.
    #[must_use]
    pub fn buildings(&self) -> &[Building] {
        &self.buildings
    }

    /// All communities.
    #[must_use]
    pub fn communities(&self) -> &[Community] {
        &self.communities
    }

    /// All places but homes.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Classes, teams and bus runs.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Members of a group, ascending.
    #[must_use]
    pub fn members(&self, group: u32) -> &[u32] {
        let from = self.group_starts[group as usize] as usize;
        &self.group_members[from..self.group_starts[group as usize + 1] as usize]
    }

    /// The bus run a person rides.
    #[must_use]
    pub fn bus_run(&self, person: u32) -> Option<u32> {
        let run = self.people[person as usize].bus_run;
        (run != u16::MAX).then(|| self.first_run + u32::from(run))
    }

    /// People who live with a person, the person included.
    #[must_use]
    pub fn household_members(&self, person: u32) -> std::ops::Range<u32> {
        let household = &self.households[self.people[person as usize].household as usize];
        household.first_person..household.first_person + u32::from(household.size)
    }

    /// The building a person lives in.
    #[must_use]
    pub fn building_of(&self, person: u32) -> u32 {
        self.households[self.people[person as usize].household as usize].building
    }

    /// The community a person lives in.
    #[must_use]
    pub fn community_of(&self, person: u32) -> u32 {
        self.buildings[self.building_of(person) as usize].community
    }

    /// A hash over everything in the world: equal for equal worlds.
    #[must_use]
    pub fn digest(&self) -> String {
        crate::digest(self)
    }
}

/// Draws the people of all households, in as many runs of households as there are threads.
fn settle(spec: &Spec, households: &[Household], threads: usize) -> Vec<Person> {
    let vacant = Person {
        household: NONE,
        group: NONE,
        born_day: 0,
        bus_run: u16::MAX,
        sex: Sex::Female,
        occupation: Occupation::Unemployed,
        surname: 0,
        relation: Relation::Head,
    };
    let mut people = vec![vacant; spec.population as usize];
    let births = households::BirthDays::new(spec);
    let share = households.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let mut rest = people.as_mut_slice();
        for (part, homes) in households.chunks(share).enumerate() {
            let count = homes.iter().map(|home| usize::from(home.size)).sum();
            let (mine, others) = std::mem::take(&mut rest).split_at_mut(count);
            rest = others;
            let first = (part * share) as u32;
            let births = &births;
            if threads > 1 {
                scope.spawn(move || settle_part(spec, births, first, homes, mine));
            } else {
                settle_part(spec, births, first, homes, mine);
            }
        }
    });
    people
}

fn settle_part(spec: &Spec, births: &households::BirthDays, first: u32, homes: &[Household], people: &mut [Person]) {
    let mut rest = people;
    for (number, home) in (first..).zip(homes) {
        let (members, others) = rest.split_at_mut(usize::from(home.size));
        rest = others;
        households::fill(spec, number, births, members);
    }
}
