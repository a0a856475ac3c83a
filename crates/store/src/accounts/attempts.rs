//! Failed sign-ins and the lock that follows them. Kept by a hash of what was typed, whether there is such an account
//! or not, so that neither the lock nor its absence tells who has one.

use super::{account::folded, args};
use crate::{
    engine::{DbError, Tx},
    store::Store,
    table,
    value::{ColumnType, Value},
};

table! {
    /// Failed sign-ins by hash of the login typed, or of the address they came from.
    LOGIN_ATTEMPT "login_attempt" Operational 1 [["last_at"]] {
        key Bytes, failures Int, last_at Int, locked_until Int,
    }
}

/// Failures in a row before the lock. [P]
pub const LOCK_AFTER: i64 = 5;
/// The first lock, milliseconds; it doubles with each further failure. [P]
const FIRST_LOCK: i64 = 30_000;
/// The longest lock, milliseconds: a stranger must not lock somebody out for a shift. [P]
const LONGEST_LOCK: i64 = 15 * 60_000;
/// Failures are forgotten after this long without another, milliseconds. [P]
const FORGET: i64 = 24 * 3_600_000;

/// Whether a sign-in may be tried now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attempt {
    /// It may. It counts as failed until [`Store::sign_in_succeeded`], so that parallel guesses count too.
    Allowed,
    /// Not before this instant, milliseconds UTC. Answer as to a wrong password.
    Locked(i64),
}

fn key(kind: &str, text: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("firebreak sign-in attempts 1");
    hasher.update(kind.as_bytes()).update(&[0]).update(text.as_bytes());
    hasher.finalize().as_bytes().to_vec()
}

fn lock_for(failures: i64) -> i64 {
    match failures - LOCK_AFTER {
        ..0 => 0,
        over => FIRST_LOCK.saturating_mul(1 << over.min(20)).min(LONGEST_LOCK),
    }
}

async fn attempt(tx: &mut Tx, key: Vec<u8>, at: i64) -> Result<Attempt, DbError> {
    let ensure = "INSERT INTO login_attempt (key, failures, last_at, locked_until) VALUES ($1, 0, $2, 0) \
         ON CONFLICT (key) DO NOTHING";
    tx.execute(ensure, &args([key.clone().into(), at.into()])).await?;
    // Locks the row, so that guesses at once are counted one after the other.
    let lock =
        "UPDATE login_attempt SET failures = failures WHERE key = $1 RETURNING failures, last_at, locked_until";
    let types = [ColumnType::Int, ColumnType::Int, ColumnType::Int];
    let row = tx.row(lock, &args([key.clone().into()]), &types).await?;
    let (failures, last_at, locked_until) = match &row {
        Some(row) => (row[0].int()?, row[1].int()?, row[2].int()?),
        None => (0, at, 0),
    };
    if at < locked_until {
        return Ok(Attempt::Locked(locked_until));
    }
    let failures = if at - last_at > FORGET { 1 } else { failures + 1 };
    let until = match lock_for(failures) {
        0 => 0,
        lock => at + lock,
    };
    let sql = "UPDATE login_attempt SET failures = $1, last_at = $2, locked_until = $3 WHERE key = $4";
    tx.execute(sql, &args([failures.into(), at.into(), until.into(), key.into()])).await?;
    Ok(Attempt::Allowed)
}

impl Store {
    /// Asks whether a sign-in under this login may be tried, and counts it. Absent logins are counted like others.
    pub async fn begin_sign_in(&self, login: &str, at: i64) -> Result<Attempt, DbError> {
        let mut tx = self.db().begin_write().await?;
        let answer = attempt(&mut tx, key("login", &folded(login)), at).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Counts a guess of a second factor or of anything else that can be guessed; `kind` keeps counts apart.
    pub async fn begin_guess(&self, kind: &str, of: &str, at: i64) -> Result<Attempt, DbError> {
        let mut tx = self.db().begin_write().await?;
        let answer = attempt(&mut tx, key(kind, of), at).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// The sign-in was right: its failures are forgotten.
    pub async fn sign_in_succeeded(&self, login: &str) -> Result<(), DbError> {
        self.guess_succeeded("login", &folded(login)).await
    }

    /// The guess was right: its failures are forgotten.
    pub async fn guess_succeeded(&self, kind: &str, of: &str) -> Result<(), DbError> {
        let mut tx = self.db().begin_write().await?;
        tx.execute("DELETE FROM login_attempt WHERE key = $1", &args([key(kind, of).into()])).await?;
        tx.commit().await
    }

    /// Removes what has been forgotten; for a timer of the server.
    pub async fn forget_old_attempts(&self, at: i64) -> Result<u64, DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "DELETE FROM login_attempt WHERE last_at < $1 AND locked_until < $2";
        let removed = tx.execute(sql, &args([Value::Int(at - FORGET), at.into()])).await?;
        tx.commit().await?;
        Ok(removed)
    }
}
