//! Each rule of form and meaning fires, alone, at its own line.

use std::collections::BTreeSet;

use super::*;
use crate::pack::{FileFault, check_all};

/// The pack text with the first `from` replaced, and the line that `from` starts on.
fn changed(text: &str, from: &str, to: &str) -> (String, u32) {
    let at = text.find(from).unwrap_or_else(|| panic!("{from:?} is not in the pack"));
    let line = text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1;
    (text.replacen(from, to, 1), u32::try_from(line).unwrap())
}

fn faults(text: &str) -> Vec<Fault> {
    Pack::parse(text).err().unwrap_or_default()
}

/// Exactly one fault, at this line, with this path, whose reason contains the words.
fn only(text: &str, line: u32, path: &str, words: &str) {
    let found = faults(text);
    let [fault] = found.as_slice() else { panic!("wanted one fault at {path}, found:\n{}", listed(&found)) };
    assert_eq!((fault.line, fault.path.as_str()), (line, path), "{fault}");
    assert!(fault.reason.contains(words), "{fault}");
    assert!(!fault.remedy.is_empty());
}

/// One change of a shipped pack gives one fault at the changed line.
fn fires(text: &str, from: &str, to: &str, path: &str, words: &str) {
    let (broken, line) = changed(text, from, to);
    only(&broken, line, path, words);
}

#[test]
fn follow_up_shorter_than_the_longest_incubation() {
    let (text, _) = changed(WHO_EBOLA, "term = { days = 21,", "term = { days = 20,");
    let (text, _) = changed(&text, "length = { days = 21,", "length = { days = 20,");
    let (_, line) = changed(WHO_EBOLA, "term = {", "");
    only(&text, line, "follow_up[0].term", "shorter than the longest incubation, 21 days");
    let (overridden, _) = changed(
        &text,
        "term = { days = 20, mark = \"S\", source = \"E2\"",
        "term = { days = 20, mark = \"S\", source = \"E2\", override_reason = \"chosen\"",
    );
    assert_eq!(listed(&faults(&overridden)), "");
}

#[test]
fn end_sooner_than_twice_the_longest_incubation() {
    fires(
        WHO_EBOLA,
        "quiet = { days = 42,",
        "quiet = { days = 41,",
        "end_of_outbreak.quiet",
        "twice the longest incubation, 42 days",
    );
    let reason = ", override_reason = \"the authority chose 14 days, less than twice the longest incubation of 8\"";
    let (text, _) = changed(CN_COVID_8, reason, "");
    let (_, line) = changed(CN_COVID_8, "quiet = {", "");
    only(&text, line, "end_of_outbreak.quiet", "fewer than twice");
}

#[test]
fn look_back_shorter_than_presymptomatic() {
    fires(
        MEASLES,
        "lookback = { days = 4,",
        "lookback = { days = 3,",
        "contact[0].lookback",
        "shorter than presymptomatic, 4 days",
    );
}

#[test]
fn test_day_outside_its_phase() {
    fires(
        CN_COVID_8,
        "test_days = { days = [1, 4, 7, 14]",
        "test_days = { days = [1, 4, 7, 15]",
        "follow_up[0].phase[0].test_days",
        "day 15",
    );
    fires(
        CN_COVID_8,
        "test_days = { days = [1, 4, 7, 14]",
        "test_days = { days = [0, 4, 7, 14]",
        "follow_up[0].phase[0].test_days",
        "day 0",
    );
}

#[test]
fn override_that_overrides_nothing() {
    fires(
        WHO_EBOLA,
        "quiet = { days = 42,",
        "quiet = { override_reason = \"because\", days = 42,",
        "end_of_outbreak.quiet",
        "no check is overridden",
    );
}

