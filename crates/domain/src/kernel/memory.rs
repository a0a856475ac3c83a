//! The smallest thing that keeps state: the same decisions as the store, in memory. The twin's bare port, and the
//! second opinion that tests hold both engines to.

use super::{
    Located, Needs, Outcome, Relation, Stamp,
    group::{Dispatch, Facts, Happened, Submission, decide_group, foreseen},
};
use crate::{
    id::{OutbreakId, StreamId},
    pack::Shelf,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use uuid::Uuid;

/// One journal entry kept in memory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When and where.
    pub stamp: Stamp,
    /// Its number in the stream.
    pub seq: i64,
    /// What.
    pub happened: Happened,
}

/// Aggregates, references, counters and the journal, all in memory.
pub struct Memory {
    packs: Shelf,
    located: BTreeMap<Uuid, Located>,
    referrers: BTreeMap<(Uuid, Relation), BTreeSet<Uuid>>,
    codes: BTreeMap<(StreamId, OutbreakId), i64>,
    heads: BTreeMap<StreamId, (i64, i64)>,
    outcomes: BTreeMap<Uuid, Outcome>,
    journal: Vec<Entry>,
}

impl Memory {
    /// An empty memory that judges by these packs.
    pub fn new(packs: Shelf) -> Self {
        Self {
            packs,
            located: BTreeMap::new(),
            referrers: BTreeMap::new(),
            codes: BTreeMap::new(),
            heads: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            journal: Vec::new(),
        }
    }

    /// Aggregates as they stand, in the order of their ids.
    pub fn located(&self) -> impl Iterator<Item = &Located> {
        self.located.values()
    }

    /// One aggregate.
    pub fn get(&self, id: Uuid) -> Option<&Located> {
        self.located.get(&id)
    }

    /// Last human codes given.
    pub fn codes(&self) -> &BTreeMap<(StreamId, OutbreakId), i64> {
        &self.codes
    }

    /// Everything that happened, in the order it did.
    pub fn journal(&self) -> &[Entry] {
        &self.journal
    }

    /// Decides envelopes one stream at a time, as they come, and what is dispatched to other streams after them. A
    /// command sent again gets its stored answer unless it was waiting.
    pub fn submit(&mut self, now: i64, submissions: &[Submission]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(submissions.len());
        let mut due: VecDeque<Dispatch> = VecDeque::new();
        for submission in submissions {
            outcomes.push(self.one(now, submission, &mut due));
        }
        while let Some(dispatch) = due.pop_front() {
            let submission = Submission::caused(dispatch.actor, dispatch.envelope);
            self.one(now, &submission, &mut due);
        }
        outcomes
    }

    fn one(&mut self, now: i64, submission: &Submission, due: &mut VecDeque<Dispatch>) -> Outcome {
        let id = submission.envelope.id.0;
        let stream = submission.envelope.stream;
        if let Some(stored) = self.outcomes.get(&id) {
            if !matches!(stored, Outcome::Declined(refusal) if refusal.answer == crate::refusal::Answer::Waiting) {
                return stored.clone();
            }
        }
        let (seq, at) = self.heads.get(&stream).copied().unwrap_or_default();
        let now = now.max(at);
        let group = std::slice::from_ref(submission);
        let mut facts = Facts::default();
        let mut needs = foreseen(group, &facts);
        let decided = loop {
            self.load(stream, &needs, &mut facts);
            match decide_group(group, stream, now, &facts, &self.packs) {
                Ok(decided) => break decided,
                Err(missing) => needs = missing,
            }
        };
        let mut outcome =
            decided.outcomes.into_iter().next().unwrap_or(Outcome::Accepted { first_seq: 0, events: 0 });
        if let Outcome::Accepted { first_seq, .. } = &mut outcome {
            *first_seq += seq + 1;
        }
        for (n, happened) in decided.events.into_iter().enumerate() {
            let stamp = Stamp { at: now, stream, actor: happened.actor };
            self.journal.push(Entry { stamp, seq: seq + 1 + n as i64, happened });
        }
        let last = self.journal.last().filter(|entry| entry.stamp.stream == stream).map_or(seq, |entry| entry.seq);
        self.heads.insert(stream, (last.max(seq), now));
        for located in decided.touched.into_values() {
            self.put(located);
        }
        for (outbreak, number) in decided.codes {
            self.codes.insert((stream, outbreak), number);
        }
        due.extend(decided.dispatches);
        self.outcomes.insert(id, outcome.clone());
        outcome
    }

