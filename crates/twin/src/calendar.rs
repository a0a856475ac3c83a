//! Days as small integers, and instants of the exercise's time zone. Days are counted by the
//! proleptic Gregorian calendar in integers (Hinnant, "chrono-compatible low-level date algorithms"),
//! because a million births are placed by it; a test compares it with `jiff`.

use jiff::civil::Date;

/// Days from 1 January 1970 to 1 January 1900 (negative).
const YEAR_1900: i32 = -25_567;

/// Days from 1 January 1970 to `day`.
#[must_use]
pub fn epoch_day(day: Date) -> i32 {
    let month = i32::from(day.month());
    let year = i32::from(day.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(day.day()) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date that many days after 1 January 1970.
#[must_use]
pub fn date_of_epoch_day(days: i32) -> Date {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    Date::new(year as i16, month as i8, day as i8).unwrap_or(Date::MIN)
}

/// A birth date as days since 1 January 1900: two bytes a person. Dates before 1900 become day 0.
#[must_use]
pub(crate) fn birth_day(day: Date) -> u16 {
    u16::try_from(epoch_day(day) - YEAR_1900).unwrap_or(0)
}

/// The date of a [`birth_day`].
#[must_use]
pub(crate) fn birth_date(day: u16) -> Date {
    date_of_epoch_day(i32::from(day) + YEAR_1900)
}

/// Completed years of age on a day; 0 when the day is before birth.
#[must_use]
pub fn age_on(born: Date, day: Date) -> u8 {
    let birthday_due = (day.month(), day.day()) < (born.month(), born.day());
    u8::try_from(i32::from(day.year()) - i32::from(born.year()) - i32::from(birthday_due)).unwrap_or(0)
}

/// The clock of one world: minutes since midnight of its first day, in its own time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    first_day: i32,
    utc_offset_minutes: i32,
}

impl Clock {
    /// `start` is day 0; `utc_offset_minutes` is east positive (480 for China).
    #[must_use]
    pub fn new(start: Date, utc_offset_minutes: i32) -> Clock {
        Clock { first_day: epoch_day(start), utc_offset_minutes }
    }

    /// The date of day `day` (may be negative: days before the start).
    #[must_use]
    pub fn date(self, day: i32) -> Date {
        date_of_epoch_day(self.first_day + day)
    }

    /// The instant of a minute, in milliseconds UTC.
    #[must_use]
    pub fn instant(self, minute: i32) -> i64 {
        i64::from(self.first_day) * 86_400_000 + i64::from(minute - self.utc_offset_minutes) * 60_000
    }
}
