//! Who read the records of a person: for the person, and for whoever inspects.

use crate::{
    accounts::AccountError,
    engine::{Arg, DbError, Tx},
    query,
    store::Store,
    value::{ColumnType, Row},
};
use domain::{
    access::{self, Action, Denial},
    id::{AccountId, PersonId},
    kernel::Relation,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// One read.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Read {
    /// The log's stream.
    pub stream: i64,
    /// The row in it.
    pub seq: i64,
    /// When, milliseconds UTC.
    pub at: i64,
    /// Who.
    pub account: AccountId,
    /// The reader's name at work.
    pub name: Option<String>,
    /// What was done.
    pub action: String,
    /// What was asked, without personal values.
    pub query: String,
    /// How many records the answer held.
    pub count: i64,
    /// Why.
    pub purpose: Option<String>,
    /// The rules that allowed it.
    pub rule: String,
    /// Whether the glass was broken.
    pub break_glass: bool,
}

/// A read of one person's records.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Reader {
    /// The read.
    pub read: Read,
    /// Which of the person's records the answer held.
    pub records: Vec<Uuid>,
}

const COLUMNS: &str = "access_log.stream, access_log.seq, access_log.at, access_log.account, account.name, \
     access_log.action, access_log.query, access_log.count, access_log.purpose, access_log.rule, access_log.break_glass, \
     access_log.ids";
const TYPES: [ColumnType; 12] = [
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Uuid,
    ColumnType::Text,
    ColumnType::Text,
    ColumnType::Text,
    ColumnType::Int,
    ColumnType::Text,
    ColumnType::Text,
    ColumnType::Int,
    ColumnType::Bytes,
];

fn read(row: &Row) -> Result<Read, DbError> {
    Ok(Read {
        stream: row[0].int()?,
        seq: row[1].int()?,
        at: row[2].int()?,
        account: AccountId(row[3].uuid()?),
        name: row[4].opt_text().map(str::to_owned),
        action: row[5].text()?.to_owned(),
        query: row[6].text()?.to_owned(),
        count: row[7].int()?,
        purpose: row[8].opt_text().map(str::to_owned),
        rule: row[9].text()?.to_owned(),
        break_glass: row[10].int()? != 0,
    })
}

/// The packed ids of a row that are among these.
pub(super) fn among(packed: &[u8], wanted: &BTreeSet<Uuid>) -> Vec<Uuid> {
    packed
        .chunks_exact(16)
        .filter_map(|bytes| Uuid::from_slice(bytes).ok())
        .filter(|id| wanted.contains(id))
        .collect()
}

/// The person and every record that is about the person.
pub(super) async fn records_of(tx: &mut Tx, person: Uuid) -> Result<BTreeSet<Uuid>, DbError> {
    let relations = [
        Relation::Subject as i64,
        Relation::CaseOfPerson as i64,
        Relation::ContactOfPerson as i64,
        Relation::ExposureOf as i64,
    ];
    let sql = "SELECT source FROM link WHERE stream IN (SELECT stream FROM stream_head) AND target = $1 \
         AND relation IN {2}";
    let args = [person.into(), Arg::Ints(relations.to_vec())];
    let mut ids: BTreeSet<Uuid> =
        tx.rows(sql, &args, &[ColumnType::Uuid]).await?.iter().filter_map(|row| row[0].opt_uuid()).collect();
    ids.insert(person);
    Ok(ids)
}

/// Whether the actor may be told who read and took this person's records.
pub(super) async fn may_tell(tx: &mut Tx, by: &access::Actor, person: PersonId) -> Result<(), AccountError> {
    let targets = query::targets(tx, &[person.0]).await?;
    let decision = access::answer(by, Action::AccessLogForPerson, targets.get(&person.0));
    if decision.allowed {
        return Ok(());
    }
    // This act hangs on no record of its own, so `answer` tells the reason only to who may read the log.
    let told = decision.rule == Denial::NotFound.name();
    Err(if told { AccountError::NotFound } else { AccountError::Denied(Box::new(decision)) })
}

impl Store {
    /// Who read this person's records in `[from, to)`, oldest first. For whoever may tell the person
    /// (`AccessLogForPerson`); for others there is no such person.
    pub async fn who_read(
        &self,
        by: &access::Actor,
        person: PersonId,
        from: i64,
        to: i64,
    ) -> Result<Vec<Reader>, AccountError> {
        let mut tx = self.read().await?;
        may_tell(&mut tx, by, person).await?;
        let records = records_of(&mut tx, person.0).await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM access_log LEFT JOIN account ON account.id = access_log.account \
             WHERE access_log.at >= $1 AND access_log.at < $2 ORDER BY access_log.at, access_log.stream, access_log.seq"
        );
        let (mut found, mut fault) = (Vec::new(), None);
        tx.each(&sql, &[from.into(), to.into()], &TYPES, |row| {
            let held = row[11].bytes().map(|packed| among(packed, &records)).unwrap_or_default();
            if held.is_empty() {
                return;
            }
            match read(&row) {
                Ok(read) => found.push(Reader { read, records: held }),
                Err(error) => fault = Some(error),
            }
        })
        .await?;
        tx.roll_back().await?;
        fault.map_or(Ok(found), |error| Err(error.into()))
    }

    /// Reads by accounts of the areas that the actor inspects, newest first, before `before` (instant); at most
    /// `limit` (1–500).
    pub async fn reads(
        &self,
        by: &access::Actor,
        of: Option<AccountId>,
        before: i64,
        limit: usize,
    ) -> Result<Vec<Read>, AccountError> {
        let asked = access::may_ask(by, Action::AccessLogList);
        if !asked.allowed {
            return Err(AccountError::Denied(Box::new(asked)));
        }
        let scope = access::scope(by, Action::AccessLogList);
        let reached =
            crate::scope_sql::Reached { area: "account.jurisdiction", offered: None, own: &[], through: &[] };
        let mut statement = crate::scope_sql::Statement::new("SELECT ");
        statement.push(COLUMNS).push(" FROM access_log JOIN account ON account.id = access_log.account WHERE ");
        crate::scope_sql::within(&mut statement, &scope, by, &reached);
        statement.push(" AND access_log.at < ").bind(before);
        if let Some(account) = of {
            statement.push(" AND access_log.account = ").bind(account.0);
        }
        statement
            .push(" ORDER BY access_log.at DESC, access_log.stream DESC, access_log.seq DESC LIMIT ")
            .bind(limit.clamp(1, 500) as i64);
        let mut tx = self.read().await?;
        let rows = tx.rows(&statement.text, &statement.args, &TYPES).await?;
        tx.roll_back().await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}
