//! Nothing unfinished and nothing of one machine enters the tree.

use crate::finding::Finding;
use crate::rust_source::{RustSource, has_word};
use crate::tree::Tree;

/// Written in halves so that this file passes its own check.
const MACROS: [&str; 2] = [concat!("to", "do!"), concat!("unimple", "mented!")];
const MARKS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
const MACHINE_FOLDERS: [&str; 6] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/t", "mp/"),
    concat!("/wo", "rk/"),
    concat!("C:\\", "Users"),
];

/// Unfinished places in code, configuration and scripts; machine paths in every text file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        if path.ends_with(".rs") {
            let code = RustSource::parse(text).code;
            for (index, line) in code.lines().enumerate() {
                for name in MACROS.iter().filter(|name| has_macro(line, name)) {
                    let message = format!("`{name}` panics when reached; finish it, or refuse with a reason");
                    findings.push(Finding::new(path, index + 1, "unfinished", message));
                }
            }
        }
        let may_hold_marks = ![".md", ".csv", ".json"].iter().any(|ending| path.ends_with(ending));
        for (index, line) in text.lines().enumerate() {
            if may_hold_marks {
                for mark in MARKS.iter().filter(|mark| has_word(line, mark)) {
                    let message =
                        format!("`{mark}`: finish it, or write it down as an issue and say here what is so today");
                    findings.push(Finding::new(path, index + 1, "unfinished", message));
                }
            }
            for folder in MACHINE_FOLDERS.iter().filter(|folder| has_path(line, folder)) {
                let message = format!("`{folder}` exists on one machine only; take the path as an argument");
                findings.push(Finding::new(path, index + 1, "machine-path", message));
            }
        }
    }
    findings
}

/// `name!` as a macro call of its own, not the end of a longer name.
fn has_macro(line: &str, name: &str) -> bool {
    let word = name.trim_end_matches('!');
    line.match_indices(name).any(|(at, _)| has_word(&line[at.saturating_sub(1)..at + word.len()], word))
}

/// `folder` as the beginning of a path: not the middle of a longer path or of a web address.
fn has_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | ')' | '/' | '*'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| (finding.line, finding.rule)).collect()
    }

    #[test]
    fn every_planted_place_is_found() {
        for name in MACROS {
            let text = format!("fn f() {{\n    {name}(\"later\")\n}}\n");
            assert_eq!(rules("crates/domain/src/a.rs", &text), [(2, "unfinished")], "{name}");
        }
        for mark in MARKS {
            assert_eq!(rules("crates/domain/src/a.rs", &format!("// {mark}: later\n")), [(1, "unfinished")]);
            assert_eq!(rules("packs/x.toml", &format!("days = 1 # {mark}\n")), [(1, "unfinished")]);
        }
        for folder in MACHINE_FOLDERS {
            assert_eq!(rules("README.md", &format!("run\n`{folder}x`\n")), [(2, "machine-path")], "{folder}");
        }
    }

    #[test]
    fn look_alikes_are_quiet() {
        let text =
            "const MASK: &str = \"FZ-XXXX\"; // a case code\nfn f() { my_todo!(); }\n".replace("my_todo", "mytodo");
        assert_eq!(rules("crates/domain/src/a.rs", &text), []);
        assert_eq!(rules("README.md", &format!("https://example.org{}x\n", MACHINE_FOLDERS[0])), []);
        assert_eq!(rules("README.md", &format!("no {} in code\n", MARKS[0])), []);
    }
}
