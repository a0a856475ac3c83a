//! `firebreak bench`: what is measured, beside the raw limit or a peer, both in the same run.

mod bare;
mod import;
mod mix;
mod write;

use clap::{Args, Subcommand};
use serde::Serialize;

/// What to measure.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// The write path, from bytes to a durable commit.
    Write(write::Arguments),
    /// A generated line list of any length, from the file to a durable register.
    Import(import::Arguments),
}

/// One figure with its limit.
#[derive(Serialize)]
pub struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    limit: f64,
    limit_name: String,
    ratio: f64,
}

/// What a bench prints with `--json` (DESIGN §11).
#[derive(Serialize)]
pub struct Results {
    bench: &'static str,
    engine: &'static str,
    results: Vec<Figure>,
}

/// Runs one bench.
pub async fn run(place: crate::place::Place, arguments: Arguments) -> anyhow::Result<()> {
    match arguments.subject {
        Subject::Write(arguments) => write::run(place, arguments).await,
        Subject::Import(arguments) => import::run(place, arguments).await,
    }
}
