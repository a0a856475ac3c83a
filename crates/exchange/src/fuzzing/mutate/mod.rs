//! Files that are nearly right, from a seed: valid tables whose cells, rows, tags and bytes are changed in a few places,
//! with lengths and checksums of the archive put right afterwards.

mod texts;
mod workbook;

pub use texts::{mapping, pack};
pub use workbook::{xlsx, zipped};

use super::{Made, Table};
use crate::source::{name_columns, trim};
use std::sync::OnceLock;

/// A small valid file for the mapping target.
pub const SMALL_CSV: &str = "id,surname,name,sex,born,age,phone,onset,sampled,lat,infector,note\n\
A-1,Okoro,Ada,f,1990-02-01,24,+234 803 000 0001,2014-04-07,2014-04-08 09:30,8.4735,,\n\
A-2,王,小明,男,2001年3月4日,13,13800000000;13900000000,7/4/2014,2014-04-08,8.46,A-1,\"said: \"\"since Monday\"\"\"\n\
A-3,Kamara,,m,,NA,,2014-04,,,A-1,'-5 later\n\
A-4,李,雷,女,不详,7.0,010-66668888,2014-04-10~,2014-04-11T10:00:00+08:00,-8.4,A-2,(clear)\n";

/// Cells that files really have, and cells that nobody should send.
const CELLS: &[&str] = &[
    "",
    " ",
    "NA",
    "(clear)",
    "unknown",
    "2014-02-30",
    "31/02/2014",
    "0000-00-00",
    "9999-99-99",
    "2014-04-07T25:00",
    "1e999",
    "8.61381E+12",
    "-1",
    "+86 138 0000 0000",
    "=cmd|' /C calc'!A0",
    "@SUM(A1)",
    "'=1",
    "''",
    "'",
    "\t1",
    "\r",
    "a\r\nb",
    "\"",
    "\"\"",
    ",",
    ";",
    "王小明",
    "\u{FFFD}",
    "\u{FEFF}",
    "\u{0}",
    "𠮷",
    "e\u{301}",
    "#N/A",
    "true",
    "是",
    "99999999999999999999",
    "7.0",
    "7.5",
    "NaN",
    "-0",
    "_x000D_",
    "_x005F_",
    "<b>",
    "&amp;",
    "]]>",
    "2014年4月7日",
    "1900-02-29",
    "41736",
    "A-1",
    "male",
    "Not A Case",
];

/// A stream of choices from a seed (SplitMix64: Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub struct Choices(u64);

impl Choices {
    /// Starts at a seed.
    pub fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number under `n`; 0 where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        // Both casts keep the value: the remainder is under n.
        #[allow(clippy::cast_possible_truncation)]
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    fn pick<'t, T: ?Sized>(&mut self, from: &[&'t T]) -> Option<&'t T> {
        from.get(self.below(from.len())).copied()
    }

    /// Whether a draw of one in `n` was the one.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

fn corpus() -> &'static Vec<Vec<String>> {
    static CORPUS: OnceLock<Vec<Vec<String>>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(SMALL_CSV.as_bytes());
        reader.records().flatten().map(|record| record.iter().map(str::to_owned).collect()).collect()
    })
}

/// One file in this many has thousands of rows: only there does work that grows with their square show.
pub const GROWN: u64 = 8_192;

/// The corpus table with a few cells and rows changed; the first row holds the names.
fn table(seed: u64, choices: &mut Choices) -> Vec<Vec<String>> {
    let mut rows = corpus().clone();
    if seed.is_multiple_of(GROWN) {
        let wanted = 1_000 + choices.below(2_200);
        let more: Vec<Vec<String>> = rows.iter().skip(1).cycle().take(wanted).cloned().collect();
        rows.extend(more);
    }
    for _ in 0..choices.below(6) {
        let at = choices.below(rows.len());
        match choices.below(12) {
            0 => rows.insert(at, rows.get(at).cloned().unwrap_or_default()),
            1 if at > 0 => {
                rows.remove(at);
            }
            2 => {
                let cell = choices.pick(CELLS).unwrap_or_default().to_owned();
                if let Some(row) = rows.get_mut(at) {
                    row.push(cell);
                }
            }
            3 => {
                if let Some(row) = rows.get_mut(at) {
                    row.pop();
                }
            }
            4 => {
                let most = if choices.one_in(8) { 12_000 } else { 1_500 };
                let size = choices.below(most);
                set_cell(&mut rows, choices, "x".repeat(size));
            }
            5 if choices.one_in(8) => {
                // Blank rows are no rows.
                if let Some(row) = rows.get_mut(at.max(1)) {
                    row.iter_mut().for_each(|cell| *cell = " ".into());
                }
            }
            _ => {
                let cell = choices.pick(CELLS).unwrap_or_default().to_owned();
                set_cell(&mut rows, choices, cell);
            }
        }
    }
    rows
}

