//! Dates as files write them: patterns such as `DD/MM/YYYY` or `YYYY年M月D日 hh:mm`, and ISO 8601, which is always read.

use jiff::civil::{Date, Time};

/// How exactly a date is known (DESIGN §13.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatePrecision {
    /// This very day.
    Day,
    /// About this day.
    About,
    /// Some day of this month; the date is its first.
    Month,
}

/// What a cell said: a date, and a time of day where it had one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The calendar date.
    pub date: Date,
    /// `Month` where the cell has no day, `About` where it has a tilde or 约.
    pub precision: DatePrecision,
    /// Time of day.
    pub time: Option<Time>,
    /// Offset from UTC in seconds, where the cell names one.
    pub offset_seconds: Option<i32>,
}

/// A pattern of date and time parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    /// 00–29 are 2000–2029, 30–99 are 1930–1999.
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    Minute,
    Second,
    /// Days since 30 December 1899, as spreadsheets count.
    Serial,
    Literal(char),
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Years a record may speak of: the historical line lists this project reads begin in the 19th century.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2199;

impl DateFormat {
    /// Compiles a pattern of `YYYY YY MM M MMM DD D hh mm ss`, or the word `excel`; other characters stand for themselves.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if pattern == "excel" {
            return Ok(Self { parts: vec![Part::Serial] });
        }
        let mut parts = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(letter) = rest.next() {
            let mut run = 1;
            while "YMDhms".contains(letter) && rest.peek() == Some(&letter) {
                rest.next();
                run += 1;
            }
            parts.push(match (letter, run) {
                ('Y', 4) => Part::Year,
                ('Y', 2) => Part::ShortYear,
                ('M', 1 | 2) => Part::Month,
                ('M', 3) => Part::MonthName,
                ('D', 1 | 2) => Part::Day,
                ('h', 1 | 2) => Part::Hour,
                ('m', 1 | 2) => Part::Minute,
                ('s', 1 | 2) => Part::Second,
                (other, 1) if !other.is_ascii_alphabetic() || other == 'T' => Part::Literal(other),
                _ => return Err(format!("{pattern:?} has {letter:?} where only YYYY, YY, MM, M, MMM, DD, D, hh, mm, ss and separators may stand; write month as capital MM, minutes as mm")),
            });
        }
        let year = parts.iter().filter(|p| matches!(p, Part::Year | Part::ShortYear)).count();
        let month = parts.iter().filter(|p| matches!(p, Part::Month | Part::MonthName)).count();
        if year != 1 || month != 1 || parts.iter().filter(|p| **p == Part::Day).count() > 1 {
            return Err(format!("{pattern:?} needs one year, one month and at most one day"));
        }
        Ok(Self { parts })
    }

    /// Reads a whole cell by the pattern.
    pub fn read(&self, cell: &str) -> Option<Written> {
        let (mut year, mut month, mut day, mut serial) = (None, None, None, None);
        let (mut hour, mut minute, mut second) = (None, None, None);
        let mut rest = cell;
        for (at, part) in self.parts.iter().enumerate() {
            // Two numbers without a separator are told apart by their full width.
            let tight =
                matches!(self.parts.get(at + 1), Some(next) if !matches!(next, Part::Literal(_) | Part::MonthName));
            let two = |rest: &mut &str| take_digits(rest, if tight { 2 } else { 1 }, 2);
            match part {
                Part::Literal(expected) => rest = rest.strip_prefix(*expected)?,
                Part::Year => year = Some(take_digits(&mut rest, 4, 4)?),
                Part::ShortYear => {
                    year = Some(take_digits(&mut rest, 2, 2).map(|y| if y < 30 { 2000 + y } else { 1900 + y })?)
                }
                Part::Month => month = Some(two(&mut rest)?),
                Part::MonthName => month = Some(take_month(&mut rest)?),
                Part::Day => day = Some(two(&mut rest)?),
                Part::Hour => hour = Some(two(&mut rest)?),
                Part::Minute => minute = Some(two(&mut rest)?),
                Part::Second => second = Some(two(&mut rest)?),
                Part::Serial => serial = Some(take_digits(&mut rest, 1, 6)?),
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let time = match hour {
            Some(h) => Some(
                Time::new(
                    i8::try_from(h).ok()?,
                    i8::try_from(minute.unwrap_or(0)).ok()?,
                    i8::try_from(second.unwrap_or(0)).ok()?,
                    0,
                )
                .ok()?,
            ),
            None => None,
        };
        if let Some(days) = serial {
            return written(serial_date(days)?, DatePrecision::Day, None);
        }
        written(
            civil(year?, month?, day.unwrap_or(1))?,
            if day.is_some() { DatePrecision::Day } else { DatePrecision::Month },
            time,
        )
    }
}

/// Days since 30 December 1899; day 60, which spreadsheets invented (29 February 1900), and earlier are refused.
fn serial_date(days: i32) -> Option<Date> {
    if days <= 60 {
        return None;
    }
    Date::new(1899, 12, 30).ok()?.checked_add(jiff::Span::new().try_days(i64::from(days)).ok()?).ok()
}

fn civil(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn written(date: Date, precision: DatePrecision, time: Option<Time>) -> Option<Written> {
    YEARS.contains(&date.year()).then_some(Written { date, precision, time, offset_seconds: None })
}

fn take_digits(rest: &mut &str, least: usize, most: usize) -> Option<i32> {
    let n = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if n < least {
        return None;
    }
    let (digits, tail) = rest.split_at_checked(n)?;
    *rest = tail;
    digits.parse().ok()
}

fn take_month(rest: &mut &str) -> Option<i32> {
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, tail) = rest.split_at_checked(letters)?;
    let short = name.get(..3)?;
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(short))?;
    *rest = tail;
    i32::try_from(at + 1).ok()
}

