//! A process that writes is killed at random instants: what it acknowledged is there, once.
//!
//! The killed process is this test program itself, told on its standard input to write: so it is always the build
//! under test.

use domain::{id::StreamId, kernel::group::Submission};
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, IsTerminal as _, Write as _},
    process::{Child, Command, Stdio},
};
use store::{engine::Engine, store::Store};
use testkit::{Stage, damage, engines, entropy::drawn, open_again, scene};
use uuid::Uuid;

const WRITERS: u64 = 8;
/// People that one writer registers in one life of the process: far more than it lives to acknowledge.
const PER_WRITER: u64 = 1_024;
const BATCH: u64 = 4;
const STREAM: StreamId = StreamId(1);
/// The longest a process lives, in acknowledgements.
const LONGEST_LIFE: u64 = 300;

fn registration(n: u64) -> Submission {
    scene::caused(u128::from(n) + 1, STREAM, scene::register(n))
}

fn command_id(n: u64) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1)
}

/// The database, the key store and the number of this life, one a line; `None` where nobody gave orders.
fn orders() -> Option<(String, String, u64)> {
    let input = std::io::stdin();
    if input.is_terminal() {
        return None;
    }
    let mut lines = input.lines().map_while(Result::ok);
    Some((lines.next()?, lines.next()?, lines.next()?.parse().ok()?))
}

/// The child. Run without its orders, as by `--ignored`, it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the supervisor kills"]
async fn the_writer() {
    let Some((url, keys_url, round)) = orders() else { return };
    let store = open_again(&url, &keys_url, round + 100).await;
    println!();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        let first = (round * WRITERS + writer) * PER_WRITER;
        tokio::spawn(async move {
            for batch in (first..first + PER_WRITER).step_by(BATCH as usize) {
                let outcomes = store.submit((batch..batch + BATCH).map(registration).collect()).await;
                for (n, outcome) in (batch..).zip(outcomes) {
                    assert!(outcome.expect("it is written").is_accepted());
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "ack {n}").expect("the supervisor listens");
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer ends well");
    }
}

fn start(url: &str, keys_url: &str, round: u64) -> Child {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(program);
    child.args(["--ignored", "--exact", "--nocapture", "the_writer"]);
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = child.spawn().expect("the writer starts");
    let mut input = child.stdin.take().expect("its input is a pipe");
    write!(input, "{url}\n{keys_url}\n{round}\n").expect("it takes its orders");
    child
}

/// Lets the process live for so many acknowledgements, kills it, and gives all it acknowledged.
fn live_and_die(mut child: Child, life: u64) -> BTreeSet<u64> {
    let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe"));
    let mut acknowledged = BTreeSet::new();
    let mut line = String::new();
    let mut killed = false;
    while lines.read_line(&mut line).expect("its output is read") > 0 {
        // A line without its end was cut off by the kill: not an acknowledgement.
        if let Some(n) = line.strip_suffix('\n').and_then(|line| line.strip_prefix("ack ")) {
            acknowledged.insert(n.parse().expect("a number"));
        }
        line.clear();
        if !killed && acknowledged.len() as u64 >= life {
            child.kill().expect("SIGKILL is sent");
            killed = true;
        }
    }
    let status = child.wait().expect("it has ended");
    assert!(killed && status.code().is_none(), "it was ended by the kill, not by itself: {status}");
    acknowledged
}

async fn accepted(store: &Store) -> BTreeSet<Uuid> {
    damage::accepted_once(store).await.expect("each accepted command is there once")
}

async fn kill_again_and_again(engine: Engine, kills: u64) {
    let stage = Stage::new(engine).await;
    stage.store.close().await;
    let mut total = 0;
    for round in 0..kills {
        let child = start(stage.url(), stage.keys_url(), round);
        let life = 1 + drawn(round, LONGEST_LIFE);
        let acknowledged = tokio::task::spawn_blocking(move || live_and_die(child, life)).await.expect("it ran");
        total += acknowledged.len();
        let store = open_again(stage.url(), stage.keys_url(), round + 100_000).await;
        let there = accepted(&store).await;
        let lost: Vec<_> = acknowledged.iter().filter(|n| !there.contains(&command_id(**n))).collect();
        assert!(lost.is_empty(), "{engine:?}, kill {round}: acknowledged and lost: {lost:?}");
        // Whoever got no answer asks again, and so does one who did.
        let again: Vec<u64> = (0..WRITERS).flat_map(|w| (0..BATCH).map(move |n| w * PER_WRITER + n)).collect();
        let again = again.into_iter().map(|n| round * WRITERS * PER_WRITER + n).chain(acknowledged);
        for outcome in store.submit(again.map(registration).collect()).await {
            assert!(outcome.expect("it is written").is_accepted());
        }
        accepted(&store).await;
        // Verifying a growing database after every one of hundreds of kills would be quadratic.
        if kills <= 25 || round % 25 == 0 || round + 1 == kills {
            let report = store.verify(&Default::default(), stage.folder.path(), |_| {}).await.expect("verify runs");
            assert_eq!(report.faults, vec![], "{engine:?}, kill {round}");
        }
        store.close().await;
    }
    println!("{}: {kills} kills, {total} acknowledged, none lost, none doubled", engine.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_acknowledged_is_there_once() {
    for engine in engines() {
        kill_again_and_again(engine, if engine == Engine::Sqlite { 25 } else { 5 }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "five hundred kills: minutes"]
async fn what_a_process_killed_five_hundred_times_acknowledged_is_there_once() {
    kill_again_and_again(Engine::Sqlite, 500).await;
}

/// Two processes, here two stores that share nothing, on one PostgreSQL and one stream.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_stream_both_go_on_and_lose_nothing() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let stage = Stage::new(Engine::Postgres).await;
    let other = open_again(stage.url(), stage.keys_url(), 2).await;
    // The second half of each one's commands is also sent to the other: whoever is first does it.
    let servers = [(stage.store.clone(), 0..120u64), (other.clone(), 60..180)];
    let running = servers.map(|(store, numbers)| {
        tokio::spawn(async move {
            for n in numbers {
                for outcome in store.submit(vec![registration(n)]).await {
                    assert!(outcome.expect("it is written").is_accepted());
                }
            }
        })
    });
    for server in running {
        server.await.expect("both go on to their end");
    }
    // The district, the outbreak and the people.
    assert_eq!(accepted(&stage.store).await.len(), 2 + 180);
    other.close().await;
    stage.verified().await;
}
