//! Accounts themselves: made, corrected, disabled, listed, found by their login.

use super::{AccountError, args, bump, judge, target_in};
use crate::{
    closure,
    engine::{DbError, Tx},
    store::Store,
    table,
    value::{ColumnType, Row, Value},
};
use domain::{
    access::{self, Action},
    id::AccountId,
};
use std::collections::BTreeSet;
use uuid::Uuid;

table! {
    /// Accounts of staff. `version` counts changes of what the account may do.
    ACCOUNT "account" Operational 1 [["jurisdiction"]] {
        id Uuid, login Text, name Text, jurisdiction Uuid, created_at Int, created_by Uuid opt, disabled_at Int opt,
        disabled_by Uuid opt, version Int,
    }
}

table! {
    /// Who has which login; the key makes logins unique.
    ACCOUNT_LOGIN "account_login" Operational 1 [] {
        login Text, account Uuid,
    }
}

/// Longest login and name, in characters.
const MAX_CHARS: usize = 100;

/// An account as its administrator sees it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The login, as given.
    pub login: String,
    /// The holder's name at work.
    pub name: String,
    /// The area whose administrator answers for it.
    pub jurisdiction: Uuid,
    /// When it was made, milliseconds UTC.
    pub created_at: i64,
    /// When it was disabled.
    pub disabled_at: Option<i64>,
}

/// What is needed to make an account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// The login; upper and lower case are alike.
    pub login: String,
    /// The holder's name at work.
    pub name: String,
    /// The area whose administrator answers for it.
    pub jurisdiction: Uuid,
}

/// The form of a login under which it is unique.
pub(super) fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

const COLUMNS: &str = "id, login, name, jurisdiction, created_at, disabled_at";
const TYPES: [ColumnType; 6] =
    [ColumnType::Uuid, ColumnType::Text, ColumnType::Text, ColumnType::Uuid, ColumnType::Int, ColumnType::Int];

fn read(row: &Row) -> Result<Account, DbError> {
    Ok(Account {
        id: AccountId(row[0].uuid()?),
        login: row[1].text()?.to_owned(),
        name: row[2].text()?.to_owned(),
        jurisdiction: row[3].uuid()?,
        created_at: row[4].int()?,
        disabled_at: row[5].opt_int(),
    })
}

pub(super) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<Account>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE id = $1");
    tx.row(&sql, &args([id.into()]), &TYPES).await?.as_ref().map(read).transpose()
}

/// An account that the actor may act upon, or nothing is there.
pub(super) async fn judged(
    tx: &mut Tx,
    by: &access::Actor,
    action: Action,
    id: AccountId,
) -> Result<Account, AccountError> {
    let account = by_id(tx, id.0).await?.ok_or(AccountError::NotFound)?;
    judge(tx, by, action, account.jurisdiction, Some(id.0)).await?;
    Ok(account)
}

async fn insert(tx: &mut Tx, new: &NewAccount, by: Option<Uuid>, at: i64) -> Result<(), AccountError> {
    let login = folded(&new.login);
    let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_CHARS;
    if !fits(&login) || login.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return Err(AccountError::rule("login_form", "login", "give 1 to 100 letters or digits without spaces"));
    }
    if !fits(&new.name) || new.name.chars().any(char::is_control) {
        return Err(AccountError::rule("name_form", "name", "give a name of 1 to 100 letters"));
    }
    let claim = "INSERT INTO account_login (login, account) VALUES ($1, $2) ON CONFLICT (login) DO NOTHING";
    if tx.execute(claim, &args([login.into(), new.id.0.into()])).await? == 0 {
        return Err(AccountError::rule("login_taken", "login", "choose another login; this one is in use"));
    }
    if by_id(tx, new.id.0).await?.is_some() {
        return Err(AccountError::rule("already_exists", "id", "make a new id for a new account"));
    }
    let row = vec![
        new.id.0.into(),
        new.login.trim().into(),
        new.name.trim().into(),
        new.jurisdiction.into(),
        at.into(),
        Value::or_null(by),
        Value::Null,
        Value::Null,
        Value::Int(1),
    ];
    tx.insert(&ACCOUNT, vec![row]).await?;
    Ok(())
}

