//! Bodies in: bounded in bytes, time and depth before they are parsed; every refusal with a JSON pointer.

use crate::{
    app::App,
    problem::{Fault, Problem},
};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

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

/// Reads a value; a refusal names the place and the rule, and never repeats what stood there.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], max_depth: usize) -> Result<T, Problem> {
    if let Some(pointer) = too_deep(bytes, max_depth) {
        return Err(Problem::at(StatusCode::BAD_REQUEST, "too_deep_json", pointer));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        broken(pointer, error.inner())
    })?;
    reader.end().map_err(|error| broken(String::new(), &error))?;
    Ok(value)
}

/// A pointer to the whole body where nesting goes past the limit; strings are stepped over.
fn too_deep(bytes: &[u8], max_depth: usize) -> Option<String> {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > max_depth {
                    return Some(String::new());
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// A path as a JSON pointer.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escaped(key),
            Segment::Enum { variant } => escaped(variant),
            // The parser does not know the step; the place above it is named.
            Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&step);
    }
    pointer
}

/// A name as one step of a pointer (RFC 6901 §3).
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A parser's error as a problem. Its text is looked at only for the kind of error and for what was expected, which
/// are the program's own words; what the sender wrote stays out.
fn broken(mut pointer: String, error: &serde_json::Error) -> Problem {
    if error.is_syntax() || error.is_eof() || error.is_io() {
        let expected = format!("line {}, column {}", error.line(), error.column());
        let mut problem = Problem::at(StatusCode::BAD_REQUEST, "malformed_json", pointer);
        problem.faults.iter_mut().for_each(|fault| fault.expected = Some(expected.clone()));
        return problem;
    }
    let text = error.to_string();
    let rule = match () {
        () if text.starts_with("unknown field") => "unknown_field",
        () if text.starts_with("missing field") => "missing_field",
        () if text.starts_with("unknown variant") => "unknown_choice",
        () if text.starts_with("invalid type") => "wrong_type",
        () => "invalid_value",
    };
    if matches!(rule, "unknown_field" | "missing_field")
        && let Some(name) = text.split('`').nth(1)
        && !pointer.ends_with(&format!("/{}", escaped(name)))
    {
        pointer.push('/');
        pointer.push_str(&escaped(name));
    }
    let fault = Fault { pointer, rule: rule.into(), expected: expected(&text).filter(|_| rule != "invalid_value") };
    Problem { faults: vec![fault], ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, rule) }
}

/// What the parser would have taken: the part of its text behind the last "expected", without the place.
fn expected(text: &str) -> Option<String> {
    let (_, after) = text.rsplit_once(", expected ")?;
    let end = after.rfind(" at line ").unwrap_or(after.len());
    after.get(..end).map(str::to_owned)
}