#[test]
fn number_without_mark_or_source() {
    fires(
        WHO_EBOLA,
        "quiet = { days = 42, mark = \"S\", source = \"E3\" }",
        "quiet = 42",
        "end_of_outbreak.quiet",
        "without mark and source",
    );
    fires(
        WHO_EBOLA,
        "quiet = { days = 42, mark = \"S\", source",
        "quiet = { days = 42, source",
        "end_of_outbreak.quiet.mark",
        "missing",
    );
    fires(
        WHO_EBOLA,
        "quiet = { days = 42, mark = \"S\", source = \"E3\" }",
        "quiet = { days = 42, mark = \"S\" }",
        "end_of_outbreak.quiet.source",
        "missing",
    );
    fires(
        WHO_EBOLA,
        "quiet = { days = 42, mark = \"S\", source = \"E3\" }",
        "quiet = { days = 42, mark = \"S\", source = \"E9\" }",
        "end_of_outbreak.quiet.source",
        "E9 is not in [sources]",
    );
    fires(
        WHO_EBOLA,
        "quiet = { days = 42, mark = \"S\"",
        "quiet = { days = 42, mark = \"X\"",
        "end_of_outbreak.quiet.mark",
        "\"X\" is no mark",
    );
}

#[test]
fn number_of_a_wrong_kind() {
    fires(WHO_EBOLA, "quiet = { days = 42,", "quiet = { days = 42.5,", "end_of_outbreak.quiet.days", "fraction");
    fires(
        WHO_EBOLA,
        "quiet = { days = 42,",
        "quiet = { hours = 1008,",
        "end_of_outbreak.quiet.hours",
        "does not fit",
    );
    fires(
        WHO_EBOLA,
        "quiet = { days = 42,",
        "quiet = { days = 42, hours = 3,",
        "end_of_outbreak.quiet",
        "several units",
    );
    fires(WHO_EBOLA, "quiet = { days = 42,", "quiet = { days = -42,", "end_of_outbreak.quiet.days", "out of range");
    fires(
        WHO_EBOLA,
        "quiet = { days = 42,",
        "quiet = { days = 9223372036854775807,",
        "end_of_outbreak.quiet.days",
        "out of range",
    );
    fires(WHO_EBOLA, "quiet = { days = 42,", "quiet = {", "end_of_outbreak.quiet", "number missing");
}

#[test]
fn unknown_key_and_word() {
    fires(WHO_EBOLA, "slots_per_day", "term_days = 21\nslots_per_day", "follow_up[0].term_days", "unknown key");
    fires(WHO_EBOLA, "shown = \"F\"", "shown = \"G\"", "zero.shown", "\"G\" is no zero definition");
    fires(WHO_EBOLA, "result_from_sampling", "result_from_sample", "limits.result_from_sample", "is no time limit");
    fires(
        WHO_EBOLA,
        "[[\"symptoms\"], [\"death\"]]",
        "[[\"fever\"], [\"death\"]]",
        "cases.definition[0].any_of[0]",
        "\"fever\" is no finding",
    );
}

#[test]
fn missing_keys_stand_at_their_table() {
    let (text, _) = changed(WHO_EBOLA, "disease = \"ebola\"\n", "");
    only(&text, 1, "disease", "missing");
    let (text, line) =
        changed(WHO_EBOLA, "[end_of_outbreak]\nanchor = \"second_negative_or_burial\"\n", "[end_of_outbreak]\n");
    only(&text, line, "end_of_outbreak.anchor", "missing");
}

#[test]
fn every_rule_of_natural_history() {
    fires(
        WHO_EBOLA,
        "median = { days = 8,",
        "median = { days = 1,",
        "natural_history.incubation.median",
        "shorter than min",
    );
    fires(
        WHO_EBOLA,
        "opens = { days = 0, mark = \"M\"",
        "opens = { days = -1, mark = \"M\"",
        "natural_history.infectious.window[0].opens",
        "presymptomatic is 0",
    );
    fires(
        MEASLES,
        "closes = { days = 8, mark",
        "closes = { days = -3, mark",
        "natural_history.infectious.window[1].closes",
        "closes before it opens",
    );
}

