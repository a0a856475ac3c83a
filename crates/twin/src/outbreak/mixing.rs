//! Who meets whom on which day. Nothing is stored: meetings are functions of (seed, day, people), the
//! same from both sides, so that the contacts a case names are the people it could have infected.

use serde::Serialize;

use crate::district::{GroupKind, PlaceKind, World};
use crate::rng::{Purpose, Stream};

/// Where an exposure happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Setting {
    Household,
    School,
    Work,
    /// A meal with friends or relatives.
    Meal,
    /// A visit at somebody's home.
    Visit,
    /// The stairs and lift of a building.
    Building,
    Market,
    Bus,
    /// Infected outside the city.
    Imported,
}

impl Setting {
    /// All settings.
    pub const ALL: [Setting; 9] = [
        Setting::Household,
        Setting::School,
        Setting::Work,
        Setting::Meal,
        Setting::Visit,
        Setting::Building,
        Setting::Market,
        Setting::Bus,
        Setting::Imported,
    ];

    /// Chance of infection at one meeting with someone at the peak of infectiousness, in a million.
    /// Chosen so that an unhindered case infects about four others, two fifths of its household among them.
    #[must_use]
    pub fn infection_ppm(self) -> u32 {
        match self {
            Setting::Household => 130_000,
            Setting::School => 95_000,
            Setting::Work => 110_000,
            Setting::Meal => 250_000,
            Setting::Visit => 200_000,
            Setting::Building => 45_000,
            Setting::Market => 80_000,
            Setting::Bus => 60_000,
            Setting::Imported => 0,
        }
    }

    /// Whether such an exposure makes a close contact; the others are general contacts.
    #[must_use]
    pub fn is_close(self) -> bool {
        matches!(self, Setting::Household | Setting::School | Setting::Work | Setting::Meal | Setting::Visit)
    }
}

/// Two people near each other for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    pub other: u32,
    pub setting: Setting,
    /// None at home and in the building.
    pub place: Option<u32>,
    /// Minutes since midnight of day 0.
    pub start: i32,
    pub minutes: i32,
}

/// Rules about mixing in force from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Measures {
    pub schools_closed_from: i32,
    /// From here on half of the meals, visits and market meetings do not happen.
    pub gatherings_cut_from: i32,
}

impl Measures {
    /// Nothing closed.
    pub const NONE: Measures = Measures { schools_closed_from: i32::MAX, gatherings_cut_from: i32::MAX };
}

/// Classmates and colleagues who are near enough: so many seats to each side.
const SEATS: usize = 6;
const BUS_SEATS: usize = 3;

/// A kind of meeting in pairs: setting, chance in percent per day, start, length in minutes.
const ENCOUNTERS: [(Setting, u32, i32, i32); 6] = [
    (Setting::Building, 35, 450, 4),
    (Setting::Building, 35, 1_110, 4),
    (Setting::Market, 30, 600, 15),
    (Setting::Market, 25, 1_020, 15),
    (Setting::Meal, 14, 1_080, 90),
    (Setting::Visit, 10, 1_200, 80),
];

/// The meetings of a world.
#[derive(Debug)]
pub struct Mixing<'w> {
    world: &'w World,
    /// The market that serves each community.
    markets: Vec<Option<u32>>,
    restaurants: Vec<u32>,
}

