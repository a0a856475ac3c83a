//! Workbooks from a seed: small ones written here part by part, with what was written known, and one as a spreadsheet
//! program writes it; changed in their cells, their tags or their bytes.

use super::{CELLS, Choices, change_bytes, corpus, reading, table, trim, written};
use crate::fuzzing::{Made, maps};
use rust_xlsxwriter::{Format as CellFormat, Workbook};
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write};
use std::sync::OnceLock;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

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
    for (row, record) in corpus().iter().enumerate() {
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
    "<c t=\"b\"><v>1</v></c>",
    "<c s=\"3\"><v>1.25</v></c>",
    "<c s=\"2\"><v>41736.5</v></c>",
    "<c s=\"1\"><v>1e15</v></c>",
    "<c r=\"B\"><v>1</v></c>",
    "<row r=\"9999999\"/>",
    "<row r=\"x\"/>",
    "<c r=A1><v>1</v></c>",
    "<c r=\"A1",
    "<si/>",
    "<sst uniqueCount=\"18446744073709551615\">",
    "<dimension ref=\"B2:A1\"/>",
    "<dimension ref=\"A1:B2:C3\"/>",
    "<dimension ref=\"\"/>",
    "<xf numFmtId=\"14\"/>",
    "\u{0}",
    "1e400",
    "-1",
];

const TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";
const RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
/// Two sheets that can be read and one that is hidden; days are counted from 1900, or, with the attribute put in, from 1904.
const WORKBOOK: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><workbookPr/><sheets><sheet name=\"Cases\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"Lists\" sheetId=\"2\" state=\"hidden\" r:id=\"rId4\"/></sheets></workbook>";
const SHEETS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId4\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet2.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/><Relationship Id=\"rId3\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>";
const STYLES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy-mm-dd hh:mm\"/></numFmts><cellXfs count=\"4\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"46\"/></cellXfs></styleSheet>";

