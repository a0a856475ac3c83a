//! Bounds on a workbook's archive, checked before any of it is parsed: the directory first, by hand, so that a
//! directory of millions of entries is never loaded; then every part inflated once under absolute caps.

use super::input::Stored;
use super::sheet_scan::{PartRules, SheetScan};
use crate::FileRefusal;
use crate::limits::{Limits, WorkbookLimits};
use std::io::{self, Read, Seek, SeekFrom};
use zip::{CompressionMethod, ZipArchive};

const END_OF_DIRECTORY: &[u8; 4] = b"PK\x05\x06";
const END_RECORD_BYTES: usize = 22;
const LOCATOR_BYTES: u64 = 20;
const DIRECTORY_ENTRY_BYTES: u64 = 46;
/// Largest part that is not XML (pictures, print settings): it is not looked into.
const MAX_OTHER_PART: u64 = 16 << 20;

/// Checks the archive and gives the file back for parsing.
pub(super) fn check(mut stored: Stored, limits: &Limits) -> Result<Stored, FileRefusal> {
    let caps = &limits.workbook;
    check_directory(&mut stored, caps)?;
    stored.seek(SeekFrom::Start(0)).map_err(|e| FileRefusal::io("file", &e))?;
    let mut archive = ZipArchive::new(stored).map_err(|e| damaged(format!("its archive cannot be read ({e})")))?;
    if archive.len() as u64 > caps.max_entries {
        return Err(too_many_entries(caps));
    }
    if archive.has_overlapping_entries().map_err(|e| damaged(format!("its archive cannot be read ({e})")))? {
        return Err(hostile("two of its parts share the same bytes"));
    }
    let names: Vec<String> = archive.file_names().flatten().map(|name| name.to_ascii_lowercase()).collect();
    super::kind::workbook(&names)?;
    let mut total = 0_u64;
    for index in 0..archive.len() {
        check_part(&mut archive, index, limits, &mut total)?;
    }
    Ok(archive.into_inner())
}

fn little_endian(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes.get(at..at + width).unwrap_or_default().iter().rev().fold(0, |sum, &byte| (sum << 8) | u64::from(byte))
}

/// Reads the end record, and the 64-bit one where there is one, and bounds the directory they name.
fn check_directory(stored: &mut Stored, caps: &WorkbookLimits) -> Result<(), FileRefusal> {
    let io = |e: io::Error| FileRefusal::io("file", &e);
    let size = stored.seek(SeekFrom::End(0)).map_err(io)?;
    let tail_from = size.saturating_sub(END_RECORD_BYTES as u64 + 65_535);
    stored.seek(SeekFrom::Start(tail_from)).map_err(io)?;
    let mut tail = Vec::new();
    stored.take(size - tail_from).read_to_end(&mut tail).map_err(io)?;
    let at = tail
        .windows(4)
        .rposition(|w| w == END_OF_DIRECTORY)
        .ok_or_else(|| damaged("its archive has no end: the file was cut off"))?;
    let end = tail.get(at..).unwrap_or_default();
    if end.len() < END_RECORD_BYTES || end.len() as u64 != END_RECORD_BYTES as u64 + little_endian(end, 20, 2) {
        return Err(damaged("its archive does not end where it says"));
    }
    let end_at = tail_from + at as u64;
    let (mut entries, mut bytes, mut from) =
        (little_endian(end, 10, 2), little_endian(end, 12, 4), little_endian(end, 16, 4));
    if let Some(wide) = wide_end(stored, end_at)? {
        (entries, bytes, from) = wide;
    }
    if entries > caps.max_entries || bytes > caps.max_entries * (DIRECTORY_ENTRY_BYTES + 1_024) {
        return Err(too_many_entries(caps));
    }
    if from.checked_add(bytes).is_none_or(|end| end > end_at) {
        return Err(damaged("its directory lies outside the file"));
    }
    Ok(())
}

/// Entries, bytes and offset by the 64-bit end record, where a locator stands before the plain one.
fn wide_end(stored: &mut Stored, end_at: u64) -> Result<Option<(u64, u64, u64)>, FileRefusal> {
    let io = |e: io::Error| FileRefusal::io("file", &e);
    let Some(locator_at) = end_at.checked_sub(LOCATOR_BYTES) else { return Ok(None) };
    let mut locator = [0_u8; LOCATOR_BYTES as usize];
    stored.seek(SeekFrom::Start(locator_at)).map_err(io)?;
    stored.read_exact(&mut locator).map_err(io)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    let at = little_endian(&locator, 8, 8);
    let mut record = [0_u8; 56];
    stored.seek(SeekFrom::Start(at.min(end_at))).map_err(io)?;
    if stored.read_exact(&mut record).is_err() || !record.starts_with(b"PK\x06\x06") {
        return Err(damaged("its archive does not end where it says"));
    }
    Ok(Some((little_endian(&record, 32, 8), little_endian(&record, 40, 8), little_endian(&record, 48, 8))))
}

