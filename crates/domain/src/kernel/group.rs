//! Deciding a group of envelopes of one stream, reactions included, on facts loaded in bulk.
//!
//! The group is run in passes. A pass reads facts through [`World`]; whatever it asks for and was not loaded is
//! noted, and if anything is missing at the end the pass counts for nothing: the caller loads what is missing, in
//! bulk, and runs the next pass. So nothing is ever loaded row by row, and a noun that forgets to name a need in
//! `needs` costs a pass, never a wrong decision.

use super::{
    Actor, Command, Context, Envelope, Event, Located, MAX_REACTION_DEPTH, Needs, Outcome, Relation, Stamp, World,
    event_id, rights,
};
use crate::{
    access,
    id::{self, AccountId, CommandId, OutbreakId, StreamId},
    pack::Shelf,
    refusal::Refusal,
};
use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use uuid::Uuid;

/// One envelope with who sent it.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// Who acts.
    pub actor: Actor,
    /// The actor's rights, by which the command is judged; absent for what follows from a command already judged.
    pub rights: Option<Arc<access::Actor>>,
    /// What came in.
    pub envelope: Envelope,
}

impl Submission {
    /// A command from outside, judged by the access table.
    pub fn by(rights: Arc<access::Actor>, envelope: Envelope) -> Self {
        Self { actor: Actor { account: AccountId(rights.account) }, rights: Some(rights), envelope }
    }

    /// What follows from a command that was judged already.
    pub fn caused(actor: Actor, envelope: Envelope) -> Self {
        Self { actor, rights: None, envelope }
    }
}

/// Facts as loaded. An id that was looked for and is not there is in it as `None`.
#[derive(Clone, Default, Debug)]
pub struct Facts {
    /// Aggregates.
    pub located: BTreeMap<Uuid, Option<Located>>,
    /// Who refers to whom, ascending.
    pub referrers: BTreeMap<(Uuid, Relation), Vec<Uuid>>,
    /// Last human code given, per outbreak, in the deciding stream.
    pub codes: BTreeMap<OutbreakId, i64>,
    /// Aggregates known before anything was asked, and shared: areas and outbreaks.
    pub standing: Arc<BTreeMap<Uuid, Located>>,
    /// Whether there is a command post of this number.
    pub streams: BTreeMap<StreamId, bool>,
}

impl Facts {
    /// An aggregate, `Some(None)` where it was looked for and is not there, `None` where nobody looked.
    pub fn get(&self, id: Uuid) -> Option<Option<&Located>> {
        match self.located.get(&id) {
            Some(located) => Some(located.as_ref()),
            None => self.standing.get(&id).map(Some),
        }
    }

    /// The part of `needs` that is not loaded yet.
    pub fn missing(&self, needs: &Needs) -> Needs {
        Needs {
            ids: needs.ids.iter().copied().filter(|id| self.get(*id).is_none()).collect(),
            referrers: needs.referrers.iter().copied().filter(|key| !self.referrers.contains_key(key)).collect(),
            codes: needs.codes.iter().copied().filter(|outbreak| !self.codes.contains_key(outbreak)).collect(),
            streams: needs.streams.iter().copied().filter(|stream| !self.streams.contains_key(stream)).collect(),
        }
    }
}

/// One event of a decided group.
#[derive(Clone, PartialEq, Debug)]
pub struct Happened {
    /// The command that made it: the envelope's, or a reaction's.
    pub command_id: CommandId,
    /// Its place among the events of that command.
    pub n: i64,
    /// The event that caused the command, where it is a reaction.
    pub cause: Option<Uuid>,
    /// The device's clock, as evidence.
    pub device_time: Option<i64>,
    /// Who acted.
    pub actor: AccountId,
    /// The aggregate it changed.
    pub aggregate_id: Uuid,
    /// That aggregate's version after it.
    pub aggregate_version: i64,
    /// The person under whose keys it is sealed.
    pub subject: Option<Uuid>,
    /// What happened, in clear.
    pub event: Event,
}

/// A reaction for another stream.
#[derive(Clone, PartialEq, Debug)]
pub struct Dispatch {
    /// Who acted.
    pub actor: Actor,
    /// The command, under an id derived from its cause, addressed to the other stream.
    pub envelope: Envelope,
    /// The event that caused it.
    pub cause: Uuid,
}

/// A decided group.
#[derive(Clone, Default, Debug)]
pub struct Decided {
    /// One answer per submission, in order; `first_seq` counts from 0 within `events`.
    pub outcomes: Vec<Outcome>,
    /// Events in the order of the journal.
    pub events: Vec<Happened>,
    /// Reactions for other streams.
    pub dispatches: Vec<Dispatch>,
    /// Aggregates as they stand after the group.
    pub touched: BTreeMap<Uuid, Located>,
    /// Last human code given per outbreak that gave one.
    pub codes: BTreeMap<OutbreakId, i64>,
}

