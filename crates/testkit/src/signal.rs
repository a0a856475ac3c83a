//! Signals to processes.

use crate::program::run;
use std::process::Command;

/// Sends a signal by its name (`TERM`, `KILL`, `QUIT` …). By the shell's own `kill`: a bare Debian machine has no program
/// of that name.
pub fn signal(name: &str, processes: &[u32]) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"kill -s "$@""#, "kill", name]).args(processes.iter().map(u32::to_string));
    run(&mut shell, "kill").map(|_| ())
}
