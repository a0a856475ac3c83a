//! Assignments as queries read them.

use super::Rows;
use crate::{table, value::Value};
use domain::{access::Assignee, noun::assignment::Assignment};

table! {
    /// Assignments: which record is worked on by whom, for which task. Exactly one of `account` and `team` is set.
    ASSIGNMENT "assignment" Replayed 2 [["account"], ["team"], ["work"]] {
        stream Int, id Uuid, work Uuid, work_noun Text, jurisdiction Uuid opt, account Uuid opt, team Uuid opt, task Text,
        valid_from Int, valid_to Int opt, recorded_at Int, end_recorded_at Int opt, assigned_by Uuid,
    }
}

pub(super) fn rows(assignment: &Assignment, rows: &mut Rows<'_>) {
    let (account, team) = match assignment.to {
        Assignee::Account(account) => (Value::Uuid(account), Value::Null),
        Assignee::Team(team) => (Value::Null, Value::Uuid(team)),
    };
    let term = &assignment.term;
    rows.push(
        &ASSIGNMENT,
        [
            Value::Uuid(assignment.id.0),
            Value::Uuid(assignment.work.id()),
            Value::from(assignment.work.noun()),
            Value::or_null(assignment.jurisdiction.map(|area| area.0)),
            account,
            team,
            Value::from(assignment.task.name()),
            Value::Int(term.span.valid_from),
            Value::or_null(term.span.valid_to),
            Value::Int(term.recorded_at),
            Value::or_null(term.end_recorded_at),
            Value::Uuid(assignment.assigned_by.0),
        ],
    );
}
