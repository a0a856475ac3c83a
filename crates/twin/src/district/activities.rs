//! Who goes where on a working day: schools and classes, workplaces and teams, buses.

use crate::occupation::Occupation;
use crate::rng::{Purpose, Stream};

use super::places::{KINDS, WARDS};
use super::{Building, Community, Group, GroupKind, Household, NONE, Person, Place, PlaceKind, Spec};

/// Everything that the assignment reads and writes.
pub(super) struct Town<'a> {
    pub spec: &'a Spec,
    pub communities: &'a [Community],
    pub buildings: &'a [Building],
    pub households: &'a [Household],
    pub people: &'a mut [Person],
    pub places: Vec<Place>,
    pub groups: Vec<Group>,
    /// How many places of each kind there are so far.
    counts: [u32; KINDS],
    /// Posts to fill, by street, most important first.
    posts: Vec<Vec<Post>>,
}

struct Post {
    group: u32,
    occupation: Occupation,
}

/// A stage of schooling: kind, ages, pupils per school, pupils per class, whether one street or the
/// whole district sends its children, and staff per class.
struct Stage {
    kind: PlaceKind,
    ages: (u8, u8),
    school: usize,
    class: usize,
    by_district: bool,
    staff: u32,
    first_grade: u8,
}

const STAGES: [Stage; 5] = [
    Stage {
        kind: PlaceKind::Kindergarten,
        ages: (3, 5),
        school: 240,
        class: 28,
        by_district: false,
        staff: 3,
        first_grade: 0,
    },
    Stage {
        kind: PlaceKind::PrimarySchool,
        ages: (6, 11),
        school: 1_080,
        class: 45,
        by_district: false,
        staff: 3,
        first_grade: 1,
    },
    Stage {
        kind: PlaceKind::JuniorSchool,
        ages: (12, 14),
        school: 1_000,
        class: 50,
        by_district: false,
        staff: 4,
        first_grade: 7,
    },
    Stage {
        kind: PlaceKind::SeniorSchool,
        ages: (15, 17),
        school: 1_800,
        class: 50,
        by_district: true,
        staff: 4,
        first_grade: 10,
    },
    Stage {
        kind: PlaceKind::College,
        ages: (18, 21),
        school: 6_000,
        class: 40,
        by_district: true,
        staff: 2,
        first_grade: 0,
    },
];

/// Workplaces that are not there by plan: how many of a hundred, fewest and most staff, occupation.
const TRADES: [(PlaceKind, u32, (u32, u32), Occupation); 7] = [
    (PlaceKind::Shop, 44, (2, 6), Occupation::ShopAssistant),
    (PlaceKind::Restaurant, 20, (4, 18), Occupation::RestaurantWorker),
    (PlaceKind::Office, 21, (8, 80), Occupation::OfficeWorker),
    (PlaceKind::Factory, 4, (40, 300), Occupation::FactoryWorker),
    (PlaceKind::ConstructionSite, 2, (20, 80), Occupation::ConstructionWorker),
    (PlaceKind::PropertyOffice, 6, (5, 20), Occupation::SecurityGuard),
    (PlaceKind::CourierStation, 3, (6, 20), Occupation::Courier),
];

/// Largest team: people who share a room, a shift or a table.
const TEAM: u32 = 10;
/// Riders of one departure.
const BUS_RIDERS: usize = 28;
/// Departures one vehicle makes in a morning.
const RUNS_PER_VEHICLE: usize = 6;

/// What the assignment made.
pub(super) struct Activities {
    pub places: Vec<Place>,
    pub groups: Vec<Group>,
    /// The bus runs are the groups from here on.
    pub first_run: u32,
}

/// Gives every child a class, every worker a team, and some of both a bus.
pub(super) fn assign(
    spec: &Spec,
    communities: &[Community],
    buildings: &[Building],
    households: &[Household],
    people: &mut [Person],
) -> Activities {
    let streets = communities.last().map_or(0, |last| last.street as usize + 1);
    let mut town = Town {
        spec,
        communities,
        buildings,
        households,
        people,
        places: Vec::new(),
        groups: Vec::new(),
        counts: [0; KINDS],
        posts: (0..streets).map(|_| Vec::new()).collect(),
    };
    town.public_services();
    town.schools();
    let runs = town.buses();
    town.work();
    let first_run = town.groups.len() as u32;
    town.groups.extend(runs);
    Activities { places: town.places, groups: town.groups, first_run }
}

