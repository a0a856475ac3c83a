//! Files built to exhaust memory or time are refused in words, before their contents are held; honest large ones pass.

mod memory;

use exchange::fuzzing::mutate::zipped;
use exchange::source::input::Stored;
use exchange::source::{Format, RawRow, Shape, Source};
use exchange::write::{WriteOptions, Writer};
use exchange::{FileRefusal, Limits};
use std::io::{Cursor, Read, Seek, SeekFrom};

fn read_all(stored: Stored, limits: &Limits) -> Result<u64, FileRefusal> {
    let mut source = Source::open(stored, &Shape::default(), limits)?;
    let (mut row, mut rows) = (RawRow::default(), 0);
    while source.read(&mut row)? {
        rows += 1;
    }
    Ok(rows)
}

fn refused_as(bytes: Vec<u8>) -> &'static str {
    match read_all(Box::new(Cursor::new(bytes)), &Limits::default()) {
        Err(refusal) => {
            assert!(!refusal.reason.is_empty() && !refusal.remedy.is_empty(), "{refusal:?}");
            refusal.rule
        }
        Ok(rows) => panic!("a bomb of {rows} rows was read"),
    }
}

/// A valid workbook's parts, as written by the exporter.
fn parts() -> Vec<(String, Vec<u8>)> {
    let mut writer =
        Writer::create(Format::Xlsx, Vec::new(), &["id".to_owned(), "name".to_owned()], &WriteOptions::default())
            .unwrap();
    writer.row(&["1", "Ada"]).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(writer.finish().unwrap())).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut part = archive.by_index(at).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            (String::from_utf8(part.name_raw().to_vec()).unwrap(), bytes)
        })
        .collect()
}

/// The workbook with one part replaced or added.
fn with(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let mut parts = parts();
    parts.retain(|(known, _)| known != name);
    parts.push((name.to_owned(), bytes));
    zipped(&parts, false)
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

fn sheet(data: &str) -> Vec<u8> {
    with(
        SHEET,
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet><sheetData>{data}</sheetData></worksheet>")
            .into_bytes(),
    )
}

#[test]
fn the_untouched_workbook_is_read() {
    assert_eq!(read_all(Box::new(Cursor::new(zipped(&parts(), false))), &Limits::default()), Ok(1));
}

#[test]
fn a_sheet_that_unpacks_a_thousandfold() {
    let bomb = sheet(&"<row><c><v>1</v></c></row>".repeat(17_000_000));
    assert!(bomb.len() < 8 << 20, "the bomb is small while packed: {}", bomb.len());
    assert_eq!(refused_as(bomb), "workbook.size");
}

#[test]
fn a_sheet_that_lies_about_its_size() {
    let mut bomb = sheet(&"<row><c><v>1</v></c></row>".repeat(17_000_000));
    // Both headers of the part say that it unpacks to 1 kB.
    for (signature, at) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let starts: Vec<usize> =
            bomb.windows(4).enumerate().filter(|(_, w)| *w == signature).map(|(i, _)| i).collect();
        for start in starts {
            let size = u32::from_le_bytes(bomb[start + at..start + at + 4].try_into().unwrap());
            if size > 100 << 20 {
                bomb[start + at..start + at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
            }
        }
    }
    assert!(["workbook.size", "workbook.damaged", "workbook.part"].contains(&refused_as(bomb)));
}

#[test]
fn parts_without_number() {
    let mut many = parts();
    many.extend((0..2_001).map(|n| (format!("xl/media/{n}"), Vec::new())));
    assert_eq!(refused_as(zipped(&many, true)), "workbook.entries");
}

#[test]
fn parts_that_share_bytes() {
    let mut archive = zip::ZipWriter::new_append(Cursor::new(zipped(&parts(), false))).unwrap();
    archive.shallow_copy_file(SHEET, "xl/worksheets/sheet2.xml").unwrap();
    assert_eq!(refused_as(archive.finish().unwrap().into_inner()), "workbook.archive");
}

#[test]
fn a_part_that_points_outside() {
    assert_eq!(refused_as(with("../../etc/cron.d/x", b"hello".to_vec())), "workbook.archive");
}

#[test]
fn a_text_table_that_announces_too_much() {
    let table = "<sst uniqueCount=\"18446744073709551615\"><si><t>a</t></si></sst>";
    assert_eq!(refused_as(with("xl/sharedStrings.xml", table.into())), "workbook.part");
    let table = format!("<sst>{}</sst>", "<si/>".repeat(1_200_001));
    assert_eq!(refused_as(with("xl/sharedStrings.xml", table.into())), "workbook.part");
}

#[test]
fn a_text_table_in_another_code_page() {
    let table = "<sst uniqueCount=\"18446744073709551615\"/>".encode_utf16().flat_map(u16::to_le_bytes);
    assert_eq!(
        refused_as(with("xl/sharedStrings.xml", [0xFF, 0xFE].into_iter().chain(table).collect())),
        "workbook.part"
    );
}

#[test]
fn a_cell_without_end() {
    let run = "x".repeat(3 << 20);
    assert_eq!(refused_as(sheet(&format!("<row><c t=\"str\"><v>{run}</v></c></row>"))), "workbook.part");
    // Built of pieces, each of them small.
    let pieces = "<r><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></r>".repeat(100_000);
    assert_eq!(refused_as(sheet(&format!("<row><c t=\"inlineStr\"><is>{pieces}</is></c></row>"))), "workbook.part");
    // Hidden in a comment and in a tag.
    let tags = "<x>".repeat(1 << 20);
    assert_eq!(refused_as(sheet(&format!("<row><c><!--{tags}--><v>1</v></c></row>"))), "workbook.part");
    assert_eq!(refused_as(sheet(&format!("<row a=\"{tags}\"><c><v>1</v></c></row>"))), "workbook.part");
}

#[test]
fn addresses_outside_the_sheet() {
    for cell in
        ["<c r=\"ZZZZZZZZ1\"><v>1</v></c>", "<c r=\"A99999999999\"><v>1</v></c>", "<c r=\"XFE1\"><v>1</v></c>"]
    {
        assert_eq!(refused_as(sheet(&format!("<row>{cell}</row>"))), "workbook.part");
    }
    assert_eq!(refused_as(sheet("<row r=\"1048577\"><c><v>1</v></c></row>")), "workbook.part");
    assert_eq!(refused_as(sheet("<row r=\"1\"><c r=\"XFD1\" t=\"str\"><v>far</v></c></row>")), "file.columns");
}

#[test]
fn elements_nested_without_end() {
    assert_eq!(
        refused_as(sheet(&format!("<row>{}{}</row>", "<a>".repeat(500_000), "</a>".repeat(500_000)))),
        "workbook.part"
    );
}

#[test]
fn a_document_type_with_entities() {
    let lol = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><worksheet><sheetData/></worksheet>";
    assert_eq!(refused_as(with(SHEET, lol.into())), "workbook.part");
}

#[test]
fn styles_that_multiply() {
    let format = "y".repeat(1_900);
    let styles = format!(
        "<styleSheet><numFmts><numFmt numFmtId=\"200\" formatCode=\"{format}\"/></numFmts><cellXfs>{}</cellXfs></styleSheet>",
        "<xf numFmtId=\"200\"/>".repeat(50_000)
    );
    assert_eq!(refused_as(with("xl/styles.xml", styles.into())), "workbook.part");
}

#[test]
fn one_text_in_every_cell() {
    let text = "t".repeat(32_000);
    let table = format!("<sst uniqueCount=\"1\"><si><t>{text}</t></si></sst>");
    let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(100));
    let mut all = parts();
    all.retain(|(name, _)| name != SHEET);
    all.push(("xl/sharedStrings.xml".into(), table.into()));
    all.push((SHEET.into(), format!("<worksheet><sheetData>{}</sheetData></worksheet>", row.repeat(2_000)).into()));
    assert_eq!(refused_as(zipped(&all, false)), "workbook.size");
}

