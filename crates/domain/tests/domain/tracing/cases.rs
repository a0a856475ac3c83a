use super::scene::*;
use crate::desk::*;
use domain::{
    fields::Change,
    kernel::{Event, Outcome},
    noun::{
        case::{self, Case, Classification::*, Finding, InvestigationStep},
        sample::Verdict::*,
    },
    pack::Shelf,
    refusal::Answer,
    when::{When, zone},
};
use jiff::civil::date;

/// Infections as the journal adds them up.
fn infections(desk: &Desk) -> i64 {
    let events = desk.memory.journal().iter().map(|entry| &entry.happened.event);
    events
        .map(|event| match event {
            Event::Case(case::Event::Opened(opened)) => opened.infections_added,
            Event::Case(case::Event::Reclassified(step)) => step.infections_added,
            Event::Case(case::Event::EnteredInError(error)) => error.infections_added,
            _ => 0,
        })
        .sum()
}

fn with_positive(desk: &mut Desk, n: u64) -> Finding {
    desk.accept(collect(n, person_id(n), None, date(2022, 3, 18)));
    desk.accept(result(n, Positive, date(2022, 3, 19)));
    Finding::PositiveSample(sample_id(n))
}

#[test]
fn vector_9_a_conversion_adds_no_infection() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 1);
    let positive = with_positive(&mut desk, 1);
    desk.accept(open_as(1, Asymptomatic, vec![Finding::NoSymptoms, positive], None));
    assert_eq!(infections(&desk), 1);
    let Outcome::Declined(refusal) = desk.send(classify(1, Confirmed, vec![positive])) else { panic!("signs lack") };
    assert_eq!(refusal.rule, "no_finding");
    assert!(refusal.pointers.iter().any(|pointer| pointer == "findings/symptoms"), "{refusal:?}");
    desk.accept(classify(1, Confirmed, vec![Finding::Symptoms, positive]));
    assert_eq!(infections(&desk), 1, "F76: one person, one infection");
    assert!(desk.get::<Case>(case_id(1)).counts);
    assert_eq!(
        desk.refused(classify(1, Asymptomatic, vec![Finding::NoSymptoms, positive])),
        "transition_not_in_pack"
    );
    desk.accept(case::Command::MarkEnteredInError { id: case_id(1) });
    assert_eq!(infections(&desk), 0);
    desk.assert_replays();
}

#[test]
fn nobody_is_listed_on_a_word_alone() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 2);
    let told = vec![Finding::Symptoms, Finding::PositiveResultReported];
    assert_eq!(desk.refused(open_as(1, Confirmed, told, None)), "no_finding");
    assert_eq!(desk.refused(open_as(1, Confirmed, vec![], None)), "no_finding");
    assert_eq!(desk.refused(open_as(1, NotACase, vec![Finding::Review], None)), "transition_not_in_pack");
    let unknown = vec![Finding::Symptoms, Finding::PositiveSample(sample_id(7))];
    assert_eq!(desk.waits(open_as(1, Confirmed, unknown, None)), [sample_id(7).0]);
    let other = with_positive(&mut desk, 2);
    assert_eq!(desk.refused(open_as(1, Confirmed, vec![Finding::Symptoms, other], None)), "wrong_person");
    let case::Command::Open { id, person, outbreak, jurisdiction, fields, .. } = open(1, None) else { panic!() };
    desk.accept(case::Command::Open {
        id,
        person,
        outbreak,
        jurisdiction,
        classification: Unclassified,
        findings: vec![],
        fields: case::Given { reported_as: Some(Confirmed), ..fields },
        reinfection_of: None,
    });
    let case = desk.get::<Case>(case_id(1));
    assert_eq!((case.classification(), case.counts), (Unclassified, false), "reported as, and no more");
    assert_eq!(infections(&desk), 0);
}

#[test]
fn a_finding_of_a_merged_record_is_of_the_same_person() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 2);
    let positive = with_positive(&mut desk, 2);
    desk.accept(domain::noun::person::Command::MergeInto { id: person_id(2), kept: person_id(1) });
    desk.accept(open_as(1, Confirmed, vec![Finding::Symptoms, positive], None));
    desk.assert_replays();
}

#[test]
fn a_negative_too_soon_or_unverified_excludes_nobody() {
    let mut desk = outbreak("who-ebola", date(2022, 3, 20), 1);
    desk.accept(open_as(1, Suspect, vec![Finding::Symptoms], Some(date(2022, 3, 15))));
    let rules_out = |n| classify(1, NotACase, vec![Finding::NegativeSample(sample_id(n))]);
    for (n, day) in [(1, 17), (2, 18)] {
        desk.accept(collect(n, person_id(1), Some(case_id(1)), date(2022, 3, day)));
        desk.accept(result(n, Negative, date(2022, 3, 19)));
    }
    assert_eq!(desk.refused(rules_out(1)), "negative_too_early", "48 hours after onset");
    desk.accept(collect(3, person_id(1), Some(case_id(1)), date(2022, 3, 19)));
    let domain::noun::sample::Command::RecordResult { id, fields } = result(3, Negative, date(2022, 3, 19)) else {
        panic!()
    };
    let unverified = domain::noun::sample::ResultGiven { verified: None, ..fields };
    desk.accept(domain::noun::sample::Command::RecordResult { id, fields: unverified });
    assert_eq!(desk.refused(rules_out(3)), "unverified_negative");
    desk.accept(rules_out(2));
    assert_eq!(desk.get::<Case>(case_id(1)).classification(), NotACase);
}

