//! Rows of an earlier run that was broken off: they are not done again, but the errors file and the counts are to be those
//! of a run that was not.

use super::{Deferred, IN_FLIGHT, LINKS, ROWS, Run, declined, said_already};
use domain::refusal::{Answer, Refusal};
use exchange::{MappedRecord, RowError, RowOutcome, intake::Verdict, source::RawRow};
use std::collections::VecDeque;

/// Rows refused by the door that are kept until it is known whether they were counted: all of the groups in flight.
const LAST: usize = (IN_FLIGHT + 1) * ROWS;

/// Rows of an earlier run that was broken off.
#[derive(Default)]
pub(super) struct Passed {
    /// How many of them were refused.
    refused: i64,
    /// The last ones that the door refused: their groups may not have been answered when the run wrote what became of them.
    last: VecDeque<(u32, Vec<MappedRecord>)>,
}

impl Run<'_> {
    /// Rows of an earlier run: refused ones are written out again, links are looked at again at the end.
    pub(super) fn pass_over(&mut self, batch: Vec<RowOutcome>, first: u32) -> anyhow::Result<()> {
        for (n, outcome) in (first..).zip(batch) {
            match outcome.records {
                Err(errors) => {
                    self.passed.refused += 1;
                    self.refuse(&outcome.row, &errors)?;
                }
                Ok(records) => {
                    self.refuse_again(&outcome.row, n, &records)?;
                    let links: Vec<MappedRecord> =
                        records.into_iter().filter(|record| record.noun == exchange::Noun::Exposures).collect();
                    if !links.is_empty() {
                        self.defer(Deferred { row: outcome.row, n, records: links, prior: None })?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Why a row of an earlier run was refused, or is in conflict: by what it says, or by the door.
    fn refuse_again(&mut self, row: &RawRow, n: u32, records: &[MappedRecord]) -> anyhow::Result<()> {
        let faults = self.intake.faults(records);
        let mut errors: Vec<RowError> = faults.iter().map(|fault| self.error(row, fault)).collect();
        // Links are sent again after the last row, and answered as they were.
        let answers = self.begun.declined.remove(&n).unwrap_or_default().into_iter();
        let answers: Vec<Refusal> =
            answers.filter(|(kind, refusal)| *kind < LINKS && !said_already(refusal)).map(|(_, refusal)| refusal).collect();
        for refusal in answers.iter().filter(|refusal| refusal.answer != Answer::Waiting) {
            errors.push(declined(row, refusal));
        }
        let by_the_door = answers.iter().any(|refusal| refusal.answer == Answer::Refused);
        self.passed.refused += i64::from(!faults.is_empty() || by_the_door);
        if by_the_door {
            self.passed.last.push_back((n, records.to_vec()));
            if self.passed.last.len() > LAST {
                self.passed.last.pop_front();
            }
        }
        if errors.is_empty() { Ok(()) } else { self.refuse(row, &errors) }
    }

    /// Rows of the last groups of a run that was broken off were counted as planned: those that the door refused are counted
    /// as refused now. Having made nothing, they are planned as they were then.
    pub(super) async fn recount(&mut self) -> anyhow::Result<()> {
        let uncounted = usize::try_from(self.passed.refused - self.counts.refused).unwrap_or(0);
        let last = std::mem::take(&mut self.passed.last);
        let miscounted: Vec<(u32, &[MappedRecord])> =
            last.iter().skip(last.len().saturating_sub(uncounted)).map(|(n, records)| (*n, records.as_slice())).collect();
        if miscounted.is_empty() {
            return Ok(());
        }
        let look = self.look(miscounted.iter().copied(), 0);
        self.intake.known.next_batch(look.remembered);
        for plan in self.plan(&miscounted, look.found().await?, false).await? {
            plan.verdict.unwrap_or(Verdict::Unchanged).count(&mut self.counts, -1);
            Verdict::Refused.count(&mut self.counts, 1);
        }
        Ok(())
    }
}