    fn load(&self, stream: StreamId, needs: &Needs, facts: &mut Facts) {
        for key in &needs.referrers {
            let list: Vec<Uuid> = self.referrers.get(key).into_iter().flatten().copied().collect();
            for id in &list {
                facts.located.insert(*id, self.located.get(id).cloned());
            }
            facts.referrers.insert(*key, list);
        }
        for id in &needs.ids {
            facts.located.insert(*id, self.located.get(id).cloned());
        }
        // Memory has no list of command posts: whoever asks for one gets it.
        facts.streams.extend(needs.streams.iter().map(|stream| (*stream, true)));
        for outbreak in &needs.codes {
            facts.codes.insert(*outbreak, self.codes.get(&(stream, *outbreak)).copied().unwrap_or(0));
        }
    }

    fn put(&mut self, after: Located) {
        let old = self.located.get(&after.id).map(|located| located.aggregate.links()).unwrap_or_default();
        for link in old {
            if let Some(list) = self.referrers.get_mut(&(link.target, link.relation)) {
                list.remove(&after.id);
            }
        }
        for link in after.aggregate.links() {
            self.referrers.entry((link.target, link.relation)).or_default().insert(after.id);
        }
        self.located.insert(after.id, after);
    }
}

/// Applies journal entries in whatever order the streams are read: an event whose aggregate is not yet at the version
/// before it waits for its turn (DESIGN §3: replay needs only the order within an aggregate).
#[derive(Default)]
pub struct Replay {
    located: BTreeMap<Uuid, Located>,
    early: BTreeMap<Uuid, BTreeMap<i64, (Stamp, super::Event)>>,
    codes: BTreeMap<(StreamId, OutbreakId), i64>,
}

impl Replay {
    /// Takes one entry.
    pub fn take(&mut self, stamp: Stamp, aggregate_id: Uuid, aggregate_version: i64, event: super::Event) {
        if let Some((outbreak, number)) = event.code_given() {
            let last = self.codes.entry((stamp.stream, outbreak)).or_insert(number);
            *last = number.max(*last);
        }
        self.early.entry(aggregate_id).or_default().insert(aggregate_version, (stamp, event));
        loop {
            let next = self.located.get(&aggregate_id).map_or(0, |located| located.version) + 1;
            let Some(waiting) = self.early.get_mut(&aggregate_id) else { return };
            let Some((stamp, event)) = waiting.remove(&next) else { return };
            if waiting.is_empty() {
                self.early.remove(&aggregate_id);
            }
            let before = self.located.remove(&aggregate_id);
            if let Some(after) = super::apply(before, aggregate_id, &event, &stamp) {
                self.located.insert(aggregate_id, after);
            }
        }
    }

    /// Aggregates as they stand.
    pub fn located(&self) -> impl Iterator<Item = &Located> {
        self.located.values()
    }

    /// Last human codes given.
    pub fn codes(&self) -> &BTreeMap<(StreamId, OutbreakId), i64> {
        &self.codes
    }

    /// Aggregates with events whose predecessors never came, with the version missing.
    pub fn incomplete(&self) -> impl Iterator<Item = (Uuid, i64)> {
        self.early.keys().map(|id| (*id, self.located.get(id).map_or(0, |located| located.version) + 1))
    }
}
