//! A server on loopback with a store of its own.

use crate::client::Client;
use server::{Config, Limits};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use store::engine::Engine;
use testkit::Stage;
use tokio::{sync::oneshot, task::JoinHandle};

/// A server that runs until it is stopped or dropped.
pub struct Running {
    pub stage: Stage,
    pub address: SocketAddr,
    pub limits: Limits,
    /// The server's clock for durations and rates, microseconds; it stands still until a test moves it.
    pub micros: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    done: JoinHandle<Result<(), server::ServeError>>,
}

/// Limits as they are, but for those that a test would have to wait for.
pub fn quick() -> Limits {
    Limits {
        header_time: Duration::from_millis(300),
        body_time: Duration::from_millis(300),
        write_time: Duration::from_millis(300),
        feed_poll: Duration::from_millis(20),
        feed_heartbeat: Duration::from_millis(200),
        burst: 100_000,
        sign_in_burst: 100_000,
        ..Limits::default()
    }
}

impl Running {
    pub async fn start() -> Self {
        Self::with(quick()).await
    }

    pub async fn with(limits: Limits) -> Self {
        Self::on(Stage::new(Engine::Sqlite).await, limits, |_| {}).await
    }

    pub async fn on(stage: Stage, limits: Limits, change: impl FnOnce(&mut Config)) -> Self {
        let micros = Arc::new(AtomicU64::new(0));
        let clock = micros.clone();
        let monotonic = Arc::new(move || clock.load(Ordering::Relaxed));
        let mut config = Config::new(monotonic, testkit::entropy::seeded(11));
        config.exercise = true;
        config.limits = limits.clone();
        change(&mut config);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let store = stage.store.clone();
        let ready = server::prepare(config, store).await.expect("the settings fit");
        let done = tokio::spawn(server::serve(ready, listener, async {
            let _ = stopped.await;
        }));
        Self { stage, address, limits, micros, stop: Some(stop), done }
    }

    /// A client that is not signed in.
    pub fn client(&self) -> Client {
        Client::to(self.address)
    }

    /// Stops as a signal would, and waits for the end.
    pub async fn stop(mut self) -> Stage {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.done.await.expect("the server does not panic").expect("the server ends well");
        self.stage
    }
}
