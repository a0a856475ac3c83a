//! Jurisdictions: one city, districts, streets (subdistricts), communities and buildings, with the
//! flats that households live in. All names are invented.

use serde::Serialize;

use crate::rng::{Purpose, Stream};

use super::{Household, Spec};

/// A residents' community (社区). People, households and buildings of a community are contiguous.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Community {
    pub street: u32,
    pub first_building: u32,
    pub first_household: u32,
    pub first_person: u32,
    /// One past the last person.
    pub end_person: u32,
}

/// A residential building. Flats are numbered unit by unit, floor by floor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Building {
    pub community: u32,
    /// 1, 2, … within the community.
    pub ordinal: u16,
    pub units: u8,
    pub floors: u8,
    pub rooms_per_floor: u8,
    pub first_household: u32,
    pub first_person: u32,
    /// One past the last person.
    pub end_person: u32,
}

impl Building {
    fn flats(&self) -> u32 {
        u32::from(self.units) * u32::from(self.floors) * u32::from(self.rooms_per_floor)
    }
}

/// The level of a jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    City,
    District,
    Street,
    Community,
    Building,
}

/// A jurisdiction as a register row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jurisdiction {
    pub level: Level,
    /// Position among the areas of its level, from 0.
    pub index: u32,
    /// Unique over all levels; begins with the parent's code.
    pub code: String,
    pub parent_code: Option<String>,
    pub name_zh: String,
    pub name_en: String,
    /// Latitude and longitude in millionths of a degree. The city lies in the open North Pacific.
    pub centre_e6: (i32, i32),
    /// Residents.
    pub population: u32,
}

/// (communities, buildings), with every household put into a flat. Sizes of communities vary by ±30 %
/// around the specification's and add up to the population.
pub(super) fn lay_out(spec: &Spec, households: &mut [Household]) -> (Vec<Community>, Vec<Building>) {
    let ends = community_ends(spec);
    let mut communities: Vec<Community> = Vec::with_capacity(ends.len());
    let mut buildings: Vec<Building> = Vec::new();
    let mut flat = 0;
    for (number, household) in households.iter_mut().enumerate() {
        let number = number as u32;
        let first = household.first_person;
        // A household belongs where its first member falls; one community may so be passed over only
        // when it would be smaller than a household, which `Spec::check` rules out.
        let opens =
            communities.is_empty() || (communities.len() < ends.len() && first >= ends[communities.len() - 1]);
        if opens {
            let street = communities.len() as u32 / spec.communities_per_street;
            communities.push(Community {
                street,
                first_building: buildings.len() as u32,
                first_household: number,
                first_person: first,
                end_person: first,
            });
        }
        let community = communities.len() as u32 - 1;
        let mut vacancy = Stream::new(spec.seed, Purpose::Vacancy, 0, number);
        flat += u32::from(vacancy.percent(7));
        let full = buildings.last().is_none_or(|building| flat >= building.flats());
        if opens || full {
            let ordinal = buildings.len() as u32 - communities[community as usize].first_building + 1;
            buildings.push(shape(spec, buildings.len() as u32, community, ordinal, number, first));
            flat = 0;
        }
        let end = first + u32::from(household.size);
        communities[community as usize].end_person = end;
        if let Some(building) = buildings.last_mut() {
            building.end_person = end;
            let rooms = u32::from(building.rooms_per_floor);
            let per_unit = rooms * u32::from(building.floors);
            household.unit = (flat / per_unit + 1) as u8;
            household.floor = (flat % per_unit / rooms + 1) as u8;
            household.room = (flat % rooms + 1) as u8;
        }
        household.building = buildings.len() as u32 - 1;
        flat += 1;
    }
    (communities, buildings)
}

/// The person number at which each community ends.
fn community_ends(spec: &Spec) -> Vec<u32> {
    let count = (spec.population / spec.community_residents).max(1);
    let weights: Vec<u64> = (0..count)
        .map(|community| u64::from(Stream::new(spec.seed, Purpose::CommunitySize, 0, community).between(70, 130)))
        .collect();
    let total: u64 = weights.iter().sum();
    let mut sum = 0;
    weights
        .iter()
        .map(|weight| {
            sum += weight;
            (u64::from(spec.population) * sum / total) as u32
        })
        .collect()
}

