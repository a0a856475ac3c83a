//! Mapping files and disease packs from a seed.

use super::{Choices, change_bytes};
use crate::fuzzing::maps::MAPS;

/// A mapping file from a seed.
pub fn mapping(seed: u64) -> Vec<u8> {
    const WORDS: &[&str] = &[
        "[[field]]\n",
        "[[record]]\n",
        "[[record.field]]\n",
        "[field]\n",
        "field = 1\n",
        "record = [1]\n",
        "as = \"places\"\n",
        "as = \"patients\"\n",
        "as = 1\n",
        "format = \"doc\"\n",
        "encoding = \"latin-1\"\n",
        "to = \"case.onset\"\n",
        "to = \"case.onsett\"\n",
        "to = \"person.sex[2]\"\n",
        "to = \"person.health_worker\"\n",
        "into = [\"person.phone[300]\"]\n",
        "into = [\"person.family_name\", \"person.given_name\"]\n",
        "into = [\"person.phone\", \"person.phone\"]\n",
        "column = 7\n",
        "column = \"note\"\n",
        "columns = [\"id\"]\n",
        "columns = [\"id\", \"note\"]\n",
        "split = \"\"\n",
        "split = \"-\"\n",
        "pattern = \"{}{}\"\n",
        "pattern = \"{}-{}\"\n",
        "pattern = \"none\"\n",
        "values = { a = \"b\" }\n",
        "values = \"a\"\n",
        "values = { f = 1, m = \"(clear)\" }\n",
        "otherwise = \"unknown\"\n",
        "when = { column = \"id\", is = 1 }\n",
        "when = { column = \"id\", is = \"A-1\", not = \"A-2\" }\n",
        "when = { is = \"A-1\" }\n",
        "when = { column = \"nobody\" }\n",
        "when = 1\n",
        "when = [\"id\", { column = \"sex\", not = [\"m\"] }]\n",
        "header_row = -1\n",
        "header_row = 2\n",
        "header_row = \"2\"\n",
        "delimiter = \"ab\"\n",
        "comment = \"\\\"\"\n",
        "formats = [\"MM\"]\n",
        "formats = [\"YYYY-mm-dd\", \"YYY\", 1]\n",
        "precision = \"month\"\n",
        "precision = \"year\"\n",
        "prefix = \"x\"\n",
        "constant = \"(clear)\"\n",
        "constant = \"male\"\n",
        "required = \"yes\"\n",
        "required = true\n",
        "optional = false\n",
        "time_zone = \"Mars/Base\"\n",
        "]",
        "\"",
        "{",
        "= ",
    ];
    let mut choices = Choices::from_seed(seed);
    if choices.one_in(4_000) {
        // Longer than any mapping is.
        return MAPS.concat().repeat(400).into_bytes();
    }
    // Mostly the one that fits the corpus table: then rows are mapped by what is left of it.
    let text = if choices.one_in(3) { choices.pick(MAPS) } else { MAPS.first().copied() };
    changed(text.unwrap_or_default(), WORDS, &mut choices)
}

/// A disease pack from a seed, made of a shipped one.
pub fn pack(seed: u64) -> Vec<u8> {
    const PACKS: &[&str] = &[
        include_str!("../../../../../packs/disease-x.toml"),
        include_str!("../../../../../packs/measles.toml"),
        include_str!("../../../../../packs/mers.toml"),
        include_str!("../../../../../packs/who-ebola.toml"),
    ];
    const WORDS: &[&str] = &[
        "[[follow_up]]\n",
        "[[follow_up.phase]]\n",
        "[source]\n",
        "days = -1\n",
        "days = 99999999999999999999\n",
        "days = 1.5\n",
        "version = \"\"\n",
        "valid_from = 2020-02-30\n",
        "valid_from = 9999-12-31\n",
        "override_reason = \"known\"\n",
        "source = \"nowhere\"\n",
        "x = [[[[[[[[1]]]]]]]]\n",
        "\"\" = 1\n",
        "]",
        "\"",
        "\"\"\"",
        "{",
        "= ",
        "\u{FEFF}",
    ];
    let mut choices = Choices::from_seed(seed);
    let text = choices.pick(PACKS).unwrap_or_default();
    changed(text, WORDS, &mut choices)
}

/// The text with a few lines left out, doubled, exchanged or added, a figure changed, and seldom a byte.
fn changed(text: &str, words: &[&str], choices: &mut Choices) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    for _ in 0..choices.below(4) {
        let at = choices.below(lines.len());
        match choices.below(6) {
            0 if !lines.is_empty() => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines.get(at).cloned().unwrap_or_default()),
            2 => {
                let other = choices.below(lines.len());
                if at != other && at < lines.len() && other < lines.len() {
                    lines.swap(at, other);
                }
            }
            3 | 4 => {
                if let Some(line) = lines.get_mut(at) {
                    let digits: Vec<usize> =
                        line.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
                    if let Some(&digit) = digits.get(choices.below(digits.len())) {
                        line.replace_range(digit..=digit, &choices.below(100).to_string());
                    }
                }
            }
            _ => {
                let word = choices.pick(words).unwrap_or_default();
                // In the place of a line of the same key, or the key comes twice and nothing else is looked at.
                let key = |line: &str| line.split_once(" = ").map(|(key, _)| key.to_owned());
                let same: Vec<usize> = (0..lines.len())
                    .filter(|n| key(word).is_some() && lines.get(*n).and_then(|line| key(line)) == key(word))
                    .collect();
                match same.get(choices.below(same.len())).and_then(|n| lines.get_mut(*n)) {
                    Some(line) if !choices.one_in(3) => *line = word.to_owned(),
                    _ => lines.insert(at, word.to_owned()),
                }
            }
        }
    }
    let mut bytes = lines.concat().into_bytes();
    if choices.one_in(6) {
        change_bytes(&mut bytes, choices, 1);
    }
    bytes
}
