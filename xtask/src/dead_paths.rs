//! The papers point at places in the code; a place that moved takes its signpost with it.

use crate::finding::Finding;
use crate::tree::Tree;

const RULE: &str = "dead-path";
const PAPERS: [&str; 6] =
    ["README.md", "ARCHITECTURE.md", "STYLE.md", "CONTRIBUTING.md", "PRIVACY.md", "SECURITY.md"];
const OWN_FOLDERS: [&str; 5] = ["crates/", "xtask/", "scripts/", "docs/", "packs/"];

/// Paths between backticks or in a link's brackets that name no file and no folder of the tree.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for paper in PAPERS {
        for (index, line) in tree.get(paper).unwrap_or("").lines().enumerate() {
            for path in mentioned(line).filter(|path| !exists(tree, path)) {
                let message =
                    format!("`{path}` is not there; point at where it is now, or say \"not yet\" without a path");
                findings.push(Finding::new(paper, index + 1, RULE, message));
            }
        }
    }
    findings
}

/// A pattern (`packs/*.toml`) or a placeholder (`noun/NOUN.rs`) is no path.
fn mentioned(line: &str) -> impl Iterator<Item = &str> {
    line.split(['`', '(', ')', ' ', ',']).filter(|word| {
        OWN_FOLDERS.iter().any(|folder| word.starts_with(folder))
            && !word.contains('*')
            && !word.contains("NOUN")
            && !word.contains("NEW")
    })
}

fn exists(tree: &Tree, path: &str) -> bool {
    let path = path.trim_end_matches(['.', ';', ':']);
    let folder = format!("{}/", path.trim_end_matches('/'));
    tree.get(path).is_some() || tree.files().any(|(file, _)| file.starts_with(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_path_is_found_and_living_ones_are_quiet() {
        let style = "See `crates/domain/src/a.rs`, `crates/domain`, `packs/*.toml`.\nSee `crates/domain/src/noun/NOUN.rs`, [b](docs/adr/b.md).\n*See* `crates/domain/src/gone.rs`.\n";
        let tree = Tree::of(&[("STYLE.md", style), ("crates/domain/src/a.rs", ""), ("docs/adr/b.md", "")]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].line, 3);
        assert!(found[0].message.contains("gone.rs"));
    }
}
