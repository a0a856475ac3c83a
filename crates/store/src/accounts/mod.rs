//! Accounts: who may sign in, with which grants, and what proves it. None of it is part of the journal: whoever may
//! do what is asked anew at every request, so that an ended grant or session ends with the next one (DESIGN §10).
//!
//! Secrets never lie here in clear: of tokens only their BLAKE3 is kept, of passwords the argon2id string that the
//! server makes, and TOTP secrets are enciphered under a key of the vault.

mod account;
mod attempts;
mod credential;
mod grants;
mod rights;
mod session;
mod tasks;
mod token;

pub use account::{Account, NewAccount};
pub use attempts::{Attempt, LOCK_AFTER};
pub use credential::{Credential, TotpState};
pub use grants::{GrantRecord, NewGrant};
pub use rights::{Caller, Rights, actions_named};
pub use session::{NewSession, Session};
pub use tasks::OpenTaskRecord;
pub use token::{LinkPurpose, NewToken, TokenRecord};

use crate::{
    engine::{Arg, DbError, Tx},
    store::Store,
    table,
    table::Table,
    value::{ColumnType, Value},
    vault::VaultError,
};
use domain::access::{self, Action, Decision, Denial, Target};
use uuid::Uuid;

table! {
    /// Raised by every change of what accounts may do, and of areas and teams; servers hold rights in memory while it stands.
    ACCOUNTS_EPOCH "accounts_epoch" Operational 1 [] {
        id Int, value Int,
    }
}

/// Tables of this folder.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    [
        &ACCOUNTS_EPOCH,
        &account::ACCOUNT,
        &account::ACCOUNT_LOGIN,
        &grants::ACCOUNT_GRANT,
        &credential::CREDENTIAL,
        &attempts::LOGIN_ATTEMPT,
        &session::SESSION,
        &token::API_TOKEN,
        &token::SIGN_IN_LINK,
        &tasks::OPEN_TASK,
    ]
    .into_iter()
}

/// Why something about accounts was not done. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The access table says no.
    #[error("refused by {}", .0.rule)]
    Denied(Box<Decision>),
    /// There is no such account, grant, session or token, or the actor may not know of it.
    #[error("there is no such record, or you may not know whether there is")]
    NotFound,
    /// A rule about accounts.
    #[error("{rule}: {remedy}")]
    Rule {
        /// Stable name of the rule.
        rule: &'static str,
        /// The field it is about.
        field: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The TOTP secret cannot be enciphered or read.
    #[error("the TOTP secret of this account cannot be read; set up the second factor anew")]
    Unreadable,
}

impl AccountError {
    fn denied(denial: Denial) -> Self {
        Self::Denied(Box::new(Decision::denied(denial)))
    }

    fn rule(rule: &'static str, field: &'static str, remedy: &'static str) -> Self {
        Self::Rule { rule, field, remedy }
    }
}

/// 32 bytes that prove a session, a token or a link; made of entropy by the caller. Only its hash is stored.
pub type Secret = [u8; 32];

/// What is stored of a secret: BLAKE3 under a context of its own, so that a session's token opens no link.
fn secret_hash(context: &str, secret: &Secret) -> Vec<u8> {
    blake3::Hasher::new_derive_key(context).update(secret).finalize().as_bytes().to_vec()
}

const BUMP: &str = "INSERT INTO accounts_epoch (id, value) VALUES (1, 1) \
     ON CONFLICT (id) DO UPDATE SET value = accounts_epoch.value + 1";
const READ_EPOCH: &str = "SELECT COALESCE((SELECT value FROM accounts_epoch WHERE id = 1), 0)";

/// Raises the epoch: every server loads rights again at its next request. Also serialises changes of areas, whose
/// closure is made from all of them, so it comes first in such a transaction.
pub(crate) async fn bump(tx: &mut Tx) -> Result<(), DbError> {
    tx.execute(BUMP, &[]).await?;
    Ok(())
}

/// The epoch now.
pub(crate) async fn epoch(tx: &mut Tx) -> Result<i64, DbError> {
    let row = tx.row(READ_EPOCH, &[], &[ColumnType::Int]).await?;
    Ok(row.and_then(|row| row.first().and_then(Value::opt_int)).unwrap_or(0))
}

/// A record of an area as the access table sees it.
async fn target_in(tx: &mut Tx, area: Uuid, recipient: Option<Uuid>) -> Result<Target, DbError> {
    let lineage = crate::closure::lineages(tx, &[area]).await?.remove(&area).unwrap_or_default();
    Ok(Target { lineage, recipient: recipient.map(access::Assignee::Account), ..Target::default() })
}

/// Judges an act on an account or a grant that lies in `area`; one that the actor may not read is not there.
async fn judge(
    tx: &mut Tx,
    by: &access::Actor,
    action: Action,
    area: Uuid,
    recipient: Option<Uuid>,
) -> Result<(), AccountError> {
    let target = target_in(tx, area, recipient).await?;
    let decision = access::answer(by, action, Some(&target));
    if decision.allowed {
        Ok(())
    } else if decision.rule == Denial::NotFound.name() {
        Err(AccountError::NotFound)
    } else {
        Err(AccountError::Denied(Box::new(decision)))
    }
}

impl Store {
    /// The number that changes whenever anything that rights depend on does. One cheap read.
    pub async fn accounts_epoch(&self) -> Result<i64, DbError> {
        let mut tx = self.read().await?;
        let value = epoch(&mut tx).await?;
        tx.roll_back().await?;
        Ok(value)
    }

    /// Whether there is any account yet; where there is none, the first one is made at the machine itself.
    pub async fn has_accounts(&self) -> Result<bool, DbError> {
        let mut tx = self.read().await?;
        let row = tx.row("SELECT COUNT(*) FROM account", &[], &[ColumnType::Int]).await?;
        tx.roll_back().await?;
        Ok(row.and_then(|row| row.first().and_then(Value::opt_int)).unwrap_or(0) > 0)
    }
}

/// One argument list.
fn args<const N: usize>(values: [Value; N]) -> Vec<Arg> {
    values.into_iter().map(Arg::One).collect()
}
