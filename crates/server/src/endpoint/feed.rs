//! `GET /api/v1/feed`: what happened to records the caller may read, as server-sent events (DESIGN §4).
//!
//! Each event's id is an opaque cursor: a client that comes back with `Last-Event-ID`, to this or another server, misses
//! nothing. Who the caller is, and what the caller may read, is asked anew for every event and several times a second, so
//! a feed ends within a second of its session.

use crate::{
    app::App,
    caller::{self, Caller},
    problem::{Problem, ProblemBody},
    query::Query,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use domain::access::Noun;
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, time::Duration};
use store::{
    accounts,
    feed::{Heard, Message},
};
use tokio::sync::OwnedSemaphorePermit;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// This group's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(feed))
}

/// Most journal entries of one event.
const PART: usize = 500;

/// Something happened to a record. Ids and kinds, never a field.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Change)]
pub struct ChangeBody {
    stream: i64,
    seq: i64,
    /// The kind of the event, such as `case.opened`.
    kind: String,
    /// The record.
    id: Uuid,
    /// Its version after the event.
    version: i64,
    at: i64,
}

impl From<Message> for ChangeBody {
    fn from(message: Message) -> Self {
        let Message { stream, seq, kind, id, version, at } = message;
        Self { stream, seq, kind, id, version, at }
    }
}

/// Where to begin.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The id of the last event received, for clients that cannot send `Last-Event-ID`; from now on if left out.
    after: Option<String>,
}

/// Live updates (`text/event-stream`).
///
/// `ready` comes first; `changes` holds a list of changes; `resync` says that the cursor is of another database or too far
/// behind: load anew and go on; `heartbeat` says that nothing happened. The id of every event is the cursor after it.
#[utoipa::path(get, path = "/api/v1/feed", tag = "feed", params(Since), responses(
    (status = 200, description = "Events until the session ends", content_type = "text/event-stream", body = Vec<ChangeBody>),
    (status = 401, description = "Not signed in", body = ProblemBody),
    (status = 503, description = "Too many feeds are open", body = ProblemBody),
))]
async fn feed(
    State(app): State<App>,
    _caller: Caller,
    headers: HeaderMap,
    Query(since): Query<Since>,
) -> Result<Response, Problem> {
    let Ok(room) = app.feeds.clone().try_acquire_owned() else {
        app.metrics.shed();
        return Err(Problem::busy("busy"));
    };
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (cursor, begin) = match last.or(since.after) {
        Some(cursor) => (cursor, Step::Look),
        None => (app.feed.now().await?, Step::Greet),
    };
    let listener = Listener { quiet_ms: 0, app, headers, cursor, step: begin, _room: room };
    let mut response = Sse::new(listener.events()).into_response();
    // A proxy that gathers an answer before it passes it on would hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Say where the client stands.
    Greet,
    /// See what happened.
    Look,
    /// Nothing new: wait.
    Wait,
}

struct Listener {
    app: App,
    headers: HeaderMap,
    cursor: String,
    step: Step,
    /// Since the last event, counted by waits.
    quiet_ms: u64,
    _room: OwnedSemaphorePermit,
}

impl Listener {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut listener| async move { Some((Ok(listener.next().await?), listener)) })
    }

    /// The next event; `None` when the session holds no more, the server stops or the database is away: a client that
    /// comes again with its last id misses nothing.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if *self.app.stopped.borrow() {
                return None;
            }
            let caller = caller::again(&self.headers, &self.app).await.ok().flatten()?;
            let event = match self.step {
                Step::Greet => Some(self.said("ready")),
                Step::Look => self.look(&caller).await?,
                Step::Wait => self.wait().await,
            };
            if let Some(event) = event {
                self.quiet_ms = 0;
                self.step = Step::Look;
                return Some(event);
            }
        }
    }

    fn said(&self, name: &str) -> Event {
        Event::default().event(name).id(&self.cursor).data("{}")
    }

    /// What happened since the cursor, as far as the caller may know; nothing to tell is `Some(None)`.
    async fn look(&mut self, caller: &accounts::Caller) -> Option<Option<Event>> {
        match self.app.feed.after(&caller.rights, &self.cursor, PART).await.ok()? {
            Heard::Resync(cursor) => {
                self.cursor = cursor;
                Some(Some(self.said("resync")))
            }
            Heard::Messages(messages, cursor) => {
                if cursor == self.cursor {
                    self.step = Step::Wait;
                }
                self.cursor = cursor;
                let changes: Vec<ChangeBody> =
                    messages.into_iter().filter(|message| carries(caller, message)).map(ChangeBody::from).collect();
                if changes.is_empty() {
                    return Some(None);
                }
                let data = serde_json::to_string(&changes).ok()?;
                Some(Some(Event::default().event("changes").id(&self.cursor).data(data)))
            }
        }
    }

    /// Waits for news, for a poll's time at most; says that it is there when nothing was said for long.
    async fn wait(&mut self) -> Option<Event> {
        let limits = &self.app.config.limits;
        let mut stopped = self.app.stopped.clone();
        tokio::select! {
            () = self.app.feed.wait(&self.cursor) => self.step = Step::Look,
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = tokio::time::sleep(limits.feed_poll) => {
                self.quiet_ms = self.quiet_ms.saturating_add(millis(limits.feed_poll));
            }
        }
        (self.quiet_ms >= millis(limits.feed_heartbeat)).then(|| self.said("heartbeat"))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A token hears only of nouns that it was made to read.
fn carries(caller: &accounts::Caller, message: &Message) -> bool {
    let noun = message.kind.split('.').next().and_then(Noun::from_name);
    noun.and_then(Noun::read_action).map_or(caller.token.is_none(), |read| caller.carries(read))
}
