//! The live feed: resumed without a gap, on another server too, and ended with its session.

use crate::{
    client::{Client, unchunk},
    running::{Running, quick},
    staff::account_id,
};
use domain::access::Role;
use serde_json::Value;
use testkit::scene::{self, DISTRICT};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

/// Most events that may be on their way when a session ends.
const MOST_LEFT: usize = 100;

/// One event.
#[derive(Clone, Debug, Default)]
struct Event {
    name: String,
    id: String,
    data: String,
}

/// An open feed.
struct Listening {
    stream: TcpStream,
    bytes: Vec<u8>,
    told: usize,
}

impl Listening {
    async fn to(client: &Client, path: &str) -> Self {
        Self { stream: client.open("GET", path, None).await, bytes: Vec::new(), told: 0 }
    }

    fn events(&self) -> Vec<Event> {
        let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Vec::new() };
        let text = String::from_utf8_lossy(&unchunk(&self.bytes[end + 4..])).into_owned();
        let Some((whole, _)) = text.rsplit_once("\n\n") else { return Vec::new() };
        let event = |part: &str| {
            let mut event = Event::default();
            for line in part.lines() {
                match line.split_once(": ") {
                    Some(("event", name)) => name.clone_into(&mut event.name),
                    Some(("id", id)) => id.clone_into(&mut event.id),
                    Some(("data", data)) => data.clone_into(&mut event.data),
                    _ => {}
                }
            }
            event
        };
        whole.split("\n\n").map(event).collect()
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events().get(self.told) {
                self.told += 1;
                return Some(event.clone());
            }
            let mut part = [0; 4_096];
            let size = self.stream.read(&mut part).await.unwrap_or(0);
            if size == 0 {
                return None;
            }
            self.bytes.extend_from_slice(&part[..size]);
        }
    }

    /// Hears it to its end. One that goes on beats its heart, and does not end within so many beats.
    async fn ends(&mut self) {
        for _ in 0..MOST_LEFT {
            if self.next().await.is_none() {
                return;
            }
        }
        panic!("the feed goes on: {:?}", self.events().last());
    }

    /// The next event of a name.
    async fn next_of(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the feed ended before {name}"));
            if event.name == name {
                return event;
            }
        }
    }
}

fn seqs(event: &Event) -> Vec<i64> {
    let changes: Vec<Value> = serde_json::from_str(&event.data).expect("changes are JSON");
    changes.iter().filter_map(|change| change["seq"].as_i64()).collect()
}

async fn register(running: &Running, n: u64) {
    let submission = scene::caused(10_000 + u128::from(n), running.stage.stream(), scene::register(n));
    let outcome = running.stage.store.submit(vec![submission]).await.remove(0).expect("written");
    assert!(outcome.is_accepted());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_goes_on_where_it_was_left_even_on_another_server() {
    let (running, client) = Running::with_epidemiologist().await;
    let mut first = Listening::to(&client, "/api/v1/feed").await;
    first.next_of("ready").await;
    register(&running, 1).await;
    let heard = first.next_of("changes").await;
    assert_eq!(seqs(&heard).len(), 1);
    let data: Value = serde_json::from_str(&heard.data).expect("JSON");
    assert_eq!(
        (data[0]["kind"].as_str(), data[0]["id"].as_str()),
        (Some("person.registered"), Some(scene::person_id(1).0.to_string().as_str()))
    );
    assert!(!heard.data.contains("王"), "no field is in it");
    drop(first);
    register(&running, 2).await;
    register(&running, 3).await;
    // A second server on the same database, with its own connections and its own poller.
    let store = running.stage.another().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let address = listener.local_addr().expect("an address");
    let mut config = server::Config::new(std::sync::Arc::new(|| 0), testkit::entropy::seeded(12));
    config.exercise = true;
    config.limits = quick();
    let ready = server::prepare(config, store).await.expect("the settings fit");
    tokio::spawn(server::serve(ready, listener, std::future::pending()));
    let mut elsewhere = client.with("last-event-id", &heard.id);
    elsewhere.address = Some(address);
    let mut second = Listening::to(&elsewhere, "/api/v1/feed").await;
    let mut told = Vec::new();
    while told.len() < 2 {
        told.extend(seqs(&second.next_of("changes").await));
    }
    let last = seqs(&heard)[0];
    assert_eq!(told, [last + 1, last + 2]);
    register(&running, 4).await;
    assert_eq!(seqs(&second.next_of("changes").await), [last + 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_database_is_told_to_load_anew() {
    let (_running, client) = Running::with_epidemiologist().await;
    let mut feed = Listening::to(&client.with("last-event-id", "00ff"), "/api/v1/feed").await;
    assert_eq!(feed.next().await.map(|event| event.name), Some("resync".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_feed_says_that_it_is_there() {
    let (_running, client) = Running::with_epidemiologist().await;
    let mut feed = Listening::to(&client, "/api/v1/feed").await;
    let ready = feed.next_of("ready").await;
    assert_eq!(feed.next_of("heartbeat").await.id, ready.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_ends_with_its_session() {
    let (running, client) = Running::with_epidemiologist().await;
    let administrator = running.signed_in("administrator").await;
    let mut feed = Listening::to(&client, "/api/v1/feed").await;
    feed.next_of("ready").await;
    let path = format!("/api/v1/accounts/{}/disable", account_id(1).0);
    assert_eq!(administrator.send("POST", &path, None).await.status, 204);
    feed.ends().await;
    assert_eq!(client.get("/api/v1/feed").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_ends_when_its_holder_signs_out_elsewhere() {
    let (running, client) = Running::with_epidemiologist().await;
    let other = running.signed_in("epidemiologist1").await;
    let mut feed = Listening::to(&client, "/api/v1/feed").await;
    feed.next_of("ready").await;
    assert_eq!(other.delete("/api/v1/sessions").await.status, 204);
    feed.ends().await;
    assert_eq!(client.get("/api/v1/feed").await.status, 401);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_what_they_may_not_read() {
    let (running, client) = Running::with_epidemiologist().await;
    let login = running.account(2, Role::Laboratory, DISTRICT.0).await;
    let laboratory = running.signed_in(&login).await;
    let mut deaf = Listening::to(&laboratory, "/api/v1/feed").await;
    let mut hearing = Listening::to(&client, "/api/v1/feed").await;
    deaf.next_of("ready").await;
    hearing.next_of("ready").await;
    register(&running, 1).await;
    hearing.next_of("changes").await;
    let next = deaf.next().await.expect("it goes on");
    assert_eq!(next.name, "heartbeat");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_ends_its_feeds() {
    let (running, client) = Running::with_epidemiologist().await;
    let mut feed = Listening::to(&client, "/api/v1/feed").await;
    feed.next_of("ready").await;
    running.stop().await;
    assert!(feed.next().await.is_none_or(|event| event.name == "heartbeat"));
}
