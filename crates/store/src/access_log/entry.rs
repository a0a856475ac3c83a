//! One read, before it is in the log.

use domain::{
    access::{Action, Limit, Purpose},
    id::AccountId,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// One read of personal data.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who read.
    pub account: AccountId,
    /// In which session; none for a token or the command line.
    pub session: Option<Uuid>,
    /// What was done.
    pub action: Action,
    /// What was asked, without personal values.
    pub query: String,
    /// The whole question; only its keyed hash is kept.
    pub question: String,
    /// The records given out.
    pub ids: BTreeSet<Uuid>,
    /// Why, by the task or the post.
    pub purposes: BTreeSet<Purpose>,
    /// The rules that allowed it.
    pub rules: BTreeSet<&'static str>,
    /// The limit it counts against; judged again under the log's lock.
    pub limit: Option<Limit>,
    /// Why the glass was broken, in the reader's words; only for break-glass reads.
    pub reason: Option<String>,
}

/// An answer that has to be logged before it leaves.
#[derive(Debug)]
#[must_use = "what was read is given out by `AccessLog::release`"]
pub struct Unlogged<T> {
    content: T,
    entry: Option<Entry>,
}

impl<T> Unlogged<T> {
    /// An answer with personal data.
    pub(crate) fn personal(content: T, entry: Entry) -> Self {
        Self { content, entry: Some(entry) }
    }

    /// An answer that tells nothing about one person.
    pub(crate) fn open(content: T) -> Self {
        Self { content, entry: None }
    }

    /// Whether the answer will be logged.
    pub fn is_personal(&self) -> bool {
        self.entry.is_some()
    }

    /// Names the session in which it was asked.
    pub fn in_session(mut self, session: Option<Uuid>) -> Self {
        if let Some(entry) = &mut self.entry {
            entry.session = session;
        }
        self
    }

    /// The same answer in another form.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Unlogged<U> {
        Unlogged { content: form(self.content), entry: self.entry }
    }

    pub(super) fn parts(self) -> (T, Option<Entry>) {
        (self.content, self.entry)
    }
}
