//! Reads a parsed TOML table key by key, noting every fault and going on, so that one run shows them all.
//!
//! A value that is absent or wrong is replaced by a plain one and its path is remembered as guessed:
//! the checks of meaning then say nothing about it. A pack with a fault is never handed out.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::cases::Finding;
use super::fault::Log;
use super::vocabulary::{Unit, Word};

mod marked;

/// A part of a pack that is one table of the file.
pub(super) trait Section: Sized {
    fn read(table: &mut Table<'_, '_, '_>) -> Self;
}

/// One table being read.
pub(super) struct Table<'l, 'v, 't> {
    /// `None` for a table that is absent: reads give plain values, silently.
    entries: Option<&'v DeTable<'v>>,
    span: Range<usize>,
    path: String,
    sources: &'l BTreeSet<String>,
    log: &'l mut Log<'t>,
    seen: BTreeSet<&'v str>,
}

const MOST_ITEMS: usize = 64;

/// Reads the whole document as one section and reports keys nobody asked for.
pub(super) fn read_document<'v, T: Section>(
    root: &'v Spanned<DeTable<'v>>,
    sources: &BTreeSet<String>,
    log: &mut Log<'_>,
) -> T {
    let mut table =
        Table { entries: Some(root.get_ref()), span: 0..0, path: String::new(), sources, log, seen: BTreeSet::new() };
    table.whole()
}

