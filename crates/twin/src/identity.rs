//! Identity numbers and telephone numbers that cannot be anybody's.

use jiff::civil::Date;

use crate::district::Sex;
use crate::rng::{Purpose, Stream};

/// How many different people can be numbered before an identity number with the same birth date and sex
/// may come twice.
pub const DISTINCT_PEOPLE: u32 = 5_000_000;

/// How many different telephone numbers there are.
pub const DISTINCT_PHONES: u32 = 10_000_000;

/// An 18-character resident identity number in the layout of GB 11643-1999 (region 6, birth date 8,
/// sequence 3 with odd for men, check character) whose region begins with 99. GB/T 2260 gives no
/// province the number 99, so it is no real person's; the check character is correct, so that import
/// and check rules can be exercised. The first 500 people have region 999999.
#[must_use]
pub fn id_number(number: u32, born: Date, sex: Sex) -> String {
    let number = number % DISTINCT_PEOPLE;
    let region = 999_999 - number / 500;
    let sequence = (number % 500) * 2 + u32::from(sex == Sex::Male);
    let body = format!("{region:06}{:04}{:02}{:02}{sequence:03}", born.year(), born.month(), born.day());
    let check = check_character(&body);
    body + &check.to_string()
}

/// The check character over the first 17 digits: ISO 7064 MOD 11-2, `X` for ten.
#[must_use]
pub fn check_character(body: &str) -> char {
    let weighted: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit.wrapping_sub(b'0')) * (2_u32.pow(place as u32 + 1) % 11))
        .sum();
    char::from(b"10X98765432"[(weighted % 11) as usize])
}

/// The telephone number of person `number` in the shape of a Chinese mobile number: 11 digits, but
/// beginning with 1110. Mobile numbers begin with 13 to 19; nothing is allotted under 1110. Different
/// for every number below [`DISTINCT_PHONES`] under one seed.
#[must_use]
pub fn phone_number(seed: u64, number: u32) -> String {
    let shift = Stream::new(seed, Purpose::Phone, 0, 0).below(DISTINCT_PHONES);
    // 7,654,321 shares no factor with ten million, so this is a permutation.
    let scattered = (u64::from(number) * 7_654_321 + u64::from(shift)) % u64::from(DISTINCT_PHONES);
    format!("1110{scattered:07}")
}
