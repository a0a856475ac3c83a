//! What a path and a query ask for. A parameter that is not known is refused, as an unknown field is.

use crate::{
    app::App,
    problem::{Fault, Problem},
    said::{self, Said, is_name, meant},
};
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
    axum::extract::Query::<T>::try_from_uri(uri)
        .map(|query| query.0)
        .map_err(|error| refused(uri, &error.body_text()))
}

/// A parser's refusal of a query in our words. Names in its text are the program's, but for that of an unknown parameter.
fn refused(uri: &Uri, text: &str) -> Problem {
    let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    let (kind, rest) = said.split_once("field `").unwrap_or_default();
    if kind.ends_with("unknown ") {
        let taken = rest.rsplit_once("expected ").map(|(_, taken)| said::names(taken)).unwrap_or_default();
        return unknown(uri, &taken);
    }
    let known = kind.ends_with("missing ") || kind.ends_with("duplicate ");
    let (name, why) = match known {
        true => (rest.split('`').next().unwrap_or_default(), ""),
        // A value that its parameter does not take: the path to it comes first.
        false => said.split_once(": ").filter(|(name, _)| is_name(name)).unwrap_or_default(),
    };
    let said = match kind {
        _ if kind.ends_with("duplicate ") => Some(Said::new("该参数只能出现一次。", "Give it once.")),
        _ if kind.ends_with("missing ") => Some(Said::new("该参数必填。", "It has to be given.")),
        _ if why.contains("UUID") => Some(Said::new("应为：编号（UUID）。", "Expected: an id (a UUID).")),
        _ if why.contains("digit") || why.contains("integer") || why.contains("too large") => {
            Some(Said::new("应为：整数。", "Expected: a whole number."))
        }
        _ if why.contains("`true` or `false`") => Said::names(&["true".to_owned(), "false".to_owned()]),
        _ => None,
    };
    parameter(name, said)
}

/// A parameter that does not take its value.
pub fn parameter(name: &str, expected: Option<Said>) -> Problem {
    let fault = Fault { expected, ..Fault::at(format!("?{name}"), "bad_parameter") };
    Problem { faults: vec![fault], ..Problem::new(StatusCode::BAD_REQUEST, "bad_parameter") }
}

/// The first parameter of the query that is not among these. A name that may be a value in the wrong place is not repeated:
/// it is counted.
pub fn unknown(uri: &Uri, taken: &[String]) -> Problem {
    let names = query_names(uri);
    let (n, name) = names
        .iter()
        .enumerate()
        .find(|(_, name)| !taken.contains(name))
        .map_or((0, ""), |(n, name)| (n, name.as_str()));
    let meant = meant(name, taken.iter().map(String::as_str));
    let taken =
        Said::names(taken).unwrap_or_else(|| Said::new("此地址不接受任何参数。", "This address takes no parameter."));
    let said = Said::new(
        format!("为第 {} 个参数。{}", n + 1, taken.zh),
        format!("It is number {} of the query. {}", n + 1, taken.en),
    );
    let pointer = format!("?{}", meant.map_or("", |_| name));
    let fault = Fault { expected: Some(said), ..Fault::at(pointer, "unknown_parameter") };
    Problem { faults: vec![fault], ..Problem::new(StatusCode::BAD_REQUEST, "unknown_parameter") }
}

/// The names of a query's parameters, in order.
fn query_names(uri: &Uri) -> Vec<String> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).map(|query| query.0);
    pairs.unwrap_or_default().into_iter().map(|(name, _)| name).collect()
}

/// The id in a path. One that is no id names nothing, and is told so: that says nothing of what there is.
pub struct Id(pub Uuid);

impl FromRequestParts<App> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let no_id = || Problem::at(StatusCode::NOT_FOUND, "not_an_id", "{id}");
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| no_id())?;
        Uuid::parse_str(&text).map(Self).map_err(|_| no_id())
    }
}
