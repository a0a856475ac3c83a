//! `serve`: the server with its clockwork: dispatches delivered again, heads anchored, a stop that loses nothing.

use crate::{
    born,
    keeping::anchoring::{Anchoring, told},
    place::Place,
};
use anyhow::{Context as _, bail};
use server::{Config, Network, Tls};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use store::store::Store;
use tokio::{net::TcpListener, sync::watch};

/// How to serve.
#[derive(clap::Args)]
pub struct Arguments {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Serves a database marked *exercise*.
    #[arg(long)]
    exercise: bool,
    /// Certificate chain, PEM.
    #[arg(long, requires = "private_key")]
    certificate: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[arg(long, requires = "certificate")]
    private_key: Option<PathBuf>,
    /// A proxy before the server serves TLS: cookies are marked *Secure*.
    #[arg(long)]
    behind_tls: bool,
    /// A proxy that is believed when it says by X-Forwarded-For whom it asks for: an address, or a network as 10.0.0.0/8.
    /// May be given several times. Sign-in attempts and requests are then counted by client, not by proxy.
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<Network>,
    /// Writes the log as JSON lines.
    #[arg(long)]
    json_log: bool,
}

/// How often unanswered dispatches are delivered again.
const DELIVER_EVERY: Duration = Duration::from_secs(60);

/// Serves until it is told to stop.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    log_to_stderr(arguments.json_log, "info,sqlx=error");
    let tls = tls(&arguments)?;
    if !arguments.address.is_loopback() && tls.is_none() && !arguments.behind_tls {
        bail!(
            "personal data would travel readable on {}; give --certificate and --private-key, or --behind-tls where a proxy serves TLS",
            arguments.address
        );
    }
    let store = place.open().await?;
    let address = SocketAddr::new(arguments.address, arguments.port);
    let listener = listen(address).await?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let beginning = Instant::now();
    let monotonic = Arc::new(move || u64::try_from(beginning.elapsed().as_micros()).unwrap_or(u64::MAX));
    let config = Config {
        exercise: arguments.exercise,
        tls,
        behind_tls: arguments.behind_tls,
        trusted_proxies: arguments.trusted_proxy,
        ..Config::new(monotonic, born::entropy())
    };
    println!("Firebreak serves {scheme}://{}", listener.local_addr()?);
    clockwork(&place, listener, config, store).await
}

/// Binds, and says what to do where the port is taken.
async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("port {} is in use: stop the program that has it, or give another one by --port", address.port())
        }
        Err(error) => {
            Err(error).with_context(|| format!("{address} cannot be listened on; give another by --address"))
        }
    }
}

/// Binds the port on loopback, or the next free one.
pub async fn listen_near(port: u16) -> anyhow::Result<TcpListener> {
    for port in port..=port.saturating_add(20) {
        if let Ok(listener) = TcpListener::bind(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port)).await {
            return Ok(listener);
        }
        println!("Port {port} is in use; trying the next one.");
    }
    bail!("no port from {port} on is free: give another one by --port")
}

/// Serves an exercise with the same clockwork as any other database.
pub async fn serve_exercise(place: &Place, listener: TcpListener, store: Store) -> anyhow::Result<()> {
    let beginning = Instant::now();
    let monotonic = Arc::new(move || u64::try_from(beginning.elapsed().as_micros()).unwrap_or(u64::MAX));
    let config = Config { exercise: true, ..Config::new(monotonic, born::entropy()) };
    clockwork(place, listener, config, store).await
}

async fn clockwork(place: &Place, listener: TcpListener, config: Config, store: Store) -> anyhow::Result<()> {
    let anchoring = Anchoring::open(place)?;
    let (stopping, stopped) = watch::channel(false);
    let deliverer = tokio::spawn(deliver(store.clone(), stopped.clone()));
    let anchorer = tokio::spawn(anchoring.run(store.clone(), stopped));
    let served = server::serve(listener, config, store.clone(), stop()).await;
    let _ = stopping.send(true);
    let _ = deliverer.await;
    let _ = anchorer.await;
    store.close().await;
    served.context("the server stopped")
}

fn tls(arguments: &Arguments) -> anyhow::Result<Option<Tls>> {
    let (Some(certificate), Some(key)) = (&arguments.certificate, &arguments.private_key) else { return Ok(None) };
    let read = |file: &PathBuf| std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    Ok(Some(Tls { certificates_pem: read(certificate)?, key_pem: read(key)? }))
}

/// Logs to the standard error; `RUST_LOG` chooses what, else `usual`.
pub fn log_to_stderr(json: bool, usual: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let builder = builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    // A second subscriber cannot be set; the first one stays.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}

/// Delivers what has no answer yet, at the start and every minute.
async fn deliver(store: Store, mut stopped: watch::Receiver<bool>) {
    loop {
        match store.door().deliver_unanswered().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "dispatches delivered again"),
            Err(error) => tracing::warn!(%error, "dispatches were not delivered; tried again in a minute"),
        }
        tokio::select! {
            () = told(&mut stopped) => return,
            () = tokio::time::sleep(DELIVER_EVERY) => {}
        }
    }
}

/// Completes at SIGTERM or Ctrl-C.
async fn stop() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