#[test]
fn every_rule_of_follow_up() {
    fires(
        WHO_EBOLA,
        "due = { times = [\"09:00\", \"17:00\"]",
        "due = { times = [\"09:00\"]",
        "follow_up[0].due",
        "1 times for 2 slots",
    );
    fires(
        WHO_EBOLA,
        "due = { times = [\"09:00\", \"17:00\"]",
        "due = { times = [\"17:00\", \"09:00\"]",
        "follow_up[0].due.times",
        "do not ascend",
    );
    fires(
        WHO_EBOLA,
        "due = { times = [\"09:00\", \"17:00\"]",
        "due = { times = [\"09:00\", \"24:00\"]",
        "follow_up[0].due.times",
        "found a text",
    );
    fires(WHO_EBOLA, "term = { days = 21,", "term = { days = 22,", "follow_up[0].term", "the phases together 21");
    fires(
        WHO_EBOLA,
        "lost_after = { days = 2,",
        "lost_after = { days = 0,",
        "follow_up[0].lost_after",
        "not inside the follow-up",
    );
    fires(
        WHO_EBOLA,
        "restriction = \"monitoring\"",
        "restriction = \"facility\"",
        "follow_up[0].phase[0].restriction",
        "not allowed",
    );
    fires(
        MEASLES,
        "through_day_after_last = { days = 21,",
        "through_day_after_last = { days = 22,",
        "follow_up[0].exclusion.through_day_after_last",
        "after the follow-up",
    );
    fires(MEASLES, "rings = [\"ring1\"]", "rings = [\"ring2\"]", "prophylaxis[0].rings", "no contact definition");
}

#[test]
fn every_rule_of_contacts_release_and_head() {
    fires(CN_COVID_8, "ring = \"general\"", "ring = \"ring1\"", "contact[2].ring", "defined twice");
    fires(
        CN_COVID_8,
        "lookback_wide = { days = 4,",
        "lookback_wide = { days = 2,",
        "contact[0].lookback_wide",
        "not longer",
    );
    fires(
        CN_COVID_8,
        "[[release]]\nfrom = 2022-03-15\n",
        "[[release]]\n",
        "release[1].from",
        "after the rule before it",
    );
    fires(CN_COVID_8, "to = 2022-06-27", "to = 2021-05-10", "valid.to", "before it starts");
    fires(CN_COVID_8, "to = 2022-06-27", "to = \"2022-06-27\"", "valid.to", "found a text");
    fires(WHO_EBOLA, "pack_id = \"who-ebola\"", "pack_id = \"WHO Ebola\"", "pack_id", "not an identifier");
    fires(CN_COVID_9, "supersedes = \"cn-covid-8\"", "supersedes = \"cn-covid-9\"", "supersedes", "itself");
}

#[test]
fn every_rule_of_classifications() {
    fires(
        WHO_EBOLA,
        "initial = [\"suspect\", \"probable\", \"confirmed\"]",
        "initial = [\"asymptomatic\", \"suspect\"]",
        "cases.initial[0]",
        "has no definition",
    );
    let asymptomatic = "classification = \"asymptomatic\"\ncounts_as_infection = true";
    let (text, line) =
        changed(CN_COVID_8, asymptomatic, "classification = \"asymptomatic\"\ncounts_as_infection = false");
    only(&text, line + 1, "cases.definition[2].counts_as_infection", "change the count of infections");
    let unreachable = "to = [\"confirmed\", \"asymptomatic\", \"not_a_case\"]";
    let (text, _) = changed(CN_COVID_8, unreachable, "to = [\"confirmed\", \"asymptomatic\"]");
    let (_, line) = changed(CN_COVID_8, "classification = \"not_a_case\"", "");
    only(&text, line, "cases.definition[3].classification", "no case can become not_a_case");
}

