//! Every rule that the code refuses by has words in both languages.

use domain::refusal::rules;
use std::{collections::BTreeSet, fs, path::Path};

/// Rule ids written in the sources below `folder`.
fn rules_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rules_in(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).expect("a source is UTF-8");
            for part in text.split("Refusal::rule(\"").skip(1) {
                found.extend(part.split('"').next().map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_rule_has_words() {
    let mut used = BTreeSet::new();
    rules_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used);
    assert!(used.len() > 30, "the search finds the rules: {}", used.len());
    let worded: BTreeSet<&str> = rules().iter().map(|text| text.rule).collect();
    let wordless: Vec<&String> = used.iter().filter(|rule| !worded.contains(rule.as_str())).collect();
    assert!(wordless.is_empty(), "rules without words in refusal/catalogue.rs: {wordless:?}");
}

#[test]
fn no_rule_is_worded_twice_or_half() {
    let worded: BTreeSet<&str> = rules().iter().map(|text| text.rule).collect();
    assert_eq!(worded.len(), rules().len());
    for text in rules() {
        for words in [text.en_reason, text.en_remedy, text.zh_reason, text.zh_remedy] {
            assert!(!words.is_empty(), "{}", text.rule);
        }
    }
}
