//! The access table at the door: whether the sender of a command may do what it asks.

use super::{Command, World, nouns};
use crate::{
    access::{self, Action, Decision, Denial, Target},
    id::JurisdictionId,
    noun::{Of as _, jurisdiction::Jurisdiction},
    refusal::Refusal,
};
use uuid::Uuid;

/// Deepest lineage followed; hierarchies are refused long before.
const MAX_LINEAGE: usize = 32;

/// Judges a command from outside. A record that the actor may not know of is answered like one that is not there: the
/// command waits for an id that, for this actor, is not known.
pub fn authorise(actor: &access::Actor, command: &Command, world: &dyn World) -> Result<(), Refusal> {
    // Moves and erasures are consequences; nobody sends them.
    let Some(action) = nouns::action(command) else { return Err(Refusal::rule("unknown_body")) };
    tell(access::may_ask(actor, action), command.target())?;
    let target = command.target();
    match (world.get(target), nouns::made_in(command)) {
        (Some(_), _) => tell(judge(actor, action, target, world), target)?,
        (None, Some(area)) => tell(access::allow(actor, action, &in_area(area, world)), target)?,
        (None, None) => {}
    }
    for (id, action) in nouns::references(command) {
        if world.get(id).is_some() {
            tell(judge(actor, action, id, world), id)?;
        }
    }
    Ok(())
}

/// The decision on one record that is loaded.
pub fn judge(actor: &access::Actor, action: Action, id: Uuid, world: &dyn World) -> Decision {
    access::answer(actor, action, target(id, world).as_ref())
}

/// A record as the access table sees it: where it lies and to whom it is assigned.
pub fn target(id: Uuid, world: &dyn World) -> Option<Target> {
    let about = world.get(id)?.aggregate.about();
    Some(about.jurisdiction.map_or_else(Target::default, |area| in_area(area, world)))
}

fn in_area(area: JurisdictionId, world: &dyn World) -> Target {
    Target { lineage: lineage(area, world), ..Target::default() }
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

fn tell(decision: Decision, id: Uuid) -> Result<(), Refusal> {
    if decision.allowed {
        return Ok(());
    }
    if decision.rule == Denial::NotFound.name() {
        return Err(Refusal::waiting(vec![id]));
    }
    Err(Refusal::rule(decision.rule))
}
