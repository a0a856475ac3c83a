//! What an infection does to one person. Values are those of an Omicron BA.2-like virus: incubation
//! median 3 days, about a third of spread before onset, household attack rate near 40 % (domain.md
//! §1.7, Lyngse 2022). No immunity: everybody is susceptible once.

use serde::Serialize;

use crate::rng::{Purpose, Stream};

/// Days from infection to onset, 1 to 8, in a hundred.
const INCUBATION: [u32; 8] = [8, 22, 28, 20, 11, 6, 3, 2];
/// Infectiousness in percent of its peak, from two days before onset to eight after.
const INFECTIOUSNESS: [u32; 11] = [70, 100, 95, 70, 50, 35, 20, 12, 6, 3, 1];
/// Never any symptoms, in a hundred (Shang 2022: 32, Yu 2022: 26).
const ASYMPTOMATIC: u32 = 30;
/// What someone without symptoms spreads, in percent of someone with them. An estimate.
const ASYMPTOMATIC_SPREAD: u32 = 60;
/// A swab is positive from two days before onset to ten after, this often in a hundred.
const SENSITIVITY: u32 = 88;

/// Severity by clinical class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Asymptomatic,
    Mild,
    Moderate,
    Severe,
    Critical,
}

/// A symptom at onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Symptom {
    Fever,
    Cough,
    SoreThroat,
    Fatigue,
    Headache,
    RunnyNose,
    MuscleAche,
    Diarrhoea,
}

const SYMPTOMS: [(Symptom, u32); 8] = [
    (Symptom::Fever, 60),
    (Symptom::Cough, 55),
    (Symptom::SoreThroat, 50),
    (Symptom::Fatigue, 35),
    (Symptom::Headache, 25),
    (Symptom::RunnyNose, 30),
    (Symptom::MuscleAche, 20),
    (Symptom::Diarrhoea, 6),
];

/// The course of one infection, in days of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Course {
    /// When symptoms begin; for those who never have any, when they would have.
    pub turning_day: i32,
    pub severity: Severity,
    pub symptoms: Vec<Symptom>,
    /// First day on which others can be infected and a swab can be positive.
    pub infectious_from: i32,
    /// Whether and on which day the person dies.
    pub dies_on: Option<i32>,
}

impl Course {
    /// The course of the person's infection on a day.
    #[must_use]
    pub(super) fn draw(seed: u64, person: u32, age: u8, infected_day: i32) -> Course {
        let mut stream = Stream::new(seed, Purpose::NaturalHistory, 0, person);
        let turning_day = infected_day + stream.weighted(&INCUBATION) as i32 + 1;
        let severity = severity(age, &mut stream);
        let mut symptoms = Vec::new();
        if severity != Severity::Asymptomatic {
            symptoms.extend(SYMPTOMS.iter().filter(|row| stream.percent(row.1)).map(|row| row.0));
            if symptoms.is_empty() {
                symptoms.push(Symptom::SoreThroat);
            }
        }
        let fatal = severity == Severity::Critical && stream.percent(35);
        let dies_on = fatal.then(|| turning_day + stream.between(5, 12) as i32);
        Course { turning_day, severity, symptoms, infectious_from: (turning_day - 2).max(infected_day + 1), dies_on }
    }

    /// Day of onset; none without symptoms.
    #[must_use]
    pub fn onset_day(&self) -> Option<i32> {
        (self.severity != Severity::Asymptomatic).then_some(self.turning_day)
    }

    /// Infectiousness on a day in percent of the peak of someone with symptoms.
    #[must_use]
    pub fn infectiousness(&self, day: i32) -> u32 {
        if day < self.infectious_from {
            return 0;
        }
        let since = day - self.turning_day + 2;
        let profile = usize::try_from(since).ok().and_then(|index| INFECTIOUSNESS.get(index)).copied().unwrap_or(0);
        if self.severity == Severity::Asymptomatic { profile * ASYMPTOMATIC_SPREAD / 100 } else { profile }
    }

    /// Whether a swab of that day finds the virus.
    pub(super) fn swab_is_positive(&self, day: i32, stream: &mut Stream) -> bool {
        day >= self.infectious_from && day <= self.turning_day + 10 && stream.percent(SENSITIVITY)
    }
}

/// Severe disease rises with age; an estimate for a partly vaccinated population.
fn severity(age: u8, stream: &mut Stream) -> Severity {
    if stream.percent(ASYMPTOMATIC) {
        return Severity::Asymptomatic;
    }
    let (moderate, severe, critical) = match age {
        0..40 => (60, 2, 0),
        40..60 => (120, 8, 2),
        60..80 => (220, 40, 15),
        _ => (300, 90, 60),
    };
    match stream.below(1_000) {
        chance if chance < critical => Severity::Critical,
        chance if chance < critical + severe => Severity::Severe,
        chance if chance < critical + severe + moderate => Severity::Moderate,
        _ => Severity::Mild,
    }
}
