//! The exercise as commands: what staff would have entered, in the order they would have entered it. Hidden truth
//! (fields that begin with `true_`) is never read here.

use crate::{
    Outbreak, World,
    district::{Jurisdiction, Level, Sex},
    outbreak::{Classification, FollowUpOutcome, Ring, Setting},
};
use domain::{
    access::{Assignee, Task},
    date::KnownDate,
    id::{self, AccountId, AssignmentId, CaseId, ContactId, ExposureId, HouseholdId, JurisdictionId, OutbreakId, PersonId, SampleId},
    kernel::Command,
    noun::{assignment, case, contact, exposure, household, jurisdiction, outbreak, person, sample},
    pack::{ExposureKind, PackRef, Ring as PackRing, TestKind},
    when::When,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One command with the instant at which it is entered, milliseconds UTC.
pub type Line = (i64, Command);

/// Makes the commands of one world.
pub struct Script<'a> {
    world: &'a World,
    outbreak: &'a Outbreak,
    areas: BTreeMap<String, JurisdictionId>,
    city: JurisdictionId,
    begins_at: i64,
}

impl<'a> Script<'a> {
    /// A script whose register is entered at `begins_at`.
    pub fn new(world: &'a World, outbreak: &'a Outbreak, begins_at: i64) -> Self {
        let mut script = Self { world, outbreak, areas: BTreeMap::new(), city: JurisdictionId(Uuid::nil()), begins_at };
        for (n, area) in (0u32..).zip(world.jurisdictions()) {
            let id = JurisdictionId(script.id(1, n));
            if area.parent_code.is_none() {
                script.city = id;
            }
            script.areas.insert(area.code, id);
        }
        script
    }

    /// The city: the area above all others.
    pub fn city(&self) -> JurisdictionId {
        self.city
    }

    /// The outbreak's id.
    pub fn outbreak_id(&self) -> OutbreakId {
        OutbreakId(self.id(2, 0))
    }

    fn id(&self, noun: u32, n: u32) -> Uuid {
        let cause = Uuid::from_u128(u128::from(self.world.spec().seed) << 32 | u128::from(noun));
        id::sequenced(cause, n, noun as u8, self.begins_at)
    }

    fn area(&self, code: &str) -> JurisdictionId {
        self.areas.get(code).copied().unwrap_or(self.city)
    }

    /// Work given out before the first case: to each account, for its task, the street that will have most cases.
    pub fn assignments(&self, work: impl IntoIterator<Item = (AccountId, Task)>) -> Vec<Line> {
        let homes: Vec<String> =
            self.outbreak.cases.iter().map(|case| self.world.person(case.person).building_code).collect();
        let streets = self.world.jurisdictions().into_iter().filter(|area| area.level == Level::Street);
        let ill = |street: &Jurisdiction| homes.iter().filter(|home| home.starts_with(&street.code)).count();
        let street = streets.max_by_key(ill).map_or(self.city, |street| self.area(&street.code));
        let assign = |(n, (account, task)): (u32, (AccountId, Task))| {
            let command = assignment::Command::Assign {
                id: AssignmentId(self.id(9, n)),
                work: assignment::Work::Area(street),
                to: Assignee::Account(account.0),
                task,
                from: None,
                until: None,
            };
            (self.begins_at, command.into())
        };
        (0u32..).zip(work).map(assign).collect()
    }

    /// Areas, households and the register of the whole population.
    pub fn register(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (n, area) in (0u32..).zip(self.world.jurisdictions()) {
            let names = BTreeMap::from([("zh".to_owned(), area.name_zh), ("en".to_owned(), area.name_en)]);
            lines.push(jurisdiction::Command::Define {
                id: JurisdictionId(self.id(1, n)),
                hierarchy: "administrative".to_owned(),
                level: format!("{:?}", area.level).to_lowercase(),
                parent: area.parent_code.map(|code| self.area(&code)),
                fields: jurisdiction::Given {
                    code: Some(area.code),
                    names: Some(names),
                    latitude_microdegrees: Some(i64::from(area.centre_e6.0)),
                    longitude_microdegrees: Some(i64::from(area.centre_e6.1)),
                    residents: Some(i64::from(area.population)),
                    ..Default::default()
                },
            }.into());
        }
        for n in 0..self.world.people().len() as u32 {
            lines.push(self.person(n));
        }
        lines.into_iter().map(|command: Command| (self.begins_at, command)).collect()
    }

