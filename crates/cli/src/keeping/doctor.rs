//! `doctor`: whether this installation would keep what it is given, each point with what was found and what to do.

use super::migrate::shown;
use crate::{place::Place, printing::say};
use anyhow::bail;
use std::{collections::BTreeSet, path::Path, process::Command};
use store::{
    engine::Durability,
    schema,
    store::Store,
    vault::{ErasureLedger, Separation},
};

/// How to look.
#[derive(clap::Args)]
pub struct Doctor {
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// One point.
#[derive(serde::Serialize)]
struct Point {
    point: &'static str,
    sound: bool,
    found: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    remedy: String,
}

impl Point {
    fn new(point: &'static str, sound: bool, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { point, sound, found: found.into(), remedy: if sound { String::new() } else { remedy.into() } }
    }
}

/// Most difference between this machine's clock and the database server's, milliseconds. [P]
const MOST_SKEW_MS: i64 = 1_000;
/// Longest a reaction may be without answer: ten rounds of the server's timer, milliseconds. [P]
const MOST_UNANSWERED_MS: i64 = 10 * 60_000;
/// Longest an envelope may wait for a record, milliseconds: a day. [P]
const MOST_WAITING_MS: i64 = 24 * 3_600_000;
/// Least free space, KiB: one GiB. [P]
const LEAST_FREE_KIB: u64 = 1 << 20;

/// Looks; any point that is not sound is a failure.
pub async fn doctor(place: Place, arguments: Doctor) -> anyhow::Result<()> {
    let mut points = secrets(&place);
    points.extend(data_files(&place));
    points.push(ledger(&place));
    points.push(space(&place));
    match place.open().await {
        Ok(store) => {
            points.push(Point::new(
                "database",
                true,
                format!("{} opens, schema {}", shown(&place.database), schema::VERSION),
                "",
            ));
            let looked = database(&place, &store, &mut points).await;
            store.close().await;
            looked?;
        }
        Err(error) => points.push(Point::new("database", false, format!("{error:#}"), "see the message")),
    }
    let wrong = points.iter().filter(|point| !point.sound).count();
    if arguments.json {
        say!("{}", serde_json::json!({ "sound": wrong == 0, "points": points }));
    } else {
        for point in &points {
            let mark = if point.sound { "ok " } else { "NO " };
            say!("{mark}{}: {}{}{}", point.point, point.found, if point.sound { "" } else { "; " }, point.remedy);
        }
    }
    match wrong {
        0 => Ok(()),
        1 => bail!("one point needs attention"),
        count => bail!("{count} points need attention"),
    }
}

async fn database(place: &Place, store: &Store, points: &mut Vec<Point>) -> anyhow::Result<()> {
    let durability = Durability::read(store.db()).await?;
    let settings: Vec<String> =
        durability.settings.iter().map(|(name, found, ..)| format!("{name}={found}")).collect();
    let weak = durability.refuse_if_weak().err().map(|error| error.to_string());
    points.push(Point::new("durability", weak.is_none(), settings.join(" "), weak.unwrap_or_default()));
    points.push(separation(store).await?);
    if let Some(server) = store.server_clock().await? {
        let skew = store.now().saturating_sub(server);
        points.push(Point::new(
            "clock",
            skew.abs() <= MOST_SKEW_MS,
            format!("{skew} ms from the database server's"),
            "set both clocks by the same time service",
        ));
    }
    let late = store.lateness().await?;
    let older = |since: Option<i64>, most: i64| since.is_some_and(|since| store.now().saturating_sub(since) > most);
    points.push(Point::new(
        "waiting",
        !older(late.waiting_since, MOST_WAITING_MS),
        format!("{} envelopes wait for a record", late.waiting),
        "the oldest waits for more than a day: look for the device that has not sent the record",
    ));
    points.push(Point::new(
        "dispatches",
        !older(late.unanswered_since, MOST_UNANSWERED_MS),
        format!("{} without answer", late.unanswered),
        "start `serve`, which delivers them; look into its log if they stay",
    ));
    points.push(completed(place, store).await?);
    points.push(Point::new("devices", true, skipped(store).await?, ""));
    let exercise = if store.is_exercise() { "marked exercise: not for real people" } else { "not an exercise" };
    points.push(Point::new("exercise", true, exercise, ""));
    Ok(())
}

/// Whether every approved erasure stands in the ledger: one that does not was cut off.
async fn completed(place: &Place, store: &Store) -> anyhow::Result<Point> {
    let entries = match ErasureLedger::read(&place.ledger_file()?, None) {
        Ok((entries, _)) => entries.iter().map(|entry| entry.erasure().request).collect(),
        Err(_) => BTreeSet::new(),
    };
    let approved = store.approved_erasures().await?;
    let open: Vec<String> =
        approved.iter().filter(|(id, _)| !entries.contains(&id.0)).map(|(id, _)| id.to_string()).collect();
    let found = format!("{} approved, {} of them cut off", approved.len(), open.len());
    let remedy =
        format!("complete them: `firebreak erase --approve {}`", open.join("`, `firebreak erase --approve "));
    Ok(Point::new("erasures", open.is_empty(), found, remedy))
}

/// Numbers of devices that never came: what was entered there may still be on the device.
async fn skipped(store: &Store) -> anyhow::Result<String> {
    let skipped = store.skipped().await?;
    let shown = skipped.iter().take(20).map(|device| {
        let ranges: Vec<String> = device
            .gaps
            .iter()
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
            .collect();
        format!("{} (stream {}) lacks {}", device.device, device.stream, ranges.join(", "))
    });
    let shown: Vec<String> = shown.collect();
    Ok(match shown.is_empty() {
        true => "none has skipped a number".to_owned(),
        false => format!("{} skipped numbers, ask their holders to send again: {}", skipped.len(), shown.join("; ")),
    })
}

/// Whether whoever copies the data would copy the keys along.
async fn separation(store: &Store) -> anyhow::Result<Point> {
    let (data, keys) = (store.identity().await?, store.vault().identity().await?);
    let apart = data.separation(&keys);
    let found = match apart {
        Separation::Same => format!("keys lie in the database itself: {keys}"),
        Separation::SameDirectory => format!("keys lie in the database's folder: {keys}"),
        Separation::SameMachine => format!("keys lie apart, on the same machine: {keys}"),
        Separation::Apart => format!("keys lie apart: {keys}"),
    };
    let remedy = "move the key store to a folder or a database of its own and name it by --keys, so that no copy of the data holds the keys";
    Ok(Point::new("key store", apart >= Separation::SameMachine, found, remedy))
}

fn secrets(place: &Place) -> Vec<Point> {
    let mut points = Vec::new();
    let mut files = vec![("anchor key", place.anchor_key_file())];
    match std::env::var("FIREBREAK_MASTER_KEY") {
        Ok(_) => points.push(Point::new("master key", true, "given in the environment", "")),
        Err(_) => files.insert(0, ("master key", place.master_key_file())),
    }
    for (point, file) in files {
        points.push(match file {
            Ok(file) => private(point, &file),
            Err(error) => Point::new(point, false, format!("{error:#}"), "see the message"),
        });
    }
    points
}

/// The database's files, where it is one of files.
fn data_files(place: &Place) -> Vec<Point> {
    let Some(file) = place.database.strip_prefix("sqlite:") else { return Vec::new() };
    let there = ["", "-wal", "-shm"].map(|ending| format!("{file}{ending}"));
    there.iter().map(Path::new).filter(|file| file.exists()).map(|file| private("data", file)).collect()
}

#[cfg(unix)]
fn private(point: &'static str, file: &Path) -> Point {
    use std::os::unix::fs::PermissionsExt as _;
    match std::fs::metadata(file) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            let found = format!("{} has mode {mode:o}", file.display());
            Point::new(point, mode & 0o077 == 0, found, format!("run `chmod 600 {}`", file.display()))
        }
        Err(error) => Point::new(
            point,
            false,
            format!("{}: {error}", file.display()),
            "bring it from its copy, or run `firebreak migrate` for a new database",
        ),
    }
}

