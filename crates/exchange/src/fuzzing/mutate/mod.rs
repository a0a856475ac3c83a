//! Files that are nearly right, from a seed: valid tables whose cells, rows, tags and bytes are changed in a few places,
//! with lengths and checksums of the archive put right afterwards.

mod texts;
mod workbook;

pub use texts::{mapping, pack};
pub use workbook::{xlsx, zipped};

use super::{Made, Table, maps};
use crate::Noun;
use crate::map::target;
use crate::source::input::Encoding;
use crate::source::{Format, Shape, name_columns, trim};
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
    "7-Apr-14",
    "Apr 7, 2014",
    "Apx 7, 2014",
    "07/04/2014",
    "20140407",
    "20140431",
    "4/2014",
    "2014/4/7 09:30:15",
    "2014-4-7 9:30",
    "2014/4/7 25:61:99",
    "60",
    "61",
    "999999",
    "约2014-04-07",
    "~2014-04",
    "2014-04-08T09:30:15.250Z",
    "2014-04-08T09:30:15+0800",
    "2014-04-08T09:30-18:59",
    "2014-04-08T09:30+19:00",
    "2014-04-08T09:30x",
    "1799-12-31",
    "2199-12-31T23:59:59-18:00",
    "37.25",
    "37.2°",
    "-0.1",
    "12.000",
    "131",
    "yes",
    "No",
    "Okoro, Ada",
    "a-b-c",
    "a-b-c-d",
    "13800000000/13900000000",
    "１３８００００００００",
    "8E+12",
    "8e12",
    "not_asked",
    "#REF!",
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
            6 if choices.one_in(100) => {
                // More columns than are read.
                if let Some(names) = rows.first_mut() {
                    names.extend((0..40).map(|n| format!("more {n}")));
                }
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

/// The mapping it is read by, and sometimes names that need none.
fn reading(rows: &mut [Vec<String>], choices: &mut Choices) -> (usize, Option<Noun>) {
    if !choices.one_in(12) {
        return (if choices.one_in(2) { choices.below(maps::MAPS.len()) } else { 0 }, None);
    }
    let noun = *Noun::ALL.get(choices.below(Noun::ALL.len())).unwrap_or(&Noun::Linelist);
    let fields: Vec<&target::Target> = target::of(noun).collect();
    let needed: Vec<&str> = target::required(noun).iter().filter_map(|group| choices.pick(group)).collect();
    if let Some(names) = rows.first_mut() {
        for (at, name) in names.iter_mut().enumerate() {
            let field = fields.get(choices.below(fields.len()));
            let path = field.map(|field| field.path).unwrap_or_default();
            *name = match needed.get(at) {
                Some(path) if !choices.one_in(12) => (*path).to_owned(),
                _ if choices.one_in(8) => format!("{}x", crate::export::DERIVED),
                // A field of which a record has one only is refused with a number.
                _ if field.is_some_and(|field| field.repeats) || choices.one_in(40) => format!("{path}[2]"),
                _ => path.to_owned(),
            };
        }
    }
    (0, Some(noun))
}

/// First bytes of files that are no tables.
const FOREIGN: &[&[u8]] = &[
    b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR",
    b"%PDF-1.7\n%\xE2\xE3",
    b"\x1F\x8B\x08\0\0\0\0\0\0\x03",
    b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0",
    b"<!DOCTYPE html><html><body>",
    b"\n<?xml version=\"1.0\"?><Workbook>",
    b"<?xml version=\"1.0\"?><html>",
    b"<id>,<name>\n",
    b"\0\x01\x02\x03\0\0\x7F\x1F",
    b"i\0d\0,\0n\0a\0m\0e\0\n\0",
    b"\0i\0d\0,\0n\0a\0m\0e\0\n",
    b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
];
/// Streams by which an old Office file is known.
const STREAMS: &[&str] = &["Workbook", "Book", "EncryptedPackage", "WordDocument", "Contents"];

fn foreign(text: &[u8], choices: &mut Choices) -> Vec<u8> {
    let first = FOREIGN.get(choices.below(FOREIGN.len())).copied().unwrap_or_default();
    let mut bytes = first.to_vec();
    if first.starts_with(b"\xD0\xCF") {
        bytes.resize(1_024, 0);
        for (at, value) in [(30, 9 + choices.below(2) as u8), (48, choices.below(3) as u8)] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let stream = choices.pick(STREAMS).unwrap_or_default();
        bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
    }
    if choices.one_in(2) {
        bytes.extend_from_slice(text);
    }
    bytes
}

/// A CSV file from a seed.
pub fn csv(seed: u64) -> Made {
    let mut choices = Choices::from_seed(seed);
    let mut rows = table(seed, &mut choices);
    let (map, export) = reading(&mut rows, &mut choices);
    let plain = Shape::default();
    let shape = match maps::at(map) {
        Ok(mapping) if export.is_none() => &mapping.shape,
        _ => &plain,
    };
    let told = shape.delimiter.filter(|_| !choices.one_in(8));
    let delimiter = told.unwrap_or_else(|| *b",;\t|".get(choices.below(4)).unwrap_or(&b','));
    let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(Vec::new());
    for row in &rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row);
    }
    let mut text = writer.into_inner().unwrap_or_default();
    let mut known = shape.delimiter.is_none_or(|told| told == delimiter);
    if shape.header_row > 1 {
        // Rows above the names; a row that begins as a comment is none.
        text = [b"# note\nTitle\n\n".get(..7 + choices.below(8)).unwrap_or_default(), &text].concat();
        known = false;
    }
    let mut made = Made {
        table: written(&rows, |cell| cell.bytes().all(|byte| byte.is_ascii_whitespace())).filter(|_| known),
        exact: true,
        map,
        export,
        bytes: Vec::new(),
    };
    made.bytes = encoded(&text, shape.encoding, &mut made, &mut choices);
    if choices.one_in(60) {
        made.bytes = foreign(&text, &mut choices);
        made.table = None;
    }
    if choices.one_in(3) {
        let times = 1 + choices.below(4);
        change_bytes(&mut made.bytes, &mut choices, times);
        made.table = None;
    }
    made
}