#[test]
fn the_right_ring_is_needed_for_its_follow_up() {
    let (text, _) = changed(CN_COVID_8, "ring = \"ring2\"\ntitle", "ring = \"general\"\ntitle");
    let (text, line) = changed(&text, "ring = \"ring2\"\nclock", "ring = \"ring2\"\nclock");
    let found = faults(&text);
    assert!(
        found.iter().any(|fault| fault.line == line && fault.reason.contains("ring2 has no contact definition")),
        "{}",
        listed(&found)
    );
}

#[test]
fn all_faults_are_told_together_in_the_order_of_the_text() {
    let (text, first) = changed(CN_COVID_8, "max = { days = 8, mark = \"M\"", "max = { days = 8, mark = \"?\"");
    let (text, second) = changed(&text, "test_days = { days = [1, 4, 7, 14]", "test_days = { days = [1, 4, 7, 99]");
    let (text, third) = changed(&text, "core_facts = { hours = 4", "core_facts = { weeks = 4");
    let found = faults(&text);
    let lines: BTreeSet<u32> = found.iter().map(|fault| fault.line).collect();
    assert_eq!(lines.into_iter().collect::<Vec<_>>(), [first, second, third], "{}", listed(&found));
    assert!(found.is_sorted_by_key(|fault| (fault.line, fault.column)));
}

#[test]
fn a_guessed_value_raises_no_second_fault() {
    // Incubation without maximum: the three checks that need it stay silent.
    let (text, _) = changed(WHO_EBOLA, "max = { days = 21, mark = \"M\", source = \"WHO fact sheet\" }\n", "");
    let (_, line) = changed(WHO_EBOLA, "[natural_history.incubation]", "");
    only(&text, line, "natural_history.incubation.max", "missing");
}

#[test]
fn bad_toml_shows_its_line() {
    let (text, line) = changed(WHO_EBOLA, "[restrictions]", "[restrictions");
    let found = faults(&text);
    assert!(
        found.iter().any(|fault| fault.line == line && fault.reason.starts_with("not TOML")),
        "{}",
        listed(&found)
    );
    let (text, line) = changed(WHO_EBOLA, "version = 1", "version = 1\nversion = 2");
    only(&text, line + 1, "", "duplicate key");
}

#[test]
fn columns_count_characters() {
    let (text, line) =
        changed(WHO_EBOLA, "title = { zh = \"接触者\", en = \"contact\" }", "title = { zh = \"接触者\", en = 5 }");
    let found = faults(&text);
    assert_eq!(found.iter().map(|fault| (fault.line, fault.column)).collect::<Vec<_>>(), [(line, 28)]);
}

#[test]
fn an_oversized_text_and_an_empty_one_are_refused() {
    assert_eq!(faults(&"#".repeat(300_000)).len(), 1);
    assert!(faults("").iter().any(|fault| fault.path == "pack_id"));
}

#[test]
fn packs_side_by_side() {
    let found = |files: &[(&str, &str)]| -> Vec<FileFault> { check_all(files).err().unwrap_or_default() };
    let (other, _) = changed(MERS, "days = 28", "days = 29");
    let twice = found(&[("a.toml", MERS), ("b.toml", &other)]);
    assert!(
        matches!(twice.as_slice(), [fault] if fault.file == "b.toml" && fault.fault.path == "version"),
        "{twice:?}"
    );
    assert!(found(&[("a.toml", MERS), ("b.toml", MERS)]).is_empty(), "the same text twice is the same pack");
    let (longer, _) = changed(CN_COVID_8, "to = 2022-06-27", "to = 2022-06-28");
    let overlap = found(&[("eighth.toml", &longer), ("ninth.toml", CN_COVID_9)]);
    assert!(
        matches!(overlap.as_slice(), [fault] if fault.file == "ninth.toml" && fault.fault.path == "valid"),
        "{overlap:?}"
    );
    let broken = found(&[("a.toml", "x"), ("b.toml", MERS)]);
    assert!(broken.iter().all(|fault| fault.file == "a.toml") && !broken.is_empty());
}

