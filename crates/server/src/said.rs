//! What a refusal says beyond its rule, in both languages: what would have been taken, in words of JSON and of the
//! program, never in those of a parser, and never what was sent.

use crate::language::Language;

/// Words in both languages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Said {
    /// Both.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// In this language.
    pub fn pick(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }

    /// Names that would have been taken.
    pub fn names(names: &[String]) -> Option<Self> {
        match names {
            [] => None,
            [one] => Some(Self::new(format!("应为：{one}。"), format!("Expected: {one}."))),
            many => {
                let names = many.join(", ");
                Some(Self::new(format!("应为以下之一：{names}。"), format!("Expected one of: {names}.")))
            }
        }
    }

    /// What a parser says that it would have taken.
    pub fn expected(parsers: &str) -> Option<Self> {
        let names = names(parsers);
        if !names.is_empty() {
            return Self::names(&names);
        }
        let first = parsers.split(' ').next().unwrap_or_default();
        let last = parsers.rsplit(' ').next().unwrap_or_default();
        let (zh, en) = match (first, parsers) {
            ("newtype" | "tuple", _) if last == "variant" => {
                ("只有一个字段的对象，字段名即所选的词", "an object with the word chosen as its one field")
            }
            ("struct" | "map", _) | (_, "a map") => ("对象，写作 {…}", "an object, written {…}"),
            ("unit", _) => ("单独一个词，加引号", "the word alone, in quotes"),
            ("enum" | "variant", _) | (_, "string or map") => {
                ("加引号的词，或只有一个字段的对象", "a word in quotes, or an object with one field")
            }
            ("sequence" | "tuple", _) | (_, "a sequence") => ("列表，写作 […]", "a list, written […]"),
            ("i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "integer", _) => {
                ("整数，不加引号", "a whole number, without quotes")
            }
            ("u8" | "u16" | "u32" | "u64" | "u128" | "usize", _) => {
                ("不小于 0 的整数，不加引号", "a whole number of at least 0, without quotes")
            }
            ("f32" | "f64", _) => ("数字，不加引号", "a number, without quotes"),
            ("bool" | "boolean", _) | (_, "a boolean") => ("true 或 false", "true or false"),
            _ if parsers.contains("UUID") => ("编号（UUID），加引号", "an id (a UUID), in quotes"),
            _ if last == "string" || first == "string" => ("加引号的文字", "text in quotes"),
            _ => return None,
        };
        Some(Self::new(format!("应为：{zh}。"), format!("Expected: {en}.")))
    }
}

/// Names that stand in a parser's words: those between backticks.
pub fn names(parsers: &str) -> Vec<String> {
    parsers.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The form of every name of a field, a noun or a verb.
pub fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(inner)
}

/// Longest name that is compared, bytes: longer than any of the program's.
const LONGEST: usize = 64;

/// The one of these names that was meant, where exactly one is a slip of the pen away: so little that what was written can
/// be nothing but it, and so can be repeated. A letter in five, two at most.
pub fn meant<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if !is_name(written) || written.len() > LONGEST {
        return None;
    }
    let near = |name: &&str| slips(written.as_bytes(), name.as_bytes()) <= (name.len() / 5).min(2);
    let mut near = names.into_iter().filter(near);
    near.next().filter(|_| near.next().is_none())
}

/// Letters to add, leave out, change or exchange with the next, to make one word of the other.
fn slips(left: &[u8], right: &[u8]) -> usize {
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (n, a) in left.iter().enumerate() {
        let mut row = vec![n + 1];
        for (m, b) in right.iter().enumerate() {
            let mut least = (rows[n][m] + usize::from(a != b)).min(rows[n][m + 1] + 1).min(row[m] + 1);
            if n > 0 && m > 0 && left[n - 1] == *b && right[m - 1] == *a {
                least = least.min(rows[n - 1][m - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_slip_is_told_from_what_is_another_word() {
        let fields = ["full_name", "birth_date", "sex", "note", "phones"];
        for (written, name) in [
            ("full_nmae", Some("full_name")),
            ("birthdate", Some("birth_date")),
            ("phone", Some("phones")),
            ("nate", None),
            ("okoro", None),
            ("ada", None),
            ("nickname", None),
            ("full name", None),
        ] {
            assert_eq!(meant(written, fields), name, "{written}");
        }
        assert_eq!(meant("field_x1", ["field_x2", "field_x3"]), None, "of two it is neither");
    }
}