/// The text in the code page that the mapping names, mostly.
fn encoded(text: &[u8], told: Encoding, made: &mut Made, choices: &mut Choices) -> Vec<u8> {
    let letters = String::from_utf8_lossy(text);
    let gb18030 = || encoding_rs::GB18030.encode(&letters).0.into_owned();
    let unmarked = |low_first: bool| utf_16(&letters, low_first).get(2..).unwrap_or_default().to_vec();
    if told != Encoding::Auto && choices.one_in(4) {
        // In another than it names: that is told, or found row by row.
        made.table = None;
        return match choices.below(4) {
            0 => gb18030(),
            1 => utf_16(&letters, choices.one_in(2)),
            2 => [b"\xEF\xBB\xBF".as_slice(), text].concat(),
            _ => text.to_vec(),
        };
    }
    match told {
        Encoding::Gb18030 => gb18030(),
        Encoding::Utf16Le => unmarked(true),
        Encoding::Utf16Be => unmarked(false),
        Encoding::Utf8 => text.to_vec(),
        Encoding::Auto => match choices.below(10) {
            0 => {
                // Which code page it is, the reader guesses: the number of rows must not depend on it.
                made.exact = false;
                gb18030()
            }
            1 => [b"\xEF\xBB\xBF".as_slice(), text].concat(),
            2 if choices.one_in(2) => utf_16(&letters, choices.one_in(2)),
            _ => text.to_vec(),
        },
    }
}

/// UTF-16 with its byte order mark.
fn utf_16(text: &str, low_first: bool) -> Vec<u8> {
    let order = if low_first { u16::to_le_bytes } else { u16::to_be_bytes };
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(order).collect()
}

/// A JSON file from a seed.
pub fn json(seed: u64) -> Made {
    let mut choices = Choices::from_seed(seed);
    let mut rows = table(seed, &mut choices);
    let (map, export) = reading(&mut rows, &mut choices);
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
    let shape = maps::at(map).map(|mapping| &mapping.shape);
    let told = shape.as_ref().map_or(Encoding::Auto, |shape| shape.encoding);
    let as_csv = shape.is_ok_and(|shape| shape.format == Some(Format::Csv));
    // Every object is a row; which columns there are depends on the nested ones, so only the rows are known.
    let table = (!as_csv).then(|| Table { names: Vec::new(), rows: rows.to_vec() });
    let mut made = Made { map, export, table, ..Made::default() };
    made.bytes = encoded(text.as_bytes(), told, &mut made, &mut choices);
    if choices.one_in(3) {
        let times = 1 + choices.below(3);
        change_bytes(&mut made.bytes, &mut choices, times);
        made.table = None;
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
        4 if choices.one_in(4) => format!("[{}1]", "1,".repeat(50)),
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
