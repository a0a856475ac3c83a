//! The matrix by name, by golden file and by random worlds.

mod fixed_cells;
mod golden;
mod people;
mod table;
mod worlds;

use uuid::Uuid;

use super::*;

pub(super) const ME: Uuid = Uuid::from_u128(1);
pub(super) const OTHER: Uuid = Uuid::from_u128(2);
pub(super) const TEAM: Uuid = Uuid::from_u128(3);
pub(super) const CITY: Uuid = Uuid::from_u128(10);
pub(super) const DISTRICT: Uuid = Uuid::from_u128(11);
pub(super) const NEIGHBOUR: Uuid = Uuid::from_u128(12);
pub(super) const NOW: i64 = 1_000_000;

pub(super) fn granted(role: Role, lineage: &[Uuid]) -> Grant {
    Grant { role, lineage: lineage.to_vec(), valid_from: 0, valid_to: None }
}

/// An account with this role in the district.
pub(super) fn holder(role: Role) -> Actor {
    Actor {
        account: ME,
        at: NOW,
        grants: vec![granted(role, &[DISTRICT, CITY])],
        teams: Vec::new(),
        open_tasks: Vec::new(),
        uses: Uses::default(),
    }
}

/// A record of the district, assigned to nobody.
pub(super) fn record() -> Target {
    Target { lineage: vec![DISTRICT, CITY], ..Target::default() }
}

pub(super) fn assigned_to(assignee: Assignee, task: Task) -> Target {
    let assigned = Assigned { assignee, task, valid_from: 0, valid_to: None };
    Target { assignments: vec![assigned], ..record() }
}

pub(super) fn refusal(decision: Decision) -> &'static str {
    assert!(!decision.allowed && decision.fields.is_empty(), "{decision:?}");
    assert!(decision.reason.is_some() && decision.remedy.is_some());
    decision.rule
}
