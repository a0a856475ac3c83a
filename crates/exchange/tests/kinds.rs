//! Files that are no tables, or other ones than their names say, are named for what they are.

use exchange::fuzzing::mutate::zipped;
use exchange::{FileRefusal, Limits, Mapping, Noun, RowStream, open, open_export, open_path};
use std::io::Cursor;

const PEOPLE: &str = "as = \"people\"\n[[field]]\nto = \"person.external_id\"\ncolumn = \"id\"\n[[field]]\nto = \"person.full_name\"\ncolumn = \"name\"\n";

fn people(head: &str) -> Mapping {
    Mapping::parse(&format!("{head}\n{PEOPLE}")).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn start(bytes: &[u8], head: &str) -> Result<RowStream, FileRefusal> {
    open(Box::new(Cursor::new(bytes.to_vec())), &people(head), &Limits::default())
}

fn refused(result: Result<RowStream, FileRefusal>) -> FileRefusal {
    match result {
        Err(refusal) => refusal,
        Ok(mut stream) => panic!("read: {:?}", stream.next_batch(9)),
    }
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// An old Office file whose directory names this stream.
fn office(stream: &str) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    bytes[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    bytes[30] = 9;
    bytes[48] = 1;
    bytes.extend([0xFD; 512]);
    bytes.extend(utf_16("Root Entry"));
    bytes.extend(utf_16(stream));
    bytes
}

fn archive(names: &[&str]) -> Vec<u8> {
    zipped(&names.iter().map(|name| ((*name).to_owned(), b"<x/>".to_vec())).collect::<Vec<_>>(), true)
}

#[test]
fn what_is_no_table_is_named() {
    let noise: Vec<u8> = (0..9_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (bytes, what, remedy) in [
        (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".to_vec(), "a picture (PNG)", "the table itself"),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF\0".to_vec(), "a picture (JPEG)", "the table itself"),
        (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj".to_vec(), "a PDF document", "the table itself"),
        (b"{\\rtf1\\ansi id,name}".to_vec(), "a text document (RTF)", "the table itself"),
        (b"\x1F\x8B\x08\0\0\0\0\0\0\x03abc".to_vec(), "packed by gzip", "Unpack it"),
        (b"7z\xBC\xAF\x27\x1C\0\x04".to_vec(), "packed by 7-Zip", "Unpack it"),
        (b"SQLite format 3\0\x10\0\x01\x01".to_vec(), "a database (SQLite)", "as CSV"),
        (noise, "no text", "export the table as CSV"),
        (office("Workbook"), "an old .xls workbook;", "save it as .xlsx"),
        (office("Book"), "an old .xls workbook;", "save it as .xlsx"),
        (office("EncryptedPackage"), "protected by a password;", "take the password off"),
        (office("WordDocument"), "an old Word document", "the table itself"),
        (office("Anything"), "an old .xls workbook, or one protected", "without a password"),
        (archive(&["[Content_Types].xml", "word/document.xml"]), "a Word document", "the table itself"),
        (archive(&["ppt/presentation.xml"]), "a presentation", "the table itself"),
        (archive(&["mimetype", "content.xml"]), "an OpenDocument file (.ods)", "as .xlsx"),
        (archive(&["xl/workbook.bin", "xl/theme/theme1.xml"]), "a binary workbook (.xlsb)", "as .xlsx"),
        (archive(&["cases.csv", "contacts.csv"]), "a zip archive of 2 files", "Unpack it"),
        (archive(&[]), "a zip archive of 0 files", "Unpack it"),
        (b"\n <!DOCTYPE html><html><body>502 Bad Gateway".to_vec(), "a web page (HTML)", "download the file again"),
        (b"\xEF\xBB\xBF<table><tr><td>id</td></tr></table>".to_vec(), "a web page (HTML)", "save it as .xlsx"),
        (b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:x\">".to_vec(), "this is XML", "save it as .xlsx"),
    ] {
        for refusal in [
            refused(start(&bytes, "")),
            refused(start(&bytes, "format = \"csv\"")),
            refused(open_export(Box::new(Cursor::new(bytes.clone())), Noun::People, &Limits::default())),
        ] {
            assert_eq!((refusal.rule, refusal.place.as_str()), ("file.kind", "file"), "{refusal}");
            assert!(refusal.reason.contains(what) && refusal.remedy.contains(remedy), "{what}: {refusal}");
            assert!(refusal.reason.contains("a table as CSV, JSON or .xlsx is expected"), "{refusal}");
        }
    }
}

#[test]
fn utf_16_without_its_mark_is_told_and_then_read() {
    for (order, name) in [(u16::to_le_bytes as fn(u16) -> [u8; 2], "utf-16le"), (u16::to_be_bytes, "utf-16be")] {
        for text in ["id,name\n1,王小明\n", "[{\"id\":1,\"name\":\"王小明\"}]"] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
            let refusal = refused(start(&bytes, ""));
            assert_eq!(refusal.rule, "file.encoding");
            assert!(refusal.remedy.contains(&format!("encoding = \"{name}\"")), "{refusal}");
            let mut stream = start(&bytes, &format!("encoding = \"{name}\"")).unwrap();
            assert_eq!(stream.next_batch(9).unwrap()[0].row.cell(1), "王小明");
        }
    }
}

#[test]
fn one_stray_nul_byte_refuses_its_row_and_no_other() {
    let mut stream = start(b"id,name\n1,Ada\n2,A\0da\n3,Binta Kamara\n", "").unwrap();
    let read = stream.next_batch(9).unwrap();
    let rules: Vec<&str> = read.iter().map(|row| row.records.as_ref().map_or_else(|e| e[0].rule, |_| "")).collect();
    assert_eq!(rules, ["", "cell.control", ""]);
}

#[test]
fn a_file_under_another_name_is_told_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let workbook = archive(&["xl/workbook.xml"]);
    for (name, head, bytes, words) in [
        ("cases.xlsx", "", b"Please find the list attached.\n".as_slice(), "is plain text and not a workbook"),
        ("cases.json", "", b"502 Bad Gateway\n", "is plain text and not JSON"),
        ("cases.xlsx", "", b"[\"id\", 1]", "is JSON and not a workbook"),
        ("cases.csv", "", &workbook, "is a workbook and not plain text"),
        ("cases.csv", "", b"[{\"no\":1}", "is JSON and not plain text"),
        ("cases.dat", "format = \"xlsx\"", b"no,nom\n1,a\n", "is plain text and not a workbook"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let refusal = refused(open_path(&path, &people(head), &Limits::default()));
        assert!(refusal.reason.contains(words), "{name}: {refusal}");
        assert!(refusal.remedy.starts_with("Check that the right file was chosen."), "{refusal}");
    }
    // The same under its own name is told of its columns alone; and a right table is read under any name.
    for (name, bytes, words) in
        [("a.csv", b"no,nom\n1,a\n".as_slice(), Some("no column \"id\"")), ("b.xlsx", b"id,name\n1,a\n", None)]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let opened = open_path(&path, &people(""), &Limits::default());
        assert_eq!(opened.is_ok(), words.is_none());
        if let Some(words) = words {
            let refusal = refused(opened);
            assert!(refusal.reason.contains(words) && !refusal.reason.contains("whatever"), "{refusal}");
        }
    }
    let text = Box::new(Cursor::new(b"Please find the list attached.\n".to_vec()));
    let refusal = refused(open_export(text, Noun::People, &Limits::default()));
    assert!(refusal.reason.contains("the file is plain text, and its 1 columns"), "{refusal}");
}
