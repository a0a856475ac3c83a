//! Columns of exported files: each is a field that an import knows, under a name of its own in every language.

use exchange::{
    Mapping, Noun,
    export::{DERIVED, Fields, Language, Layout, Lists},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LISTS: Lists = Lists { documents: 2, phones: 3, languages: 1 };
const NOUNS: [Noun; 6] =
    [Noun::Linelist, Noun::Contacts, Noun::Exposures, Noun::Followups, Noun::People, Noun::Places];

#[test]
fn a_file_with_names_has_columns_that_an_import_reads_without_a_mapping() {
    for noun in NOUNS {
        let headers = Layout::identified(noun, LISTS).headers(Language::Fields);
        let mapping = Mapping::of_paths(noun, &headers).unwrap_or_else(|| panic!("{noun:?} reads back: {headers:?}"));
        let derived = headers.iter().filter(|header| header.starts_with(DERIVED)).count();
        assert_eq!(mapping.columns().len() + derived, headers.len(), "{noun:?}");
    }
}

#[test]
fn every_column_has_a_name_of_its_own_in_every_language() {
    for noun in NOUNS {
        for layout in [Layout::identified(noun, LISTS), Layout::deidentified(noun)] {
            let fields = layout.headers(Language::Fields);
            assert!(!fields.is_empty(), "{noun:?}");
            for language in [Language::Fields, Language::English, Language::Chinese] {
                let headers = layout.headers(language);
                let names: BTreeSet<&String> = headers.iter().collect();
                assert_eq!(names.len(), headers.len(), "{noun:?} {language:?}: {headers:?}");
                if language == Language::Chinese {
                    let plain: Vec<_> = headers.iter().filter(|header| header.is_ascii()).collect();
                    assert!(plain.is_empty(), "{noun:?} has no Chinese words for {plain:?}");
                }
            }
        }
    }
}

#[test]
fn the_mapping_that_comes_with_other_words_is_one() {
    for noun in NOUNS {
        let layout = Layout::identified(noun, LISTS);
        for language in [Language::English, Language::Chinese] {
            let mapping = Mapping::parse(&layout.mapping(language)).unwrap_or_else(|faults| panic!("{noun:?}: {faults:?}"));
            let known: BTreeSet<&str> =
                mapping.columns().into_iter().chain(mapping.ignored.iter().map(String::as_str)).collect();
            let headers = layout.headers(language);
            assert_eq!(known, headers.iter().map(String::as_str).collect(), "{noun:?} {language:?}");
        }
    }
}

/// A row with these phones.
struct Phones(Value);

impl Fields for Phones {
    fn value(&self, record: &str, field: &str) -> Option<&Value> {
        (record == "person" && field == "phones").then_some(&self.0)
    }
}

#[test]
fn an_entry_without_a_column_stops_the_file() {
    let layout = Layout::identified(Noun::People, Lists { phones: 2, ..Lists::default() });
    let cells = layout.cells(&Phones(json!(["1", "2"]))).expect("two fit");
    assert_eq!(cells.iter().filter(|cell| !cell.is_empty()).count(), 2);
    let outgrown = layout.cells(&Phones(json!(["1", "2", "3"]))).expect_err("three do not");
    assert!(outgrown.to_string().contains("person.phone"), "{outgrown}");
    let none = Layout::identified(Noun::People, Lists::default());
    assert!(none.cells(&Phones(json!(["1"]))).is_err(), "a list without any column is not left out either");
}
