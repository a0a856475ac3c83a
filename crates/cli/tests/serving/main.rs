//! The real server, killed at random instants under writers over HTTP, with its database killed under it, and as two
//! processes on one database: what was acknowledged is there, once; and what it says of itself, with none of a person.

mod faults;
mod forgotten;
#[path = "../cli/installation.rs"]
#[allow(dead_code)]
mod installation;
mod killed;
mod postgres_away;
mod served;
#[path = "../cli/subject.rs"]
mod subject;
#[path = "../cli/traces.rs"]
mod traces;
mod two;
mod writing;

use installation::Installation;
use std::collections::BTreeSet;
use store::store::Store;
use testkit::{damage, postgres::PostgresCluster};
use uuid::Uuid;
use writing::{Writer, command_id};

/// Writers at once.
const WRITERS: u64 = 8;

fn writers(batch: u64) -> Vec<Writer> {
    (0..WRITERS).map(|number| Writer::new(number, batch)).collect()
}

/// A cluster of one's own, to be killed; `None`, with the reason printed, where PostgreSQL is not installed.
fn cluster() -> Option<PostgresCluster> {
    if !PostgresCluster::installed() {
        println!("SKIPPED: there are no PostgreSQL server programs on this machine");
        return None;
    }
    Some(PostgresCluster::start().expect("a cluster starts"))
}

async fn on_postgres(cluster: &PostgresCluster) -> Installation {
    let database = |name| cluster.create_database(name).expect("a database is made");
    let place = Installation::on(database("data"), database("keys")).with_outbreak().await;
    place.staff("epi", "epidemiologist");
    place
}

/// Asserts that all that was acknowledged is there, each once.
async fn nothing_lost(store: &Store, writers: &[Writer]) {
    let there: BTreeSet<Uuid> = damage::accepted_once(store).await.expect("each accepted command is there once");
    let acknowledged = writers.iter().flat_map(|writer| writer.acknowledged.keys());
    let lost: Vec<_> = acknowledged.filter(|n| !there.contains(&command_id(**n))).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

fn total(writers: &[Writer]) -> usize {
    writers.iter().map(|writer| writer.acknowledged.len()).sum()
}
