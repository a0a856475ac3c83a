//! One record as its reader may see it.

use super::{
    parameters::QueryError,
    target::{Known, known},
    view::{Child, Field, Form, View},
};
use crate::{
    access_log::{Entry, Unlogged},
    engine::{DbError, Tx},
    scope_sql::Statement,
    store::Store,
    value::{ColumnType, Row, Value},
};
use domain::{
    access::{Action, Actor, Decision, FieldSet, Noun, Purpose, Text},
    id::AccountId,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An action on a record, and whether its reader may take it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Offer {
    /// The action.
    pub action: Action,
    /// Whether it may be taken.
    pub allowed: bool,
    /// The rule that allows, or the reason's name.
    pub rule: &'static str,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Text>,
}

/// A record with the fields that its reader may see. A field withheld and a field that says nothing look alike.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Record {
    /// Its id.
    pub id: Uuid,
    /// Its number within that record, where it is less than a record: an entry of follow-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<i64>,
    /// Its noun.
    pub noun: Noun,
    /// How many events made it: what a command says it saw.
    pub version: i64,
    /// Its fields, those without a value left out.
    pub fields: BTreeMap<&'static str, serde_json::Value>,
    /// Groups of fields that are shown.
    pub shown: FieldSet,
    /// What its reader may do with it.
    pub actions: Vec<Offer>,
}

/// What is collected for the log while records are made.
#[derive(Default)]
pub(crate) struct Trace {
    pub ids: BTreeSet<Uuid>,
    pub purposes: BTreeSet<Purpose>,
    pub rules: BTreeSet<&'static str>,
    pub personal: bool,
}

impl Trace {
    pub fn note(&mut self, id: Uuid, subject: Option<Uuid>, decision: &Decision) {
        self.ids.insert(id);
        self.ids.extend(subject);
        self.purposes.extend(decision.purpose);
        self.rules.insert(decision.rule);
        self.personal |= decision.fields.is_personal();
    }

    pub fn entry(self, actor: &Actor, action: Action, query: String, question: String) -> Entry {
        Entry {
            account: AccountId(actor.account),
            session: None,
            action,
            query,
            question,
            ids: self.ids,
            purposes: self.purposes,
            rules: self.rules,
            limit: None,
            reason: None,
        }
    }
}

/// Columns of a row that some reader of the answer may see, in the order selected after `stream, id, entry, subject`.
pub(super) struct Columns {
    pub fields: Vec<&'static Field>,
    pub types: Vec<ColumnType>,
}

impl Columns {
    pub fn of(view: &'static View, shown: FieldSet) -> Self {
        let fields: Vec<&'static Field> = view.fields.iter().filter(|field| shown.contains(field.group)).collect();
        let ty = |name: &str| view.table.position(name).map_or(ColumnType::Text, |at| view.table.columns[at].ty);
        let mut types = vec![ColumnType::Int, ColumnType::Uuid, ColumnType::Int, ColumnType::Uuid];
        types.extend(fields.iter().map(|field| ty(field.name)));
        Self { fields, types }
    }

    /// `SELECT … FROM … r`.
    pub fn select(&self, view: &View, as_of: Option<i64>) -> Statement {
        let mut statement = Statement::new("SELECT r.stream, r.");
        statement.push(view.id).push(", ");
        match view.entry {
            Some(column) => statement.push("r.").push(column),
            None => statement.push("r.stream"),
        };
        statement.push(", r.").push(view.subject.unwrap_or(view.id));
        for field in &self.fields {
            statement.push(", ");
            match (as_of, field.as_of) {
                (Some(instant), Some(sql)) => at(&mut statement, sql, instant),
                _ => {
                    statement.push("r.").push(field.name);
                }
            }
        }
        statement.push(" FROM ").push(view.table.name).push(" r WHERE ");
        statement
    }
}

/// Adds SQL with an instant in place of `{as_of}`.
pub(super) fn at(statement: &mut Statement, sql: &str, instant: i64) {
    let mut parts = sql.split("{as_of}");
    statement.push(parts.next().unwrap_or_default());
    for part in parts {
        statement.bind(instant).push(part);
    }
}

pub(super) fn written(value: &Value, form: Form) -> Option<serde_json::Value> {
    Some(match (value, form) {
        (Value::Null, _) => return None,
        (Value::Int(value), Form::Flag) => (*value != 0).into(),
        (Value::Int(value), _) => (*value).into(),
        (Value::Text(text), Form::Json) => {
            serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.clone()))
        }
        (Value::Text(text), _) => text.clone().into(),
        (Value::Uuid(id), _) => id.to_string().into(),
        // No view has bytes.
        (Value::Bytes(_), _) => return None,
    })
}

/// Where the fields begin in a row.
const FIRST: usize = 4;

/// The person that a row is about.
pub(super) fn subject(view: &View, row: &Row) -> Option<Uuid> {
    view.subject.and_then(|_| row.get(3)).and_then(Value::opt_uuid)
}

/// Makes a record of a row: what this decision shows.
pub(super) fn record(
    view: &View,
    columns: &Columns,
    row: &Row,
    decision: &Decision,
    known: &Known,
    actor: &Actor,
) -> Result<Record, DbError> {
    let id = row[1].uuid()?;
    let shown = columns.fields.iter().zip(&row[FIRST..]).filter(|(field, _)| decision.fields.contains(field.group));
    let fields = shown.filter_map(|(field, value)| Some((field.name, written(value, field.form)?))).collect();
    let of_noun = Action::ALL.iter().copied().filter(|action| action.noun() == view.noun);
    Ok(Record {
        id,
        entry: view.entry.and_then(|_| row[2].opt_int()),
        noun: view.noun,
        version: known.located(id).map_or(0, |located| located.version),
        fields,
        shown: decision.fields,
        actions: of_noun.map(|action| offer(action, &known.judge(actor, action, id))).collect(),
    })
}

