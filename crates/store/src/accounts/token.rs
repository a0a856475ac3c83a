//! API tokens, made by their holder for some actions and a time, and links that work once.

use super::{AccountError, Secret, account, args, secret_hash};
use crate::{
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
    /// API tokens, by their hash. `actions` is a JSON list of the names of actions.
    API_TOKEN "api_token" Operational 1 [["account"]] {
        hash Bytes, id Uuid, account Uuid, name Text, actions Text, created_at Int, expires_at Int, revoked_at Int opt,
    }
}

table! {
    /// Links that work once, by the hash of their secret.
    SIGN_IN_LINK "sign_in_link" Operational 1 [["account"]] {
        hash Bytes, account Uuid, purpose Text, created_at Int, expires_at Int, used_at Int opt,
    }
}

/// The longest that a token lasts: a year, milliseconds. [P]
const LONGEST: i64 = 366 * 24 * 3_600_000;

/// A token on record, without what opens it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TokenRecord {
    /// Its id.
    pub id: Uuid,
    /// Whose rights it carries.
    pub account: AccountId,
    /// What its holder calls it.
    pub name: String,
    /// What it may be used for, of what the account may do.
    pub actions: BTreeSet<Action>,
    /// When it was made, milliseconds UTC.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its id.
    pub id: Uuid,
    /// What its holder calls it.
    pub name: String,
    /// What it may be used for.
    pub actions: BTreeSet<Action>,
    /// When it ends, milliseconds UTC.
    pub expires_at: i64,
}

/// What a one-time link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkPurpose {
    /// Signs in at once; only in a database marked *exercise*.
    SignIn,
    /// Lets the holder set a password.
    SetPassword,
}

impl LinkPurpose {
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SetPassword => "set_password",
        }
    }
}

const TOKEN_CONTEXT: &str = "firebreak api token 1";
const LINK_CONTEXT: &str = "firebreak one-time link 1";
const COLUMNS: &str = "api_token.id, api_token.account, api_token.name, api_token.actions, api_token.created_at, \
     api_token.expires_at, api_token.revoked_at";
const TYPES: [ColumnType; 7] = [
    ColumnType::Uuid,
    ColumnType::Uuid,
    ColumnType::Text,
    ColumnType::Text,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
];

fn read(row: &Row) -> Result<TokenRecord, DbError> {
    // A name this program does not know gives nothing.
    let names: Vec<String> = serde_json::from_str(row[3].text()?).unwrap_or_default();
    Ok(TokenRecord {
        id: row[0].uuid()?,
        account: AccountId(row[1].uuid()?),
        name: row[2].text()?.to_owned(),
        actions: names.iter().filter_map(|name| Action::from_name(name)).collect(),
        created_at: row[4].int()?,
        expires_at: row[5].int()?,
        revoked_at: row[6].opt_int(),
    })
}

/// The token of a secret that holds at this instant, with its account not disabled.
pub(super) async fn find(tx: &mut Tx, secret: &Secret, at: i64) -> Result<Option<TokenRecord>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM api_token JOIN account ON account.id = api_token.account \
         WHERE api_token.hash = $1 AND api_token.revoked_at IS NULL AND account.disabled_at IS NULL"
    );
    let row = tx.row(&sql, &args([secret_hash(TOKEN_CONTEXT, secret).into()]), &TYPES).await?;
    Ok(row.as_ref().map(read).transpose()?.filter(|token| at < token.expires_at))
}

impl Store {
    /// Makes a token for one's own account under a secret made of 32 bytes of entropy.
    pub async fn issue_token(
        &self,
        by: &access::Actor,
        secret: &Secret,
        new: &NewToken,
        at: i64,
    ) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        account::judged(&mut tx, by, Action::AccountIssueToken, AccountId(by.account)).await?;
        let named = !new.name.trim().is_empty() && new.name.chars().count() <= 100;
        if !named || new.name.chars().any(char::is_control) {
            return Err(AccountError::rule("name_form", "name", "give a name of 1 to 100 letters"));
        }
        if new.actions.is_empty() {
            return Err(AccountError::rule("empty_scope", "actions", "name the actions that the token is for"));
        }
        if new.expires_at <= at || new.expires_at > at.saturating_add(LONGEST) {
            return Err(AccountError::rule("token_life", "expires_at", "give an end within the next 366 days"));
        }
        let names: Vec<&str> = new.actions.iter().map(|action| action.name()).collect();
        let row = vec![
            secret_hash(TOKEN_CONTEXT, secret).into(),
            new.id.into(),
            by.account.into(),
            new.name.trim().into(),
            serde_json::to_string(&names).unwrap_or_else(|_| "[]".to_owned()).into(),
            at.into(),
            new.expires_at.into(),
            Value::Null,
        ];
        tx.insert(&API_TOKEN, vec![row]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Tokens of one's own account, newest first.
    pub async fn own_tokens(&self, account: AccountId) -> Result<Vec<TokenRecord>, DbError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM api_token WHERE account = $1 ORDER BY created_at DESC, id");
        let rows = tx.rows(&sql, &args([account.0.into()]), &TYPES).await?;
        tx.roll_back().await?;
        rows.iter().map(read).collect()
    }

    /// Ends one token of one's own account; `false` where there is none such.
    pub async fn revoke_token(&self, account: AccountId, id: Uuid, at: i64) -> Result<bool, DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE api_token SET revoked_at = $1 WHERE account = $2 AND id = $3 AND revoked_at IS NULL";
        let changed = tx.execute(sql, &args([at.into(), account.0.into(), id.into()])).await?;
        tx.commit().await?;
        Ok(changed > 0)
    }

    /// Makes a link that works once. Whoever calls has judged that it may be made: the machine itself for the first
    /// account and the exercise, `AccountResetCredentials` for the rest.
    pub async fn make_link(
        &self,
        secret: &Secret,
        account: AccountId,
        purpose: LinkPurpose,
        expires_at: i64,
        at: i64,
    ) -> Result<(), AccountError> {
        if purpose == LinkPurpose::SignIn && !self.is_exercise() {
            let remedy = "one-time sign-in is for exercises; give the holder a link to set a password";
            return Err(AccountError::rule("not_an_exercise", "purpose", remedy));
        }
        let mut tx = self.db().begin_write().await?;
        account::by_id(&mut tx, account.0).await?.ok_or(AccountError::NotFound)?;
        let row = vec![
            secret_hash(LINK_CONTEXT, secret).into(),
            account.0.into(),
            purpose.name().into(),
            at.into(),
            expires_at.into(),
            Value::Null,
        ];
        tx.insert(&SIGN_IN_LINK, vec![row]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Uses a link up; the account it was for, once.
    pub async fn use_link(
        &self,
        secret: &Secret,
        purpose: LinkPurpose,
        at: i64,
    ) -> Result<Option<AccountId>, DbError> {
        if purpose == LinkPurpose::SignIn && !self.is_exercise() {
            return Ok(None);
        }
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE sign_in_link SET used_at = $1 WHERE hash = $2 AND purpose = $3 AND used_at IS NULL \
             AND expires_at > $1 AND account IN (SELECT id FROM account WHERE disabled_at IS NULL) RETURNING account";
        let values = args([at.into(), secret_hash(LINK_CONTEXT, secret).into(), purpose.name().into()]);
        let row = tx.row(sql, &values, &[ColumnType::Uuid]).await?;
        tx.commit().await?;
        Ok(row.and_then(|row| row.first().and_then(Value::opt_uuid)).map(AccountId))
    }
}
