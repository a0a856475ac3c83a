//! What the register has of a batch's people and things, and what the batch itself made so far.

use domain::{
    id::{ContactId, OutbreakId, PersonId},
    kernel::{Aggregate, Command, Kind, Relation},
    noun::{MatchKey, case::Case, contact::Contact, exposure::Exposure, person::Person, Of},
    seal::Reading,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use uuid::Uuid;

/// What has to be looked for.
#[derive(Default, Debug)]
pub struct Lookup {
    /// Keys of records.
    pub keys: BTreeSet<MatchKey>,
    /// Ids of our own, as a file has them that was taken from here.
    pub ids: BTreeSet<Uuid>,
    /// Records that refer to those found are needed too.
    pub relations: BTreeSet<Relation>,
    /// The row that is looked at.
    pub(super) row: u32,
}

/// Records found, by id and by key, batch by batch: those of a batch that is not yet committed are known to the next.
pub struct Known {
    /// The newest batch first; there is always one.
    batches: VecDeque<Batch>,
    /// What was looked up for the newest batch.
    origins: HashMap<Uuid, Origin>,
    /// Records whose origin has to be known before the batch can be planned.
    unknown_origin: BTreeSet<Uuid>,
}

#[derive(Default)]
struct Batch {
    keys: HashMap<MatchKey, Vec<Uuid>>,
    records: HashMap<Uuid, Aggregate>,
    referrers: HashMap<(Uuid, Relation), Vec<Uuid>>,
    /// Contacts that the batch itself lists, by their person: a further row of one adds its exposure.
    listed: HashMap<PersonId, ContactId>,
    /// Records that were changed since they were made: they may have been changed here.
    later: HashSet<Uuid>,
    /// Records as known outside after the rows of the batch.
    outside: HashMap<Uuid, Aggregate>,
    /// Commands of the batch that are in the conflict queue or go there, and whether each is open.
    disputed: HashMap<Uuid, Vec<(Command, bool)>>,
}

/// What is known outside of a record that stands here.
pub struct Origin {
    /// The record as files and exports know it; nothing where none brought or took it, or nobody changed it here.
    pub outside: Option<Aggregate>,
    /// Commands about it in the conflict queue, and whether each is open.
    pub queued: Vec<(Command, bool)>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            batches: VecDeque::from([Batch::default()]),
            origins: HashMap::new(),
            unknown_origin: BTreeSet::new(),
        }
    }
}

impl Known {
    /// Begins a batch. Of those before, the last `remembered` are still known; what is older the register has.
    pub fn next_batch(&mut self, remembered: usize) {
        self.batches.truncate(remembered);
        self.batches.push_front(Batch::default());
        self.origins.clear();
    }

    /// Gives the newest batch, of which nothing is planned yet, what a look at the register found. A record that an earlier
    /// batch knows stands as that one left it.
    pub fn take(&mut self, found: Self) {
        let Some(mut found) = found.batches.into_iter().next() else { return };
        let here: Vec<Uuid> = found.records.keys().filter(|id| self.has(**id)).copied().collect();
        for id in here {
            let Some(aggregate) = found.records.remove(&id) else { continue };
            found.later.remove(&id);
            for key in aggregate.match_keys(&Reading::permit()) {
                found.keys.entry(key).and_modify(|ids| ids.retain(|other| *other != id));
            }
            for link in aggregate.about().links {
                let referrers = found.referrers.entry((link.target, link.relation));
                referrers.and_modify(|ids| ids.retain(|other| *other != id));
            }
        }
        if let Some(batch) = self.batches.front_mut() {
            *batch = found;
        }
    }

    /// Records that rows of the newest batch would change, and that may have been changed here: their origins are looked
    /// up, and the batch begun again and planned again. Nearly always there are none.
    pub fn lacking_origin(&self) -> &BTreeSet<Uuid> {
        &self.unknown_origin
    }

    /// Begins the newest batch again, with what is known outside of records; of those missing from `origins`
    /// nothing is.
    pub fn again(&mut self, mut origins: BTreeMap<Uuid, Origin>) {
        if let Some(batch) = self.batches.front_mut() {
            *batch = Batch::default();
        }
        for id in std::mem::take(&mut self.unknown_origin) {
            let origin = origins.remove(&id).unwrap_or(Origin { outside: None, queued: Vec::new() });
            self.origins.insert(id, origin);
        }
    }

    /// Whether the record is here.
    pub fn has(&self, id: Uuid) -> bool {
        self.batches.iter().any(|batch| batch.records.contains_key(&id))
    }

    /// A record of the register, or one the batch makes, with the keys it is found by and its references.
    pub fn put(&mut self, id: Uuid, aggregate: Aggregate) {
        let Some(batch) = self.batches.front_mut() else { return };
        for key in aggregate.match_keys(&Reading::permit()) {
            add(batch.keys.entry(key).or_default(), id);
        }
        for link in aggregate.about().links {
            add(batch.referrers.entry((link.target, link.relation)).or_default(), id);
        }
        batch.records.insert(id, aggregate);
    }

    /// A record of the register of so many versions.
    pub fn put_found(&mut self, id: Uuid, aggregate: Aggregate, version: i64) {
        if let (true, Some(batch)) = (version > 1, self.batches.front_mut()) {
            batch.later.insert(id);
        }
        self.put(id, aggregate);
    }

    /// The record as known outside, for a row that would change it. `None` where it is not known, stands as files left it, or
    /// is to be looked up first.
    pub(super) fn outside<N: Of + Clone>(&mut self, id: Uuid) -> Option<N> {
        if let Some(known) = self.batches.iter().find_map(|batch| batch.outside.get(&id)) {
            return N::of(known).cloned();
        }
        if !self.batches.iter().any(|batch| batch.later.contains(&id)) {
            return None;
        }
        match self.origins.get(&id) {
            Some(origin) => origin.outside.as_ref().and_then(N::of).cloned(),
            None => {
                self.unknown_origin.insert(id);
                None
            }
        }
    }