/// Whether a text stands in XML as it is; one that does not would need the escapes that the writers have.
fn plain(text: &str) -> bool {
    !text.contains("_x") && !text.chars().any(|c| c.is_control() || c == '\u{FFFE}' || c == '\u{FFFF}')
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether a spreadsheet would keep this text as the very same number.
fn is_number(text: &str) -> bool {
    text.len() < 15 && !text.starts_with('0') && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Days since 30 December 1899, and 1,462 fewer where they are counted from 1904; only after the day that there was not.
fn day_number(cell: &str, from_1904: bool) -> Option<i64> {
    let date: jiff::civil::Date = cell.parse().ok().filter(|_| cell.len() == 10)?;
    let days = (date - jiff::civil::date(1899, 12, 30)).get_days();
    (days > 1_500).then_some(i64::from(days) - if from_1904 { 1_462 } else { 0 })
}

/// A text in the shared table or in its cell: whole, in pieces with a font each, or with how it is spoken.
fn rich(cell: &str, choices: &mut Choices) -> String {
    let text = |piece: &str| format!("<t xml:space=\"preserve\">{}</t>", escaped(piece));
    let half = cell.char_indices().nth(cell.chars().count() / 2).map_or(0, |(at, _)| at);
    let (head, tail) = cell.split_at(half);
    match choices.below(8) {
        0 => format!("<r><rPr><b/></rPr>{}</r><r>{}</r>", text(head), text(tail)),
        1 => format!("{}<rPh sb=\"0\" eb=\"1\"><t>kana</t></rPh><phoneticPr fontId=\"1\"/>", text(cell)),
        _ => text(cell),
    }
}

/// One cell in one of the ways that programs write it.
fn cell_of(cell: &str, address: &str, from_1904: bool, shared: &mut Vec<String>, choices: &mut Choices) -> String {
    match choices.below(5) {
        0 if is_number(cell) => format!("<c{address}><v>{cell}</v></c>"),
        0 if matches!(cell, "true" | "false") => {
            format!("<c{address} t=\"b\"><v>{}</v></c>", u8::from(cell == "true"))
        }
        0 if matches!(cell, "#N/A" | "#REF!") => format!("<c{address} t=\"e\"><v>{cell}</v></c>"),
        0 | 1 if day_number(cell, from_1904).is_some() => {
            let days = day_number(cell, from_1904).unwrap_or_default();
            format!("<c{address} s=\"{}\"><v>{days}</v></c>", 1 + choices.below(2))
        }
        0 | 1 => {
            shared.push(rich(cell, choices));
            format!("<c{address} t=\"s\"><v>{}</v></c>", shared.len() - 1)
        }
        2 => format!("<c{address} t=\"str\"><f>A1&amp;\"\"</f><v>{}</v></c>", escaped(cell)),
        3 => format!("<c{address} t=\"str\"><v>{}</v></c>", escaped(cell)),
        _ => format!("<c{address} t=\"inlineStr\"><is>{}</is></c>", rich(cell, choices)),
    }
}

/// A small workbook of these rows.
fn small_parts(rows: &[Vec<String>], choices: &mut Choices) -> PartList {
    let (mut shared, mut sheet) = (Vec::new(), String::new());
    sheet.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">");
    sheet.push_str(choices.pick(&["", "<dimension ref=\"A1\"/>", "<dimension ref=\"A1:Z99\"/>"]).unwrap_or_default());
    sheet.push_str("<sheetData>");
    let (addressed, numbered) = (!choices.one_in(4), !choices.one_in(4));
    let (from_1904, cut) = (choices.one_in(4), choices.one_in(60));
    for (at, row) in rows.iter().enumerate() {
        // Where the last row is the last that old spreadsheets have, the others were probably lost.
        let number = if cut && at + 1 == rows.len() { 65_536 } else { at + 1 };
        // Writing to a String cannot fail.
        let _ = if numbered || addressed { write!(sheet, "<row r=\"{number}\">") } else { write!(sheet, "<row>") };
        for (column, cell) in row.iter().enumerate() {
            if cell.is_empty() && addressed {
                continue;
            }
            let letter = char::from(b'A' + u8::try_from(column % 26).unwrap_or(0));
            let address = match column {
                _ if !addressed => String::new(),
                0..26 => format!(" r=\"{letter}{number}\""),
                _ => format!(" r=\"A{letter}{number}\""),
            };
            sheet.push_str(&cell_of(cell, &address, from_1904, &mut shared, choices));
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let mut texts = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">",
    );
    shared.iter().for_each(|text| texts.push_str(&format!("<si>{text}</si>")));
    texts.push_str("</sst>");
    let mut workbook = WORKBOOK.to_owned();
    if from_1904 {
        workbook = workbook.replace("<workbookPr/>", "<workbookPr date1904=\"1\"/>");
    }
    if choices.one_in(4) {
        workbook = workbook.replace(" state=\"hidden\"", "");
    }
    let part = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let mut parts = vec![
        part("[Content_Types].xml", TYPES),
        part("_rels/.rels", RELATIONS),
        part("xl/workbook.xml", &workbook),
        part("xl/_rels/workbook.xml.rels", SHEETS),
        part("xl/worksheets/sheet1.xml", &sheet),
        part("xl/worksheets/sheet2.xml", EMPTY_SHEET),
        part("xl/styles.xml", STYLES),
        part("xl/sharedStrings.xml", &texts),
    ];
    if choices.one_in(8) {
        // Programs in a workbook are not looked at.
        parts.push(("xl/vbaProject.bin".into(), b"\xD0\xCF\x11\xE0 Sub Auto_Open()".to_vec()));
    }
    parts
}

const EMPTY_SHEET: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData/></worksheet>";

/// One workbook in this many is made to exhaust what reads it.
const BOMBS: usize = 500;

/// Makes the parts break one bound.
fn bomb(parts: &mut PartList, choices: &mut Choices) {
    let fill = "x".repeat(70 << 10);
    let sheet = |text: &str| {
        format!("<worksheet><sheetData><row><c t=\"inlineStr\">{text}</c></row></sheetData></worksheet>")
    };
    let (name, text) = match choices.below(14) {
        0 => ("sharedStrings.xml", format!("<sst>{}</sst>", "<si/>".repeat(40_001))),
        1 => ("sheet1.xml", sheet(&format!("<is><t>{fill}</t></is>"))),
        2 => ("sheet1.xml", sheet(&"<is><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></is>".repeat(2_000))),
        3 => ("sheet1.xml", format!("<worksheet a=\"{fill}\"/>")),
        4 => ("sheet1.xml", format!("<worksheet><!--{}--></worksheet>", fill.repeat(2))),
        5 => ("styles.xml", format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(10_001))),
        6 => {
            let comment = format!("<!--{}-->", "x".repeat(60 << 10));
            ("sheet1.xml", format!("<worksheet>{}<sheet/></worksheet>", comment.repeat(36)))
        }
        7 => ("sheet1.xml", format!("<worksheet>{}</worksheet>", "<a>".repeat(70))),
        8 => {
            parts.extend((0..40).map(|n| (format!("xl/media/{n}"), Vec::new())));
            return;
        }
        9 => ("styles.xml", fill.repeat(2)),
        10 => {
            parts.extend((0..2).map(|n| (format!("xl/media/{n}"), vec![0; (5 << 20) / 2])));
            return;
        }
        11 => (
            "sheet1.xml",
            sheet(&fill).encode_utf16().map(|unit| char::from((unit & 0x7F) as u8).to_string() + "\0").collect(),
        ),
        12 => {
            // One long text in many cells, each of them small.
            let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(7));
            let texts = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1_000));
            put(parts, "sharedStrings.xml", texts);
            ("sheet1.xml", format!("<worksheet><sheetData>{}</sheetData></worksheet>", row.repeat(60)))
        }
        _ => (
            "sheet1.xml",
            format!("<worksheet><sheetData>{}</sheetData></worksheet>", "<row><c><v>1</v></c></row>".repeat(2_700)),
        ),
    };
    put(parts, name, text);
}

