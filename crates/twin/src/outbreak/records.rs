//! What the response writes down: cases, exposures and contacts, with instants in milliseconds UTC.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::district::{NONE, World};
use crate::rng::{Purpose, Stream};

use super::OutbreakSpec;
use super::mixing::Setting;
use super::natural_history::{Severity, Symptom};
use super::response::{Found, Named, Response, SampleReason};
use super::transmission::{Infection, Spread};

/// How a case is classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    Confirmed,
    Asymptomatic,
}

/// Where a case is isolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    DesignatedHospital,
    IsolationSite,
}

/// How the case stands when the records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    InCare,
    Recovered,
    Died,
}

/// A reported case. Fields that begin with `true_` are the hidden truth and belong in no record of the response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseRecord {
    pub person: u32,
    /// At the report: asymptomatic when there were no symptoms yet.
    pub classification: Classification,
    /// When symptoms came after an asymptomatic report (the conversion adds no infection, F76).
    pub converted_at: Option<i64>,
    /// None for those who had no symptoms before the records end.
    pub onset: Option<Date>,
    pub symptoms: Vec<Symptom>,
    pub severity: Severity,
    pub sample_reason: SampleReason,
    pub sampled_at: i64,
    pub reported_at: i64,
    pub isolated_at: i64,
    pub placement: Placement,
    /// Cycle threshold of the first positive swab in tenths.
    pub ct_tenths: u16,
    /// Already under quarantine when sampled.
    pub under_control: bool,
    /// The contact who became this case.
    pub contact: Option<u32>,
    /// The case named as the source by the investigation, with its setting.
    pub source: Option<(u32, Setting)>,
    pub outcome: Outcome,
    /// Of recovery or death.
    pub outcome_at: Option<i64>,
    pub true_infected_at: i64,
    pub true_infector: Option<u32>,
    pub true_setting: Setting,
}

/// Meetings of a case with one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExposureRecord {
    pub case: u32,
    pub person: u32,
    /// None when the person was a reported case before being named.
    pub contact: Option<u32>,
    pub setting: Setting,
    /// An index of `World::places`; none at home.
    pub place: Option<u32>,
    pub first_exposure_at: i64,
    pub last_exposure_at: i64,
    /// Minutes together, all meetings.
    pub minutes: u32,
    pub meetings: u32,
    pub named_at: i64,
}

/// Close contact or general contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    Close,
    General,
}

/// Why a contact is not followed any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The interview had the day or the person wrong.
    ExposureRuledOut,
    /// Left the city and was handed over.
    MovedAway,
}

/// How monitoring of a contact stands when the records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum ContactEnd {
    UnderFollowUp,
    Completed { at: i64 },
    BecameCase { case: u32, at: i64 },
    Dropped { reason: DropReason, at: i64 },
    LostToFollowUp { at: i64 },
}

/// A person named by one or more cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactRecord {
    pub person: u32,
    /// The closest ring of any exposure.
    pub ring: Ring,
    /// First naming.
    pub named_at: i64,
    pub last_exposure_at: i64,
    /// Start of quarantine; close contacts only.
    pub quarantined_at: Option<i64>,
    /// Last day of monitoring by the specification's term after the last exposure.
    pub monitor_until: Date,
    pub end: ContactEnd,
}

pub(super) struct Written {
    pub cases: Vec<CaseRecord>,
    pub exposures: Vec<ExposureRecord>,
    pub contacts: Vec<ContactRecord>,
}

/// All records of an outbreak that has run.
pub(super) fn write(world: &World, spec: &OutbreakSpec, spread: &Spread, response: &Response<'_>) -> Written {
    let case_of = response.case_by_person(world.people().len());
    let mut named: Vec<&Named> = response.named.iter().collect();
    named.sort_by_key(|row| (row.named, row.case, row.person));
    let mut contacts: Vec<ContactRecord> = Vec::new();
    let mut contact_of: BTreeMap<u32, u32> = BTreeMap::new();
    let mut exposures = Vec::with_capacity(named.len());
    for row in named {
        let case = case_of[row.person as usize];
        let known_case = case != NONE && response.cases[case as usize].reported <= row.named;
        // A contact who has become a case is not a contact again.
        let contact = match contact_of.get(&row.person) {
            Some(contact) if !known_case => Some(*contact),
            None if !known_case => {
                contacts.push(new_contact(world, row));
                contact_of.insert(row.person, contacts.len() as u32 - 1);
                Some(contacts.len() as u32 - 1)
            }
            _ => None,
        };
        if let Some(contact) = contact {
            let record = &mut contacts[contact as usize];
            record.last_exposure_at = record.last_exposure_at.max(world.clock().instant(row.last));
            let until = world.clock().date(row.last.div_euclid(1_440) + spec.follow_up_days as i32);
            record.monitor_until = record.monitor_until.max(until);
            if row.setting.is_close() {
                record.ring = Ring::Close;
                record.quarantined_at = response.quarantined.get(&row.person).map(|at| world.clock().instant(*at));
            }
        }
        exposures.push(exposure(world, row, contact));
    }
    let mut cases: Vec<CaseRecord> = response
        .cases
        .iter()
        .map(|found| case_record(world, spec, found, &spread.infections[found.infection as usize]))
        .collect();
    link(world, spread, &mut cases, &case_of, &contact_of, &exposures);
    for (index, case) in (0_u32..).zip(&cases) {
        if let Some(contact) = case.contact {
            contacts[contact as usize].end = ContactEnd::BecameCase { case: index, at: case.reported_at };
        }
    }
    Written { cases, exposures, contacts }
}

