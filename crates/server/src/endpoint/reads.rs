//! Who read what, and reading beyond one's work: matching one exact identifier, breaking the glass, and its review.

use super::{Id, records::RecordBody};
use crate::{
    app::App,
    caller::Caller,
    json::Json,
    language::Language,
    problem::{Problem, ProblemBody},
    query::Query,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{AccountId, PersonId},
};
use serde::{Deserialize, Serialize};
use store::{
    access_log::{Read, Reader, ToReview},
    query::QueryError,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// This group's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(readers))
        .routes(routes!(reads))
        .routes(routes!(match_person))
        .routes(routes!(break_glass))
        .routes(routes!(to_review))
        .routes(routes!(review))
}

/// One read in the log.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Read)]
pub struct ReadBody {
    /// When, milliseconds UTC.
    at: i64,
    account: Uuid,
    /// The reader's name at work.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    action: String,
    /// What was asked, personal values left out.
    query: String,
    /// How many records the answer held.
    count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    rule: String,
    break_glass: bool,
    /// Which of the person's records the answer held; only where one person is asked about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    records: Vec<Uuid>,
}

impl ReadBody {
    fn of(read: Read, records: Vec<Uuid>) -> Self {
        Self {
            at: read.at,
            account: read.account.0,
            name: read.name,
            action: read.action,
            query: read.query,
            count: read.count,
            purpose: read.purpose,
            rule: read.rule,
            break_glass: read.break_glass,
            records,
        }
    }
}

/// A stretch of time, milliseconds UTC.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Stretch {
    /// First instant; the beginning if left out.
    from: Option<i64>,
    /// First instant after it; now if left out.
    to: Option<i64>,
}

/// Who read this person's records, so that the person can be told.
#[utoipa::path(get, path = "/api/v1/persons/{id}/readers", tag = "reads", params(("id" = Uuid, Path, description = "The person"), Stretch),
    extensions(("x-action" = json!("access_log_for_person"))), responses(
    (status = 200, body = Vec<ReadBody>),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 404, description = "No such person, or the caller may not know of them", body = ProblemBody),
))]
async fn readers(
    State(app): State<App>,
    caller: Caller,
    id: Id,
    Query(asked): Query<Stretch>,
) -> Result<axum::Json<Vec<ReadBody>>, Problem> {
    caller.may_carry(Action::AccessLogForPerson)?;
    // Reads of this very instant are among them.
    let to = asked.to.unwrap_or_else(|| app.store.now().saturating_add(1));
    let found = app.store.who_read(&caller.rights, PersonId(id.0), asked.from.unwrap_or(0), to).await?;
    let bodies = found.into_iter().map(|Reader { read, records }| ReadBody::of(read, records));
    Ok(axum::Json(bodies.collect()))
}

/// Which reads.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadsAsked {
    /// Of this account alone.
    account: Option<Uuid>,
    /// Before this instant, milliseconds UTC; now if left out.
    before: Option<i64>,
    /// Most entries, 1 to 500; 100 if left out.
    limit: Option<usize>,
}

/// Reads by accounts of the areas that the caller inspects, newest first.
#[utoipa::path(get, path = "/api/v1/reads", tag = "reads", params(ReadsAsked),
    extensions(("x-action" = json!("access_log_list"))), responses(
    (status = 200, body = Vec<ReadBody>),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "None of the caller's roles inspects reads", body = ProblemBody),
))]
async fn reads(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<ReadsAsked>,
) -> Result<axum::Json<Vec<ReadBody>>, Problem> {
    caller.may_carry(Action::AccessLogList)?;
    let before = asked.before.unwrap_or_else(|| app.store.now().saturating_add(1));
    let limit = asked.limit.unwrap_or(100).clamp(1, 500);
    let found = app.store.reads(&caller.rights, asked.account.map(AccountId), before, limit).await?;
    Ok(axum::Json(found.into_iter().map(|read| ReadBody::of(read, Vec::new())).collect()))
}

/// One exact identifier.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Identified {
    /// The register: `national_id`, `passport`, `health_record`, or a system's name.
    kind: String,
    /// The whole number.
    number: String,
}

/// Match or no match, and nothing more.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Matched {
    matched: bool,
}

