//! Accounts, grants, links and tokens: for account administrators, and for holders their own tokens. None of it shows
//! anything about a resident.

use super::Id;
use crate::{
    app::App,
    caller::{self, Caller, TOKEN_PREFIX},
    json::Json,
    problem::{Problem, ProblemBody},
    query::Query,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use domain::{
    access::{Action, Role},
    id::AccountId,
};
use serde::{Deserialize, Serialize};
use store::accounts::{
    Account, GrantRecord, LinkPurpose, NewAccount, NewGrant, NewToken, TokenRecord, actions_named,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// This group's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read))
        .routes(routes!(disable))
        .routes(routes!(reset))
        .routes(routes!(grants, grant))
        .routes(routes!(end_grant))
        .routes(routes!(tokens, issue_token))
        .routes(routes!(revoke_token))
}

/// An account as its administrator sees it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AccountBody {
    id: Uuid,
    login: String,
    name: String,
    jurisdiction: Uuid,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<i64>,
}

impl From<Account> for AccountBody {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.0,
            login: account.login,
            name: account.name,
            jurisdiction: account.jurisdiction,
            created_at: account.created_at,
            disabled_at: account.disabled_at,
        }
    }
}

/// A page of accounts.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AccountPage {
    items: Vec<AccountBody>,
    /// The login after which the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountsAsked {
    /// The login after which the page begins.
    after: Option<String>,
    /// Most entries, 1 to 500; 100 if left out.
    limit: Option<usize>,
}

/// Accounts in the areas that the caller administers or inspects, by login.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", params(AccountsAsked),
    extensions(("x-action" = json!("account_list"))), responses(
    (status = 200, body = AccountPage),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "None of the caller's roles lists accounts", body = ProblemBody),
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<AccountsAsked>,
) -> Result<axum::Json<AccountPage>, Problem> {
    caller.may_carry(Action::AccountList)?;
    let limit = asked.limit.unwrap_or(100).clamp(1, 500);
    let found = app.store.accounts(&caller.rights, asked.after.as_deref(), limit).await?;
    let next = (found.len() == limit).then(|| found.last().map(|account| account.login.clone())).flatten();
    Ok(axum::Json(AccountPage { items: found.into_iter().map(AccountBody::from).collect(), next }))
}

/// An account to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccountBody {
    /// Made by the sender.
    id: Uuid,
    /// 1 to 100 characters without spaces; upper and lower case are alike.
    login: String,
    /// The holder's name at work.
    name: String,
    /// The area whose administrator answers for it.
    jurisdiction: Uuid,
}

/// Makes an account. It may do nothing until it is given a grant, and signs in once its password was set by a link.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = NewAccountBody,
    extensions(("x-action" = json!("account_create"))), responses(
    (status = 201, description = "Made"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "Refused by the access table", body = ProblemBody),
    (status = 422, description = "Login taken, or a field has not the right form", body = ProblemBody),
))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<NewAccountBody>,
) -> Result<StatusCode, Problem> {
    caller.may_carry(Action::AccountCreate)?;
    let new = NewAccount {
        id: AccountId(asked.id),
        login: asked.login,
        name: asked.name,
        jurisdiction: asked.jurisdiction,
    };
    app.store.create_account(&caller.rights, &new, app.store.now()).await?;
    Ok(StatusCode::CREATED)
}

/// One account.
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "accounts", params(("id" = Uuid, Path, description = "The account")),
    extensions(("x-action" = json!("account_read"))), responses(
    (status = 200, body = AccountBody),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 404, description = "No such account, or the caller may not know of it", body = ProblemBody),
))]
async fn read(State(app): State<App>, caller: Caller, id: Id) -> Result<axum::Json<AccountBody>, Problem> {
    caller.may_carry(Action::AccountRead)?;
    let found = app.store.account(&caller.rights, AccountId(id.0)).await?.ok_or_else(Problem::not_found)?;
    Ok(axum::Json(found.into()))
}

