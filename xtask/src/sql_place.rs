//! SQL text lives in `store` and `rules/` only: one place to read, to index for and to port.

use crate::finding::Finding;
use crate::rust_source::{RustSource, is_word};
use crate::tree::Tree;

const RULE: &str = "sql-place";

/// First word of a statement, and a word that must follow somewhere for text in small letters to count as SQL.
const STATEMENTS: [(&str, &[&str]); 8] = [
    ("select", &["from"]),
    ("insert", &["into"]),
    ("update", &["set"]),
    ("delete", &["from"]),
    ("create", &["table", "index", "view", "schema"]),
    ("alter", &["table"]),
    ("drop", &["table", "index", "view", "schema"]),
    ("pragma", &["journal_mode", "synchronous", "table_info", "integrity_check"]),
];

/// String literals that begin like an SQL statement, in a file that is no home of SQL.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust_files().filter(|(path, _)| !is_home_of_sql(path)) {
        for literal in RustSource::parse(text).strings {
            if let Some(word) = statement_word(&literal.text) {
                let message = format!(
                    "a string begins with {word}; SQL belongs to crates/store or rules/, behind a named query"
                );
                findings.push(Finding::new(path, literal.line, RULE, message));
            }
        }
    }
    findings
}

/// `store`, the rules, the bare peer of `bench write`, which must not go through `store`, and the damage that tests do.
fn is_home_of_sql(path: &str) -> bool {
    let is_bench = path
        .strip_prefix("crates/cli/src/bench")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(folder_end, _)| folder_end.chars().all(is_word));
    path.starts_with("crates/store/") || path.starts_with("rules/") || is_bench || path == "crates/testkit/src/damage.rs"
}

/// The statement word `text` begins with: in capitals always, in other letters only beside its companion.
fn statement_word(text: &str) -> Option<String> {
    let first: String = text.trim_start().chars().take_while(|c| is_word(*c)).collect();
    let lower = first.to_ascii_lowercase();
    let lowered = text.to_ascii_lowercase();
    if lower == "with" {
        return lowered.contains(" as (").then(|| "WITH".to_owned());
    }
    let (word, companions) = STATEMENTS.iter().find(|(word, _)| *word == lower)?;
    let capital = first == word.to_ascii_uppercase() && text.trim().len() > first.len();
    let accompanied = || lowered.split(|c| !is_word(c)).any(|part| companions.contains(&part));
    (capital || (first == *word && accompanied())).then(|| word.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written in two halves so that this file does not trip over its own examples.
    fn rust_with(first: &str, rest: &str) -> String {
        format!("fn f() {{\n    run(\"{first}{rest}\");\n}}\n")
    }

    #[test]
    fn every_planted_statement_is_found() {
        let statements = [
            ("SEL", "ECT 1"),
            ("\\n  INS", "ERT INTO t VALUES (1)"),
            ("UPD", "ATE t SET a = 1"),
            ("DEL", "ETE FROM t"),
            ("CRE", "ATE TABLE t (a)"),
            ("sel", "ect a from t"),
            ("WITH x", " AS (SELECT 1) SELECT * FROM x"),
            ("PRA", "GMA synchronous"),
        ];
        for (first, rest) in statements {
            let text = rust_with(first, rest);
            let found = check(&Tree::of(&[("crates/server/src/a.rs", &text)]));
            assert_eq!(found.len(), 1, "{first}{rest}");
            assert_eq!(found[0].line, 2);
        }
        let raw = format!("const Q: &str = r#\"\n  {}{} FROM t\"#;", "SEL", "ECT a");
        assert_eq!(check(&Tree::of(&[("crates/domain/src/a.rs", &raw)])).len(), 1);
    }

    #[test]
    fn homes_of_sql_and_plain_english_are_quiet() {
        let sql = rust_with("SEL", "ECT 1");
        for path in ["crates/store/src/a.rs", "crates/cli/src/bench/bare.rs", "crates/cli/src/bench_write/bare.rs"] {
            assert_eq!(check(&Tree::of(&[(path, &sql)])), [], "{path}");
        }
        for path in ["crates/cli/src/benchmark.rs", "crates/cli/src/import.rs", "crates/server/src/store/a.rs"] {
            assert_eq!(check(&Tree::of(&[(path, &sql)])).len(), 1, "{path}");
        }
        for english in
            ["Update the map and import again", "select a file", "Create an account first", "with care as ever"]
        {
            let text = rust_with(english, "");
            assert_eq!(check(&Tree::of(&[("crates/cli/src/a.rs", &text)])), [], "{english}");
        }
        let comment = format!("// {}{} 1\nfn f() {{}}\n", "SEL", "ECT");
        assert_eq!(check(&Tree::of(&[("crates/cli/src/a.rs", &comment)])), []);
    }
}
