//! An import that knows which keys no record has still finds what came after it learned them, from here or elsewhere.

use domain::{kernel::Outcome, noun::MatchKey};
use std::collections::BTreeSet;
use store::store::Store;
use testkit::{Stage, engines, scene};

async fn register(stage: &Stage, store: &Store, people: std::ops::Range<u64>) {
    let submissions = people.map(|n| scene::caused(u128::from(n) + 1, stage.stream(), scene::register(n))).collect();
    for answer in store.submit(submissions).await {
        assert!(matches!(answer, Ok(Outcome::Accepted { .. })), "{answer:?}");
    }
}

/// How many of these people are found by their telephone numbers.
async fn found(store: &Store, people: std::ops::Range<u64>) -> usize {
    let keys: BTreeSet<MatchKey> = people.map(|n| MatchKey::new("phone", &[&format!("110{n:07}")])).collect();
    let mut look = store.look_up().await.expect("a look at the register");
    let found = look.matching(&keys).await.expect("keys are looked up");
    look.end().await.expect("the look ends");
    found.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_registered_after_the_keys_were_learned_is_found() {
    for engine in engines() {
        let stage = Stage::new(engine).await;
        register(&stage, &stage.store, 0..10).await;
        stage.store.learn_keys().await.expect("keys are read");
        assert_eq!(found(&stage.store, 0..20).await, 10);
        register(&stage, &stage.store, 10..20).await;
        assert_eq!(found(&stage.store, 0..30).await, 20);
        // Another process writes the same stream; then this one again.
        let another = stage.another().await;
        register(&stage, &another, 20..30).await;
        assert_eq!(found(&stage.store, 0..40).await, 30);
        register(&stage, &stage.store, 30..40).await;
        assert_eq!(found(&stage.store, 0..50).await, 40);
        another.close().await;
    }
}
