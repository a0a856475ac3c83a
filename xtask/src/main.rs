//! Development commands: `cargo xtask tidy`, `cargo xtask tidy --lower`, `cargo xtask rooms`.
//! Plain std, so that it builds in a second and can judge a tree that does not compile.

mod ambient;
mod dead_paths;
mod finding;
mod lengths;
mod room_deps;
mod rooms;
mod rust_source;
mod sql_place;
mod tidy;
mod tree;
mod unfinished;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str =
    "usage: cargo xtask tidy [--lower]   check the house rules; --lower writes shrunken lengths to xtask/ratchet.txt
       cargo xtask rooms            lines by room: code, comments, tests";

#[expect(clippy::disallowed_methods, reason = "a binary of its own: its command line is born here")]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => tidy::run(&workspace_root()),
        ["tidy", "--lower"] => tidy::lower(&workspace_root()),
        ["rooms"] => rooms::run(&workspace_root()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(report) => {
            eprint!("{report}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout this binary was built from.
fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
