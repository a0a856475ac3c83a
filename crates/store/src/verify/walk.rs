//! One stream's chain, entry by entry: no database, only rows, the head and the anchors.

use super::{Fault, genesis};
use crate::{engine::DbError, value::Row, writer::chain_hash};
use std::collections::BTreeMap;

/// What the walk over one chain found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Entries after the last anchor that holds.
    pub unproven: i64,
}

/// Walks a whole chain: the stream's journal rows by number, what its head says, and its anchors as (seq, hash).
pub fn walk_chain(
    stream: i64,
    rows: &[Row],
    head: Option<(i64, Vec<u8>)>,
    anchors: &[(i64, [u8; 32])],
) -> Result<Chain, DbError> {
    let mut faults = Vec::new();
    let mut walk = Walk::new(stream, Some(anchors));
    for row in rows {
        walk.step(row, &mut faults)?;
    }
    walk.finish(head, &mut faults);
    Ok(Chain { faults, unproven: walk.unproven() })
}

pub(super) struct Walk {
    stream: i64,
    last: i64,
    hash: Vec<u8>,
    anchored: BTreeMap<i64, [u8; 32]>,
    proven: i64,
}

impl Walk {
    pub fn new(stream: i64, anchors: Option<&[(i64, [u8; 32])]>) -> Self {
        let anchored = anchors.into_iter().flatten().copied().collect();
        Self { stream, last: 0, hash: genesis(stream), anchored, proven: 0 }
    }

    pub fn step(&mut self, row: &Row, faults: &mut Vec<Fault>) -> Result<(), DbError> {
        let seq = row[1].int()?;
        // Numbers in a damaged journal may be anything: no sum of them may overflow.
        let expected = self.last.saturating_add(1);
        if seq != expected {
            faults.push(Fault::Gap { stream: self.stream, expected, found: seq });
        }
        let stored = row.last().map(|value| value.bytes()).transpose()?.unwrap_or_default();
        if stored != chain_hash(&self.hash, row) {
            faults.push(Fault::BrokenLink { stream: self.stream, seq });
        }
        if let Some(anchor) = self.anchored.remove(&seq) {
            if stored == anchor {
                self.proven = seq;
            } else {
                faults.push(Fault::AnchorBroken { stream: self.stream, seq });
            }
        }
        // Going on from what is stored names each broken link once.
        self.hash = stored.to_vec();
        self.last = seq;
        Ok(())
    }

    pub fn finish(&mut self, head: Option<(i64, Vec<u8>)>, faults: &mut Vec<Fault>) {
        let (seq, hash) = head.unwrap_or((-1, Vec::new()));
        if seq != self.last || hash != self.hash {
            faults.push(Fault::WrongHead { stream: self.stream, head: seq, last: self.last });
        }
        for seq in self.anchored.keys() {
            faults.push(Fault::AnchorBroken { stream: self.stream, seq: *seq });
        }
    }

    pub fn last(&self) -> i64 {
        self.last
    }

    pub fn unproven(&self) -> i64 {
        self.last.saturating_sub(self.proven)
    }
}
