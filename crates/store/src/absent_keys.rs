//! Which match keys no record has, for an import into a register that lacks most of what it looks for: a Bloom filter
//! (Bloom 1970) over all keys, which says *no* for certain and *perhaps* otherwise. It spares the reads of keys that are
//! not there: an eighth of the CPU of a large import (docs/MEASURED.md).
//!
//! It is right only while it has seen every key. It knows the heads of the streams up to which it has, takes the keys of each
//! group that this process writes before the group is written, and is dropped where a group begins on another head: then
//! somebody else has written.

use crate::{
    engine::{Arg, DbError, Tx},
    tables::MATCH_KEY,
    value::{ColumnType, Value},
    writer::Unit,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Size: 4 MiB.
const BITS: usize = 1 << 25;
/// Bits set for one key.
const HASHES: u64 = 3;
/// Keys from which it says *perhaps* too often: of one absent key in four.
const MOST: usize = 12_000_000;
/// Keys of a register that is read at the beginning; a larger one has most of what a file looks for.
const MOST_TO_READ: i64 = 250_000;
/// Parts of the key space that are read one after the other, so that few rows are in memory.
const PARTS: i64 = 64;

const HEADS: &str = "SELECT stream, seq FROM stream_head WHERE seq > 0 ORDER BY stream";

/// The filter; empty until somebody asks for it.
#[derive(Default)]
pub struct AbsentKeys(Mutex<Option<Seen>>);

struct Seen {
    bits: Vec<u64>,
    keys: usize,
    /// Heads up to which every key has been seen.
    heads: BTreeMap<i64, i64>,
}

impl Seen {
    fn add(&mut self, key: i64) {
        for bit in bits_of(key) {
            self.bits[bit / 64] |= 1 << (bit % 64);
        }
        self.keys += 1;
    }

    fn may_have(&self, key: i64) -> bool {
        bits_of(key).all(|bit| self.bits[bit / 64] & (1 << (bit % 64)) != 0)
    }
}

/// The key is a hash already; its two halves make the others (Kirsch and Mitzenmacher 2006).
fn bits_of(key: i64) -> impl Iterator<Item = usize> {
    let (first, step) = (key as u64, (key as u64).rotate_left(32) | 1);
    (0..HASHES).map(move |n| (first.wrapping_add(n.wrapping_mul(step)) % BITS as u64) as usize)
}

impl AbsentKeys {
    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        // A panic elsewhere leaves a filter that has seen too much, never too little.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all keys of a register that is not large.
    pub(crate) async fn learn(&self, tx: &mut Tx) -> Result<(), DbError> {
        let count = "SELECT COUNT(*) FROM (SELECT 1 FROM match_key LIMIT $1) AS part";
        let row = tx.row(count, &[(MOST_TO_READ + 1).into()], &[ColumnType::Int]).await?;
        if row.and_then(|row| row.first().and_then(Value::opt_int)).is_none_or(|keys| keys > MOST_TO_READ) {
            return Ok(());
        }
        let mut seen = Seen { bits: vec![0; BITS / 64], keys: 0, heads: heads(tx).await? };
        let keys = "SELECT key FROM match_key WHERE stream IN (SELECT stream FROM stream_head) AND key BETWEEN $1 AND $2";
        for part in 0..PARTS {
            let width = i64::MAX / PARTS + 1;
            let first = part * width;
            let args: [Arg; 2] = [first.into(), first.saturating_add(width - 1).into()];
            for row in tx.rows(keys, &args, &[ColumnType::Int]).await? {
                seen.add(row[0].int()?);
            }
        }
        *self.lock() = Some(seen);
        Ok(())
    }

    /// Notes the keys of a group of this process before it is written.
    #[must_use]
    pub(crate) fn note(&self, stream: i64, before: i64, after: i64, unit_keys: &[i64]) -> Noted<'_> {
        let mut filter = self.lock();
        if let Some(seen) = filter.as_mut() {
            if seen.heads.get(&stream).copied().unwrap_or(0) == before && seen.keys <= MOST {
                unit_keys.iter().for_each(|key| seen.add(*key));
                seen.heads.insert(stream, after);
            } else {
                *filter = None;
            }
        }
        Noted(Some(self))
    }

    /// Leaves out keys that no record has as the transaction sees the register.
    pub(crate) async fn sift(&self, tx: &mut Tx, keys: &mut Vec<i64>) -> Result<(), DbError> {
        if self.lock().is_none() {
            return Ok(());
        }
        let now = heads(tx).await?;
        let filter = self.lock();
        let Some(seen) = filter.as_ref() else { return Ok(()) };
        if now.iter().all(|(stream, head)| seen.heads.get(stream).is_some_and(|seen| seen >= head)) {
            keys.retain(|key| seen.may_have(*key));
        }
        Ok(())
    }
}

/// A group that was noted. Where it goes without having been written, somebody else may write what it was to be, and the
/// filter is dropped.
pub(crate) struct Noted<'a>(Option<&'a AbsentKeys>);

impl Noted<'_> {
    /// It is written.
    pub fn written(mut self) {
        self.0 = None;
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if let Some(filter) = self.0 {
            *filter.lock() = None;
        }
    }
}

async fn heads(tx: &mut Tx) -> Result<BTreeMap<i64, i64>, DbError> {
    let rows = tx.rows(HEADS, &[], &[ColumnType::Int, ColumnType::Int]).await?;
    rows.iter().map(|row| Ok((row[0].int()?, row[1].int()?))).collect()
}

/// Match keys that a group puts.
pub(crate) fn of_unit(unit: &Unit) -> Vec<i64> {
    let Some(at) = MATCH_KEY.position("key") else { return Vec::new() };
    unit.put_into(&MATCH_KEY).iter().filter_map(|row| row.get(at).and_then(Value::opt_int)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> i64 {
        (blake3::hash(&n.to_be_bytes()).as_bytes()[..8].iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte)) >> 1) as i64
    }

    #[test]
    fn what_was_seen_is_never_denied_and_little_else_is_believed() {
        let mut seen = Seen { bits: vec![0; BITS / 64], keys: 0, heads: BTreeMap::new() };
        (0..3_000_000).for_each(|n| seen.add(key(n)));
        assert!((0..3_000_000).step_by(7).all(|n| seen.may_have(key(n))));
        // (1 - e^(-3 * 3 / 33.6))^3 = 1.3 % are expected.
        let believed = (3_000_000..3_100_000).filter(|n| seen.may_have(key(*n))).count();
        assert!((1_000..1_600).contains(&believed), "{believed} of 100,000 absent keys");
    }

    #[test]
    fn another_writer_ends_it() {
        let filter = AbsentKeys::default();
        let begun = || Some(Seen { bits: vec![0; BITS / 64], keys: 0, heads: BTreeMap::from([(1, 5)]) });
        *filter.lock() = begun();
        filter.note(1, 5, 9, &[key(1)]).written();
        filter.note(2, 0, 3, &[key(2)]).written();
        assert!(filter.lock().as_ref().is_some_and(|seen| seen.may_have(key(1)) && seen.heads[&1] == 9 && seen.heads[&2] == 3));
        filter.note(1, 10, 12, &[key(3)]).written();
        assert!(filter.lock().is_none(), "entry 10 was written by somebody else");
        *filter.lock() = begun();
        drop(filter.note(1, 5, 9, &[key(1)]));
        assert!(filter.lock().is_none(), "what was noted was not written");
    }
}
