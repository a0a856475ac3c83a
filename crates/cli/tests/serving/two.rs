//! Two servers, two processes, on one PostgreSQL and one hot stream.

use crate::{
    WRITERS, cluster,
    installation::Installation,
    nothing_lost, on_postgres,
    served::{Client, Served},
    writers,
    writing::{Shared, Writer, while_writing},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// Commands of one request where the rate is looked at.
const BATCH: u64 = 10;
/// Acknowledgements of one measurement.
const MEASURED: u64 = 12_000;

/// The numbers of the journal that a feed has told, as it tells them.
fn hear(feed: &mut crate::served::Feed, heard: &mut Vec<i64>) -> std::io::Result<()> {
    let (name, data) = feed.next()?;
    assert_ne!(name, "resync", "nothing has to be loaded anew");
    if name == "changes" {
        let changes: Vec<Value> = serde_json::from_str(&data).expect("changes are JSON");
        heard.extend(changes.iter().filter_map(|change| change["seq"].as_i64()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_servers_is_killed_and_a_listener_goes_on_at_the_other() {
    let Some(cluster) = cluster() else { return };
    let place = on_postgres(&cluster).await;
    let (one, other) = (Served::start(&place), Served::start(&place));
    let addresses = [one.address, other.address];
    let (mut writers, shared) = (writers(4), Shared::default());
    let client = Client::signed_in(one.address, "epi");
    // Half of the writers at each; those of the killed one end with it.
    let clients = (0..WRITERS as usize).map(|n| client.again(addresses[n % 2])).collect();
    let mut feed = client.again(addresses[0]).listen(None).expect("the feed opens");
    let mut heard = Vec::new();
    let mut killed = Some(one);
    while_writing(&mut writers, clients, &shared, || {
        while heard.len() < 150 {
            hear(&mut feed, &mut heard).expect("the feed goes on");
        }
        if let Some(one) = killed.take() {
            one.kill();
        }
        // What is on its way is still read; then the stream ends.
        while hear(&mut feed, &mut heard).is_ok() {}
        shared.wait_for(shared.acknowledged.load(Ordering::Relaxed) + 150);
    });
    // Whoever wrote at the killed one asks the other.
    let clients = (0..WRITERS).map(|_| client.again(other.address)).collect();
    let until = shared.acknowledged.load(Ordering::Relaxed) + 100;
    while_writing(&mut writers, clients, &shared, || shared.wait_for(until));
    let there: BTreeSet<i64> = writers.iter().flat_map(|writer| writer.acknowledged.values().copied()).collect();
    let (cursor, first, last) = (feed.cursor.clone(), heard[0], there.last().copied().expect("there are some"));
    let mut feed = client.again(other.address).listen(cursor.as_deref()).expect("the feed opens there");
    while heard.last().is_none_or(|heard| *heard < last) {
        hear(&mut feed, &mut heard).expect("the feed goes on");
    }
    let expected: Vec<i64> = (first..=last).collect();
    assert_eq!(heard.iter().copied().filter(|seq| *seq <= last).collect::<Vec<_>>(), expected, "each once, in order");
    assert!(other.stop().success());
    let store = place.store().await;
    nothing_lost(&store, &writers).await;
    let report = store.verify(&Default::default(), &place.path("data"), |_| {}).await.expect("verify runs");
    assert_eq!(report.faults, vec![]);
    store.close().await;
}

/// Commands per second of eight writers, spread over these servers, each with an account of its own.
fn rate(servers: &[&Served], writers: &mut [Writer]) -> f64 {
    let shared = Shared::default();
    let client = |n: usize| Client::signed_in(servers[n % servers.len()].address, &format!("epi{n}"));
    let clients = (0..writers.len()).map(client).collect();
    let began = Instant::now();
    while_writing(writers, clients, &shared, || shared.wait_for(MEASURED));
    let turned_away = shared.away.load(Ordering::Relaxed);
    println!("{} servers: {turned_away} answers turned away by the rate of an account", servers.len());
    MEASURED as f64 / began.elapsed().as_secs_f64()
}

fn longest(writers: &[Writer]) -> Duration {
    writers.iter().map(|writer| writer.longest).max().unwrap_or_default()
}

async fn measured(place: &Installation) {
    for n in 0..WRITERS {
        place.staff(&format!("epi{n}"), "epidemiologist");
    }
    let mut alone: Vec<Writer> = writers(BATCH);
    let one = Served::start(place);
    let of_one = rate(&[&one], &mut alone);
    let other = Served::start(place);
    let mut together: Vec<Writer> = (WRITERS..2 * WRITERS).map(|number| Writer::new(number, BATCH)).collect();
    let of_two = rate(&[&one, &other], &mut together);
    println!(
        "one server {of_one:.0} commands/s, longest answer {:?}; two on one stream {of_two:.0} commands/s ({:.2}), longest answer {:?}",
        longest(&alone),
        of_two / of_one,
        longest(&together)
    );
    assert!(one.stop().success() && other.stop().success());
    alone.extend(together);
    let store = place.store().await;
    nothing_lost(&store, &alone).await;
    store.close().await;
    place.run(&["verify"]).well();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: it prints rates and asserts none"]
async fn the_rate_of_two_servers_on_one_stream() {
    let Some(cluster) = cluster() else { return };
    measured(&on_postgres(&cluster).await).await;
}
