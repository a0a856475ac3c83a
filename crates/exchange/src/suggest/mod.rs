//! `--suggest-map`: a commented draft of a mapping from a file's column names and first rows. It works at once for a
//! clean file; what it guessed, or left out, stands in its comments.

mod patterns;
mod words;

use crate::map::{Kind, Noun, Target, target};
use crate::source::input::Stored;
use crate::source::{RawRow, Source, trim};
use crate::{FileRefusal, Limits};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Rows looked at.
const SAMPLE_ROWS: usize = 2_000;
/// Distinct words a coded column may have.
const MOST_WORDS: usize = 60;

/// Drafts a mapping for a file.
pub fn draft_for(stored: Stored, noun: Noun, limits: &Limits) -> Result<String, FileRefusal> {
    let mut source = Source::open(stored, &crate::source::Shape::default(), limits)?;
    let columns = source.facts().columns.clone();
    let warnings = source.facts().warnings.clone();
    let mut samples = Vec::new();
    let mut row = RawRow::default();
    while samples.len() < SAMPLE_ROWS && source.read(&mut row)? {
        if row.error().is_none() {
            samples.push((0..columns.len()).map(|at| row.cell(at).to_owned()).collect());
        }
    }
    let mut text = String::new();
    for warning in warnings {
        let _ = writeln!(text, "# {}", one_line(&warning));
    }
    text.push_str(&draft(&columns, &samples, noun));
    Ok(text)
}

/// Drafts a mapping from column names and sample rows (a cell per column).
pub fn draft(columns: &[String], samples: &[Vec<String>], noun: Noun) -> String {
    let mut sheet =
        Draft { columns, samples, noun, taken: BTreeSet::new(), blocks: String::new(), unmapped: Vec::new(), unfit: BTreeMap::new() };
    let infector = sheet.infector();
    let mut mapped: BTreeMap<usize, &'static Target> = BTreeMap::new();
    for at in 0..columns.len() {
        if let Some(target) = sheet.target_of(at).filter(|_| Some(at) != infector) {
            mapped.insert(at, target);
        }
    }
    sheet.ensure_required(&mut mapped);
    for at in 0..columns.len() {
        match mapped.get(&at) {
            Some(target) => sheet.field(at, target),
            None if Some(at) == infector => {}
            None => sheet.unmapped.push(at),
        }
    }
    let own_id = mapped.iter().find(|(_, target)| target.path == words::id_target(noun)).map(|(at, _)| *at);
    if let (Some(source), Some(own)) = (infector, own_id) {
        sheet.link(source, own);
    } else if let Some(at) = infector {
        sheet.unmapped.push(at);
    }
    sheet.finish()
}

struct Draft<'s> {
    columns: &'s [String],
    samples: &'s [Vec<String>],
    noun: Noun,
    taken: BTreeSet<&'static str>,
    blocks: String,
    unmapped: Vec<usize>,
    /// Columns whose name says a field that most of their cells are not.
    unfit: BTreeMap<usize, String>,
}

