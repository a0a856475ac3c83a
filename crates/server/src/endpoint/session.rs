//! Signing in and out, and the caller's own account: password, second factor, other sessions, open work.

use crate::{
    app::App,
    caller::{self, Caller, Visitor},
    credentials,
    json::Json,
    language::Language,
    problem::{Problem, ProblemBody},
    signing::{self, Proof},
};
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::access::Task;
use serde::{Deserialize, Serialize};
use store::accounts::{Attempt, TotpState};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// This group's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(who_am_i, sign_in, sign_out))
        .routes(routes!(sign_out_everywhere))
        .routes(routes!(change_password))
        .routes(routes!(set_password))
        .routes(routes!(enrol_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(open_work, open_tasks))
        .routes(routes!(close_work))
}

/// What proves who signs in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The login; upper and lower case are alike.
    login: String,
    /// The password.
    password: String,
    /// The six digits of the second factor, where one is in use.
    #[serde(default)]
    code: Option<String>,
}

/// Who the caller is, and what the caller may do.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WhoAmI {
    account: Uuid,
    login: String,
    name: String,
    /// Grants that hold now.
    roles: Vec<RoleHeld>,
    /// The language of this answer: `zh` or `en`.
    language: &'static str,
    /// Whether the database is an exercise: nobody in it exists.
    exercise: bool,
    /// The server's time, milliseconds UTC; in an exercise the scenario's.
    now: i64,
    /// How far the second factor is set up: `none`, `unconfirmed` or `confirmed`.
    second_factor: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionBody>,
    /// Command posts, with the number that an envelope names.
    streams: Vec<StreamBody>,
}

/// A role for an area.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RoleHeld {
    role: &'static str,
    jurisdiction: Option<Uuid>,
    /// First instant after it, milliseconds UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<i64>,
}

/// A session, milliseconds UTC.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SessionBody {
    id: Uuid,
    created_at: i64,
    /// When it ends unless it is used.
    idle_at: i64,
    /// When it ends however it is used.
    ends_at: i64,
}

/// A command post.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StreamBody {
    stream: i64,
    code: String,
    name: String,
    jurisdiction: Option<Uuid>,
}

async fn described(app: &App, caller: &Caller, language: Language) -> Result<WhoAmI, Problem> {
    let account = app.store.own_account(caller.account).await?.ok_or_else(Problem::not_found)?;
    let credential = app.store.credential(caller.account).await?;
    let streams = app.store.streams().await?;
    Ok(WhoAmI {
        account: account.id.0,
        login: account.login,
        name: account.name,
        roles: caller
            .rights
            .live_grants()
            .map(|grant| RoleHeld {
                role: grant.role.name(),
                jurisdiction: grant.lineage.first().copied(),
                valid_to: grant.valid_to,
            })
            .collect(),
        language: language.tag(),
        exercise: app.store.is_exercise(),
        now: app.store.now(),
        second_factor: match credential.map_or(TotpState::None, |credential| credential.totp) {
            TotpState::None => "none",
            TotpState::Unconfirmed => "unconfirmed",
            TotpState::Confirmed => "confirmed",
        },
        session: caller.session.as_ref().map(|session| SessionBody {
            id: session.id,
            created_at: session.created_at,
            idle_at: session.idle_at,
            ends_at: session.ends_at,
        }),
        streams: streams
            .into_iter()
            .map(|post| StreamBody {
                stream: post.stream.0,
                code: post.code,
                name: post.name,
                jurisdiction: post.jurisdiction.map(|area| area.0),
            })
            .collect(),
    })
}

fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// Signs in and sets the session's cookie (HttpOnly, SameSite=Lax).
///
/// Absent login, wrong password, wrong code and a paused account have one answer.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", security(()), request_body = SignIn, responses(
    (status = 204, description = "Signed in; the cookie carries the session"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 429, description = "Too many attempts from this address", body = ProblemBody),
))]
async fn sign_in(
    State(app): State<App>,
    Visitor(before): Visitor,
    extensions: axum::http::Extensions,
    Json(asked): Json<SignIn>,
) -> Result<Response, Problem> {
    let proof = Proof { login: asked.login, password: asked.password, code: asked.code };
    let text = signing::sign_in(&app, caller::peer(&extensions), proof, before.as_ref()).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), caller::cookie(&text, app.config.is_secure())))
}

/// Who the caller is, with roles, language, and the command posts.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses(
    (status = 200, body = WhoAmI),
    (status = 401, description = "Not signed in", body = ProblemBody),
))]
async fn who_am_i(State(app): State<App>, caller: Caller, language: Language) -> Result<axum::Json<WhoAmI>, Problem> {
    described(&app, &caller, language).await.map(axum::Json)
}

/// Signs out: ends this session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses(
    (status = 204, description = "Signed out"),
    (status = 401, description = "Not signed in", body = ProblemBody),
))]
async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let session = caller.session()?;
    app.store.revoke_session(caller.account, session.id, app.store.now()).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), caller::no_cookie(app.config.is_secure())))
}

/// Ends all sessions of the caller's account, this one included.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "session", responses(
    (status = 204, description = "All ended"),
    (status = 401, description = "Not signed in", body = ProblemBody),
))]
async fn sign_out_everywhere(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.session()?;
    app.store.revoke_own_sessions(caller.account, app.store.now()).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), caller::no_cookie(app.config.is_secure())))
}

/// The present password and the new one.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    password: String,
    /// 12 to 200 characters.
    new_password: String,
}

