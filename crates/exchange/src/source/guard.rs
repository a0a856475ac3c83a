//! Formula guard: no written cell can run as a formula, and reading gives back the very text.
//!
//! A spreadsheet takes a cell that starts with `=`, `+`, `-`, `@`, tab or return (or their full-width forms, which
//! East Asian input methods produce) as a formula. Such a cell is written with an apostrophe before it, and so is a
//! cell that starts with an apostrophe; reading takes one apostrophe off exactly where one was put on.

use std::borrow::Cow;

fn runs_as_formula(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

/// The cell as it is written.
pub fn guard(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some(first) if first == '\'' || runs_as_formula(first) => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

/// The cell as it was before it was written; foreign text such as `'s-Gravenhage` stays as it is.
pub fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.chars().next().is_some_and(|c| c == '\'' || runs_as_formula(c)) => rest,
        _ => cell,
    }
}
