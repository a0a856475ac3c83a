//! Figures about the server itself, as Prometheus text. Labels are route templates, statuses and outcomes: nothing in
//! them comes from a client.

use crate::config::MonotonicClock;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        RwLock,
        atomic::{AtomicU64, Ordering},
    },
};
use store::writer::Observer;

/// Upper bounds of the latency buckets, microseconds.
const BOUNDS_MICROS: [u64; 12] =
    [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];

/// Counts of durations.
#[derive(Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS_MICROS.len()],
    count: AtomicU64,
    sum_micros: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&self, micros: u64) {
        for (bucket, bound) in self.buckets.iter().zip(BOUNDS_MICROS) {
            if micros <= bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn write(&self, out: &mut String, name: &str, labels: &str) {
        let comma = if labels.is_empty() { "" } else { "," };
        for (bucket, bound) in self.buckets.iter().zip(BOUNDS_MICROS) {
            let count = bucket.load(Ordering::Relaxed);
            let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{}\"}} {count}", seconds(bound));
        }
        let count = self.count.load(Ordering::Relaxed);
        let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}");
        let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(out, "{name}_sum{braces} {}", seconds(self.sum_micros.load(Ordering::Relaxed)));
        let _ = writeln!(out, "{name}_count{braces} {count}");
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Upper bounds of the buckets of group sizes, envelopes.
const BOUNDS_ENVELOPES: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// Groups that the store committed: how many envelopes each held, and how long each took from its lock to its durable
/// commit.
pub struct Groups {
    monotonic: MonotonicClock,
    sizes: [AtomicU64; BOUNDS_ENVELOPES.len()],
    envelopes: AtomicU64,
    time: Histogram,
}

impl Groups {
    /// None yet.
    pub fn new(monotonic: MonotonicClock) -> Self {
        Self { monotonic, sizes: Default::default(), envelopes: AtomicU64::new(0), time: Histogram::default() }
    }

    fn write(&self, out: &mut String) {
        let name = "firebreak_group_envelopes";
        let _ = writeln!(out, "# TYPE {name} histogram");
        for (bucket, bound) in self.sizes.iter().zip(BOUNDS_ENVELOPES) {
            let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {}", bucket.load(Ordering::Relaxed));
        }
        let count = self.time.count.load(Ordering::Relaxed);
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "{name}_sum {}\n{name}_count {count}", self.envelopes.load(Ordering::Relaxed));
        let _ = writeln!(out, "# TYPE firebreak_commit_seconds histogram");
        self.time.write(out, "firebreak_commit_seconds", "");
    }
}

impl Observer for Groups {
    fn began(&self) -> u64 {
        (self.monotonic)()
    }

    fn committed(&self, envelopes: usize, began: u64) {
        let envelopes = envelopes as u64;
        for (bucket, bound) in self.sizes.iter().zip(BOUNDS_ENVELOPES) {
            if envelopes <= bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.envelopes.fetch_add(envelopes, Ordering::Relaxed);
        self.time.observe((self.monotonic)().saturating_sub(began));
    }
}

/// What becomes of commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Done and durable.
    Accepted,
    /// Refused.
    Refused,
    /// Kept until an id is known.
    Waiting,
    /// Kept for a person to decide.
    Conflict,
    /// The id was used for another command.
    OtherContent,
    /// Turned away; may be sent again.
    Unanswered,
}

const ENDINGS: [(Ending, &str); 6] = [
    (Ending::Accepted, "accepted"),
    (Ending::Refused, "refused"),
    (Ending::Waiting, "waiting"),
    (Ending::Conflict, "conflict"),
    (Ending::OtherContent, "other_content"),
    (Ending::Unanswered, "unanswered"),
];

#[derive(Default)]
struct Route {
    time: Histogram,
    by_status: RwLock<BTreeMap<u16, AtomicU64>>,
}

