//! Writers that register people over HTTP, and their own ledger of what was acknowledged.

use crate::served::{Answer, Client, LONGEST};
use domain::{
    id::{CommandId, StreamId},
    kernel::Envelope,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use testkit::scene;
use uuid::Uuid;

/// People that one writer may register: its numbers are its own.
const PER_WRITER: u64 = 1_000_000;

/// The id of the command that registers the `n`-th person.
pub fn command_id(n: u64) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1)
}

fn envelope(n: u64) -> Value {
    let command = scene::register(n).into();
    let envelope = Envelope::new(CommandId(command_id(n)), StreamId(1), command);
    serde_json::to_value(envelope).expect("an envelope is JSON")
}

/// What the writers and whoever watches them share.
#[derive(Default)]
pub struct Shared {
    /// Commands acknowledged so far.
    pub acknowledged: AtomicU64,
    /// Tells the writers to end.
    pub enough: AtomicBool,
    /// Answers that turned a request away.
    pub away: AtomicU64,
    /// Writers whose server was gone.
    pub gone: AtomicU64,
    /// Connections that had ended while they were kept, and were made again.
    pub made_again: AtomicU64,
    /// Writers that still write.
    writing: AtomicU64,
    looks: Mutex<()>,
    changed: Condvar,
}

impl Shared {
    /// Returns when so many commands were acknowledged; panics where nobody writes any more, or nothing was acknowledged
    /// for [`LONGEST`].
    pub fn wait_for(&self, acknowledged: u64) {
        let mut look = self.looks.lock().expect("nobody panics at a look");
        while self.acknowledged.load(Ordering::Relaxed) < acknowledged {
            assert!(self.writing.load(Ordering::Relaxed) > 0, "all writers have ended before {acknowledged}");
            let (next, waited) = self.changed.wait_timeout(look, LONGEST).expect("nobody panics at a look");
            assert!(!waited.timed_out(), "nothing is acknowledged any more");
            look = next;
        }
    }

    /// Lets `for_at_most` pass, or less where something is acknowledged before.
    fn pause(&self, for_at_most: Duration) {
        let look = self.looks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let _ = self.changed.wait_timeout(look, for_at_most);
    }

    fn tell(&self) {
        drop(self.looks.lock());
        self.changed.notify_all();
    }
}

/// A writer at work: however it ends, whoever waits is told.
struct AtWork<'s>(&'s Shared);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.writing.fetch_sub(1, Ordering::Relaxed);
        self.0.tell();
    }
}

/// Ends the writers, also where whoever watches them panics.
struct Enough<'s>(&'s Shared);

impl Drop for Enough<'_> {
    fn drop(&mut self) {
        self.0.enough.store(true, Ordering::Relaxed);
        self.0.tell();
    }
}

/// One writer.
pub struct Writer {
    next: u64,
    batch: u64,
    /// Sent, and not answered: sent again first.
    open: Vec<u64>,
    /// Where each acknowledged command stands in the journal.
    pub acknowledged: BTreeMap<u64, i64>,
    /// The longest that an answer took.
    pub longest: Duration,
}

impl Writer {
    pub fn new(number: u64, batch: u64) -> Self {
        let (open, acknowledged) = (Vec::new(), BTreeMap::new());
        Self { next: number * PER_WRITER, batch, open, acknowledged, longest: Duration::ZERO }
    }

    /// Writes until the server is gone or it is enough. What has no answer stays open.
    pub fn write(&mut self, mut client: Client, shared: &Shared) {
        while !shared.enough.load(Ordering::Relaxed) {
            if self.open.is_empty() {
                self.open.extend(self.next..self.next + self.batch);
                self.next += self.batch;
                // One that was answered already is asked again: its answer must be the same.
                self.open.extend(self.acknowledged.keys().next_back());
            }
            let batch: Vec<Value> = self.open.iter().map(|n| envelope(*n)).collect();
            let (began, made_again) = (Instant::now(), client.made_again);
            let Ok(answer) = client.send("POST", "/api/v1/commands", Some(&Value::Array(batch).to_string())) else {
                shared.gone.fetch_add(1, Ordering::Relaxed);
                return;
            };
            shared.made_again.fetch_add(client.made_again - made_again, Ordering::Relaxed);
            self.longest = self.longest.max(began.elapsed());
            match answer.status {
                200 => self.note(&answer, shared),
                // Too much at once, or the database is away: the same again.
                status @ (429 | 503) => {
                    let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
                    let seconds = seconds.unwrap_or_else(|| panic!("it says when to come again: {answer:?}"));
                    shared.away.fetch_add(1, Ordering::Relaxed);
                    if status == 503 {
                        shared.pause(Duration::from_secs(seconds));
                    }
                }
                _ => panic!("neither done nor turned away: {answer:?}"),
            }
        }
    }

    fn note(&mut self, answer: &Answer, shared: &Shared) {
        let outcomes = answer.json();
        let outcomes = outcomes.as_array().expect("one outcome for each");
        assert_eq!(outcomes.len(), self.open.len());
        let mut open = Vec::new();
        for (n, outcome) in self.open.drain(..).zip(outcomes) {
            match (outcome["status"].as_u64(), outcome["seq"].as_i64()) {
                (Some(200), Some(seq)) => match self.acknowledged.insert(n, seq) {
                    None => _ = shared.acknowledged.fetch_add(1, Ordering::Relaxed),
                    Some(before) => assert_eq!(before, seq, "asked again, {n} is where it was"),
                },
                (Some(503), None) => {
                    shared.away.fetch_add(1, Ordering::Relaxed);
                    open.push(n);
                }
                _ => panic!("{n}: {outcome}"),
            }
        }
        self.open = open;
        shared.tell();
    }
}

/// Writers that each write to one of these clients' servers while `meanwhile` runs on this thread; they end when their
/// server does, or when `meanwhile` has.
pub fn while_writing<T>(
    writers: &mut [Writer],
    clients: Vec<Client>,
    shared: &Shared,
    meanwhile: impl FnOnce() -> T,
) -> T {
    assert_eq!(writers.len(), clients.len());
    shared.enough.store(false, Ordering::Relaxed);
    thread::scope(|scope| {
        let _enough = Enough(shared);
        for (writer, client) in writers.iter_mut().zip(clients) {
            shared.writing.fetch_add(1, Ordering::Relaxed);
            scope.spawn(|| {
                let _at_work = AtWork(shared);
                writer.write(client, shared);
            });
        }
        meanwhile()
    })
}
