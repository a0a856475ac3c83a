//! Layers that stand before every handler: headers of safety, requests from other sites, too much at once, too long,
//! panics, and one line in the log per request.

use crate::{app::App, problem::Problem, rate::Asker};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::net::IpAddr;

/// The address that a request is counted under: the peer's, or that of the client for whom a trusted proxy asks; put into
/// each request by the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The header by which a script shows that no other site's form sent the request: such a form cannot set headers.
pub const SAME_SITE_HEADER: &str = "x-firebreak";

/// Answers that hold no page load nothing; pages bring their own policy.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Layer: headers that every answer carries.
pub async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(API_POLICY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Nothing goes to other sites. Under `no-referrer` a browser would send our own forms with `Origin: null`, which
        // is what a form of another site may send too.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.config.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Layer: counts and logs. The route's template is logged, never the path or the query: both may name a person.
pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = known_method(request.method());
    let began = (app.config.monotonic)();
    let response = next.run(request).await;
    let micros = (app.config.monotonic)().saturating_sub(began);
    let status = response.status().as_u16();
    app.metrics.request(method, &route, status, micros);
    let rule = response.extensions().get::<Problem>().map(|problem| problem.rule.as_ref());
    tracing::info!(method, route, status, micros, rule, "request");
    response
}

/// The method's name, if it is one we serve: a client may invent others, and labels must stay few.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PUT => "PUT",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Layer: a request from another site is refused (craft B3 row 24). Whoever sends a bearer token is no browser that was
/// talked into something; all others say by `Origin` or by a header of their own that they are ours.
pub async fn same_site(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || bearer(request.headers()).is_some() {
        return next.run(request).await;
    }
    if is_same_site(request.headers(), request.uri().authority().map(|host| host.as_str()), app.config.is_secure()) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::FORBIDDEN, "cross_site").into_response()
}

/// The token of `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn is_same_site(headers: &HeaderMap, authority: Option<&str>, secure: bool) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match text("sec-fetch-site") {
        None | Some("same-origin" | "none") => {}
        Some(_) => return false,
    }
    let Some(origin) = text("origin") else { return headers.contains_key(SAME_SITE_HEADER) };
    let scheme = if secure { "https://" } else { "http://" };
    let own = authority.or_else(|| text("host")).unwrap_or_default();
    !own.is_empty() && origin.strip_prefix(scheme).is_some_and(|host| host.eq_ignore_ascii_case(own))
}

/// Addresses that answer however busy the server is.
fn is_watched(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

/// Layer: turns requests away before those in hand become slow, and ends those that take too long.
pub async fn bounded(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_watched(request.uri().path()) {
        return next.run(request).await;
    }
    let Ok(_room) = app.requests.clone().try_acquire_owned() else {
        app.metrics.shed();
        return Problem::busy("busy").into_response();
    };
    match tokio::time::timeout(app.config.limits.request_time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::busy("took_too_long").into_response(),
    }
}

/// Takes one request from the asker's bucket.
pub fn within_rate(app: &App, asker: Asker) -> Result<(), Problem> {
    let limits = &app.config.limits;
    let (burst, per_thousand_seconds) = match asker {
        Asker::SignIn(_) => (limits.sign_in_burst, 100),
        Asker::Account(_) | Asker::Address(_) => (limits.burst, u64::from(limits.requests_per_second) * 1_000),
    };
    let now = i64::try_from((app.config.monotonic)() / 1_000).unwrap_or(i64::MAX);
    app.rates.take(asker, now, burst, per_thousand_seconds).map_err(|seconds| Problem {
        retry_after: Some(seconds),
        ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_often")
    })
}

/// The answer to a panic: nothing of it leaves but that something is wrong.
pub fn panicked(app: &App) -> Response {
    app.metrics.panicked();
    tracing::error!("a handler panicked; this is a defect of the program");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect").into_response()
}
