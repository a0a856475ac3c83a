//! Faults of disk, files, ports and devices: each is refused in plain words, nothing is half done, and what was refused
//! goes through once the fault is gone.

use crate::{
    installation::Installation,
    served::{Answer, Client, Served},
};
use domain::{
    id::{CommandId, DeviceId, StreamId},
    kernel::Envelope,
};
use serde_json::Value;
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};
use testkit::{damage, scene};
use uuid::Uuid;

const COMMANDS: &str = "/api/v1/commands";
const YEAR_MS: i64 = 365 * 24 * 3_600_000;

async fn place() -> Installation {
    let place = Installation::new().with_outbreak().await;
    place.staff("epi", "epidemiologist");
    place
}

fn envelope(n: u64) -> Envelope {
    Envelope::new(CommandId(Uuid::from_u128(u128::from(n) + 1)), StreamId(1), scene::register(n).into())
}

/// From a device, under its own number and by its own clock.
fn from_device(n: u64, seq: i64, time: i64) -> Envelope {
    let device = Some(DeviceId(Uuid::from_u128(0xde)));
    Envelope { device, device_seq: Some(seq), device_time: Some(time), ..envelope(n) }
}

fn send(client: &mut Client, envelopes: &[Envelope]) -> Answer {
    let body = serde_json::to_string(envelopes).expect("envelopes are JSON");
    client.send("POST", COMMANDS, Some(&body)).expect("the server answers")
}

fn register(client: &mut Client, n: u64) -> Answer {
    let body = serde_json::to_string(&envelope(n)).expect("an envelope is JSON");
    client.send("POST", COMMANDS, Some(&body)).expect("the server answers")
}

/// Where each of a batch stands in the journal.
fn seqs(answer: &Answer) -> Vec<i64> {
    let outcomes = answer.json();
    let outcomes = outcomes.as_array().unwrap_or_else(|| panic!("a batch is answered by a list: {answer:?}"));
    outcomes.iter().map(|outcome| outcome["seq"].as_i64().unwrap_or_else(|| panic!("accepted: {outcome}"))).collect()
}

