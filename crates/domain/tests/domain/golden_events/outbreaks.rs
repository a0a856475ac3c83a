use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Set,
    id::{CaseId, ExposureId, OutbreakId, PlaceId, SampleId},
    kernel::Event,
    noun::{case, outbreak, person::Identifier},
    pack::PackRef,
    when::When,
};

fn pack() -> PackRef {
    PackRef { pack_id: "cn-covid-8".to_owned(), version: 1 }
}

fn day(day: i8) -> Option<KnownDate> {
    KnownDate::parse(&format!("2022-03-{day:02}")).ok()
}

fn episode() -> case::Given {
    case::Given {
        identifiers: Some(vec![Identifier { kind: "line_list".to_owned(), number: "7".to_owned() }]),
        infected_on: day(1),
        onset_on: day(2),
        rash_onset_on: day(3),
        first_positive_on: day(4),
        reported_on: day(5),
        admitted_on: day(6),
        isolated_on: day(7),
        facility: Some(PlaceId(uuid(2, 1))),
        facility_name: Some("医院".to_owned()),
        outcome: Some(case::CaseOutcome::Recovered),
        outcome_on: day(8),
        reported_as: Some(case::Classification::Confirmed),
        reported_generation: Some(2),
        symptoms: Some(vec!["fever".to_owned()]),
        note: Some("备注".to_owned()),
    }
}

pub fn samples() -> Vec<Event> {
    let (outbreak, reinfection_of) = (OutbreakId(uuid(7, 1)), Some(CaseId(uuid(8, 2))));
    let outbreaks = [
        outbreak::Event::Declared(outbreak::Declared {
            id: outbreak,
            name: "泉州".to_owned(),
            disease: "covid".to_owned(),
            pack: pack(),
            time_zone: "Asia/Shanghai".to_owned(),
            code_mask: "QZ-0000".to_owned(),
            jurisdiction: DISTRICT,
        }),
        outbreak::Event::PackAdopted(outbreak::PackAdopted { pack: pack() }),
        outbreak::Event::Closed(outbreak::Closed {}),
    ];
    let findings = vec![
        case::Finding::Symptoms,
        case::Finding::NoSymptoms,
        case::Finding::Death,
        case::Finding::Exposure(ExposureId(uuid(9, 1))),
        case::Finding::EpidemiologicalLink(CaseId(uuid(8, 3))),
        case::Finding::PositiveSample(SampleId(uuid(10, 1))),
        case::Finding::PositiveResultReported,
        case::Finding::NegativeSample(SampleId(uuid(10, 2))),
        case::Finding::Review,
    ];
    let cases = [
        case::Event::Opened(case::Opened {
            id: CaseId(uuid(8, 1)),
            person: person_id(1),
            outbreak,
            jurisdiction: DISTRICT,
            number: 137,
            code: "QZ-0137".to_owned(),
            classification: case::Classification::Asymptomatic,
            findings: findings.clone(),
            pack: pack(),
            fields: episode().patch(),
            reinfection_of,
            infections_added: 1,
        }),
        case::Event::Corrected(case::Corrected { changes: case::Patch { note: Set::Clear, ..episode().patch() } }),
        case::Event::Reclassified(case::Reclassified {
            to: case::Classification::FalsePositive,
            findings,
            pack: pack(),
            valid_from: day(9),
            infections_added: -1,
        }),
        case::Event::StepRecorded(case::StepRecorded {
            step: case::InvestigationStep::CoreFacts,
            when: When::At(1_647_216_000_000),
        }),
        case::Event::FirstPositiveNoted(case::FirstPositiveNoted { on: day(4) }),
        case::Event::EnteredInError(case::EnteredInError { infections_added: -1 }),
    ];
    outbreaks.into_iter().map(Event::Outbreak).chain(cases.into_iter().map(Event::Case)).collect()
}
