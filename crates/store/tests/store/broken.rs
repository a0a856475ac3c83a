//! A lane outlives a panic in what it does itself, outside the writing of a group: whoever waited is answered, and what
//! comes after is written.

use domain::{id::StreamId, kernel::group::Submission};
use futures_util::future::join_all;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
};
use store::{
    store::Store,
    writer::{Observer, SharedClock, SubmitError},
};
use testkit::{Stage, engines, scene};

/// Panics in the two that the lane calls and that are given to it from outside: the observer and the clock.
#[derive(Default)]
struct Faults {
    in_begin: AtomicBool,
    in_look_ahead: AtomicBool,
    /// Readings of the clock since a group began: its own is the first, one before it is durable looks ahead.
    readings: AtomicU32,
}

impl Observer for Faults {
    fn began(&self) -> u64 {
        assert!(!self.in_begin.swap(false, SeqCst), "planted");
        self.readings.store(0, SeqCst);
        0
    }

    fn committed(&self, _: usize, _: u64) {
        self.readings.store(2, SeqCst);
    }
}

async fn with_faults(stage: &Stage) -> (Arc<Faults>, Store) {
    let faults = Arc::new(Faults::default());
    let (planted, clock) = (faults.clone(), stage.clock.clone());
    let clock: SharedClock = Arc::new(move || {
        if planted.readings.fetch_add(1, SeqCst) == 1 {
            assert!(!planted.in_look_ahead.swap(false, SeqCst), "planted");
        }
        clock.now()
    });
    let store = stage.another_by(clock).await;
    store.door().observe(faults.clone());
    (faults, store)
}

fn one(n: u64, stream: StreamId) -> Vec<Submission> {
    vec![scene::caused(u128::from(n) + 1, stream, scene::register(n))]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_at_the_beginning_of_a_group_is_answered_and_the_lane_goes_on() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let (faults, store) = with_faults(&stage).await;
        faults.in_begin.store(true, SeqCst);
        let answers = store.submit(one(1, stage.stream())).await;
        assert!(matches!(answers[..], [Err(SubmitError::Unavailable(_))]), "{engine:?}: {answers:?}");
        let again = store.submit(one(1, stage.stream())).await;
        assert!(again[0].as_ref().is_ok_and(|outcome| outcome.is_accepted()), "{engine:?}: {again:?}");
        store.close().await;
        stage.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_looking_ahead_costs_nobody_an_answer() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        let (faults, store) = with_faults(&stage).await;
        faults.in_look_ahead.store(true, SeqCst);
        // More than three groups hold, all queued at once: the second is looked at while the first is being written.
        let batch =
            |k: u64| (k * 400..(k + 1) * 400).flat_map(|n| one(n, stage.stream())).collect::<Vec<Submission>>();
        let answers = join_all((0..18).map(|k| store.submit(batch(k)))).await;
        assert!(!faults.in_look_ahead.load(SeqCst), "{engine:?}: nothing was looked at ahead");
        for answer in answers.into_iter().flatten() {
            assert!(answer.as_ref().is_ok_and(|outcome| outcome.is_accepted()), "{engine:?}: {answer:?}");
        }
        store.close().await;
        stage.verified().await;
    }
}
