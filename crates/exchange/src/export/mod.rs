//! Rows out: which column of a file holds which field of which record, and how its value is written.
//!
//! A file with names has the fields that a mapping names, so that it reads back; what only this installation can say of a
//! record (its code, where follow-up stands) stands in columns that begin with `derived.` and are passed over by an import.
//! A de-identified file has columns of its own and reads back nowhere.

mod columns;
mod form;
mod words;

pub use words::Language;

use crate::map::Noun;
use columns::{DEIDENTIFIED, Spec, identified};
use form::Form;

/// Columns that an import passes over.
pub const DERIVED: &str = "derived.";

/// How many columns lists take: the most that one row of the file has.
#[derive(Clone, Copy, Default, Debug)]
pub struct Lists {
    /// Documents of a person.
    pub documents: usize,
    /// Telephone numbers.
    pub phones: usize,
    /// Languages.
    pub languages: usize,
}

/// A row as its source has it: values by the record they are of and their field.
pub trait Fields {
    /// The value; none where nothing is said or may be shown.
    fn value(&self, record: &str, field: &str) -> Option<&serde_json::Value>;
}

/// A row has more entries of a list than the file has columns: somebody added one since the columns were counted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a record got a further entry under {0} while the file was written; nothing was left out silently: export again")]
pub struct Outgrown(pub &'static str);

struct Column {
    spec: &'static Spec,
    /// Which of several, from 0.
    index: usize,
    /// Whether no column follows for the same list.
    last: bool,
}

impl Column {
    /// The field's path, as a mapping writes it.
    fn path(&self) -> String {
        if self.index == 0 { self.spec.path.to_owned() } else { format!("{}[{}]", self.spec.path, self.index + 1) }
    }
}

/// The columns of a file.
pub struct Layout {
    noun: Noun,
    columns: Vec<Column>,
    /// Lists that no row of the file had anything under when columns were counted.
    none: Vec<&'static Spec>,
}

impl Layout {
    /// The columns of a file with names, which an import reads back.
    pub fn identified(noun: Noun, lists: Lists) -> Self {
        Self::of(noun, identified(noun), lists)
    }

    /// The columns of a file without.
    pub fn deidentified(noun: Noun) -> Self {
        let specs = DEIDENTIFIED.iter().filter(move |(nouns, _)| nouns.contains(&noun)).flat_map(|(_, specs)| *specs);
        Self::of(noun, specs, Lists::default())
    }

    fn of(noun: Noun, specs: impl Iterator<Item = &'static Spec>, lists: Lists) -> Self {
        let specs: Vec<&'static Spec> = specs.collect();
        let (mut columns, mut none) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(&spec) = specs.get(at) {
            let (size, together) = match spec.form {
                Form::DocumentKind => (lists.documents, 2),
                Form::Phone => (lists.phones, 1),
                Form::Language => (lists.languages, 1),
                _ => (1, 1),
            };
            for index in 0..size {
                for spec in specs.iter().skip(at).take(together) {
                    columns.push(Column { spec, index, last: index + 1 == size });
                }
            }
            if size == 0 {
                none.push(spec);
            }
            at += together;
        }
        Self { noun, columns, none }
    }

    /// Names of the columns: the fields' own, or words of a language.
    pub fn headers(&self, language: Language) -> Vec<String> {
        self.columns.iter().map(|column| words::header(&column.path(), language)).collect()
    }

    /// The mapping by which a file with names in another language's headers reads back.
    pub fn mapping(&self, language: Language) -> String {
        use std::fmt::Write as _;
        let mut text = format!("# Written with the file: an import by this mapping reads it back.\nas = \"{}\"\n", self.noun.name());
        let (derived, fields): (Vec<_>, Vec<_>) =
            self.columns.iter().partition(|column| column.spec.path.starts_with(DERIVED));
        let quoted = |column: &&Column| toml_text(&words::header(&column.path(), language));
        let passed_over: Vec<String> = derived.iter().map(quoted).collect();
        let _ = writeln!(text, "ignore = [{}]", passed_over.join(", "));
        for column in fields {
            let _ = write!(text, "\n[[field]]\nto = \"{}\"\ncolumn = {}\n", column.path(), quoted(&column));
        }
        text
    }

    /// The cells of a row.
    pub fn cells(&self, row: &impl Fields) -> Result<Vec<String>, Outgrown> {
        let last = self.columns.iter().filter(|column| column.last).map(|column| (column.spec, column.index + 1));
        let most = last.chain(self.none.iter().map(|spec| (*spec, 0)));
        for (spec, most) in most {
            if spec.form.entries(row, spec).is_some_and(|entries| entries > most) {
                return Err(Outgrown(spec.path));
            }
        }
        Ok(self.columns.iter().map(|column| column.spec.form.cell(row, column.spec, column.index)).collect())
    }
}

fn toml_text(text: &str) -> String {
    // A header has no control character and no quote; it is written by this program.
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
