//! A clock that a test sets.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// 14 March 2022, 00:00 UTC, in milliseconds.
pub const START: i64 = 1_647_216_000_000;

/// A clock that stands still until it is set.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }
}

impl TestClock {
    /// What it shows, milliseconds UTC.
    pub fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves it on.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }

    /// As the store takes it.
    pub fn shared(&self) -> store::writer::SharedClock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}
