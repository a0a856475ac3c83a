//! `POST /api/v1/commands`: the one door by which anything is changed.

mod envelopes;

pub(crate) use envelopes::envelopes;

use crate::{
    app::App,
    caller::Caller,
    json,
    language::Language,
    metrics::Ending,
    problem::{Declined, ErrorBody, Fault, Problem, ProblemBody, status_of},
    texts,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use domain::{
    kernel::{self, Command, Envelope, Outcome, group::Submission},
    noun::erasure,
    refusal::{Answer, Refusal},
};
use serde::Serialize;
use store::writer::SubmitError;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// This group's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(submit))
}

/// One command on its way in, as the document describes it. The actor is never in it: it is whoever is signed in.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Envelope)]
struct EnvelopeSchema {
    /// Made by the sender (UUIDv7); sending the same id again gives the stored answer.
    id: Uuid,
    /// The command post whose records are changed.
    stream: i64,
    /// The device that numbers its envelopes, if one does.
    device: Option<Uuid>,
    /// The device's own number; a gap shows.
    device_seq: Option<i64>,
    /// The device's clock, milliseconds UTC: evidence, never an ordering.
    device_time: Option<i64>,
    /// What to do: noun, then verb, as in `{"case": {"classify": {…}}}`.
    #[schema(value_type = Object)]
    command: serde_json::Value,
}

/// One envelope or a batch of them.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Commands)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body, which is parsed by hand")]
enum CommandsSchema {
    /// One.
    One(EnvelopeSchema),
    /// At most 1,000, answered in order.
    Batch(Vec<EnvelopeSchema>),
}

/// What became of one envelope.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CommandOutcome {
    /// The envelope's id.
    id: Uuid,
    /// As an HTTP status: 200 accepted, 202 waiting, 403 and 422 refused, 409 conflict or other content, 503 and 507 not
    /// done and to be sent again.
    status: u16,
    /// `accepted`, `refused`, `waiting`, `conflict`, `other_content` or `unanswered`.
    outcome: &'static str,
    /// Of an accepted one: its first event's place in the journal of its stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// Of an accepted one: the number of its events, those that followed from it included.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<i64>,
    /// Of any other: why, and what to do.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
}

/// Why an envelope was not accepted.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Why {
    /// The rule's id.
    rule: String,
    /// The rule in words.
    detail: &'static str,
    /// What to do.
    remedy: &'static str,
    /// `integrity` or `operational`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    ground: Option<domain::refusal::Ground>,
    /// Records that the rule speaks of: those awaited, or the one in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<Uuid>,
    /// Places of the body that the rule speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorBody>,
}

/// Submits one command or a batch of at most 1,000.
///
/// Each is answered after it is durable, and each by itself: a refused one does not stop the others. A batch is answered
/// 200 with one outcome per envelope, in order; a single envelope by the status of its outcome. A body that cannot be
/// read is refused as a whole, with nothing done. Whatever had no answer may be sent again under the same id.
#[utoipa::path(
    post,
    path = "/api/v1/commands",
    tag = "commands",
    request_body = CommandsSchema,
    responses(
        (status = 200, description = "Accepted; for a batch, one outcome per envelope", body = Vec<CommandOutcome>),
        (status = 202, description = "One envelope, waiting for a record not yet known", body = CommandOutcome),
        (status = 401, description = "Not signed in", body = ProblemBody),
        (status = 403, description = "One envelope, refused by the access table", body = ProblemBody),
        (status = 409, description = "One envelope, in conflict or its id used for another command", body = ProblemBody),
        (status = 422, description = "Refused; `errors` names the places", body = ProblemBody),
        (status = 503, description = "Too much in hand; nothing was done", body = ProblemBody),
        (status = 507, description = "The disk of the database is full", body = ProblemBody),
    )
)]
async fn submit(
    State(app): State<App>,
    caller: Caller,
    language: Language,
    request: Request,
) -> Result<Response, Problem> {
    let (envelopes, batch) = read(&app, request).await?;
    let count = u32::try_from(envelopes.len()).unwrap_or(u32::MAX);
    let Ok(_room) = app.envelopes.clone().try_acquire_many_owned(count) else {
        app.metrics.shed();
        (0..count).for_each(|_| app.metrics.command(Ending::Unanswered));
        return Err(Problem::busy("busy"));
    };
    for (n, envelope) in envelopes.iter().enumerate() {
        let carried = kernel::action(&envelope.command).is_some_and(|action| caller.carries(action));
        if caller.token.is_some() && !carried {
            let place = if batch { format!("/{n}/command") } else { "/command".to_owned() };
            return Err(Problem::at(StatusCode::FORBIDDEN, "token_scope", place));
        }
    }
    // An erasure is more than its event: the ledger outside the database comes first, then the keys are destroyed.
    // Neither is in the reach of a request, so an approval that would leave them undone is not taken here.
    let approval =
        |envelope: &Envelope| matches!(envelope.command, Command::Erasure(erasure::Command::Approve { .. }));
    if let Some(n) = envelopes.iter().position(approval) {
        let place = if batch { format!("/{n}/command") } else { "/command".to_owned() };
        return Err(Problem::at(StatusCode::FORBIDDEN, "erasure_at_the_installation", place));
    }
    let rights = caller.rights.clone();
    let submissions = envelopes.iter().map(|envelope| Submission::by(rights.clone(), envelope.clone())).collect();
    let began = (app.config.monotonic)();
    let mut answers = app.store.submit(submissions).await;
    app.metrics.submitted((app.config.monotonic)().saturating_sub(began));
    answers.iter().for_each(|answer| app.metrics.command(ending(answer)));
    if !batch && let (Some(envelope), Some(answer)) = (envelopes.first(), answers.pop()) {
        return one(envelope, answer, language);
    }
    // Nothing of it was done, and the same may be sent again: the whole request says when.
    let turned_away = |answer: &_| matches!(answer, Err(SubmitError::Busy | SubmitError::Unavailable(_)));
    if answers.iter().all(turned_away)
        && let Some(Err(error)) = answers.pop()
    {
        return Err(error.into());
    }
    let outcomes: Vec<CommandOutcome> = envelopes
        .iter()
        .zip(answers)
        .enumerate()
        .map(|(n, (envelope, answer))| outcome(envelope, answer, &format!("/{n}"), language))
        .collect();
    Ok(axum::Json(outcomes).into_response())
}

