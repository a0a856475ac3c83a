//! PostgreSQL itself is killed under the server, in the middle of commits, and comes back.

use crate::{
    WRITERS, cluster, nothing_lost, on_postgres,
    served::{Client, LONGEST, Served},
    total, writers,
    writing::{Shared, while_writing},
};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// Times it is killed.
const KILLS: u64 = 5;
/// Acknowledgements between two kills.
const BETWEEN: u64 = 150;

/// Asks until it is turned away, and asserts how.
fn turned_away(client: &mut Client) {
    let began = Instant::now();
    let answer = loop {
        assert!(began.elapsed() < LONGEST, "nobody is turned away, though the database is gone");
        let answer = client.send("GET", "/api/v1/session", None).expect("the server is there and answers");
        if answer.status == 503 {
            break answer;
        }
    };
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["rule"], "database_away");
    assert!(problem["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_outlives_its_postgresql_and_loses_nothing() {
    let Some(mut cluster) = cluster() else { return };
    let place = on_postgres(&cluster).await;
    let mut served = Served::start(&place);
    let (mut writers, shared) = (writers(4), Shared::default());
    let client = Client::signed_in(served.address, "epi");
    let clients = (0..WRITERS).map(|_| client.again(served.address)).collect();
    let mut asking = client.again(served.address);
    let mut ready_after = Vec::<Duration>::new();
    while_writing(&mut writers, clients, &shared, || {
        for _ in 0..KILLS {
            shared.wait_for(shared.acknowledged.load(Ordering::Relaxed) + BETWEEN);
            cluster.kill_9().expect("PostgreSQL is killed");
            turned_away(&mut asking);
            cluster.restart().expect("PostgreSQL starts again");
            ready_after.push(served.wait_until_ready());
        }
        shared.wait_for(shared.acknowledged.load(Ordering::Relaxed) + BETWEEN);
    });
    assert_eq!(shared.gone.load(Ordering::Relaxed), 0, "each writer was answered until the end");
    let figures = client.again(served.address).send("GET", "/metrics", None).expect("it answers");
    let figures = String::from_utf8_lossy(&figures.body);
    assert!(figures.contains("firebreak_panics_total 0\n"), "no handler panicked: {figures}");
    assert!(served.is_running(), "the server is the one that was started");
    assert!(served.stop().success(), "it stops as it should");
    let store = place.store().await;
    nothing_lost(&store, &writers).await;
    let report = store.verify(&Default::default(), &place.path("data"), |_| {}).await.expect("verify runs");
    assert_eq!(report.faults, vec![]);
    store.close().await;
    ready_after.sort_unstable();
    println!(
        "{KILLS} kills of PostgreSQL, {} acknowledged, none lost, none doubled; ready again after {:?}, at the most {:?}; \
         {} answers turned away, {} kept connections made again",
        total(&writers),
        ready_after[ready_after.len() / 2],
        ready_after[ready_after.len() - 1],
        shared.away.load(Ordering::Relaxed),
        asking.made_again + shared.made_again.load(Ordering::Relaxed)
    );
}
