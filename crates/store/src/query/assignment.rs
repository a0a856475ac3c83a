//! Assignments: who works on what.

use super::{
    view::{Cover, Field, Filter, FilterKind, View},
    words::written,
};
use crate::rows;
use domain::access::{Action, FieldGroup::Operational, Noun, Task};

/// Assignments.
pub static ASSIGNMENT: View = View {
    noun: Noun::Assignment,
    list: Action::AssignmentList,
    read: Action::AssignmentRead,
    search: None,
    table: &rows::ASSIGNMENT,
    id: "id",
    entry: None,
    kind: "assignment",
    area: "r.jurisdiction",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("work", Operational),
        Field::plain("work_noun", Operational),
        Field::plain("jurisdiction", Operational),
        Field::plain("account", Operational),
        Field::plain("team", Operational),
        Field::plain("task", Operational),
        Field::plain("valid_from", Operational),
        Field::plain("valid_to", Operational),
        Field::plain("recorded_at", Operational),
        Field::plain("end_recorded_at", Operational),
        Field::plain("assigned_by", Operational),
    ],
    filters: &[
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "account", kind: FilterKind::Ids("account"), group: Some(Operational), search: false },
        Filter { name: "team", kind: FilterKind::Ids("team"), group: Some(Operational), search: false },
        Filter { name: "work", kind: FilterKind::Ids("work"), group: Some(Operational), search: false },
        Filter { name: "task", kind: FilterKind::Word("task", written::<Task>), group: Some(Operational), search: false },
    ],
    sorts: &[],
    cover: Cover { own: &["r.id", "r.work"], through: &[] },
    judged_on: &[],
    children: &[],
};
