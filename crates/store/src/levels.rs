//! Tables in levels (ADR 8): on SQLite, rows whose keys are hashes go to a small first level and move on from there, a
//! slice of the key space at a time, so that rows that belong on one page are written to it together. Readers and
//! `verify` see a view that has the table's own name and columns.

use crate::{
    engine::{DbError, Engine, Tx},
    table::Table,
    tables::MATCH_KEY,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The levels, in the order in which a row goes through them.
pub(crate) const LEVELS: [i64; 3] = [0, 1, 2];
/// Rows that the first and the second level hold when they are full; the third holds the rest. Twice or half of either
/// changes the time of a million rows by less than a tenth.
const FULL: [u128; 2] = [16_384, 262_144];
/// New rows that are let gather before any move on: a move of one row costs as much as the row.
const GATHERED: usize = 512;

const MOVE: &str = "INSERT OR FAIL INTO match_key_level (level, stream, key, id) \
     SELECT level + 1, stream, key, id FROM match_key_level \
     WHERE level = $1 AND stream = $2 AND key BETWEEN $3 AND $4 ON CONFLICT DO NOTHING";
const MOVED: &str = "DELETE FROM match_key_level WHERE level = $1 AND stream = $2 AND key BETWEEN $3 AND $4";

/// The table that holds the rows of this one, where it is kept in levels: `level` 0, 1 or 2 stands before its columns, and
/// new rows go to 0.
pub fn level_table(engine: Engine, table: &Table) -> Option<&'static str> {
    (engine == Engine::Sqlite && table.name == MATCH_KEY.name).then_some("match_key_level")
}

/// Tables that hold the levels of others, for those who list all tables.
pub(crate) fn level_tables(engine: Engine, tables: &[&Table]) -> Vec<&'static str> {
    tables.iter().filter_map(|table| level_table(engine, table)).collect()
}

/// How far the rows of each stream have moved. Every start begins anew: where a slice begins is of no consequence.
#[derive(Default)]
pub struct Levels(Mutex<BTreeMap<i64, Slices>>);

#[derive(Clone, Copy, Default)]
struct Slices {
    /// New rows for which none has moved on yet.
    owed: usize,
    /// Where the next slice of the first and the second level begins.
    from: [i64; 2],
}

impl Slices {
    /// The next slice of a level, first and last key, as large a part of it as `rows` are of a full level. Keys are never
    /// negative.
    fn next(&mut self, level: usize, rows: usize) -> (i64, i64) {
        let first = self.from[level];
        let width = ((rows as u128) << 63) / FULL[level];
        let last = i64::try_from(first as u128 + width.max(1) - 1).unwrap_or(i64::MAX);
        self.from[level] = last.checked_add(1).unwrap_or(0);
        (first, last)
    }
}

impl Levels {
    /// Moves rows on after `rows` new ones were put, in the transaction that put them. The older level moves first.
    pub(crate) async fn settle(&self, tx: &mut Tx, stream: i64, rows: usize) -> Result<(), DbError> {
        if tx.engine() != Engine::Sqlite || rows == 0 {
            return Ok(());
        }
        let slices = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let slices = all.entry(stream).or_default();
            slices.owed += rows;
            if slices.owed < GATHERED {
                return Ok(());
            }
            let owed = std::mem::take(&mut slices.owed);
            [1, 0].map(|level| (level, slices.next(level, owed)))
        };
        for (level, (first, last)) in slices {
            let args = [(level as i64).into(), stream.into(), first.into(), last.into()];
            tx.execute(MOVE, &args).await?;
            tx.execute(MOVED, &args).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_a_level_meet_without_a_gap_and_begin_again() {
        let mut slices = Slices::default();
        let (mut expected, mut rounds) = (0, 0);
        for n in 0..200 {
            let (first, last) = slices.next(0, 500 + n % 7);
            assert_eq!(first, expected, "slice {n}");
            assert!(last >= first);
            rounds += usize::from(last == i64::MAX);
            expected = last.checked_add(1).unwrap_or(0);
        }
        // 200 slices of about 503 rows, 16,384 rows a round.
        assert!((5..=7).contains(&rounds), "{rounds} rounds");
    }

    #[test]
    fn more_rows_than_a_level_holds_move_all_of_it() {
        assert_eq!(Slices::default().next(0, 1_000_000), (0, i64::MAX));
    }
}
