//! Grants: a role for an area and a time. Given by who administers accounts there, never to oneself, and apart from
//! every other role (`access::may_hold`).

use super::{AccountError, NewAccount, account, args, bump, judge};
use crate::{
    closure,
    engine::{DbError, Tx},
    store::Store,
    table,
    value::{ColumnType, Row, Value},
};
use domain::{
    access::{self, Action, Grant, Role},
    id::AccountId,
};
use std::collections::BTreeSet;
use uuid::Uuid;

table! {
    /// Grants; ended ones stay, so that a refusal can say that something ended.
    ACCOUNT_GRANT "account_grant" Operational 1 [["account"]] {
        id Uuid, account Uuid, role Text, jurisdiction Uuid, valid_from Int, valid_to Int opt, granted_at Int,
        granted_by Uuid opt, ended_at Int opt, ended_by Uuid opt,
    }
}

/// A grant on record.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct GrantRecord {
    /// Its id.
    pub id: Uuid,
    /// Who holds it.
    pub account: AccountId,
    /// The post.
    pub role: Role,
    /// The area it is for, with all its parts.
    pub jurisdiction: Uuid,
    /// First instant, milliseconds UTC.
    pub valid_from: i64,
    /// First instant after it.
    pub valid_to: Option<i64>,
    /// Who gave it; nobody gave that of the first account.
    pub granted_by: Option<AccountId>,
}

/// A grant to be given.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// Its id.
    pub id: Uuid,
    /// Who shall hold it.
    pub account: AccountId,
    /// The post.
    pub role: Role,
    /// The area it is for.
    pub jurisdiction: Uuid,
    /// First instant, milliseconds UTC.
    pub valid_from: i64,
    /// First instant after it.
    pub valid_to: Option<i64>,
}

const COLUMNS: &str = "id, account, role, jurisdiction, valid_from, valid_to, granted_by";
const TYPES: [ColumnType; 7] = [
    ColumnType::Uuid,
    ColumnType::Uuid,
    ColumnType::Text,
    ColumnType::Uuid,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Uuid,
];

fn read(row: &Row) -> Result<GrantRecord, DbError> {
    let role = row[2].text()?;
    Ok(GrantRecord {
        id: row[0].uuid()?,
        account: AccountId(row[1].uuid()?),
        role: Role::from_name(role)
            .ok_or_else(|| DbError::Schema(format!("a grant is for {role:?}, which this program does not know")))?,
        jurisdiction: row[3].uuid()?,
        valid_from: row[4].int()?,
        valid_to: row[5].opt_int(),
        granted_by: row[6].opt_uuid().map(AccountId),
    })
}

pub(super) async fn of_account(tx: &mut Tx, account: Uuid) -> Result<Vec<GrantRecord>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM account_grant WHERE account = $1 ORDER BY valid_from, id");
    tx.rows(&sql, &args([account.into()]), &TYPES).await?.iter().map(read).collect()
}

/// Grants as the access table reads them: with the lineage of each one's area.
pub(super) async fn with_lineages(tx: &mut Tx, records: &[GrantRecord]) -> Result<Vec<Grant>, DbError> {
    let areas: BTreeSet<Uuid> = records.iter().map(|grant| grant.jurisdiction).collect();
    let lineages = closure::lineages(tx, &areas.into_iter().collect::<Vec<_>>()).await?;
    let grants = records.iter().map(|grant| Grant {
        role: grant.role,
        lineage: lineages.get(&grant.jurisdiction).cloned().unwrap_or_default(),
        valid_from: grant.valid_from,
        valid_to: grant.valid_to,
    });
    Ok(grants.collect())
}

async fn insert(tx: &mut Tx, new: &NewGrant, by: Option<Uuid>, at: i64) -> Result<(), DbError> {
    let row = vec![
        new.id.into(),
        new.account.0.into(),
        new.role.name().into(),
        new.jurisdiction.into(),
        new.valid_from.into(),
        Value::or_null(new.valid_to),
        at.into(),
        Value::or_null(by),
        Value::Null,
        Value::Null,
    ];
    tx.insert(&ACCOUNT_GRANT, vec![row]).await
}

