//! Reads numbers, which must carry mark and source.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::DeValue;

use super::{DAYS, DURATION, Table, one_of, whole_number};
use crate::pack::figure::{Basis, DueTimes, Figure, FigureList, LONGEST_DAYS, minute_of_day};
use crate::pack::vocabulary::{Mark, Unit, Word};

const MARK_IT: &str =
    "write it as { days = 21, mark = \"S\", source = \"KEY\" } with the unit, a mark S, M, D or P, and the source";

impl<'v> Table<'_, 'v, '_> {
    /// Mark and source of the table itself.
    pub(in crate::pack) fn basis(&mut self) -> Basis {
        let mark = self.word("mark", Mark::Proposed);
        let source = self.text("source");
        if mark == Mark::Sourced && !source.is_empty() {
            let missing: Vec<&str> =
                source.split(',').map(str::trim).filter(|key| !self.sources.contains(*key)).collect();
            if !missing.is_empty() {
                let reason = format!("source {} is not in [sources]", missing.join(", "));
                self.refuse(
                    "source",
                    reason,
                    "add the key with its grade and citation to [sources], or choose another mark",
                );
            }
        }
        Basis { mark, source }
    }

    /// A marked number in one of `units`, not negative.
    pub(in crate::pack) fn figure(&mut self, key: &str, units: &'static [Unit]) -> Figure {
        self.require(key, MARK_IT)
            .map_or_else(|| plain(units), |(path, value)| self.figure_of(&path, value, units, false))
    }

    pub(in crate::pack) fn figure_if_any(&mut self, key: &str, units: &'static [Unit]) -> Option<Figure> {
        self.find(key).map(|(path, value)| self.figure_of(&path, value, units, false))
    }

    /// A marked number of days relative to an anchor; negative is before it.
    pub(in crate::pack) fn offset(&mut self, key: &str) -> Figure {
        self.require(key, MARK_IT)
            .map_or_else(|| plain(DAYS), |(path, value)| self.figure_of(&path, value, DAYS, true))
    }

    pub(in crate::pack) fn offset_if_any(&mut self, key: &str) -> Option<Figure> {
        self.find(key).map(|(path, value)| self.figure_of(&path, value, DAYS, true))
    }

    fn figure_of(
        &mut self,
        path: &str,
        value: &'v Spanned<DeValue<'v>>,
        units: &'static [Unit],
        signed: bool,
    ) -> Figure {
        match value.get_ref() {
            DeValue::Table(entries) => {
                let mut inner = Table {
                    entries: Some(entries),
                    span: value.span(),
                    path: path.to_owned(),
                    sources: self.sources,
                    log: self.log,
                    seen: BTreeSet::new(),
                };
                inner.whole_figure(units, signed)
            }
            DeValue::Integer(_) => {
                self.log.fault_at(value.span(), path, "number without mark and source", MARK_IT);
                self.log.guess(path);
                plain(units)
            }
            _ => {
                self.wrong(value, path, "a marked whole number, as { days = 21, mark = \"S\", source = \"KEY\" }");
                plain(units)
            }
        }
    }

    fn whole_figure(&mut self, units: &'static [Unit], signed: bool) -> Figure {
        let (unit, found) = self.unit(units);
        let value = found.map_or(0, |(path, value)| self.quantity(&path, value, unit, signed));
        let basis = self.basis();
        let override_reason = self.text_if_any("override_reason");
        if override_reason.is_some() {
            let path = self.path.clone();
            self.log.overridden(&path);
        }
        self.close();
        Figure { value, unit, basis, override_reason }
    }

    /// Reports the keys of a figure nobody reads.
    fn close(&mut self) {
        self.whole::<()>();
    }

    /// The unit key of a figure and its value.
    fn unit(&mut self, units: &'static [Unit]) -> (Unit, Option<(String, &'v Spanned<DeValue<'v>>)>) {
        let present: Vec<Unit> = Unit::ALL.iter().copied().filter(|unit| self.has(unit.word())).collect();
        let allowed = units.iter().map(|unit| unit.word()).collect::<Vec<_>>().join(" or ");
        let path = self.path.clone();
        match present.as_slice() {
            [unit] if units.contains(unit) => return (*unit, self.find(unit.word())),
            [] => self.log.fault_at(self.span.clone(), &path, "number missing", format!("write it in {allowed}")),
            [unit] => {
                self.refuse(
                    unit.word(),
                    format!("unit {} does not fit here", unit.word()),
                    format!("write it in {allowed}"),
                );
                self.skip(unit.word());
            }
            several => {
                let names = several.iter().map(|unit| unit.word()).collect::<Vec<_>>();
                self.log.fault_at(
                    self.span.clone(),
                    &path,
                    format!("several units: {}", names.join(", ")),
                    format!("keep one, in {allowed}"),
                );
                for name in names {
                    self.skip(name);
                }
            }
        }
        self.log.guess(&path);
        (units.first().copied().unwrap_or(Unit::Count), None)
    }

