//! What every handler shares, and the one list of routes.

use crate::{
    config::Config,
    credentials::{self, Hashing},
    description, endpoint, guard,
    metrics::{Groups, Metrics},
    problem,
    rate::Rates,
};
use axum::{Router, body::Body, middleware};
use std::{ops::Deref, sync::Arc};
use store::{
    access_log::AccessLog,
    accounts::{AccountError, Rights},
    feed::Feed,
    store::Store,
};
use tokio::sync::{Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What is shared.
pub struct Shared {
    /// How to serve.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// Who may do what, held while nothing changes.
    pub rights: Rights,
    /// The log of reads: what is personal leaves through it.
    pub log: AccessLog,
    /// What happens, for those who listen.
    pub feed: Feed,
    /// Figures.
    pub metrics: Metrics,
    /// Figures of what the store committed.
    pub groups: Arc<Groups>,
    /// Who asked how often.
    pub rates: Rates,
    /// Room for requests.
    pub requests: Arc<Semaphore>,
    /// Room for envelopes given to the store.
    pub envelopes: Arc<Semaphore>,
    /// Room for live feeds.
    pub feeds: Arc<Semaphore>,
    /// Passwords.
    pub hashing: Hashing,
    /// Turns true when the server stops.
    pub stopped: watch::Receiver<bool>,
    /// The OpenAPI document, JSON.
    pub document: String,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// For a store; opens the log of reads.
    pub async fn open(config: Config, store: Store, stopped: watch::Receiver<bool>) -> Result<Self, AccountError> {
        let limits = config.limits.clone();
        let shared = config.entropy.clone();
        let mut entropy = move |bytes: &mut [u8]| credentials::fill(&shared, bytes);
        let groups = Arc::new(Groups::new(config.monotonic.clone()));
        store.door().observe(groups.clone());
        let log = AccessLog::open(store.clone(), config.log_stream, &mut entropy).await?;
        Ok(Self(Arc::new(Shared {
            rights: Rights::new(store.clone()),
            log,
            feed: Feed::open(store.clone()),
            hashing: Hashing::new(&limits, &config.entropy),
            config,
            store,
            metrics: Metrics::default(),
            groups,
            rates: Rates::default(),
            requests: Arc::new(Semaphore::new(limits.requests)),
            envelopes: Arc::new(Semaphore::new(limits.envelopes)),
            feeds: Arc::new(Semaphore::new(limits.feeds)),
            stopped,
            document: description::document().to_json().unwrap_or_default(),
        })))
    }
}

/// The API's routes: those that the document describes.
pub fn routes() -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::with_openapi(description::title());
    for group in endpoint::groups() {
        routes = routes.merge(group);
    }
    routes
}

/// All routes with their layers, outermost last.
pub fn router(app: App) -> Router {
    let (routes, _) = routes().split_for_parts();
    let panics = app.clone();
    let answer_panic =
        move |_: Box<dyn std::any::Any + Send>| -> axum::http::Response<Body> { guard::panicked(&panics) };
    routes
        .merge(endpoint::pages())
        .fallback(async || problem::Problem::new(axum::http::StatusCode::NOT_FOUND, "no_such_address"))
        .layer(middleware::from_fn_with_state(app.clone(), guard::same_site))
        .layer(middleware::from_fn_with_state(app.clone(), guard::bounded))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(middleware::from_fn_with_state(app.clone(), guard::observe))
        .layer(middleware::from_fn_with_state(app.clone(), problem::render))
        .layer(middleware::from_fn_with_state(app.clone(), guard::headers))
        .with_state(app)
}
