//! What a file is by its first bytes, whatever its name says; what no reader here reads is named, with what to do.

use super::input::{Encoding, Stored};
use super::{Format, Shape};
use crate::FileRefusal;
use std::io::{self, Read, Seek, SeekFrom};

const HEAD: usize = 4 << 10;
/// Sectors of the directory of an old Office file that are looked at.
const DIRECTORY: u64 = 16 << 10;

const TABLE: &str = "Ask for the table itself, as CSV or .xlsx.";
const UNPACK: &str = "Unpack it, and give the table that is in it.";
const EXPORT: &str = "Export the table from it as CSV, and give that file.";

/// First bytes of files that are often sent in place of a table.
const FOREIGN: &[(&[u8], &str, &str)] = &[
    (b"\x89PNG", "a picture (PNG)", TABLE),
    (b"\xFF\xD8\xFF", "a picture (JPEG)", TABLE),
    (b"GIF87a", "a picture (GIF)", TABLE),
    (b"GIF89a", "a picture (GIF)", TABLE),
    (b"%PDF-", "a PDF document", TABLE),
    (b"{\\rtf", "a text document (RTF)", TABLE),
    (b"\x1F\x8B", "packed by gzip", UNPACK),
    (b"\xFD7zXZ\0", "packed by xz", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "packed by 7-Zip", UNPACK),
    (b"Rar!\x1A", "packed by RAR", UNPACK),
    (b"\x28\xB5\x2F\xFD", "packed by Zstandard", UNPACK),
    (b"SQLite format 3\0", "a database (SQLite)", EXPORT),
    (b"PAR1\x15", "a Parquet file", EXPORT),
    (b"$FL2@(#)", "a file of SPSS", EXPORT),
    (b"<stata_dta>", "a file of Stata", EXPORT),
];

/// The reader for the file; or what it is, where no reader reads it.
pub(super) fn of(stored: &mut Stored, shape: &Shape) -> Result<Format, FileRefusal> {
    let head = read_at(stored, 0, HEAD as u64)?;
    stored.seek(SeekFrom::Start(0)).map_err(|e| FileRefusal::io("file", &e))?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Format::Xlsx);
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(office(stored, &head));
    }
    if let Some((_, what, remedy)) = FOREIGN.iter().find(|(first, ..)| head.starts_with(first)) {
        return Err(foreign(what, remedy));
    }
    // The marks of UTF-8 and UTF-16, and the other half of each of UTF-16's letters, are passed over.
    let marks = [b"\xEF\xBB\xBF".as_slice(), b"\xFF\xFE", b"\xFE\xFF"];
    let text = marks.iter().find_map(|mark| head.strip_prefix(*mark)).unwrap_or(&head);
    let first: Vec<u8> =
        text.iter().copied().filter(|byte| *byte != 0).skip_while(u8::is_ascii_whitespace).take(1_024).collect();
    if let Some(refusal) = marked_up(&first) {
        return Err(refusal);
    }
    let wide = marks.iter().skip(1).any(|mark| head.starts_with(mark))
        || matches!(shape.encoding, Encoding::Utf16Le | Encoding::Utf16Be);
    if !wide && let Some(refusal) = not_text(&head) {
        return Err(refusal);
    }
    match first.first() {
        // What the mapping says settles only this: the errors file of any file is CSV.
        Some(b'{' | b'[') if shape.format != Some(Format::Csv) => Ok(Format::Json),
        _ => Ok(Format::Csv),
    }
}