fn offer(action: Action, decision: &Decision) -> Offer {
    Offer { action, allowed: decision.allowed, rule: decision.rule, reason: decision.reason, remedy: decision.remedy }
}

async fn children(
    tx: &mut Tx,
    child: &Child,
    id: Uuid,
    shown: FieldSet,
    as_of: Option<i64>,
) -> Result<serde_json::Value, DbError> {
    let fields: Vec<&Field> = child.fields.iter().filter(|field| shown.contains(field.group)).collect();
    if fields.is_empty() {
        return Ok(serde_json::Value::Null);
    }
    let ty = |name: &str| child.table.position(name).map_or(ColumnType::Text, |at| child.table.columns[at].ty);
    let types: Vec<ColumnType> = fields.iter().map(|field| ty(field.name)).collect();
    let mut statement = Statement::new("SELECT ");
    statement.push(&fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", "));
    statement.push(" FROM ").push(child.table.name);
    statement.push(" WHERE stream IN (SELECT stream FROM stream_head) AND ").push(child.of).push(" = ").bind(id);
    if let (Some(instant), true) = (as_of, child.two_times) {
        statement.push(" AND recorded_at <= ").bind(instant);
        statement.push(" AND (superseded_at IS NULL OR superseded_at > ").bind(instant).push(")");
    }
    statement.push(" ORDER BY ").push(child.order);
    let rows = tx.rows(&statement.text, &statement.args, &types).await?;
    let objects = rows.iter().map(|row| {
        let pairs = fields.iter().zip(row);
        let pairs = pairs.filter_map(|(field, value)| Some((field.name.to_owned(), written(value, field.form)?)));
        serde_json::Value::Object(pairs.collect())
    });
    Ok(serde_json::Value::Array(objects.collect()))
}

/// How one record is asked for.
pub(super) struct One<'a> {
    pub view: &'static View,
    pub action: Action,
    pub id: Uuid,
    pub entry: Option<i64>,
    pub as_of: Option<i64>,
    pub reason: Option<&'a str>,
}

/// The record, where the actor may have it. What is absent and what is not for the actor are alike.
pub(super) async fn one(
    store: &Store,
    actor: &Actor,
    asked: One<'_>,
) -> Result<Unlogged<Option<Record>>, QueryError> {
    let One { view, action, id, entry, as_of, reason } = asked;
    let mut tx = store.read().await?;
    let known = known(&mut tx, &[id]).await?;
    let of_kind = known.located(id).is_some_and(|located| located.aggregate.kind().name() == view.kind);
    let decision = known.judge(actor, action, id);
    if !decision.allowed || !of_kind {
        tx.roll_back().await?;
        return Ok(Unlogged::open(None));
    }
    let columns = Columns::of(view, decision.fields);
    let mut statement = columns.select(view, as_of);
    statement.push("r.stream IN (SELECT stream FROM stream_head) AND r.").push(view.id).push(" = ").bind(id);
    if let (Some(column), Some(entry)) = (view.entry, entry) {
        statement.push(" AND r.").push(column).push(" = ").bind(entry);
    }
    let Some(row) = tx.row(&statement.text, &statement.args, &columns.types).await? else {
        tx.roll_back().await?;
        return Ok(Unlogged::open(None));
    };
    let mut record = record(view, &columns, &row, &decision, &known, actor)?;
    let mut trace = Trace::default();
    trace.note(id, subject(view, &row), &decision);
    for child in view.children {
        let apart = child.read.map(|read| known.judge(actor, read, id));
        let decision = apart.as_ref().unwrap_or(&decision);
        if !decision.allowed {
            continue;
        }
        trace.note(id, None, decision);
        match children(&mut tx, child, id, decision.fields, as_of).await? {
            serde_json::Value::Null => {}
            rows => {
                record.fields.insert(child.name, rows);
            }
        }
    }
    tx.roll_back().await?;
    if !trace.personal {
        return Ok(Unlogged::open(Some(record)));
    }
    let query = format!("{} record", view.noun);
    let mut entry = trace.entry(actor, action, query, format!("{action} {id} {as_of:?}"));
    entry.limit = decision.limit;
    entry.reason = reason.map(str::to_owned);
    Ok(Unlogged::personal(Some(record), entry))
}

impl Store {
    /// One record; `None` where there is none, or none for this actor. `as_of` (milliseconds UTC) applies to the fields
    /// that are kept with two times; the others are as they stand.
    pub async fn record(
        &self,
        actor: &Actor,
        view: &'static View,
        id: Uuid,
        as_of: Option<i64>,
    ) -> Result<Unlogged<Option<Record>>, QueryError> {
        one(self, actor, One { view, action: view.read, id, entry: None, as_of, reason: None }).await
    }

    /// One row of a record, where the noun is less than a record: an entry of follow-up.
    pub async fn record_entry(
        &self,
        actor: &Actor,
        view: &'static View,
        id: Uuid,
        entry: i64,
    ) -> Result<Unlogged<Option<Record>>, QueryError> {
        one(self, actor, One { view, action: view.read, id, entry: Some(entry), as_of: None, reason: None }).await
    }
}
