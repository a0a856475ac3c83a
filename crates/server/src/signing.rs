//! Signing in: the same time and the same answer whether the login is absent, the password wrong, the code wrong or the
//! account locked (craft B3 row 17).

use crate::{
    app::App,
    caller::{self, Caller},
    credentials, guard,
    problem::Problem,
    rate::Asker,
};
use axum::http::StatusCode;
use domain::id::AccountId;
use std::net::IpAddr;
use store::accounts::{Attempt, LinkPurpose, NewSession, TotpState};

/// What proves who signs in.
pub struct Proof {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// The code of the second factor, where one is in use.
    pub code: Option<String>,
}

fn failed() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "sign_in_failed")
}

/// Checks a proof and begins a session; the text of its cookie.
pub async fn sign_in(app: &App, from: IpAddr, proof: Proof, before: Option<&Caller>) -> Result<String, Problem> {
    guard::within_rate(app, Asker::SignIn(from))?;
    let now = app.store.now();
    let attempt = app.store.begin_sign_in(&proof.login, now).await?;
    let account = app.store.account_by_login(&proof.login).await?.filter(|account| account.disabled_at.is_none());
    // An absent account is looked up like a present one, under an id that nobody has.
    let id = account.as_ref().map_or(AccountId(uuid::Uuid::nil()), |account| account.id);
    let credential = app.store.credential(id).await?;
    let hash = credential.as_ref().and_then(|credential| credential.password_hash.clone());
    let right = app.hashing.check(proof.password, hash).await?;
    if !right || account.is_none() || attempt != Attempt::Allowed {
        return Err(failed());
    }
    let second_factor = credential.is_some_and(|credential| credential.totp == TotpState::Confirmed);
    if second_factor && !is_code(app, id, proof.code.as_deref().unwrap_or_default()).await? {
        return Err(failed());
    }
    app.store.sign_in_succeeded(&proof.login).await?;
    begin(app, id, second_factor, before).await
}

/// Begins a session; one that the browser held before ends, so that nobody is signed in under a cookie that was planted.
pub async fn begin(
    app: &App,
    account: AccountId,
    second_factor: bool,
    before: Option<&Caller>,
) -> Result<String, Problem> {
    let now = app.store.now();
    if let Some(session) = before.and_then(|caller| caller.session().ok()) {
        app.store.revoke_session(session.account, session.id, now).await?;
    }
    let (secret, text) = caller::new_secret(app);
    let new = NewSession {
        id: caller::new_id(app),
        account,
        idle_ms: app.config.session_idle_ms,
        longest_ms: app.config.session_longest_ms,
        second_factor,
    };
    app.store.begin_session(&secret, &new, now).await?;
    Ok(text)
}

/// Whether the code is one of the account's secret and not used before; uses it up.
pub async fn is_code(app: &App, account: AccountId, code: &str) -> Result<bool, Problem> {
    let now = app.store.now();
    let shared = app.config.entropy.clone();
    let mut entropy = move |bytes: &mut [u8]| credentials::fill(&shared, bytes);
    let Some(secret) = app.store.totp_secret(account, &mut entropy, now).await? else { return Ok(false) };
    match credentials::totp_step(&secret, code, now) {
        Some(step) => Ok(app.store.use_totp_step(account, step, now).await?),
        None => Ok(false),
    }
}

/// Whether the password is the account's present one; guesses are counted and locked as sign-ins are.
pub async fn is_present_password(app: &App, account: AccountId, password: String) -> Result<bool, Problem> {
    let of = account.to_string();
    let attempt = app.store.begin_guess("password", &of, app.store.now()).await?;
    let hash = app.store.credential(account).await?.and_then(|credential| credential.password_hash);
    let right = app.hashing.check(password, hash).await? && attempt == Attempt::Allowed;
    if right {
        app.store.guess_succeeded("password", &of).await?;
    }
    Ok(right)
}

/// Sets a password by a link that works once. A password that is refused does not use the link up.
pub async fn set_password_by_link(app: &App, from: IpAddr, link: &str, password: String) -> Result<(), Problem> {
    guard::within_rate(app, Asker::SignIn(from))?;
    let hash = app.hashing.hash(password, &app.config.entropy).await?;
    let spent = || Problem::new(StatusCode::UNAUTHORIZED, "password_link_spent");
    let secret = caller::secret_of(link).ok_or_else(spent)?;
    let now = app.store.now();
    let account = app.store.use_link(&secret, LinkPurpose::SetPassword, now).await?.ok_or_else(spent)?;
    app.store.set_password_hash(account, &hash, None, now).await?;
    Ok(())
}
