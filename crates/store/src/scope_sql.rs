//! `access::Scope` as SQL: the one place where what an actor may see becomes a condition on rows. What the condition
//! must mean is `Scope::permits`; a property test holds the two together, row by row.

use crate::engine::Arg;
use domain::access::{Actor, Arm, FieldGroup, JurisdictionRelation, RelationSet, Scope, TaskSet};
use std::fmt::Write as _;
use uuid::Uuid;

/// How rows of a table are reached.
#[derive(Clone, Copy, Debug)]
pub struct Reached {
    /// The column of the row's area, with the table's alias; `NULL` reads as not known.
    pub area: &'static str,
    /// The column of the area that the row is offered to, where rows are.
    pub offered: Option<&'static str>,
    /// Ids whose assignments cover the row: columns of the row, with the alias.
    pub own: &'static [&'static str],
    /// Further covers: `(column, subselect)`, where the column is in what the subselect gives; `{work}` in it stands
    /// for the ids of assigned work.
    pub through: &'static [(&'static str, &'static str)],
}

/// A growing statement: its text and what is bound to it.
#[derive(Default, Debug)]
pub struct Statement {
    /// The text so far.
    pub text: String,
    /// Its parameters, `$1` first.
    pub args: Vec<Arg>,
}

impl Statement {
    /// A statement that begins so.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), args: Vec::new() }
    }

    /// Adds text.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Binds a value and adds its place.
    pub fn bind(&mut self, value: impl Into<Arg>) -> &mut Self {
        self.args.push(value.into());
        // Writing into a String cannot fail.
        let _ = write!(self.text, "${}", self.args.len());
        self
    }

    /// Adds `(…, …)` of bound values; a list that nothing is in for none.
    pub fn bind_list<T: Into<Arg>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return self.push("(NULL)");
        }
        self.push("(");
        for (n, value) in values.enumerate() {
            if n > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(")")
    }
}

/// Keeps the arms that show all of these groups: whoever filters or sorts by a field learns it, so it must be shown of
/// each row that the answer holds.
pub fn showing(scope: Scope, groups: &[FieldGroup]) -> Scope {
    let shows = |arm: &Arm| groups.iter().all(|group| arm.fields.contains(*group));
    Scope { arms: scope.arms.into_iter().filter(shows).collect() }
}

/// Adds the condition that a row is within the scope.
pub fn within(statement: &mut Statement, scope: &Scope, actor: &Actor, reached: &Reached) {
    if scope.is_empty() {
        statement.push("1 = 0");
        return;
    }
    statement.push("(");
    for (n, arm) in scope.arms.iter().enumerate() {
        if n > 0 {
            statement.push(" OR ");
        }
        statement.push("(");
        match (arm.offered, reached.offered) {
            (false, _) => standing(statement, arm, reached.area),
            (true, Some(offered)) => standing(statement, arm, offered),
            (true, None) => {
                statement.push("1 = 0");
            }
        }
        if arm.needs_assignment() {
            statement.push(" AND ");
            assigned(statement, arm.tasks, actor, reached);
        }
        statement.push(")");
    }
    statement.push(")");
}

/// The record stands to the grant's area in one of the relations of the arm.
fn standing(statement: &mut Statement, arm: &Arm, area: &str) {
    if arm.relations == RelationSet::ANYWHERE {
        statement.push("1 = 1");
        return;
    }
    let Some((own, above)) = arm.lineage.split_first() else {
        // A grant whose area is not known stands to nothing.
        let none = arm.relations.contains(JurisdictionRelation::None);
        statement.push(if none { "1 = 1" } else { "1 = 0" });
        return;
    };
    let place = Place { own: *own, above, area };
    if arm.relations == RelationSet::AREA {
        // Also an area that the closure does not know, which is its own.
        statement.push("(");
        place.own(statement);
        statement.push(" OR ");
        place.below(statement);
        statement.push(")");
        return;
    }
    statement.push("(");
    let mut first = true;
    for relation in JurisdictionRelation::ALL.iter().filter(|relation| arm.relations.contains(**relation)) {
        if !first {
            statement.push(" OR ");
        }
        first = false;
        place.exactly(statement, *relation);
    }
    if first {
        statement.push("1 = 0");
    }
    statement.push(")");
}