    fn person(&self, n: u32) -> Command {
        let record = self.world.person(n);
        let area = self.area(&record.building_code);
        person::Command::Register {
            id: PersonId(self.id(3, n)),
            jurisdiction: area,
            fields: person::Given {
                full_name: Some(record.name.chinese()),
                latin_name: Some(record.name.latin()),
                sex: Some(if record.sex == Sex::Female { person::Sex::Female } else { person::Sex::Male }),
                birth_date: Some(KnownDate::day(record.born)),
                identifiers: Some(vec![person::Identifier { kind: "national_id".to_owned(), number: record.id_number }]),
                phones: Some(vec![record.phone]),
                languages: Some(vec!["zh".to_owned()]),
                health_worker: Some(record.health_worker),
                ..Default::default()
            },
            address: Some(person::AddressGiven {
                from: KnownDate::NotAsked,
                jurisdiction: area,
                place: None,
                text: Some(record.address.chinese()),
            }),
            household: Some(HouseholdId(self.id(4, record.household))),
        }
        .into()
    }

    /// Households, each in its building.
    pub fn households(&self) -> Vec<Line> {
        let mut seen = std::collections::BTreeSet::new();
        let mut lines = Vec::new();
        for n in 0..self.world.people().len() as u32 {
            let household = self.world.people()[n as usize].household;
            if seen.insert(household) {
                let code = self.world.building_code(self.world.building_of(n));
                let command = household::Command::Establish {
                    id: HouseholdId(self.id(4, household)),
                    dwelling: None,
                    jurisdiction: self.area(&code),
                    fields: household::Given::default(),
                };
                lines.push((self.begins_at, command.into()));
            }
        }
        lines
    }

    /// The declaration of the outbreak.
    pub fn declaration(&self, pack: PackRef) -> Line {
        let declare = outbreak::Command::Declare {
            id: self.outbreak_id(),
            name: "Exercise 演练".to_owned(),
            disease: "covid-omicron-BA2".to_owned(),
            pack,
            time_zone: "Asia/Shanghai".to_owned(),
            code_mask: "EX-0000".to_owned(),
            jurisdiction: self.city,
        };
        (self.begins_at, declare.into())
    }

    /// The outbreak, day by day, in the order of entry.
    pub fn days(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for (n, record) in (0u32..).zip(&self.outbreak.cases) {
            self.case(n, record, &mut lines);
        }
        let mut listed = std::collections::BTreeSet::new();
        for (n, record) in (0u32..).zip(&self.outbreak.exposures) {
            self.exposure(n, record, &mut listed, &mut lines);
        }
        for entry in &self.outbreak.follow_up {
            let fields = contact::EntryGiven {
                on: Some(entry.date),
                state: Some(seen(entry.outcome)),
                mode: Some(contact::Mode::Visit),
                temperature_tenths: entry.temperature_tenths.map(i64::from),
                ..Default::default()
            };
            let id = ContactId(self.id(7, entry.contact));
            lines.push((entry.at, contact::Command::RecordFollowUp { id, fields }.into()));
        }
        // Stable: what is entered in one instant stays in the order in which it follows from itself.
        lines.sort_by_key(|(at, _)| *at);
        lines
    }

