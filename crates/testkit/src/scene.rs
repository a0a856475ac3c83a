//! A small outbreak to begin with: one district, one outbreak, and commands about its people.

use domain::{
    date::KnownDate,
    id::{AccountId, CaseId, CommandId, JurisdictionId, OutbreakId, PersonId, StreamId},
    kernel::{Actor, Command, Envelope, group::Submission},
    noun::{case, jurisdiction, outbreak, person},
    pack::PackRef,
};
use uuid::Uuid;

/// The account that acts in tests.
pub const ACTOR: AccountId = AccountId(Uuid::from_u128(0xac));
/// The district.
pub const DISTRICT: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd1));
/// The outbreak.
pub const OUTBREAK: OutbreakId = OutbreakId(Uuid::from_u128(0x0b));

/// An envelope for a stream that follows from a decision already judged.
pub fn caused(id: u128, stream: StreamId, command: impl Into<Command>) -> Submission {
    Submission::caused(
        Actor { account: ACTOR },
        Envelope::new(CommandId(Uuid::from_u128(id)), stream, command.into()),
    )
}

/// The commands that make the district and the outbreak in `stream`.
pub fn beginning(stream: StreamId) -> Vec<Submission> {
    let define = jurisdiction::Command::Define {
        id: DISTRICT,
        hierarchy: "administrative".to_owned(),
        level: "district".to_owned(),
        parent: None,
        fields: jurisdiction::Given { code: Some("350503".to_owned()), ..Default::default() },
    };
    let declare = outbreak::Command::Declare {
        id: OUTBREAK,
        name: "Fengze 2022".to_owned(),
        disease: "covid-omicron-BA2".to_owned(),
        pack: shipped("cn-covid-8"),
        time_zone: "Asia/Shanghai".to_owned(),
        code_mask: "FZ-0000".to_owned(),
        jurisdiction: DISTRICT,
    };
    vec![caused(0xffff_0001, stream, define), caused(0xffff_0002, stream, declare)]
}

/// The shipped pack of this name.
pub fn shipped(name: &str) -> PackRef {
    let shelf = domain::pack::Shelf::shipped();
    let pack = shelf.packs().map(|pack| pack.reference()).find(|pack| pack.pack_id == name);
    pack.unwrap_or_else(|| panic!("{name} is a shipped pack"))
}

/// The `n`-th person's id.
pub fn person_id(n: u64) -> PersonId {
    PersonId(Uuid::from_u128(0x0001_0000_0000_0000_0000_0000_0000_0000 + u128::from(n)))
}

/// The `n`-th case's id.
pub fn case_id(n: u64) -> CaseId {
    CaseId(Uuid::from_u128(0x0002_0000_0000_0000_0000_0000_0000_0000 + u128::from(n)))
}

/// Registers the `n`-th person.
pub fn register(n: u64) -> person::Command {
    person::Command::Register {
        id: person_id(n),
        jurisdiction: DISTRICT,
        fields: person::Given {
            full_name: Some(format!("王测试{n}")),
            sex: Some(if n % 2 == 0 { person::Sex::Female } else { person::Sex::Male }),
            birth_date: KnownDate::parse(&format!("{}-0{}-1{}", 1930 + n % 80, 1 + n % 9, n % 9)).ok(),
            phones: Some(vec![format!("1110{n:07}")]),
            ..Default::default()
        },
        address: Some(person::AddressGiven {
            from: KnownDate::NotAsked,
            jurisdiction: DISTRICT,
            place: None,
            text: Some(format!("测试路{n}号")),
        }),
        household: None,
    }
}

/// Opens the `n`-th case for the `n`-th person.
pub fn open_case(n: u64) -> case::Command {
    case::Command::Open {
        id: case_id(n),
        person: person_id(n),
        outbreak: OUTBREAK,
        jurisdiction: DISTRICT,
        classification: case::Classification::Unclassified,
        findings: Vec::new(),
        fields: case::Given { onset_on: KnownDate::parse("2022-03-11").ok(), ..Default::default() },
        reinfection_of: None,
    }
}
