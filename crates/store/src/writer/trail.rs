//! What a group leaves behind for the next of its stream: the aggregates it changed, areas and outbreaks it read, the last
//! codes it gave. While one group is being written the next is decided on its trail; and what every command asks for need
//! not be read again for each group. A trail speaks for one head of the stream and for no other: whoever else wrote there
//! in between makes it void.

use domain::{
    id::{OutbreakId, StreamId},
    kernel::{
        Kind, Located, Relation,
        group::{Decided, Facts, Submission},
    },
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, OnceLock},
};
use uuid::Uuid;

/// The last entry of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub seq: i64,
    pub hash: Vec<u8>,
    /// Milliseconds UTC.
    pub at: i64,
}

/// What a group leaves behind.
pub struct Trail {
    /// The head after it.
    pub(super) head: Head,
    /// Ids of its commands.
    pub(super) commands: HashSet<Uuid>,
    /// Whether it released an aggregate: the stream that adopts it does not move this one's head.
    pub(super) moves: bool,
    /// Aggregates as they stand after it.
    pub(super) touched: BTreeMap<Uuid, Located>,
    /// Areas and outbreaks of this stream that were read and not changed since.
    standing: Arc<BTreeMap<Uuid, Located>>,
    codes: BTreeMap<OutbreakId, i64>,
    referrers: OnceLock<HashMap<(Uuid, Relation), Vec<Uuid>>>,
}

impl Trail {
    /// The trail of a decided group, which goes on from the one before.
    pub(super) fn new(
        stream: StreamId,
        head: Head,
        group: &[Submission],
        facts: Facts,
        decided: Decided,
        before: Option<&Self>,
    ) -> Self {
        let touched = decided.touched;
        let mut standing = facts.standing;
        let read = facts.located.into_values().flatten().filter(|located| {
            located.stream == stream && located.released_to.is_none() && matches!(located.aggregate.kind(), Kind::Jurisdiction | Kind::Outbreak)
        });
        for located in read {
            if !standing.contains_key(&located.id) {
                Arc::make_mut(&mut standing).insert(located.id, located);
            }
        }
        let changed = touched.values().filter(|located| {
            standing.contains_key(&located.id)
                || matches!(located.aggregate.kind(), Kind::Jurisdiction | Kind::Outbreak)
        });
        let changed: Vec<&Located> = changed.collect();
        for located in changed {
            let standing = Arc::make_mut(&mut standing);
            if located.released_to.is_some() {
                standing.remove(&located.id);
            } else {
                standing.insert(located.id, located.clone());
            }
        }
        let mut codes = before.map(|before| before.codes.clone()).unwrap_or_default();
        codes.extend(facts.codes);
        codes.extend(decided.codes);
        let commands = group.iter().map(|submission| submission.envelope.id.0).collect();
        let moves = touched.values().any(|located| located.released_to.is_some());
        Self { head, commands, moves, touched, standing, codes, referrers: OnceLock::new() }
    }

    /// An aggregate as it stands after the group, where the group changed it.
    pub(super) fn located(&self, id: Uuid) -> Option<&Located> {
        self.touched.get(&id).filter(|located| located.released_to.is_none())
    }

    /// Areas and outbreaks as they stand after the group.
    pub(super) fn standing(&self) -> Arc<BTreeMap<Uuid, Located>> {
        self.standing.clone()
    }

    /// The last human code given.
    pub(super) fn code(&self, outbreak: OutbreakId) -> Option<i64> {
        self.codes.get(&outbreak).copied()
    }

    /// Corrects a list of referrers as the database has it, or had it before the group.
    pub(super) fn correct(&self, key: (Uuid, Relation), list: &mut Vec<Uuid>) {
        let stays = |source: &Uuid| self.touched.get(source).is_none_or(|located| located.released_to.is_some());
        list.retain(stays);
        let links = self.referrers.get_or_init(|| {
            let mut referrers: HashMap<(Uuid, Relation), Vec<Uuid>> = HashMap::new();
            for located in self.touched.values().filter(|located| located.released_to.is_none()) {
                for link in located.aggregate.links() {
                    referrers.entry((link.target, link.relation)).or_default().push(located.id);
                }
            }
            referrers
        });
        list.extend(links.get(&key).into_iter().flatten());
    }
}

/// The last trail of each stream.
#[derive(Default)]
pub struct Trails(Mutex<HashMap<i64, Arc<Trail>>>);

impl Trails {
    pub(super) fn last(&self, stream: StreamId) -> Option<Arc<Trail>> {
        // A poisoned lock means a panic elsewhere; a trail is checked against the head before it is believed.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&stream.0).cloned()
    }

    pub(super) fn leave(&self, stream: StreamId, trail: Arc<Trail>) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(stream.0, trail);
    }
}
