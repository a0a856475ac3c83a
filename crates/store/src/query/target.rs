//! Records as the access table sees them, read by the same `rights::target` that judges commands at the door.

use crate::{
    engine::{Arg, DbError, Tx},
    value::ColumnType,
    writer::{AGGREGATE_TYPES, located},
};
use domain::{
    access::{self, Action, Actor, Decision, Target},
    id::{OutbreakId, StreamId},
    kernel::{Located, Needs, Relation, World, group::Facts, rights},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};
use uuid::Uuid;

/// Facts that note what was asked for and is not loaded.
struct Looking<'a> {
    facts: &'a Facts,
    missing: RefCell<Needs>,
}

impl World for Looking<'_> {
    fn get(&self, id: Uuid) -> Option<&Located> {
        match self.facts.located.get(&id) {
            Some(found) => found.as_ref(),
            None => {
                self.missing.borrow_mut().id(id);
                None
            }
        }
    }

    fn referrers(&self, target: Uuid, relation: Relation) -> &[Uuid] {
        match self.facts.referrers.get(&(target, relation)) {
            Some(found) => found,
            None => {
                self.missing.borrow_mut().referrers(target, relation);
                &[]
            }
        }
    }

    fn next_code(&self, _: OutbreakId) -> i64 {
        // No judgement reads a counter.
        0
    }

    fn has_stream(&self, _: StreamId) -> bool {
        // Nor the list of command posts.
        false
    }
}

const AGGREGATES: &str = "SELECT stream, id, kind, version, released_to, erased, state FROM aggregate \
     WHERE stream IN (SELECT stream FROM stream_head) AND id IN {1}";
const REFERRERS: &str = "SELECT target, relation, source FROM link \
     WHERE stream IN (SELECT stream FROM stream_head) AND target IN {1}";

async fn load(tx: &mut Tx, needs: &Needs, facts: &mut Facts) -> Result<(), DbError> {
    let mut ids: BTreeSet<Uuid> = needs.ids.clone();
    if !needs.referrers.is_empty() {
        let targets: BTreeSet<Uuid> = needs.referrers.iter().map(|(target, _)| *target).collect();
        for key in &needs.referrers {
            facts.referrers.entry(*key).or_default();
        }
        let types = [ColumnType::Uuid, ColumnType::Int, ColumnType::Uuid];
        for row in tx.rows(REFERRERS, &[Arg::Uuids(targets.into_iter().collect())], &types).await? {
            let (target, code, source) = (row[0].uuid()?, row[1].int()?, row[2].uuid()?);
            for (key, list) in facts.referrers.range_mut((target, Relation::Subject)..) {
                if key.0 != target {
                    break;
                }
                if key.1 as i64 == code && needs.referrers.contains(key) {
                    list.push(source);
                    ids.insert(source);
                }
            }
        }
        for list in facts.referrers.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
    }
    ids.retain(|id| !facts.located.contains_key(id));
    if !ids.is_empty() {
        for row in tx.rows(AGGREGATES, &[Arg::Uuids(ids.iter().copied().collect())], &AGGREGATE_TYPES).await? {
            let located = located(&row)?;
            facts.located.insert(located.id, Some(located));
        }
        for id in ids {
            facts.located.entry(id).or_insert(None);
        }
    }
    Ok(())
}

/// Most passes: far more than any lineage or cover is deep.
const MAX_PASSES: usize = 64;

/// What the door knows of records: where they lie, to whom they are assigned, with their aggregates.
pub(crate) struct Known {
    facts: Facts,
    targets: BTreeMap<Uuid, Target>,
}

impl Known {
    pub(crate) fn target(&self, id: Uuid) -> Option<&Target> {
        self.targets.get(&id)
    }

    pub(crate) fn located(&self, id: Uuid) -> Option<&Located> {
        self.facts.located.get(&id).and_then(Option::as_ref)
    }

    /// Judges an act on a record as the door does: on the records that stand for it, all of which must allow. Where an
    /// act needs somebody who receives, somebody else is taken.
    pub(crate) fn judge(&self, actor: &Actor, action: Action, id: Uuid) -> Decision {
        let one = |id: Uuid| {
            let target = self.target(id).map(|target| Target { recipient: SOMEBODY_ELSE, ..target.clone() });
            access::answer(actor, action, target.as_ref())
        };
        let judged_on = self.located(id).map(|located| located.aggregate.judged_on()).unwrap_or_default();
        judged_on.into_iter().map(one).reduce(Decision::both).unwrap_or_else(|| one(id))
    }
}

/// No account has this id.
const SOMEBODY_ELSE: Option<access::Assignee> = Some(access::Assignee::Account(Uuid::nil()));

/// Loads what judging these records needs.
pub(crate) async fn known(tx: &mut Tx, ids: &[Uuid]) -> Result<Known, DbError> {
    let mut facts = Facts::default();
    let mut needs = Needs { ids: ids.iter().copied().collect(), ..Needs::default() };
    for _ in 0..MAX_PASSES {
        load(tx, &needs, &mut facts).await?;
        // Areas come with all that contain them, so that a lineage is one pass.
        let areas: BTreeSet<Uuid> = facts
            .located
            .values()
            .flatten()
            .filter_map(|located| located.aggregate.about().jurisdiction)
            .map(|area| area.0)
            .filter(|area| !facts.located.contains_key(area))
            .collect();
        if !areas.is_empty() {
            let lineages = crate::closure::lineages(tx, &areas.into_iter().collect::<Vec<_>>()).await?;
            let ids = lineages.into_values().flatten().collect();
            load(tx, &Needs { ids, ..Needs::default() }, &mut facts).await?;
        }
        let looking = Looking { facts: &facts, missing: RefCell::default() };
        let standing_for = ids.iter().filter_map(|id| Some(looking.get(*id)?.aggregate.judged_on())).flatten();
        let judged: BTreeSet<Uuid> = standing_for.chain(ids.iter().copied()).collect();
        let targets = judged.into_iter().filter_map(|id| Some((id, rights::target(id, &looking)?))).collect();
        needs = looking.missing.into_inner();
        if needs == Needs::default() {
            return Ok(Known { facts, targets });
        }
    }
    Err(DbError::Schema("judging a record kept asking for facts; this is a defect of the program".to_owned()))
}

/// These records as the access table sees them; absent ones are left out.
pub async fn targets(tx: &mut Tx, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Target>, DbError> {
    Ok(known(tx, ids).await?.targets)
}
