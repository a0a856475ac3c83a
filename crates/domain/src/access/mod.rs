//! Who may do what to whose record, and which fields they see of it (DESIGN §10, §13.10; domain.md G07, G09, G11, F69, F71).
//!
//! One table, in `rules/`, one file per noun: role × action × relation of jurisdictions × task → fields. Everything else in this
//! module reads that table: [`allow`] judges one record, [`scope`] says beforehand which records a query may return, and
//! [`render`] prints every cell to the golden file `golden/matrix.txt`, which a person reviews. What the table does not say is denied.
//!
//! The module does no I/O and has no clock: the instant of judgement is [`Actor::at`], and the counts that limits are held
//! against are counted by the caller.
//!
//! A new noun is one block in `action.rs`, one file in `rules/` and one line in `rules/mod.rs`; the golden file shows what it opened.

mod action;
mod actor;
mod allow;
mod denial;
mod field;
mod matrix;
mod named;
mod relation;
mod role;
mod rule;
mod rules;
mod scope;
#[cfg(test)]
mod tests;

pub use action::{Action, Kind, Noun};
pub use actor::{Actor, Assigned, Assignee, Grant, Membership, OpenTask, Target, Uses, may_hold};
pub use allow::{Decision, actions_on, allow, answer};
pub use denial::{Denial, Text};
pub use field::{FieldGroup, FieldSet};
pub use matrix::{Cell, Held, cells, mask, render};
pub use relation::{JurisdictionRelation, RelationSet, relation};
pub use role::{Purpose, Role, Task, TaskSet};
pub use rule::{Limit, LimitKind, Recipient, Rule};
pub use rules::table;
pub use scope::{Arm, Lying, Scope, may_ask, scope};
