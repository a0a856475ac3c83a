//! The server is killed, again and again.

use crate::{
    WRITERS, cluster,
    installation::Installation,
    nothing_lost, on_postgres,
    served::{Client, Served},
    total, writers,
    writing::{Shared, while_writing},
};
use std::{sync::atomic::Ordering, time::Duration};
use testkit::entropy::drawn;

/// Commands of one request.
const BATCH: u64 = 4;
/// The longest a server lives, in acknowledgements.
const LONGEST_LIFE: u64 = 300;

async fn kill_again_and_again(place: &Installation, kills: u64) {
    let (mut writers, shared) = (writers(BATCH), Shared::default());
    let (mut session, mut ready_after) = (None, Vec::<Duration>::new());
    for round in 0..kills {
        let served = Served::start(place);
        ready_after.push(served.ready_after);
        // A session outlives the servers it is used at.
        let session = session.get_or_insert_with(|| Client::signed_in(served.address, "epi"));
        let clients = (0..WRITERS).map(|_| session.again(served.address)).collect();
        let until = shared.acknowledged.load(Ordering::Relaxed) + 1 + drawn(round, LONGEST_LIFE);
        while_writing(&mut writers, clients, &shared, || {
            shared.wait_for(until);
            served.kill();
        });
        // Hundreds of looks at a growing database would be quadratic.
        if kills <= 25 || round % 25 == 0 || round + 1 == kills {
            let store = place.store().await;
            nothing_lost(&store, &writers).await;
            let report = store.verify(&Default::default(), &place.path("data"), |_| {}).await.expect("verify runs");
            assert_eq!(report.faults, vec![], "kill {round}");
            store.close().await;
        }
    }
    ready_after.sort_unstable();
    let (median, longest) = (ready_after[ready_after.len() / 2], ready_after[ready_after.len() - 1]);
    println!(
        "{kills} kills, {} acknowledged, none lost, none doubled; ready again after {median:?}, at the most {longest:?}",
        total(&writers)
    );
    place.run(&["verify"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_acknowledged_is_there_once() {
    let place = Installation::new().with_outbreak().await;
    place.staff("epi", "epidemiologist");
    kill_again_and_again(&place, 25).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_acknowledged_is_there_once_on_postgresql() {
    let Some(cluster) = cluster() else { return };
    kill_again_and_again(&on_postgres(&cluster).await, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "five hundred kills: minutes"]
async fn what_a_server_killed_five_hundred_times_acknowledged_is_there_once() {
    let place = Installation::new().with_outbreak().await;
    place.staff("epi", "epidemiologist");
    kill_again_and_again(&place, 500).await;
}