#[test]
fn a_cut_workbook_and_an_old_one() {
    let whole = zipped(&parts(), false);
    assert_eq!(refused_as(whole[..whole.len() / 2].to_vec()), "workbook.damaged");
    assert_eq!(refused_as(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest of an old workbook".to_vec()), "file.kind");
}

#[test]
fn a_million_columns() {
    assert_eq!(refused_as("a,".repeat(1_000_000).into_bytes()), "file.columns");
    let fields: Vec<String> = (0..20_000).map(|n| format!("\"f{n}\":1")).collect();
    assert_eq!(refused_as(format!("[{{{}}}]", fields.join(",")).into_bytes()), "file.json");
}

/// Two gigabytes that exist only as they are read.
struct Endless {
    head: &'static [u8],
    at: u64,
    len: u64,
    handed: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = buf.len().min(usize::try_from(self.len - self.at).unwrap_or(usize::MAX));
        for (offset, byte) in buf[..n].iter_mut().enumerate() {
            *byte = self.head.get(usize::try_from(self.at).unwrap() + offset).copied().unwrap_or(b'x');
        }
        self.at += n as u64;
        self.handed.fetch_add(n as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(_) => self.len,
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn a_cell_of_two_gigabytes_is_refused_after_a_few_megabytes() {
    for (head, rule) in [
        (&b"id,name\n1,\""[..], "row.size"),
        (b"id,name\n1,", "row.size"),
        (b"[{\"id\":\"", "row.size"),
        (b"id", "row.size"),
    ] {
        let handed = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let file = Endless { head, at: 0, len: 2_000_000_000, handed: handed.clone() };
        let refusal = read_all(Box::new(file), &Limits::default()).unwrap_err();
        assert_eq!(refusal.rule, rule, "{refusal}");
        assert!(handed.load(std::sync::atomic::Ordering::Relaxed) < 32 << 20);
    }
    let handed = std::sync::Arc::default();
    let file = Endless { head: b"id", at: 0, len: 5_000_000_000, handed };
    assert_eq!(read_all(Box::new(file), &Limits::default()).unwrap_err().rule, "file.size");
}

#[test]
fn json_nested_without_end() {
    assert_eq!(refused_as([b"[{\"a\":".as_slice(), &b"[".repeat(1 << 20)].concat()), "file.depth");
    assert_eq!(refused_as(b"{\"a\":".repeat(1 << 18)), "file.depth");
}

#[test]
fn an_honest_workbook_of_a_hundred_thousand_rows_is_read() {
    let columns: Vec<String> = (0..20).map(|n| format!("column {n}")).collect();
    let mut writer = Writer::create(Format::Xlsx, Vec::new(), &columns, &WriteOptions::default()).unwrap();
    for row in 0..100_000 {
        let cells: Vec<String> = (0..20).map(|column| format!("王小明 {row}-{column}")).collect();
        writer.row(&cells).unwrap();
    }
    let bytes = writer.finish().unwrap();
    assert_eq!(read_all(Box::new(Cursor::new(bytes)), &Limits::default()), Ok(100_000));
}
