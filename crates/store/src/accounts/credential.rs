//! What proves who signs in: a password's argon2id string, and the secret of a second factor.

use super::{AccountError, account, args, bump};
use crate::{
    cipher::{self, FieldPlace},
    engine::{DbError, Tx},
    store::Store,
    table,
    value::{ColumnType, Value},
    vault::{Entropy, PersonKeys},
};
use domain::{
    access::{self, Action},
    id::{AccountId, derived},
    seal::Class,
};
use uuid::Uuid;

table! {
    /// Credentials. `totp_secret` is enciphered; `totp_step` is the last step used, so that no code works twice.
    CREDENTIAL "credential" Operational 1 [] {
        account Uuid, password_hash Text opt, password_set_at Int opt, totp_secret Bytes opt, totp_set_at Int opt,
        totp_confirmed_at Int opt, totp_step Int,
    }
}

/// The vault's row that holds the keys of accounts: no person.
pub(crate) const ACCOUNTS: Uuid = Uuid::from_u128(0xf19e_b4ea_0000_8000_8000_0000_0000_0002);

/// How far the second factor is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TotpState {
    /// There is none.
    None,
    /// A secret was shown, and no code of it was given yet.
    Unconfirmed,
    /// Codes are asked for.
    Confirmed,
}

/// What a sign-in is checked against.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The argon2id string.
    pub password_hash: Option<String>,
    /// The second factor.
    pub totp: TotpState,
}

const ENSURE: &str = "INSERT INTO credential (account, totp_step) VALUES ($1, 0) ON CONFLICT (account) DO NOTHING";

async fn ensure(tx: &mut Tx, account: AccountId) -> Result<(), DbError> {
    tx.execute(ENSURE, &args([account.0.into()])).await?;
    Ok(())
}

fn place(account: AccountId, set_at: i64) -> FieldPlace {
    // A new secret lies at a new place, so that no nonce serves two texts.
    FieldPlace { event: derived(account.0, 0, set_at), n: 0, field: 0, class: Class::Identity as u8 }
}

impl Store {
    /// Keys under which secrets of accounts and hashes of the access log are made; made on first use.
    pub(crate) async fn account_keys(&self, entropy: Entropy<'_>, at: i64) -> Result<PersonKeys, AccountError> {
        let mut keys = self.vault().keys_for(&[ACCOUNTS], true, entropy, at).await?;
        keys.remove(&ACCOUNTS).ok_or(AccountError::Unreadable)
    }