impl Draft<'_> {
    fn name(&self, at: usize) -> &str {
        self.columns.get(at).map(String::as_str).unwrap_or_default()
    }

    /// Distinct cells of a column that say something, in order of first appearance.
    fn said(&self, at: usize) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        self.samples
            .iter()
            .filter_map(|row| row.get(at))
            .map(|cell| trim(cell))
            .filter(|cell| !cell.is_empty() && !words::NOTHING.iter().any(|word| word.eq_ignore_ascii_case(cell)))
            .filter(|cell| seen.insert(*cell))
            .collect()
    }

    fn infector(&self) -> Option<usize> {
        if self.noun != Noun::Linelist {
            return None;
        }
        (0..self.columns.len()).find(|&at| words::INFECTOR.contains(&fold(self.name(at)).as_str()))
    }

    /// The target a column's name means, unless another column has it or the cells do not fit it.
    fn target_of(&mut self, at: usize) -> Option<&'static Target> {
        let name = self.name(at);
        let exact = target::split_index(name)
            .filter(|(_, index)| *index == 1)
            .and_then(|(path, _)| target::find(self.noun, &path));
        let folded = fold(name);
        let known = words::NAMES
            .iter()
            .filter(|(_, names)| names.contains(&folded.as_str()))
            .filter_map(|(path, _)| target::find(self.noun, path));
        let free = exact.into_iter().chain(known).filter(|target| !self.taken.contains(target.path));
        for target in free {
            let (said, misfits) = (self.said(at), self.misfits(at, target));
            if misfits.len() * 2 <= said.len() {
                self.taken.insert(target.path);
                return Some(target);
            }
            let why = format!("its name says {}, but cells such as {} are none", target.path, one_line(misfits[0]));
            self.unfit.insert(at, why);
        }
        None
    }

    /// Cells of a column that the field would not take.
    fn misfits(&self, at: usize, target: &Target) -> Vec<&str> {
        let said = self.said(at);
        match target.kind {
            Kind::Date | Kind::Moment | Kind::Instant => patterns::of(&said).unread,
            // Words are given their meaning one by one; where there are too many it is no list of words.
            Kind::Code(_) if said.len() <= MOST_WORDS => Vec::new(),
            Kind::Code(_) => said,
            kind => said.into_iter().filter(|cell| !crate::row::reads(cell, kind)).collect(),
        }
    }

    fn fits(&self, at: usize, target: &Target) -> bool {
        self.misfits(at, target).is_empty()
    }

    /// A draft must name who or what each row is: the best free column stands in where no name was recognised.
    fn ensure_required(&mut self, mapped: &mut BTreeMap<usize, &'static Target>) {
        for group in target::required(self.noun) {
            if mapped.values().any(|target| group.contains(&target.path)) {
                continue;
            }
            let wanted = words::id_target(self.noun);
            let path = if group.contains(&wanted) { wanted } else { group.first().copied().unwrap_or_default() };
            let Some(target) = target::find(self.noun, path) else { continue };
            let free: Vec<usize> =
                (0..self.columns.len()).filter(|at| !mapped.contains_key(at) && self.fits(*at, target)).collect();
            if free.is_empty() {
                let _ = write!(
                    self.blocks,
                    "\n# NOT ENOUGH: no column can say {}. Without one of these the file cannot be imported as {}.\n",
                    crate::map::either(group),
                    self.noun.name()
                );
            }
            if let Some(best) = free.into_iter().max_by_key(|&at| (self.said(at).len(), std::cmp::Reverse(at))) {
                mapped.insert(best, target);
                self.taken.insert(target.path);
                let _ = write!(
                    self.blocks,
                    "\n# GUESSED: no column name says which is {} ({}). Check it.\n",
                    target.path, target.about
                );
            }
        }
    }

    fn field(&mut self, at: usize, target: &'static Target) {
        let said: Vec<String> = self.said(at).into_iter().map(str::to_owned).collect();
        let cells: Vec<&str> = said.iter().map(String::as_str).collect();
        let examples: Vec<String> = cells.iter().take(3).map(|cell| one_line(cell)).collect();
        let about = if examples.is_empty() {
            "no examples in the first rows".to_owned()
        } else {
            format!("for example {}", examples.join(" · "))
        };
        let mut block = format!("\n# {}; {about}\n", target.about);
        let mut keys = format!("[[field]]\nto = {}\ncolumn = {}\n", quote(target.path), quote(self.name(at)));
        let misfits: Vec<String> = self.misfits(at, target).into_iter().take(3).map(one_line).collect();
        if !misfits.is_empty() {
            let _ = writeln!(block, "# DOES NOT FIT: {}. A row with such a cell is refused: correct the file.", misfits.join(" · "));
        }
        match target.kind {
            Kind::Date | Kind::Moment | Kind::Instant => date_keys(&cells, &mut block, &mut keys),
            Kind::Code(codes) => value_keys(target, codes, &cells, &mut block, &mut keys),
            _ => {}
        }
        self.blocks.push_str(&block);
        self.blocks.push_str(&keys);
    }

    /// The link from an infector column to the row's own id.
    fn link(&mut self, source: usize, own: usize) {
        let _ = write!(
            self.blocks,
            "\n# Who infected the case, as a link of its own, where the column says so.\n[[record]]\nas = \"exposures\"\nwhen = {source}\n\n[[record.field]]\nto = \"exposure.source.external_id\"\ncolumn = {source}\n\n[[record.field]]\nto = \"exposure.target.external_id\"\ncolumn = {own}\n",
            source = quote(self.name(source)),
            own = quote(self.name(own)),
        );
    }

    fn finish(self) -> String {
        let mut text = format!(
            "# Draft of a mapping, from the column names and the first {} rows. Read the comments, correct what was guessed,\n# and try it with --dry-run.\nas = {}\n\n# Cells that say nothing, besides the blank one. A cell (clear) empties a field.\nnull = [{}]\n",
            self.samples.len(),
            quote(self.noun.name()),
            words::NOTHING.iter().map(|word| quote(word)).collect::<Vec<_>>().join(", "),
        );
        if self.unmapped.is_empty() {
            text.push_str("\n# Every column is mapped.\nignore = []\n");
        } else {
            text.push_str("\n# Columns that are not imported. To import one, take it out of this list and add a [[field]] block.\nignore = [\n");
            for &at in &self.unmapped {
                let why = self.unfit.get(&at).map(|why| format!(" # {why}")).unwrap_or_default();
                let _ = writeln!(text, "    {},{why}", quote(self.name(at)));
            }
            text.push_str("]\n");
        }
        text.push_str(&self.blocks);
        let _ = write!(text, "\n# Other fields of {}:\n", self.noun.name());
        for target in target::of(self.noun).filter(|target| !self.taken.contains(target.path)) {
            let _ = writeln!(text, "#   {:32} {}", target.path, target.about);
        }
        text
    }
}

