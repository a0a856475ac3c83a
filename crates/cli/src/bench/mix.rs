//! The commands of `bench write`: bytes as a client sends them, over a register of people that exists already.

use domain::{
    date::KnownDate,
    fields::Change,
    id::{CaseId, CommandId, ContactId, ExposureId, JurisdictionId, OutbreakId, PersonId, StreamId},
    kernel::{Command, Envelope},
    noun::{case, contact, exposure, jurisdiction, outbreak, person},
    pack::{ExposureKind, PackRef, Ring},
    when::When,
};
use jiff::civil::Date;
use std::collections::VecDeque;
use uuid::Uuid;

/// The district of the bench.
pub const DISTRICT: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd1));
/// The outbreak of the bench.
pub const OUTBREAK: OutbreakId = OutbreakId(Uuid::from_u128(0x0b));

/// Commands that make the district and its outbreak.
pub fn beginning(stream: StreamId, pack: PackRef) -> Vec<Envelope> {
    let define = jurisdiction::Command::Define {
        id: DISTRICT,
        hierarchy: "administrative".to_owned(),
        level: "district".to_owned(),
        parent: None,
        fields: jurisdiction::Given::default(),
    };
    let declare = outbreak::Command::Declare {
        id: OUTBREAK,
        name: "bench".to_owned(),
        disease: "covid".to_owned(),
        pack,
        time_zone: "Asia/Shanghai".to_owned(),
        code_mask: "B-000000".to_owned(),
        jurisdiction: DISTRICT,
    };
    vec![
        Envelope::new(CommandId(Uuid::from_u128(1)), stream, define.into()),
        Envelope::new(CommandId(Uuid::from_u128(2)), stream, declare.into()),
    ]
}

/// Deterministic numbers: the bench is the same on every run.
pub struct Mix {
    stream: StreamId,
    seed: u64,
    made: u64,
    commands: u64,
    today: Date,
    cases: Vec<CaseId>,
    listed: u64,
    unvisited: VecDeque<ContactId>,
}

impl Mix {
    /// A mix for a stream; `today` is the day of the outbreak's zone.
    pub fn new(stream: StreamId, today: Date) -> Self {
        Self {
            stream,
            seed: 0x9e37_79b9_7f4a_7c15,
            made: 0,
            commands: 0,
            today,
            cases: Vec::new(),
            listed: 0,
            unvisited: VecDeque::new(),
        }
    }

    fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014): keys come in no order.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.seed;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(
            (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes(),
        )
        .into_uuid()
    }

    fn envelope(&mut self, command: impl Into<Command>) -> Envelope {
        self.commands += 1;
        // Ids of commands as clients make them: a millisecond in front.
        let at = 1_647_216_000_000 + i64::try_from(self.commands / 50).unwrap_or(0);
        let mut id = self.uuid().into_bytes();
        id[..6].copy_from_slice(&at.to_be_bytes()[2..]);
        Envelope::new(CommandId(uuid::Builder::from_bytes(id).into_uuid()), self.stream, command.into())
    }

    /// The id of the `n`-th person of the register.
    pub fn person_of(n: u64) -> PersonId {
        let hash = blake3::hash(&n.to_be_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        PersonId(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// Registers the `n`-th person.
    pub fn register(&mut self, n: u64) -> Envelope {
        let command = person::Command::Register {
            id: Self::person_of(n),
            jurisdiction: DISTRICT,
            fields: Self::known(n),
            address: Some(Self::address(n)),
            household: None,
        };
        self.made = self.made.max(n + 1);
        self.envelope(command)
    }

    fn known(n: u64) -> person::Given {
        person::Given {
            full_name: Some(format!("王小{n}")),
            sex: Some(if n % 2 == 0 { person::Sex::Female } else { person::Sex::Male }),
            birth_date: KnownDate::parse(&format!("{}-{:02}-{:02}", 1930 + n % 90, 1 + n % 12, 1 + n % 28)).ok(),
            identifiers: Some(vec![person::Identifier { kind: "national_id".to_owned(), number: format!("999999{n:012}") }]),
            phones: Some(vec![format!("1110{n:07}")]),
            occupation: Some("teacher".to_owned()),
            ..Default::default()
        }
    }

    fn address(n: u64) -> person::AddressGiven {
        person::AddressGiven {
            from: KnownDate::NotAsked,
            jurisdiction: DISTRICT,
            place: None,
            text: Some(format!("丰泽区测试街道{}号{}单元", n % 900, n % 7)),
        }
    }

    /// The next act of the mix: 40 % a person with a case, 30 % an exposure with the contact listed from it, 20 % a
    /// follow-up entry, 10 % a correction or an entry in error; one act in a hundred is refused.
    pub fn next_commands(&mut self, population: u64, into: &mut Vec<Envelope>) {
        match self.next() % 100 {
            0..40 => self.person_and_case(population, into),
            40..70 => self.exposure_and_contact(population, into),
            70..90 => match self.unvisited.pop_front() {
                Some(id) => {
                    let visit = self.visit(id);
                    into.push(visit);
                }
                None => self.exposure_and_contact(population, into),
            },
            draw => {
                let correction = self.correction(population, draw == 99);
                into.push(correction);
            }
        }
    }

    fn person_and_case(&mut self, population: u64, into: &mut Vec<Envelope>) {
        let n = self.made.max(population);
        let register = self.register(n);
        into.push(register);
        let id = CaseId(self.uuid());
        let command = case::Command::Open {
            id,
            person: Self::person_of(n),
            outbreak: OUTBREAK,
            jurisdiction: DISTRICT,
            classification: case::Classification::Unclassified,
            findings: Vec::new(),
            fields: case::Given {
                onset_on: Some(self.days_ago(3)),
                reported_on: Some(self.days_ago(1)),
                reported_as: Some(case::Classification::Confirmed),
                symptoms: Some(vec!["fever".to_owned(), "cough".to_owned()]),
                ..Default::default()
            },
            reinfection_of: None,
        };
        self.cases.push(id);
        into.push(self.envelope(command));
    }

    fn exposure_and_contact(&mut self, population: u64, into: &mut Vec<Envelope>) {
        if self.cases.is_empty() || self.listed >= population {
            return self.person_and_case(population, into);
        }
        let drawn = self.next() as usize % self.cases.len();
        let case = self.cases[drawn];
        // Each person is listed once; a stride coprime to any register visits them in no order.
        let person = Self::person_of(self.listed.wrapping_mul(7_919) % population);
        self.listed += 1;
        let (exposure, contact) = (ExposureId(self.uuid()), ContactId(self.uuid()));
        let record = exposure::Command::Record {
            id: exposure,
            source: exposure::Source::Case(case),
            person,
            outbreak: OUTBREAK,
            fields: exposure::Given {
                first: Some(When::On(self.days_ago(3))),
                last: Some(When::On(self.days_ago(2))),
                minutes: Some(90),
                kind: Some(ExposureKind::Household),
                setting: Some("同住".to_owned()),
                ..Default::default()
            },
        };
        into.push(self.envelope(record));
        let list = contact::Command::List {
            id: contact,
            person,
            ring: Ring::Ring1,
            exposures: vec![exposure],
            fields: contact::Given::default(),
        };
        into.push(self.envelope(list));
        self.unvisited.push_back(contact);
    }

    fn visit(&mut self, id: ContactId) -> Envelope {
        let fields = contact::EntryGiven {
            on: Some(self.today),
            state: Some(contact::Seen::SeenWell),
            mode: Some(contact::Mode::Visit),
            ..Default::default()
        };
        self.envelope(contact::Command::RecordFollowUp { id, fields })
    }

    fn correction(&mut self, population: u64, refused: bool) -> Envelope {
        let stale = Change { seen: Some("nobody".to_owned()), to: Some("nurse".to_owned()) };
        let latin = Change { seen: None, to: Some(format!("Wang {}", self.commands)) };
        let command = person::Command::Correct {
            id: Self::person_of(self.next() % population.max(1)),
            changes: person::Changes {
                occupation: refused.then_some(stale),
                latin_name: (!refused).then_some(latin),
                ..Default::default()
            },
        };
        self.envelope(command)
    }

    fn days_ago(&self, days: i64) -> KnownDate {
        KnownDate::day(self.today.saturating_sub(jiff::Span::new().days(days)))
    }
}
