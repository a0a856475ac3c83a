//! PostgreSQL's own programs for copies. The password travels in the environment, not on the command line.

use anyhow::{Context as _, bail};
use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
};

/// An address without password, and the password.
fn parted(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let Some((who, place)) = rest.split_once('@') else { return (url.to_owned(), None) };
    match who.split_once(':') {
        Some((user, password)) => (format!("{scheme}://{user}@{place}"), Some(decoded(password))),
        None => (url.to_owned(), None),
    }
}

/// Percent-decoding, as in an address.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let ahead = rest.clone().take(2).map(char::from).collect::<String>();
        match (byte, u8::from_str_radix(&ahead, 16)) {
            (b'%', Ok(value)) if ahead.len() == 2 => {
                bytes.push(value);
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn program(name: &str, url: &str) -> Command {
    let (url, password) = parted(url);
    let mut command = Command::new(name);
    command.arg("--dbname").arg(url);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command
}

fn started(command: &mut Command, name: &str) -> anyhow::Result<std::process::Child> {
    match command.spawn() {
        Ok(child) => Ok(child),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!(
                "{name} is not installed here: install PostgreSQL's client programs of the server's version and put them on PATH"
            )
        }
        Err(error) => Err(error).with_context(|| format!("{name} did not start")),
    }
}

/// Gives a dump, as it comes, to `take`; an unfinished dump is an error.
pub fn dump(url: &str, take: impl FnOnce(&mut dyn Read) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut command = program("pg_dump", url);
    command.args(["--format=custom", "--no-owner", "--no-privileges"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = started(&mut command, "pg_dump")?;
    let taken = match child.stdout.take() {
        Some(mut out) => take(&mut out),
        None => bail!("pg_dump gave no output"),
    };
    let status = child.wait().context("pg_dump did not end")?;
    taken?;
    if !status.success() {
        bail!("pg_dump ended with {status}; its message stands above; the copy is not usable");
    }
    Ok(())
}

/// Loads a dump into an empty database, all or nothing.
pub fn load(url: &str, dump: &Path) -> anyhow::Result<()> {
    let mut command = program("pg_restore", url);
    command.args(["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]).arg(dump);
    let status = started(&mut command, "pg_restore")?.wait().context("pg_restore did not end")?;
    if !status.success() {
        bail!("pg_restore ended with {status}; its message stands above; nothing was loaded");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_address() {
        let (url, password) = parted("postgres://fire:a%40b%25@db/post?sslmode=require");
        assert_eq!(url, "postgres://fire@db/post?sslmode=require");
        assert_eq!(password.as_deref(), Some("a@b%"));
        assert_eq!(parted("postgres://fire@db/post"), ("postgres://fire@db/post".to_owned(), None));
    }
}
