//! By which patterns the dates of a column can be read.

use crate::map::{DateFormat, dates};

/// Patterns tried on date columns, those with the day first before those with the month first.
const PATTERNS: &[&str] = &[
    "YYYY-MM-DD",
    "YYYY/M/D",
    "YYYY.M.D",
    "YYYY年M月D日",
    "YYYYMMDD",
    "D/M/YYYY",
    "M/D/YYYY",
    "D.M.YYYY",
    "D-M-YYYY",
    "M-D-YYYY",
    "D/M/YY",
    "M/D/YY",
    "D-MMM-YYYY",
    "D MMM YYYY",
    "MMM D, YYYY",
    "D-MMM-YY",
    "YYYY/M/D h:mm",
    "YYYY/M/D h:mm:ss",
    "D/M/YYYY h:mm",
    "M/D/YYYY h:mm",
    "YYYY年M月D日 h:mm",
    "YYYY-M-D",
    "YYYY-M-D h:mm",
    "YYYY/M",
    "YYYY年M月",
    "M/YYYY",
    "excel",
];

/// The patterns of a column.
#[derive(Default)]
pub struct Patterns<'c> {
    /// Patterns to be written into the mapping; none where every date is written as ISO 8601 has it.
    pub chosen: Vec<&'static str>,
    /// Cells that none of them reads.
    pub unread: Vec<&'c str>,
    /// A chosen pattern and another one, with day and month exchanged, that reads every cell the chosen one reads.
    pub ambiguous: Option<(&'static str, &'static str)>,
}

/// Chooses the pattern that reads most, then the one that reads most of what is left, until none reads any more.
pub fn of<'c>(cells: &[&'c str]) -> Patterns<'c> {
    let compiled: Vec<(&'static str, DateFormat)> =
        PATTERNS.iter().filter_map(|pattern| Some((*pattern, DateFormat::parse(pattern).ok()?))).collect();
    let reads = |format: &DateFormat, cell: &str| dates::read(cell, std::slice::from_ref(format)).is_some();
    let mut found = Patterns::default();
    found.unread = cells.iter().copied().filter(|cell| dates::read(cell, &[]).is_none()).collect();
    while !found.unread.is_empty() {
        let readable = |format: &DateFormat| found.unread.iter().filter(|cell| reads(format, cell)).count();
        // The first of those that read as many: day before month.
        let best = compiled.iter().map(|(pattern, format)| (readable(format), *pattern, format)).rev().max_by_key(|best| best.0);
        let Some((1.., pattern, format)) = best else { break };
        let (read, left): (Vec<&str>, Vec<&str>) = found.unread.iter().copied().partition(|cell| reads(format, cell));
        let turned = |other: &str| other != pattern && without_order(other) == without_order(pattern);
        let other = compiled.iter().find(|(other, format)| turned(other) && read.iter().all(|cell| reads(format, cell)));
        found.ambiguous = found.ambiguous.or(other.map(|(other, _)| (pattern, *other)));
        found.chosen.push(pattern);
        found.unread = left;
    }
    found
}

fn without_order(pattern: &str) -> String {
    pattern.replace(['D', 'M'], "x")
}