/// Whether somebody with exactly this identifier is on record where the caller may ask (F71). Needs open work, is limited,
/// and is logged. In the body, so that no log of addresses ever holds a number.
#[utoipa::path(post, path = "/api/v1/persons/match", tag = "reads", request_body = Identified,
    extensions(("x-action" = json!("person_match"))), responses(
    (status = 200, body = Matched),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "No role, no open work, or the limit is used up", body = ProblemBody),
))]
async fn match_person(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<Identified>,
) -> Result<axum::Json<Matched>, Problem> {
    caller.may_carry(Action::PersonMatch)?;
    let answer = app.store.match_person(&caller.rights, &asked.kind, &asked.number).await.map_err(in_body)?;
    let matched = app.log.release(answer.in_session(caller.session_id())).await?;
    Ok(axum::Json(Matched { matched }))
}

/// Why the glass is broken.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In the reader's words; another person reviews it within 24 hours.
    reason: String,
}

/// Reads a person who is nobody's work here because life is in danger. Limited, reviewed by another, and the person can
/// be told.
#[utoipa::path(post, path = "/api/v1/persons/{id}/break-glass", tag = "reads", params(("id" = Uuid, Path, description = "The person")),
    request_body = Reason, extensions(("x-action" = json!("person_break_glass"))), responses(
    (status = 200, body = RecordBody),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "No role, or the limit is used up", body = ProblemBody),
    (status = 404, description = "No such person within reach", body = ProblemBody),
))]
async fn break_glass(
    State(app): State<App>,
    caller: Caller,
    language: Language,
    id: Id,
    Json(asked): Json<Reason>,
) -> Result<axum::Json<RecordBody>, Problem> {
    caller.may_carry(Action::PersonBreakGlass)?;
    let answer = app.store.break_glass(&caller.rights, PersonId(id.0), &asked.reason).await.map_err(in_body)?;
    let record = app.log.release(answer.in_session(caller.session_id())).await?.ok_or_else(Problem::not_found)?;
    tracing::warn!(account = %caller.account, "the glass was broken; a review is due within 24 hours");
    Ok(axum::Json(RecordBody::of(record, language)))
}

/// A break-glass read that waits for its review.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ToReview)]
pub struct ToReviewBody {
    /// Names the read, with `seq`.
    stream: i64,
    seq: i64,
    at: i64,
    /// Who broke the glass.
    account: Uuid,
    reason: Option<String>,
    person: Uuid,
    /// The instant by which it must be reviewed.
    due_at: i64,
}

impl From<ToReview> for ToReviewBody {
    fn from(read: ToReview) -> Self {
        Self {
            stream: read.stream,
            seq: read.seq,
            at: read.at,
            account: read.account.0,
            reason: read.reason,
            person: read.person,
            due_at: read.due_at,
        }
    }
}

/// Break-glass reads that the caller may review, oldest first; never one's own.
#[utoipa::path(get, path = "/api/v1/break-glass", tag = "reads",
    extensions(("x-action" = json!("break_glass_review"))), responses(
    (status = 200, body = Vec<ToReviewBody>),
    (status = 401, description = "Not signed in", body = ProblemBody),
))]
async fn to_review(State(app): State<App>, caller: Caller) -> Result<axum::Json<Vec<ToReviewBody>>, Problem> {
    caller.may_carry(Action::BreakGlassReview)?;
    let open = app.store.break_glass_to_review(&caller.rights).await?;
    Ok(axum::Json(open.into_iter().map(ToReviewBody::from).collect()))
}

/// The verdict on one break-glass read.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    stream: i64,
    seq: i64,
    /// Whether the read was justified.
    justified: bool,
}

/// Reviews a break-glass read of somebody else.
#[utoipa::path(post, path = "/api/v1/break-glass", tag = "reads", request_body = Review,
    extensions(("x-action" = json!("break_glass_review"))), responses(
    (status = 204, description = "Reviewed"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 404, description = "No such read waits for the caller", body = ProblemBody),
))]
async fn review(State(app): State<App>, caller: Caller, Json(asked): Json<Review>) -> Result<StatusCode, Problem> {
    caller.may_carry(Action::BreakGlassReview)?;
    let Review { stream, seq, justified } = asked;
    app.store.review_break_glass(&caller.rights, stream, seq, justified, app.store.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A parameter that came in the body is pointed at there.
fn in_body(error: QueryError) -> Problem {
    let in_query = Problem::from(error);
    let faults = in_query.faults.into_iter().map(|mut fault| {
        fault.pointer = fault.pointer.replacen('?', "/", 1);
        fault
    });
    match in_query.rule.as_ref() {
        "bad_parameter" => Problem {
            faults: faults.map(|fault| crate::problem::Fault { rule: "invalid_value".into(), ..fault }).collect(),
            ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value")
        },
        _ => Problem { faults: faults.collect(), ..in_query },
    }
}