#[cfg(not(unix))]
fn private(point: &'static str, file: &Path) -> Point {
    Point::new(point, file.exists(), file.display().to_string(), "bring it from its copy; only its owner may read it")
}

fn ledger(place: &Place) -> Point {
    let read = place.ledger_file().and_then(|file| Ok((ErasureLedger::read(&file, None)?, file)));
    match read {
        Ok(((entries, faults), file)) => {
            let fault = faults.first().map(ToString::to_string);
            let found = format!("{} with {} entries", file.display(), entries.len());
            Point::new("erasure ledger", fault.is_none(), found, fault.unwrap_or_default())
        }
        Err(error) => Point::new(
            "erasure ledger",
            false,
            format!("{error:#}"),
            "bring it from its copy: `restore` refuses without it; `firebreak migrate` makes an empty one for a new database",
        ),
    }
}

/// Free space where the database's folder lies, as `df` tells it.
fn space(place: &Place) -> Point {
    let unknown = || Point::new("disk", true, "free space is not told here", "");
    let Ok(folder) = place.folder() else { return unknown() };
    let Ok(told) = Command::new("df").arg("-Pk").arg(&folder).output() else { return unknown() };
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let free =
        text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|free| free.parse::<u64>().ok());
    match free {
        Some(free) => Point::new(
            "disk",
            free >= LEAST_FREE_KIB,
            format!("{} MiB free", free / 1024),
            "free at least one GiB: when the disk is full reads go on and writes are refused",
        ),
        None => unknown(),
    }
}
