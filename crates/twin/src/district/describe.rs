//! The world in words: register rows of people, places and jurisdictions.

use jiff::civil::Date;
use serde::Serialize;

use crate::identity;
use crate::names::{self, Name};
use crate::occupation::Occupation;

use super::areas::{self, Jurisdiction, Level};
use super::{GroupKind, PlaceKind, Relation, Sex, World, places};

/// A postal address, in parts and whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    pub city: String,
    pub district: String,
    pub street: String,
    pub community: String,
    /// Road and number, building, unit and room: `云杉路12号3幢2单元1104室`.
    pub detail: String,
}

impl Address {
    /// The whole in Chinese, largest part first.
    #[must_use]
    pub fn chinese(&self) -> String {
        format!("{}{}{}{}{}", self.city, self.district, self.street, self.community, self.detail)
    }
}

/// A resident as a register would have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonRecord {
    pub number: u32,
    pub name: Name,
    pub sex: Sex,
    pub born: Date,
    pub id_number: String,
    /// Children under twelve have the number of the head of their household.
    pub phone: String,
    pub occupation: Occupation,
    pub health_worker: bool,
    pub household: u32,
    pub relation: Relation,
    pub address: Address,
    /// The address in Latin letters, smallest part first.
    pub address_latin: String,
    /// The jurisdiction code of the building.
    pub building_code: String,
    /// Where the person works or learns, as an index of `World::places`.
    pub works_at: Option<u32>,
}

/// A place as a register would have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceRecord {
    pub index: u32,
    pub kind: PlaceKind,
    /// Unique: the community's code and the place's number.
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub community_code: String,
    pub parent: Option<u32>,
}

impl World {
    /// One resident in full. `number` is a position in `people()`.
    #[must_use]
    pub fn person(&self, number: u32) -> PersonRecord {
        let person = &self.people[number as usize];
        let born = person.born();
        let owner = if person.age_on(self.spec.start) < 12 { self.household_members(number).start } else { number };
        PersonRecord {
            number,
            name: names::name_of(self.spec.seed, number, person.surname, person.sex, born.year()),
            sex: person.sex,
            born,
            id_number: identity::id_number(number, born, person.sex),
            phone: identity::phone_number(self.spec.seed, owner),
            occupation: person.occupation,
            health_worker: person.occupation.is_health_worker(),
            household: person.household,
            relation: person.relation,
            address: self.address(person.household),
            address_latin: self.latin_address(person.household),
            building_code: self.building_code(self.households[person.household as usize].building),
            works_at: person.group().map(|group| self.groups[group as usize].place),
        }
    }

    /// The address of a household.
    #[must_use]
    pub fn address(&self, household: u32) -> Address {
        let home = &self.households[household as usize];
        self.flat_address(home.building, home.unit, home.floor, home.room)
    }

    /// The address of a flat of a building.
    #[must_use]
    pub fn flat_address(&self, building: u32, unit: u8, floor: u8, room: u8) -> Address {
        let house = &self.buildings[building as usize];
        let street = self.communities[house.community as usize].street;
        let district = areas::district_name(street / self.spec.streets_per_district);
        let street = areas::street_name(street);
        let community = areas::community_name(house.community);
        let (road, number) = areas::road(house);
        let ordinal = house.ordinal;
        Address {
            detail: format!("{}路{number}号{ordinal}幢{unit}单元{floor}{room:02}室", road.0),
            city: areas::CITY.0.to_owned(),
            district: district.0,
            street: street.0,
            community: community.0,
        }
    }

    /// The address of a household in Latin letters.
    #[must_use]
    pub fn latin_address(&self, household: u32) -> String {
        let home = &self.households[household as usize];
        let house = &self.buildings[home.building as usize];
        let street = self.communities[house.community as usize].street;
        let (road, number) = areas::road(house);
        format!(
            "Room {}{:02}, Unit {}, Building {}, {number} {} Road, {}, {}, {}, {}",
            home.floor,
            home.room,
            home.unit,
            house.ordinal,
            road.1,
            areas::community_name(house.community).1,
            areas::street_name(street).1,
            areas::district_name(street / self.spec.streets_per_district).1,
            areas::CITY.1
        )
    }

    /// One place in full. `index` is a position in `places()`.
    #[must_use]
    pub fn place(&self, index: u32) -> PlaceRecord {
        let place = &self.places[index as usize];
        let community_code = self.community_code(place.community);
        let (name_zh, name_en) = self.place_name(index);
        PlaceRecord {
            index,
            kind: place.kind,
            code: format!("{community_code}-P{index:06}"),
            name_zh,
            name_en,
            community_code,
            parent: place.parent,
        }
    }