fn new_contact(world: &World, row: &Named) -> ContactRecord {
    let clock = world.clock();
    ContactRecord {
        person: row.person,
        ring: Ring::General,
        named_at: clock.instant(row.named),
        last_exposure_at: clock.instant(row.last),
        quarantined_at: None,
        monitor_until: clock.date(0),
        end: ContactEnd::UnderFollowUp,
    }
}

fn exposure(world: &World, row: &Named, contact: Option<u32>) -> ExposureRecord {
    let clock = world.clock();
    ExposureRecord {
        case: row.case,
        person: row.person,
        contact,
        setting: row.setting,
        place: row.place,
        first_exposure_at: clock.instant(row.first),
        last_exposure_at: clock.instant(row.last),
        minutes: row.minutes as u32,
        meetings: row.meetings,
        named_at: clock.instant(row.named),
    }
}

fn case_record(world: &World, spec: &OutbreakSpec, found: &Found, infection: &Infection) -> CaseRecord {
    let clock = world.clock();
    let course = &infection.course;
    let mut stream = Stream::new(world.spec().seed, Purpose::Course, 0, found.person);
    let report_day = found.reported.div_euclid(1_440);
    let onset_day = course.onset_day().filter(|day| *day < spec.days as i32);
    let before_report = onset_day.is_some_and(|day| day <= report_day);
    let classification = if before_report { Classification::Confirmed } else { Classification::Asymptomatic };
    let converted_at = onset_day
        .filter(|day| *day > report_day)
        .map(|day| day * 1_440 + stream.between(540, 1_200) as i32)
        .map(|minute| clock.instant(minute));
    let severity = if onset_day.is_some() { course.severity } else { Severity::Asymptomatic };
    let (outcome, outcome_at) = outcome(spec, found, infection, &mut stream);
    let since = (found.sampled.div_euclid(1_440) - course.turning_day).unsigned_abs();
    CaseRecord {
        person: found.person,
        classification,
        converted_at,
        onset: onset_day.map(|day| clock.date(day)),
        symptoms: if onset_day.is_some() { course.symptoms.clone() } else { Vec::new() },
        severity,
        sample_reason: found.reason,
        sampled_at: clock.instant(found.sampled),
        reported_at: clock.instant(found.reported),
        isolated_at: clock.instant(found.isolated),
        placement: match severity {
            Severity::Asymptomatic | Severity::Mild => Placement::IsolationSite,
            _ => Placement::DesignatedHospital,
        },
        // Lowest about onset and rising by two cycles a day.
        ct_tenths: ((175 + since * 20).min(345) + stream.below(50)) as u16,
        under_control: found.under_control,
        contact: None,
        source: None,
        outcome,
        outcome_at: outcome_at.map(|minute| clock.instant(minute)),
        true_infected_at: infection.infected_at(clock),
        true_infector: None,
        true_setting: infection.setting,
    }
}

/// Recovery after seven to twelve days from the later of onset and swab; death as the course has it.
fn outcome(spec: &OutbreakSpec, found: &Found, infection: &Infection, stream: &mut Stream) -> (Outcome, Option<i32>) {
    let hour = stream.between(540, 1_080) as i32;
    let term = stream.between(7, 12) as i32;
    if let Some(day) = infection.course.dies_on {
        let minute = (day * 1_440 + hour).max(found.isolated + 60);
        return if minute < spec.end_minute() { (Outcome::Died, Some(minute)) } else { (Outcome::InCare, None) };
    }
    let from = found.sampled.div_euclid(1_440).max(infection.course.turning_day);
    let minute = (from + term) * 1_440 + hour;
    if minute < spec.end_minute() { (Outcome::Recovered, Some(minute)) } else { (Outcome::InCare, None) }
}

/// Infectors (truth), sources (what the investigation finds in nine of ten recorded links) and the
/// contacts who became cases.
fn link(
    world: &World,
    spread: &Spread,
    cases: &mut [CaseRecord],
    case_of: &[u32],
    contact_of: &BTreeMap<u32, u32>,
    exposures: &[ExposureRecord],
) {
    let recorded: BTreeMap<(u32, u32), Setting> =
        exposures.iter().map(|row| ((row.case, row.person), row.setting)).collect();
    for case in cases.iter_mut() {
        let infection = &spread.infections[spread.of_person[case.person as usize] as usize];
        let infector = infection.infector.map(|index| spread.infections[index as usize].person);
        case.true_infector = infector;
        case.contact = contact_of.get(&case.person).copied();
        let mut stream = Stream::new(world.spec().seed, Purpose::CaseInterview, 0, case.person);
        let found = stream.percent(90);
        let source = infector.map(|person| case_of[person as usize]).filter(|source| *source != NONE);
        case.source = source
            .and_then(|source| recorded.get(&(source, case.person)).map(|setting| (source, *setting)))
            .filter(|_| found);
    }
}
