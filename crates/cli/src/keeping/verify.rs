//! `verify`: chain, anchors, tables and the log of reads agree, or what does not, where, and what to do.

use super::{anchoring, private::PrivateFolder};
use crate::place::Place;
use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use store::{store::Store, verify::Fault};

/// How to verify.
#[derive(clap::Args)]
pub struct Verify {
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// Verifies; any fault is a failure.
pub async fn verify(place: Place, arguments: Verify) -> anyhow::Result<()> {
    let store = place.open().await?;
    let anchors = anchoring::read(&place)?;
    let anchored = anchoring::of_database(&anchors, store.epoch());
    let lines: Vec<String> = anchors.faults.iter().map(|fault| format!("anchor file: {fault}")).collect();
    let show = if arguments.json { Show::Json } else { Show::Text };
    let checked = check(&place, &store, &anchored, lines, show).await;
    store.close().await;
    checked
}

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// One JSON object.
    Json,
    /// For people.
    Text,
    /// Faults only.
    Faults,
}

/// Verifies against given anchors and prints what was found.
pub async fn check(
    place: &Place,
    store: &Store,
    anchored: &anchoring::Anchored,
    anchor_faults: Vec<String>,
    show: Show,
) -> anyhow::Result<()> {
    let scratch = PrivateFolder::inside(&place.folder()?)?;
    let bar =
        ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {pos} entries, {per_sec}")?);
    let report =
        store.verify(anchored, scratch.path(), |done| bar.set_position(u64::try_from(done).unwrap_or(0))).await;
    bar.finish_and_clear();
    let report = report?;
    let log = store.verify_access_log().await?;
    let faults = anchor_faults.len() + report.faults.len() + log.faults.len();
    if show == Show::Json {
        let object = serde_json::json!({
            "report": report, "anchor_faults": anchor_faults, "log_rows": log.rows,
            "log_faults": log.faults.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>(),
        });
        println!("{object}");
    } else if show == Show::Text || faults > 0 {
        for fault in &anchor_faults {
            println!("{fault}; compare the anchor file with its copy");
        }
        for fault in &report.faults {
            println!("{}", described(fault));
        }
        for fault in &log.faults {
            println!("log of reads: {fault:?}; keep the database as evidence and restore a copy");
        }
        for (stream, count) in report.unproven.iter().filter(|(_, count)| **count > 0) {
            println!(
                "stream {stream}: the last {count} entries are not anchored, so they are unproven; `serve` anchors them"
            );
        }
        println!("{} entries, {} reads, state {}", report.entries, log.rows, report.state);
    }
    match faults {
        0 => Ok(()),
        count => bail!("{count} faults; keep this database as evidence, and restore a copy made before"),
    }
}

/// A fault with its place and what to do.
fn described(fault: &Fault) -> String {
    match fault {
        Fault::BrokenLink { stream, seq } => {
            format!(
                "stream {stream}, entry {seq}: its content was altered after it was written; compare with a copy from before"
            )
        }
        Fault::Gap { stream, expected, found } => {
            format!(
                "stream {stream}: entry {expected} is missing, the next one is {found}; restore a copy that has it"
            )
        }
        Fault::WrongHead { stream, head, last } => {
            format!("stream {stream}: its head says {head}, its last entry is {last}; entries were cut off or added")
        }
        Fault::AnchorBroken { stream, seq } => {
            format!(
                "stream {stream}, entry {seq}: it was anchored, and is gone or differs; the history was rewritten"
            )
        }
        Fault::Unreadable { stream, seq, reason } => {
            format!(
                "stream {stream}, entry {seq}: cannot be read ({reason}); check the key store and the program's version"
            )
        }
        Fault::MissingVersion { aggregate, version } => {
            format!("record {aggregate}: version {version} is missing; restore a copy that has it")
        }
        Fault::Differs { table, rows, replayed, first } => {
            format!(
                "table {table}: {rows} rows, replay gives {replayed}; the first that differs is {first}; it was changed past the door"
            )
        }
        Fault::Undeclared { table } => {
            format!("table {table} belongs to nobody; move it to a database of its own")
        }
    }
}