fn rule(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let problem = answer.json();
    assert!(problem["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "it says what to do: {problem}");
    problem["rule"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_key_store_is_not_made_anew_and_a_wrong_master_key_opens_nothing() {
    let place = place().await;
    let served = Served::start(&place);
    assert_eq!(register(&mut Client::signed_in(served.address, "epi"), 1).status, 200);
    assert!(served.stop().success());
    let (keys, hidden) = (place.path("data-keys/keys.sqlite"), place.path("data-keys/hidden"));
    std::fs::rename(&keys, &hidden).expect("the key store is hidden");
    for command in ["serve", "verify", "migrate", "backup"] {
        let arguments: &[&str] = if command == "backup" { &["backup", "--to", "copy"] } else { &[command] };
        if command != "migrate" {
            place.run(arguments).refused("the key store is missing or empty");
            assert!(!keys.exists(), "{command} makes no new one");
        }
    }
    std::fs::rename(&hidden, &keys).expect("the key store is back");
    let master = place.path("data-keys/master.key");
    let right = std::fs::read_to_string(&master).expect("there is a master key");
    std::fs::write(&master, format!("1:{}\n", "5a17".repeat(16))).expect("another one is put there");
    place.run(&["serve"]).refused("is not the one that wraps this key store");
    std::fs::write(&master, right).expect("the right one is back");
    place.run(&["verify"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_left_alone() {
    let place = place().await;
    damage::become_newer(&place.url()).await.expect("the version is raised");
    for command in ["serve", "migrate", "verify", "doctor"] {
        place.run(&[command]).refused("use the newer program");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_with_what_to_do() {
    let place = place().await;
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port().to_string();
    place
        .run(&["serve", "--port", &port])
        .refused(&format!("port {port} is in use: stop the program that has it, or give another one by --port"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_file_turns_writes_away_and_reads_go_on() {
    let place = place().await;
    let served = Served::start(&place);
    let mut client = Client::signed_in(served.address, "epi");
    assert_eq!(register(&mut client, 1).status, 200);
    let held = damage::hold(&place.url()).await.expect("the file is locked");
    let answer = register(&mut client, 2);
    assert_eq!((answer.status, rule(&answer).as_str()), (503, "database_away"));
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert_eq!(client.send("GET", "/api/v1/session", None).expect("it answers").status, 200);
    held.release().await.expect("the lock is given back");
    assert_eq!(register(&mut client, 2).status, 200, "the same command goes through");
    assert!(served.stop().success());
    place.run(&["verify"]).well();
}

/// A small file system of its own; gone with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with the reason printed, where none may be mounted.
    fn mount(at: &Path, mib: u32) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder is made");
        let size = format!("size={mib}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            _ => {
                println!("SKIPPED: a small disk can be mounted by root alone");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_turns_writes_away_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let Some(disk) = SmallDisk::mount(&folder.path().join("small"), 24) else { return };
    let url = |file: &Path| format!("sqlite:{}", file.display());
    let keys = url(&folder.path().join("keys.sqlite"));
    let place = Installation::on(url(&disk.0.join("firebreak.sqlite")), keys).with_outbreak().await;
    place.staff("epi", "epidemiologist");
    let served = Served::start(&place);
    let mut client = Client::signed_in(served.address, "epi");
    assert_eq!(register(&mut client, 1).status, 200);
    // Somebody else's file takes all the room there is.
    let filler = disk.0.join("filler");
    let _ = std::fs::write(&filler, vec![0; 32 << 20]);
    let mut done = 1;
    let full = loop {
        let answer = register(&mut client, done + 1);
        if answer.status != 200 {
            break answer;
        }
        done += 1;
    };
    assert_eq!((full.status, rule(&full).as_str()), (507, "disk_full"));
    assert_eq!(client.send("GET", "/api/v1/session", None).expect("it answers").status, 200);
    std::fs::remove_file(&filler).expect("room is made");
    assert_eq!(register(&mut client, done + 1).status, 200, "the same command goes through");
    assert!(served.stop().success());
    place.run(&["verify"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_the_disk_did_not_keep_stops_the_writer_until_it_is_started_anew() {
    let place = place().await;
    let size = std::fs::metadata(place.path("data/firebreak.sqlite")).expect("there is a file").len();
    let mut served = Served::limited(&place, size / 1_024 + 256);
    let mut client = Client::signed_in(served.address, "epi");
    let mut done = 0;
    let failed = loop {
        let answer = register(&mut client, done);
        if answer.status != 200 {
            break answer;
        }
        done += 1;
    };
    assert_eq!((failed.status, rule(&failed).as_str()), (503, "writing_stopped"));
    // It is not tried again: what the disk has of it is not known any more.
    let again = register(&mut client, done);
    assert_eq!((again.status, rule(&again).as_str()), (503, "writing_stopped"));
    assert_eq!(client.send("GET", "/api/v1/session", None).expect("it answers").status, 200);
    assert!(served.is_running(), "reads go on");
    served.kill();
    let served = Served::start(&place);
    assert_eq!(register(&mut client.again(served.address), done).status, 200, "the same command goes through");
    assert!(served.stop().success());
    place.run(&["verify"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_may_send_twice_in_any_order_with_gaps_and_by_a_clock_ten_years_off() {
    let place = place().await;
    let served = Served::start(&place);
    let mut client = Client::signed_in(served.address, "epi");
    let mut feed = client.again(served.address).listen(None).expect("the feed opens");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis() as i64;
    let (late, early) = (now + 10 * YEAR_MS, now - 10 * YEAR_MS);
    let one = [from_device(1, 1, late), from_device(2, 2, early)];
    let first = seqs(&send(&mut client, &one));
    // Numbers 5 and 4 in the wrong order and one of them twice; 3 never came.
    let two = [from_device(5, 5, early), from_device(4, 4, late), from_device(5, 5, early)];
    let second = seqs(&send(&mut client, &two));
    assert_eq!(second, [first[1] + 1, first[1] + 2, first[1] + 1], "one that stands twice is done once");
    assert_eq!(seqs(&send(&mut client, &one)), first, "a batch that came twice has the same answers");
    let looked = place.run(&["doctor", "--json"]);
    assert!(looked.out.contains("lacks 3"), "{looked:?}");
    seqs(&send(&mut client, &[from_device(3, 3, early)]));
    let looked = place.run(&["doctor", "--json"]);
    assert!(looked.out.contains("none has skipped a number"), "{looked:?}");
    // The order is the journal's and the time the server's; the device's is kept beside it as evidence.
    let mut told: Vec<(i64, i64)> = Vec::new();
    while told.len() < 5 {
        let (name, data) = feed.next().expect("the feed goes on");
        if name == "changes" {
            let changes: Vec<Value> = serde_json::from_str(&data).expect("changes are JSON");
            told.extend(changes.iter().filter_map(|change| change["seq"].as_i64().zip(change["at"].as_i64())));
        }
    }
    assert!(told.is_sorted(), "{told:?}");
    assert!(told.iter().all(|(_, at)| (at - now).abs() < YEAR_MS), "{told:?}");
    // The same id with another person is refused, whichever device it says it is from.
    let other = Envelope { command: scene::register(99).into(), ..from_device(1, 1, late) };
    let body = serde_json::to_string(&other).expect("an envelope is JSON");
    let answer = client.send("POST", COMMANDS, Some(&body)).expect("the server answers");
    assert_eq!((answer.status, rule(&answer).as_str()), (409, "other_content"));
    assert!(served.stop().success());
    place.run(&["verify"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_anchored_and_cut_off_is_found_and_so_is_a_lost_or_cut_anchor_file() {
    let place = place().await;
    let served = Served::start(&place);
    let mut client = Client::signed_in(served.address, "epi");
    let batch: Vec<Envelope> = (0..20).map(envelope).collect();
    let last = *seqs(&send(&mut client, &batch)).last().expect("some");
    // A look at a person, so that the log of reads has a row to be anchored.
    let looked = client.send("GET", &format!("/api/v1/persons/{}", scene::person_id(3).0), None).expect("it answers");
    assert_eq!(looked.status, 200, "{looked:?}");
    assert!(served.stop().success());
    let well = place.run(&["verify"]).well();
    assert!(!well.contains("unproven"), "a server that stops anchors what it wrote: {well}");
    assert!(well.contains("entries/s"), "{well}");
    let anchors = place.path("data-keys/anchors.jsonl");
    let whole = std::fs::read_to_string(&anchors).expect("there are anchors");
    assert!(whole.contains("\"stream\":-1"), "the log of reads is anchored too: {whole}");
    std::fs::remove_file(&anchors).expect("the file is lost");
    place.run(&["verify"]).refused("is missing or empty, and this database was anchored");
    let lines: Vec<&str> = whole.lines().collect();
    std::fs::write(&anchors, format!("{}\n", lines[..lines.len() - 1].join("\n"))).expect("its end is cut off");
    place.run(&["verify"]).refused("was cut off: its last known anchor is not in it");
    // Another file in its place is not taken for the first.
    std::fs::remove_file(&anchors).expect("the file is lost");
    assert!(Served::start(&place).stop().success());
    let other = place.run(&["verify"]).well();
    assert!(other.contains("another anchor file of this database"), "{other}");
    std::fs::write(&anchors, &whole).expect("the file is back");
    place.run(&["verify"]).well();
    damage::cut_off(&place.url(), 1, last - 3).await.expect("the journal is cut off and its head made to fit");
    place.run(&["verify"]).refused(&format!("stream 1, entry {last}: it was anchored, and is gone or differs"));
    damage::cut_off_log(&place.url(), 1).await.expect("the log of reads is cut off");
    place.run(&["verify"]).refused("row 1 was anchored, and is gone or differs");
}