    fn case(&self, n: u32, record: &crate::outbreak::CaseRecord, lines: &mut Vec<Line>) {
        let person = PersonId(self.id(3, record.person));
        let (case, sample) = (CaseId(self.id(5, n)), SampleId(self.id(8, n)));
        let code = self.world.building_code(self.world.building_of(record.person));
        let collect = sample::Command::Collect {
            id: sample,
            person,
            case: None,
            outbreak: self.outbreak_id(),
            fields: sample::Given { sampled: Some(When::At(record.sampled_at)), ..Default::default() },
        };
        lines.push((record.sampled_at, collect.into()));
        let result = sample::Command::RecordResult {
            id: sample,
            fields: sample::ResultGiven {
                test: Some(TestKind::Pcr),
                result: Some(sample::Verdict::Positive),
                tested: Some(When::At(record.reported_at)),
                laboratory_name: Some("区疾控实验室".to_owned()),
                verified: Some(true),
                ..Default::default()
            },
        };
        lines.push((record.reported_at, result.into()));
        let confirmed = record.classification == Classification::Confirmed;
        let signs = if confirmed { case::Finding::Symptoms } else { case::Finding::NoSymptoms };
        let open = case::Command::Open {
            id: case,
            person,
            outbreak: self.outbreak_id(),
            jurisdiction: self.area(&code),
            classification: if confirmed { case::Classification::Confirmed } else { case::Classification::Asymptomatic },
            findings: vec![case::Finding::PositiveSample(sample), signs],
            fields: case::Given {
                // Whoever is without symptoms at the report has no onset yet.
                onset_on: record.onset.filter(|_| confirmed).map(KnownDate::day),
                reported_on: self.day(record.reported_at),
                isolated_on: self.day(record.isolated_at.min(record.reported_at)),
                ..Default::default()
            },
            reinfection_of: None,
        };
        lines.push((record.reported_at, open.into()));
        if let (Some(at), Some(onset)) = (record.converted_at, record.onset) {
            let changes = case::Changes {
                onset_on: Some(domain::fields::Change { seen: None, to: Some(KnownDate::day(onset)) }),
                ..Default::default()
            };
            lines.push((at, case::Command::Correct { id: case, changes }.into()));
            let findings = vec![case::Finding::PositiveSample(sample), case::Finding::Symptoms];
            let to = case::Classification::Confirmed;
            lines.push((at, case::Command::Classify { id: case, to, findings, valid_from: None }.into()));
        }
    }

    fn exposure(
        &self,
        n: u32,
        record: &crate::outbreak::ExposureRecord,
        listed: &mut std::collections::BTreeSet<u32>,
        lines: &mut Vec<Line>,
    ) {
        let exposure = ExposureId(self.id(6, n));
        let person = PersonId(self.id(3, record.person));
        let command = exposure::Command::Record {
            id: exposure,
            source: exposure::Source::Case(CaseId(self.id(5, record.case))),
            person,
            outbreak: self.outbreak_id(),
            fields: exposure::Given {
                first: Some(When::At(record.first_exposure_at)),
                last: Some(When::At(record.last_exposure_at)),
                minutes: Some(i64::from(record.minutes)),
                kind: Some(kind(record.setting)),
                ..Default::default()
            },
        };
        lines.push((record.named_at, command.into()));
        let Some(number) = record.contact else { return };
        let id = ContactId(self.id(7, number));
        let ring = match self.outbreak.contacts.get(number as usize).map(|contact| contact.ring) {
            Some(Ring::Close) => PackRing::Ring1,
            _ => PackRing::General,
        };
        let command = if listed.insert(number) {
            contact::Command::List { id, person, ring, exposures: vec![exposure], fields: contact::Given::default() }
        } else {
            contact::Command::AddExposure { id, exposure, ring: None }
        };
        lines.push((record.named_at, command.into()));
    }

    fn day(&self, at: i64) -> Option<KnownDate> {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").ok()?;
        let instant = jiff::Timestamp::from_millisecond(at).ok()?;
        Some(KnownDate::day(zone.to_datetime(instant).date()))
    }
}

fn kind(setting: Setting) -> ExposureKind {
    match setting {
        Setting::Household => ExposureKind::Household,
        Setting::School => ExposureKind::SchoolClass,
        Setting::Work => ExposureKind::Workplace,
        Setting::Meal => ExposureKind::SharedMeal,
        Setting::Visit => ExposureKind::NearUnprotected,
        Setting::Bus => ExposureKind::Conveyance,
        Setting::Building | Setting::Market | Setting::Imported => ExposureKind::PublicPlace,
    }
}

fn seen(outcome: FollowUpOutcome) -> contact::Seen {
    match outcome {
        FollowUpOutcome::SeenWell => contact::Seen::SeenWell,
        FollowUpOutcome::SeenIll => contact::Seen::SeenIll,
        FollowUpOutcome::Refused => contact::Seen::Refused,
        FollowUpOutcome::Missed => contact::Seen::Missed,
        _ => contact::Seen::NotAttempted,
    }
}
