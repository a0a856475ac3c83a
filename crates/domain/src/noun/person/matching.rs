//! Finding a person again: keys that bring candidates together, and how alike two names are.

use super::{super::MatchKey, Fields};
use crate::{date::KnownDate, fields::Kept, seal::Reading};

/// A name folded for comparison: lower case, letters and digits only.
pub fn fold_name(name: &str) -> String {
    name.chars().filter(|symbol| symbol.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Keys of a person: each identifier; each phone with nothing else; name with birth month; name without its last
/// letter and birth year, so that one wrong letter at the end or a turned date still meets.
pub(super) fn keys(fields: &Fields, permit: &Reading) -> Vec<MatchKey> {
    let mut keys = Vec::with_capacity(6);
    for identifier in fields.identifiers.iter().filter_map(|list| list.shown(permit)).flatten() {
        keys.push(MatchKey::new("identifier", &[&identifier.kind, &fold_name(&identifier.number)]));
    }
    for phone in fields.phones.iter().filter_map(|list| list.shown(permit)).flatten() {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= 6 {
            keys.push(MatchKey::new("phone", &[&digits[digits.len().saturating_sub(10)..]]));
        }
    }
    let name = fields.full_name.as_ref().and_then(|name| name.shown(permit)).map(|name| fold_name(name));
    let birth =
        fields.birth_date.as_ref().and_then(|date| date.shown(permit)).and_then(|date| KnownDate::earliest(*date));
    if let (Some(name), Some(birth)) = (name, birth) {
        keys.push(MatchKey::new("name+month", &[&name, &birth.strftime("%Y-%m").to_string()]));
    }
    keys
}

/// How alike two folded names are, in thousandths: 1000 − 1000 × edit distance ÷ longer length, in letters.
pub fn similarity(left: &str, right: &str) -> i64 {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let longer = left.len().max(right.len());
    if longer == 0 {
        return 1000;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    1000 - (1000 * row[right.len()] / longer) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_letter_of_three_is_two_thirds_alike() {
        assert_eq!(similarity("王小明", "王小民"), 667);
        assert_eq!(similarity("", ""), 1000);
        assert_eq!(similarity("abc", ""), 0);
    }

    #[test]
    fn folding_forgets_case_and_marks() {
        assert_eq!(fold_name(" O'Brien-Łukasz "), "obrienłukasz");
    }
}
