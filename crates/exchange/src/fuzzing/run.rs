//! Runs a target over seeds: counts how far the files came, and catches a panic, a broken rule and work out of
//! proportion. Work is counted, never timed: bytes read and bytes allocated, so that the same seed gives the same
//! answer on a loaded machine.

use super::Reached;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Work that any file may cost, in bytes read and allocated: buffers, the plan, the reader's tables.
pub const WORK_ANYWAY: u64 = 12 << 20;
/// Work for each byte of a file. Several passes, a workbook's parser and the errors file with its own reading stay under
/// half of it; what grows with the square of the rows does not, on a file of thousands.
pub const WORK_PER_BYTE: u64 = 150;

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Counts from here on each panic of any thread of this process, and keeps it from the terminal. A workbook's parser has
/// a thread of its own, where a panic ends as a refusal: without this it would not be seen.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::Relaxed);
    }));
}

/// A seed whose file was not dealt with as it should.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Makes the file again.
    pub seed: u64,
    /// Which rule is broken and how.
    pub broken: String,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Files tried.
    pub cases: u64,
    /// Files of which at least one row was read.
    pub reached: u64,
    /// Files refused, at the start or on the way.
    pub refused: u64,
    /// Rows read.
    pub rows: u64,
    /// The most work of one file, in bytes read and allocated over what its size allows, in hundredths.
    pub most_work: u64,
    /// What was found, at most 20.
    pub findings: Vec<Finding>,
}

impl Tally {
    /// Share of the files, in hundredths, of which rows were read.
    pub fn reached_share(&self) -> u64 {
        (self.reached * 100).checked_div(self.cases).unwrap_or(0)
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Tally) {
        self.cases += other.cases;
        self.reached += other.reached;
        self.refused += other.refused;
        self.rows += other.rows;
        self.most_work = self.most_work.max(other.most_work);
        self.findings.extend_from_slice(&other.findings);
        self.findings.truncate(20);
    }
}

/// Runs `case`, which makes a seed's file, reads it and gives its size with the verdict. `allocated` is the number of
/// bytes this process ever asked of its allocator; a run that does not count them hands in zero.
pub fn run(
    seeds: Range<u64>,
    allocated: impl Fn() -> u64,
    case: impl Fn(u64) -> (usize, Result<Reached, String>),
) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let (before, panics) = (allocated(), PANICS.load(Ordering::Relaxed));
        let caught = catch_unwind(AssertUnwindSafe(|| case(seed)));
        let spent = allocated().saturating_sub(before);
        tally.cases += 1;
        let broken = match caught {
            Err(_) => Some("panicked".to_owned()),
            Ok(_) if PANICS.load(Ordering::Relaxed) > panics => Some("panicked in a thread of its own".to_owned()),
            Ok((_, Err(broken))) => Some(broken),
            Ok((size, Ok(reached))) => {
                tally.reached += u64::from(reached.rows > 0);
                tally.refused += u64::from(reached.refused);
                tally.rows += reached.rows;
                out_of_proportion(&mut tally, size as u64, spent + reached.bytes_read)
            }
        };
        if let Some(broken) = broken.filter(|_| tally.findings.len() < 20) {
            tally.findings.push(Finding { seed, broken });
        }
    }
    tally
}

fn out_of_proportion(tally: &mut Tally, size: u64, work: u64) -> Option<String> {
    let allowed = WORK_ANYWAY + WORK_PER_BYTE * size;
    tally.most_work = tally.most_work.max(work * 100 / allowed);
    (work > allowed).then(|| format!("{work} bytes read and allocated for a file of {size} bytes"))
}
