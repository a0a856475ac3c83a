//! Bytes of a text file as UTF-8, with an allowance that stops a row without end.

use super::code_page::Signs;
use crate::FileRefusal;
use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_16BE, UTF_16LE};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// A file or buffer that can be read twice.
pub trait SeekRead: Read + Seek + Send {}
impl<T: Read + Seek + Send> SeekRead for T {}

/// The opened bytes of a file.
pub type Stored = Box<dyn SeekRead>;

/// The file at a path. A folder or a pipe is refused before it is opened: nobody may ever write into the pipe, and what
/// came through it cannot be read twice.
pub fn at(path: &Path) -> Result<Stored, FileRefusal> {
    let io = |e: io::Error| FileRefusal::io(path.display().to_string(), &e);
    let kind = std::fs::metadata(path).map_err(io)?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "a folder" } else { "a pipe or a device" };
        return Err(FileRefusal::new(
            path.display().to_string(),
            "file.kind",
            format!("this is {what}, not a file"),
            "Name a file; save into one what another program writes.",
        ));
    }
    Ok(Box::new(std::fs::File::open(path).map_err(io)?))
}

/// Code page of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or GB18030 where the bytes are clearly not UTF-8 and Chinese by GB18030.
    Auto,
    /// UTF-8 with or without a byte order mark.
    Utf8,
    /// GB18030, which includes GBK and GB2312.
    Gb18030,
    /// UTF-16, low byte first ("Unicode text" of older spreadsheets).
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// The error a reader gets when one row takes more bytes than it may.
#[derive(Debug, thiserror::Error)]
#[error("a row has no end within its allowance")]
pub(crate) struct RowWithoutEnd;

const CHUNK: usize = 32 << 10;

/// Bytes of the last chunk that are kept: the longest sequence, and what a decoder looks at beyond it.
const KEPT: usize = 8;

/// A text file's bytes as UTF-8. Bytes that are not of the code page are shown as [`show_byte`] does; UTF-8 passes
/// unchecked and is checked row by row.
pub(crate) struct TextInput {
    inner: Stored,
    decoder: Option<Decoder>,
    /// What the bytes say of their code page, where it is GB18030 and until the file is read again.
    signs: Option<Box<Signs>>,
    /// Bytes of the byte order mark.
    mark: u64,
    raw: Vec<u8>,
    /// The end of the chunk before.
    before: Vec<u8>,
    decoded: Vec<u8>,
    at: usize,
    ended: bool,
    allowance: u64,
}