impl<'v, 't> Table<'_, 'v, 't> {
    /// Reads this table as `T`, then reports unknown keys.
    fn whole<T: Section>(&mut self) -> T {
        let value = T::read(self);
        let entries = self.entries.into_iter().flat_map(|entries| entries.iter());
        for (key, _) in entries.filter(|(key, _)| !self.seen.contains(key.get_ref().as_ref())) {
            let path = join(&self.path, key.get_ref());
            self.log.fault_at(key.span(), &path, "unknown key", "remove it or correct its spelling");
        }
        value
    }

    fn find(&mut self, key: &str) -> Option<(String, &'v Spanned<DeValue<'v>>)> {
        let (name, value) = self.entries?.iter().find(|(name, _)| name.get_ref().as_ref() == key)?;
        self.seen.insert(name.get_ref().as_ref());
        let path = join(&self.path, key);
        self.log.stands(&path, name.span());
        Some((path, value))
    }

    fn require(&mut self, key: &str, remedy: &str) -> Option<(String, &'v Spanned<DeValue<'v>>)> {
        let found = self.find(key);
        if found.is_none() {
            let path = join(&self.path, key);
            if self.entries.is_some() {
                self.log.fault_at(self.span.clone(), &path, "missing", remedy);
            }
            self.log.guess(&path);
        }
        found
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, path: &str, wanted: &str) {
        let found = kind(value.get_ref());
        self.log.fault_at(value.span(), path, format!("found {found}"), format!("write {wanted}"));
        self.log.guess(path);
    }

    /// The names of all keys, for tables whose keys are content.
    pub(super) fn keys(&self) -> Vec<String> {
        self.entries.map(|entries| entries.keys().map(|key| key.get_ref().to_string()).collect()).unwrap_or_default()
    }

    /// Reports a key or value of this table that breaks a rule of form.
    pub(super) fn refuse(&mut self, key: &str, reason: impl Into<String>, remedy: impl Into<String>) {
        let path = join(&self.path, key);
        let span = self
            .entries
            .and_then(|entries| entries.iter().find(|(name, _)| name.get_ref().as_ref() == key))
            .map(|(name, _)| name.span());
        self.log.fault_at(span.unwrap_or_else(|| self.span.clone()), &path, reason, remedy);
        self.log.guess(&path);
    }

    /// Marks a key as read without reading it.
    pub(super) fn skip(&mut self, key: &str) {
        self.find(key);
    }

    pub(super) fn text(&mut self, key: &str) -> String {
        match self.require(key, "write a text in quotes") {
            Some((path, value)) => self.text_of(&path, value),
            None => String::new(),
        }
    }

    pub(super) fn text_if_any(&mut self, key: &str) -> Option<String> {
        self.find(key).map(|(path, value)| self.text_of(&path, value))
    }

    fn text_of(&mut self, path: &str, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref().as_str().map(str::trim) {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => {
                self.wrong(value, path, "a text in quotes that is not empty");
                String::new()
            }
        }
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        let Some((path, value)) = self.require(key, "write true or false") else {
            return false;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(value, &path, "true or false");
            false
        })
    }

    /// A number that only names something (a version) and so needs no source.
    pub(super) fn ordinal(&mut self, key: &str) -> i64 {
        let Some((path, value)) = self.require(key, "write a whole number from 1") else {
            return 1;
        };
        match whole_number(value.get_ref()) {
            Some(number) if (1..=1_000_000).contains(&number) => number,
            _ => {
                self.wrong(value, &path, "a whole number from 1");
                1
            }
        }
    }

    pub(super) fn date(&mut self, key: &str) -> Date {
        match self.require(key, "write a date as 2022-06-28, without quotes") {
            Some((path, value)) => self.date_of(&path, value),
            None => Date::ZERO,
        }
    }

    pub(super) fn date_if_any(&mut self, key: &str) -> Option<Date> {
        self.find(key).map(|(path, value)| self.date_of(&path, value))
    }

    fn date_of(&mut self, path: &str, value: &Spanned<DeValue<'_>>) -> Date {
        let plain = value
            .get_ref()
            .as_datetime()
            .filter(|when| when.time.is_none() && when.offset.is_none())
            .and_then(|when| when.date);
        let date = plain.and_then(|date| {
            Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?)
                .ok()
        });
        date.unwrap_or_else(|| {
            self.wrong(value, path, "a date as 2022-06-28, without quotes");
            Date::ZERO
        })
    }

    /// One word of a closed list; `otherwise` stands in for a wrong one.
    pub(super) fn word<W: Word>(&mut self, key: &str, otherwise: W) -> W {
        match self.require(key, &one_of::<W>()) {
            Some((path, value)) => self.word_of(&path, value).unwrap_or(otherwise),
            None => otherwise,
        }
    }

    pub(super) fn word_if_any<W: Word>(&mut self, key: &str) -> Option<W> {
        self.find(key).and_then(|(path, value)| self.word_of(&path, value))
    }

    fn word_of<W: Word>(&mut self, path: &str, value: &Spanned<DeValue<'_>>) -> Option<W> {
        let word = value.get_ref().as_str().and_then(W::from_word);
        if word.is_none() {
            let found = value
                .get_ref()
                .as_str()
                .map_or_else(|| kind(value.get_ref()).to_owned(), |text| format!("\"{text}\""));
            self.log.fault_at(value.span(), path, format!("{found} is no {}", W::KIND), one_of::<W>());
            self.log.guess(path);
        }
        word
    }

    /// A list of words, at least one, each once.
    pub(super) fn words<W: Word + PartialEq>(&mut self, key: &str) -> Vec<W> {
        let remedy = format!("write a list; {}", one_of::<W>());
        let Some((path, value)) = self.require(key, &remedy) else {
            return Vec::new();
        };
        let mut words: Vec<W> = Vec::new();
        for (at, item) in self.items(&path, value, &remedy) {
            let item_path = format!("{path}[{at}]");
            if let Some(word) = self.word_of::<W>(&item_path, item) {
                if words.contains(&word) {
                    self.log.fault_at(item.span(), &item_path, format!("{} stands twice", word.word()), "remove one");
                }
                words.push(word);
            }
        }
        words
    }

    pub(super) fn words_if_any<W: Word + PartialEq>(&mut self, key: &str) -> Vec<W> {
        if self.has(key) { self.words(key) } else { Vec::new() }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.is_some_and(|entries| entries.keys().any(|name| name.get_ref().as_ref() == key))
    }

    fn items(
        &mut self,
        path: &str,
        value: &'v Spanned<DeValue<'v>>,
        remedy: &str,
    ) -> Vec<(usize, &'v Spanned<DeValue<'v>>)> {
        match value.get_ref().as_array() {
            Some(array) if !array.is_empty() && array.len() <= MOST_ITEMS => array.iter().enumerate().collect(),
            Some(array) => {
                let reason = format!("a list of {} items; 1 to {MOST_ITEMS} are allowed", array.len());
                self.log.fault_at(value.span(), path, reason, remedy);
                self.log.guess(path);
                Vec::new()
            }
            None => {
                self.wrong(value, path, "a list in brackets");
                Vec::new()
            }
        }
    }

    /// Alternatives of findings: `[["symptoms", "test:pcr:positive"], ["death", "epi_link"]]`.
    pub(super) fn finding_sets(&mut self, key: &str) -> Vec<BTreeSet<Finding>> {
        let remedy = "write a list of lists of findings, for example [[\"symptoms\", \"test:pcr:positive\"]]";
        let Some((path, value)) = self.require(key, remedy) else {
            return Vec::new();
        };
        let mut sets = Vec::new();
        for (at, inner) in self.items(&path, value, remedy) {
            let inner_path = format!("{path}[{at}]");
            let mut set = BTreeSet::new();
            for (_, item) in self.items(&inner_path, inner, remedy) {
                match item.get_ref().as_str().map(str::parse::<Finding>) {
                    Some(Ok(finding)) => {
                        set.insert(finding);
                    }
                    Some(Err(unknown)) => {
                        self.log.fault_at(item.span(), &inner_path, unknown.to_string(), Finding::REMEDY)
                    }
                    None => self.wrong(item, &inner_path, "a finding in quotes"),
                }
            }
            sets.push(set);
        }
        sets
    }

    pub(super) fn child<T: Section>(&mut self, key: &str) -> T {
        let path = join(&self.path, key);
        match self.require(key, &format!("write a table [{path}]")) {
            Some((path, value)) => self.table_of(path, value),
            None => self.absent(path).whole(),
        }
    }

    pub(super) fn child_if_any<T: Section>(&mut self, key: &str) -> Option<T> {
        self.find(key).map(|(path, value)| self.table_of(path, value))
    }

    /// A list of tables; empty when the key is absent.
    pub(super) fn children<T: Section>(&mut self, key: &str) -> Vec<T> {
        let Some((path, value)) = self.find(key) else {
            return Vec::new();
        };
        let remedy = format!("write tables [[{path}]]");
        let items = self.items(&path, value, &remedy);
        items.into_iter().map(|(at, item)| self.table_of(format!("{path}[{at}]"), item)).collect()
    }

    fn absent(&mut self, path: String) -> Table<'_, 'v, 't> {
        Table {
            entries: None,
            span: self.span.clone(),
            path,
            sources: self.sources,
            log: self.log,
            seen: BTreeSet::new(),
        }
    }

    fn table_of<T: Section>(&mut self, path: String, value: &'v Spanned<DeValue<'v>>) -> T {
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong(value, &path, "a table");
            return self.absent(path).whole();
        };
        if path.ends_with(']') {
            self.log.stands(&path, value.span());
        }
        Table {
            entries: Some(entries),
            span: value.span(),
            path,
            sources: self.sources,
            log: self.log,
            seen: BTreeSet::new(),
        }
        .whole()
    }
}

/// A figure reads its own keys; what is left is unknown.
impl Section for () {
    fn read(_: &mut Table<'_, '_, '_>) -> Self {}
}

pub(super) const DAYS: &[Unit] = &[Unit::Days];
pub(super) const DURATION: &[Unit] = &[Unit::Days, Unit::Hours, Unit::Minutes];
pub(super) const COUNT: &[Unit] = &[Unit::Count];
pub(super) const PERMILLE: &[Unit] = &[Unit::Permille];
pub(super) const PER_100K: &[Unit] = &[Unit::Per100k];

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn whole_number(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
}

fn one_of<W: Word>() -> String {
    format!("write one of: {}", W::ALL.iter().map(|word| word.word()).collect::<Vec<_>>().join(", "))
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(text) if text.trim().is_empty() => "an empty text",
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
