//! Clock, randomness, environment and unordered maps: the same bans as clippy.toml, without clippy.

use crate::finding::Finding;
use crate::rust_source::{RustSource, is_word};
use crate::tree::Tree;

/// What reads something of this machine or moment, by the advice that goes with it.
const AMBIENT: [(&str, &[&str]); 6] = [
    (
        "the clock is read in cli; take i64 milliseconds UTC, or a limit, as an argument",
        &["SystemTime::now", "Instant::now", "Timestamp::now"],
    ),
    (
        "the reporting day follows the outbreak's zone and a given instant",
        &["ZonedDateTime::now", "Zoned::now", "TimeZone::system", "TimeZone::try_system"],
    ),
    (
        "entropy is born in cli; take it, or a seeded stream, as an argument",
        &[
            "getrandom::",
            "SysRng",
            "OsRng",
            "thread_rng",
            "rand::rng",
            "generate_salt",
            "Salt::generate",
            "Key::generate",
        ],
    ),
    ("ids come from whoever makes the thing, or from the hash of a cause (ADR 4)", &["Uuid::new_v4", "Uuid::now_v7"]),
    (
        "environment, command line and paths are read in cli; take the value as an argument",
        &[
            "env::var",
            "env::vars",
            "env::var_os",
            "env::vars_os",
            "env::args",
            "env::args_os",
            "env::current_dir",
            "env::home_dir",
            "env::temp_dir",
        ],
    ),
    ("its order changes from run to run; use BTreeMap or BTreeSet", &["RandomState"]),
];

/// In `domain` also what would make an answer differ from one machine or run to the next.
const IMPURE: [(&str, &[&str]); 3] = [
    ("its order changes from run to run; use BTreeMap or BTreeSet", &["HashMap", "HashSet"]),
    ("domain knows no files and no network; take the text as an argument", &["std::fs", "std::net"]),
    ("domain never waits and has no threads", &["std::thread", "async fn"]),
];

/// Uses outside `cli`, where these are born, and outside `testkit` and `xtask`, which are never shipped.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust_files() {
        if ["crates/cli/", "crates/testkit/", "xtask/"].iter().any(|room| path.starts_with(room)) {
            continue;
        }
        let code = RustSource::parse(text).code;
        for (index, line) in code.lines().enumerate() {
            let mut report = |rule, lists: &[(&str, &[&str])]| {
                for (advice, list) in lists {
                    for name in list.iter().filter(|name| names(line, name)) {
                        findings.push(Finding::new(path, index + 1, rule, format!("`{name}`: {advice}")));
                    }
                }
            };
            report("ambient", &AMBIENT);
            if path.starts_with("crates/domain/src/") {
                report("pure-domain", &IMPURE);
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
        for name in AMBIENT.iter().flat_map(|(_, list)| *list) {
            let call = if name.ends_with("::") { "fill()" } else { "()" };
            let text = format!("fn f() {{\n    let x = {name}{call};\n}}\n");
            let found = check(&Tree::of(&[("crates/store/src/a.rs", &text)]));
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!((found[0].line, found[0].rule), (2, "ambient"));
        }
        for name in IMPURE.iter().flat_map(|(_, list)| *list) {
            let text = format!("use x;\n{name} y\n");
            let found = check(&Tree::of(&[("crates/domain/src/a.rs", &text)]));
            assert_eq!((found.len(), found[0].rule), (1, "pure-domain"), "{name}");
            assert_eq!(check(&Tree::of(&[("crates/server/src/a.rs", &text)])), [], "{name}");
        }
    }

    #[test]
    fn cli_strings_comments_and_longer_names_are_quiet() {
        let use_of_clock = "fn f() { std::time::SystemTime::now(); }\n";
        for path in ["crates/cli/src/main.rs", "crates/testkit/src/lib.rs", "xtask/src/a.rs"] {
            assert_eq!(check(&Tree::of(&[(path, use_of_clock)])), [], "{path}");
        }
        let look_alikes =
            "// Instant::now is banned\nfn f() { g(\"env::var\"); MyInstant::now(); env::variable(); }\n";
        assert_eq!(check(&Tree::of(&[("crates/store/src/a.rs", look_alikes)])), []);
    }
}