    /// Notes what is known outside of a record after a row.
    pub(super) fn put_outside(&mut self, id: Uuid, aggregate: Aggregate) {
        if let Some(batch) = self.batches.front_mut() {
            batch.outside.insert(id, aggregate);
        }
    }

    /// Whether the command is in the conflict queue, or on its way there; and whether it is open.
    pub(super) fn disputed(&self, id: Uuid, command: &Command) -> Option<bool> {
        let queued = self.origins.get(&id).into_iter().flat_map(|origin| &origin.queued);
        let sent = self.batches.iter().filter_map(|batch| batch.disputed.get(&id)).flatten();
        queued.chain(sent).filter(|(other, _)| other == command).map(|(_, open)| *open).max()
    }

    /// Notes that a command is in the conflict queue, or goes there.
    pub(super) fn dispute(&mut self, id: Uuid, command: Command, open: bool) {
        if let Some(batch) = self.batches.front_mut() {
            batch.disputed.entry(id).or_default().push((command, open));
        }
    }

    /// Notes that a row lists a contact.
    pub(super) fn list(&mut self, person: PersonId, contact: ContactId) {
        if let Some(batch) = self.batches.front_mut() {
            batch.listed.insert(person, contact);
        }
    }

    /// The contact that an earlier row lists of a person, not in the register yet.
    pub(super) fn listed(&self, person: PersonId) -> Option<ContactId> {
        self.batches.iter().find_map(|batch| batch.listed.get(&person)).copied()
    }

    /// Records that a batch still needs: people of what was found, and those they were merged into.
    pub fn wanting(&self) -> BTreeSet<Uuid> {
        let mut wanting = BTreeSet::new();
        for aggregate in self.batches.front().into_iter().flat_map(|batch| batch.records.values()) {
            match aggregate {
                Aggregate::Person(person) => wanting.extend(person.merged_into.map(|into| into.0)),
                _ if matches!(aggregate.kind(), Kind::Case | Kind::Contact | Kind::Sample) => {
                    wanting.extend(aggregate.about().subject.map(|person| person.0));
                }
                _ => {}
            }
        }
        wanting.retain(|id| !self.has(*id));
        wanting
    }

    /// Ids of the newest batch's records, in their order.
    pub fn ids(&self) -> BTreeSet<Uuid> {
        self.batches.front().into_iter().flat_map(|batch| batch.records.keys().copied()).collect()
    }

    pub(super) fn get<N: Of>(&self, id: Uuid) -> Option<&N> {
        self.batches.iter().find_map(|batch| batch.records.get(&id)).and_then(N::of)
    }

    /// Ids of records under a key; one may come more than once.
    pub(super) fn by_key(&self, key: MatchKey) -> impl Iterator<Item = Uuid> + '_ {
        self.batches.iter().filter_map(move |batch| batch.keys.get(&key)).flatten().copied()
    }

    /// The first record of a noun under a key.
    pub(super) fn one<N: Of>(&self, key: MatchKey) -> Option<&N> {
        self.by_key(key).find_map(|id| self.get(id))
    }

    /// The record under a key; else the one whose own id is written: a file taken from here calls records so that have
    /// no number of another system.
    pub(super) fn called<N: Of>(&self, key: MatchKey, written: &str) -> Option<&N> {
        self.one(key).or_else(|| own_id(written).and_then(|id| self.get(id)))
    }

    fn referring(&self, target: Uuid, relation: Relation) -> impl Iterator<Item = Uuid> + '_ {
        let key = (target, relation);
        self.batches.iter().filter_map(move |batch| batch.referrers.get(&key)).flatten().copied()
    }

    /// The open case of a person in an outbreak.
    pub(super) fn case_of(&self, person: PersonId, outbreak: OutbreakId) -> Option<&Case> {
        self.referring(person.0, Relation::CaseOfPerson)
            .filter_map(|id| self.get::<Case>(id))
            .find(|case| case.outbreak == outbreak && case.entered_in_error_at.is_none())
    }

    /// The person's follow-up in an outbreak.
    pub(super) fn contact_of(&self, person: PersonId, outbreak: OutbreakId) -> Option<&Contact> {
        self.referring(person.0, Relation::ContactOfPerson)
            .filter_map(|id| self.get::<Contact>(id))
            .find(|contact| contact.outbreak == outbreak)
    }

    /// Exposures of a person that stand.
    pub(super) fn exposures_of(&self, person: PersonId) -> impl Iterator<Item = &Exposure> {
        self.referring(person.0, Relation::ExposureOf)
            .filter_map(|id| self.get::<Exposure>(id))
            .filter(|exposure| exposure.entered_in_error_at.is_none())
    }

    /// The record kept of a person, merges followed.
    pub(super) fn kept(&self, mut id: PersonId) -> Option<&Person> {
        for _ in 0..16 {
            let person = self.get::<Person>(id.0)?;
            match person.merged_into {
                Some(into) => id = into,
                None => return Some(person),
            }
        }
        None
    }
}

/// The id that is written, in the form in which exports write it.
pub(super) fn own_id(written: &str) -> Option<Uuid> {
    const LENGTH: usize = 36;
    if written.len() == LENGTH { Uuid::try_parse(written).ok() } else { None }
}

fn add(list: &mut Vec<Uuid>, id: Uuid) {
    if let Err(place) = list.binary_search(&id) {
        list.insert(place, id);
    }
}