#[test]
fn a_reinfection_needs_the_packs_interval() {
    let mut desk = outbreak("cn-covid-9", date(2022, 12, 1), 1);
    desk.accept(open(1, Some(date(2022, 7, 1))));
    assert_eq!(desk.refused(again(None, date(2022, 11, 1))), "open_case_exists");
    assert_eq!(desk.refused(again(Some(1), date(2022, 9, 28))), "reinfection_too_soon");
    desk.accept(again(Some(1), date(2022, 9, 29)));
}

fn again(earlier: Option<u64>, onset: jiff::civil::Date) -> case::Command {
    let case::Command::Open { person, outbreak, jurisdiction, classification, findings, fields, .. } =
        open(1, Some(onset))
    else {
        panic!()
    };
    let reinfection_of = earlier.map(case_id);
    case::Command::Open {
        id: case_id(2),
        person,
        outbreak,
        jurisdiction,
        classification,
        findings,
        fields,
        reinfection_of,
    }
}

#[test]
fn the_investigations_clock_counts_from_the_report() {
    const HOUR: i64 = 3_600_000;
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 1);
    desk.accept(open(1, None));
    let reported = desk.now - 10 * HOUR;
    let record = |step, at, seen| case::Command::RecordStep { id: case_id(1), step, when: When::At(at), seen };
    // Times are recorded as they are, in whatever order they come in.
    desk.accept(record(InvestigationStep::CoreFacts, reported + 4 * HOUR + 1, None));
    desk.accept(record(InvestigationStep::Reported, reported, None));
    let clock = |desk: &Desk, now| {
        let pack = Shelf::shipped();
        let pack = pack.packs().find(|pack| pack.pack_id == "cn-covid-8").expect("it is shipped");
        let case = desk.get::<Case>(case_id(1));
        let clock = case.investigation_clock(pack, &zone("Asia/Shanghai"), now);
        clock.into_iter().map(|step| (step.step, step.late)).collect::<std::collections::BTreeMap<_, _>>()
    };
    let late = clock(&desk, reported + 10 * HOUR);
    assert_eq!(late[&InvestigationStep::CoreFacts], Some(true), "4 hours and a millisecond");
    assert_eq!(late[&InvestigationStep::PreliminaryReport], Some(false), "not due yet");
    assert_eq!(late[&InvestigationStep::Called], None, "no limit");
    assert_eq!(clock(&desk, reported + 24 * HOUR + 1)[&InvestigationStep::PreliminaryReport], Some(true));
    let stale = desk.send(record(InvestigationStep::CoreFacts, reported + HOUR, Some(When::At(reported))));
    assert!(matches!(stale, Outcome::Declined(refusal) if refusal.answer == Answer::Conflict));
    let seen = Some(When::At(reported + 4 * HOUR + 1));
    desk.accept(record(InvestigationStep::CoreFacts, reported + 4 * HOUR, seen));
    assert_eq!(clock(&desk, reported + 10 * HOUR)[&InvestigationStep::CoreFacts], Some(false));
    let by_day = record(InvestigationStep::Reported, 0, Some(When::At(reported)));
    let case::Command::RecordStep { id, step, seen, .. } = by_day else { panic!() };
    desk.accept(case::Command::RecordStep { id, step, when: When::On(on(date(2022, 3, 20))), seen });
    assert_eq!(clock(&desk, reported + 10 * HOUR)[&InvestigationStep::CoreFacts], None, "the day alone does not say");
    desk.assert_replays();
}

#[test]
fn a_correction_on_a_stale_view_is_a_conflict_and_an_impossible_date_is_refused() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 1);
    desk.accept(open(1, Some(date(2022, 3, 10))));
    let stale = desk.send(move_onset(1, Some(date(2022, 3, 9)), Some(date(2022, 3, 8))));
    assert!(matches!(stale, Outcome::Declined(refusal) if refusal.answer == Answer::Conflict));
    assert_eq!(desk.refused(move_onset(1, Some(date(2022, 3, 10)), Some(date(2022, 3, 23)))), "in_the_future");
    let note = Some(Change { seen: None, to: Some("x".repeat(20_001)) });
    let changes = case::Changes { note, ..Default::default() };
    assert_eq!(desk.refused(case::Command::Correct { id: case_id(1), changes }), "too_long");
}
