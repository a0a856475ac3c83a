//! Who makes a request: by a session's cookie or an API token, never by anything in the body.

use crate::{
    app::App,
    credentials,
    guard::{self, Peer},
    problem::Problem,
    rate::Asker,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use domain::access::Action;
use std::{
    net::{IpAddr, Ipv4Addr},
    ops::Deref,
};
use store::accounts::{self, Secret, Session};

/// A caller who is signed in.
pub struct Caller(accounts::Caller);

impl Deref for Caller {
    type Target = accounts::Caller;

    fn deref(&self) -> &accounts::Caller {
        &self.0
    }
}

impl Caller {
    /// A token asks only for what it was made for.
    pub fn may_carry(&self, action: Action) -> Result<(), Problem> {
        if self.carries(action) { Ok(()) } else { Err(Problem::new(StatusCode::FORBIDDEN, "token_scope")) }
    }

    /// The session, for acts that a token may not do: those about the account's own credentials.
    pub fn session(&self) -> Result<&Session, Problem> {
        self.0.session.as_ref().ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "session_needed"))
    }

    /// The session's id, as the access log keeps it.
    pub fn session_id(&self) -> Option<uuid::Uuid> {
        self.0.session.as_ref().map(|session| session.id)
    }
}

/// The address of the peer; one that is not known shares a bucket with others like it.
pub fn peer(parts: &axum::http::Extensions) -> IpAddr {
    parts.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0)
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match found(&parts.headers, app).await? {
            Some(caller) => {
                guard::within_rate(app, Asker::Account(caller.account.0))?;
                if let Some(session) = &caller.session {
                    app.store.keep_alive(session, app.store.now()).await?;
                }
                Ok(Self(caller))
            }
            None => {
                guard::within_rate(app, Asker::Address(peer(&parts.extensions)))?;
                Err(Problem::new(StatusCode::UNAUTHORIZED, "not_signed_in"))
            }
        }
    }
}

/// Whoever is signed in, if anybody is.
pub struct Visitor(pub Option<Caller>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(found(&parts.headers, app).await?.map(Caller)))
    }
}

/// The caller of a request now. Looked up each time, so that what was revoked is refused with the next request.
async fn found(headers: &HeaderMap, app: &App) -> Result<Option<accounts::Caller>, Problem> {
    let now = app.store.now();
    if let Some(token) = guard::bearer(headers) {
        let Some(secret) = token.strip_prefix(TOKEN_PREFIX).and_then(secret_of) else { return Ok(None) };
        return Ok(app.rights.by_token(&secret, now).await?);
    }
    match session_secret(headers, app.config.is_secure()) {
        Some(secret) => Ok(app.rights.by_session(&secret, now).await?),
        None => Ok(None),
    }
}

/// Asks again who a long answer is for; `None` once the session or token holds no more.
pub async fn again(headers: &HeaderMap, app: &App) -> Result<Option<accounts::Caller>, Problem> {
    found(headers, app).await
}

/// What a token begins with, so that one lost in a repository is found by search.
pub const TOKEN_PREFIX: &str = "firebreak_";

/// A new secret and its text.
pub fn new_secret(app: &App) -> (Secret, String) {
    let mut secret = [0; 32];
    credentials::fill(&app.config.entropy, &mut secret);
    (secret, blake3::Hash::from_bytes(secret).to_hex().to_string())
}

/// The secret of a text.
pub fn secret_of(text: &str) -> Option<Secret> {
    blake3::Hash::from_hex(text).ok().map(|secret| *secret.as_bytes())
}

/// A new id (UUIDv7).
pub fn new_id(app: &App) -> uuid::Uuid {
    let mut random = [0; 10];
    credentials::fill(&app.config.entropy, &mut random);
    let millis = u64::try_from(app.store.now()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The cookie's name. A browser takes `__Host-` only over TLS, for this host alone and all its paths.
const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-firebreak-session" } else { "firebreak-session" }
}

fn session_secret(headers: &HeaderMap, secure: bool) -> Option<Secret> {
    let name = cookie_name(secure);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(of, _)| *of == name)
        .and_then(|(_, value)| secret_of(value))
}

/// The cookie that carries a session, until the browser is closed or the session ends.
pub fn cookie(text: &str, secure: bool) -> HeaderValue {
    let value = format!(
        "{}={text}; Path=/; HttpOnly; SameSite=Lax{}",
        cookie_name(secure),
        if secure { "; Secure" } else { "" }
    );
    // A secret's text is hexadecimal, so the value is always one.
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""))
}

/// The cookie that takes the session's one away.
pub fn no_cookie(secure: bool) -> HeaderValue {
    let value = format!(
        "{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}",
        cookie_name(secure),
        if secure { "; Secure" } else { "" }
    );
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""))
}
