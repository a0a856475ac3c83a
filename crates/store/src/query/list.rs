//! Lists, page by page.

use super::{
    cursor::{Cursor, list_of},
    parameters::{self, Ask, QueryError, Test},
    record::{self, Columns, Record, Trace, at},
    target::known,
    view::{Filter, Sort, View},
};
use crate::{
    access_log::Unlogged,
    scope_sql::{self, Reached, Statement},
    store::Store,
    value::{ColumnType, Value},
};
use domain::access::{self, Action, Actor, FieldGroup, Scope, Task, TaskSet};
use serde::Serialize;
use uuid::Uuid;

/// One page.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Page {
    /// Records, in the order asked for.
    pub records: Vec<Record>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// Records of a page where nothing is said, and at most.
const DEFAULT: u32 = 50;
const MOST: u32 = 500;

/// A list that was judged, ready to be read.
pub(super) struct Plan {
    pub view: &'static View,
    pub action: Action,
    pub scope: Scope,
    /// Scopes of further acts that the rows must be within as well.
    pub also: Vec<Scope>,
    /// A condition on another table's row: SQL up to the value, which an outbreak's id follows, and what closes it.
    pub of_outbreak: Option<(&'static str, Uuid)>,
    tests: Vec<(&'static Filter, Test)>,
    sort: Option<&'static Sort>,
    pub after: Option<Cursor>,
    pub list: u64,
    pub limit: u32,
    as_of: Option<i64>,
}

pub(super) fn plan(actor: &Actor, view: &'static View, ask: &Ask) -> Result<Plan, QueryError> {
    let tests = parameters::parse(view, ask)?;
    let sort = parameters::order(view, ask, &tests)?;
    if ask.as_of.is_some() && !view.has_as_of() {
        return Err(QueryError::parameter(
            "as_of",
            "此类记录没有按两种时间保存的内容，请去掉该参数。",
            "Nothing of this noun is kept with two times; leave it out.",
        ));
    }
    let search = tests.iter().any(|(filter, _)| filter.search);
    let action = if search { view.search.unwrap_or(view.list) } else { view.list };
    let decision = access::may_ask(actor, action);
    if !decision.allowed {
        return Err(QueryError::Denied(Box::new(decision)));
    }
    let mut groups: Vec<FieldGroup> = tests.iter().filter_map(|(filter, _)| filter.group).collect();
    groups.extend(sort.map(|sort| sort.group));
    let scope = scope_sql::showing(access::scope(actor, action), &groups);
    let filters = format!("{:?}", ask.filters);
    let list = list_of(&[
        view.noun.name(),
        &filters,
        sort.map_or("", |sort| sort.name),
        &ask.as_of.map(|at| at.to_string()).unwrap_or_default(),
    ]);
    let after = ask.after.as_deref().map(|text| Cursor::read(text, list)).transpose()?;
    let limit = if ask.limit == 0 { DEFAULT } else { ask.limit.min(MOST) };
    Ok(Plan {
        view,
        action,
        scope,
        also: Vec::new(),
        of_outbreak: None,
        tests,
        sort,
        after,
        list,
        limit,
        as_of: ask.as_of,
    })
}

/// Every kind of work.
fn any_task() -> TaskSet {
    Task::ALL.iter().copied().collect()
}

/// What a name's beginning is followed by at most.
const END: char = '\u{10ffff}';

impl Plan {
    fn reached(&self) -> Reached {
        Reached {
            area: self.view.area,
            offered: self.view.offered(),
            own: self.view.cover.own,
            through: self.view.cover.through,
        }
    }

    fn within(&self, statement: &mut Statement, scope: &Scope, actor: &Actor) {
        if self.view.judged_on.is_empty() {
            return scope_sql::within(statement, scope, actor, &self.reached());
        }
        for (n, other) in self.view.judged_on.iter().enumerate() {
            statement.push(if n > 0 { " AND EXISTS (" } else { "EXISTS (" }).push(other.exists).push(" AND ");
            let reached =
                Reached { area: other.area, offered: None, own: other.cover.own, through: other.cover.through };
            scope_sql::within(statement, scope, actor, &reached);
            statement.push(")");
        }
    }

    /// SQL of a column as of the instant asked for.
    fn column(&self, statement: &mut Statement, column: &str) {
        let as_of = self.view.fields.iter().find(|field| field.name == column).and_then(|field| field.as_of);
        match (self.as_of, as_of) {
            (Some(instant), Some(sql)) => at(statement, sql, instant),
            _ => {
                statement.push("r.").push(column);
            }
        }
    }

    pub fn statement(&self, columns: &Columns, actor: &Actor) -> Statement {
        let mut statement = columns.select(self.view, self.as_of);
        // The order's own value closes each row, so that a cursor can be made without showing the column.
        if let Some(sort) = self.sort {
            let closing = format!(", COALESCE(r.{}, '') FROM {} r WHERE ", sort.column, self.view.table.name);
            let begin = format!(" FROM {} r WHERE ", self.view.table.name);
            statement.text = statement.text.trim_end_matches(&begin).to_owned() + &closing;
        }
        self.narrow(&mut statement, actor);
        self.keyset(&mut statement);
        statement.push(" LIMIT ").bind(i64::from(self.limit) + 1);
        statement
    }

    /// The rows that the actor may see and asked for.
    pub fn narrow(&self, statement: &mut Statement, actor: &Actor) {
        self.within(statement, &self.scope, actor);
        for scope in &self.also {
            statement.push(" AND ");
            self.within(statement, scope, actor);
        }
        if let Some(hidden) = self.view.hidden {
            statement.push(" AND ").push(hidden);
        }
        if let Some((before, outbreak)) = self.of_outbreak {
            statement.push(" AND ").push(before).bind(outbreak).push(")");
        }
        if let Some(instant) = self.as_of {
            for field in self.view.fields.iter().filter_map(|field| field.as_of) {
                // What was not recorded by then was not there.
                statement.push(" AND ");
                at(statement, field, instant);
                statement.push(" IS NOT NULL");
            }
        }
        for (_, test) in &self.tests {
            statement.push(" AND ");
            self.test(statement, test, actor);
        }
    }

    fn test(&self, statement: &mut Statement, test: &Test, actor: &Actor) {
        match test {
            Test::OneOf(column, values) => {
                self.column(statement, column);
                statement.push(" IN ").bind_list(values.iter());
            }
            Test::Ids(column, ids) => {
                statement.push("r.").push(column).push(" IN ").bind_list(ids.iter().copied());
            }
            Test::From(column, day) => {
                statement.push("r.").push(column).push(" >= ").bind(day);
            }
            Test::To(column, day) => {
                statement.push("r.").push(column).push(" <= ").bind(day);
            }
            Test::Subtree(column, area) => {
                statement.push("(r.").push(column).push(" = ").bind(*area).push(" OR r.").push(column);
                statement.push(" IN (SELECT descendant FROM jurisdiction_closure WHERE ancestor = ").bind(*area);
                statement.push("))");
            }
            Test::Assigned => scope_sql::assigned(statement, any_task(), actor, &self.reached()),
            Test::NamePrefix { folded, written, beginning, plain } => {
                let has_folded = self.view.table.position(folded).is_some();
                let (column, beginning) = if has_folded { (folded, beginning) } else { (written, plain) };
                let end = format!("{beginning}{END}");
                statement.push("r.").push(column).push(" >= ").bind(beginning);
                statement.push(" AND r.").push(column).push(" < ").bind(end);
            }
            Test::Key(key) => {
                statement
                    .push("r.id IN (SELECT id FROM match_key WHERE stream IN (SELECT stream FROM stream_head) AND key = ")
                    .bind(key.0)
                    .push(")");
            }
            Test::Present(column, true) => {
                statement.push("r.").push(column).push(" IS NOT NULL");
            }
            Test::Present(column, false) => {
                statement.push("r.").push(column).push(" IS NULL");
            }
        }
    }

    fn keyset(&self, statement: &mut Statement) {
        let way = |descending: bool| if descending { (" < ", " DESC") } else { (" > ", "") };
        let (than, order) = way(self.sort.is_some_and(|sort| sort.descending));
        let entry = self.view.entry.map(|column| format!(", r.{column}")).unwrap_or_default();
        let id = self.view.id;
        let value = self.sort.map(|sort| format!("COALESCE(r.{}, ''), ", sort.column)).unwrap_or_default();
        let keys = format!("{value}r.stream, r.{id}{entry}");
        if let Some(after) = &self.after {
            statement.push(" AND (").push(&keys).push(")").push(than).push("(");
            if self.sort.is_some() {
                statement.bind(after.value.clone().unwrap_or_default()).push(", ");
            }
            statement.bind(after.stream).push(", ").bind(after.id);
            if self.view.entry.is_some() {
                statement.push(", ").bind(after.entry);
            }
            statement.push(")");
        }
        // A comma inside `COALESCE` is no end of a key.
        let keys = keys.replace(", r.", &format!("{order}, r."));
        statement.push(" ORDER BY ").push(&keys).push(order);
    }
}

/// Records are counted so far and no further: whoever looks at a number does not wait for millions of rows.
pub const COUNTED: i64 = 10_000;

impl Store {
    /// How many records the actor may see of those asked for, at most one more than [`COUNTED`]. A count shows no record
    /// and no field, so it is not in the log of reads.
    pub async fn count(&self, actor: &Actor, view: &'static View, ask: &Ask) -> Result<i64, QueryError> {
        let plan = plan(actor, view, ask)?;
        let mut statement = Statement::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM ");
        statement.push(view.table.name).push(" r WHERE ");
        plan.narrow(&mut statement, actor);
        statement.push(" LIMIT ").bind(COUNTED + 1).push(") counted");
        let mut tx = self.read().await?;
        let row = tx.row(&statement.text, &statement.args, &[ColumnType::Int]).await?;
        tx.roll_back().await?;
        Ok(row.and_then(|row| row.first().and_then(Value::opt_int)).unwrap_or(0))
    }

    /// One page of the records that the actor may see of those asked for.
    pub async fn list(&self, actor: &Actor, view: &'static View, ask: &Ask) -> Result<Unlogged<Page>, QueryError> {
        let plan = plan(actor, view, ask)?;
        let columns = Columns::of(view, plan.scope.fields());
        let statement = plan.statement(&columns, actor);
        let mut types = columns.types.clone();
        types.extend(plan.sort.map(|_| ColumnType::Text));
        let mut tx = self.read().await?;
        let mut rows = tx.rows(&statement.text, &statement.args, &types).await?;
        let more = rows.len() > plan.limit as usize;
        rows.truncate(plan.limit as usize);
        let ids: Vec<Uuid> = rows.iter().filter_map(|row| row[1].opt_uuid()).collect();
        let known = known(&mut tx, &ids).await?;
        tx.roll_back().await?;
        let next = rows.last().filter(|_| more).map(|row| {
            let value = plan.sort.and_then(|_| row.last()).and_then(Value::opt_text).map(str::to_owned);
            let (stream, entry) = (row[0].opt_int().unwrap_or(0), row[2].opt_int().unwrap_or(0));
            Cursor { list: plan.list, value, stream, id: row[1].opt_uuid().unwrap_or_default(), entry }.write()
        });
        let (mut records, mut trace) = (Vec::with_capacity(rows.len()), Trace::default());
        for row in &rows {
            let id = row[1].uuid()?;
            let decision = known.judge(actor, plan.action, id);
            // The scope and the table say the same; were they ever apart, the narrower holds.
            if !decision.allowed {
                continue;
            }
            trace.note(id, record::subject(view, row), &decision);
            records.push(record::record(view, &columns, row, &decision, &known, actor)?);
        }
        let page = Page { records, next };
        // Who searches learns something even from an empty answer.
        if !trace.personal && !plan.scope.fields().is_personal() {
            return Ok(Unlogged::open(page));
        }
        let entry =
            trace.entry(actor, plan.action, parameters::described(view, ask), parameters::question(view, ask));
        Ok(Unlogged::personal(page, entry))
    }
}
