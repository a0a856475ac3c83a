//! `firebreak`: the one binary. The only place where clock, entropy, environment, paths and sockets are born.
#![allow(clippy::disallowed_methods)]

mod account;
mod bench;
mod born;
mod conflict;
mod demo;
mod export;
mod import;
mod keeping;
mod pack;
mod place;
mod printing;
mod serve;
mod submit;

use clap::{Parser, Subcommand};

/// Commands and rows are many small pieces, made in one thread and dropped in another: what glibc's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Operations platform for the command post of an outbreak response.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    place: place::Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// An exercise district, live, with a sign-in link for each post; it has a database of its own.
    Demo(demo::Arguments),
    /// Serves a database.
    Serve(serve::Arguments),
    /// Makes a new database, or brings an older one up to this program.
    Migrate(keeping::Migrate),
    /// Proves that chain, journal and tables agree.
    Verify(keeping::Verify),
    /// Writes an encrypted copy while the database is in use.
    Backup(keeping::Backup),
    /// Restores a copy, erasures included.
    Restore(keeping::Restore),
    /// Says whether this installation would keep what it is given.
    Doctor(keeping::Doctor),
    /// Erases a person's data: asked by one account, approved by another.
    Erase(keeping::Erase),
    /// Accounts, grants and command posts.
    Account(account::Arguments),
    /// Submits commands from a JSON file: areas, outbreaks, anything the door takes.
    Submit(submit::Arguments),
    /// Brings a file in.
    Import(import::Arguments),
    /// Corrections that found the record changed meanwhile: both values, and what a person decides.
    Conflict(conflict::Arguments),
    /// Takes records out into a file.
    Export(export::Arguments),
    /// Disease packs.
    Pack(pack::Arguments),
    /// Measures, each figure beside the raw limit of the same run.
    Bench(bench::Arguments),
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    keep_to_the_owner();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return born::fail(&format!("the runtime did not start: {error}")),
    };
    if !matches!(arguments.command, Command::Serve(_) | Command::Demo(_)) {
        serve::log_to_stderr(false, "warn,sqlx=error");
    }
    let place = arguments.place;
    let done = runtime.block_on(async {
        match arguments.command {
            Command::Demo(arguments) => demo::run(place, arguments).await,
            Command::Serve(arguments) => serve::run(place, arguments).await,
            Command::Migrate(arguments) => keeping::migrate(place, arguments).await,
            Command::Verify(arguments) => keeping::verify(place, arguments).await,
            Command::Backup(arguments) => keeping::backup(place, arguments).await,
            Command::Restore(arguments) => keeping::restore(place, arguments).await,
            Command::Doctor(arguments) => keeping::doctor(place, arguments).await,
            Command::Erase(arguments) => keeping::erase(place, arguments).await,
            Command::Account(arguments) => account::run(place, arguments).await,
            Command::Submit(arguments) => submit::run(place, arguments).await,
            Command::Import(arguments) => import::run(place, arguments).await,
            Command::Conflict(arguments) => conflict::run(place, arguments).await,
            Command::Export(arguments) => export::run(place, arguments).await,
            Command::Pack(arguments) => pack::run(place, arguments).await,
            Command::Bench(arguments) => bench::run(place, arguments).await,
        }
    });
    match done {
        Ok(()) if printing::all_said() => std::process::ExitCode::SUCCESS,
        // Done, and whoever asked does not know it.
        Ok(()) => std::process::ExitCode::from(1),
        Err(error) => born::fail(&format!("{error:#}")),
    }
}

/// Databases, copies, errors files and exports hold people's data: whatever the shell's mask, nobody else may read them.
fn keep_to_the_owner() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}
