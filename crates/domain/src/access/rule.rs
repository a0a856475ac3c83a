//! One line of the table, and how it judges.

use serde::Serialize;
use uuid::Uuid;

use super::action::Action;
use super::actor::{Actor, Assignee, Target};
use super::denial::Denial;
use super::field::FieldSet;
use super::named::named;
use super::relation::{JurisdictionRelation, RelationSet};
use super::role::{Purpose, Role, Task, TaskSet};

named! {
    /// What is counted against a limit.
    pub enum LimitKind {
        Match = "match",
        BreakGlass = "break_glass",
        IdentifiedExport = "identified_export",
    }
}

named! {
    /// Who may receive what the action gives.
    pub enum Recipient {
        Anyone = "anyone",
        /// Not the actor, nor a team the actor is in.
        Others = "others",
        /// The actor alone.
        Oneself = "oneself",
    }
}

/// A right that is used sparingly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    pub kind: LimitKind,
    /// At most this many uses …
    pub most: u32,
    /// … in any running window of this many milliseconds.
    pub per_ms: i64,
    /// A supervisor is told of each use.
    pub tell_supervisor: bool,
    /// Another person reviews each use within this many milliseconds.
    pub review_within_ms: Option<i64>,
}

/// "These roles may do these actions on records in this reach, when the task is theirs, and see these fields."
/// Made with [`Rule::by_jurisdiction`], [`Rule::by_task`] or [`Rule::by_offer`]; rules only ever add.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable name, `noun.who`, kept in the access log.
    pub id: &'static str,
    pub roles: &'static [Role],
    pub actions: &'static [Action],
    pub reach: RelationSet,
    /// The reach is judged from the area that the record is offered to, not from where it lies.
    pub offered: bool,
    /// One of these tasks must be assigned over the record; empty: the jurisdiction is enough.
    pub tasks: TaskSet,
    pub fields: FieldSet,
    /// One of these must be open for the account, whichever record it is about; empty: none needed.
    pub open_task: TaskSet,
    pub recipient: Recipient,
    /// The requester must be somebody else.
    pub two_person: bool,
    pub limit: Option<Limit>,
    /// Stands for the role's standing purpose.
    pub purpose: Option<Purpose>,
}

impl Rule {
    /// A right by jurisdiction alone.
    pub const fn by_jurisdiction(
        id: &'static str,
        roles: &'static [Role],
        actions: &'static [Action],
        reach: RelationSet,
        fields: FieldSet,
    ) -> Self {
        Self {
            id,
            roles,
            actions,
            reach,
            offered: false,
            tasks: TaskSet::EMPTY,
            fields,
            open_task: TaskSet::EMPTY,
            recipient: Recipient::Anyone,
            two_person: false,
            limit: None,
            purpose: None,
        }
    }

    /// A right by assignment, which ends with it. All tasks of one rule have one purpose.
    pub const fn by_task(
        id: &'static str,
        roles: &'static [Role],
        actions: &'static [Action],
        tasks: &[Task],
        fields: FieldSet,
    ) -> Self {
        let mut rule = Self::by_jurisdiction(id, roles, actions, RelationSet::SAME_TREE, fields);
        rule.tasks = TaskSet::of(tasks);
        rule
    }

    /// A right of the area that a record is offered to, until the offer is answered.
    pub const fn by_offer(
        id: &'static str,
        roles: &'static [Role],
        actions: &'static [Action],
        fields: FieldSet,
    ) -> Self {
        let mut rule = Self::by_jurisdiction(id, roles, actions, RelationSet::AREA, fields);
        rule.offered = true;
        rule
    }

    /// Only while one of these tasks is open.
    pub const fn while_open(mut self, tasks: &[Task]) -> Self {
        self.open_task = TaskSet::of(tasks);
        self
    }

    /// Never for oneself.
    pub const fn not_for_self(mut self) -> Self {
        self.recipient = Recipient::Others;
        self
    }

    /// Only for oneself.
    pub const fn for_oneself(mut self) -> Self {
        self.recipient = Recipient::Oneself;
        self
    }

    /// Never what one asked for oneself.
    pub const fn two_person(mut self) -> Self {
        self.two_person = true;
        self
    }

    /// At most so often.
    pub const fn limited(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// For this purpose, whichever role acts.
    pub const fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// The purpose of a read under this rule: the rule's own, the assigned task's, the open task's, or the role's standing one.
    pub fn purpose_for(&self, role: Role) -> Option<Purpose> {
        self.purpose
            .or_else(|| self.tasks.iter().next().map(Task::purpose))
            .or_else(|| self.open_task.iter().next().map(Task::purpose))
            .or_else(|| role.standing_purpose())
    }

    /// Whether the rule speaks of this role and action.
    pub fn covers(&self, role: Role, action: Action) -> bool {
        self.roles.contains(&role) && self.actions.contains(&action)
    }

    /// The lineage that the reach is judged on.
    pub(super) fn seen_from<'a>(&self, target: &'a Target) -> &'a [Uuid] {
        if self.offered { &target.offered } else { &target.lineage }
    }

    /// What the rule asks of the account whatever the record: so a query can be refused before it runs.
    pub(super) fn judge_actor(&self, actor: &Actor) -> Result<(), Denial> {
        if !self.open_task.is_empty() && self.open_task.intersection(actor.open_tasks()).is_empty() {
            return Err(Denial::NoOpenTask);
        }
        match self.limit {
            Some(limit) if actor.uses.of(limit.kind) >= limit.most => Err(Denial::LimitReached),
            _ => Ok(()),
        }
    }

    /// What the rule asks of the record's place and assignment.
    pub(super) fn judge_record(
        &self,
        relation: JurisdictionRelation,
        now: TaskSet,
        past: TaskSet,
    ) -> Result<(), Denial> {
        if !self.reach.contains(relation) {
            Err(Denial::Elsewhere)
        } else if self.tasks.is_empty() || !self.tasks.intersection(now).is_empty() {
            Ok(())
        } else if !self.tasks.intersection(past).is_empty() {
            Err(Denial::AssignmentEnded)
        } else {
            Err(Denial::NotAssigned)
        }
    }

    /// What the rule asks of the people involved. A fact that is not given is taken for the forbidden one.
    pub(super) fn judge_people(&self, actor: &Actor, target: &Target) -> Result<(), Denial> {
        match self.recipient {
            Recipient::Others if target.recipient.is_none_or(|recipient| actor.is(recipient)) => {
                return Err(Denial::ForOneself);
            }
            Recipient::Oneself if target.recipient != Some(Assignee::Account(actor.account)) => {
                return Err(Denial::ForAnother);
            }
            _ => {}
        }
        if self.two_person && target.requested_by.is_none_or(|requester| requester == actor.account) {
            return Err(Denial::SamePerson);
        }
        Ok(())
    }
}
