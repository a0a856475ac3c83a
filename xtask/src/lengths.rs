//! File and function length as a ratchet: what is within the limit must stay there, what was over it when
//! it was listed in `xtask/ratchet.txt` may only shrink.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::Finding;
use crate::rust_source::RustSource;
use crate::tree::Tree;

/// Non-blank lines of one file.
pub const FILE_LIMIT: usize = 700;
/// Non-blank lines of one function, from `fn` to its closing brace.
pub const FUNCTION_LIMIT: usize = 70;
pub const RATCHET_PATH: &str = "xtask/ratchet.txt";
const RULE: &str = "length";

const RATCHET_HEAD: &str = "\
# Files over 700 and functions over 70 non-blank lines, with the most they may have. Numbers here only fall:
# shorten the thing, then `cargo xtask tidy --lower` writes the smaller number or drops the line.
# A new line is a decision of a review, with its reason after a `#`.
";

/// What is too long: a file by its path, a function by `path name`; the longest of one name counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    File(String),
    Function { path: String, name: String },
}

impl Subject {
    fn path(&self) -> &str {
        match self {
            Self::File(path) | Self::Function { path, .. } => path,
        }
    }

    fn said(&self) -> String {
        match self {
            Self::File(path) => format!("file {path}"),
            Self::Function { path, name } => format!("fn {path} {name}"),
        }
    }
}

struct Excess {
    lines: usize,
    /// Where it begins, for the report; 0 for a file.
    at: usize,
}

struct Allowance {
    lines: usize,
    reason: Option<String>,
}

/// Too long and not listed, longer than listed, or listed and no longer too long.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let listed = match parse_ratchet(tree.get(RATCHET_PATH).unwrap_or("")) {
        Ok(listed) => listed,
        Err(finding) => return vec![finding],
    };
    let over = over_limit(tree);
    let mut findings = Vec::new();
    for (subject, excess) in &over {
        let allowed = listed.get(subject).map(|allowance| allowance.lines);
        let limit = if matches!(subject, Subject::File(_)) { FILE_LIMIT } else { FUNCTION_LIMIT };
        let message = match allowed {
            Some(allowed) if excess.lines <= allowed => continue,
            Some(allowed) => format!(
                "{} grew to {} lines; {RATCHET_PATH} allows {allowed} and only falls. Take the new part out",
                subject.said(),
                excess.lines
            ),
            None => format!(
                "{} has {} non-blank lines, the limit is {limit}. Split it by subject",
                subject.said(),
                excess.lines
            ),
        };
        findings.push(Finding::new(subject.path(), excess.at, RULE, message));
    }
    for subject in listed.keys().filter(|subject| !over.contains_key(subject)) {
        let message =
            format!("`{}` is within the limit or gone: `cargo xtask tidy --lower` drops it", subject.said());
        findings.push(Finding::new(RATCHET_PATH, 0, RULE, message));
    }
    findings
}

/// The ratchet with every number lowered to what is so now; nothing is added or raised.
pub fn lowered(tree: &Tree) -> Result<String, Finding> {
    let listed = parse_ratchet(tree.get(RATCHET_PATH).unwrap_or(""))?;
    let over = over_limit(tree);
    let mut text = RATCHET_HEAD.to_owned();
    for (subject, allowance) in &listed {
        let Some(excess) = over.get(subject) else {
            continue;
        };
        let reason = allowance.reason.as_ref().map(|reason| format!(" # {reason}")).unwrap_or_default();
        let _infallible = writeln!(text, "{} {}{reason}", subject.said(), excess.lines.min(allowance.lines));
    }
    Ok(text)
}

fn over_limit(tree: &Tree) -> BTreeMap<Subject, Excess> {
    let mut over: BTreeMap<Subject, Excess> = BTreeMap::new();
    for (path, text) in tree.rust_files() {
        let filled: Vec<bool> = text.lines().map(|line| !line.trim().is_empty()).collect();
        let lines = filled.iter().filter(|filled| **filled).count();
        if lines > FILE_LIMIT {
            over.insert(Subject::File(path.to_owned()), Excess { lines, at: 0 });
        }
        for function in RustSource::parse(text).functions() {
            let body = &filled[function.first_line - 1..function.last_line.min(filled.len())];
            let lines = body.iter().filter(|filled| **filled).count();
            let subject = Subject::Function { path: path.to_owned(), name: function.name };
            if lines > FUNCTION_LIMIT && over.get(&subject).is_none_or(|known| known.lines < lines) {
                over.insert(subject, Excess { lines, at: function.first_line });
            }
        }
    }
    over
}

fn parse_ratchet(text: &str) -> Result<BTreeMap<Subject, Allowance>, Finding> {
    let mut listed = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let (entry, reason) = match line.split_once('#') {
            Some((entry, reason)) => (entry, Some(reason.trim().to_owned())),
            None => (line, None),
        };
        let words: Vec<&str> = entry.split_whitespace().collect();
        let (subject, number) = match words.as_slice() {
            [] => continue,
            ["file", path, number] => (Subject::File((*path).to_owned()), number),
            ["fn", path, name, number] => {
                (Subject::Function { path: (*path).to_owned(), name: (*name).to_owned() }, number)
            }
            _ => return Err(unreadable(index + 1)),
        };
        let lines = number.parse().map_err(|_not_a_number| unreadable(index + 1))?;
        listed.insert(subject, Allowance { lines, reason });
    }
    Ok(listed)
}

fn unreadable(line: usize) -> Finding {
    Finding::new(RATCHET_PATH, line, RULE, "expected `file PATH LINES` or `fn PATH NAME LINES`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    work();\n\n".repeat(lines - 2))
    }

    fn messages(source: &str, ratchet: &str) -> Vec<String> {
        let tree = Tree::of(&[("crates/store/src/a.rs", source), (RATCHET_PATH, ratchet)]);
        check(&tree).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_found() {
        assert_eq!(messages(&function("f", FUNCTION_LIMIT), ""), Vec::<String>::new());
        let found = messages(&format!("\n{}", function("f", FUNCTION_LIMIT + 1)), "");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("crates/store/src/a.rs:2: [length] fn crates/store/src/a.rs f has 71"),
            "{found:?}"
        );

        assert_eq!(messages(&"const A: u8 = 1;\n\n".repeat(FILE_LIMIT), ""), Vec::<String>::new());
        assert_eq!(messages(&"const A: u8 = 1;\n".repeat(FILE_LIMIT + 1), "").len(), 1);
    }

    #[test]
    fn a_listed_length_may_stand_or_fall_but_not_rise() {
        let listed = "fn crates/store/src/a.rs f 80 # one table\n";
        assert_eq!(messages(&function("f", 80), listed), Vec::<String>::new());
        assert_eq!(messages(&function("f", 75), listed), Vec::<String>::new());
        assert!(messages(&function("f", 81), listed)[0].contains("grew to 81"));
        assert!(messages(&function("f", 60), listed)[0].contains("tidy --lower"));
        assert!(messages("", "fn what\n")[0].contains("expected"));
    }

    #[test]
    fn lowering_lowers_drops_keeps_reasons_and_never_raises() {
        let text = function("f", 75) + &function("g", 60) + &function("h", 90) + &function("new", 99);
        let ratchet = "fn a.rs f 80 # one table\nfn a.rs g 80\nfn a.rs h 85\n";
        let lowered = lowered(&Tree::of(&[("a.rs", &text), (RATCHET_PATH, ratchet)])).unwrap();
        assert_eq!(lowered, format!("{RATCHET_HEAD}fn a.rs f 75 # one table\nfn a.rs h 85\n"));
    }
}
