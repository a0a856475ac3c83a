//! Sessions. Looked up at every request, so that a revoked one ends with the next, on whichever server it comes in.

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
use uuid::Uuid;

table! {
    /// Sessions, by the hash of their token.
    SESSION "session" Operational 1 [["account"], ["ends_at"]] {
        hash Bytes, id Uuid, account Uuid, created_at Int, seen_at Int, idle_ms Int, ends_at Int, second_factor Int,
        stepped_up_at Int opt, revoked_at Int opt,
    }
}

/// A session that holds now.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Session {
    /// Its id: names it without opening it.
    pub id: Uuid,
    /// Whose it is.
    pub account: AccountId,
    /// When it began, milliseconds UTC.
    pub created_at: i64,
    /// When it was last used, to within a tenth of its idle time.
    pub seen_at: i64,
    /// When it ends unless it is used.
    pub idle_at: i64,
    /// When it ends however it is used.
    pub ends_at: i64,
    /// Whether it began with a second factor.
    pub second_factor: bool,
    /// When the holder last proved again who they are; for acts that ask for it.
    pub stepped_up_at: Option<i64>,
}

/// A session to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub account: AccountId,
    /// How long it lasts without use, milliseconds.
    pub idle_ms: i64,
    /// How long it lasts at most, milliseconds.
    pub longest_ms: i64,
    /// Whether a second factor was given.
    pub second_factor: bool,
}

const CONTEXT: &str = "firebreak session token 1";
const COLUMNS: &str = "session.id, session.account, session.created_at, session.seen_at, session.idle_ms, session.ends_at, \
     session.second_factor, session.stepped_up_at";
const TYPES: [ColumnType; 8] = [
    ColumnType::Uuid,
    ColumnType::Uuid,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
];

fn read(row: &Row) -> Result<Session, DbError> {
    let seen_at = row[3].int()?;
    Ok(Session {
        id: row[0].uuid()?,
        account: AccountId(row[1].uuid()?),
        created_at: row[2].int()?,
        seen_at,
        idle_at: seen_at.saturating_add(row[4].int()?),
        ends_at: row[5].int()?,
        second_factor: row[6].int()? != 0,
        stepped_up_at: row[7].opt_int(),
    })
}

/// The session of a token that holds at this instant, with its account not disabled.
pub(super) async fn find(tx: &mut Tx, token: &Secret, at: i64) -> Result<Option<Session>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM session JOIN account ON account.id = session.account \
         WHERE session.hash = $1 AND session.revoked_at IS NULL AND account.disabled_at IS NULL"
    );
    let row = tx.row(&sql, &args([secret_hash(CONTEXT, token).into()]), &TYPES).await?;
    let session = row.as_ref().map(read).transpose()?;
    Ok(session.filter(|session| at < session.ends_at && at < session.idle_at))
}

impl Store {
    /// Begins a session under a token made of 32 bytes of entropy.
    pub async fn begin_session(&self, token: &Secret, new: &NewSession, at: i64) -> Result<Session, AccountError> {
        let mut tx = self.db().begin_write().await?;
        let enabled = account::by_id(&mut tx, new.account.0).await?.filter(|account| account.disabled_at.is_none());
        enabled.ok_or(AccountError::NotFound)?;
        let ends_at = at.saturating_add(new.longest_ms);
        let row = vec![
            secret_hash(CONTEXT, token).into(),
            new.id.into(),
            new.account.0.into(),
            at.into(),
            at.into(),
            new.idle_ms.into(),
            ends_at.into(),
            new.second_factor.into(),
            Value::or_null(new.second_factor.then_some(at)),
            Value::Null,
        ];
        tx.insert(&SESSION, vec![row]).await?;
        tx.commit().await?;
        Ok(Session {
            id: new.id,
            account: new.account,
            created_at: at,
            seen_at: at,
            idle_at: at.saturating_add(new.idle_ms),
            ends_at,
            second_factor: new.second_factor,
            stepped_up_at: new.second_factor.then_some(at),
        })
    }

    /// The session of a token, if it holds now. One read.
    pub async fn session(&self, token: &Secret, at: i64) -> Result<Option<Session>, DbError> {
        let mut tx = self.read().await?;
        let session = find(&mut tx, token, at).await?;
        tx.roll_back().await?;
        Ok(session)
    }

    /// Notes that the session is in use. Writes only when a tenth of the idle time has passed since it was noted.
    pub async fn keep_alive(&self, session: &Session, at: i64) -> Result<(), DbError> {
        let idle = session.idle_at.saturating_sub(session.seen_at);
        if at.saturating_sub(session.seen_at) <= idle / 10 {
            return Ok(());
        }
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE session SET seen_at = $1 WHERE account = $2 AND id = $3 AND seen_at < $1 \
             AND revoked_at IS NULL";
        tx.execute(sql, &args([at.into(), session.account.0.into(), session.id.into()])).await?;
        tx.commit().await
    }

    /// Notes that the holder proved again who they are.
    pub async fn step_up(&self, session: &Session, at: i64) -> Result<(), DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE session SET stepped_up_at = $1 WHERE account = $2 AND id = $3 AND revoked_at IS NULL";
        tx.execute(sql, &args([at.into(), session.account.0.into(), session.id.into()])).await?;
        tx.commit().await
    }

    /// Sessions of one's own account that hold now, newest first.
    pub async fn own_sessions(&self, account: AccountId, at: i64) -> Result<Vec<Session>, DbError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM session WHERE account = $1 AND revoked_at IS NULL ORDER BY created_at DESC"
        );
        let rows = tx.rows(&sql, &args([account.0.into()]), &TYPES).await?;
        tx.roll_back().await?;
        let sessions: Vec<Session> = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(sessions.into_iter().filter(|session| at < session.ends_at && at < session.idle_at).collect())
    }

    /// Ends one session of one's own account; `false` where there is none such.
    pub async fn revoke_session(&self, account: AccountId, id: Uuid, at: i64) -> Result<bool, DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE session SET revoked_at = $1 WHERE account = $2 AND id = $3 AND revoked_at IS NULL";
        let changed = tx.execute(sql, &args([at.into(), account.0.into(), id.into()])).await?;
        tx.commit().await?;
        Ok(changed > 0)
    }

    /// Ends all sessions of one's own account.
    pub async fn revoke_own_sessions(&self, account: AccountId, at: i64) -> Result<u64, DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE session SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL";
        let changed = tx.execute(sql, &args([at.into(), account.0.into()])).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Ends all sessions of an account that the actor administers.
    pub async fn revoke_sessions(&self, by: &access::Actor, of: AccountId, at: i64) -> Result<u64, AccountError> {
        let mut tx = self.db().begin_write().await?;
        account::judged(&mut tx, by, Action::AccountDisable, of).await?;
        let sql = "UPDATE session SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL";
        let changed = tx.execute(sql, &args([at.into(), of.0.into()])).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes sessions and links that ended long ago; for a timer of the server.
    pub async fn remove_ended_sessions(&self, before: i64) -> Result<u64, DbError> {
        let mut tx = self.db().begin_write().await?;
        let removed = tx.execute("DELETE FROM session WHERE ends_at < $1", &args([before.into()])).await?;
        tx.execute("DELETE FROM sign_in_link WHERE expires_at < $1", &args([before.into()])).await?;
        tx.commit().await?;
        Ok(removed)
    }
}
