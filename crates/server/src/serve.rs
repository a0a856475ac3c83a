//! The accept loop: connections bounded, slow clients cut, TLS, and a stop that lets open requests finish.

use crate::{
    app::{self, App},
    config::{Config, Limits, Tls},
    guard::Peer,
    proxy,
    stall::Stall,
};
use axum::{Router, body::Body, extract::Request};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{future::Future, net::IpAddr, pin::pin, sync::Arc, time::Duration};
use store::store::Store;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};
use tower::ServiceExt as _;

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The certificate file.
    #[error("the certificate file holds no PEM certificate; give the chain as the certificate authority sent it")]
    Certificate,
    /// The key file.
    #[error("the key file holds no PEM private key; give the key that belongs to the certificate")]
    Key,
    /// Certificate and key together.
    #[error("certificate and key do not serve together: {0}")]
    Tls(#[from] rustls::Error),
    /// The listener.
    #[error("the listening socket failed: {0}")]
    Listener(#[from] std::io::Error),
    /// The log of reads, without which nothing personal may be read.
    #[error("the log of reads cannot be opened: {0}")]
    Log(#[from] store::accounts::AccountError),
    /// An ordinary database, the exercise asked for, or the other way round.
    #[error("{0}")]
    Exercise(&'static str),
}

/// A server that can serve: its settings fit its database, its certificate is read, its log of reads is open.
pub struct Ready {
    app: App,
    tls: Option<TlsAcceptor>,
    stopping: watch::Sender<bool>,
}

/// Makes ready to serve, before anybody is told an address.
///
/// A database marked *exercise* is served with `config.exercise` only, and no other one is served with it.
pub async fn prepare(config: Config, store: Store) -> Result<Ready, ServeError> {
    match (config.exercise, store.is_exercise()) {
        (true, false) => {
            return Err(ServeError::Exercise("this database is not marked exercise: serve it without --exercise"));
        }
        (false, true) => {
            return Err(ServeError::Exercise(
                "this database is an exercise: serve it with --exercise, so that nobody takes it for the real one",
            ));
        }
        _ => {}
    }
    let tls = config.tls.as_ref().map(acceptor).transpose()?;
    let (stopping, stopped) = watch::channel(false);
    Ok(Ready { app: App::open(config, store, stopped).await?, tls, stopping })
}

/// Serves until `stop` completes; then takes no new connection, lets open requests finish, and returns.
pub async fn serve(ready: Ready, listener: TcpListener, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
    let Ready { app, tls, stopping } = ready;
    let stopped = stopping.subscribe();
    let router = app::router(app.clone());
    forget(&app).await;
    tokio::spawn(forget_hourly(app.clone(), stopped.clone()));
    let room = Arc::new(Semaphore::new(app.config.limits.connections));
    let mut stop = pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = room.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // One connection that failed before it was taken, or no file descriptor free: the next may do.
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        // Small answers leave at once; where the option fails the connection still works.
        let _ = stream.set_nodelay(true);
        app.metrics.connected();
        let connection =
            Connection { app: app.clone(), router: router.clone(), stopped: stopped.clone(), peer: peer.ip() };
        let tls = tls.clone();
        tokio::spawn(async move {
            let _place = place;
            connection.secure(stream, tls).await;
        });
    }
    drop(listener);
    let _ = stopping.send(true);
    let all = u32::try_from(app.config.limits.connections).unwrap_or(u32::MAX);
    // Those that are not done by then are cut.
    let _ = tokio::time::timeout(app.config.limits.stop_time, room.acquire_many(all)).await;
    Ok(())
}

/// How often what has ended is removed.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);
/// How long ended sessions and links are kept, milliseconds: a week, for whoever asks who was signed in. [P]
const KEEP_ENDED_MS: i64 = 7 * 24 * 3_600_000;

/// Removes old sign-in failures and ended sessions.
async fn forget(app: &App) {
    let now = app.store.now();
    let removed = async {
        app.store.forget_old_attempts(now).await?;
        app.store.remove_ended_sessions(now.saturating_sub(KEEP_ENDED_MS)).await
    };
    if removed.await.is_err() {
        tracing::warn!("ended sessions were not removed; tried again in an hour");
    }
}

/// Does so every hour, until the server stops.
async fn forget_hourly(app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        // What `wait_for` lends is gone before anything else is awaited.
        let stops = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => true,
            () = tokio::time::sleep(FORGET_EVERY) => false,
        };
        if stops {
            return;
        }
        forget(&app).await;
    }
}

/// Reads certificate and key.
fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ServeError> {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&tls.certificates_pem)
        .collect::<Result<_, _>>()
        .map_err(|_| ServeError::Certificate)?;
    if certificates.is_empty() {
        return Err(ServeError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_slice(&tls.key_pem).map_err(|_| ServeError::Key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

struct Connection {
    app: App,
    router: Router,
    stopped: watch::Receiver<bool>,
    peer: IpAddr,
}

impl Connection {
    async fn secure(self, stream: tokio::net::TcpStream, tls: Option<TlsAcceptor>) {
        let limits = self.app.config.limits.clone();
        let stream = Stall::new(stream, limits.write_time);
        let Some(tls) = tls else { return self.speak(stream, false, &limits).await };
        match tokio::time::timeout(limits.header_time, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                self.speak(stream, two, &limits).await;
            }
            Ok(Err(_)) | Err(_) => self.app.metrics.cut(),
        }
    }

    async fn speak<S>(self, stream: S, two: bool, limits: &Limits)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { app, router, mut stopped, peer } = self;
        let trusted = app.config.trusted_proxies.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request: Request = request.map(Body::new);
            let client = proxy::client(peer, request.headers(), &trusted);
            request.extensions_mut().insert(Peer(proxy::counted(client)));
            router.clone().oneshot(request)
        });
        let builder = builder(two, limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut stopping = false;
        loop {
            tokio::select! {
                done = connection.as_mut() => {
                    if done.is_err() {
                        app.metrics.cut();
                    }
                    return;
                }
                _ = stopped.wait_for(|stopped| *stopped), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// HTTP/1.1 or 2, known beforehand: guessing it from the first bytes would wait for them without limit.
fn builder(two: bool, limits: &Limits) -> Builder<TokioExecutor> {
    let builder = Builder::new(TokioExecutor::new());
    let mut builder = if two { builder.http2_only() } else { builder.http1_only() };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        // hyper takes no smaller buffer than 8 KiB.
        .max_buf_size(limits.header_bytes.max(8 << 10))
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.header_time)
        .keep_alive_timeout(limits.header_time)
        .max_concurrent_streams(64)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
    builder
}
