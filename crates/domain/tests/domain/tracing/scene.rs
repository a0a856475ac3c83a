//! An outbreak with people, and short ways to write its commands.

use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Change,
    id::{CaseId, ContactId, ExposureId, OutbreakId, PersonId, SampleId},
    noun::{case, contact, exposure, outbreak, sample},
    pack::{ExposureKind, Ring, Shelf, TestKind},
    when::When,
};
use jiff::civil::Date;

pub const DAY: i64 = 86_400_000;

pub fn outbreak_id() -> OutbreakId {
    OutbreakId(uuid(7, 1))
}

pub fn case_id(n: u64) -> CaseId {
    CaseId(uuid(4, n))
}

pub fn sample_id(n: u64) -> SampleId {
    SampleId(uuid(12, n))
}

pub fn exposure_id(n: u64) -> ExposureId {
    ExposureId(uuid(13, n))
}

pub fn contact_id(n: u64) -> ContactId {
    ContactId(uuid(14, n))
}

/// A desk at noon (Shanghai) of a day, with one outbreak under a shipped pack and `people` registered people.
pub fn outbreak(pack: &str, today: Date, people: u64) -> Desk {
    let mut desk = Desk::beginning(START - 60 * DAY);
    let reference = Shelf::shipped().packs().map(|pack| pack.reference()).find(|known| known.pack_id == pack);
    desk.accept(outbreak::Command::Declare {
        id: outbreak_id(),
        name: "泉州".to_owned(),
        disease: pack.to_owned(),
        pack: reference.expect("it is shipped"),
        time_zone: "Asia/Shanghai".to_owned(),
        code_mask: "QZ-0000".to_owned(),
        jurisdiction: DISTRICT,
    });
    for n in 1..=people {
        desk.register(n);
    }
    go_to(&mut desk, today);
    desk
}

/// Moves the clock to noon in Shanghai of a day.
pub fn go_to(desk: &mut Desk, day: Date) {
    desk.now = day.at(12, 0, 0, 0).in_tz("Asia/Shanghai").expect("the zone is known").timestamp().as_millisecond();
}

pub fn on(day: Date) -> KnownDate {
    KnownDate::day(day)
}

/// Opens case `n` of person `n` with a day of onset.
pub fn open(n: u64, onset: Option<Date>) -> case::Command {
    open_as(n, case::Classification::Unclassified, vec![], onset)
}

pub fn open_as(
    n: u64,
    classification: case::Classification,
    findings: Vec<case::Finding>,
    onset: Option<Date>,
) -> case::Command {
    case::Command::Open {
        id: case_id(n),
        person: person_id(n),
        outbreak: outbreak_id(),
        jurisdiction: DISTRICT,
        classification,
        findings,
        fields: case::Given { onset_on: onset.map(on), ..Default::default() },
        reinfection_of: None,
    }
}

pub fn classify(n: u64, to: case::Classification, findings: Vec<case::Finding>) -> case::Command {
    case::Command::Classify { id: case_id(n), to, findings, valid_from: None }
}

/// A change of the day of onset of case `n`.
pub fn move_onset(n: u64, seen: Option<Date>, to: Option<Date>) -> case::Command {
    let onset_on = Some(Change { seen: seen.map(on), to: to.map(on) });
    case::Command::Correct { id: case_id(n), changes: case::Changes { onset_on, ..Default::default() } }
}

pub fn collect(n: u64, person: PersonId, case: Option<CaseId>, day: Date) -> sample::Command {
    let fields = sample::Given { sampled: Some(When::On(on(day))), ..Default::default() };
    sample::Command::Collect { id: sample_id(n), person, case, outbreak: outbreak_id(), fields }
}

/// A verified PCR result of sample `n`, run on a day.
pub fn result(n: u64, result: sample::Verdict, day: Date) -> sample::Command {
    let fields = sample::ResultGiven {
        test: Some(TestKind::Pcr),
        result: Some(result),
        tested: Some(When::On(on(day))),
        laboratory_name: Some("市疾控".to_owned()),
        verified: Some(true),
        ..Default::default()
    };
    sample::Command::RecordResult { id: sample_id(n), fields }
}

/// Household exposure `n` of a person from a source, first to last day.
pub fn expose(
    n: u64,
    source: exposure::Source,
    person: PersonId,
    first: Option<Date>,
    last: Option<Date>,
) -> exposure::Command {
    let when = |day: Option<Date>| day.map(|day| When::On(on(day)));
    exposure::Command::Record {
        id: exposure_id(n),
        source,
        person,
        outbreak: outbreak_id(),
        fields: exposure::Given {
            first: when(first),
            last: when(last),
            kind: Some(ExposureKind::Household),
            ..Default::default()
        },
    }
}

pub fn from_case(n: u64) -> exposure::Source {
    exposure::Source::Case(case_id(n))
}

pub fn list(n: u64, person: PersonId, ring: Ring, exposures: &[u64]) -> contact::Command {
    contact::Command::List {
        id: contact_id(n),
        person,
        ring,
        exposures: exposures.iter().map(|n| exposure_id(*n)).collect(),
        fields: contact::Given::default(),
    }
}

pub fn entry(n: u64, day: Date, slot: Option<i64>, state: contact::Seen) -> contact::Command {
    let fields = contact::EntryGiven { on: Some(day), slot, state: Some(state), ..Default::default() };
    contact::Command::RecordFollowUp { id: contact_id(n), fields }
}

/// Last day of the plan of contact `n`.
pub fn last_day(desk: &Desk, n: u64) -> Option<Date> {
    desk.get::<contact::Contact>(contact_id(n)).judgement.plan.as_ref().map(contact::Plan::last_date)
}

pub fn status_of(desk: &Desk, n: u64) -> contact::Status {
    desk.get::<contact::Contact>(contact_id(n)).status()
}