/// The text without the lines from the one that starts with `from` up to, not including, the one that starts with `to`.
fn without(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap_or_else(|| panic!("{from:?} is not in the pack"));
    let length = text.get(start..).and_then(|rest| rest.find(to)).unwrap_or_else(|| panic!("{to:?} does not follow"));
    text.chars().take(text[..start].chars().count()).chain(text[start + length..].chars()).collect()
}

fn line_of(text: &str, words: &str) -> u32 {
    changed(text, words, words).1
}

#[test]
fn lists_that_must_not_be_empty() {
    let text = without(MERS, "[[natural_history.infectious.window]]", "[cases]");
    only(
        &text,
        line_of(&text, "[natural_history.infectious]"),
        "natural_history.infectious.window",
        "no infectious window",
    );
    let text = without(MERS, "[[release]]", "[end_of_outbreak]");
    only(&text, 1, "release", "no release rule");
    let text = without(MERS, "[[contact]]", "[restrictions]");
    let found = faults(&text);
    assert!(
        found.iter().any(|fault| fault.path == "contact" && fault.reason == "no contact definition"),
        "{}",
        listed(&found)
    );
    let text = MERS.replace("counts_as_infection = true", "counts_as_infection = false");
    only(&text, line_of(&text, "[[cases.definition]]"), "cases.definition", "no classification counts");
}

#[test]
fn things_that_may_stand_once() {
    fires(
        MEASLES,
        "anchor = \"onset\"",
        "anchor = \"fever\"",
        "natural_history.infectious.window[2].anchor",
        "fever has two windows",
    );
    fires(MEASLES, "code = \"immunoglobulin\"", "code = \"mmr\"", "prophylaxis[1].code", "mmr stands twice");
    let (text, _) = changed(CN_COVID_8, "code = \"E\"", "code = \"D\"");
    only(
        &text,
        line_of(&text, "code = \"D\"") + line_after(&text, "code = \"D\""),
        "zero.definition[5].code",
        "D is defined twice",
    );
}

/// Lines from the first to the second place of `words`.
fn line_after(text: &str, words: &str) -> u32 {
    let (rest, second) = changed(&text.replacen(words, "", 1), words, "");
    assert!(!rest.contains(words));
    second - line_of(text, words)
}

#[test]
fn parts_of_a_rule_that_belong_together() {
    let (text, _) = changed(MEASLES, "anchor = \"rash\"\nrecovered", "recovered");
    only(&text, line_of(&text, "[[release]]"), "release[0]", "through and anchor belong together");
    let (text, _) = changed(CN_COVID_9, "afterwards_restriction = \"home\"\n", "");
    only(&text, line_of(&text, "[[release]]"), "release[0]", "belong together");
    let (text, _) = changed(MERS, "consecutive_negatives = { count = 2, mark = \"S\", source = \"D4\" }\n", "");
    only(&text, line_of(&text, "[[release]]"), "release[0]", "nothing about when");
    let (text, _) = changed(MERS, "consecutive_days = { days = 1, mark = \"P\", source = \"Firebreak\" }\n", "");
    only(&text, line_of(&text, "[[zero.definition]]"), "zero.definition[0]", "how long it must stay quiet");
}

#[test]
fn what_is_named_must_be_there() {
    fires(WHO_EBOLA, "shown = \"F\"", "shown = \"C\"", "zero.shown", "C is not among the definitions");
    let (text, _) = changed(MEASLES, "allowed = [\"monitoring\", \"exclusion\"]", "allowed = [\"monitoring\"]");
    only(&text, line_of(&text, "[follow_up.exclusion]"), "follow_up[0].exclusion", "exclusion is not allowed");
    let (text, _) = changed(DISEASE_X, "max = { days = 21", "max = { days = 0");
    only(&text, line_of(&text, "max = {"), "natural_history.incubation.max", "makes every check idle");
}