/// The body's envelopes, and whether they came as a batch.
async fn read(app: &App, request: Request) -> Result<(Vec<Envelope>, bool), Problem> {
    let limits = &app.config.limits;
    let bytes = json::read(app, request, limits.commands_bytes).await?;
    envelopes(&bytes, limits.batch, limits.json_depth)
}

fn one(envelope: &Envelope, answer: Result<Outcome, SubmitError>, language: Language) -> Result<Response, Problem> {
    match answer {
        Ok(Outcome::Declined(refusal)) if refusal.answer != Answer::Waiting => Err(Problem {
            faults: faults(envelope, &refusal, ""),
            ids: refusal.ids.clone(),
            command: Some(Declined { outcome: refusal.answer, ground: refusal.ground }),
            ..Problem::new(status_of(&refusal), refusal.rule)
        }),
        Err(error) => Err(error.into()),
        answer => {
            let outcome = outcome(envelope, answer, "", language);
            let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::OK);
            Ok((status, axum::Json(outcome)).into_response())
        }
    }
}

fn outcome(
    envelope: &Envelope,
    answer: Result<Outcome, SubmitError>,
    place: &str,
    language: Language,
) -> CommandOutcome {
    let name = name(ending(&answer));
    let base = |status: StatusCode| CommandOutcome {
        id: envelope.id.0,
        status: status.as_u16(),
        outcome: name,
        seq: None,
        events: None,
        why: None,
    };
    match answer {
        Ok(Outcome::Accepted { first_seq, events }) => {
            CommandOutcome { seq: Some(first_seq), events: Some(events), ..base(StatusCode::OK) }
        }
        Ok(Outcome::Declined(refusal)) => {
            let words = texts::words(&refusal.rule, language);
            let faults = faults(envelope, &refusal, place);
            let why = Why {
                rule: refusal.rule.to_string(),
                detail: words.reason,
                remedy: words.remedy,
                ground: Some(refusal.ground),
                ids: refusal.ids.clone(),
                errors: faults.iter().map(|fault| ErrorBody::of(fault, language)).collect(),
            };
            CommandOutcome { why: Some(why), ..base(status_of(&refusal)) }
        }
        Err(error) => {
            let problem = Problem::from(error);
            let words = texts::words(&problem.rule, language);
            let within = |fault: &Fault| Fault { pointer: format!("{place}{}", fault.pointer), ..fault.clone() };
            let why = Why {
                rule: problem.rule.to_string(),
                detail: words.reason,
                remedy: words.remedy,
                ground: problem.command.map(|declined| declined.ground),
                ids: Vec::new(),
                errors: problem.faults.iter().map(|fault| ErrorBody::of(&within(fault), language)).collect(),
            };
            CommandOutcome { why: Some(why), ..base(problem.status) }
        }
    }
}

fn ending(answer: &Result<Outcome, SubmitError>) -> Ending {
    match answer {
        Ok(Outcome::Accepted { .. }) => Ending::Accepted,
        Ok(Outcome::Declined(refusal)) => match refusal.answer {
            Answer::Refused => Ending::Refused,
            Answer::Waiting => Ending::Waiting,
            Answer::Conflict => Ending::Conflict,
        },
        Err(SubmitError::OtherContent) => Ending::OtherContent,
        Err(SubmitError::NoSuchStream(_)) => Ending::Refused,
        Err(_) => Ending::Unanswered,
    }
}

fn name(ending: Ending) -> &'static str {
    match ending {
        Ending::Accepted => "accepted",
        Ending::Refused => "refused",
        Ending::Waiting => "waiting",
        Ending::Conflict => "conflict",
        Ending::OtherContent => "other_content",
        Ending::Unanswered => "unanswered",
    }
}

/// The refusal's fields as pointers into the body: `domain` names a field of the command, such as `onset_on` or
/// `address/text`; here it is looked for where the command can hold it.
fn faults(envelope: &Envelope, refusal: &Refusal, place: &str) -> Vec<Fault> {
    if refusal.pointers.is_empty() {
        return Vec::new();
    }
    let command = serde_json::to_value(&envelope.command).unwrap_or_default();
    let verb = command.as_object().and_then(|noun| noun.iter().next());
    let body = verb.and_then(|(noun, verb)| verb.as_object()?.iter().next().map(|(name, body)| (noun, name, body)));
    let at = |field: &str| {
        let Some((noun, name, body)) = body else { return format!("{place}/command") };
        let inside = ["", "/fields", "/changes"].iter().map(|inside| format!("{inside}/{field}"));
        let found = inside.into_iter().find(|pointer| body.pointer(pointer).is_some());
        format!("{place}/command/{noun}/{name}{}", found.unwrap_or_else(|| format!("/{field}")))
    };
    let fault = |field: &std::borrow::Cow<'static, str>| Fault {
        pointer: at(field),
        rule: refusal.rule.clone(),
        expected: None,
    };
    refusal.pointers.iter().map(fault).collect()
}
