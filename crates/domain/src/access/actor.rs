//! Who asks, and for which record: the facts that a judgement is made from. Callers load them; nothing here looks anything up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::denial::Denial;
use super::role::{Role, Task, TaskSet};
use super::rule::LimitKind;

/// A role for one jurisdiction and a time, `[valid_from, valid_to)` in milliseconds UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub role: Role,
    /// The granted jurisdiction, then all that contain it (see [`super::relation()`]).
    pub lineage: Vec<Uuid>,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

/// Being in a team, `[valid_from, valid_to)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub team: Uuid,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

/// Work that the account has open now, whichever record it is about: a call on the line, a list of the day, a case file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTask {
    pub id: Uuid,
    pub task: Task,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

/// How often the account has used a limited action within the limit's running window, counted by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Uses {
    pub matches: u32,
    pub break_glass: u32,
    pub identified_exports: u32,
}

impl Uses {
    /// The count that belongs to a limit.
    pub const fn of(&self, kind: LimitKind) -> u32 {
        match kind {
            LimitKind::Match => self.matches,
            LimitKind::BreakGlass => self.break_glass,
            LimitKind::IdentifiedExport => self.identified_exports,
        }
    }
}

/// An account at an instant, with all that its rights depend on. Ended grants, memberships and assignments may be included: they
/// open nothing, and let a refusal say that something ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub account: Uuid,
    /// The instant for which rights are judged, milliseconds UTC.
    pub at: i64,
    pub grants: Vec<Grant>,
    pub teams: Vec<Membership>,
    pub open_tasks: Vec<OpenTask>,
    pub uses: Uses,
}

/// To whom work is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    Account(Uuid),
    Team(Uuid),
}

/// An assignment that covers the record: of itself, of its case or household, or of the area or queue it lies in; `[valid_from, valid_to)`.
/// For a contact or exposure it includes those of the source case, whose investigators work on it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    pub assignee: Assignee,
    pub task: Task,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

/// The record acted on. For a creation: where it will lie. For a grant: where the grant will hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Target {
    /// The record's jurisdiction, then all that contain it; empty when not known.
    pub lineage: Vec<Uuid>,
    /// The area that the record is offered to, then all that contain it; empty when it is offered to none.
    pub offered: Vec<Uuid>,
    pub assignments: Vec<Assigned>,
    /// Who asked for the act that is now approved, or did the act that is now reviewed.
    pub requested_by: Option<Uuid>,
    /// Who receives the grant, the credentials or the work.
    pub recipient: Option<Assignee>,
}

/// Whether an instant lies in `[from, to)`.
fn within(at: i64, from: i64, to: Option<i64>) -> bool {
    from <= at && to.is_none_or(|to| at < to)
}

/// Whether two half-open intervals share an instant.
fn overlap(from: i64, to: Option<i64>, other_from: i64, other_to: Option<i64>) -> bool {
    other_to.is_none_or(|other_to| from < other_to) && to.is_none_or(|to| other_from < to)
}

impl Actor {
    /// The grants that hold now.
    pub fn live_grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(|grant| within(self.at, grant.valid_from, grant.valid_to))
    }

    /// The kinds of work open now.
    pub fn open_tasks(&self) -> TaskSet {
        self.open_tasks
            .iter()
            .filter(|open| within(self.at, open.valid_from, open.valid_to))
            .map(|open| open.task)
            .collect()
    }

    /// The tasks by which the record is assigned to the account now, alone or through a team.
    pub fn tasks_on(&self, target: &Target) -> TaskSet {
        target
            .assignments
            .iter()
            .filter(|assigned| within(self.at, assigned.valid_from, assigned.valid_to))
            .filter(|assigned| match assigned.assignee {
                Assignee::Account(account) => account == self.account,
                Assignee::Team(team) => self.is_member(team),
            })
            .map(|assigned| assigned.task)
            .collect()
    }

    /// The tasks by which the record was ever assigned to the account, up to now.
    pub fn past_tasks_on(&self, target: &Target) -> TaskSet {
        target
            .assignments
            .iter()
            .filter(|assigned| assigned.valid_from <= self.at)
            .filter(|assigned| match assigned.assignee {
                Assignee::Account(account) => account == self.account,
                Assignee::Team(team) => self.teams.iter().any(|of| of.team == team && of.valid_from <= self.at),
            })
            .map(|assigned| assigned.task)
            .collect()
    }

    /// Whether the account, alone or as a member of a team, is the one meant.
    pub fn is(&self, assignee: Assignee) -> bool {
        match assignee {
            Assignee::Account(account) => account == self.account,
            Assignee::Team(team) => self.is_member(team),
        }
    }

    fn is_member(&self, team: Uuid) -> bool {
        self.teams.iter().any(|of| of.team == team && within(self.at, of.valid_from, of.valid_to))
    }
}

/// Whether an account that holds `held` may be given `new`. Whoever administers accounts holds no other role at the same time,
/// so that nobody gives rights over people and uses them from one account.
pub fn may_hold(held: &[Grant], new: &Grant) -> Result<(), Denial> {
    let clash = held.iter().any(|grant| {
        grant.role != new.role
            && (grant.role == Role::AccountAdministrator || new.role == Role::AccountAdministrator)
            && overlap(grant.valid_from, grant.valid_to, new.valid_from, new.valid_to)
    });
    if clash { Err(Denial::SeparationOfDuties) } else { Ok(()) }
}
