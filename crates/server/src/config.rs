//! What `cli` hands down: limits, keys, clocks, entropy.

use crate::{language::Language, proxy::Network};
use std::{sync::Arc, time::Duration};
use store::writer::SharedEntropy;

/// A clock that only goes forward, in microseconds since any beginning; for durations in metrics and logs.
pub type MonotonicClock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The contents of a certificate chain and its private key, both PEM.
#[derive(Clone)]
pub struct Tls {
    /// The server's certificate, then those that vouch for it.
    pub certificates_pem: Vec<u8>,
    /// The key of the first one.
    pub key_pem: Vec<u8>,
}

/// Bounds of everything a client can make the server do. What has no limit is a way to bring it down.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Requests worked on at once; further ones are answered 503.
    pub requests: usize,
    /// Envelopes given to the store and not yet answered; further ones are answered 503, so that those in hand stay
    /// fast (craft B3 row 27).
    pub envelopes: usize,
    /// Live feeds.
    pub feeds: usize,
    /// Envelopes in one batch.
    pub batch: usize,
    /// Bytes of a batch of commands.
    pub commands_bytes: usize,
    /// Bytes of any other body.
    pub body_bytes: usize,
    /// Levels of nesting in a JSON body.
    pub json_depth: usize,
    /// Bytes of a request's line and headers.
    pub header_bytes: usize,
    /// Within which the headers of a request must have come (row 21: hyper's own limit is off without a timer).
    pub header_time: Duration,
    /// Within which a body must have come.
    pub body_time: Duration,
    /// Within which a client must take some of an answer.
    pub write_time: Duration,
    /// Within which a request must be answered.
    pub request_time: Duration,
    /// Passwords hashed at once, each with its memory.
    pub password_hashes: usize,
    /// Passwords that may wait for their turn.
    pub password_queue: usize,
    /// Requests of one account, or of one address before sign-in, at once; refilled by `requests_per_second`.
    pub burst: u32,
    /// Steady rate of one account or address.
    pub requests_per_second: u32,
    /// Sign-in attempts of one address at once; refilled by one every ten seconds.
    pub sign_in_burst: u32,
    /// How often a feed looks for other servers' commits and asks whether its session still holds; below one second,
    /// because a revoked session's stream ends within one.
    pub feed_poll: Duration,
    /// How often a quiet feed says that it is there.
    pub feed_heartbeat: Duration,
    /// How long open requests may finish when the server stops.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            requests: 256,
            envelopes: 8_000,
            feeds: 1_024,
            batch: 1_000,
            commands_bytes: 8 << 20,
            body_bytes: 64 << 10,
            json_depth: 32,
            header_bytes: 16 << 10,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(15),
            write_time: Duration::from_secs(15),
            request_time: Duration::from_secs(30),
            password_hashes: 2,
            password_queue: 32,
            burst: 200,
            requests_per_second: 50,
            sign_in_burst: 20,
            feed_poll: Duration::from_millis(700),
            feed_heartbeat: Duration::from_secs(15),
            stop_time: Duration::from_secs(10),
        }
    }
}

/// How a server is to serve.
#[derive(Clone)]
pub struct Config {
    /// Whether the exercise's conveniences are on: one-time sign-in links. Only on a database marked *exercise*.
    pub exercise: bool,
    /// Serve TLS with these; without, plain HTTP (loopback, or behind a proxy that serves TLS).
    pub tls: Option<Tls>,
    /// Whether clients reach the server by TLS even though a proxy ends it: cookies are marked *Secure*.
    pub behind_tls: bool,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Vec<Network>,
    /// Limits.
    pub limits: Limits,
    /// The language of a client that asks for none.
    pub language: Language,
    /// How long a session lasts without use, milliseconds.
    pub session_idle_ms: i64,
    /// How long a session lasts at most, milliseconds.
    pub session_longest_ms: i64,
    /// How long a link to set a password or to sign in once lasts, milliseconds.
    pub link_ms: i64,
    /// The stream of the access log that this server writes; servers of one database may share one.
    pub log_stream: i64,
    /// For durations.
    pub monotonic: MonotonicClock,
    /// For session secrets, salts and tokens.
    pub entropy: SharedEntropy,
}

impl Config {
    /// Default limits, plain HTTP, English.
    pub fn new(monotonic: MonotonicClock, entropy: SharedEntropy) -> Self {
        Self {
            exercise: false,
            tls: None,
            behind_tls: false,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            language: Language::default(),
            // [P] A break is half an hour, a shift twelve.
            session_idle_ms: 30 * 60_000,
            session_longest_ms: 12 * 3_600_000,
            link_ms: 24 * 3_600_000,
            log_stream: 1,
            monotonic,
            entropy,
        }
    }

    /// Whether cookies are marked *Secure*.
    pub fn is_secure(&self) -> bool {
        self.tls.is_some() || self.behind_tls
    }
}
