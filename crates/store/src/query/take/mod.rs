//! Taking records away as a file. Who may not list a noun may not take it; what leaves is what both the list and the
//! export show. De-identified is the ordinary way: ids become pseudonyms here, before anything leaves this room.
//!
//! Each page is a read of its own and is in the access log before its rows leave. The export as an act is one row more, under
//! its own action, so that its limit counts files and not pages.

mod beside;
mod names;
mod page;

pub use page::Taken;

use super::{
    list::{Plan, plan},
    parameters::{Ask, QueryError},
    record::Trace,
    view::View,
};
use crate::{
    access_log::{Unlogged, export_label},
    scope_sql::Statement,
    store::Store,
    value::{ColumnType, Value},
    vault::Entropy,
};
use domain::{
    access::{self, Action, Actor, Decision, Purpose},
    id::OutbreakId,
    seal::Class,
};
use names::Names;
use uuid::Uuid;

/// What the rows of a file are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Cases, each with its person.
    Linelist,
    /// Contacts, a row for each exposure that one rests on.
    Contacts,
    /// Who was exposed to whom.
    Exposures,
    /// Entries of follow-up.
    Followups,
    /// The register.
    People,
    /// Places.
    Places,
}

impl What {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::Linelist, Self::Contacts, Self::Exposures, Self::Followups, Self::People, Self::Places];

    /// Its name, which is that of the import that reads it back.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linelist => "linelist",
            Self::Contacts => "contacts",
            Self::Exposures => "exposures",
            Self::Followups => "followups",
            Self::People => "people",
            Self::Places => "places",
        }
    }

    /// Whether its records belong to an outbreak.
    pub fn is_of_an_outbreak(self) -> bool {
        !matches!(self, Self::People | Self::Places)
    }

    fn view(self) -> &'static View {
        match self {
            Self::Linelist => &super::case::CASE,
            Self::Contacts => &super::contact::CONTACT,
            Self::Exposures => &super::exposure::EXPOSURE,
            Self::Followups => &super::follow_up::FOLLOW_UP,
            Self::People => &super::person::PERSON,
            Self::Places => &super::place::PLACE,
        }
    }

    /// The column of the person that a row shows.
    fn person(self) -> Option<&'static str> {
        match self {
            Self::Linelist | Self::Contacts | Self::Exposures => Some("person_id"),
            Self::People => Some("id"),
            Self::Followups | Self::Places => None,
        }
    }
}

/// A file asked for.
#[derive(Clone, Debug)]
pub struct Take {
    /// The export's id: the log names it with each page.
    pub id: Uuid,
    /// What.
    pub what: What,
    /// The kind of file, for the log.
    pub format: String,
    /// With names and numbers; otherwise pseudonyms and age bands.
    pub identified: bool,
    /// What a file with names is for: the purpose that the post gives, said by whoever takes it.
    pub purpose: Option<Purpose>,
    /// Of which outbreak; also that of the pseudonyms.
    pub outbreak: Option<OutbreakId>,
    /// The system whose ids the file's own ids are, where a record has one; others go by the id they have here.
    pub system: String,
    /// As recorded by this instant, milliseconds UTC; for nouns kept with two times.
    pub as_of: Option<i64>,
}

/// How many columns the lists of a person take: the most that one row of the file has.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Widths {
    /// Documents besides the system's own id.
    pub documents: usize,
    /// Telephone numbers.
    pub phones: usize,
    /// Languages.
    pub languages: usize,
}

/// Rows read at once. Memory is bounded by it, whatever the file's length.
const PAGE: u32 = 1_000;

/// A file that is being taken.
pub struct Taking {
    take: Take,
    actor: Actor,
    action: Action,
    plan: Plan,
    names: Names,
    areas: beside::Areas,
    label: String,
    /// What the file needs of columns.
    pub widths: Widths,
    rows: u64,
    ended: bool,
}

fn allowed(decision: Decision) -> Result<Decision, QueryError> {
    if decision.allowed { Ok(decision) } else { Err(QueryError::Denied(Box::new(decision))) }
}

/// The purpose of a file with names is said, and is the one that the post gives.
fn purposeful(take: &Take, decision: &Decision) -> Result<(), QueryError> {
    let given = decision.purpose.map_or("none", Purpose::name);
    match take.purpose {
        _ if !take.identified => Ok(()),
        Some(said) if Some(said) == decision.purpose => Ok(()),
        Some(_) => Err(QueryError::parameter(
            "purpose",
            format!("您的岗位只能以一种用途导出此类文件：{given}。"),
            format!("Your post takes such files for one purpose: {given}."),
        )),
        None => Err(QueryError::parameter(
            "purpose",
            format!("请说明姓名的用途；您岗位的用途是 {given}。"),
            format!("Say what the names are for; your post's purpose is {given}."),
        )),
    }
}

