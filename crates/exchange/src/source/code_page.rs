//! What a text's bytes say of its code page, whatever the mapping says: GB18030 decodes nearly everything, so that a
//! file of UTF-8 read by it gives other letters and no error.

use crate::FileRefusal;

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