/// Runs one pass over the group: decided, or the facts that have to be loaded first.
pub fn decide_group(
    submissions: &[Submission],
    stream: StreamId,
    now: i64,
    facts: &Facts,
    packs: &Shelf,
) -> Result<Decided, Needs> {
    let mut pass = Pass {
        stream,
        now,
        facts,
        packs,
        layer: Layer::default(),
        missing: RefCell::default(),
        decided: Decided::default(),
    };
    for submission in submissions {
        let events = pass.decided.events.len();
        let dispatches = pass.decided.dispatches.len();
        let outcome = match pass.run(submission) {
            Ok(()) => {
                pass.layer.undo.clear();
                Outcome::Accepted { first_seq: events as i64, events: (pass.decided.events.len() - events) as i64 }
            }
            Err(refusal) => {
                pass.layer.roll_back();
                pass.decided.events.truncate(events);
                pass.decided.dispatches.truncate(dispatches);
                Outcome::Declined(refusal)
            }
        };
        pass.decided.outcomes.push(outcome);
    }
    let missing = pass.missing.into_inner();
    if missing != Needs::default() {
        return Err(missing);
    }
    let mut decided = pass.decided;
    decided.touched = pass.layer.located;
    decided.codes = pass.layer.codes;
    Ok(decided)
}

/// Facts that the group can be seen to need before it is run.
pub fn foreseen(submissions: &[Submission], facts: &Facts) -> Needs {
    let (layer, missing) = (Layer::default(), RefCell::default());
    let view = View { facts, layer: &layer, missing: &missing };
    let mut needs = Needs::default();
    for submission in submissions {
        super::needs(&submission.envelope.command, &view, &mut needs);
    }
    facts.missing(&needs)
}

/// A command that waits for its turn within one envelope.
struct Due<'s> {
    command_id: CommandId,
    command: Cow<'s, Command>,
    cause: Option<Uuid>,
    depth: u8,
}

struct Pass<'a> {
    stream: StreamId,
    now: i64,
    facts: &'a Facts,
    packs: &'a Shelf,
    layer: Layer,
    missing: RefCell<Needs>,
    decided: Decided,
}

impl Pass<'_> {
    /// Decides one envelope with its reactions in this stream: all of it, or a refusal and nothing.
    fn run<'s>(&mut self, submission: &'s Submission) -> Result<(), Refusal> {
        let envelope = &submission.envelope;
        if let Some(rights) = &submission.rights {
            rights::authorise(rights, &envelope.command, &self.view())?;
        }
        let mut reactions = 0;
        let mut queue: VecDeque<Due<'s>> = VecDeque::from([Due {
            command_id: envelope.id,
            command: Cow::Borrowed(&envelope.command),
            cause: None,
            depth: 0,
        }]);
        while let Some(due) = queue.pop_front() {
            if due.depth > MAX_REACTION_DEPTH {
                return Err(Refusal::rule("too_deep"));
            }
            let events = match super::decide(&due.command, &self.context(submission.actor, &self.view())) {
                // A consequence that is true already needs no event.
                Err(refusal) if due.depth > 0 && refusal.rule == "nothing_changes" => continue,
                decided => decided?,
            };
            for (n, event) in events.into_iter().enumerate() {
                for (command, cause) in self.happen(submission, &due, n as i64, event)? {
                    let command_id = CommandId(id::derived(cause, reactions, self.now));
                    reactions += 1;
                    let home = self.home(&command);
                    if home == self.stream {
                        let command = Cow::Owned(command);
                        queue.push_back(Due { command_id, command, cause: Some(cause), depth: due.depth + 1 });
                    } else {
                        let envelope = Envelope::new(command_id, home, command);
                        self.decided.dispatches.push(Dispatch { actor: submission.actor, envelope, cause });
                    }
                }
            }
        }
        Ok(())
    }

    /// Applies one event and names what follows from it.
    fn happen(
        &mut self,
        submission: &Submission,
        due: &Due<'_>,
        n: i64,
        mut event: Event,
    ) -> Result<Vec<(Command, Uuid)>, Refusal> {
        let stamp = Stamp { at: self.now, stream: self.stream, actor: submission.actor.account };
        let aggregate_id = due.command.target();
        let before = self.view().get(aggregate_id).cloned();
        let erased = before.as_ref().map(|before| before.erased);
        let Some(after) = super::apply(before, aggregate_id, &event, &stamp) else {
            return Err(Refusal::rule("unknown_body"));
        };
        super::erased::stays_erased(erased, &after, &mut event, &self.view())?;
        let cause = event_id(due.command_id.0, n, self.now);
        let (version, subject) = (after.version, after.aggregate.about().subject.map(|person| person.0));
        self.layer.put(self.facts, after, &event);
        let follows = match self.layer.located.get(&aggregate_id) {
            Some(after) => super::react(after, &event, &self.context(submission.actor, &self.view())),
            None => Vec::new(),
        };
        self.decided.events.push(Happened {
            command_id: due.command_id,
            n,
            cause: due.cause,
            device_time: submission.envelope.device_time,
            actor: submission.actor.account,
            aggregate_id,
            aggregate_version: version,
            subject,
            event,
        });
        Ok(follows.into_iter().map(|command| (command, cause)).collect())
    }

    /// The stream that has to decide a reaction: the target's home, or this one for something new.
    fn home(&self, command: &Command) -> StreamId {
        match self.view().get(command.target()) {
            Some(located) => located.released_to.unwrap_or(located.stream),
            None => self.stream,
        }
    }

    fn view(&self) -> View<'_> {
        View { facts: self.facts, layer: &self.layer, missing: &self.missing }
    }

    fn context<'c>(&'c self, actor: Actor, world: &'c dyn World) -> Context<'c> {
        Context { now: self.now, stream: self.stream, actor: actor.account, world, packs: self.packs }
    }
}

