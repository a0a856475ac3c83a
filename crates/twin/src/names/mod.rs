//! Invented people's names in Chinese and in pinyin.

mod tables;

use serde::Serialize;

use crate::district::Sex;
use crate::rng::{Purpose, Stream};

/// A person's name. `chinese` is surname then given name without a space; the Latin form is for
/// registers that cannot hold Chinese ("Wang Xiuying").
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Name {
    pub surname: &'static str,
    pub given: String,
    pub surname_latin: &'static str,
    pub given_latin: String,
}

impl Name {
    /// Surname and given name as one string: `王秀英`.
    #[must_use]
    pub fn chinese(&self) -> String {
        format!("{}{}", self.surname, self.given)
    }

    /// Pinyin without tones: `Wang Xiuying`.
    #[must_use]
    pub fn latin(&self) -> String {
        format!("{} {}", self.surname_latin, self.given_latin)
    }
}

/// Number of surnames; a surname is kept as its index.
#[must_use]
pub fn surname_count() -> usize {
    tables::SURNAMES.len()
}

/// A surname index drawn by its share of the population.
pub fn draw_surname(stream: &mut Stream) -> u8 {
    let total: u32 = tables::SURNAMES.iter().map(|row| row.2).sum();
    let mut left = stream.below(total);
    for (index, row) in tables::SURNAMES.iter().enumerate() {
        if left < row.2 {
            return index as u8;
        }
        left -= row.2;
    }
    0
}

/// The name of person `number` of the world with this seed: the surname is given (families share it),
/// the given name is drawn from the characters of the person's generation and sex.
#[must_use]
pub fn name_of(seed: u64, number: u32, surname: u8, sex: Sex, birth_year: i16) -> Name {
    let mut stream = Stream::new(seed, Purpose::GivenName, 0, number);
    let (pool, one_character_percent) = generation(sex, birth_year);
    let (surname, surname_latin, _) = tables::SURNAMES[usize::from(surname) % tables::SURNAMES.len()];
    let first = stream.pick(pool);
    let mut name = Name { surname, given: first.0.to_owned(), surname_latin, given_latin: capitalised(first.1) };
    if !stream.percent(one_character_percent) {
        let second = stream.pick(pool);
        name.given.push_str(second.0);
        name.given_latin.push_str(second.1);
    }
    name
}

/// The characters of a generation and how many of a hundred have a given name of one character
/// (an estimate: rare before 1960, frequent in the 1980s, rare again since 2000).
fn generation(sex: Sex, birth_year: i16) -> (&'static [(&'static str, &'static str)], u32) {
    match (sex, birth_year) {
        (Sex::Female, ..1970) => (tables::FEMALE_BEFORE_1970, 10),
        (Sex::Male, ..1970) => (tables::MALE_BEFORE_1970, 12),
        (Sex::Female, ..1995) => (tables::FEMALE_1970_1994, 28),
        (Sex::Male, ..1995) => (tables::MALE_1970_1994, 32),
        (Sex::Female, _) => (tables::FEMALE_FROM_1995, 7),
        (Sex::Male, _) => (tables::MALE_FROM_1995, 8),
    }
}

/// `name` with one character of the given name mistyped: another character of the same sound where the
/// tables have one (丽 for 莉), otherwise any other. Never equal to the name put in.
pub fn mistype(name: &Name, stream: &mut Stream) -> Name {
    let characters: Vec<char> = name.given.chars().collect();
    let at = stream.below(characters.len() as u32) as usize;
    let wrong = characters[at].to_string();
    let pools = [
        tables::FEMALE_BEFORE_1970,
        tables::MALE_BEFORE_1970,
        tables::FEMALE_1970_1994,
        tables::MALE_1970_1994,
        tables::FEMALE_FROM_1995,
        tables::MALE_FROM_1995,
    ];
    let sound = pools.iter().flat_map(|pool| pool.iter()).find(|row| row.0 == wrong).map(|row| row.1);
    let mut other: Vec<&(&str, &str)> =
        pools.iter().flat_map(|pool| pool.iter()).filter(|row| row.0 != wrong && Some(row.1) == sound).collect();
    if other.is_empty() {
        other = pools.iter().flat_map(|pool| pool.iter()).filter(|row| row.0 != wrong).collect();
    }
    let replacement = stream.pick(&other).0;
    let mut given = String::new();
    for (index, character) in characters.iter().enumerate() {
        if index == at {
            given.push_str(replacement);
        } else {
            given.push(*character);
        }
    }
    Name { given, ..name.clone() }
}

fn capitalised(syllable: &str) -> String {
    let mut letters = syllable.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
