//! The bomb corpus, each file read by a process of its own that may not have more than 256 MiB at any time.

use super::{SHEET, parts, read_all, with};
use exchange::fuzzing::mutate::zipped;
use exchange::{FileRefusal, Limits};
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use zip::write::SimpleFileOptions;

const MOST_KIB: u64 = 256 << 10;

/// What a child said of its file.
struct Said {
    /// Rule, place, reason and remedy; or `rows` and their number.
    words: Vec<String>,
    /// The most memory it had.
    peak_kib: u64,
}

/// Reads the file on standard input as an import would, and says what came of it. Run by the tests below only.
#[test]
#[ignore = "run by the tests beside it, each in a process of its own"]
fn child() {
    let file = File::open("/dev/stdin").unwrap();
    let words = match read_all(Box::new(file), &Limits::default()) {
        Ok(rows) => format!("rows\u{1f}{rows}"),
        Err(FileRefusal { place, rule, reason, remedy }) => [rule, &place, &reason, &remedy].join("\u{1f}"),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    println!("\n\u{1e}{words}\u{1f}{peak}\u{1e}");
}

fn read_by_child(file: &File) -> Said {
    let itself = std::env::current_exe().unwrap();
    // The limit stops a child that runs away; what is asserted is the most it had.
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 1048576; exec \"$0\" --exact memory::child --ignored --nocapture"])
        .arg(itself)
        .env("MALLOC_ARENA_MAX", "2")
        .stdin(Stdio::from(file.try_clone().unwrap()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.split('\u{1e}').nth(1).unwrap_or_else(|| {
        panic!("the child said nothing: {}\n{text}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
    });
    let mut words: Vec<String> = said.split('\u{1f}').map(str::to_owned).collect();
    let peak_kib = words.pop().unwrap().trim_end_matches(" kB").trim().parse().unwrap();
    Said { words, peak_kib }
}

fn outcome(name: &str, fill: impl FnOnce(&mut File)) -> Vec<String> {
    let mut file = tempfile::tempfile().unwrap();
    fill(&mut file);
    let said = read_by_child(&file);
    println!("{name}: {} MiB: {}", said.peak_kib >> 10, said.words.join("; "));
    assert!(said.peak_kib <= MOST_KIB, "{name}: {} KiB", said.peak_kib);
    assert!(said.words.iter().all(|word| !word.is_empty()), "{name}: {:?}", said.words);
    said.words
}

fn refused(name: &str, rule: &str, fill: impl FnOnce(&mut File)) {
    assert_eq!(outcome(name, fill).first().map(String::as_str), Some(rule), "{name}");
}

fn bytes(bytes: impl AsRef<[u8]>) -> impl FnOnce(&mut File) {
    move |file| file.write_all(bytes.as_ref()).unwrap()
}

/// A workbook whose part of this name is written piece by piece, so that this process does not hold it either.
fn unpacking(name: &'static str, head: &'static str, piece: String, times: usize) -> impl FnOnce(&mut File) {
    move |file| {
        let mut archive = zip::ZipWriter::new(file);
        for (known, part) in parts().into_iter().filter(|(known, _)| known != name) {
            archive.start_file(known, SimpleFileOptions::default()).unwrap();
            archive.write_all(&part).unwrap();
        }
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(head.as_bytes()).unwrap();
        (0..times).for_each(|_| archive.write_all(piece.as_bytes()).unwrap());
        archive.finish().unwrap();
    }
}

#[test]
fn archives() {
    let rows = "<row><c><v>1</v></c></row>".repeat(10_000);
    refused("zip bomb", "workbook.size", unpacking(SHEET, "<worksheet><sheetData>", rows, 2_000));
    let inner = (0..9).fold(zipped(&[("0".into(), vec![0; 1 << 20])], false), |inner, n| {
        zipped(&(0..9).map(|copy| (format!("{n}-{copy}.zip"), inner.clone())).collect::<Vec<_>>(), false)
    });
    refused("zip in zip in zip", "file.kind", bytes(inner));
    let texts = "<si><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></si>".repeat(10_000);
    refused("huge text table", "workbook.size", unpacking("xl/sharedStrings.xml", "<sst>", texts, 400));
    refused(
        "very many texts",
        "workbook.part",
        unpacking("xl/sharedStrings.xml", "<sst>", "<si/>".repeat(100_000), 13),
    );
    let laughs = (1..10).fold("<!DOCTYPE x [<!ENTITY l0 \"lol\">".to_owned(), |text, n| {
        format!("{text}<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))
    });
    let sheet = format!("{laughs}]><worksheet><sheetData><row><c><v>&l9;</v></c></row></sheetData></worksheet>");
    refused("billion laughs in the sheet", "workbook.part", bytes(with(SHEET, sheet.into())));
    let table = format!("{laughs}]><sst><si><t>&l9;</t></si></sst>");
    refused("billion laughs in the texts", "workbook.part", bytes(with("xl/sharedStrings.xml", table.into())));
    let columns = format!("<row>{}</row></sheetData></worksheet>", "<c><v>1</v></c>".repeat(1_000_000));
    refused("a million columns in a sheet", "file.columns", unpacking(SHEET, "<worksheet><sheetData>", columns, 1));
}

#[test]
fn a_sheet_that_lies_about_its_extent() {
    let sheet = |extent: &str| {
        format!(
            "<worksheet><dimension ref=\"{extent}\"/><sheetData><row><c t=\"str\"><v>id</v></c></row><row><c t=\"str\"><v>1</v></c></row></sheetData></worksheet>"
        )
    };
    for extent in ["A1:ZZZZZZ9", "B2:A1", "A1:A99999999999", "A1:XFE1"] {
        refused(extent, "workbook.part", bytes(with(SHEET, sheet(extent).into())));
    }
    // As large as a sheet may be, and nothing like it: harmless, and read.
    let words = outcome("A1:XFD1048576", bytes(with(SHEET, sheet("A1:XFD1048576").into())));
    assert_eq!(words, ["rows", "1"]);
}

#[test]
fn texts() {
    refused("deep JSON", "file.depth", bytes([b"[{\"a\":".as_slice(), &b"[".repeat(8 << 20)].concat()));
    refused("a million columns", "file.columns", bytes("a,".repeat(1_000_000)));
    let fields: Vec<String> = (0..1_000_000).map(|n| format!("\"f{n}\":1")).collect();
    refused("a million fields", "row.size", bytes(format!("[{{{}}}]", fields.join(","))));
    for (name, head) in [("a cell of 2 GB", "id,name\n1,\""), ("2 GB without a quotation mark", "id,name\n1,")] {
        refused(name, "row.size", |file| {
            // NUL bytes among the first would tell that it is no text.
            file.write_all(head.as_bytes()).unwrap();
            file.write_all(&[b'x'; 8 << 10]).unwrap();
            file.set_len(2_000_000_000).unwrap();
        });
    }
    refused("a text of 2 GB in JSON", "row.size", |file| {
        file.write_all(b"[{\"id\":\"").unwrap();
        file.write_all(&[b'x'; 8 << 10]).unwrap();
        file.set_len(2_000_000_000).unwrap();
    });
    refused("a quotation mark without end", "row.size", bytes(format!("id,name\n1,\"{}", "x,y\n".repeat(4 << 20))));
}

#[test]
fn code_pages() {
    let utf_16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    assert_eq!(outcome("UTF-16", bytes(utf_16("id,name\n1,王\n2,\"李\"\n"))), ["rows", "2"]);
    assert_eq!(outcome("JSON in UTF-16", bytes(utf_16("[{\"id\":\"1\",\"name\":\"王\"}]"))), ["rows", "1"]);
    refused(
        "a cell without end in UTF-16",
        "row.size",
        bytes(utf_16(&format!("id,name\n1,\"{}", "x".repeat(8 << 20)))),
    );
    // Half a letter at every place: each row is refused by itself, which the fuzzing holds to its words.
    let halves = [b"id,name\n".as_slice(), &b"1,\x81\xFF\x30\xFF\n".repeat(200_000)].concat();
    assert_eq!(outcome("GB18030 that is none", bytes(halves)), ["rows", "200000"]);
}
