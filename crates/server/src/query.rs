//! What a path and a query ask for. A parameter that is not known is refused, as an unknown field is.

use crate::{app::App, problem::Problem};
use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, Uri, request::Parts},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The parameters of a query.
pub struct Query<T>(pub T);

/// Longest query, bytes: filters and a page mark.
const MAX_QUERY_BYTES: usize = 4_096;

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        of_uri(&parts.uri).map(Self)
    }
}

/// Reads the query of an address.
pub fn of_uri<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    if uri.query().is_some_and(|query| query.len() > MAX_QUERY_BYTES) {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "bad_parameter"));
    }
    axum::extract::Query::<T>::try_from_uri(uri).map(|query| query.0).map_err(|error| {
        // The parser's text names the parameter in backticks where it knows it; the name of an unknown one is the
        // sender's and is not repeated.
        let text = error.body_text();
        let (kind, rest) = text.split_once("field `").unwrap_or_default();
        let known = kind.ends_with("missing ") || kind.ends_with("duplicate ");
        let name = rest.split('`').next().filter(|_| known).unwrap_or_default();
        Problem::at(StatusCode::BAD_REQUEST, "bad_parameter", format!("?{name}"))
    })
}

/// The id in a path. One that is no id names nothing: it is answered as an absent one.
pub struct Id(pub Uuid);

impl FromRequestParts<App> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| Problem::not_found())?;
        Uuid::parse_str(&text).map(Self).map_err(|_| Problem::not_found())
    }
}
