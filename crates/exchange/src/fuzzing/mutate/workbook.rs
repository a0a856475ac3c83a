//! Workbooks from a seed: small ones written here part by part, with what was written known, and one as a spreadsheet
//! program writes it; changed in their cells, their tags or their bytes.

use super::{CELLS, Choices, change_bytes, corpus, table, trim, written};
use crate::fuzzing::Made;
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
    "<si/>",
    "<sst uniqueCount=\"18446744073709551615\">",
    "<dimension ref=\"B2:A1\"/>",
    "<xf numFmtId=\"14\"/>",
    "\u{0}",
    "1e400",
    "-1",
];

const TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";
const RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
const WORKBOOK: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Cases\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
const SHEETS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/><Relationship Id=\"rId3\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>";
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

/// A small workbook of these rows, each cell in one of the ways that programs write it.
fn small_parts(rows: &[Vec<String>], choices: &mut Choices) -> PartList {
    let (mut shared, mut sheet) = (Vec::new(), String::new());
    sheet.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>");
    let (addressed, numbered) = (!choices.one_in(4), !choices.one_in(4));
    for (at, row) in rows.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = if numbered || addressed { write!(sheet, "<row r=\"{}\">", at + 1) } else { write!(sheet, "<row>") };
        for (column, cell) in row.iter().enumerate() {
            if cell.is_empty() && addressed {
                continue;
            }
            let letter = char::from(b'A' + u8::try_from(column % 26).unwrap_or(0));
            let address = match column {
                _ if !addressed => String::new(),
                0..26 => format!(" r=\"{letter}{}\"", at + 1),
                _ => format!(" r=\"A{letter}{}\"", at + 1),
            };
            let _ = match choices.below(4) {
                0 if is_number(cell) => write!(sheet, "<c{address}><v>{cell}</v></c>"),
                0 | 1 => {
                    shared.push(escaped(cell));
                    write!(sheet, "<c{address} t=\"s\"><v>{}</v></c>", shared.len() - 1)
                }
                2 => write!(sheet, "<c{address} t=\"str\"><v>{}</v></c>", escaped(cell)),
                _ => write!(
                    sheet,
                    "<c{address} t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                    escaped(cell)
                ),
            };
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let mut texts = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">",
    );
    for text in &shared {
        let _ = if choices.one_in(8) {
            write!(texts, "<si><r><t xml:space=\"preserve\">{text}</t></r></si>")
        } else {
            write!(texts, "<si><t xml:space=\"preserve\">{text}</t></si>")
        };
    }
    texts.push_str("</sst>");
    let part = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    vec![
        part("[Content_Types].xml", TYPES),
        part("_rels/.rels", RELATIONS),
        part("xl/workbook.xml", WORKBOOK),
        part("xl/_rels/workbook.xml.rels", SHEETS),
        part("xl/worksheets/sheet1.xml", &sheet),
        part("xl/styles.xml", STYLES),
        part("xl/sharedStrings.xml", &texts),
    ]
}

/// A workbook from a seed, its archive in order.
pub fn xlsx(seed: u64) -> Made {
    let mut choices = Choices::from_seed(seed);
    let mut made = Made::default();
    let mut parts = if choices.one_in(24) {
        workbook_parts().clone()
    } else {
        let rows = table(seed, &mut choices);
        made.table = written(&rows, |cell| trim(cell).is_empty());
        made.exact = rows.iter().flatten().all(|cell| plain(cell));
        if !made.exact {
            made.table = None;
        }
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
    if choices.one_in(40) && !parts.is_empty() {
        made.table = None;
        parts.remove(choices.below(parts.len()));
    }
    made.bytes = zipped(&parts, !choices.one_in(8));
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