impl TextInput {
    /// Starts at the file's first byte. A byte order mark decides over `encoding`.
    pub fn start(mut inner: Stored, encoding: Encoding) -> Result<Self, FileRefusal> {
        let io = |e: io::Error| FileRefusal::io("file", &e);
        inner.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut mark = [0_u8; 3];
        let mut filled = 0;
        while let Some(rest) = mark.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match inner.read(rest).map_err(io)? {
                0 => break,
                n => filled += n,
            }
        }
        let (skip, marked) = match mark {
            [0xEF, 0xBB, 0xBF] => (3, Some(Encoding::Utf8)),
            [0xFF, 0xFE, _] => (2, Some(Encoding::Utf16Le)),
            [0xFE, 0xFF, _] => (2, Some(Encoding::Utf16Be)),
            _ => (0, None),
        };
        inner.seek(SeekFrom::Start(skip)).map_err(io)?;
        let taken = marked.unwrap_or(encoding);
        let decoder = match taken {
            Encoding::Auto | Encoding::Utf8 => None,
            Encoding::Gb18030 => Some(GB18030.new_decoder_without_bom_handling()),
            Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
        };
        Ok(Self {
            inner,
            decoder,
            signs: (taken == Encoding::Gb18030).then(Box::default),
            mark: skip,
            raw: Vec::new(),
            before: Vec::new(),
            decoded: Vec::new(),
            at: 0,
            ended: false,
            allowance: u64::MAX,
        })
    }

    /// Lets this many bytes through before the row counts as endless.
    pub fn allow(&mut self, bytes: u64) {
        self.allowance = bytes;
    }

    /// Whether bytes pass a decoder, so that a wrong byte has become U+FFFD.
    pub fn transcodes(&self) -> bool {
        self.decoder.is_some()
    }

    /// What the bytes read so far say of their code page; `None` where it is not GB18030, or was looked at before.
    pub fn signs(&self) -> Option<&Signs> {
        self.signs.as_deref()
    }

    /// Reads on without looking at signs, as in a second pass.
    pub fn without_signs(mut self) -> Self {
        self.signs = None;
        self
    }

    /// Whether the mark of UTF-8 stood before the first letter.
    pub fn marked_utf_8(&self) -> bool {
        self.mark == 3
    }

    /// The file again, for another pass.
    pub fn into_stored(self) -> Stored {
        self.inner
    }

    fn refill(&mut self) -> io::Result<()> {
        let Some(decoder) = self.decoder.as_mut() else { return Ok(()) };
        self.raw.resize(CHUNK, 0);
        let n = self.inner.read(&mut self.raw)?;
        self.ended = n == 0;
        let chunk = self.raw.get(..n).unwrap_or_default();
        if let Some(signs) = self.signs.as_mut() {
            signs.feed(chunk);
        }
        let mut filled = 0;
        let mut rest = chunk;
        loop {
            // Made once for a chunk, however many of its bytes are wrong: each of them takes five.
            let wanted = filled + decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(CHUNK * 3);
            if self.decoded.len() < wanted {
                self.decoded.resize(wanted.max(n * 5), 0);
            }
            let room = self.decoded.get_mut(filled..).unwrap_or_default();
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, room, self.ended);
            filled += written;
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(bad, beyond) => {
                    let old = self.before.len();
                    let end = (old + chunk.len() - rest.len()).saturating_sub(usize::from(beyond));
                    let mut shown = String::new();
                    for at in end.saturating_sub(usize::from(bad))..end {
                        let byte = self.before.get(at).or_else(|| chunk.get(at.checked_sub(old)?));
                        byte.into_iter().for_each(|byte| show_byte(&mut shown, *byte));
                    }
                    let end = filled + shown.len();
                    if self.decoded.len() < end {
                        self.decoded.resize(end, 0);
                    }
                    if let Some(room) = self.decoded.get_mut(filled..end) {
                        room.copy_from_slice(shown.as_bytes());
                    }
                    filled = end;
                }
            }
        }
        self.decoded.truncate(filled);
        let kept = self.before.len().saturating_sub(KEPT.saturating_sub(n));
        self.before.drain(..kept);
        self.before.extend_from_slice(chunk.get(n.saturating_sub(KEPT)..).unwrap_or_default());
        self.at = 0;
        Ok(())
    }
}

/// A byte that is not of the code page: U+FFFD and two hexadecimal digits. Nothing of the file is lost, and no row that
/// has one is ever taken.
fn show_byte(into: &mut String, byte: u8) {
    use std::fmt::Write;
    // Writing to a String cannot fail.
    let _ = write!(into, "\u{FFFD}{byte:02X}");
}

/// A cell that is not UTF-8, with the bytes shown that are not.
pub(super) fn show_bytes(cell: &[u8]) -> String {
    let mut shown = String::with_capacity(cell.len());
    for piece in cell.utf8_chunks() {
        shown.push_str(piece.valid());
        piece.invalid().iter().for_each(|byte| show_byte(&mut shown, *byte));
    }
    shown
}

/// A cell with all bytes shown that are not ASCII.
pub(super) fn show_beyond_ascii(cell: &[u8]) -> String {
    let mut shown = String::with_capacity(cell.len());
    for &byte in cell {
        if byte.is_ascii() { shown.push(char::from(byte)) } else { show_byte(&mut shown, byte) }
    }
    shown
}

impl Seek for TextInput {
    /// Goes back to the first letter, which is the one place that can be found without reading.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(0) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.inner.seek(SeekFrom::Start(self.mark))?;
        if let Some(decoder) = self.decoder.as_mut() {
            *decoder = decoder.encoding().new_decoder_without_bom_handling();
        }
        (self.at, self.ended) = (0, false);
        self.decoded.clear();
        self.before.clear();
        self.signs = None;
        Ok(0)
    }
}

impl Read for TextInput {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.allowance == 0 {
            return Err(io::Error::other(RowWithoutEnd));
        }
        let n = if self.decoder.is_none() {
            self.inner.read(buf)?
        } else {
            while self.at >= self.decoded.len() && !self.ended {
                self.refill()?;
            }
            let rest = self.decoded.get(self.at..).unwrap_or_default();
            let n = rest.len().min(buf.len());
            if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
                to.copy_from_slice(from);
            }
            self.at += n;
            n
        };
        self.allowance = self.allowance.saturating_sub(n as u64);
        Ok(n)
    }
}