/// Disables an account: its sessions and tokens are refused from the next request on.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/disable", tag = "accounts", params(("id" = Uuid, Path, description = "The account")),
    extensions(("x-action" = json!("account_disable"))), responses(
    (status = 204, description = "Disabled"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 404, description = "No such account, or the caller may not know of it", body = ProblemBody),
))]
async fn disable(State(app): State<App>, caller: Caller, id: Id) -> Result<StatusCode, Problem> {
    caller.may_carry(Action::AccountDisable)?;
    app.store.disable_account(&caller.rights, AccountId(id.0), app.store.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link that works once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LinkBody {
    /// Where the holder sets a password, on this server. Shown once.
    path: String,
    /// When it ends, milliseconds UTC.
    expires_at: i64,
}

/// Takes password, second factor, sessions and tokens of an account away, and makes a link by which its holder sets a
/// new password. Never for oneself. Also for an account that has no password yet.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/reset", tag = "accounts", params(("id" = Uuid, Path, description = "The account")),
    extensions(("x-action" = json!("account_reset_credentials"))), responses(
    (status = 200, body = LinkBody),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "Refused by the access table", body = ProblemBody),
    (status = 404, description = "No such account, or the caller may not know of it", body = ProblemBody),
))]
async fn reset(State(app): State<App>, caller: Caller, id: Id) -> Result<axum::Json<LinkBody>, Problem> {
    caller.may_carry(Action::AccountResetCredentials)?;
    let now = app.store.now();
    app.store.reset_credentials(&caller.rights, AccountId(id.0), now).await?;
    let (secret, text) = caller::new_secret(&app);
    let expires_at = now.saturating_add(app.config.link_ms);
    app.store.make_link(&secret, AccountId(id.0), LinkPurpose::SetPassword, expires_at, now).await?;
    Ok(axum::Json(LinkBody { path: format!("/set-password/{text}"), expires_at }))
}

/// A role for an area and a time.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GrantBody {
    id: Uuid,
    account: Uuid,
    role: &'static str,
    jurisdiction: Uuid,
    valid_from: i64,
    valid_to: Option<i64>,
    granted_by: Option<Uuid>,
}

impl From<GrantRecord> for GrantBody {
    fn from(grant: GrantRecord) -> Self {
        Self {
            id: grant.id,
            account: grant.account.0,
            role: grant.role.name(),
            jurisdiction: grant.jurisdiction,
            valid_from: grant.valid_from,
            valid_to: grant.valid_to,
            granted_by: grant.granted_by.map(|account| account.0),
        }
    }
}

/// Grants of an account that the caller may see, ended ones included; one's own always.
#[utoipa::path(get, path = "/api/v1/accounts/{id}/grants", tag = "accounts", params(("id" = Uuid, Path, description = "The account")),
    extensions(("x-action" = json!("grant_list"))), responses(
    (status = 200, body = Vec<GrantBody>),
    (status = 401, description = "Not signed in", body = ProblemBody),
))]
async fn grants(State(app): State<App>, caller: Caller, id: Id) -> Result<axum::Json<Vec<GrantBody>>, Problem> {
    caller.may_carry(Action::GrantList)?;
    let found = app.store.grants(&caller.rights, AccountId(id.0)).await?;
    Ok(axum::Json(found.into_iter().map(GrantBody::from).collect()))
}

/// A grant to be given.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrantBody {
    /// Made by the sender.
    id: Uuid,
    /// The post, such as `epidemiologist`.
    #[schema(value_type = String)]
    role: Role,
    /// The area it is for, with all its parts.
    jurisdiction: Uuid,
    /// First instant, milliseconds UTC; now if left out.
    #[serde(default)]
    valid_from: Option<i64>,
    /// First instant after it.
    #[serde(default)]
    valid_to: Option<i64>,
}

