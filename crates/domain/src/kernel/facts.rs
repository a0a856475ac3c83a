//! The facts a decision may read: other aggregates by id, those that refer to one, and counters.

use super::Aggregate;
use crate::{
    id::{AccountId, OutbreakId, StreamId},
    noun::Noun,
    pack::Shelf,
    refusal::Refusal,
    seal::{Class, Classes},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An aggregate with its home.
#[derive(Clone, PartialEq, Debug)]
pub struct Located {
    /// Its id.
    pub id: Uuid,
    /// Its home stream: only that one writes it.
    pub stream: StreamId,
    /// Number of events applied to it.
    pub version: i64,
    /// Set between its release by one stream and its adoption by another.
    pub released_to: Option<StreamId>,
    /// Classes that were erased in it: no value of theirs enters it any more (DESIGN §13.14).
    pub erased: Classes,
    /// Its state.
    pub aggregate: Aggregate,
}

/// How one aggregate refers to another. The numbers stand in the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(i64)]
pub enum Relation {
    /// A record whose sealed fields are under this person's keys.
    Subject = 1,
    /// A case of this person.
    CaseOfPerson = 2,
    /// A follow-up of this person.
    ContactOfPerson = 3,
    /// A sample of this case.
    SampleOfCase = 4,
    /// An exposure whose source is this case, contact or place.
    ExposureFrom = 5,
    /// An exposure of this person.
    ExposureOf = 6,
    /// A contact listed from this exposure.
    ContactFromExposure = 7,
    /// A person of this household.
    MemberOfHousehold = 8,
    /// A pair of suspected duplicates that this person is in.
    DuplicateOfPerson = 9,
    /// An area directly below this one.
    AreaBelow = 10,
    /// A place inside this place.
    PlaceInside = 11,
    /// An assignment to this team.
    AssignedTo = 12,
    /// An assignment of this record: access to it follows.
    AssignmentOf = 20,
    /// A person's record that was merged into this one.
    MergedInto = 21,
    /// A sample of this person.
    SampleOfPerson = 40,
}

/// One reference from the aggregate that declares it to `target`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Link {
    /// The aggregate referred to.
    pub target: Uuid,
    /// In which way.
    pub relation: Relation,
}

/// What has to be loaded before a decision.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Needs {
    /// Aggregates by id.
    pub ids: BTreeSet<Uuid>,
    /// Aggregates that refer to this one.
    pub referrers: BTreeSet<(Uuid, Relation)>,
    /// Counters of human codes.
    pub codes: BTreeSet<OutbreakId>,
    /// Command posts: whether there is one of this number.
    pub streams: BTreeSet<StreamId>,
}

impl Needs {
    /// The aggregate of this id.
    pub fn id(&mut self, id: impl Into<Uuid>) {
        self.ids.insert(id.into());
    }

    /// The ids of the aggregates that refer to `target`; they are loaded as well.
    pub fn referrers(&mut self, target: impl Into<Uuid>, relation: Relation) {
        self.referrers.insert((target.into(), relation));
    }
}

/// Facts as loaded by whoever decides: the store, the in-memory port, a test.
pub trait World {
    /// The aggregate of this id, whatever its home.
    fn get(&self, id: Uuid) -> Option<&Located>;
    /// Ids of aggregates that refer to `target`, ascending. Empty unless named in [`Needs`].
    fn referrers(&self, target: Uuid, relation: Relation) -> &[Uuid];
    /// The next human code of this outbreak in the deciding stream.
    fn next_code(&self, outbreak: OutbreakId) -> i64;
    /// Whether there is a command post of this number.
    fn has_stream(&self, stream: StreamId) -> bool;
}

/// What a decision is made in.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Now, milliseconds UTC: `max(clock, last event of the stream)`.
    pub now: i64,
    /// The deciding stream.
    pub stream: StreamId,
    /// Who acts.
    pub actor: AccountId,
    /// The facts.
    pub world: &'a dyn World,
    /// The protocol packs.
    pub packs: &'a Shelf,
}

impl<'a> Context<'a> {
    /// The noun of this id; without it the command waits for it.
    pub fn expect<N: Noun>(&self, id: impl Into<Uuid>) -> Result<&'a N, Refusal> {
        let id = id.into();
        self.find::<N>(id).ok_or_else(|| Refusal::waiting(vec![id]))
    }

    /// The noun of this id, if there is one.
    pub fn find<N: Noun>(&self, id: impl Into<Uuid>) -> Option<&'a N> {
        self.world.get(id.into()).and_then(|located| N::of(&located.aggregate))
    }

    /// Whether the record's values of this class were erased.
    pub fn is_erased_of(&self, id: impl Into<Uuid>, class: Class) -> bool {
        self.world.get(id.into()).is_some_and(|located| located.erased.contains(class))
    }

    /// The nouns that refer to `target`, in the order of their ids.
    pub fn referring<N: Noun>(&self, target: impl Into<Uuid>, relation: Relation) -> Vec<(Uuid, &'a N)> {
        let ids = self.world.referrers(target.into(), relation);
        ids.iter().filter_map(|id| self.find::<N>(*id).map(|noun| (*id, noun))).collect()
    }
}
