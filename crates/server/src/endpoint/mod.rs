//! The endpoints, one file per group, each with its errors, its words in the OpenAPI document and its handlers.

mod accounts;
pub(crate) mod commands;
mod conflicts;
mod feed;
mod health;
mod page;
mod reads;
mod records;
mod session;

use crate::app::App;
use axum::Router;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use crate::query::Id;

/// The groups that the OpenAPI document describes.
pub fn groups() -> Vec<OpenApiRouter<App>> {
    vec![
        session::routes(),
        commands::routes(),
        conflicts::routes(),
        records::routes(),
        reads::routes(),
        accounts::routes(),
        feed::routes(),
        page::links(),
        health::routes(),
    ]
}

/// The pages that a browser shows.
pub fn pages() -> Router<App> {
    page::routes()
}
