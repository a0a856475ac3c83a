//! Hostile files and command bodies by the million: `cargo run -p testkit --example fuzz -- TARGET FROM COUNT`, where
//! TARGET is csv, xlsx, json, mapping, pack or commands and FROM the first seed. Prints the seed to go on from; ends with
//! 1 when something was found.
#![allow(clippy::disallowed_methods)] // The command line is read here, as cli does: this is a program, never shipped.

use exchange::fuzzing::Target;
use exchange::fuzzing::run::{Tally, run, watch_panics};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Seeds between two lines of progress.
const STRIDE: u64 = 250_000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [target, from, count] = words.as_slice() else {
        eprintln!("fuzz TARGET FROM COUNT; TARGET is csv, xlsx, json, mapping, pack or commands");
        return ExitCode::from(2);
    };
    let (Ok(from), Ok(count)) = (from.parse::<u64>(), count.parse::<u64>()) else {
        eprintln!("FROM and COUNT are whole numbers");
        return ExitCode::from(2);
    };
    let Some(case) = case(target) else {
        eprintln!("there is no target {target}");
        return ExitCode::from(2);
    };
    watch_panics();
    let allocated = || ALLOCATOR.stats().bytes_allocated as u64;
    let (mut tally, mut at, end) = (Tally::default(), from, from.saturating_add(count));
    while at < end {
        let until = end.min(at + STRIDE);
        tally.add(&run(at..until, allocated, &case));
        at = until;
        println!(
            "{target}: {} cases from seed {from}, {} reached rows ({} %), {} refused, {} rows, {} % of the allowed work at most, {} findings; go on from {at}",
            tally.cases,
            tally.reached,
            tally.reached_share(),
            tally.refused,
            tally.rows,
            tally.most_work,
            tally.findings.len()
        );
        for finding in &tally.findings {
            println!("  seed {}: {}", finding.seed, finding.broken.chars().take(300).collect::<String>());
        }
    }
    if tally.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Case = Box<dyn Fn(u64) -> (usize, Result<exchange::fuzzing::Reached, String>)>;

fn case(target: &str) -> Option<Case> {
    if target == "commands" {
        return Some(Box::new(server::fuzzing::case));
    }
    let target = Target::named(target)?;
    Some(Box::new(move |seed| target.case(seed)))
}
