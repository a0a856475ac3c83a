//! Answers that say no: RFC 9457 `application/problem+json`, each with the rule, where it bites and what to do, in the
//! language of the request.
//!
//! A handler returns a [`Problem`] without knowing the language; [`render`] writes it on the way out. So every error,
//! those of the framework included, leaves through one place.

use crate::{app::App, html, language::Language, said::Said, texts};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{
    access::Decision,
    refusal::{Answer, Ground, Refusal},
};
use serde::Serialize;
use std::borrow::Cow;
use store::{access_log::LogError, accounts::AccountError, engine::DbError, query::QueryError, writer::SubmitError};
use uuid::Uuid;

/// Seconds after which a client that was turned away may come again.
const RETRY_AFTER_SECONDS: u32 = 2;

/// One place of a body and the rule that it breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// JSON pointer into the body (RFC 6901); for a query `?name`, for a part of the path `{name}`. Of an unknown field or
    /// parameter its own name where that is the program's or a slip of the pen from it, else what holds it.
    pub pointer: String,
    /// The rule.
    pub rule: Cow<'static, str>,
    /// What would have been taken there, in the program's own words; never what was sent.
    pub expected: Option<Said>,
}

impl Fault {
    /// A rule broken at a place.
    pub fn at(pointer: impl Into<String>, rule: &'static str) -> Self {
        Self { pointer: pointer.into(), rule: rule.into(), expected: None }
    }
}

/// An answer that says no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The rule.
    pub rule: Cow<'static, str>,
    /// Places it speaks of.
    pub faults: Vec<Fault>,
    /// Records it speaks of.
    pub ids: Vec<Uuid>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// What became of the command, where the answer is to one.
    pub command: Option<Declined>,
}

/// A command that was not done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Declined {
    /// Refused, waiting or conflict.
    pub outcome: Answer,
    /// Whether it can be overridden.
    pub ground: Ground,
}

impl Problem {
    /// A rule with its status.
    pub fn new(status: StatusCode, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { status, rule: rule.into(), faults: Vec::new(), ids: Vec::new(), retry_after: None, command: None }
    }

    /// The same for a record that is not there and one the reader may not know of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, domain::access::Denial::NotFound.name())
    }

    /// Too much at once; nothing was done.
    pub fn busy(rule: &'static str) -> Self {
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, rule) }
    }

    /// A rule broken at one place of the body.
    pub fn at(status: StatusCode, rule: &'static str, pointer: impl Into<String>) -> Self {
        Self { faults: vec![Fault::at(pointer, rule)], ..Self::new(status, rule) }
    }

    /// The refusal of the access table. What may not be known of is not found.
    pub fn denied(decision: &Decision) -> Self {
        let not_found = decision.rule == domain::access::Denial::NotFound.name();
        Self::new(if not_found { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN }, decision.rule)
    }

    /// The text for people, in a language.
    pub fn body(&self, language: Language) -> ProblemBody {
        let words = texts::words(&self.rule, language);
        ProblemBody {
            kind: format!("urn:firebreak:rule:{}", self.rule),
            title: words.reason.to_owned(),
            status: self.status.as_u16(),
            detail: words.reason.to_owned(),
            remedy: words.remedy.to_owned(),
            rule: self.rule.to_string(),
            outcome: self.command.map(|declined| declined.outcome),
            ground: self.command.map(|declined| declined.ground),
            ids: self.ids.clone(),
            errors: self.faults.iter().map(|fault| ErrorBody::of(fault, language)).collect(),
        }
    }
}

/// A problem as it is sent (RFC 9457 §3, with `errors` as in its appendix).
#[derive(Serialize, Debug, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:firebreak:rule:` and the rule.
    #[serde(rename = "type")]
    pub kind: String,
    /// The rule in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Why.
    pub detail: String,
    /// What to do.
    pub remedy: String,
    /// The rule's id.
    pub rule: String,
    /// What became of a command: refused or conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub outcome: Option<Answer>,
    /// Of a refused command: `integrity` is never overridden, `operational` by a named commander with a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ground: Option<Ground>,
    /// Records that the rule speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Uuid>,
    /// Places of the body that the rule speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorBody>,
}

