//! What a query may return, said before it runs. The store turns it into SQL over the closure table of jurisdictions;
//! `permits` is what that SQL must mean.

use serde::Serialize;
use uuid::Uuid;

use super::action::Action;
use super::actor::{Actor, Target};
use super::allow::Decision;
use super::denial::Denial;
use super::field::FieldSet;
use super::relation::{RelationSet, relation};
use super::role::{Purpose, TaskSet};
use super::rules;

/// One alternative of a scope: these fields of the records that stand so to this jurisdiction and, if asked, are assigned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Arm {
    /// The granted jurisdiction, then all that contain it.
    pub lineage: Vec<Uuid>,
    pub relations: RelationSet,
    /// The relation is that of the area which the record is offered to, not of where it lies.
    pub offered: bool,
    /// A live assignment of one of these tasks to the account or its team is needed; empty: none is.
    pub tasks: TaskSet,
    pub fields: FieldSet,
    /// What the access log keeps as purpose of the rows this arm returned.
    pub purpose: Option<Purpose>,
}

impl Arm {
    /// Whether the record must be assigned.
    pub const fn needs_assignment(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Whether the arm reaches exactly a jurisdiction and its parts: one join on the closure table.
    pub fn subtree(&self) -> Option<Uuid> {
        if self.relations == RelationSet::AREA && !self.offered { self.lineage.first().copied() } else { None }
    }

    /// Whether a record, assigned to the actor by these tasks, is within the arm.
    pub fn permits(&self, record: Lying<'_>, tasks: TaskSet) -> bool {
        let place = if self.offered { record.offered } else { record.lineage };
        self.relations.contains(relation(&self.lineage, place))
            && (self.tasks.is_empty() || !self.tasks.intersection(tasks).is_empty())
    }
}

/// Where a record lies and where it is offered to: each an area followed by all that contain it, or nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lying<'a> {
    pub lineage: &'a [Uuid],
    pub offered: &'a [Uuid],
}

impl<'a> Lying<'a> {
    /// In this lineage, and offered to nobody.
    pub const fn at(lineage: &'a [Uuid]) -> Self {
        Self { lineage, offered: &[] }
    }

    /// As the target of an act.
    pub fn of(target: &'a Target) -> Self {
        Self { lineage: &target.lineage, offered: &target.offered }
    }
}

/// The union of its arms. No arm: the query returns nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Scope {
    pub arms: Vec<Arm>,
}

impl Scope {
    /// The fields shown of a record, `None` when it is not to be returned. `tasks` are those by which it is assigned to the actor
    /// now ([`Actor::tasks_on`]).
    pub fn permits(&self, record: Lying<'_>, tasks: TaskSet) -> Option<FieldSet> {
        self.arms.iter().filter(|arm| arm.permits(record, tasks)).map(|arm| arm.fields).reduce(FieldSet::union)
    }

    /// Whether nothing can be returned.
    pub fn is_empty(&self) -> bool {
        self.arms.is_empty()
    }

    /// Every group that some row may show: columns outside need not be selected.
    pub fn fields(&self) -> FieldSet {
        self.arms.iter().fold(FieldSet::EMPTY, |fields, arm| fields.union(arm.fields))
    }
}

/// The scope of an action for an actor. For lists and reads it says of each record exactly what [`super::allow`] says; where a rule
/// also looks at the people involved (two persons, not oneself), it is the outer bound, and `allow` judges the single act.
pub fn scope(actor: &Actor, action: Action) -> Scope {
    let mut arms: Vec<Arm> = Vec::new();
    for grant in actor.live_grants() {
        for rule in rules::table(action.noun()).iter().filter(|rule| rule.covers(grant.role, action)) {
            if rule.judge_actor(actor).is_err() {
                continue;
            }
            let purpose = rule.purpose_for(grant.role);
            let same = arms.iter_mut().find(|arm| {
                arm.lineage == grant.lineage
                    && arm.relations == rule.reach
                    && arm.offered == rule.offered
                    && arm.tasks == rule.tasks
                    && arm.purpose == purpose
            });
            match same {
                Some(arm) => arm.fields = arm.fields.union(rule.fields),
                None => arms.push(Arm {
                    lineage: grant.lineage.clone(),
                    relations: rule.reach,
                    offered: rule.offered,
                    tasks: rule.tasks,
                    fields: rule.fields,
                    purpose,
                }),
            }
        }
    }
    arms.sort();
    Scope { arms }
}

/// Whether the action can be asked for at all, whichever record: the gate of a list, a search or a look-up. When it cannot, the
/// reason holds for every record and so reveals none; `fields` is what any row may show.
pub fn may_ask(actor: &Actor, action: Action) -> Decision {
    let mut closest = Denial::NoGrant;
    for grant in actor.live_grants() {
        closest = closest.max(Denial::Role);
        for rule in rules::table(action.noun()).iter().filter(|rule| rule.covers(grant.role, action)) {
            match rule.judge_actor(actor) {
                Err(denial) => closest = closest.max(denial),
                Ok(()) => {
                    return Decision {
                        allowed: true,
                        fields: scope(actor, action).fields(),
                        rule: rule.id,
                        purpose: rule.purpose_for(grant.role),
                        limit: rule.limit,
                        reason: None,
                        remedy: None,
                    };
                }
            }
        }
    }
    Decision::denied(closest)
}
