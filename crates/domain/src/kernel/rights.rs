//! The access table at the door: whether the sender of a command may do what it asks.

use super::{Aggregate, Command, Relation, World, nouns};
use crate::{
    access::{self, Action, Assigned, Assignee, Decision, Denial, Target},
    id::JurisdictionId,
    noun::{Of as _, assignment::Assignment, jurisdiction::Jurisdiction},
    refusal::Refusal,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Deepest lineage followed; hierarchies are refused long before.
const MAX_LINEAGE: usize = 32;

/// Most records looked at on one path of references. A person has a handful of cases and contacts; beyond this a
/// right is not found, never given in excess.
const MAX_COVERING: usize = 1_000;

/// Judges a command from outside. A record that the actor may not know of is answered like one that is not there: the
/// command waits for an id that, for this actor, is not known.
pub fn authorise(actor: &access::Actor, command: &Command, world: &dyn World) -> Result<(), Refusal> {
    // Moves and erasures are consequences; nobody sends them.
    let Some(action) = nouns::action(command) else { return Err(Refusal::rule("unknown_body")) };
    let target = command.target();
    tell(access::may_ask(actor, action))?;
    let act = Act { actor, recipient: nouns::recipient(command), world };
    let known = match (world.get(target), nouns::made_in(command)) {
        // Who sends an id to be made has it already: there is no existence to hide.
        (Some(_), Some(_)) => tell(act.on(action, target))?,
        (Some(_), None) => tell(act.on_what_is_there(action, target))?,
        (None, Some(area)) => tell(act.in_area(action, area))?,
        (None, None) => true,
    };
    let mut unknown = Vec::new();
    for (id, action) in nouns::references(command) {
        if world.get(id).is_none() || !tell(act.with_another(action, id))? {
            unknown.push(id);
        }
    }
    // Last, as the noun itself says it of a target that is not there.
    if !known && unknown.is_empty() {
        unknown.push(target);
    }
    if unknown.is_empty() { Ok(()) } else { Err(Refusal::waiting(unknown)) }
}

/// The decision on one record that is loaded, with the fields it shows. A record that stands for others is judged on
/// each of them, and all must allow.
pub fn judge(actor: &access::Actor, action: Action, id: Uuid, world: &dyn World) -> Decision {
    let judged_on = world.get(id).map(|located| located.aggregate.judged_on()).unwrap_or_default();
    let each = judged_on.into_iter().map(|id| access::answer(actor, action, target(id, world).as_ref()));
    each.reduce(Decision::both).unwrap_or_else(|| access::answer(actor, action, target(id, world).as_ref()))
}

/// A record as the access table sees it: where it lies, to whom it is assigned, who asked for what waits for approval.
pub fn target(id: Uuid, world: &dyn World) -> Option<Target> {
    let mut target = place(id, world)?;
    let located = world.get(id)?;
    target.assignments = assignments(&covering(id, &located.aggregate, &target.lineage, world), world);
    Some(target)
}

/// An area and all that contain it.
pub fn lineage(area: JurisdictionId, world: &dyn World) -> Vec<Uuid> {
    let mut lineage = vec![area.0];
    while let Some(parent) = lineage
        .last()
        .and_then(|last| world.get(*last))
        .and_then(|located| Jurisdiction::of(&located.aggregate))
        .and_then(|area| area.parent)
    {
        if lineage.len() >= MAX_LINEAGE || lineage.contains(&parent.0) {
            break;
        }
        lineage.push(parent.0);
    }
    lineage
}

/// One command's sender and what it gives away.
struct Act<'a> {
    actor: &'a access::Actor,
    recipient: Option<Assignee>,
    world: &'a dyn World,
}

