//! The OpenAPI document: made by the same registration as the routes, and completed here with what every operation shares,
//! its errors above all. Each is described as it is sent, `application/problem+json`, with an example.

use crate::{
    app,
    language::Language,
    problem::{Fault, Problem},
};
use axum::http::StatusCode;
use utoipa::openapi::{
    Content, OpenApi, PathItem, Ref, RefOr, Response,
    path::{Operation, Parameter, ParameterIn},
    security,
};

/// The document before any route is in it.
pub fn title() -> OpenApi {
    let none: [&str; 0] = [];
    utoipa::openapi::OpenApiBuilder::new()
        .info(
            utoipa::openapi::InfoBuilder::new()
                .title("Firebreak")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Operations platform for the command post of an outbreak response. Everything is changed by \
                     commands; all else reads. Errors are RFC 9457 problems in zh or en by Accept-Language.",
                ))
                .build(),
        )
        .security(Some([
            security::SecurityRequirement::new("session", none),
            security::SecurityRequirement::new("token", none),
        ]))
        .build()
}

/// The OpenAPI document.
pub fn document() -> OpenApi {
    let mut document = app::routes().into_openapi();
    let cookie = security::ApiKey::Cookie(security::ApiKeyValue::new("firebreak-session"));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("session", security::SecurityScheme::ApiKey(cookie));
    components.add_security_scheme(
        "token",
        security::SecurityScheme::Http(security::Http::new(security::HttpAuthScheme::Bearer)),
    );
    for (path, item) in &mut document.paths.paths {
        for (changes, operation) in operations(item) {
            complete(path, changes, operation);
        }
    }
    document
}

/// The operations of an address, and whether each changes something.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { get, post, put, delete, patch, .. } = item;
    let each = [(false, get), (true, post), (true, put), (true, delete), (true, patch)];
    each.into_iter().filter_map(|(changes, operation)| Some((changes, operation.as_mut()?)))
}

/// Adds the errors that come before any handler, and shows how each error is sent.
fn complete(path: &str, changes: bool, operation: &mut Operation) {
    let public =
        operation.security.as_ref().is_some_and(|needed| needed.iter().all(|one| *one == Default::default()));
    let has_query = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Query, .. })));
    let has_body = operation.request_body.is_some();
    let is_api = path.starts_with("/api/");
    let shared = [
        (!public, 401, "Not signed in"),
        (has_query, 400, "A parameter of the query is not right; `errors` names it"),
        (has_body, 400, "The body is not well-formed JSON"),
        (changes, 403, "Refused by the access table, or sent from another site"),
        (has_body, 408, "The body did not come in time"),
        (has_body, 413, "The body is larger than this address takes"),
        (has_body, 415, "The body is not `application/json`"),
        (has_body, 422, "A field is unknown, missing, of the wrong type or refused by a rule; `errors` names it"),
        (is_api, 429, "Too many requests in a short time; `Retry-After` says when to come again"),
        (
            is_api,
            503,
            "Too much in hand, or the database is away; nothing was done. `Retry-After` says when to come again",
        ),
    ];
    for (_, status, described) in shared.into_iter().filter(|(applies, ..)| *applies) {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_string()).or_insert_with(|| RefOr::T(Response::new(described)));
    }
    for (status, response) in &mut operation.responses.responses {
        let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        let (Some(status), RefOr::T(response)) = (status, response) else { continue };
        if response.description.is_empty() {
            response.description = "Found".to_owned();
        }
        if status.is_client_error() || status.is_server_error() {
            response.content.clear();
            response.content.insert("application/problem+json".to_owned(), RefOr::T(sent(path, status)));
        }
    }
}

/// A problem of this status, as an example in English.
fn sent(path: &str, status: StatusCode) -> Content {
    let mut example = Problem::new(status, rule_of(path, status));
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => {
            example.faults.push(Fault {
                expected: crate::said::Said::expected("`login` or `password`"),
                ..Fault::at("", "unknown_field")
            });
        }
        StatusCode::BAD_REQUEST if example.rule == "bad_parameter" => {
            example.faults.push(Fault::at("?limit", "bad_parameter"));
        }
        _ => {}
    }
    let example = serde_json::to_value(example.body(Language::En)).ok();
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    content.example = example;
    content
}

/// A rule that answers with this status.
fn rule_of(path: &str, status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 if path == "/api/v1/commands" => "malformed_json",
        400 => "bad_parameter",
        401 if path == "/api/v1/session" => "sign_in_failed",
        401 if path.starts_with("/sign-in") => "link_spent",
        401 if path == "/api/v1/password" => "password_link_spent",
        401 => "not_signed_in",
        403 => "access.role",
        404 => domain::access::Denial::NotFound.name(),
        408 => "body_too_slow",
        409 => "other_content",
        413 => "body_too_large",
        415 => "not_json",
        422 => "unknown_field",
        429 => "too_often",
        503 => "busy",
        507 => "disk_full",
        _ => "defect",
    }
}
