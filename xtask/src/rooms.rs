//! `cargo xtask rooms`: lines by room, so that growth is seen where it happens.

use std::collections::BTreeMap;
use std::path::Path;

use crate::rust_source::RustSource;
use crate::tree::Tree;

/// Non-blank lines. A line with code and a comment counts as code.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Lines {
    files: usize,
    code: usize,
    comments: usize,
    tests: usize,
}

/// `cargo xtask rooms`.
pub fn run(root: &Path) -> Result<String, String> {
    let tree = Tree::read(root).map_err(|error| format!("cannot read {}: {error}\n", root.display()))?;
    Ok(table(&by_room(&tree)))
}

fn by_room(tree: &Tree) -> BTreeMap<String, Lines> {
    let mut rooms: BTreeMap<String, Lines> = BTreeMap::new();
    for (path, text) in tree.files() {
        let Some(room) = room_of(path) else { continue };
        let lines = rooms.entry(room.to_owned()).or_default();
        lines.files += 1;
        if path.ends_with(".rs") {
            count_rust(path, text, lines);
        } else {
            count_plain(path, text, lines);
        }
    }
    rooms
}

/// `crates/store/src/a.rs` is of `store`; packs, rules, migrations count too, manifests and papers do not.
fn room_of(path: &str) -> Option<&str> {
    let counted = [".rs", ".sql", ".ts", ".svelte"].iter().any(|ending| path.ends_with(ending));
    let (first, rest) = path.split_once('/')?;
    match first {
        "crates" if counted => rest.split('/').next(),
        "packs" if path.ends_with(".toml") => Some(first),
        "xtask" | "rules" | "console" | "fuzz" if counted => Some(first),
        _ => None,
    }
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn count_rust(path: &str, text: &str, lines: &mut Lines) {
    let source = RustSource::parse(text);
    let in_test = source.test_lines();
    let all_tests = is_test_file(path);
    let split = source.code.lines().zip(source.comments.lines());
    for (index, (line, (code, comment))) in text.lines().zip(split).enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if all_tests || in_test.get(index) == Some(&true) {
            lines.tests += 1;
        } else if code.trim().is_empty() && !comment.trim().is_empty() {
            lines.comments += 1;
        } else {
            lines.code += 1;
        }
    }
}

fn count_plain(path: &str, text: &str, lines: &mut Lines) {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if is_test_file(path) {
            lines.tests += 1;
        } else if ["--", "#", "//"].iter().any(|mark| line.starts_with(mark)) {
            lines.comments += 1;
        } else {
            lines.code += 1;
        }
    }
}

fn table(rooms: &BTreeMap<String, Lines>) -> String {
    let mut text =
        format!("{:<10} {:>6} {:>8} {:>9} {:>8} {:>8}\n", "room", "files", "code", "comments", "tests", "tests %");
    let mut total = Lines::default();
    for (room, lines) in rooms {
        text.push_str(&row(room, lines));
        total.files += lines.files;
        total.code += lines.code;
        total.comments += lines.comments;
        total.tests += lines.tests;
    }
    text.push_str(&row("all", &total));
    text
}

fn row(room: &str, lines: &Lines) -> String {
    let percent = (lines.tests * 100).checked_div(lines.code + lines.comments + lines.tests).unwrap_or(0);
    format!(
        "{room:<10} {:>6} {:>8} {:>9} {:>8} {percent:>7}%\n",
        lines.files, lines.code, lines.comments, lines.tests
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_once_and_in_their_room() {
        let unit = "//! About.\n\nfn f() {} // why\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
        let tree = Tree::of(&[
            ("crates/store/src/a.rs", unit),
            ("crates/store/tests/b.rs", "fn t() {}\n\n// why\n"),
            ("crates/store/migrations/1.sql", "-- why\nselect 1;\n"),
            ("crates/store/Cargo.toml", "[package]\n"),
            ("packs/x.toml", "# source\ndays = 1\n"),
            ("README.md", "text\n"),
        ]);
        let rooms = by_room(&tree);
        assert_eq!(rooms.len(), 2);
        assert_eq!(rooms["store"], Lines { files: 3, code: 2, comments: 2, tests: 6 });
        assert_eq!(rooms["packs"], Lines { files: 1, code: 1, comments: 1, tests: 0 });
        assert!(table(&rooms).lines().last().unwrap().starts_with("all"));
    }
}
