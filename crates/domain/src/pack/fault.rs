//! What is wrong with a pack, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// One thing wrong with a pack text. A pack with any fault is refused whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error, serde::Serialize)]
#[error("{line}:{column}: {path}{}{reason}; {remedy}", if path.is_empty() { "" } else { ": " })]
pub struct Fault {
    /// Line in the text, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Dotted path of the key, array items by index: `follow_up[0].phase[1].test_days`; empty for the text as a whole.
    pub path: String,
    /// Which rule is broken and how.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    line: u32,
    column: u32,
}

/// The text's lines, the place of every key read, and the faults so far.
pub(super) struct Log<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
    places: BTreeMap<String, Place>,
    guessed: BTreeSet<String>,
    overrides: BTreeSet<String>,
    faults: Vec<Fault>,
}

impl<'t> Log<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Log {
            text,
            line_starts,
            places: BTreeMap::new(),
            guessed: BTreeSet::new(),
            overrides: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// The place of a byte offset.
    fn place_of(&self, offset: usize) -> Place {
        let after = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts.get(after.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { line: number(after.max(1)), column: number(before.chars().count() + 1) }
    }

    /// Remembers where the key of `path` stands.
    pub(super) fn stands(&mut self, path: &str, span: Range<usize>) {
        let place = self.place_of(span.start);
        self.places.insert(path.to_owned(), place);
    }

    /// Remembers that the value read for `path` is not what the text says, so that rules about it stay silent.
    pub(super) fn guess(&mut self, path: &str) {
        self.guessed.insert(path.to_owned());
    }

    /// Remembers that the number at `path` carries an `override_reason`.
    pub(super) fn overridden(&mut self, path: &str) {
        self.overrides.insert(path.to_owned());
    }

    /// Takes the override of `path`, if it has one; what is left over at the end overrides nothing.
    pub(super) fn take_override(&mut self, path: &str) -> bool {
        self.overrides.remove(path)
    }

    /// The overrides no check has taken.
    pub(super) fn idle_overrides(&self) -> Vec<String> {
        self.overrides.iter().cloned().collect()
    }

    /// A fault at a place in the text.
    pub(super) fn fault_at(
        &mut self,
        span: Range<usize>,
        path: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let place = self.place_of(span.start);
        self.push(place, path, reason.into(), remedy.into());
    }

    /// A fault of meaning at a key already read; silent when any of `concerns` was guessed.
    pub(super) fn fault(
        &mut self,
        path: &str,
        concerns: &[&str],
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.is_guessed(path) || concerns.iter().any(|concern| self.is_guessed(concern)) {
            return;
        }
        let place = self.nearest(path);
        self.push(place, path, reason.into(), remedy.into());
    }

    fn push(&mut self, place: Place, path: &str, reason: String, remedy: String) {
        self.faults.push(Fault { line: place.line, column: place.column, path: path.to_owned(), reason, remedy });
    }

    /// True when the value at `path`, or the table that holds it, was not in the text.
    fn is_guessed(&self, path: &str) -> bool {
        ancestors(path).any(|prefix| self.guessed.contains(prefix))
    }

    /// The place of `path`, or of the nearest table around it.
    fn nearest(&self, path: &str) -> Place {
        ancestors(path).find_map(|prefix| self.places.get(prefix).copied()).unwrap_or(Place { line: 1, column: 1 })
    }

    /// All faults in the order of the text.
    pub(super) fn into_faults(mut self) -> Vec<Fault> {
        self.faults.sort();
        self.faults.dedup();
        self.faults
    }
}

/// `a.b[0].c`, `a.b[0]`, `a.b`, `a`.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |inner| inner.rfind(['.', '[']).and_then(|at| inner.get(..at)))
}