impl Act<'_> {
    fn on(&self, action: Action, id: Uuid) -> Decision {
        let judged_on = self.world.get(id).map(|located| located.aggregate.judged_on()).unwrap_or_default();
        let each = judged_on.into_iter().map(|id| self.on_one(action, id));
        each.reduce(Decision::both).unwrap_or_else(|| self.on_one(action, id))
    }

    /// First as if nothing were assigned: assignments only add, and most commands need none of them loaded.
    fn on_one(&self, action: Action, id: Uuid) -> Decision {
        let Some(bare) = place(id, self.world) else { return access::answer(self.actor, action, None) };
        let bare = Target { recipient: self.recipient, ..bare };
        let decision = access::answer(self.actor, action, Some(&bare));
        if decision.allowed {
            return decision;
        }
        let assigned = target(id, self.world).map(|target| Target { recipient: self.recipient, ..target });
        access::answer(self.actor, action, assigned.as_ref())
    }

    /// An action on a record that is there, also one by whose kind there is none yet (an import that goes on).
    fn on_what_is_there(&self, action: Action, id: Uuid) -> Decision {
        let decision = self.on(action, id);
        if decision.allowed || action.kind() != access::Kind::Create || self.may_read(id) {
            return decision;
        }
        Decision::denied(Denial::NotFound)
    }

    /// An action on a record that a command names besides its target. A record that is only named may be named by who may
    /// read it, and by who may make one like it where it lies: whoever registered a person names them next.
    fn with_another(&self, action: Action, id: Uuid) -> Decision {
        let decision = self.on_what_is_there(action, id);
        if decision.allowed || action.kind() != access::Kind::Read {
            return decision;
        }
        let made = action.noun().create_action().map(|create| self.on(create, id));
        made.filter(|made| made.allowed).unwrap_or(decision)
    }

    /// Whether the actor may know that the record is there.
    fn may_read(&self, id: Uuid) -> bool {
        let kind = self.world.get(id).map(|located| located.aggregate.kind());
        let noun = kind.and_then(|kind| access::Noun::from_name(kind.name()));
        noun.and_then(access::Noun::read_action).is_some_and(|read| self.on(read, id).allowed)
    }

    /// Making a record in an area.
    fn in_area(&self, action: Action, area: JurisdictionId) -> Decision {
        let lineage = lineage(area, self.world);
        let bare = Target { recipient: self.recipient, lineage, ..Target::default() };
        let decision = access::allow(self.actor, action, &bare);
        if decision.allowed {
            return decision;
        }
        let areas = bare.lineage.iter().copied().collect();
        let assignments = assignments(&areas, self.world);
        access::allow(self.actor, action, &Target { assignments, ..bare })
    }
}

/// Where a record lies, where it is offered to and who asked, without assignments.
fn place(id: Uuid, world: &dyn World) -> Option<Target> {
    let aggregate = &world.get(id)?.aggregate;
    Some(Target {
        lineage: aggregate.about().jurisdiction.map(|area| lineage(area, world)).unwrap_or_default(),
        offered: aggregate.offered_to().map(|area| lineage(area, world)).unwrap_or_default(),
        requested_by: aggregate.requested_by().map(|account| account.0),
        ..Target::default()
    })
}

/// The records whose assignments cover this one: itself, the areas it lies in, and what its noun names.
fn covering(id: Uuid, aggregate: &Aggregate, lineage: &[Uuid], world: &dyn World) -> BTreeSet<Uuid> {
    let mut covering: BTreeSet<Uuid> = lineage.iter().copied().collect();
    covering.insert(id);
    covering.extend(aggregate.covered_by());
    for path in aggregate.covered_through() {
        let mut reached = BTreeSet::from([id]);
        for relation in *path {
            let next = reached.iter().flat_map(|record| world.referrers(*record, *relation)).copied();
            reached = next.take(MAX_COVERING).collect();
        }
        covering.extend(reached);
    }
    covering
}

fn assignments(records: &BTreeSet<Uuid>, world: &dyn World) -> Vec<Assigned> {
    records
        .iter()
        .flat_map(|record| world.referrers(*record, Relation::AssignmentOf))
        .filter_map(|id| world.get(*id))
        .filter_map(|located| Assignment::of(&located.aggregate))
        .map(Assignment::assigned)
        .collect()
}

/// Whether the record is known to the actor, or the refusal they may be told.
fn tell(decision: Decision) -> Result<bool, Refusal> {
    match decision {
        Decision { allowed: true, .. } => Ok(true),
        Decision { rule, .. } if rule == Denial::NotFound.name() => Ok(false),
        Decision { rule, .. } => Err(Refusal::rule(rule)),
    }
}
