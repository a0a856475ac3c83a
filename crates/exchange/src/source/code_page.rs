//! What a text's bytes say of its code page, whatever the mapping says: GB18030 decodes nearly everything, so that a
//! file of UTF-8 read by it gives other letters and no error.

use super::RowFault;
use crate::FileRefusal;
use encoding_rs::GB18030;

/// Counts over a file's bytes, both as UTF-8 and as GB18030.
#[derive(Default)]
pub(crate) struct Signs {
    /// The begun sequence at the end of what was fed.
    held: Vec<u8>,
    /// Sequences of three and four bytes: Chinese letters in UTF-8, and hardly ever two letters of GB18030 by chance.
    wide: u64,
    /// Which letters of two bytes came. One in five of the common Chinese letters is such a sequence by chance.
    narrow: [u64; 30],
    /// Places that are not UTF-8.
    wrong: u64,
    lead: Option<u8>,
    /// Pairs that are letters of GB2312, as nearly all Chinese text is made of.
    common: u64,
    /// Other pairs: seldom letters, or text of another code page.
    seldom: u64,
}

impl Signs {
    /// Looks at the next bytes; none at the file's end.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.held.is_empty() && self.lead.is_none() && chunk.is_ascii() {
            return;
        }
        self.feed_pairs(chunk);
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(chunk);
        let mut pieces = bytes.utf8_chunks().peekable();
        while let Some(piece) = pieces.next() {
            self.count(piece.valid());
            match piece.invalid() {
                [] => {}
                begun if pieces.peek().is_none() && !chunk.is_empty() => self.held = begun.to_vec(),
                _ => self.wrong += 1,
            }
        }
    }

    fn count(&mut self, text: &str) {
        if text.is_ascii() {
            return;
        }
        for letter in text.chars().filter(|letter| !letter.is_ascii()) {
            // Letters of two bytes are U+0080 to U+07FF.
            match (u32::from(letter) - 0x80) as usize {
                at if at < 0x780 => {
                    if let Some(word) = self.narrow.get_mut(at / 64) {
                        *word |= 1 << (at % 64);
                    }
                }
                _ => self.wide += 1,
            }
        }
    }

    fn feed_pairs(&mut self, chunk: &[u8]) {
        for &byte in chunk {
            self.lead = match self.lead {
                None => (byte > 0x80).then_some(byte),
                Some(lead) if lead >= 0xA1 && byte >= 0xA1 => {
                    self.common += 1;
                    None
                }
                Some(_) => {
                    self.seldom += 1;
                    None
                }
            };
        }
    }

    /// Whether the file is UTF-8 beyond doubt. A few damaged places do not make another code page of it.
    pub fn is_utf_8(&self, decoded_cleanly: bool) -> bool {
        let distinct: u32 = self.narrow.iter().map(|word| word.count_ones()).sum();
        let many = self.wide >= 2 && self.wide > self.wrong * 10;
        many || self.wrong == 0 && (distinct >= 4 || !decoded_cleanly && self.may_be_utf_8())
    }

    /// Whether the few letters that the file has are UTF-8 as well as GB18030.
    pub fn may_be_utf_8(&self) -> bool {
        self.wrong == 0 && (self.wide > 0 || self.narrow.iter().any(|word| *word != 0))
    }
}

impl Signs {
    /// Whether the letters read as GB18030 are such as Chinese text has. Latin text of other code pages decodes as well,
    /// to letters that nobody uses.
    pub fn is_chinese(&self) -> bool {
        self.common > self.seldom
    }
}

/// Whether all of these bytes are GB18030, and Chinese.
pub(super) fn reads_as_gb18030<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> bool {
    let mut signs = Signs::default();
    for piece in pieces {
        if GB18030.decode_without_bom_handling_and_without_replacement(piece).is_none() {
            return false;
        }
        signs.feed_pairs(piece);
    }
    signs.is_chinese()
}

/// Why a cell has a letter that stands for none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The file itself has U+FFFD.
    Before,
    /// Its bytes are not UTF-8.
    NotUtf8,
    /// Its bytes are not UTF-8, and Chinese by GB18030, as most of the file is not.
    Gb18030,
    /// Its bytes are not of the code page that the mapping names.
    NotTold,
}

impl Lost {
    pub fn fault(self, column: String, cell: &str) -> RowFault {
        const SHOWN: &str =
            "stand here as \u{FFFD} and two hexadecimal digits each: type the cell again from the original";
        let remedy = match self {
            Self::Before => {
                "The file has \u{FFFD} for a letter that was lost before it came here: type the cell again."
                    .to_owned()
            }
            Self::NotUtf8 => format!("Bytes that are not UTF-8 {SHOWN}."),
            Self::Gb18030 => format!(
                "Bytes that are not UTF-8 {SHOWN}. They are GB18030, and other rows of the file are UTF-8: it was put together of two files; import each by a mapping with its own encoding."
            ),
            Self::NotTold => {
                format!("Bytes that are not of the mapping's encoding {SHOWN}, or correct the encoding.")
            }
        };
        RowFault { rule: "row.encoding", column, value: cell.to_owned(), remedy }
    }
}

/// A file of GB18030 that the mapping calls UTF-8, or says nothing of.
pub(super) fn is_gb18030(place: impl Into<String>) -> FileRefusal {
    FileRefusal::new(
        place,
        "file.encoding",
        "the file is not UTF-8; all of it reads as GB18030",
        "The file is GB18030: write encoding = \"gb18030\" in the mapping.",
    )
}

/// A text of which a record is not UTF-8, and no other code page is known.
pub(super) fn is_unknown(place: impl Into<String>) -> FileRefusal {
    FileRefusal::new(
        place,
        "file.encoding",
        "the text is not UTF-8, and not GB18030 either",
        "Export the file again as UTF-8, or name its encoding in the mapping.",
    )
}

/// A file of UTF-8 that the mapping calls GB18030.
pub(super) fn is_utf_8(place: impl Into<String>) -> FileRefusal {
    FileRefusal::new(
        place,
        "file.encoding",
        "the file is UTF-8 and not GB18030: every letter beyond ASCII would become another",
        "The file is UTF-8: write encoding = \"utf-8\" in the mapping.",
    )
}

/// What is said of a file whose few letters do not tell.
pub(super) const EITHER: &str = "The file has so few letters beyond ASCII that it may as well be UTF-8; it is read as GB18030, as the mapping says. If names look wrong, write encoding = \"utf-8\" in the mapping.";

/// What is said of a file whose mark decides over the mapping.
pub(super) const MARKED: &str = "The file begins with the mark of UTF-8 and is read as UTF-8, though the mapping says gb18030: write encoding = \"utf-8\" in the mapping.";