/// One place of a body, and what is wrong there.
#[derive(Serialize, Debug, utoipa::ToSchema)]
#[schema(as = ProblemError)]
pub struct ErrorBody {
    /// JSON pointer into the body sent (RFC 6901); `?name` for a parameter of the query, `{name}` for a part of the path. Of
    /// an unknown field it is the field's own where its name is nearly one that there is; else that of the object which holds
    /// it (`?` for a parameter), for the name may be a value in the wrong place: then `detail` says where the field stands.
    pub pointer: String,
    /// The rule's id.
    pub rule: String,
    /// Why.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

impl ErrorBody {
    /// A fault in words.
    pub fn of(fault: &Fault, language: Language) -> Self {
        let words = texts::words(&fault.rule, language);
        let detail = match &fault.expected {
            Some(expected) => format!("{}{}{}", words.reason, language.pick("", " "), expected.pick(language)),
            None => words.reason.to_owned(),
        };
        Self { pointer: fault.pointer.clone(), rule: fault.rule.to_string(), detail, remedy: words.remedy.to_owned() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The HTTP status of a refusal: rights 403, what may not be known of 404 or 202, operational and integrity 422.
pub fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal.answer {
        Answer::Waiting => StatusCode::ACCEPTED,
        Answer::Conflict => StatusCode::CONFLICT,
        Answer::Refused if refusal.rule.starts_with("access.") => StatusCode::FORBIDDEN,
        Answer::Refused => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::OtherContent => Self::new(StatusCode::CONFLICT, "other_content"),
            SubmitError::Busy => Self::busy("busy"),
            SubmitError::NoSuchStream(_) => Self {
                command: Some(Declined { outcome: Answer::Refused, ground: Ground::Integrity }),
                ..Self::at(StatusCode::UNPROCESSABLE_ENTITY, "no_such_stream", "/stream")
            },
            SubmitError::DiskFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
            SubmitError::Unavailable(reason) => {
                tracing::warn!(reason, "the database cannot be reached");
                Self::busy("database_away")
            }
            SubmitError::SyncFailed(reason) => {
                tracing::error!(reason, "the disk did not keep a write; writing has stopped");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "writing_stopped")
            }
            SubmitError::Failed(_) => {
                // The engine's own words may quote a value, so they are not logged.
                tracing::error!("a command could not be written; run `firebreak doctor`");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "defect")
            }
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        if error.is_disk_full() {
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full");
        }
        if error.is_transient() {
            tracing::warn!("the database cannot be reached");
            return Self::busy("database_away");
        }
        // The engine's own words may quote a value, so they are not logged.
        tracing::error!("a query failed; run `firebreak doctor`");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "defect")
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Db(error) => error.into(),
            AccountError::Vault(_) => {
                tracing::warn!("the key store cannot be reached");
                Self::busy("database_away")
            }
            AccountError::Denied(decision) => Self::denied(&decision),
            AccountError::NotFound => Self::not_found(),
            AccountError::Rule { rule, field, .. } => {
                Self::at(StatusCode::UNPROCESSABLE_ENTITY, rule, format!("/{field}"))
            }
            AccountError::Unreadable => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "credential_unreadable"),
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Busy => Self::busy("busy"),
            LogError::LimitReached => Self::denied(&Decision::denied(domain::access::Denial::LimitReached)),
            LogError::Unavailable(_) => Self::busy("read_not_logged"),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Db(error) => error.into(),
            QueryError::Denied(decision) => Self::denied(&decision),
            QueryError::Parameter { name, remedy } => {
                let expected = Some(Said::new(remedy.zh, remedy.en));
                let fault = Fault { expected, ..Fault::at(format!("?{name}"), "bad_parameter") };
                Self { faults: vec![fault], ..Self::new(StatusCode::BAD_REQUEST, "bad_parameter") }
            }
        }
    }
}

/// The rule for an error that the framework answered by itself.
fn by_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(status, "no_such_address"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(status, "no_such_method"),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "body_too_large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(status, "not_json"),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Problem::new(status, "malformed_request"),
        status if status.is_client_error() => Problem::new(status, "malformed_request"),
        _ => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect"),
    }
}

/// A page says itself what went wrong.
fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Whether a person in a browser waits for the answer: the API answers programs, whatever they accept.
fn is_shown(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    !request.uri().path().starts_with("/api/") && accepted.split(',').any(|kind| kind.trim().starts_with("text/html"))
}

/// Layer: writes every refusal as a problem in the language of the request; where a browser went to an address by itself,
/// as a page.
pub async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let language = Language::asked(request.headers(), app.config.language);
    let shown = is_shown(&request);
    let mut response = next.run(request).await;
    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_page(&response) => return response,
        None if status.is_client_error() || status.is_server_error() => by_status(status),
        None => return response,
    };
    if shown {
        let words = texts::words(&problem.rule, language);
        let exercise = app.store.is_exercise();
        response = html::refusal(problem.status, language, exercise, words.reason, words.remedy);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
        if let Some(seconds) = problem.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(problem);
        return response;
    }
    let body = serde_json::to_vec(&problem.body(language)).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"firebreak\""));
    }
    *response.status_mut() = problem.status;
    *response.body_mut() = Body::from(body);
    response
}
