//! The harness finds what it is there for: faults planted here in the parser of command bodies are each found; the
//! shipped one, over the same seeds, is not.

use domain::kernel::Envelope;
use exchange::fuzzing::run::{Tally, run};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations are counted for the whole process, so one run at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs a parser of command bodies with a fault: what it read, altered.
fn commands(alter: impl Fn(&[u8], &mut Vec<Envelope>)) -> Tally {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    run(
        0..600,
        || ALLOCATOR.stats().bytes_allocated as u64,
        |seed| {
            let bytes = server::fuzzing::body(seed);
            let parse = |bytes: &[u8]| {
                let mut read = server::fuzzing::parse(bytes)?;
                alter(bytes, &mut read);
                Ok(read)
            };
            (bytes.len(), server::fuzzing::judge(&bytes, &parse))
        },
    )
}

fn found_in_commands(words: &str, alter: impl Fn(&[u8], &mut Vec<Envelope>)) {
    let tally = commands(alter);
    let named = |finding: &exchange::fuzzing::run::Finding| finding.broken.contains(words);
    assert!(!tally.findings.is_empty() && tally.findings.iter().all(named), "{:#?}", tally.findings);
}

#[test]
fn the_shipped_parser_of_commands_is_not_found() {
    let tally = commands(|_, _| {});
    assert!(tally.findings.is_empty(), "{:#?}", tally.findings);
}

#[test]
fn faults_planted_in_the_parser_of_commands_are_found() {
    found_in_commands("panicked", |_, read| assert!(read.len() < 4, "planted"));
    found_in_commands("envelopes sent", |_, read| read.truncate(3));
    found_in_commands("was read and is gone", |_, read| read.iter_mut().for_each(|one| one.device_seq = None));
    found_in_commands("bytes read and allocated", |bytes, _| {
        // Each byte copies all before it, as often as it takes for a small body.
        for _ in 0..40 {
            (0..bytes.len()).for_each(|end| drop(std::hint::black_box(bytes.get(..end).map(<[u8]>::to_vec))));
        }
    });
    found_in_commands("bytes read and allocated", |_, read| {
        let said = read.iter().filter_map(|one| one.device_time).max().unwrap_or(0);
        std::hint::black_box(Vec::<u8>::with_capacity(usize::try_from(said).unwrap_or(0).min(64 << 20)));
    });
}