impl Store {
    /// Begins to take a file. The act is in the log before the first page can be read; a file with names counts against
    /// its limit.
    pub async fn take(
        &self,
        actor: &Actor,
        take: Take,
        entropy: Entropy<'_>,
    ) -> Result<Unlogged<Taking>, QueryError> {
        let action = if take.identified { Action::ExportIdentified } else { Action::ExportDeidentified };
        let decision = allowed(access::may_ask(actor, action))?;
        purposeful(&take, &decision)?;
        let plan = planned(actor, &take, action)?;
        let names = if take.identified {
            Names::Own(take.system.clone())
        } else {
            let keys = self.account_keys(entropy, self.now()).await;
            let key = keys.ok().and_then(|keys| keys.key(Class::Identity as u8));
            let key = key.ok_or_else(|| crate::engine::DbError::Schema("the key of pseudonyms cannot be read".into()))?;
            Names::pseudonyms(key.bytes(), take.outbreak.map(|id| id.0).unwrap_or_default())
        };
        let widths = if take.identified { self.widths(actor, &take, &plan).await? } else { Widths::default() };
        let label = export_label(take.id, take.what.name(), &take.format, take.identified);
        let mut trace = Trace::default();
        trace.rules.insert(decision.rule);
        trace.purposes.extend(decision.purpose);
        let mut entry = trace.entry(actor, action, label.clone(), format!("{label} {:?}", take.outbreak));
        entry.limit = decision.limit;
        let taking = Taking {
            take,
            actor: actor.clone(),
            action,
            plan,
            names,
            areas: beside::Areas::default(),
            label,
            widths,
            rows: 0,
            ended: false,
        };
        Ok(Unlogged::personal(taking, entry))
    }

    /// Counts, in one pass, how many columns the lists of the file's people need.
    async fn widths(&self, actor: &Actor, take: &Take, plan: &Plan) -> Result<Widths, QueryError> {
        let Some(person) = take.what.person().filter(|_| take.what != What::Exposures) else {
            return Ok(Widths::default());
        };
        // Entries of a JSON list are counted by what stands between them; a quote inside a text is written `\"`.
        let between = r#"(LENGTH(p.{c}) - LENGTH(REPLACE(p.{c}, '","', ''))) / 3 + 1"#;
        let count = |column: &str| format!("CAST(COALESCE(MAX({}), 0) AS BIGINT)", between.replace("{c}", column));
        let own = format!("{{\"kind\":{},", serde_json::Value::from(take.system.as_str()));
        let mut statement = Statement::new("SELECT CAST(COALESCE(MAX((LENGTH(p.identifiers) - ");
        statement.push("LENGTH(REPLACE(p.identifiers, '{\"kind\":', ''))) / 8 - ");
        statement.push("CASE WHEN REPLACE(p.identifiers, ").bind(own).push(", '') = p.identifiers THEN 0 ELSE 1 END), 0) AS BIGINT), ");
        statement.push(&count("phones")).push(", ").push(&count("languages"));
        statement.push(" FROM person p WHERE p.stream IN (SELECT stream FROM stream_head) AND p.id IN (SELECT r.");
        statement.push(person).push(" FROM ").push(plan.view.table.name).push(" r WHERE ");
        plan.narrow(&mut statement, actor);
        statement.push(")");
        let mut tx = self.read().await?;
        let row = tx.row(&statement.text, &statement.args, &[ColumnType::Int; 3]).await?;
        tx.roll_back().await?;
        let at = |n: usize| row.as_ref().and_then(|row| row.get(n)).and_then(Value::opt_int).unwrap_or(0);
        let width = |n: usize| usize::try_from(at(n)).unwrap_or(0);
        Ok(Widths { documents: width(0), phones: width(1), languages: width(2) })
    }
}

/// The list of the noun, narrowed to what may be taken.
fn planned(actor: &Actor, take: &Take, action: Action) -> Result<Plan, QueryError> {
    let view = take.what.view();
    let mut ask = Ask { as_of: take.as_of, ..Ask::default() };
    let has = |name: &str| view.filters.iter().any(|filter| filter.name == name);
    if has("entered_in_error") {
        ask.filters.push(("entered_in_error".to_owned(), "no".to_owned()));
    }
    if let Some(outbreak) = take.outbreak.filter(|_| has("outbreak")) {
        ask.filters.push(("outbreak".to_owned(), outbreak.to_string()));
    }
    let mut plan = plan(actor, view, &ask)?;
    plan.also.push(access::scope(actor, action));
    plan.limit = PAGE;
    if let (What::Followups, Some(outbreak)) = (take.what, take.outbreak) {
        let of = "EXISTS (SELECT 1 FROM contact c WHERE c.stream = r.stream AND c.id = r.contact_id AND c.outbreak = ";
        plan.of_outbreak = Some((of, outbreak.0));
    }
    Ok(plan)
}