impl<'w> Mixing<'w> {
    /// Looks up the venues once.
    #[must_use]
    pub fn new(world: &'w World) -> Mixing<'w> {
        let mut markets = vec![None; world.communities().len()];
        let mut restaurants = Vec::new();
        for (index, place) in (0_u32..).zip(world.places()) {
            match place.kind {
                PlaceKind::Market => {
                    // A market stands in every other community and serves the next one too.
                    let from = place.community as usize;
                    markets.iter_mut().skip(from).take(2).for_each(|market| *market = Some(index));
                }
                PlaceKind::Restaurant => restaurants.push(index),
                _ => {}
            }
        }
        Mixing { world, markets, restaurants }
    }

    /// Fills `out` with the meetings of a person on a day. Symmetric: if A meets B, B meets A at the same time.
    pub fn meetings(&self, person: u32, day: i32, measures: Measures, out: &mut Vec<Meeting>) {
        out.clear();
        let world = self.world;
        let start = day * 1_440 + 1_140;
        for other in world.household_members(person).filter(|other| *other != person) {
            out.push(Meeting { other, setting: Setting::Household, place: None, start, minutes: 540 });
        }
        let run = world.bus_run(person).filter(|_| is_working_day(world, day));
        for group in world.people()[person as usize].group().into_iter().chain(run) {
            self.group_meetings(person, group, day, measures, out);
        }
        for (index, encounter) in (0_u32..).zip(ENCOUNTERS) {
            out.extend(self.encounter(person, day, index, encounter, measures));
        }
    }

    fn group_meetings(&self, person: u32, group: u32, day: i32, measures: Measures, out: &mut Vec<Meeting>) {
        let world = self.world;
        let working_day = is_working_day(world, day);
        let place = world.groups()[group as usize].place;
        let (setting, start, minutes, seats, open) = match world.groups()[group as usize].kind {
            GroupKind::Class { .. } => {
                (Setting::School, 490, 420, SEATS, working_day && day < measures.schools_closed_from)
            }
            GroupKind::Team => {
                let every_day = matches!(
                    world.places()[place as usize].kind,
                    PlaceKind::Ward
                        | PlaceKind::Market
                        | PlaceKind::Shop
                        | PlaceKind::Restaurant
                        | PlaceKind::BusLine
                );
                (Setting::Work, 530, 480, SEATS, working_day || every_day)
            }
            GroupKind::BusRun { departs_minute } => (Setting::Bus, i32::from(departs_minute), 35, BUS_SEATS, true),
        };
        let members = world.members(group);
        let Ok(seat) = members.binary_search(&person) else { return };
        for (index, other) in members.iter().enumerate().filter(|_| open) {
            let apart = seat.abs_diff(index);
            // Seats in a circle: the first sits beside the last.
            if apart != 0 && apart.min(members.len() - apart) <= seats {
                out.push(Meeting { other: *other, setting, place: Some(place), start: day * 1_440 + start, minutes });
            }
        }
    }

    /// A meeting of two. Everybody of an area gets a partner by reflection about a point drawn for the
    /// day: a partner's partner is oneself, so both sides agree without any list.
    fn encounter(
        &self,
        person: u32,
        day: i32,
        index: u32,
        (setting, percent, start, minutes): (Setting, u32, i32, i32),
        measures: Measures,
    ) -> Option<Meeting> {
        let world = self.world;
        let (area, first, end) = match setting {
            Setting::Building => {
                let building = world.building_of(person);
                let house = &world.buildings()[building as usize];
                (building, house.first_person, house.end_person)
            }
            Setting::Market => {
                let community = world.community_of(person);
                let area = &world.communities()[community as usize];
                (community, area.first_person, area.end_person)
            }
            _ => (0, 0, world.spec().population),
        };
        let seed = world.spec().seed;
        let slot = day as u32 * 16 + index;
        let size = end - first;
        let point = Stream::pair(seed, Purpose::Meeting, slot, area, u32::MAX).below(size);
        let other = first + (point + size - (person - first)) % size;
        let household = |who: u32| world.people()[who as usize].household;
        if household(other) == household(person) {
            return None;
        }
        let mut draw = Stream::pair(seed, Purpose::Meeting, slot, person.min(other), person.max(other));
        let cut = draw.percent(50) && day >= measures.gatherings_cut_from && setting != Setting::Building;
        if cut || !draw.percent(percent) {
            return None;
        }
        let place = match setting {
            Setting::Market => self.markets[world.community_of(person) as usize],
            Setting::Meal if !self.restaurants.is_empty() => Some(*draw.pick(&self.restaurants)),
            _ => None,
        };
        Some(Meeting { other, setting, place, start: day * 1_440 + start + draw.below(40) as i32, minutes })
    }
}

fn is_working_day(world: &World, day: i32) -> bool {
    // 1 January 1970 was a Thursday; Monday is 0.
    (crate::calendar::epoch_day(world.spec().start) + day + 3).rem_euclid(7) < 5
}