impl Town<'_> {
    fn street_of(&self, person: u32) -> u32 {
        let household = self.people[person as usize].household as usize;
        let building = self.households[household].building as usize;
        self.communities[self.buildings[building].community as usize].street
    }

    fn community_of(&self, person: u32) -> u32 {
        let household = self.people[person as usize].household as usize;
        self.buildings[self.households[household].building as usize].community
    }

    fn place(&mut self, kind: PlaceKind, community: u32, parent: Option<u32>, ordinal: Option<u32>) -> u32 {
        let count = &mut self.counts[kind as usize];
        self.places.push(Place { kind, community, parent, ordinal: ordinal.unwrap_or(*count) });
        *count += 1;
        self.places.len() as u32 - 1
    }

    /// Teams of at most [`TEAM`] at a place, with a post for each of `staff`.
    fn teams(&mut self, place: u32, staff: u32, occupations: &[Occupation]) {
        let street = self.communities[self.places[place as usize].community as usize].street as usize;
        for team in 0..staff.div_ceil(TEAM) {
            let size = TEAM.min(staff - team * TEAM);
            let group = self.groups.len() as u32;
            self.groups.push(Group { place, kind: GroupKind::Team, ordinal: team as u16 + 1 });
            for post in 0..size {
                let occupation = occupations[post as usize % occupations.len()];
                self.posts[street].push(Post { group, occupation });
            }
        }
    }

    fn public_services(&mut self) {
        use Occupation::{CommunityWorker, Doctor, HealthSupport, MarketTrader, Nurse};
        let care = [Doctor, Nurse, Nurse, Doctor, Nurse, HealthSupport];
        let mut last_street = None;
        let mut last_district = None;
        for community in 0..self.communities.len() as u32 {
            let street = self.communities[community as usize].street;
            let district = street / self.spec.streets_per_district;
            if last_district != Some(district) {
                last_district = Some(district);
                let hospital = self.place(PlaceKind::Hospital, community, None, None);
                for (ordinal, ward) in WARDS.iter().enumerate() {
                    let place = self.place(PlaceKind::Ward, community, Some(hospital), Some(ordinal as u32));
                    self.teams(place, ward.2, &care);
                }
            }
            if last_street != Some(street) {
                last_street = Some(street);
                let centre = self.place(PlaceKind::HealthCentre, community, None, None);
                self.teams(centre, 12, &care);
            }
            let office = self.place(PlaceKind::CommunityOffice, community, None, None);
            self.teams(office, 8, &[CommunityWorker]);
            if community % 2 == 0 {
                let market = self.place(PlaceKind::Market, community, None, None);
                self.teams(market, 18, &[MarketTrader]);
            }
        }
    }

    fn schools(&mut self) {
        for stage in &STAGES {
            let wanted: &[Occupation] = match stage.kind {
                PlaceKind::Kindergarten => &[Occupation::KindergartenChild],
                PlaceKind::College => &[Occupation::Student],
                _ => &[Occupation::Pupil],
            };
            let mut catchments: Vec<Vec<u32>> = Vec::new();
            let mut last = None;
            for person in 0..self.people.len() as u32 {
                let one = &self.people[person as usize];
                if !wanted.contains(&one.occupation) {
                    continue;
                }
                let age = one.age_on(self.spec.start);
                if age < stage.ages.0 || age > stage.ages.1 {
                    continue;
                }
                let street = self.street_of(person);
                let area = if stage.by_district { street / self.spec.streets_per_district } else { street };
                if last != Some(area) {
                    last = Some(area);
                    catchments.push(Vec::new());
                }
                if let Some(pupils) = catchments.last_mut() {
                    pupils.push(person);
                }
            }
            for pupils in &catchments {
                let schools = pupils.len().div_ceil(stage.school);
                for school in pupils.chunks(pupils.len().div_ceil(schools)) {
                    self.school(stage, school);
                }
            }
        }
    }

    /// One school: a class per grade and `stage.class` pupils, neighbours spread over the classes.
    fn school(&mut self, stage: &Stage, pupils: &[u32]) {
        let community = self.community_of(pupils[pupils.len() / 2]);
        let street = self.communities[community as usize].street as usize;
        let place = self.place(stage.kind, community, None, None);
        for age in stage.ages.0..=stage.ages.1 {
            let of_grade: Vec<u32> = pupils
                .iter()
                .copied()
                .filter(|person| self.people[*person as usize].age_on(self.spec.start) == age)
                .collect();
            let classes = of_grade.len().div_ceil(stage.class);
            let first = self.groups.len() as u32;
            for class in 0..classes {
                let grade = if stage.first_grade == 0 { 0 } else { stage.first_grade + age - stage.ages.0 };
                let group = self.groups.len() as u32;
                // Kindergarten and college have no grades: classes are numbered through the school.
                let numbered = if grade == 0 { self.classes_at(place) } else { class };
                self.groups.push(Group { place, kind: GroupKind::Class { grade }, ordinal: numbered as u16 + 1 });
                for _ in 0..stage.staff {
                    self.posts[street].push(Post { group, occupation: Occupation::Teacher });
                }
            }
            for (rank, person) in of_grade.iter().enumerate() {
                self.people[*person as usize].group = first + (rank % classes) as u32;
            }
        }
    }

    fn classes_at(&self, place: u32) -> usize {
        self.groups.iter().rev().take_while(|group| group.place == place).count()
    }

    /// Bus lines, one for each 30,000 residents of a district, with vehicles and runs. Returns the runs; they are
    /// appended after all other groups, so that a rider needs two bytes.
    fn buses(&mut self) -> Vec<Group> {
        let mut riders: Vec<Vec<u32>> = Vec::new();
        let mut last = None;
        for person in 0..self.people.len() as u32 {
            let occupation = self.people[person as usize].occupation;
            let commutes = matches!(occupation, Occupation::OfficeWorker | Occupation::Student)
                || (occupation == Occupation::Pupil && self.people[person as usize].age_on(self.spec.start) >= 12);
            if !commutes || !Stream::new(self.spec.seed, Purpose::Commute, 0, person).percent(18) {
                continue;
            }
            let district = self.street_of(person) / self.spec.streets_per_district;
            if last != Some(district) {
                last = Some(district);
                riders.push(Vec::new());
            }
            if let Some(list) = riders.last_mut() {
                list.push(person);
            }
        }
        let mut runs = Vec::new();
        for list in &riders {
            // 30,000 residents have about 2,900 riders.
            let lines = list.len().div_ceil(3_000);
            for line_riders in list.chunks(list.len().div_ceil(lines)) {
                self.bus_line(line_riders, &mut runs);
            }
        }
        runs
    }

    fn bus_line(&mut self, riders: &[u32], runs: &mut Vec<Group>) {
        let community = self.community_of(riders[0]);
        let line = self.place(PlaceKind::BusLine, community, None, None);
        let departures = riders.len().div_ceil(BUS_RIDERS);
        let vehicles = departures.div_ceil(RUNS_PER_VEHICLE);
        let first_vehicle = self.places.len() as u32;
        for vehicle in 0..vehicles {
            self.place(PlaceKind::BusVehicle, community, Some(line), Some(vehicle as u32));
        }
        self.teams(line, vehicles as u32 * 2, &[Occupation::BusDriver]);
        let first_run = runs.len();
        for departure in 0..departures {
            let round = departure / vehicles;
            runs.push(Group {
                place: first_vehicle + (departure % vehicles) as u32,
                kind: GroupKind::BusRun { departs_minute: (400 + round * 25) as u16 },
                ordinal: round as u16 + 1,
            });
        }
        for (rank, rider) in riders.iter().enumerate() {
            // The city of ten million has fewer than 40,000 runs.
            self.people[*rider as usize].bus_run = u16::try_from(first_run + rank % departures).unwrap_or(u16::MAX);
        }
    }

    /// Fills the posts of each street with workers in a drawn order: half of them work in the street
    /// they live in, the others where people live. What is left finds new workplaces.
    fn work(&mut self) {
        let population = self.people.len() as u32;
        let mut seekers: Vec<(u32, u32, u32)> = Vec::with_capacity(self.people.len() / 2);
        for person in 0..population {
            if self.people[person as usize].occupation != Occupation::OfficeWorker {
                continue;
            }
            let mut stream = Stream::new(self.spec.seed, Purpose::Work, 0, person);
            let near = stream.percent(50);
            let somebody = stream.below(population);
            let street = self.street_of(if near { person } else { somebody });
            seekers.push((street, stream.word(), person));
        }
        seekers.sort_unstable();
        let mut from = 0;
        for street in 0..self.posts.len() as u32 {
            let count = seekers[from..].iter().take_while(|seeker| seeker.0 == street).count();
            self.workplaces(street, count);
            for (seeker, post) in seekers[from..from + count].iter().zip(&self.posts[street as usize]) {
                let person = &mut self.people[seeker.2 as usize];
                person.group = post.group;
                person.occupation = post.occupation;
            }
            from += count;
        }
    }

    /// Opens workplaces in a street until there are `wanted` posts or more.
    fn workplaces(&mut self, street: u32, wanted: usize) {
        let first = self.communities.partition_point(|community| community.street < street) as u32;
        let end = self.communities.partition_point(|community| community.street <= street) as u32;
        let mut stream = Stream::new(self.spec.seed, Purpose::WorkplaceSize, 0, street);
        let weights = TRADES.map(|trade| trade.1);
        while self.posts[street as usize].len() < wanted {
            let (kind, _, span, occupation) = TRADES[stream.weighted(&weights)];
            let open = (wanted - self.posts[street as usize].len()) as u32;
            let staff = stream.between(span.0, span.1).min(open);
            let place = self.place(kind, first + stream.below(end - first), None, None);
            if kind == PlaceKind::PropertyOffice {
                self.teams(place, staff, &[occupation, Occupation::Cleaner]);
            } else {
                self.teams(place, staff, &[occupation]);
            }
        }
    }
}

/// Members of each group in ascending order, as offsets into one list. Runs follow the other groups.
pub(super) fn memberships(people: &[Person], groups: usize, first_run: u32) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; groups + 1];
    let of = |person: &Person| {
        let run = if person.bus_run == u16::MAX { NONE } else { first_run + u32::from(person.bus_run) };
        [person.group, run]
    };
    for group in people.iter().flat_map(of).filter(|group| *group != NONE) {
        starts[group as usize + 1] += 1;
    }
    for index in 0..groups {
        starts[index + 1] += starts[index];
    }
    let mut next = starts.clone();
    let mut members = vec![0_u32; starts[groups] as usize];
    for (number, person) in people.iter().enumerate() {
        for group in of(person).into_iter().filter(|group| *group != NONE) {
            members[next[group as usize] as usize] = number as u32;
            next[group as usize] += 1;
        }
    }
    (starts, members)
}