fn put(parts: &mut PartList, name: &str, text: String) {
    if let Some((_, bytes)) = parts.iter_mut().find(|(known, _)| known.ends_with(name)) {
        *bytes = text.into_bytes();
    }
}

/// Changes what the archive says of itself: parts under a password or packed otherwise, a directory of 64 bits, more parts
/// than there are.
fn change_archive(bytes: &mut Vec<u8>, choices: &mut Choices) {
    let starts = |bytes: &[u8], mark: &[u8]| -> Vec<usize> {
        bytes.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark).map(|(at, _)| at).collect()
    };
    let set = |bytes: &mut Vec<u8>, at: usize, value: u8| {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
    };
    let end = starts(bytes, b"PK\x05\x06").last().copied().unwrap_or(0);
    match choices.below(4) {
        kind @ (0 | 1) => {
            let (flag, method) = if kind == 0 { (1, 0) } else { (0, 12) };
            let headers = [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)];
            for (mark, flags) in headers {
                for at in starts(bytes, mark) {
                    set(bytes, at + flags, flag);
                    set(bytes, at + flags + 2, method);
                }
            }
        }
        2 => {
            // More parts than may be, or than there are.
            set(bytes, end + 10, 39 + choices.below(3) as u8);
            set(bytes, end + 11, choices.below(2) as u8);
        }
        _ => {
            let number = |at: usize, width: usize| {
                let field = bytes.get(at..at + width).unwrap_or_default();
                field.iter().rev().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
            };
            let (entries, size, from) = (number(end + 10, 2), number(end + 12, 4), number(end + 16, 4));
            let entries = if choices.one_in(4) { u64::MAX } else { entries };
            let size = if choices.one_in(4) { 1 << 62 } else { size };
            let mark: &[u8; 4] = if choices.one_in(4) { b"PK\x06\x05" } else { b"PK\x06\x06" };
            let wide = [mark.as_slice(), &44_u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8]].concat();
            let wide = [wide, [entries, entries, size, from].iter().flat_map(|n| n.to_le_bytes()).collect()].concat();
            let at = if choices.one_in(4) { u64::MAX } else { end as u64 };
            let locator = [b"PK\x06\x07".as_slice(), &[0; 4], &at.to_le_bytes(), &[1, 0, 0, 0]].concat();
            bytes.splice(end..end, [wide, locator].concat());
        }
    }
}

/// A workbook from a seed, its archive in order.
pub fn xlsx(seed: u64) -> Made {
    let mut choices = Choices::from_seed(seed);
    let mut made = Made::default();
    let mut parts = if choices.one_in(24) {
        workbook_parts().clone()
    } else {
        let mut rows = table(seed, &mut choices);
        (made.map, made.export) = reading(&mut rows, &mut choices);
        made.table = written(&rows, |cell| trim(cell).is_empty());
        made.exact = rows.iter().flatten().all(|cell| plain(cell));
        let above = maps::at(made.map).map_or(1, |mapping| mapping.shape.header_row) - 1;
        if !made.exact || above > 0 {
            made.table = None;
        }
        (0..above).for_each(|_| rows.insert(0, vec!["Title".to_owned()]));
        small_parts(&rows, &mut choices)
    };
    for _ in 0..choices.below(4) {
        made.table = None;
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
    if choices.one_in(BOMBS) {
        made.table = None;
        bomb(&mut parts, &mut choices);
    }
    if choices.one_in(40) && !parts.is_empty() {
        made.table = None;
        parts.remove(choices.below(parts.len()));
    }
    if choices.one_in(80) {
        // Some other archive.
        made.table = None;
        let name =
            choices.pick(&["xl/workbook.bin", "word/document.xml", "ppt/slide.xml", "mimetype", "a.csv", "../x"]);
        let other = [name.unwrap_or_default(), "content.xml"].map(|name| (name.to_owned(), b"<x/>".to_vec()));
        if name == Some("../x") {
            parts.extend(other);
        } else {
            parts = other.into();
        }
    }
    made.bytes = zipped(&parts, !choices.one_in(8));
    if choices.one_in(60) {
        made.table = None;
        change_archive(&mut made.bytes, &mut choices);
    }
    if choices.one_in(12) {
        made.table = None;
        let times = 1 + choices.below(3);
        change_bytes(&mut made.bytes, &mut choices, times);
    }
    made
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