/// Reads a cell by the first pattern that fits, or as ISO 8601: `2022-03-14`, `2022-03` (month), `2022-03-14T08:30`,
/// with seconds, `Z` or `+08:00`; a tilde or 约 beside the date means about.
pub fn read(cell: &str, formats: &[DateFormat]) -> Option<Written> {
    let plain = cell.strip_suffix('~').or_else(|| cell.strip_prefix('~')).or_else(|| cell.strip_prefix('约'));
    let text = plain.unwrap_or(cell).trim();
    let mut found = iso(text).or_else(|| formats.iter().find_map(|format| format.read(text)))?;
    if plain.is_some() && found.precision == DatePrecision::Day {
        found.precision = DatePrecision::About;
    }
    Some(found)
}

fn iso(text: &str) -> Option<Written> {
    let mut rest = text;
    let year = take_digits(&mut rest, 4, 4)?;
    rest = rest.strip_prefix('-')?;
    let month = take_digits(&mut rest, 2, 2)?;
    if rest.is_empty() {
        return written(civil(year, month, 1)?, DatePrecision::Month, None);
    }
    rest = rest.strip_prefix('-')?;
    let day = take_digits(&mut rest, 2, 2)?;
    let date = civil(year, month, day)?;
    if rest.is_empty() {
        return written(date, DatePrecision::Day, None);
    }
    rest = rest.strip_prefix('T').or_else(|| rest.strip_prefix(' '))?;
    let hour = take_digits(&mut rest, 2, 2)?;
    rest = rest.strip_prefix(':')?;
    let minute = take_digits(&mut rest, 2, 2)?;
    let mut second = 0;
    if let Some(tail) = rest.strip_prefix(':') {
        rest = tail;
        second = take_digits(&mut rest, 2, 2)?;
        if let Some(mut fraction) = rest.strip_prefix('.') {
            take_digits(&mut fraction, 1, 9)?;
            rest = fraction;
        }
    }
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()?;
    let mut found = written(date, DatePrecision::Day, Some(time))?;
    found.offset_seconds = offset(rest)?;
    Some(found)
}

/// The offset at the end of an ISO instant: nothing, `Z`, `+08:00` or `+0800`. `None` is an error.
fn offset(text: &str) -> Option<Option<i32>> {
    if text.is_empty() {
        return Some(None);
    }
    if text == "Z" || text == "z" {
        return Some(Some(0));
    }
    let (sign, mut rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let hours = take_digits(&mut rest, 2, 2)?;
    rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = take_digits(&mut rest, 2, 2)?;
    (rest.is_empty() && hours <= 18 && minutes < 60).then_some(Some(sign * (hours * 3_600 + minutes * 60)))
}