fn read_at(stored: &mut Stored, at: u64, most: u64) -> Result<Vec<u8>, FileRefusal> {
    let io = |e: io::Error| FileRefusal::io("file", &e);
    stored.seek(SeekFrom::Start(at)).map_err(io)?;
    let mut bytes = Vec::new();
    stored.take(most).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

fn foreign(what: &str, remedy: &str) -> FileRefusal {
    FileRefusal::new(
        "file",
        "file.kind",
        format!("this is {what}; a table as CSV, JSON or .xlsx is expected"),
        remedy,
    )
}

/// A file of the older Office: which program's, its directory says, in names of UTF-16.
fn office(stored: &mut Stored, head: &[u8]) -> FileRefusal {
    let number = |at: usize, width: usize| {
        let bytes = head.get(at..at + width).unwrap_or_default();
        bytes.iter().rev().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
    };
    let sector = 1_u64 << number(30, 2).clamp(9, 12);
    let at = (number(48, 4) + 1) * sector;
    let directory = read_at(stored, at, DIRECTORY).unwrap_or_default();
    let has = |name: &str| {
        let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        directory.windows(wanted.len()).any(|bytes| bytes == wanted)
    };
    if has("EncryptedPackage") {
        foreign(
            "a workbook protected by a password",
            "Open it with its password, take the password off, and save it as .xlsx; or save the sheet as CSV.",
        )
    } else if has("WordDocument") {
        foreign("an old Word document", TABLE)
    } else if has("Workbook") || has("Book") {
        foreign("an old .xls workbook", "Open it in a spreadsheet program and save it as .xlsx, or the sheet as CSV.")
    } else {
        foreign(
            "an old .xls workbook, or one protected by a password",
            "Open it in a spreadsheet program and save it without a password as .xlsx, or the sheet as CSV.",
        )
    }
}

/// Web pages and XML. Some systems give a table the name .xls that is one of these, and a server's error page may have any.
fn marked_up(first: &[u8]) -> Option<FileRefusal> {
    if first.first() != Some(&b'<') {
        return None;
    }
    let text = String::from_utf8_lossy(first).to_ascii_lowercase();
    let html = ["<!doctype html", "<html", "<head", "<body", "<table"].iter().any(|start| text.starts_with(start));
    if html || text.starts_with("<?xml") && text.contains("<html") {
        return Some(foreign(
            "a web page (HTML), perhaps a server's error message or its sign-in page",
            "Look at it in a browser. Where it shows the table, open it in a spreadsheet program and save it as .xlsx; else download the file again.",
        ));
    }
    if text.starts_with("<?xml") {
        return Some(foreign("XML", "Open it in a spreadsheet program and save it as .xlsx, or export it as CSV."));
    }
    None
}

/// A text has no NUL bytes; a file with one or two among many letters is still read, and its rows are judged.
fn not_text(head: &[u8]) -> Option<FileRefusal> {
    let nul = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nul(0), nul(1));
    if even + odd == 0 {
        return None;
    }
    for (here, there, name) in [(odd, even, "utf-16le"), (even, odd, "utf-16be")] {
        if here >= 3 && there * 8 <= here && here * 20 >= head.len() {
            return Some(FileRefusal::new(
                "file",
                "file.encoding",
                "the file seems to be UTF-16 without the mark that says so",
                format!("Write encoding = \"{name}\" in the mapping, or save the file as UTF-8."),
            ));
        }
    }
    let odd_byte = |byte: &&u8| matches!(byte, 0..=8 | 0x0B | 0x0E..=0x1F | 0x7F);
    let odd = head.iter().filter(odd_byte).count();
    (odd * 10 >= head.len() || odd >= 8 && odd * 50 >= head.len()).then(|| {
        foreign(
            "no text: it has bytes that only programs write",
            "Open it in the program it comes from, and export the table as CSV or .xlsx.",
        )
    })
}

/// Whether the parts of an archive, named in small letters, are a workbook's; else what it is.
pub(super) fn workbook(names: &[String]) -> Result<(), FileRefusal> {
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    Err(match () {
        () if has("xl/workbook.bin") => {
            foreign("a binary workbook (.xlsb)", "Save it as .xlsx, or the sheet as CSV.")
        }
        () if has("xl/") => return Ok(()),
        () if has("word/") => foreign("a Word document", TABLE),
        () if has("ppt/") => foreign("a presentation", TABLE),
        () if has("mimetype") && has("content.xml") => {
            foreign("an OpenDocument file (.ods)", "Save it as .xlsx, or the sheet as CSV.")
        }
        () => foreign(&format!("a zip archive of {} files, and no workbook", names.len()), UNPACK),
    })
}

/// A refusal of what was read as one kind of file where its name or its mapping says another.
pub(super) fn told_otherwise(mut refusal: FileRefusal, found: Format, told: Option<Format>) -> FileRefusal {
    match told {
        Some(told) if told != found => {
            refusal.reason = format!(
                "{}; the file is {} and not {}, whatever it is called",
                refusal.reason,
                found.words(),
                told.words()
            );
            refusal.remedy = format!("Check that the right file was chosen. {}", refusal.remedy);
            refusal
        }
        _ => refusal,
    }
}