fn date_keys(cells: &[&str], block: &mut String, keys: &mut String) {
    let found = patterns::of(cells);
    if let Some((first, other)) = found.ambiguous {
        let _ = writeln!(
            block,
            "# AMBIGUOUS: every example can be read as {first} and as {other}. Day first is assumed; ask who filled the file in."
        );
    }
    if !found.chosen.is_empty() {
        let formats: Vec<String> = found.chosen.iter().map(|pattern| quote(pattern)).collect();
        let _ = writeln!(keys, "formats = [{}]", formats.join(", "));
    }
}

fn value_keys(target: &Target, codes: &[&str], cells: &[&str], block: &mut String, keys: &mut String) {
    let known =
        words::WORDS.iter().find(|(path, _)| *path == target.path).map_or(&[] as &[(&str, &str)], |(_, words)| words);
    let mut values = String::new();
    for cell in cells {
        if codes.contains(cell) {
            continue;
        }
        // Go.Data writes untranslated words as LNG_REFERENCE_DATA_CATEGORY_OUTCOME_DECEASED.
        let folded = fold(cell);
        let by_suffix = |word: &str| folded.starts_with("lngreferencedata") && folded.ends_with(word);
        let meaning = known
            .iter()
            .find(|(word, _)| *word == folded)
            .or_else(|| known.iter().filter(|(word, _)| by_suffix(word)).max_by_key(|(word, _)| word.len()));
        let code = codes.iter().find(|code| fold(code) == folded);
        match (code, meaning) {
            (Some(code), _) => {
                let _ = write!(values, " {} = {},", quote(cell), quote(code));
            }
            (None, Some((_, code))) => {
                let _ = write!(values, " {} = {},", quote(cell), quote(code));
            }
            (None, None) => {
                let _ = writeln!(
                    block,
                    "# NOT UNDERSTOOD: {} is taken to say nothing. Say which it is: {}.",
                    one_line(cell),
                    codes.join(", ")
                );
                let _ = write!(values, " {} = \"\",", quote(cell));
            }
        }
    }
    if cells.iter().any(|cell| matches!(*cell, "1" | "2")) && target.path == "person.sex" {
        block.push_str(
            "# 1 is read as male and 2 as female (GB/T 2261.1, ISO 5218). Check that the file means that.\n",
        );
    }
    if !values.is_empty() {
        let _ = writeln!(keys, "values = {{{} }}", values.trim_end_matches(','));
    }
}

/// Letters and digits of a name, lower case.
fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(200).collect()
}

/// A text as a TOML string on one line.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A text fit for a comment: one line, at most 60 characters.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect()
}
