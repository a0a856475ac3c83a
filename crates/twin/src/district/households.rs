//! Households: their sizes and who lives in them.
//!
//! Sizes follow the 2020 census of China (one-person 25.4 %, two 29.7 %, three 21.0 %, four 13.2 %, five
//! 6.2 %, larger 4.6 %); who lives together and at which ages is an estimate that ends near the census' age structure
//! (0–14 18 %, 60 and over 19 %).

use crate::names;
use crate::occupation::Occupation;
use crate::rng::{Purpose, Stream};

use super::{Household, NONE, Person, Relation, Sex, Spec};

/// Households of 1, 2, … 7 people per ten thousand.
const SIZES: [u32; 7] = [2_539, 2_968, 2_099, 1_317, 617, 306, 154];

/// Who lives together: weight, a couple or one adult, children, elders, and the age span of the head.
struct Pattern {
    weight: u32,
    couple: bool,
    children: u32,
    elders: u32,
    head: (u32, u32),
}

const fn pattern(weight: u32, couple: bool, children: u32, elders: u32, head: (u32, u32)) -> Pattern {
    Pattern { weight, couple, children, elders, head }
}

const ONE: &[Pattern] =
    &[pattern(45, false, 0, 0, (20, 35)), pattern(27, false, 0, 0, (36, 59)), pattern(28, false, 0, 0, (60, 89))];
const TWO: &[Pattern] = &[
    pattern(22, true, 0, 0, (22, 39)),
    pattern(30, true, 0, 0, (45, 62)),
    pattern(22, true, 0, 0, (60, 85)),
    pattern(16, false, 1, 0, (26, 46)),
    pattern(10, false, 0, 1, (30, 58)),
];
const THREE: &[Pattern] =
    &[pattern(76, true, 1, 0, (25, 45)), pattern(14, true, 1, 0, (46, 60)), pattern(10, true, 0, 1, (30, 58))];
const FOUR: &[Pattern] = &[pattern(62, true, 2, 0, (27, 46)), pattern(38, true, 1, 1, (27, 50))];
const FIVE: &[Pattern] = &[pattern(55, true, 1, 2, (25, 48)), pattern(45, true, 2, 1, (28, 46))];
const SIX: &[Pattern] = &[pattern(100, true, 2, 2, (28, 45))];
const SEVEN: &[Pattern] = &[pattern(100, true, 3, 2, (30, 45))];

/// Households with exactly `spec.population` members in all; the last one is cut to fit.
pub(super) fn draw_sizes(spec: &Spec) -> Vec<Household> {
    let mut households = Vec::with_capacity(spec.population as usize * 10 / 25);
    let mut people = 0;
    while people < spec.population {
        let mut stream = Stream::new(spec.seed, Purpose::HouseholdSize, 0, households.len() as u32);
        let size = (stream.weighted(&SIZES) as u32 + 1).min(spec.population - people);
        households.push(Household {
            first_person: people,
            size: size as u8,
            unit: 0,
            floor: 0,
            room: 0,
            building: NONE,
        });
        people += size;
    }
    households
}

/// The day number of a birth for every age, so that a person of that age has had that many birthdays
/// on the first day.
pub(super) struct BirthDays {
    latest: Vec<u16>,
}

impl BirthDays {
    pub(super) fn new(spec: &Spec) -> BirthDays {
        let latest = (0..=110)
            .map(|age| {
                let year = spec.start.year() - age;
                // 29 February has no birthday in other years; 28 February is a day earlier and as good.
                let day = jiff::civil::Date::new(year, spec.start.month(), spec.start.day())
                    .or_else(|_| jiff::civil::Date::new(year, spec.start.month(), 28));
                day.map(crate::calendar::birth_day).unwrap_or(0)
            })
            .collect();
        BirthDays { latest }
    }

    fn draw(&self, age: u32, stream: &mut Stream) -> u16 {
        let latest = self.latest[(age as usize).min(self.latest.len() - 1)];
        latest.saturating_sub(stream.below(365) as u16)
    }
}

