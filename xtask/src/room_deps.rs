//! Which room may depend on which. Dependencies point one way; the table is the rule, and ARCHITECTURE.md
//! shows it to people. It changes together with ARCHITECTURE.md and a decision record, or not at all.

use crate::finding::Finding;
use crate::tree::Tree;

const RULE: &str = "room-dependencies";

struct Room {
    name: &'static str,
    /// Rooms it may depend on in `[dependencies]`.
    may_use: &'static [&'static str],
    /// Libraries that would let it do what it must not know about.
    never: &'static [&'static str],
}

const SQL: [&str; 2] = ["sqlx", "rusqlite"];
const EVERY_ROOM: [&str; 7] = ["domain", "store", "exchange", "server", "twin", "testkit", "xtask"];

const ROOMS: [Room; 8] = [
    Room {
        name: "domain",
        may_use: &[],
        never: &[
            "sqlx",
            "rusqlite",
            "tokio",
            "futures-util",
            "axum",
            "hyper",
            "tower",
            "tracing",
            "getrandom",
            "rand",
            "tempfile",
            "csv",
            "calamine",
            "zip",
        ],
    },
    Room {
        name: "store",
        may_use: &["domain"],
        never: &["axum", "hyper", "tower", "csv", "calamine", "getrandom", "rand"],
    },
    Room {
        name: "exchange",
        may_use: &["domain"],
        never: &["sqlx", "rusqlite", "axum", "hyper", "tokio", "getrandom", "rand"],
    },
    Room { name: "twin", may_use: &["domain"], never: &["sqlx", "rusqlite", "axum", "hyper", "getrandom", "rand"] },
    Room {
        name: "server",
        may_use: &["domain", "store", "exchange"],
        never: &["sqlx", "rusqlite", "getrandom", "rand"],
    },
    Room { name: "cli", may_use: &["domain", "store", "exchange", "server", "twin"], never: &[] },
    Room { name: "testkit", may_use: &["domain", "store", "exchange", "server", "twin"], never: &[] },
    Room { name: "xtask", may_use: &[], never: &SQL },
];

/// In `[dev-dependencies]` a room may use what it may use anyway, and this.
const DEVELOPMENT_ONLY: &str = "testkit";

struct Dependency {
    line: usize,
    package: String,
    development: bool,
}

/// Every crate's manifest against the table; a crate without a line in the table is a finding too.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        let Some(name) = crate_of_manifest(path) else {
            continue;
        };
        let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
            let message = format!(
                "`{name}` is not in the table of rooms; add it to xtask/src/room_deps.rs and ARCHITECTURE.md"
            );
            findings.push(Finding::new(path, 0, RULE, message));
            continue;
        };
        for dependency in dependencies(text) {
            if let Some(message) = refusal(room, &dependency) {
                findings.push(Finding::new(path, dependency.line, RULE, message));
            }
        }
    }
    findings
}

fn crate_of_manifest(path: &str) -> Option<&str> {
    if path == "xtask/Cargo.toml" {
        return Some("xtask");
    }
    let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
    (!name.contains('/')).then_some(name)
}

fn refusal(room: &Room, dependency: &Dependency) -> Option<String> {
    let (name, package) = (room.name, dependency.package.as_str());
    if name == "xtask" {
        return Some(format!("xtask builds with plain std, so that it can judge a broken tree; drop `{package}`"));
    }
    if package == "cli" || (EVERY_ROOM.contains(&package) && !room.may_use.contains(&package)) {
        if dependency.development && package == DEVELOPMENT_ONLY {
            return None;
        }
        let allowed = if room.may_use.is_empty() { "no other room".to_owned() } else { room.may_use.join(", ") };
        return Some(format!(
            "`{name}` must not know `{package}`; it may use {allowed}. Move the code to a room that may"
        ));
    }
    (!dependency.development && room.never.contains(&package))
        .then(|| format!("`{name}` must not touch what `{package}` does; see its line in ARCHITECTURE.md"))
}

/// The dependencies of a manifest, of every kind and target. Reads the plain forms the workspace uses:
/// `name = …`, `name.workspace = true`, `[dependencies.name]` and `package = "…"` for a renamed one.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut development = false;
    let mut in_list = false;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        if let Some(section) = line.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
            development = section.contains("dev-dependencies");
            in_list = section.ends_with("dependencies");
            if let Some((_, name)) = section.split_once("dependencies.") {
                found.push(Dependency { line: index + 1, package: name.trim_matches('"').to_owned(), development });
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let renamed = value.split_once("package").or_else(|| line.strip_prefix("package").map(|rest| ("", rest)));
        let real = renamed.and_then(|(_, rest)| rest.split('"').nth(1)).map(str::to_owned);
        if in_list {
            let name = key.trim().split('.').next().unwrap_or("").trim_matches('"').to_owned();
            found.push(Dependency { line: index + 1, package: real.unwrap_or(name), development });
        } else if let (Some(real), Some(last)) = (real, found.last_mut()) {
            last.package = real; // `package = "…"` under `[dependencies.name]`
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, manifest: &str) -> Vec<Finding> {
        check(&Tree::of(&[(path, manifest)]))
    }

    #[test]
    fn every_planted_dependency_is_found() {
        let planted = [
            ("crates/domain/Cargo.toml", "[dependencies]\nstore.workspace = true\n"),
            ("crates/domain/Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n"),
            ("crates/twin/Cargo.toml", "[dependencies]\nstore = { path = \"../store\" }\n"),
            ("crates/server/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nsqlx.workspace = true\n"),
            ("crates/exchange/Cargo.toml", "[dependencies.server]\nworkspace = true\n"),
            ("crates/exchange/Cargo.toml", "[dependencies]\nkeeper = { package = \"store\", path = \"../store\" }\n"),
            ("crates/server/Cargo.toml", "[dependencies]\ntestkit.workspace = true\n"),
            ("crates/store/Cargo.toml", "[dev-dependencies]\nserver.workspace = true\n"),
            ("crates/server/Cargo.toml", "[build-dependencies]\ncli.workspace = true\n"),
            ("xtask/Cargo.toml", "[dependencies]\nserde = \"1\"\n"),
            ("crates/newroom/Cargo.toml", "[package]\nname = \"newroom\"\n"),
        ];
        for (path, manifest) in planted {
            assert_eq!(findings(path, manifest).len(), 1, "{path}: {manifest}");
        }
        assert_eq!(findings(planted[1].0, planted[1].1)[0].line, 2);
    }

    #[test]
    fn allowed_dependencies_are_quiet() {
        let quiet = [
            (
                "crates/domain/Cargo.toml",
                "[dependencies]\nserde.workspace = true\n[dev-dependencies]\nproptest = \"1\"\n",
            ),
            (
                "crates/server/Cargo.toml",
                "[dependencies]\ndomain.workspace = true # and store\nstore.workspace = true\n",
            ),
            ("crates/store/Cargo.toml", "[dev-dependencies]\ntestkit.workspace = true\nrusqlite.workspace = true\n"),
            ("crates/cli/Cargo.toml", "[dependencies]\ntwin.workspace = true\nsqlx.workspace = true\n"),
            ("Cargo.toml", "[workspace.dependencies]\nsqlx = \"0.9\"\n"),
        ];
        for (path, manifest) in quiet {
            assert_eq!(findings(path, manifest), [], "{path}");
        }
    }
}