/// What the group changed so far, with the way back for the envelope under way.
#[derive(Default)]
struct Layer {
    located: BTreeMap<Uuid, Located>,
    referrers: BTreeMap<(Uuid, Relation), Vec<Uuid>>,
    codes: BTreeMap<OutbreakId, i64>,
    undo: Vec<Undo>,
}

enum Undo {
    Located(Uuid, Option<Located>),
    Referrers((Uuid, Relation), Option<Vec<Uuid>>),
    Code(OutbreakId, Option<i64>),
}

impl Layer {
    fn put(&mut self, facts: &Facts, after: Located, event: &Event) {
        let id = after.id;
        let before = self.located.get(&id).or_else(|| facts.get(id).flatten());
        let (old, new) =
            (before.map(|located| located.aggregate.links()).unwrap_or_default(), after.aggregate.links());
        if old != new {
            for link in old.iter().filter(|link| !new.contains(link)) {
                self.refer(facts, (link.target, link.relation), id, false);
            }
            for link in new.iter().filter(|link| !old.contains(link)) {
                self.refer(facts, (link.target, link.relation), id, true);
            }
        }
        if let Some((outbreak, number)) = event.code_given() {
            self.undo.push(Undo::Code(outbreak, self.codes.insert(outbreak, number)));
        }
        self.undo.push(Undo::Located(id, self.located.insert(id, after)));
    }

    fn refer(&mut self, facts: &Facts, key: (Uuid, Relation), id: Uuid, refers: bool) {
        // Unloaded lists are not kept up: should somebody ask, the list is loaded and the pass run again.
        let Some(current) = self.referrers.get(&key).or_else(|| facts.referrers.get(&key)) else { return };
        let mut list = current.clone();
        match (list.binary_search(&id), refers) {
            (Err(place), true) => list.insert(place, id),
            (Ok(place), false) => {
                list.remove(place);
            }
            _ => return,
        }
        self.undo.push(Undo::Referrers(key, self.referrers.insert(key, list)));
    }

    fn roll_back(&mut self) {
        while let Some(step) = self.undo.pop() {
            match step {
                Undo::Located(id, before) => restore(&mut self.located, id, before),
                Undo::Referrers(key, before) => restore(&mut self.referrers, key, before),
                Undo::Code(outbreak, before) => restore(&mut self.codes, outbreak, before),
            }
        }
    }
}

fn restore<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, before: Option<V>) {
    match before {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

/// Loaded facts with the layer on top; notes what is missing.
struct View<'a> {
    facts: &'a Facts,
    layer: &'a Layer,
    missing: &'a RefCell<Needs>,
}

impl World for View<'_> {
    fn get(&self, id: Uuid) -> Option<&Located> {
        if let Some(located) = self.layer.located.get(&id) {
            return Some(located);
        }
        match self.facts.get(id) {
            Some(located) => located,
            None => {
                self.missing.borrow_mut().id(id);
                None
            }
        }
    }

    fn referrers(&self, target: Uuid, relation: Relation) -> &[Uuid] {
        let key = (target, relation);
        match self.layer.referrers.get(&key).or_else(|| self.facts.referrers.get(&key)) {
            Some(list) => list,
            None => {
                self.missing.borrow_mut().referrers(target, relation);
                &[]
            }
        }
    }

    fn next_code(&self, outbreak: OutbreakId) -> i64 {
        match self.layer.codes.get(&outbreak).or_else(|| self.facts.codes.get(&outbreak)) {
            Some(last) => last + 1,
            None => {
                self.missing.borrow_mut().codes.insert(outbreak);
                1
            }
        }
    }

    fn has_stream(&self, stream: StreamId) -> bool {
        self.facts.streams.get(&stream).copied().unwrap_or_else(|| {
            self.missing.borrow_mut().streams.insert(stream);
            false
        })
    }
}