/// Changes the caller's password; all other sessions end.
#[utoipa::path(post, path = "/api/v1/session/password", tag = "session", request_body = PasswordChange, responses(
    (status = 204, description = "Changed"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 422, description = "The present password is wrong, or the new one too weak", body = ProblemBody),
))]
async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let session = caller.session()?.id;
    if !signing::is_present_password(&app, caller.account, asked.password).await? {
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "wrong_password", "/password"));
    }
    let hash = app.hashing.hash(asked.new_password, &app.config.entropy).await?;
    app.store.set_password_hash(caller.account, &hash, Some(session), app.store.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link's secret and the new password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordByLink {
    /// The last part of the link.
    link: String,
    /// 12 to 200 characters.
    new_password: String,
}

/// Sets a password by a link that works once, as an account administrator hands it out.
#[utoipa::path(post, path = "/api/v1/password", tag = "session", security(()), request_body = PasswordByLink, responses(
    (status = 204, description = "Set; sign in with it"),
    (status = 401, description = "The link was used, has expired or never was", body = ProblemBody),
    (status = 422, description = "The password is too weak; the link still works", body = ProblemBody),
))]
async fn set_password(
    State(app): State<App>,
    extensions: axum::http::Extensions,
    Json(asked): Json<PasswordByLink>,
) -> Result<StatusCode, Problem> {
    signing::set_password_by_link(&app, caller::peer(&extensions), &asked.link, asked.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The present password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentPassword {
    password: String,
}

/// A second factor to be set up.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Enrolment {
    /// The secret, base32, for an authenticator.
    secret: String,
    /// The same as a link that authenticators open.
    uri: String,
}

/// Begins to set up the second factor: shows its secret once. It is asked for after a code of it was confirmed.
#[utoipa::path(post, path = "/api/v1/session/totp", tag = "session", request_body = PresentPassword, responses(
    (status = 200, body = Enrolment),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 409, description = "One is in use; the account administrator resets it", body = ProblemBody),
))]
async fn enrol_totp(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<PresentPassword>,
) -> Result<axum::Json<Enrolment>, Problem> {
    caller.session()?;
    if !signing::is_present_password(&app, caller.account, asked.password).await? {
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "wrong_password", "/password"));
    }
    let credential = app.store.credential(caller.account).await?;
    if credential.is_some_and(|credential| credential.totp == TotpState::Confirmed) {
        return Err(Problem::new(StatusCode::CONFLICT, "already_enrolled"));
    }
    // 160 bits, as RFC 4226 §4 recommends.
    let mut secret = [0; 20];
    credentials::fill(&app.config.entropy, &mut secret);
    let shared = app.config.entropy.clone();
    let mut entropy = move |bytes: &mut [u8]| credentials::fill(&shared, bytes);
    app.store.set_totp_secret(caller.account, &secret, &mut entropy, app.store.now()).await?;
    let secret = credentials::totp_base32(&secret);
    let uri = format!("otpauth://totp/Firebreak?secret={secret}&issuer=Firebreak");
    Ok(axum::Json(Enrolment { secret, uri }))
}

/// A code.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Six digits.
    code: String,
}

/// Confirms the second factor by a code of it; from now on it is asked for at sign-in.
#[utoipa::path(post, path = "/api/v1/session/totp/confirm", tag = "session", request_body = Code, responses(
    (status = 204, description = "Confirmed"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 422, description = "The code is wrong or was used", body = ProblemBody),
))]
async fn confirm_totp(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<Code>,
) -> Result<StatusCode, Problem> {
    caller.session()?;
    let of = caller.account.to_string();
    let attempt = app.store.begin_guess("totp", &of, app.store.now()).await?;
    if attempt != Attempt::Allowed || !signing::is_code(&app, caller.account, &asked.code).await? {
        return Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "wrong_code", "/code"));
    }
    app.store.guess_succeeded("totp", &of).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Work to open.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWork {
    /// Made by the sender.
    id: Uuid,
    /// The kind of work, such as `answer_call`.
    #[schema(value_type = String)]
    task: Task,
    /// The record it is about, where there is one.
    #[serde(default)]
    about: Option<Uuid>,
}

/// Opens work: a call on the line, a list of the day. Some look-ups need one; it closes by itself after twelve hours.
#[utoipa::path(post, path = "/api/v1/session/work", tag = "session", request_body = NewWork, responses(
    (status = 204, description = "Open"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "None of the caller's roles does this work", body = ProblemBody),
))]
async fn open_work(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<NewWork>,
) -> Result<StatusCode, Problem> {
    caller.session()?;
    app.store.open_task(&caller.rights, asked.id, asked.task, asked.about, app.store.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Open work.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WorkBody {
    id: Uuid,
    task: &'static str,
    about: Option<Uuid>,
    valid_from: i64,
    valid_to: Option<i64>,
}

/// The caller's open work.
#[utoipa::path(get, path = "/api/v1/session/work", tag = "session", responses(
    (status = 200, body = Vec<WorkBody>),
    (status = 401, description = "Not signed in", body = ProblemBody),
))]
async fn open_tasks(State(app): State<App>, caller: Caller) -> Result<axum::Json<Vec<WorkBody>>, Problem> {
    let open = app.store.open_tasks(caller.account, app.store.now()).await?;
    let bodies = open.into_iter().map(|work| WorkBody {
        id: work.id,
        task: work.task.name(),
        about: work.about,
        valid_from: work.valid_from,
        valid_to: work.valid_to,
    });
    Ok(axum::Json(bodies.collect()))
}

/// Closes work of the caller.
#[utoipa::path(delete, path = "/api/v1/session/work/{id}", tag = "session", params(("id" = Uuid, Path, description = "The work")), responses(
    (status = 204, description = "Closed"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 404, description = "No such work of the caller is open", body = ProblemBody),
))]
async fn close_work(State(app): State<App>, caller: Caller, id: super::Id) -> Result<StatusCode, Problem> {
    caller.session()?;
    let closed = app.store.close_task(caller.account, id.0, app.store.now()).await?;
    if closed { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