struct Place<'a> {
    own: Uuid,
    above: &'a [Uuid],
    area: &'a str,
}

impl Place<'_> {
    fn own(&self, statement: &mut Statement) {
        statement.push(self.area).push(" = ").bind(self.own);
    }

    fn below(&self, statement: &mut Statement) {
        statement
            .push(self.area)
            .push(" IN (SELECT descendant FROM jurisdiction_closure WHERE depth > 0 AND ancestor = ");
        statement.bind(self.own).push(")");
    }

    fn above(&self, statement: &mut Statement) {
        statement.push(self.area).push(" IN ").bind_list(self.above.iter().copied());
    }

    fn under_a_common_root(&self, statement: &mut Statement) {
        statement
            .push(self.area)
            .push(" IN (SELECT descendant FROM jurisdiction_closure WHERE depth > 0 AND ancestor IN ")
            .bind_list(self.above.iter().copied())
            .push(")");
    }

    fn test(&self, statement: &mut Statement, relation: JurisdictionRelation) {
        match relation {
            JurisdictionRelation::Own => self.own(statement),
            JurisdictionRelation::Below => self.below(statement),
            JurisdictionRelation::Above => self.above(statement),
            JurisdictionRelation::Beside => self.under_a_common_root(statement),
            JurisdictionRelation::None => {
                statement.push("1 = 1");
            }
        }
    }

    /// A test that is false, not unknown, where it compares with nothing (an area not known, a list of nothing).
    fn known(&self, statement: &mut Statement, relation: JurisdictionRelation) {
        statement.push("COALESCE((");
        self.test(statement, relation);
        statement.push("), 1 = 0)");
    }

    /// The relation and none that comes before it, as `access::relation` decides: the first that fits.
    fn exactly(&self, statement: &mut Statement, relation: JurisdictionRelation) {
        statement.push("(");
        for before in JurisdictionRelation::ALL.iter().take_while(|before| **before != relation) {
            statement.push("NOT ");
            self.known(statement, *before);
            statement.push(" AND ");
        }
        self.test(statement, relation);
        statement.push(")");
    }
}

/// Adds a subselect of the ids of work that is assigned to the actor, alone or through a team, by one of the tasks, now.
fn work(statement: &mut Statement, tasks: TaskSet, actor: &Actor) {
    let at = actor.at;
    statement.push("SELECT work FROM assignment WHERE (account = ").bind(actor.account);
    let live = |from: i64, to: Option<i64>| from <= at && to.is_none_or(|to| at < to);
    let teams: Vec<Uuid> =
        actor.teams.iter().filter(|of| live(of.valid_from, of.valid_to)).map(|of| of.team).collect();
    if !teams.is_empty() {
        statement.push(" OR team IN ").bind_list(teams);
    }
    statement.push(") AND task IN ").bind_list(tasks.iter().map(|task| task.name()));
    statement.push(" AND valid_from <= ").bind(at);
    statement.push(" AND (valid_to IS NULL OR valid_to > ").bind(at).push(")");
}

/// Adds the condition that work of the tasks covers the row: itself, what it belongs to, or the area it lies in.
pub fn assigned(statement: &mut Statement, tasks: TaskSet, actor: &Actor, reached: &Reached) {
    statement.push("(");
    for column in reached.own {
        statement.push(column).push(" IN (");
        work(statement, tasks, actor);
        statement.push(") OR ");
    }
    for (column, subselect) in reached.through {
        statement.push(column).push(" IN (");
        let (before, after) = subselect.split_once("{work}").unwrap_or((subselect, ""));
        statement.push(before);
        work(statement, tasks, actor);
        statement.push(after).push(") OR ");
    }
    statement.push(reached.area).push(" IN (SELECT descendant FROM jurisdiction_closure WHERE ancestor IN (");
    work(statement, tasks, actor);
    statement.push(")) OR ").push(reached.area).push(" IN (");
    work(statement, tasks, actor);
    statement.push("))");
}