    /// What a sign-in of this account is checked against.
    pub async fn credential(&self, account: AccountId) -> Result<Option<Credential>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT password_hash, totp_set_at, totp_confirmed_at FROM credential WHERE account = $1";
        let types = [ColumnType::Text, ColumnType::Int, ColumnType::Int];
        let row = tx.row(sql, &args([account.0.into()]), &types).await?;
        tx.roll_back().await?;
        Ok(row.map(|row| Credential {
            password_hash: row[0].opt_text().map(str::to_owned),
            totp: match (row[1].opt_int(), row[2].opt_int()) {
                (None, _) => TotpState::None,
                (Some(_), None) => TotpState::Unconfirmed,
                (Some(_), Some(_)) => TotpState::Confirmed,
            },
        }))
    }

    /// Sets the password's argon2id string; all other sessions of the account end, `keep` stays.
    pub async fn set_password_hash(
        &self,
        account: AccountId,
        argon2: &str,
        keep: Option<Uuid>,
        at: i64,
    ) -> Result<(), DbError> {
        let mut tx = self.db().begin_write().await?;
        ensure(&mut tx, account).await?;
        let sql = "UPDATE credential SET password_hash = $1, password_set_at = $2 WHERE account = $3";
        tx.execute(sql, &args([argon2.into(), at.into(), account.0.into()])).await?;
        let sql = "UPDATE session SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL AND id <> $3";
        tx.execute(sql, &args([at.into(), account.0.into(), keep.unwrap_or_default().into()])).await?;
        tx.commit().await
    }

    /// Takes password, second factor, sessions and tokens away, before the holder gets a link to set new ones. By
    /// somebody else than the holder (`access`).
    pub async fn reset_credentials(
        &self,
        by: &access::Actor,
        account: AccountId,
        at: i64,
    ) -> Result<(), AccountError> {
        let mut tx = self.db().begin_write().await?;
        bump(&mut tx).await?;
        account::judged(&mut tx, by, Action::AccountResetCredentials, account).await?;
        tx.execute("DELETE FROM credential WHERE account = $1", &args([account.0.into()])).await?;
        for sql in [
            "UPDATE session SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL",
            "UPDATE api_token SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL",
        ] {
            tx.execute(sql, &args([at.into(), account.0.into()])).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a new TOTP secret, enciphered. It is asked for from the first right code on ([`Store::use_totp_step`]).
    pub async fn set_totp_secret(
        &self,
        account: AccountId,
        secret: &[u8],
        entropy: Entropy<'_>,
        at: i64,
    ) -> Result<(), AccountError> {
        let keys = self.account_keys(entropy, at).await?;
        let key = keys.key(Class::Identity as u8).ok_or(AccountError::Unreadable)?;
        let mut tx = self.db().begin_write().await?;
        ensure(&mut tx, account).await?;
        let sql = "SELECT COALESCE(totp_set_at, 0) FROM credential WHERE account = $1";
        let before = tx.row(sql, &args([account.0.into()]), &[ColumnType::Int]).await?;
        let before = before.and_then(|row| row.first().and_then(Value::opt_int)).unwrap_or(0);
        // Never the same place twice, however the clock stands.
        let set_at = at.max(before + 1);
        let sealed = cipher::seal(&key, &place(account, set_at), secret).map_err(|_| AccountError::Unreadable)?;
        let sql = "UPDATE credential SET totp_secret = $1, totp_set_at = $2, totp_confirmed_at = NULL, totp_step = 0 \
             WHERE account = $3";
        tx.execute(sql, &args([sealed.into(), set_at.into(), account.0.into()])).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The TOTP secret, to check a code against. The caller wipes it.
    pub async fn totp_secret(
        &self,
        account: AccountId,
        entropy: Entropy<'_>,
        at: i64,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, AccountError> {
        let mut tx = self.read().await?;
        let sql = "SELECT totp_secret, totp_set_at FROM credential WHERE account = $1";
        let row = tx.row(sql, &args([account.0.into()]), &[ColumnType::Bytes, ColumnType::Int]).await?;
        tx.roll_back().await?;
        let Some((sealed, set_at)) = row.as_ref().and_then(|row| Some((row[0].bytes().ok()?, row[1].opt_int()?)))
        else {
            return Ok(None);
        };
        let keys = self.account_keys(entropy, at).await?;
        let key = keys.key(Class::Identity as u8).ok_or(AccountError::Unreadable)?;
        cipher::open(&key, &place(account, set_at), sealed).map(Some).map_err(|_| AccountError::Unreadable)
    }

    /// Uses up the time step of a right code and confirms the second factor; `false` where that step, or a later one,
    /// was used before.
    pub async fn use_totp_step(&self, account: AccountId, step: i64, at: i64) -> Result<bool, DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE credential SET totp_step = $1, totp_confirmed_at = COALESCE(totp_confirmed_at, $2) \
             WHERE account = $3 AND totp_step < $1 AND totp_secret IS NOT NULL";
        let changed = tx.execute(sql, &args([step.into(), at.into(), account.0.into()])).await?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Takes the second factor away; the holder sets it up anew.
    pub async fn remove_totp(&self, account: AccountId) -> Result<(), DbError> {
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE credential SET totp_secret = NULL, totp_set_at = NULL, totp_confirmed_at = NULL \
             WHERE account = $1";
        tx.execute(sql, &args([account.0.into()])).await?;
        tx.commit().await
    }
}