/// The first account's grant, which nobody gives.
pub(super) async fn put(tx: &mut Tx, id: Uuid, first: &NewAccount, at: i64) -> Result<(), DbError> {
    let grant = NewGrant {
        id,
        account: first.id,
        role: Role::AccountAdministrator,
        jurisdiction: first.jurisdiction,
        valid_from: at,
        valid_to: None,
    };
    insert(tx, &grant, None, at).await
}

impl Store {
    /// Gives a grant. Refused to oneself, outside one's own area, and where it would join account administration with
    /// another role.
    pub async fn grant(&self, by: &access::Actor, new: &NewGrant, at: i64) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        bump(&mut tx).await?;
        let account = account::judged(&mut tx, by, Action::AccountRead, new.account).await?;
        judge(&mut tx, by, Action::GrantCreate, new.jurisdiction, Some(new.account.0)).await?;
        if account.disabled_at.is_some() {
            return Err(AccountError::rule("account_disabled", "account", "make a new account for the holder"));
        }
        if new.valid_to.is_some_and(|to| to <= new.valid_from) {
            return Err(AccountError::rule("order_of_dates", "valid_to", "give an end after the beginning"));
        }
        let sql = "SELECT id FROM account_grant WHERE id = $1";
        if tx.row(sql, &args([new.id.into()]), &[ColumnType::Uuid]).await?.is_some() {
            return Err(AccountError::rule("already_exists", "id", "make a new id for a new grant"));
        }
        let held = of_account(&mut tx, new.account.0).await?;
        let held = with_lineages(&mut tx, &held).await?;
        let given = Grant { role: new.role, lineage: Vec::new(), valid_from: new.valid_from, valid_to: new.valid_to };
        access::may_hold(&held, &given).map_err(AccountError::denied)?;
        insert(&mut tx, new, Some(by.account), at).await?;
        touch(&mut tx, new.account.0).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a grant now. What it opened is closed with the next request on every server.
    pub async fn end_grant(&self, by: &access::Actor, id: Uuid, at: i64) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        bump(&mut tx).await?;
        let sql = format!("SELECT {COLUMNS} FROM account_grant WHERE id = $1");
        let row = tx.row(&sql, &args([id.into()]), &TYPES).await?.ok_or(AccountError::NotFound)?;
        let grant = read(&row)?;
        judge(&mut tx, by, Action::GrantEnd, grant.jurisdiction, Some(grant.account.0)).await?;
        if grant.valid_to.is_some_and(|to| to <= at) {
            return Err(AccountError::rule("nothing_changes", "id", "the grant has ended already"));
        }
        // A grant that has not begun is ended at its beginning: it never holds.
        let end = at.max(grant.valid_from);
        let sql = "UPDATE account_grant SET valid_to = $1, ended_at = $2, ended_by = $3 WHERE id = $4";
        tx.execute(sql, &args([end.into(), at.into(), by.account.into(), id.into()])).await?;
        touch(&mut tx, grant.account.0).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Grants of an account that the actor may see, oldest first, ended ones included.
    pub async fn grants(&self, by: &access::Actor, of: AccountId) -> Result<Vec<GrantRecord>, AccountError> {
        let mut tx = self.read().await?;
        let records = of_account(&mut tx, of.0).await?;
        let scope = access::scope(by, Action::GrantList);
        let grants = with_lineages(&mut tx, &records).await?;
        tx.roll_back().await?;
        let seen = records.into_iter().zip(grants).filter(|(_, grant)| {
            of.0 == by.account || scope.permits(access::Lying::at(&grant.lineage), access::TaskSet::EMPTY).is_some()
        });
        Ok(seen.map(|(record, _)| record).collect())
    }
}

/// Notes that what the account may do has changed.
pub(super) async fn touch(tx: &mut Tx, account: Uuid) -> Result<(), DbError> {
    tx.execute("UPDATE account SET version = version + 1 WHERE id = $1", &args([account.into()])).await?;
    Ok(())
}
