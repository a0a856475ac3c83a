//! One stream's chain, entry by entry: no database, only rows, the head and the anchors.

use super::{
    fault::{Fault, Faults},
    genesis,
};
use crate::{engine::Found, value::Row, writer::chain_hash};
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
pub fn walk_chain(stream: i64, rows: &[Row], head: Option<(i64, Vec<u8>)>, anchors: &[(i64, [u8; 32])]) -> Chain {
    let mut faults = Faults::default();
    let mut walk = Walk::new(stream, Some(anchors), 0);
    for row in rows {
        walk.step(&Found::sound(row.clone()), &mut faults);
    }
    walk.finish(head, &mut faults);
    Chain { unproven: walk.unproven(), faults: faults.into_parts().0 }
}

pub(super) struct Walk {
    stream: i64,
    last: i64,
    hash: Vec<u8>,
    anchored: BTreeMap<i64, [u8; 32]>,
    proven: i64,
    position: i64,
}

impl Walk {
    /// A walk from the beginning of a stream, after `before` entries of other streams.
    pub fn new(stream: i64, anchors: Option<&[(i64, [u8; 32])]>, before: i64) -> Self {
        let anchored = anchors.into_iter().flatten().copied().collect();
        Self { stream, last: 0, hash: genesis(stream), anchored, proven: 0, position: before }
    }

    pub fn step(&mut self, found: &Found, faults: &mut Faults) {
        self.position += 1;
        let (stream, position) = (self.stream, self.position);
        // Numbers in a damaged journal may be anything: no sum of them may overflow.
        let expected = self.last.saturating_add(1);
        let seq = found.row[1].opt_int().unwrap_or(expected);
        if seq != expected {
            faults.push(Fault::Gap { stream, expected, found: seq });
        }
        let stored = found.row.last().and_then(|value| value.bytes().ok()).unwrap_or_default();
        if found.misfit.is_some() || stored != chain_hash(&self.hash, &found.row) {
            faults.push(Fault::BrokenLink { stream, seq, position });
        }
        if let Some(anchor) = self.anchored.remove(&seq) {
            if stored == anchor {
                self.proven = seq;
            } else {
                faults.push(Fault::AnchorBroken { stream, seq });
            }
        }
        // Going on from what is stored names each broken link once.
        self.hash = stored.to_vec();
        self.last = seq;
    }

    pub fn finish(&mut self, head: Option<(i64, Vec<u8>)>, faults: &mut Faults) {
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
