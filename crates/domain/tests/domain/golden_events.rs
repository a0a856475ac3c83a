//! The exact bytes of every kind of event that was ever written. A journal is read for years: a line of the golden
//! file may be added, never changed.

mod outbreaks;
mod people;
mod places;
mod tracing;
mod work;

use domain::{
    id::StreamId,
    kernel::{Event, upkeep},
    seal::Seals as _,
};
use std::collections::BTreeSet;

const GOLDEN: &str = include_str!("golden_events.txt");

/// One sample of every kind, with every field filled, personal values in clear.
fn samples() -> Vec<Event> {
    let upkeep = [
        upkeep::Event::Released(upkeep::Released { to: StreamId(2) }),
        upkeep::Event::Adopted(upkeep::Adopted { from: StreamId(1) }),
        upkeep::Event::Erased(upkeep::Erased { classes: vec![0, 5] }),
    ];
    let mut samples: Vec<Event> = upkeep.into_iter().map(Event::Upkeep).collect();
    for more in [outbreaks::samples(), people::samples(), places::samples(), tracing::samples(), work::samples()] {
        samples.extend(more);
    }
    samples
}

/// The samples as the journal would hold them, under a cipher that everybody can read: the class, then the bytes
/// turned by one bit pattern.
fn sealed() -> Vec<Event> {
    let mut samples = samples();
    for event in &mut samples {
        event.each_cell(&mut |cell| {
            cell.seal(&mut |class, bytes| {
                std::iter::once(class as u8).chain(bytes.iter().map(|byte| byte ^ 0x5a)).collect()
            });
        });
    }
    samples
}

fn line(event: &Event) -> String {
    let body = event.encode().expect("a sealed event is written");
    let payload = String::from_utf8(body.payload).expect("payloads are JSON");
    format!("{} {} {payload}", body.kind, body.version)
}

#[test]
fn every_kind_has_a_sample() {
    let sampled: BTreeSet<&str> = samples().iter().map(Event::kind).collect();
    let missing: Vec<_> = Event::kinds().into_iter().filter(|(kind, _)| !sampled.contains(kind)).collect();
    assert!(missing.is_empty(), "add samples under tests/domain/golden_events for {missing:?}");
    let kinds = Event::kinds();
    let distinct: BTreeSet<_> = kinds.iter().collect();
    assert_eq!(distinct.len(), kinds.len(), "two events are written under one kind and version");
}

#[test]
fn what_is_written_is_what_was_always_written() {
    let golden: Vec<&str> = GOLDEN.lines().collect();
    for event in sealed() {
        let line = line(&event);
        assert!(
            golden.contains(&line.as_str()),
            "tests/domain/golden_events.txt has no line\n{line}\nA new kind or version is a new line (print them with\n  \
             cargo test -p domain --test domain print_golden_events -- --ignored --nocapture\n); bytes already written \
             to a journal never change: give the kind another version instead"
        );
    }
}

#[test]
fn what_was_once_written_is_read_and_written_back() {
    for line in GOLDEN.lines() {
        let mut parts = line.splitn(3, ' ');
        let (kind, version, payload) = (parts.next(), parts.next(), parts.next());
        let (kind, payload) = (kind.expect("a kind"), payload.expect("a payload"));
        let version: i64 = version.and_then(|version| version.parse().ok()).expect("a version");
        let event = Event::decode(kind, version, payload.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(event.kind(), kind);
        let body = event.encode().expect("it is sealed as it was read");
        if body.version == version {
            assert_eq!(String::from_utf8(body.payload).expect("payloads are JSON"), payload);
        }
    }
    for event in sealed() {
        let body = event.encode().expect("it is sealed");
        assert_eq!(Event::decode(body.kind, body.version, &body.payload).expect("it is read"), event);
    }
}

#[test]
fn a_sample_in_clear_is_never_written() {
    for mut event in samples() {
        let mut cells = 0;
        event.each_cell(&mut |_| cells += 1);
        assert_eq!(event.encode().is_err(), cells > 0, "{}", event.kind());
    }
}

#[test]
#[ignore = "prints the golden lines for a person to put into the file"]
fn print_golden_events() {
    for event in sealed() {
        println!("{}", line(&event));
    }
}
