//! Files that are nearly right, from a seed: valid tables whose cells, rows, tags and bytes are changed in a few places,
//! with lengths and checksums of the archive put right afterwards.

use rust_xlsxwriter::{Format as CellFormat, Workbook};
use std::io::{Cursor, Read, Write};
use std::sync::OnceLock;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

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

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// The corpus table with a few cells and rows changed; the first row holds the names.
fn table(choices: &mut Choices) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(SMALL_CSV.as_bytes());
    let mut rows: Vec<Vec<String>> =
        reader.records().flatten().map(|record| record.iter().map(str::to_owned).collect()).collect();
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
                let size = choices.below(3_000);
                set_cell(&mut rows, choices, "x".repeat(size));
            }
            _ => {
                let cell = choices.pick(CELLS).unwrap_or_default().to_owned();
                set_cell(&mut rows, choices, cell);
            }
        }
    }
    rows
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

fn change_bytes(bytes: &mut Vec<u8>, choices: &mut Choices, times: usize) {
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
pub fn csv(seed: u64) -> Vec<u8> {
    let mut choices = Choices::from_seed(seed);
    let rows = table(&mut choices);
    let delimiter = *b",;\t|".get(choices.below(4)).unwrap_or(&b',');
    let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(Vec::new());
    for row in &rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row);
    }
    let text = writer.into_inner().unwrap_or_default();
    let mut bytes = match choices.below(8) {
        0 => encoding_rs::GB18030.encode(&String::from_utf8_lossy(&text)).0.into_owned(),
        1 => [b"\xEF\xBB\xBF".as_slice(), &text].concat(),
        _ => text,
    };
    if choices.one_in(3) {
        let times = 1 + choices.below(4);
        change_bytes(&mut bytes, &mut choices, times);
    }
    bytes
}

/// A JSON file from a seed.
pub fn json(seed: u64) -> Vec<u8> {
    let mut choices = Choices::from_seed(seed);
    let rows = table(&mut choices);
    let Some((names, rows)) = rows.split_first() else { return Vec::new() };
    let lines = choices.one_in(2);
    let mut text = String::from(if lines { "" } else { "[" });
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            text.push_str(if lines { "\n" } else { ",\n" });
        }
        let fields: Vec<String> = names
            .iter()
            .zip(row)
            .map(|(name, cell)| format!("{}:{}", as_json(name), json_value(cell, &mut choices)))
            .collect();
        text.push_str(&format!("{{{}}}", fields.join(",")));
    }
    text.push_str(if lines { "\n" } else { "]" });
    let mut bytes = text.into_bytes();
    if choices.one_in(3) {
        let times = 1 + choices.below(3);
        change_bytes(&mut bytes, &mut choices, times);
    }
    bytes
}

fn as_json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn json_value(cell: &str, choices: &mut Choices) -> String {
    match choices.below(300) {
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

type PartList = Vec<(String, Vec<u8>)>;

/// The parts of a valid workbook with shared texts, inline numbers, dates and formats.
fn workbook_parts() -> &'static PartList {
    static PARTS: OnceLock<PartList> = OnceLock::new();
    PARTS.get_or_init(|| build_parts().unwrap_or_default())
}

fn build_parts() -> Option<PartList> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let date = CellFormat::new().set_num_format("yyyy-mm-dd");
    for (row, record) in
        csv::ReaderBuilder::new().has_headers(false).from_reader(SMALL_CSV.as_bytes()).records().flatten().enumerate()
    {
        for (column, cell) in record.iter().enumerate() {
            let (row, column) = (u32::try_from(row).ok()?, u16::try_from(column).ok()?);
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).ok()?,
                Err(_) if column == 7 && row == 1 => {
                    sheet.write_number_with_format(row, column, 41_736.5, &date).ok()?
                }
                Err(_) => sheet.write_string(row, column, cell).ok()?,
            };
        }
    }
    let mut archive = ZipArchive::new(Cursor::new(workbook.save_to_buffer().ok()?)).ok()?;
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).ok()?;
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).ok()?;
        parts.push((String::from_utf8_lossy(part.name_raw()).into_owned(), bytes));
    }
    Some(parts)
}

/// Pieces of worksheet XML, right and wrong.
const PIECES: &[&str] = &[
    "<c r=\"A2\"><v>1</v></c>",
    "<c r=\"ZZZZZZZ1\"/>",
    "<c r=\"A99999999999\"><v>1</v></c>",
    "<row r=\"0\"/>",
    "<row r=\"4294967296\">",
    "</row>",
    "<v>",
    "</v>",
    "<is><t>",
    "</t></is>",
    "<!-- x -->",
    "<![CDATA[x]]>",
    "<!DOCTYPE a>",
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
    "&lt;",
    "&#x41;",
    "&bad;",
    "<f>1+1</f>",
    "<c t=\"s\"><v>999999</v></c>",
    "<c t=\"e\"><v>#N/A</v></c>",
    "<c t=\"b\"><v>2</v></c>",
    "<c t=\"inlineStr\"><is><t>=1+1</t></is></c>",
    "<c t=\"d\"><v>2014-04-07</v></c>",
    "<si/>",
    "<sst uniqueCount=\"18446744073709551615\">",
    "<dimension ref=\"B2:A1\"/>",
    "<xf numFmtId=\"14\"/>",
    "\u{0}",
    "1e400",
    "-1",
];

