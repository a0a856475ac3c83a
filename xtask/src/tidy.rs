//! All house rules over one tree.

use std::path::Path;

use crate::finding::Finding;
use crate::tree::Tree;
use crate::{ambient, dead_paths, lengths, room_deps, sql_place, unfinished};

/// Findings of every rule, in order of place.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = room_deps::check(tree);
    findings.extend(sql_place::check(tree));
    findings.extend(unfinished::check(tree));
    findings.extend(ambient::check(tree));
    findings.extend(lengths::check(tree));
    findings.extend(dead_paths::check(tree));
    findings.sort();
    findings
}

/// `cargo xtask tidy`.
pub fn run(root: &Path) -> Result<String, String> {
    let tree = read(root)?;
    let findings = check(&tree);
    if findings.is_empty() {
        return Ok(format!("tidy: {} files keep the house rules\n", tree.files().count()));
    }
    let mut report: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    report.push_str(&format!("tidy: {} broken rules; STYLE.md gives the reason of each\n", findings.len()));
    Err(report)
}

/// `cargo xtask tidy --lower`.
pub fn lower(root: &Path) -> Result<String, String> {
    let text = lengths::lowered(&read(root)?).map_err(|finding| format!("{finding}\n"))?;
    let path = root.join(lengths::RATCHET_PATH);
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}\n", path.display()))?;
    Ok(format!("tidy: wrote {}\n", lengths::RATCHET_PATH))
}

fn read(root: &Path) -> Result<Tree, String> {
    Tree::read(root).map_err(|error| format!("cannot read {}: {error}\n", root.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_tree_keeps_the_house_rules() {
        if let Err(report) = run(&crate::workspace_root()) {
            panic!("{report}");
        }
    }

    #[test]
    fn one_planted_violation_of_each_kind_is_found_in_one_tree() {
        // In halves, so that this file passes the check it tests.
        let planted = [("run(\"SEL", "ECT 1\");"), ("// FIX", "ME"), ("open(\"/ro", "ot/x\");")];
        let planted: String = planted.iter().map(|(first, rest)| format!("    {first}{rest}\n")).collect();
        let long = "    work();\n".repeat(70);
        let source = format!("fn f() {{\n    let at = SystemTime::now();\n{planted}{long}}}\n");
        let tree = Tree::of(&[
            ("crates/server/Cargo.toml", "[dependencies]\ntwin.workspace = true\n"),
            ("crates/server/src/a.rs", &source),
            ("crates/domain/src/b.rs", "use std::collections::HashMap;\n"),
            ("STYLE.md", "see `crates/domain/src/gone.rs`\n"),
        ]);
        let mut rules: Vec<&str> = check(&tree).iter().map(|finding| finding.rule).collect();
        rules.sort_unstable();
        assert_eq!(
            rules,
            [
                "ambient",
                "dead-path",
                "length",
                "machine-path",
                "pure-domain",
                "room-dependencies",
                "sql-place",
                "unfinished"
            ]
        );
    }
}
