//! `verify`: chain, anchors, tables and the log of reads agree, or what does not, where, and what to do.

use super::{anchoring, private::PrivateFolder};
use crate::{place::Place, printing::say};
use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Instant;
use store::{access_log::LogFault, store::Store, verify::Fault};

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
    let mut known = anchoring::compare(&place, &anchors, &store).await?;
    let lines = anchors.faults.iter().map(|fault| format!("anchor file: {fault}; compare it with its copy"));
    known.faults.extend(lines);
    let show = if arguments.json { Show::Json } else { Show::Text };
    let checked = check(&place, &store, &anchored, known, show).await;
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
    known: anchoring::Known,
    show: Show,
) -> anyhow::Result<()> {
    let scratch = PrivateFolder::inside(&place.folder()?)?;
    let bar =
        ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {pos} entries, {per_sec}")?);
    let began = Instant::now();
    let report =
        store.verify(anchored, scratch.path(), |done| bar.set_position(u64::try_from(done).unwrap_or(0))).await;
    bar.finish_and_clear();
    let report = report?;
    let seconds = began.elapsed().as_secs_f64();
    let rate = report.entries as f64 / seconds.max(0.001);
    let log = store.verify_access_log(anchored).await?;
    let faults = known.faults.len() + report.faults.len() + log.faults.len();
    if show == Show::Json {
        let object = serde_json::json!({
            "report": report, "seconds": seconds, "entries_per_second": rate.round(),
            "anchor_faults": known.faults, "anchor_notes": known.notes,
            "log_rows": log.rows, "log_unproven": log.unproven, "log_faults": log.faults,
        });
        say!("{object}");
    } else if show == Show::Text || faults > 0 {
        known.faults.iter().for_each(|fault| say!("{fault}"));
        report.faults.iter().for_each(|fault| say!("{}", described(fault)));
        if report.more_faults > 0 {
            say!("and {} faults more", report.more_faults);
        }
        log.faults.iter().for_each(|fault| say!("{}", described_of_log(fault)));
        for (stream, count) in report.unproven.iter().filter(|(_, count)| **count > 0) {
            say!(
                "stream {stream}: the last {count} entries are not anchored, so they are unproven; `serve` anchors them"
            );
        }
        for (stream, count) in log.unproven.iter().filter(|(_, count)| **count > 0) {
            say!("log of reads, stream {stream}: the last {count} rows are not anchored, so they are unproven");
        }
        known.notes.iter().for_each(|note| say!("{note}"));
        say!(
            "{} entries, {} reads, state {}, {seconds:.1} s, {rate:.0} entries/s",
            report.entries, log.rows, report.state
        );
    }
    match faults {
        0 => Ok(()),
        count => bail!("{count} faults; keep this database as evidence, and restore a copy made before"),
    }
}

/// A fault of the log of reads, with its place.
fn described_of_log(fault: &LogFault) -> String {
    let (stream, what) = match fault {
        LogFault::Misplaced { rows } => {
            return format!("log of reads: {rows} rows stand under no number; they were put in past the door");
        }
        LogFault::BrokenLink { stream, seq } => (stream, format!("row {seq}: its content was altered")),
        LogFault::Gap { stream, expected, found } => {
            (stream, format!("row {expected} is missing, the next one is {found}"))
        }
        LogFault::WrongHead { stream, head, last } => {
            (stream, format!("its head says {head}, its last row is {last}; rows were cut off or added"))
        }
        LogFault::AnchorBroken { stream, seq } => {
            (stream, format!("row {seq} was anchored, and is gone or differs; the log was rewritten"))
        }
    };
    format!("log of reads, stream {stream}: {what}")
}

/// A fault with its place and what to do.
fn described(fault: &Fault) -> String {
    match fault {
        Fault::BrokenLink { stream, seq, position } => {
            format!(
                "stream {stream}, entry {seq} (number {position} of all): its content was altered after it was written; compare with a copy from before"
            )
        }
        Fault::Gap { stream, expected, found } => {
            format!(
                "stream {stream}: entry {expected} is missing, the next one is {found}; restore a copy that has it"
            )
        }
        Fault::Misplaced { stream, seq } => {
            format!("stream {stream:?}, entry {seq:?}: it stands under no number; it was put in past the door")
        }
        Fault::CutShort { stream, after, reason } => {
            format!(
                "stream {stream}: nothing after entry {after} can be read ({reason}); check the disk, restore a copy"
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
        Fault::Unreadable { stream, seq, position, reason } => {
            format!(
                "stream {stream}, entry {seq} (number {position} of all): cannot be read ({reason}); check the key store and the program's version"
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
        Fault::UnreadableTable { table, reason } => {
            format!("table {table}: it cannot be read to its end ({reason}); check the disk, restore a copy")
        }
        Fault::Absent { table } => {
            format!("table {table} is not there, so nothing was replayed; restore a copy that has it")
        }
        Fault::Undeclared { table } => {
            format!("table {table} belongs to nobody; move it to a database of its own")
        }
    }
}