/// A workbook from a seed, its archive in order.
pub fn xlsx(seed: u64) -> Vec<u8> {
    let mut choices = Choices::from_seed(seed);
    let mut parts = workbook_parts().clone();
    for _ in 0..choices.below(4) {
        // Mostly the sheet and its texts; seldom what the workbook is held together by.
        let wanted = if choices.one_in(8) {
            ""
        } else {
            choices.pick(&["sheet1.xml", "sharedStrings.xml", "styles.xml"]).unwrap_or_default()
        };
        let fitting: Vec<usize> =
            parts.iter().enumerate().filter(|(_, (name, _))| name.ends_with(wanted)).map(|(at, _)| at).collect();
        let at = fitting.get(choices.below(fitting.len())).copied().unwrap_or(0);
        if let Some((_, bytes)) = parts.get_mut(at) {
            change_part(bytes, &mut choices);
        }
    }
    if choices.one_in(40) && !parts.is_empty() {
        parts.remove(choices.below(parts.len()));
    }
    let mut bytes = zipped(&parts, choices.one_in(4));
    if choices.one_in(12) {
        let times = 1 + choices.below(3);
        change_bytes(&mut bytes, &mut choices, times);
    }
    bytes
}

fn change_part(bytes: &mut Vec<u8>, choices: &mut Choices) {
    let digits: Vec<usize> = bytes.iter().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(at, _)| at).collect();
    let gaps: Vec<usize> = bytes.windows(2).enumerate().filter(|(_, w)| *w == b"><").map(|(at, _)| at + 1).collect();
    match choices.below(8) {
        0..=2 => {
            // A number somewhere: an address, an index, a value.
            let at = digits.get(choices.below(digits.len())).copied().unwrap_or(0);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = b'0' + choices.below(10) as u8;
            }
        }
        3 | 4 => {
            let piece = choices.pick(PIECES).unwrap_or_default().as_bytes().to_vec();
            let at = gaps.get(choices.below(gaps.len())).copied().unwrap_or(bytes.len());
            bytes.splice(at..at, piece);
        }
        5 => {
            // One element, or some, once more or not at all.
            let from = gaps.get(choices.below(gaps.len())).copied().unwrap_or(0);
            let to = gaps.iter().copied().find(|&at| at > from + choices.below(80)).unwrap_or(from);
            let piece = bytes.get(from..to).unwrap_or_default().to_vec();
            if choices.one_in(2) {
                bytes.splice(from..from, piece);
            } else {
                bytes.drain(from..to);
            }
        }
        6 => {
            let at = gaps.get(choices.below(gaps.len())).copied().unwrap_or(0);
            let cell = choices.pick(CELLS).unwrap_or_default();
            let text =
                format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", cell.replace('&', "&amp;").replace('<', "&lt;"));
            bytes.splice(at..at, text.into_bytes());
        }
        _ => change_bytes(bytes, choices, 1),
    }
}

/// Parts as an archive with right lengths and checksums.
pub fn zipped(parts: &[(String, Vec<u8>)], stored: bool) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let options = SimpleFileOptions::default().compression_method(method).compression_level(if stored {
        None
    } else {
        Some(1)
    });
    for (name, bytes) in parts {
        // Writing to memory cannot fail; a name the archive refuses is left out.
        if archive.start_file(name.as_str(), options).is_ok() {
            let _ = archive.write_all(bytes);
        }
    }
    archive.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// A mapping file from a seed.
pub fn map(seed: u64) -> Vec<u8> {
    const WORDS: &[&str] = &[
        "[[field]]\n",
        "[[record]]\n",
        "[[record.field]]\n",
        "to = \"case.onset\"\n",
        "into = [\"person.phone[300]\"]\n",
        "column = 7\n",
        "split = \"\"\n",
        "pattern = \"{}{}\"\n",
        "pattern = \"{}-{}\"\n",
        "values = { a = \"b\" }\n",
        "when = { column = \"id\", is = 1 }\n",
        "when = [\"id\", { column = \"sex\", not = [\"m\"] }]\n",
        "header_row = -1\n",
        "delimiter = \"ab\"\n",
        "formats = [\"MM\"]\n",
        "precision = \"month\"\n",
        "prefix = \"x\"\n",
        "constant = \"(clear)\"\n",
        "time_zone = \"Mars/Base\"\n",
        "]",
        "\"",
        "{",
        "= ",
    ];
    let mut choices = Choices::from_seed(seed);
    let mut lines: Vec<String> = super::MAP.lines().map(|line| format!("{line}\n")).collect();
    for _ in 0..choices.below(5) {
        let at = choices.below(lines.len());
        match choices.below(4) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines.get(at).cloned().unwrap_or_default()),
            _ => lines.insert(at, choices.pick(WORDS).unwrap_or_default().to_owned()),
        }
    }
    let mut bytes = lines.concat().into_bytes();
    if choices.one_in(3) {
        change_bytes(&mut bytes, &mut choices, 1);
    }
    bytes
}
