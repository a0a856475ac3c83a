//! `/healthz`, `/readyz`, `/metrics`, `/api/v1/openapi.json`: for those who run the server. No personal field is in any.

use crate::{app::App, metrics::Gauges, problem::Problem};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// This group's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(openapi))
}

/// Whether the process runs.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, description = "It runs")))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether requests can be answered: the database is asked.
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()), responses(
    (status = 200, description = "Ready"),
    (status = 503, description = "The database cannot be reached, or the server is stopping"),
))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    if *app.stopped.borrow() {
        return Err(Problem::busy("busy"));
    }
    app.store.streams().await.map_err(|_| Problem::busy("database_away"))?;
    Ok("ready\n")
}

/// Figures about the server, as Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses((status = 200, description = "Prometheus text 0.0.4", body = String)))]
async fn metrics(State(app): State<App>) -> Response {
    let limits = &app.config.limits;
    let gauges = Gauges {
        requests: limits.requests.saturating_sub(app.requests.available_permits()),
        envelopes: limits.envelopes.saturating_sub(app.envelopes.available_permits()),
        envelopes_limit: limits.envelopes,
        feeds: limits.feeds.saturating_sub(app.feeds.available_permits()),
    };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render(&gauges, &app.groups))
        .into_response()
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operation", security(()), responses((status = 200, description = "OpenAPI 3.1")))]
async fn openapi(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], app.document.clone()).into_response()
}
