use super::scene::*;
use crate::desk::*;
use domain::{
    fields::Change,
    noun::{
        case::{Case, Classification::*, Finding},
        sample::{self, Sample, Verdict::*},
    },
    pack::TestKind,
    when::When,
};
use jiff::civil::date;

#[test]
fn a_positive_without_its_run_is_kept_unverified() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 1);
    desk.accept(collect(1, person_id(1), None, date(2022, 3, 19)));
    let fields = sample::ResultGiven {
        test: Some(TestKind::Pcr),
        result: Some(Positive),
        verified: Some(true),
        ..Default::default()
    };
    desk.accept(sample::Command::RecordResult { id: sample_id(1), fields });
    desk.accept(result(1, Negative, date(2022, 3, 19)));
    let sample = desk.get::<Sample>(sample_id(1));
    assert!(sample.is_positive());
    assert_eq!(sample.results.iter().map(|test| test.is_verified()).collect::<Vec<_>>(), [false, true]);
    let verified = Some(Change { seen: Some(false), to: Some(true) });
    let changes = sample::ResultChanges { verified, ..Default::default() };
    assert_eq!(
        desk.refused(sample::Command::CorrectResult { id: sample_id(1), n: 0, changes: changes.clone() }),
        "run_not_named"
    );
    assert_eq!(desk.refused(sample::Command::CorrectResult { id: sample_id(1), n: 9, changes }), "no_such_entry");
    desk.assert_replays();
}

#[test]
fn the_first_positive_follows_the_samples_of_a_case() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 1);
    desk.accept(open(1, None));
    let noted = |desk: &Desk| desk.get::<Case>(case_id(1)).first_positive;
    for (n, day) in [(1, 18), (2, 16), (3, 14)] {
        desk.accept(collect(n, person_id(1), Some(case_id(1)), date(2022, 3, day)));
    }
    assert_eq!(noted(&desk), None);
    desk.accept(result(1, Positive, date(2022, 3, 19)));
    assert_eq!(noted(&desk), Some(on(date(2022, 3, 18))));
    assert_eq!(desk.accept(result(2, Positive, date(2022, 3, 19))), 2, "the result and what the case notes");
    assert_eq!(noted(&desk), Some(on(date(2022, 3, 16))));
    assert_eq!(desk.accept(result(3, Negative, date(2022, 3, 19))), 1);
    desk.accept(sample::Command::MarkEnteredInError { id: sample_id(2) });
    assert_eq!(noted(&desk), Some(on(date(2022, 3, 18))));
    let wrong = Some(Change { seen: Some(Positive), to: Some(Negative) });
    let changes = sample::ResultChanges { result: wrong, ..Default::default() };
    desk.accept(sample::Command::CorrectResult { id: sample_id(1), n: 0, changes });
    assert_eq!(noted(&desk), None);
    assert_eq!(desk.get::<Case>(case_id(1)).classification(), Unclassified, "a machine proposes, a person signs");
    desk.assert_replays();
}

#[test]
fn a_sample_belongs_to_its_person_and_waits_for_its_case() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 2);
    let early = collect(1, person_id(1), Some(case_id(1)), date(2022, 3, 19));
    assert_eq!(desk.waits(early.clone()), [case_id(1).0]);
    desk.accept(open(1, None));
    assert_eq!(desk.refused(collect(2, person_id(2), Some(case_id(1)), date(2022, 3, 19))), "wrong_person");
    desk.accept(early);
    assert_eq!(desk.refused(collect(3, person_id(1), None, date(2022, 3, 22))), "in_the_future");
    let incomplete = sample::ResultGiven { result: Some(Positive), ..Default::default() };
    assert_eq!(
        desk.refused(sample::Command::RecordResult { id: sample_id(1), fields: incomplete }),
        "incomplete_result"
    );
    let tomorrow = Some(When::At(desk.now + DAY));
    let fields = sample::ResultGiven {
        test: Some(TestKind::Pcr),
        result: Some(Positive),
        tested: tomorrow,
        ..Default::default()
    };
    assert_eq!(desk.refused(sample::Command::RecordResult { id: sample_id(1), fields }), "in_the_future");
}

#[test]
fn a_sample_taken_before_the_case_is_opened_is_linked_by_the_finding() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 1);
    desk.accept(collect(1, person_id(1), None, date(2022, 3, 18)));
    desk.accept(result(1, Positive, date(2022, 3, 19)));
    let findings = vec![Finding::NoSymptoms, Finding::PositiveSample(sample_id(1))];
    desk.accept(open_as(1, Asymptomatic, findings, None));
    assert_eq!(desk.get::<Sample>(sample_id(1)).case, Some(case_id(1)));
    assert_eq!(desk.get::<Case>(case_id(1)).first_positive, Some(on(date(2022, 3, 18))));
    desk.assert_replays();
}
