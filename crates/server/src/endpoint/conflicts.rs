//! Commands that found the record changed meanwhile, before a person who may correct it (DESIGN §3, §13.13).

use super::Id;
use crate::{
    app::App,
    caller::Caller,
    json::Json,
    problem::{Problem, ProblemBody, status_of},
    query::{self, Query},
    said::Said,
};
use axum::{extract::State, http::StatusCode};
use domain::kernel::dispute::Disputed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::conflict::{Conflict, DecideError, Verdict};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// This group's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(decide))
}

/// Most conflicts of one page, and those where nothing is said.
const MOST: u32 = 200;
const USUAL: u32 = 50;

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Mark of the page, from `next`.
    after: Option<String>,
    /// Most conflicts looked at, 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// One field on which what was asked and what stands differ.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Disputed)]
pub struct DisputedBody {
    field: String,
    /// What the command's author saw; null is nothing.
    #[schema(value_type = Object)]
    seen: Value,
    /// What stands now.
    #[schema(value_type = Object)]
    stands: Value,
    /// What the command asks.
    #[schema(value_type = Object)]
    asked: Value,
}

impl From<Disputed> for DisputedBody {
    fn from(disputed: Disputed) -> Self {
        let Disputed { field, seen, stands, asked } = disputed;
        Self { field, seen, stands, asked }
    }
}

/// A command in conflict, as far as its reader may see the record.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Conflict)]
pub struct ConflictBody {
    /// The command.
    id: Uuid,
    noun: &'static str,
    /// The record.
    record: Uuid,
    /// How many events made what stands; said again with the decision.
    version: i64,
    /// Since when, milliseconds UTC.
    since: i64,
    /// Who sent it.
    account: Uuid,
    fields: Vec<DisputedBody>,
    /// Fields that differ too and that this reader may not see.
    withheld: Vec<String>,
    /// Whether `taken` does it as it is; else it is done again by hand.
    can_be_taken: bool,
}

impl From<Conflict> for ConflictBody {
    fn from(conflict: Conflict) -> Self {
        Self {
            id: conflict.id.0,
            noun: conflict.noun,
            record: conflict.record,
            version: conflict.version,
            since: conflict.since,
            account: conflict.by.0,
            fields: conflict.fields.into_iter().map(DisputedBody::from).collect(),
            withheld: conflict.withheld,
            can_be_taken: conflict.can_be_taken,
        }
    }
}

/// A page of conflicts.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Conflicts {
    /// Those that the caller may decide; a page can hold none and yet not be the last.
    conflicts: Vec<ConflictBody>,
    /// Mark of the next page, for `after`; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Open conflicts that the caller may decide, the oldest first.
#[utoipa::path(get, path = "/api/v1/conflicts", tag = "commands", params(Asked), responses(
    (status = 200, body = Conflicts),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "By token: a person decides", body = ProblemBody),
))]
async fn open(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Conflicts>, Problem> {
    caller.session()?;
    let after = asked.after.as_deref().map(mark).transpose()?;
    let limit = asked.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        let said = Said::new("应为：1 至 200 的整数。", "Expected: a whole number from 1 to 200.");
        return Err(query::parameter("limit", Some(said)));
    }
    let found = app.store.conflicts(&caller.rights, after, limit).await?;
    let (conflicts, next) = app.log.release(found.in_session(caller.session_id())).await?;
    let next = next.map(|(since, id)| format!("{since}.{id}"));
    Ok(axum::Json(Conflicts { conflicts: conflicts.into_iter().map(ConflictBody::from).collect(), next }))
}

fn mark(text: &str) -> Result<(i64, Uuid), Problem> {
    let read = text.split_once('.').and_then(|(since, id)| Some((since.parse().ok()?, id.parse().ok()?)));
    read.ok_or_else(|| {
        let said = Said::new("应为：上一页的 next。", "Expected: `next` of the page before.");
        query::parameter("after", Some(said))
    })
}

/// What is decided.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// The record stays as it stands.
    Stands,
    /// What the command asks is done, as this account.
    Taken,
}

/// A decision.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    verdict: Decided,
    /// The version of the record that was looked at: nothing is decided over another.
    version: i64,
}

/// Decides a conflict. Taken, the command goes through the same door as any other, made on the record as it stands.
#[utoipa::path(post, path = "/api/v1/conflicts/{id}", tag = "commands", params(("id" = Uuid, Path, description = "The command")),
    request_body = Decision, responses(
    (status = 204, description = "Decided"),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 403, description = "By token: a person decides; or a field of it is not for the caller to see", body = ProblemBody),
    (status = 404, description = "No open conflict that the caller may decide", body = ProblemBody),
    (status = 409, description = "The record has changed since that version, or somebody else decided", body = ProblemBody),
    (status = 422, description = "The command was refused, or cannot be taken as it is", body = ProblemBody),
))]
async fn decide(
    State(app): State<App>,
    caller: Caller,
    id: Id,
    Json(asked): Json<Decision>,
) -> Result<StatusCode, Problem> {
    caller.session()?;
    let verdict = match asked.verdict {
        Decided::Stands => Verdict::Stands,
        Decided::Taken => Verdict::Taken,
    };
    app.store.decide_conflict(&caller.rights, id.0, Some(asked.version), verdict).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Unknown(_) => Self::not_found(),
            DecideError::NotTakable => {
                Self::at(StatusCode::UNPROCESSABLE_ENTITY, "conflict_not_takable", "/verdict")
            }
            DecideError::Moved(_) => Self::at(StatusCode::CONFLICT, "conflict_moved", "/version"),
            DecideError::Withheld(_) => Self::new(StatusCode::FORBIDDEN, "conflict_withheld"),
            DecideError::Meanwhile => Self::new(StatusCode::CONFLICT, "conflict_decided"),
            DecideError::Declined(refusal) => {
                Self { ids: refusal.ids.clone(), ..Self::new(status_of(&refusal), refusal.rule) }
            }
            DecideError::Submit(error) => error.into(),
            DecideError::Kept(error) => error.into(),
        }
    }
}