/// Fills the members of one household. What is drawn depends on the household's number alone.
pub(super) fn fill(spec: &Spec, number: u32, births: &BirthDays, members: &mut [Person]) {
    let mut stream = Stream::new(spec.seed, Purpose::HouseholdMembers, 0, number);
    let patterns = match members.len() {
        1 => ONE,
        2 => TWO,
        3 => THREE,
        4 => FOUR,
        5 => FIVE,
        6 => SIX,
        _ => SEVEN,
    };
    let chosen = choose(patterns, &mut stream);
    let head_age = stream.between(chosen.head.0, chosen.head.1);
    let head_sex = head_sex(chosen, head_age, &mut stream);
    let head_surname = names::draw_surname(&mut stream);
    let spouse_surname = names::draw_surname(&mut stream);
    let family_surname = if chosen.couple && head_sex == Sex::Female { spouse_surname } else { head_surname };
    let mut place = 0;
    let mut add = |age: u32, sex: Sex, surname: u8, relation: Relation, stream: &mut Stream| {
        if let Some(person) = members.get_mut(place) {
            *person = Person {
                household: number,
                group: NONE,
                born_day: births.draw(age, stream),
                bus_run: u16::MAX,
                sex,
                occupation: everyday(sex, age, stream),
                surname,
                relation,
            };
            place += 1;
        }
    };
    add(head_age, head_sex, head_surname, Relation::Head, &mut stream);
    if chosen.couple {
        let older = head_age + stream.below(4);
        let age = if head_sex == Sex::Male { head_age.saturating_sub(stream.below(4)).max(20) } else { older };
        add(age, head_sex.opposite(), spouse_surname, Relation::Spouse, &mut stream);
    }
    let mut child_age = head_age.saturating_sub(stream.between(23, 33));
    for _ in 0..chosen.children {
        let sex = if stream.below(1_000) < 527 { Sex::Male } else { Sex::Female };
        add(child_age, sex, family_surname, Relation::Child, &mut stream);
        child_age = child_age.saturating_sub(stream.between(1, 5));
    }
    let mut elder_sex = if stream.percent(58) { Sex::Female } else { Sex::Male };
    let elder_age = (head_age + stream.between(22, 31)).min(96);
    for _ in 0..chosen.elders {
        let surname = if elder_sex == Sex::Male { head_surname } else { names::draw_surname(&mut stream) };
        add(elder_age + stream.below(3), elder_sex, surname, Relation::Parent, &mut stream);
        elder_sex = elder_sex.opposite();
    }
}

fn choose(patterns: &'static [Pattern], stream: &mut Stream) -> &'static Pattern {
    let mut left = stream.below(patterns.iter().map(|p| p.weight).sum());
    for candidate in patterns {
        if left < candidate.weight {
            return candidate;
        }
        left -= candidate.weight;
    }
    &patterns[0]
}

fn head_sex(chosen: &Pattern, age: u32, stream: &mut Stream) -> Sex {
    let male = match (chosen.couple, age) {
        (true, _) => 85,
        (false, 60..) => 36,
        (false, _) => 54,
    };
    if stream.percent(male) { Sex::Male } else { Sex::Female }
}

/// What a person of that age does, before places are given out. Whoever works is an office worker
/// until a post is found. Retirement ages are those of 2022 (men 60, women 55 or 50).
fn everyday(sex: Sex, age: u32, stream: &mut Stream) -> Occupation {
    let chance = stream.below(100);
    let retires = if sex == Sex::Male { 60 } else { 54 };
    match age {
        0..3 => Occupation::ChildAtHome,
        3..6 if chance < 90 => Occupation::KindergartenChild,
        3..6 => Occupation::ChildAtHome,
        6..15 => Occupation::Pupil,
        15..18 if chance < 92 => Occupation::Pupil,
        18..22 if chance < 40 => Occupation::Student,
        15..18 => Occupation::Unemployed,
        _ if age >= retires && (age >= 68 || chance >= 14) => Occupation::Retired,
        _ if chance < 78 => Occupation::OfficeWorker,
        _ if sex == Sex::Female && chance < 93 => Occupation::Homemaker,
        _ => Occupation::Unemployed,
    }
}