impl Store {
    /// Makes the first account of a database, with a grant to administer accounts of the area. Refused where there is
    /// any account: from then on accounts are made by accounts.
    pub async fn create_first_account(&self, new: &NewAccount, grant: Uuid, at: i64) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        // The lock on the epoch lets one of two first accounts be the first.
        bump(&mut tx).await?;
        if tx.row("SELECT id FROM account LIMIT 1", &[], &[ColumnType::Uuid]).await?.is_some() {
            let remedy = "sign in with an account that administers accounts";
            return Err(AccountError::rule("not_the_first_account", "id", remedy));
        }
        insert(&mut tx, new, None, at).await?;
        super::grants::put(&mut tx, grant, new, at).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes an account. It holds nothing until it is given a grant.
    pub async fn create_account(&self, by: &access::Actor, new: &NewAccount, at: i64) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        bump(&mut tx).await?;
        let target = target_in(&mut tx, new.jurisdiction, Some(new.id.0)).await?;
        let decision = access::allow(by, Action::AccountCreate, &target);
        if !decision.allowed {
            return Err(AccountError::Denied(Box::new(decision)));
        }
        insert(&mut tx, new, Some(by.account), at).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives an account another name at work.
    pub async fn rename_account(&self, by: &access::Actor, id: AccountId, name: &str) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        judged(&mut tx, by, Action::AccountCorrect, id).await?;
        let short = !name.trim().is_empty() && name.chars().count() <= MAX_CHARS;
        if !short || name.chars().any(char::is_control) {
            return Err(AccountError::rule("name_form", "name", "give a name of 1 to 100 letters"));
        }
        tx.execute("UPDATE account SET name = $1 WHERE id = $2", &args([name.trim().into(), id.0.into()])).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Disables an account: its sessions and tokens end with the next request on every server.
    pub async fn disable_account(&self, by: &access::Actor, id: AccountId, at: i64) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        bump(&mut tx).await?;
        judged(&mut tx, by, Action::AccountDisable, id).await?;
        let sql = "UPDATE account SET disabled_at = $1, disabled_by = $2, version = version + 1 \
             WHERE id = $3 AND disabled_at IS NULL";
        if tx.execute(sql, &args([at.into(), by.account.into(), id.0.into()])).await? == 0 {
            return Err(AccountError::rule("nothing_changes", "id", "the account is disabled already"));
        }
        for sql in [
            "UPDATE session SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL",
            "UPDATE api_token SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL",
            "UPDATE sign_in_link SET used_at = $1 WHERE account = $2 AND used_at IS NULL",
        ] {
            tx.execute(sql, &args([at.into(), id.0.into()])).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// One account, if the actor may read it.
    pub async fn account(&self, by: &access::Actor, id: AccountId) -> Result<Option<Account>, AccountError> {
        let mut tx = self.read().await?;
        let found = match judged(&mut tx, by, Action::AccountRead, id).await {
            Ok(account) => Some(account),
            Err(AccountError::NotFound | AccountError::Denied(_)) => None,
            Err(error) => return Err(error),
        };
        tx.roll_back().await?;
        Ok(found)
    }

    /// Accounts the actor may see, by login, after `after`; at most `limit` (1–500).
    pub async fn accounts(
        &self,
        by: &access::Actor,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Account>, AccountError> {
        let decision = access::may_ask(by, Action::AccountList);
        if !decision.allowed {
            return Err(AccountError::Denied(Box::new(decision)));
        }
        let scope = access::scope(by, Action::AccountList);
        let mut tx = self.read().await?;
        let (mut found, mut last) = (Vec::new(), folded(after.unwrap_or_default()));
        let limit = limit.clamp(1, 500);
        let sql = "SELECT account.id, account.login, account.name, account.jurisdiction, account.created_at, \
             account.disabled_at FROM account_login JOIN account ON account.id = account_login.account \
             WHERE account_login.login > $1 ORDER BY account_login.login LIMIT 500";
        // Accounts are few: the scope is judged here, by the table itself.
        loop {
            let rows = tx.rows(sql, &args([last.clone().into()]), &TYPES).await?;
            let accounts: Vec<Account> = rows.iter().map(read).collect::<Result<_, _>>()?;
            let Some(end) = accounts.last().map(|account| folded(&account.login)) else { break };
            let areas: BTreeSet<Uuid> = accounts.iter().map(|account| account.jurisdiction).collect();
            let lineages = closure::lineages(&mut tx, &areas.into_iter().collect::<Vec<_>>()).await?;
            let seen = |account: &Account| {
                let lineage = lineages.get(&account.jurisdiction).map(Vec::as_slice).unwrap_or_default();
                scope.permits(access::Lying::at(lineage), access::TaskSet::EMPTY).is_some()
            };
            found.extend(accounts.into_iter().filter(seen));
            last = end;
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        tx.roll_back().await?;
        Ok(found)
    }

    /// An account and whether it may sign in, by its login. For the sign-in itself, which has no actor yet; its answer
    /// must not leave the server.
    pub async fn account_by_login(&self, login: &str) -> Result<Option<Account>, DbError> {
        let mut tx = self.read().await?;
        let sql =
            format!("SELECT {COLUMNS} FROM account WHERE id = (SELECT account FROM account_login WHERE login = $1)");
        let row = tx.row(&sql, &args([folded(login).into()]), &TYPES).await?;
        tx.roll_back().await?;
        row.as_ref().map(read).transpose()
    }

    /// The account's own record: for whoever is signed in with it.
    pub async fn own_account(&self, id: AccountId) -> Result<Option<Account>, DbError> {
        let mut tx = self.read().await?;
        let found = by_id(&mut tx, id.0).await?;
        tx.roll_back().await?;
        Ok(found)
    }
}