/// All figures of one server.
#[derive(Default)]
pub struct Metrics {
    routes: RwLock<BTreeMap<(String, String), Route>>,
    commands: [AtomicU64; ENDINGS.len()],
    submit_time: Histogram,
    shed: AtomicU64,
    panics: AtomicU64,
    connections: AtomicU64,
    slow_cut: AtomicU64,
}

/// Figures that are read when asked for.
pub struct Gauges {
    /// Requests being worked on.
    pub requests: usize,
    /// Envelopes given to the store and not answered.
    pub envelopes: usize,
    /// Most of those.
    pub envelopes_limit: usize,
    /// Open live feeds.
    pub feeds: usize,
}

impl Metrics {
    /// Counts one answered request.
    pub fn request(&self, method: &str, route: &str, status: u16, micros: u64) {
        let key = (method.to_owned(), route.to_owned());
        let routes = self.routes.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = routes.get(&key) {
            return known.note(status, micros);
        }
        drop(routes);
        let mut routes = self.routes.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        routes.entry(key).or_default().note(status, micros);
    }

    /// Counts one command.
    pub fn command(&self, ending: Ending) {
        for (counter, (of, _)) in self.commands.iter().zip(ENDINGS) {
            if of == ending {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Counts the time from giving a batch to the store to its durable answer.
    pub fn submitted(&self, micros: u64) {
        self.submit_time.observe(micros);
    }

    /// Counts a request that was turned away because too much was in hand.
    pub fn shed(&self) {
        self.shed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a panic that was caught.
    pub fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection.
    pub fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection that was cut because its client was too slow or spoke no HTTP.
    pub fn cut(&self) {
        self.slow_cut.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything as Prometheus text (exposition format 0.0.4).
    pub fn render(&self, gauges: &Gauges, groups: &Groups) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "# TYPE firebreak_requests_total counter");
        let routes = self.routes.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for ((method, route), known) in routes.iter() {
            let by_status = known.by_status.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            for (status, count) in by_status.iter() {
                let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
                let _ = writeln!(out, "firebreak_requests_total{{{labels}}} {}", count.load(Ordering::Relaxed));
            }
        }
        let _ = writeln!(out, "# TYPE firebreak_request_seconds histogram");
        for ((method, route), known) in routes.iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\"");
            known.time.write(&mut out, "firebreak_request_seconds", &labels);
        }
        let _ = writeln!(out, "# TYPE firebreak_commands_total counter");
        for (counter, (_, name)) in self.commands.iter().zip(ENDINGS) {
            let count = counter.load(Ordering::Relaxed);
            let _ = writeln!(out, "firebreak_commands_total{{outcome=\"{name}\"}} {count}");
        }
        let _ = writeln!(out, "# TYPE firebreak_submit_seconds histogram");
        self.submit_time.write(&mut out, "firebreak_submit_seconds", "");
        groups.write(&mut out);
        for (name, count) in [
            ("firebreak_shed_total", &self.shed),
            ("firebreak_panics_total", &self.panics),
            ("firebreak_connections_total", &self.connections),
            ("firebreak_connections_cut_total", &self.slow_cut),
        ] {
            let _ = writeln!(out, "# TYPE {name} counter\n{name} {}", count.load(Ordering::Relaxed));
        }
        for (name, value) in [
            ("firebreak_requests_in_hand", gauges.requests),
            ("firebreak_envelopes_in_hand", gauges.envelopes),
            ("firebreak_envelopes_limit", gauges.envelopes_limit),
            ("firebreak_feeds_open", gauges.feeds),
        ] {
            let _ = writeln!(out, "# TYPE {name} gauge\n{name} {value}");
        }
        out
    }
}

impl Route {
    fn note(&self, status: u16, micros: u64) {
        self.time.observe(micros);
        let by_status = self.by_status.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(count) = by_status.get(&status) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(by_status);
        let mut by_status = self.by_status.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        by_status.entry(status).or_default().fetch_add(1, Ordering::Relaxed);
    }
}
