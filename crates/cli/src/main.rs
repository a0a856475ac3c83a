//! `firebreak`: the one binary. The only place where clock, entropy, environment, paths and sockets are born.
#![allow(clippy::disallowed_methods)]

mod bench;
mod born;

use clap::{Parser, Subcommand};

/// Operations platform for the command post of an outbreak response.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures, each figure beside the raw limit of the same run.
    Bench(bench::Arguments),
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return born::fail(&format!("the runtime did not start: {error}")),
    };
    let done = runtime.block_on(async {
        match arguments.command {
            Command::Bench(arguments) => bench::run(arguments).await,
        }
    });
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => born::fail(&error.to_string()),
    }
}