    fn quantity(&mut self, path: &str, value: &Spanned<DeValue<'_>>, unit: Unit, signed: bool) -> i64 {
        let most = match unit {
            Unit::Days => LONGEST_DAYS,
            Unit::Hours => LONGEST_DAYS * 24,
            Unit::Minutes => LONGEST_DAYS * 1_440,
            Unit::Permille => 1_000,
            Unit::Count | Unit::Per100k => 100_000,
        };
        let least = if signed { -most } else { 0 };
        match whole_number(value.get_ref()) {
            Some(number) if (least..=most).contains(&number) => number,
            Some(number) => {
                self.log.fault_at(
                    value.span(),
                    path,
                    format!("{number} {unit} is out of range"),
                    format!("write {least} to {most}"),
                );
                let whole_path = self.path.clone();
                self.log.guess(&whole_path);
                0
            }
            None => {
                self.wrong(value, path, "a whole number; for parts of a day use hours or minutes");
                let whole_path = self.path.clone();
                self.log.guess(&whole_path);
                0
            }
        }
    }

    /// Marked whole numbers, ascending.
    pub(in crate::pack) fn figures_if_any(&mut self, key: &str, units: &'static [Unit]) -> Option<FigureList> {
        let (path, value) = self.find(key)?;
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong(value, &path, "marked numbers, as { days = [1, 4, 7], mark = \"S\", source = \"KEY\" }");
            return None;
        };
        let mut inner = Table {
            entries: Some(entries),
            span: value.span(),
            path,
            sources: self.sources,
            log: self.log,
            seen: BTreeSet::new(),
        };
        let (unit, found) = inner.unit(units);
        let values = found.map(|(path, value)| inner.ascending(&path, value, unit)).unwrap_or_default();
        let basis = inner.basis();
        inner.close();
        Some(FigureList { values, unit, basis })
    }

    fn ascending(&mut self, path: &str, value: &'v Spanned<DeValue<'v>>, unit: Unit) -> Vec<i64> {
        let items = self.items(path, value, "write whole numbers, ascending, for example [1, 4, 7]");
        let values: Vec<i64> = items.into_iter().map(|(_, item)| self.quantity(path, item, unit, false)).collect();
        if values.iter().zip(values.iter().skip(1)).any(|(earlier, later)| earlier >= later) {
            self.log.fault_at(value.span(), path, "numbers do not ascend", "write each once, smallest first");
        }
        values
    }

    /// Marked times of day, ascending.
    pub(in crate::pack) fn due_times(&mut self, key: &str) -> DueTimes {
        let none =
            DueTimes { minutes_of_day: Vec::new(), basis: Basis { mark: Mark::Proposed, source: String::new() } };
        let remedy = "write { times = [\"09:00\"], mark = \"P\", source = \"KEY\" }";
        let Some((path, value)) = self.require(key, remedy) else {
            return none;
        };
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong(value, &path, "marked times, as { times = [\"09:00\"], mark = \"P\", source = \"KEY\" }");
            return none;
        };
        let mut inner = Table {
            entries: Some(entries),
            span: value.span(),
            path,
            sources: self.sources,
            log: self.log,
            seen: BTreeSet::new(),
        };
        let minutes_of_day = inner.clock_times(remedy);
        let basis = inner.basis();
        inner.close();
        DueTimes { minutes_of_day, basis }
    }

    fn clock_times(&mut self, remedy: &str) -> Vec<i64> {
        let Some((path, value)) = self.require("times", remedy) else {
            return Vec::new();
        };
        let mut times = Vec::new();
        for (_, item) in self.items(&path, value, remedy) {
            match item.get_ref().as_str().and_then(minute_of_day) {
                Some(minute) => times.push(minute),
                None => self.wrong(item, &path, "a time of day as \"09:00\""),
            }
        }
        if times.iter().zip(times.iter().skip(1)).any(|(earlier, later)| earlier >= later) {
            self.log.fault_at(value.span(), &path, "times do not ascend", "write each once, earliest first");
        }
        times
    }

    /// A map whose keys are words of a closed list and whose values are marked durations.
    pub(in crate::pack) fn durations_by_word<W: Word + Ord>(&mut self) -> BTreeMap<W, Figure> {
        let mut map = BTreeMap::new();
        for key in self.keys() {
            match W::from_word(&key) {
                Some(word) => {
                    map.insert(word, self.figure(&key, DURATION));
                }
                None => {
                    self.skip(&key);
                    self.refuse(&key, format!("\"{key}\" is no {}", W::KIND), one_of::<W>());
                }
            }
        }
        map
    }
}

fn plain(units: &[Unit]) -> Figure {
    let unit = units.first().copied().unwrap_or(Unit::Count);
    Figure { value: 0, unit, basis: Basis { mark: Mark::Proposed, source: String::new() }, override_reason: None }
}