/// Tower, slab or low old block.
fn shape(spec: &Spec, index: u32, community: u32, ordinal: u32, household: u32, person: u32) -> Building {
    let (units, floors, rooms) = match Stream::new(spec.seed, Purpose::BuildingShape, 0, index).below(100) {
        0..25 => (2, 18, 4),
        25..70 => (4, 6, 2),
        _ => (3, 5, 3),
    };
    Building {
        community,
        ordinal: ordinal as u16,
        units,
        floors,
        rooms_per_floor: rooms,
        first_household: household,
        first_person: person,
        end_person: person,
    }
}

pub(super) const CITY: (&str, &str) = ("演练市", "Yanlian (exercise city)");
const CITY_CODE: &str = "9999";

const DISTRICTS: &[(&str, &str)] = &[
    ("望潮", "Wangchao"),
    ("云岭", "Yunling"),
    ("清溪", "Qingxi"),
    ("栖霞湾", "Qixiawan"),
    ("东屿", "Dongyu"),
    ("南浦洲", "Nanpuzhou"),
    ("鹿鸣", "Luming"),
    ("归帆", "Guifan"),
    ("星渚", "Xingzhu"),
    ("白鹭", "Bailu"),
];
const FIRST: &[(&str, &str)] = &[
    ("明", "Ming"),
    ("锦", "Jin"),
    ("云", "Yun"),
    ("青", "Qing"),
    ("和", "He"),
    ("永", "Yong"),
    ("春", "Chun"),
    ("文", "Wen"),
    ("瑞", "Rui"),
    ("松", "Song"),
    ("桂", "Gui"),
    ("安", "An"),
    ("新", "Xin"),
];
const SECOND: &[(&str, &str)] = &[
    ("湖", "hu"),
    ("塘", "tang"),
    ("桥", "qiao"),
    ("园", "yuan"),
    ("河", "he"),
    ("台", "tai"),
    ("泉", "quan"),
    ("山", "shan"),
    ("洲", "zhou"),
    ("苑", "yuan"),
    ("岭", "ling"),
];
const ROADS: &[(&str, &str)] = &[
    ("云杉", "Yunshan"),
    ("望海", "Wanghai"),
    ("香樟", "Xiangzhang"),
    ("晨曦", "Chenxi"),
    ("渔火", "Yuhuo"),
    ("纺织", "Fangzhi"),
    ("滨江", "Binjiang"),
];

/// An invented two-syllable name. The lists have 13 and 11 entries, so that 143 neighbours all differ;
/// further ones get a number.
fn two_syllables(index: u32) -> (String, String) {
    let first = FIRST[index as usize % FIRST.len()];
    let second = SECOND[index as usize % SECOND.len()];
    let round = index as usize / (FIRST.len() * SECOND.len());
    let number = if round == 0 { String::new() } else { (round + 1).to_string() };
    (format!("{}{}{number}", first.0, second.0), format!("{}{}{number}", first.1, second.1))
}

pub(super) fn district_name(index: u32) -> (String, String) {
    let base = DISTRICTS[index as usize % DISTRICTS.len()];
    let round = index as usize / DISTRICTS.len();
    let number = if round == 0 { String::new() } else { (round + 1).to_string() };
    (format!("{}{number}区", base.0), format!("{}{number} District", base.1))
}

pub(super) fn street_name(index: u32) -> (String, String) {
    let name = two_syllables(index);
    (format!("{}街道", name.0), format!("{} Subdistrict", name.1))
}

pub(super) fn community_name(index: u32) -> (String, String) {
    // Another start than the streets', so that a community seldom bears its street's name.
    let name = two_syllables(index + 71);
    (format!("{}社区", name.0), format!("{} Community", name.1))
}

/// Road and house number of a building.
pub(super) fn road(building: &Building) -> ((&'static str, &'static str), u32) {
    let name = ROADS[(building.community as usize + usize::from(building.ordinal) / 12) % ROADS.len()];
    (name, u32::from(building.ordinal) * 2 + building.community % 9 * 10)
}

pub(super) fn district_code(index: u32) -> String {
    format!("{CITY_CODE}{:02}", index + 1)
}

pub(super) fn city_code() -> String {
    CITY_CODE.to_owned()
}

/// Centre of a community: streets on a grid of 2 km, communities on one of 500 m inside it.
pub(super) fn community_centre(spec: &Spec, index: u32) -> (i32, i32) {
    let street = index / spec.communities_per_street;
    let inside = index % spec.communities_per_street;
    let latitude = 30_000_000 + (street / 8) as i32 * 18_000 + (inside / 2) as i32 * 4_500;
    let longitude = 165_000_000 + (street % 8) as i32 * 20_000 + (inside % 2) as i32 * 5_200;
    (latitude, longitude)
}
