//! Bodies in: bounded in bytes and time while they are taken off the connection, and then parsed.

mod parse;

pub use parse::parse;

use crate::{app::App, problem::Problem};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

/// A small JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let bytes = read(app, request, app.config.limits.body_bytes).await?;
        parse(&bytes, app.config.limits.json_depth).map(Self)
    }
}

/// The bytes of a JSON body of at most `limit` bytes.
pub async fn read(app: &App, request: Request, limit: usize) -> Result<Vec<u8>, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"));
    }
    collect(app, request, limit).await
}

/// The bytes of a body of at most `limit` bytes, come in time.
pub async fn collect(app: &App, request: Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if said.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
    }
    match tokio::time::timeout(app.config.limits.body_time, take(request.into_body(), limit)).await {
        Ok(taken) => taken,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow")),
    }
}

async fn take(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "malformed_request"))?;
        if bytes.len() + part.len() > limit {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
