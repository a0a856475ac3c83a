//! The harness finds what it is there for: readers with one fault each, planted here, are each found; the shipped ones,
//! over the same seeds, are not.

use exchange::fuzzing::judge::{Importer, Reader, Rows, account};
use exchange::fuzzing::run::{Tally, run};
use exchange::fuzzing::{Reached, Target};
use exchange::source::RawRow;
use exchange::source::input::{SeekRead, Stored};
use exchange::{FileRefusal, Limits, Mapping, RowOutcome, RowStream};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations are counted for the whole process, so one run at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn counted(case: impl Fn(u64) -> (usize, Result<Reached, String>)) -> Tally {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let allocated = || ALLOCATOR.stats().bytes_allocated as u64;
    let mut tally = run(0..600, allocated, &case);
    // These make files of thousands of rows, where quadratic work shows.
    tally.add(&run(1..13, allocated, |n| case(n * exchange::fuzzing::mutate::GROWN)));
    tally
}

fn over(target: Target, reader: &impl Reader) -> Tally {
    counted(|seed| {
        let made = target.file(seed);
        let size = made.bytes.len();
        (size, made.mapping().and_then(|mapping| account(reader, &made, mapping)))
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Panics,
    LosesARow,
    LosesACell,
    ReadsAgain,
    CopiesAgain,
    BelievesANumber,
}

/// A file that two may read.
#[derive(Clone)]
struct Shared(Arc<Mutex<Stored>>);

impl Read for Shared {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap().read(buf)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.lock().unwrap().seek(to)
    }
}

struct Faulty(Fault);

struct FaultyRows {
    fault: Fault,
    stream: RowStream,
    file: Shared,
    earlier: Vec<RawRow>,
}

impl Reader for Faulty {
    type Rows = FaultyRows;
    fn open(&self, stored: Stored, mapping: &Mapping, limits: &Limits) -> Result<FaultyRows, FileRefusal> {
        let file = Shared(Arc::new(Mutex::new(stored)));
        let stream = exchange::open(Box::new(file.clone()), mapping, limits)?;
        Ok(FaultyRows { fault: self.0, stream, file, earlier: Vec::new() })
    }
}

impl Rows for FaultyRows {
    fn columns(&self) -> &[String] {
        self.stream.columns()
    }

    fn expected_rows(&self) -> Option<u64> {
        // A reader that loses rows on both of its passes counts them wrongly, too.
        if self.fault == Fault::LosesARow { None } else { self.stream.expected_rows() }
    }

    fn next_batch(&mut self, n: usize) -> Result<Vec<RowOutcome>, FileRefusal> {
        let mut batch = self.stream.next_batch(n)?;
        let holds = |row: &RawRow, text: &str| (0..row.len()).any(|at| row.cell(at) == text);
        match self.fault {
            Fault::Panics => assert!(!batch.iter().any(|outcome| holds(&outcome.row, "𠮷")), "planted"),
            Fault::LosesARow => batch.retain(|outcome| !holds(&outcome.row, "NaN")),
            Fault::LosesACell => batch.iter_mut().for_each(|outcome| {
                if holds(&outcome.row, "7.5") {
                    outcome.row = RawRow::of_cells(outcome.row.number(), std::iter::empty());
                }
            }),
            Fault::ReadsAgain => batch.iter().for_each(|_| read_again(&mut self.file)),
            Fault::CopiesAgain => {
                for outcome in &batch {
                    self.earlier.push(outcome.row.clone());
                    std::hint::black_box(self.earlier.clone());
                }
            }
            Fault::BelievesANumber => {
                for outcome in &batch {
                    let figures = |at| outcome.row.cell(at).split(|c: char| !c.is_ascii_digit()).next();
                    let said =
                        (0..outcome.row.len()).filter_map(figures).filter_map(|text| text.parse::<usize>().ok());
                    let room = said.max().unwrap_or(0).min(64 << 20);
                    std::hint::black_box(Vec::<u8>::with_capacity(room));
                }
            }
        }
        Ok(batch)
    }
}

fn read_again(file: &mut dyn SeekRead) {
    let stood = file.stream_position().unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    io::copy(&mut file.take(u64::MAX), &mut io::sink()).unwrap();
    file.seek(SeekFrom::Start(stood)).unwrap();
}

fn found(target: Target, fault: Fault, words: &[&str]) {
    let tally = over(target, &Faulty(fault));
    assert!(
        !tally.findings.is_empty()
            && tally.findings.iter().all(|finding| words.iter().any(|word| finding.broken.contains(word))),
        "{target:?}: {:#?}",
        tally.findings
    );
}

#[test]
fn the_shipped_readers_are_not_found() {
    for target in [Target::Csv, Target::Json, Target::Xlsx] {
        let tally = over(target, &Importer);
        assert!(tally.findings.is_empty(), "{target:?}: {:#?}", tally.findings);
        assert!(tally.most_work < 60, "{target:?}: the bound on work is nearly met: {} %", tally.most_work);
    }
}

#[test]
fn a_planted_panic_is_found() {
    for target in [Target::Csv, Target::Json, Target::Xlsx] {
        found(target, Fault::Panics, &["panicked"]);
    }
}

#[test]
fn a_lost_row_is_found() {
    for target in [Target::Csv, Target::Json, Target::Xlsx] {
        found(target, Fault::LosesARow, &["rows written", "became"]);
    }
}

#[test]
fn a_lost_cell_is_found() {
    for target in [Target::Csv, Target::Xlsx] {
        found(target, Fault::LosesACell, &["became"]);
    }
}

#[test]
fn quadratic_work_is_found() {
    for target in [Target::Csv, Target::Json] {
        found(target, Fault::ReadsAgain, &["bytes read and allocated"]);
    }
    for target in [Target::Csv, Target::Json, Target::Xlsx] {
        found(target, Fault::CopiesAgain, &["bytes read and allocated"]);
    }
}

#[test]
fn an_unbounded_allocation_is_found() {
    for target in [Target::Csv, Target::Json, Target::Xlsx] {
        found(target, Fault::BelievesANumber, &["bytes read and allocated"]);
    }
}
