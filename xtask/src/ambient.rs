//! Clock, randomness, environment and unordered maps: the same bans as clippy.toml, without clippy.

use crate::finding::Finding;
use crate::rust_source::{RustSource, is_word};
use crate::tree::Tree;

const AMBIENT: [(&str, &str); 17] = [
    (
        "SystemTime::now",
        "the clock is read in cli; take i64 milliseconds UTC as an argument",
    ),
    (
        "Instant::now",
        "durations are measured in cli; take a limit as an argument",
    ),
    (
        "Timestamp::now",
        "the clock is read in cli; take i64 milliseconds UTC as an argument",
    ),
    (
        "ZonedDateTime::now",
        "the reporting day follows the outbreak's zone and a given instant",
    ),
    (
        "Zoned::now",
        "the reporting day follows the outbreak's zone and a given instant",
    ),
    (
        "TimeZone::system",
        "the zone is the outbreak's, never this machine's",
    ),
    (
        "TimeZone::try_system",
        "the zone is the outbreak's, never this machine's",
    ),
    (
        "getrandom::",
        "entropy is born in cli; take it as an argument",
    ),
    ("SysRng", "entropy is born in cli; take it as an argument"),
    ("OsRng", "entropy is born in cli; take it as an argument"),
    (
        "thread_rng",
        "entropy is born in cli; take a seeded stream as an argument",
    ),
    (
        "rand::rng",
        "entropy is born in cli; take a seeded stream as an argument",
    ),
    (
        "Uuid::new_v4",
        "ids come from whoever makes the thing, or from the hash of a cause (ADR 4)",
    ),
    (
        "Uuid::now_v7",
        "ids come from whoever makes the thing, or from the hash of a cause (ADR 4)",
    ),
    (
        "env::var",
        "the environment is read in cli; take the value as an argument",
    ),
    (
        "env::vars",
        "the environment is read in cli; take the value as an argument",
    ),
    (
        "env::var_os",
        "the environment is read in cli; take the value as an argument",
    ),
];

/// In `domain` also what would make an answer differ from one machine or run to the next.
const IMPURE: [(&str, &str); 6] = [
    ("HashMap", "its order changes from run to run; use BTreeMap"),
    ("HashSet", "its order changes from run to run; use BTreeSet"),
    (
        "std::fs",
        "domain knows no files; take the text as an argument",
    ),
    ("std::net", "domain knows no network"),
    ("std::thread", "domain knows no threads"),
    ("async fn", "domain never waits"),
];

/// Uses outside `cli`, where these are born, and outside `testkit` and `xtask`, which are never shipped.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust_files() {
        if ["crates/cli/", "crates/testkit/", "xtask/"]
            .iter()
            .any(|room| path.starts_with(room))
        {
            continue;
        }
        let code = RustSource::parse(text).code;
        let pure: &[(&str, &str)] = if path.starts_with("crates/domain/src/") {
            &IMPURE
        } else {
            &[]
        };
        for (index, line) in code.lines().enumerate() {
            for (name, reason) in AMBIENT
                .iter()
                .chain(pure)
                .filter(|(name, _)| names(line, name))
            {
                let rule = if pure.iter().any(|(pure_name, _)| pure_name == name) {
                    "pure-domain"
                } else {
                    "ambient"
                };
                findings.push(Finding::new(
                    path,
                    index + 1,
                    rule,
                    format!("`{name}`: {reason}"),
                ));
            }
        }
    }
    findings
}

/// `name` in `line` as whole words; a name ending in `::` may go on.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && (name.ends_with("::") || !after.is_some_and(is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_planted_use_is_found() {
        for (name, _) in AMBIENT {
            let text = format!("fn f() {{\n    let x = {name}x();\n}}\n")
                .replace("x();", if name.ends_with("::") { "x();" } else { "();" });
            let found = check(&Tree::of(&[("crates/store/src/a.rs", &text)]));
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!((found[0].line, found[0].rule), (2, "ambient"));
        }
        for (name, _) in IMPURE {
            let text = format!("use x;\n{name} y\n");
            let found = check(&Tree::of(&[("crates/domain/src/a.rs", &text)]));
            assert_eq!((found.len(), found[0].rule), (1, "pure-domain"), "{name}");
            assert_eq!(
                check(&Tree::of(&[("crates/server/src/a.rs", &text)])),
                [],
                "{name}"
            );
        }
    }

    #[test]
    fn cli_strings_comments_and_longer_names_are_quiet() {
        let use_of_clock = "fn f() { std::time::SystemTime::now(); }\n";
        for path in [
            "crates/cli/src/main.rs",
            "crates/testkit/src/lib.rs",
            "xtask/src/a.rs",
        ] {
            assert_eq!(check(&Tree::of(&[(path, use_of_clock)])), [], "{path}");
        }
        let look_alikes = "// Instant::now is banned\nfn f() { g(\"env::var\"); MyInstant::now(); env::variable(); }\n";
        assert_eq!(
            check(&Tree::of(&[("crates/store/src/a.rs", look_alikes)])),
            []
        );
    }
}