/// What a reader must find: the rows under their names, those left out that have nothing in them.
fn written(rows: &[Vec<String>], blank: fn(&str) -> bool) -> Option<Table> {
    let (names, rows) = rows.split_first()?;
    let nameless = names.iter().all(|name| blank(name));
    (!nameless).then(|| Table {
        names: name_columns(names.iter().map(|name| crate::source::guard::unguard(name))),
        rows: rows.iter().filter(|row| !row.iter().all(|cell| blank(cell))).cloned().collect(),
    })
}

fn set_cell(rows: &mut [Vec<String>], choices: &mut Choices, text: String) {
    // Names of columns are changed seldom, or no row would be reached.
    let first = usize::from(!choices.one_in(20));
    let at = first + choices.below(rows.len().saturating_sub(first));
    if let Some(row) = rows.get_mut(at) {
        let column = choices.below(row.len());
        if let Some(cell) = row.get_mut(column) {
            *cell = text;
        }
    }
}

/// Changes bytes in so many places: one left out, added, flipped, a piece doubled, the end cut off.
pub fn change_bytes(bytes: &mut Vec<u8>, choices: &mut Choices, times: usize) {
    for _ in 0..times {
        let at = choices.below(bytes.len().max(1));
        match choices.below(5) {
            0 if at < bytes.len() => {
                bytes.remove(at);
            }
            1 => bytes.insert(at.min(bytes.len()), choices.below(256) as u8),
            2 => bytes.truncate(at.max(1)),
            3 => {
                let end = (at + choices.below(64)).min(bytes.len());
                let piece: Vec<u8> = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at.min(bytes.len())..at.min(bytes.len()), piece);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << choices.below(8);
                }
            }
        }
    }
}

/// A CSV file from a seed.
pub fn csv(seed: u64) -> Made {
    let mut choices = Choices::from_seed(seed);
    let rows = table(seed, &mut choices);
    let delimiter = *b",;\t|".get(choices.below(4)).unwrap_or(&b',');
    let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(Vec::new());
    for row in &rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row);
    }
    let text = writer.into_inner().unwrap_or_default();
    let mut made = Made {
        table: written(&rows, |cell| cell.bytes().all(|byte| byte.is_ascii_whitespace())),
        exact: true,
        bytes: Vec::new(),
    };
    made.bytes = match choices.below(10) {
        0 => {
            // Which code page it is, the reader guesses: the number of rows must not depend on it.
            made.exact = false;
            encoding_rs::GB18030.encode(&String::from_utf8_lossy(&text)).0.into_owned()
        }
        1 => [b"\xEF\xBB\xBF".as_slice(), &text].concat(),
        2 if choices.one_in(2) => utf_16(&String::from_utf8_lossy(&text), choices.one_in(2)),
        _ => text,
    };
    if choices.one_in(3) {
        let times = 1 + choices.below(4);
        change_bytes(&mut made.bytes, &mut choices, times);
        made.table = None;
    }
    made
}

/// UTF-16 with its byte order mark.
fn utf_16(text: &str, low_first: bool) -> Vec<u8> {
    let order = if low_first { u16::to_le_bytes } else { u16::to_be_bytes };
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(order).collect()
}

/// A JSON file from a seed.
pub fn json(seed: u64) -> Made {
    let mut choices = Choices::from_seed(seed);
    let rows = table(seed, &mut choices);
    let Some((names, rows)) = rows.split_first() else { return Made::default() };
    let lines = choices.one_in(2);
    let mut text = String::from(if lines { "" } else { "[" });
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            text.push_str(if lines { "\n" } else { ",\n" });
        }
        let fields: Vec<String> = names
            .iter()
            .zip(row)
            .map(|(name, cell)| format!("{}:{}", as_json(name), json_value(cell, rows.len(), &mut choices)))
            .collect();
        text.push_str(&format!("{{{}}}", fields.join(",")));
    }
    text.push_str(if lines { "\n" } else { "]" });
    let mut made = Made::unknown(text.into_bytes());
    if choices.one_in(16) {
        made.bytes = utf_16(&String::from_utf8_lossy(&made.bytes), choices.one_in(2));
    }
    if choices.one_in(3) {
        let times = 1 + choices.below(3);
        change_bytes(&mut made.bytes, &mut choices, times);
    } else {
        // Every object is a row; which columns there are depends on the nested ones, so only the rows are known.
        made.table = Some(Table { names: Vec::new(), rows: rows.to_vec() });
    }
    made
}

fn as_json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// A cell as a value, seldom an odd one: one file in a few has one, however many rows it has.
fn json_value(cell: &str, rows: usize, choices: &mut Choices) -> String {
    match choices.below(300 + 75 * rows.saturating_sub(4)) {
        0 => "null".into(),
        1 => "[1,{\"a\":[true]}]".into(),
        2 => "12345678901234567890123".into(),
        3 => {
            let deep = choices.below(9);
            format!("{}1{}", "[".repeat(deep), "]".repeat(deep + usize::from(choices.one_in(9))))
        }
        _ if !cell.is_empty()
            && cell.len() < 15
            && cell.bytes().all(|b| b.is_ascii_digit())
            && !cell.starts_with('0') =>
        {
            cell.to_owned()
        }
        _ => as_json(cell),
    }
}