/// Gives an account a role for an area. Never to oneself.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/grants", tag = "accounts", params(("id" = Uuid, Path, description = "The account")),
    request_body = NewGrantBody, extensions(("x-action" = json!("grant_create"))), responses(
    (status = 201, description = "Given"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "Refused by the access table", body = ProblemBody),
    (status = 404, description = "No such account, or the caller may not know of it", body = ProblemBody),
))]
async fn grant(
    State(app): State<App>,
    caller: Caller,
    id: Id,
    Json(asked): Json<NewGrantBody>,
) -> Result<StatusCode, Problem> {
    caller.may_carry(Action::GrantCreate)?;
    let now = app.store.now();
    let new = NewGrant {
        id: asked.id,
        account: AccountId(id.0),
        role: asked.role,
        jurisdiction: asked.jurisdiction,
        valid_from: asked.valid_from.unwrap_or(now),
        valid_to: asked.valid_to,
    };
    app.store.grant(&caller.rights, &new, now).await?;
    Ok(StatusCode::CREATED)
}

/// Ends a grant now; what it opened is closed from the next request on.
#[utoipa::path(post, path = "/api/v1/grants/{id}/end", tag = "accounts", params(("id" = Uuid, Path, description = "The grant")),
    extensions(("x-action" = json!("grant_end"))), responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 404, description = "No such grant, or the caller may not know of it", body = ProblemBody),
))]
async fn end_grant(State(app): State<App>, caller: Caller, id: Id) -> Result<StatusCode, Problem> {
    caller.may_carry(Action::GrantEnd)?;
    app.store.end_grant(&caller.rights, id.0, app.store.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A token on record; what opens it is not kept.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenBody {
    id: Uuid,
    name: String,
    actions: Vec<&'static str>,
    created_at: i64,
    expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<i64>,
}

impl From<TokenRecord> for TokenBody {
    fn from(token: TokenRecord) -> Self {
        Self {
            id: token.id,
            name: token.name,
            actions: token.actions.iter().map(|action| action.name()).collect(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// The caller's own tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "accounts", responses(
    (status = 200, body = Vec<TokenBody>),
    (status = 401, description = "Not signed in", body = ProblemBody),
))]
async fn tokens(State(app): State<App>, caller: Caller) -> Result<axum::Json<Vec<TokenBody>>, Problem> {
    caller.session()?;
    let found = app.store.own_tokens(caller.account).await?;
    Ok(axum::Json(found.into_iter().map(TokenBody::from).collect()))
}

/// A token to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// What its holder calls it.
    name: String,
    /// What it may be used for, by the names of the access matrix.
    actions: Vec<String>,
    /// When it ends, milliseconds UTC, within 366 days.
    expires_at: i64,
}

/// A token, once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct IssuedToken {
    id: Uuid,
    /// To be sent as `Authorization: Bearer …`. Shown once.
    token: String,
}

/// Makes a token for the caller's own account, for some actions and a time. By session only.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "accounts", request_body = NewTokenBody,
    extensions(("x-action" = json!("account_issue_token"))), responses(
    (status = 201, body = IssuedToken),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 422, description = "No action named, an unknown one, or too long a life", body = ProblemBody),
))]
async fn issue_token(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<NewTokenBody>,
) -> Result<Response, Problem> {
    caller.session()?;
    let actions = actions_named(asked.actions.iter().map(String::as_str))?;
    let id = caller::new_id(&app);
    let (secret, text) = caller::new_secret(&app);
    let new = NewToken { id, name: asked.name, actions, expires_at: asked.expires_at };
    app.store.issue_token(&caller.rights, &secret, &new, app.store.now()).await?;
    let issued = IssuedToken { id, token: format!("{TOKEN_PREFIX}{text}") };
    Ok((StatusCode::CREATED, axum::Json(issued)).into_response())
}

/// Ends one of the caller's own tokens.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "accounts", params(("id" = Uuid, Path, description = "The token")), responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 404, description = "No such token of the caller holds", body = ProblemBody),
))]
async fn revoke_token(State(app): State<App>, caller: Caller, id: Id) -> Result<StatusCode, Problem> {
    caller.session()?;
    let ended = app.store.revoke_token(caller.account, id.0, app.store.now()).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