    /// Chinese and English name of a place.
    #[must_use]
    pub fn place_name(&self, index: u32) -> (String, String) {
        let place = &self.places[index as usize];
        let parent = place.parent.map(|parent| self.place_name(parent));
        places::name(place, &areas::community_name(place.community), parent.as_ref())
    }

    /// Chinese and English name of a group inside its place: `3年级2班`.
    #[must_use]
    pub fn group_name(&self, group: u32) -> (String, String) {
        let group = &self.groups[group as usize];
        let number = group.ordinal;
        match group.kind {
            GroupKind::Class { grade: 0 } => (format!("{number}班"), format!("class {number}")),
            GroupKind::Class { grade } => (format!("{grade}年级{number}班"), format!("grade {grade} class {number}")),
            GroupKind::Team => (format!("第{number}组"), format!("team {number}")),
            GroupKind::BusRun { departs_minute } => {
                let time = format!("{:02}:{:02}", departs_minute / 60, departs_minute % 60);
                (format!("{time}班次"), format!("{time} departure"))
            }
        }
    }

    /// Every jurisdiction, parents before children.
    #[must_use]
    pub fn jurisdictions(&self) -> Vec<Jurisdiction> {
        let streets = self.communities.last().map_or(0, |last| last.street + 1);
        let districts = streets.div_ceil(self.spec.streets_per_district);
        let mut of_street = vec![0_u32; streets as usize];
        for community in &self.communities {
            of_street[community.street as usize] += community.end_person - community.first_person;
        }
        let city = (areas::CITY.0.to_owned(), areas::CITY.1.to_owned());
        let mut rows = vec![self.row(Level::City, 0, areas::city_code(), None, city, self.spec.population, 0)];
        for district in 0..districts {
            let from = district * self.spec.streets_per_district;
            let to = (from + self.spec.streets_per_district).min(streets);
            let residents = of_street[from as usize..to as usize].iter().sum();
            let name = areas::district_name(district);
            let first = from * self.spec.communities_per_street;
            let code = areas::district_code(district);
            rows.push(self.row(Level::District, district, code, Some(areas::city_code()), name, residents, first));
        }
        for street in 0..streets {
            let parent = areas::district_code(street / self.spec.streets_per_district);
            let first = street * self.spec.communities_per_street;
            let residents = of_street[street as usize];
            let name = areas::street_name(street);
            rows.push(self.row(
                Level::Street,
                street,
                self.street_code(street),
                Some(parent),
                name,
                residents,
                first,
            ));
        }
        for (index, community) in self.communities.iter().enumerate() {
            let index = index as u32;
            let code = self.community_code(index);
            let parent = Some(self.street_code(community.street));
            let residents = community.end_person - community.first_person;
            rows.push(self.row(
                Level::Community,
                index,
                code,
                parent,
                areas::community_name(index),
                residents,
                index,
            ));
        }
        for (index, building) in self.buildings.iter().enumerate() {
            let index = index as u32;
            let residents = building.end_person - building.first_person;
            let ordinal = building.ordinal;
            let name = (format!("{ordinal}幢"), format!("Building {ordinal}"));
            let parent = Some(self.community_code(building.community));
            let code = self.building_code(index);
            let mut row = self.row(Level::Building, index, code, parent, name, residents, building.community);
            let step = i32::from(ordinal);
            row.centre_e6 = (row.centre_e6.0 + step / 8 * 500, row.centre_e6.1 + step % 8 * 600);
            rows.push(row);
        }
        rows
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one register row")]
    fn row(
        &self,
        level: Level,
        index: u32,
        code: String,
        parent_code: Option<String>,
        name: (String, String),
        population: u32,
        community: u32,
    ) -> Jurisdiction {
        let centre_e6 = areas::community_centre(&self.spec, community);
        Jurisdiction { level, index, code, parent_code, name_zh: name.0, name_en: name.1, centre_e6, population }
    }

    fn street_code(&self, street: u32) -> String {
        format!("{}{:03}", areas::district_code(street / self.spec.streets_per_district), street + 1)
    }

    /// The code of a community.
    #[must_use]
    pub fn community_code(&self, community: u32) -> String {
        format!("{}{:04}", self.street_code(self.communities[community as usize].street), community + 1)
    }

    /// The code of a building: its community's and its number.
    #[must_use]
    pub fn building_code(&self, building: u32) -> String {
        let house = &self.buildings[building as usize];
        format!("{}-B{:03}", self.community_code(house.community), house.ordinal)
    }
}