fn check_part(
    archive: &mut ZipArchive<Stored>,
    index: usize,
    limits: &Limits,
    total: &mut u64,
) -> Result<(), FileRefusal> {
    let caps = &limits.workbook;
    let mut part =
        archive.by_index(index).map_err(|e| damaged(format!("its part {} cannot be opened ({e})", index + 1)))?;
    let name = String::from_utf8_lossy(part.name_raw()).into_owned();
    // Nothing is unpacked to disk; a name that climbs is still no work of a spreadsheet program.
    let climbs = name.split(['/', '\\']).any(|step| step == "..") || name.contains('\0');
    if climbs || part.is_symlink() {
        return Err(hostile(&format!("its part {:?} points outside the workbook", crate::refusal::shorten(&name))));
    }
    if part.encrypted() || !matches!(part.compression(), CompressionMethod::Deflated | CompressionMethod::Stored) {
        return Err(FileRefusal::new(
            place(&name),
            "workbook.packing",
            "the workbook is encrypted or packed in a way that is not read",
            "Save it again as .xlsx without a password.",
        ));
    }
    let lower = name.to_ascii_lowercase();
    let is_xml = (lower.ends_with(".xml") || lower.ends_with(".rels")) && !lower.starts_with("customxml/");
    let shared = lower.ends_with("sharedstrings.xml");
    let small = ["styles.xml", "workbook.xml", "theme1.xml", ".rels"].iter().any(|end| lower.ends_with(end));
    let cap = match (is_xml, shared, small) {
        (false, ..) => MAX_OTHER_PART.min(caps.max_part_bytes),
        (_, true, _) => caps.max_shared_bytes,
        (_, _, true) => caps.max_small_part_bytes,
        _ => caps.max_part_bytes,
    };
    if part.size() > cap {
        return Err(part_too_large(&name, cap));
    }
    let rules = PartRules {
        max_tag: if lower.ends_with("styles.xml") { 2 << 10 } else { 64 << 10 },
        max_cell: (limits.max_cell_bytes as u64 * 8).max(64 << 10),
        max_shared_strings: caps.max_shared_strings,
    };
    let mut scan = is_xml.then(|| SheetScan::new(&rules));
    let mut buffer = vec![0_u8; 64 << 10];
    let mut inflated = 0_u64;
    loop {
        let n = part.read(&mut buffer).map_err(|e| damaged(format!("its part {name:?} cannot be unpacked ({e})")))?;
        let Some(chunk) = buffer.get(..n).filter(|chunk| !chunk.is_empty()) else { break };
        inflated += n as u64;
        *total += n as u64;
        if inflated > cap {
            return Err(part_too_large(&name, cap));
        }
        if *total > caps.max_total_bytes {
            return Err(FileRefusal::new(
                "file",
                "workbook.size",
                format!("the workbook unpacks to more than {} MiB", caps.max_total_bytes >> 20),
                "Save the sheet as CSV: a CSV file may have any number of rows.",
            ));
        }
        if let Some(scan) = scan.as_mut() {
            scan.feed(chunk).map_err(|reason| refused_part(&name, &reason))?;
        }
    }
    match scan {
        Some(scan) => scan.finish().map_err(|reason| refused_part(&name, &reason)),
        None => Ok(()),
    }
}

fn place(name: &str) -> String {
    format!("part {:?}", crate::refusal::shorten(name))
}

fn part_too_large(name: &str, cap: u64) -> FileRefusal {
    FileRefusal::new(
        place(name),
        "workbook.size",
        format!("it unpacks to more than {} MiB", cap >> 20),
        "Save the sheet as CSV: a CSV file may have any number of rows.",
    )
}

fn refused_part(name: &str, reason: &str) -> FileRefusal {
    FileRefusal::new(
        place(name),
        "workbook.part",
        format!("the part is not as a spreadsheet program writes it: {reason}"),
        "Open the file in a spreadsheet program and save it again, or save the sheet as CSV.",
    )
}

fn too_many_entries(caps: &WorkbookLimits) -> FileRefusal {
    FileRefusal::new(
        "file",
        "workbook.entries",
        format!("the workbook has more than {} parts", caps.max_entries),
        "Copy the sheet into a new workbook, or save it as CSV.",
    )
}

fn hostile(reason: &str) -> FileRefusal {
    FileRefusal::new(
        "file",
        "workbook.archive",
        format!("the workbook's archive is not as a spreadsheet program writes it: {reason}"),
        "Do not open this file; ask the sender how it was made.",
    )
}

pub(super) fn damaged(reason: impl AsRef<str>) -> FileRefusal {
    FileRefusal::new(
        "file",
        "workbook.damaged",
        format!("the workbook is damaged: {}", reason.as_ref()),
        "Ask for the file again, or open it in a spreadsheet program and save it again.",
    )
}
