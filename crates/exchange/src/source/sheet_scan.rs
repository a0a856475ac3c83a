//! A look at a workbook part's XML before it is parsed, so that the parser is never given what would make it take
//! memory without bound or overflow: tags and texts without end, cells built of endless pieces, elements that do not
//! nest, cell addresses outside the sheet, a text table that announces more than it may hold.
//!
//! It accepts every well-formed part that spreadsheet programs write; it is not a validator of the format.

/// What a part must keep to.
#[derive(Clone, Debug)]
pub(super) struct PartRules {
    /// Bytes of one tag.
    pub max_tag: usize,
    /// Bytes of one run of text, and of everything inside one cell.
    pub max_cell: u64,
    /// Entries of the shared text table.
    pub max_shared_strings: u64,
}

/// Rows and columns of a worksheet, by the file format.
pub(super) const SHEET_ROWS: u32 = 1_048_576;
const SHEET_COLUMNS: u32 = 16_384;
const MAX_ELEMENTS_DEEP: usize = 64;
/// Cell formats a program may define; the format's own limit is 64,000, which honest workbooks do not approach.
const MAX_CELL_FORMATS: u64 = 10_000;
/// Elements of small parts; deeper in than this they would only be there to fill memory.
const SMALL_PART: u64 = 2 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Tag {
        quote: Option<u8>,
    },
    /// Inside `<!-- … -->`.
    Comment,
    /// Inside `<![CDATA[ … ]]>`.
    CharacterData,
}

/// A scan in progress over one part's bytes.
pub(super) struct SheetScan<'r> {
    rules: &'r PartRules,
    state: State,
    tag: Vec<u8>,
    run: u64,
    tail: [u8; 2],
    position: u64,
    /// Names of the open elements, one after another, and the length of each.
    names: Vec<u8>,
    lengths: Vec<usize>,
    /// Depth and place of the cell or shared text that is open.
    cell: Option<(usize, u64)>,
    shared_strings: u64,
    cell_formats: u64,
    started: bool,
}

impl<'r> SheetScan<'r> {
    pub fn new(rules: &'r PartRules) -> Self {
        Self {
            rules,
            state: State::Text,
            tag: Vec::new(),
            run: 0,
            tail: [0; 2],
            position: 0,
            names: Vec::new(),
            lengths: Vec::new(),
            cell: None,
            shared_strings: 0,
            cell_formats: 0,
            started: false,
        }
    }

    /// Looks at the next bytes; the error says what is wrong in plain words.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        if !self.started && !bytes.is_empty() {
            self.started = true;
            // UTF-16 would hide every tag from this scan, and no spreadsheet program writes it.
            if matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, ..] | [_, 0, ..]) {
                return Err("it is not written in UTF-8".into());
            }
        }
        while !bytes.is_empty() {
            let used = match self.state {
                State::Text => self.text(bytes)?,
                State::Tag { quote } => self.tag(bytes, quote)?,
                State::Comment => self.until(bytes, b"--")?,
                State::CharacterData => self.until(bytes, b"]]")?,
            };
            self.position += used as u64;
            bytes = bytes.get(used..).unwrap_or_default();
        }
        if let Some((_, start)) = self.cell
            && self.position.saturating_sub(start) > self.rules.max_cell
        {
            return Err(format!("a cell has more than {} KiB", self.rules.max_cell >> 10));
        }
        Ok(())
    }

    /// The part's end: every element must be closed.
    pub fn finish(&self) -> Result<(), String> {
        if self.lengths.is_empty() && self.state == State::Text {
            Ok(())
        } else {
            Err("it ends in the middle".into())
        }
    }

    fn text(&mut self, bytes: &[u8]) -> Result<usize, String> {
        let end = bytes.iter().position(|&b| b == b'<');
        self.grow_run(end.unwrap_or(bytes.len()) as u64)?;
        match end {
            Some(at) => {
                self.run = 0;
                self.tag.clear();
                self.state = State::Tag { quote: None };
                Ok(at + 1)
            }
            None => Ok(bytes.len()),
        }
    }

    fn grow_run(&mut self, by: u64) -> Result<(), String> {
        self.run += by;
        if self.run > self.rules.max_cell {
            return Err(format!("a text has more than {} KiB", self.rules.max_cell >> 10));
        }
        Ok(())
    }

    fn tag(&mut self, bytes: &[u8], mut quote: Option<u8>) -> Result<usize, String> {
        for (at, &byte) in bytes.iter().enumerate() {
            match (quote, byte) {
                (None, b'>') => {
                    self.push_tag(bytes.get(..at).unwrap_or_default())?;
                    self.state = State::Text;
                    self.run = 0;
                    let tag = std::mem::take(&mut self.tag);
                    let judged = self.judge(&tag);
                    self.tag = tag;
                    judged?;
                    return Ok(at + 1);
                }
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                (None, b'-') if self.opens(bytes, at, b"!--") => {
                    (self.state, self.tail) = (State::Comment, [0; 2]);
                    return Ok(at + 1);
                }
                (None, b'[') if self.opens(bytes, at, b"![CDATA[") => {
                    (self.state, self.tail) = (State::CharacterData, [0; 2]);
                    return Ok(at + 1);
                }
                _ => {}
            }
        }
        self.push_tag(bytes)?;
        self.state = State::Tag { quote };
        Ok(bytes.len())
    }

    /// Whether the tag so far, with the bytes up to and including `at`, is exactly `opening`.
    fn opens(&self, bytes: &[u8], at: usize, opening: &[u8]) -> bool {
        let here = bytes.get(..=at).unwrap_or_default();
        self.tag.len() + here.len() == opening.len() && opening.starts_with(&self.tag) && opening.ends_with(here)
    }

    fn push_tag(&mut self, bytes: &[u8]) -> Result<(), String> {
        if self.tag.len() + bytes.len() > self.rules.max_tag {
            return Err(format!("a tag has more than {} bytes", self.rules.max_tag));
        }
        self.tag.extend_from_slice(bytes);
        Ok(())
    }

    fn until(&mut self, bytes: &[u8], closing: &[u8; 2]) -> Result<usize, String> {
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == b'>' && &self.tail == closing {
                self.state = State::Text;
                self.run = 0;
                return Ok(at + 1);
            }
            self.tail = [self.tail[1], byte];
        }
        self.grow_run(bytes.len() as u64)?;
        Ok(bytes.len())
    }

    fn judge(&mut self, tag: &[u8]) -> Result<(), String> {
        match tag.first() {
            Some(b'?') => return judge_declaration(tag),
            Some(b'!') => return Err("it has a document type declaration".into()),
            Some(b'/') => {
                let name = tag.get(1..).unwrap_or_default().trim_ascii();
                return self.close(name);
            }
            _ => {}
        }
        let empty = tag.last() == Some(&b'/');
        let tag = if empty { tag.get(..tag.len() - 1).unwrap_or_default() } else { tag };
        let name_end = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at_checked(name_end).unwrap_or((tag, &[]));
        let local = name.iter().position(|&b| b == b':').and_then(|at| name.get(at + 1..)).unwrap_or(name);
        self.judge_element(local, attributes)?;
        if empty {
            return Ok(());
        }
        self.lengths.push(name.len());
        self.names.extend_from_slice(name);
        if self.lengths.len() > MAX_ELEMENTS_DEEP {
            return Err(format!("elements are nested more than {MAX_ELEMENTS_DEEP} deep"));
        }
        if self.cell.is_none() && matches!(local, b"c" | b"si") {
            self.cell = Some((self.lengths.len(), self.position));
        }
        Ok(())
    }

    fn close(&mut self, name: &[u8]) -> Result<(), String> {
        let depth = self.lengths.len();
        let mismatch = || "its tags do not match".to_owned();
        let length = self.lengths.pop().ok_or_else(mismatch)?;
        let start = self.names.len().saturating_sub(length);
        if self.names.get(start..) != Some(name) {
            return Err(mismatch());
        }
        self.names.truncate(start);
        if let Some((opened, at)) = self.cell
            && opened == depth
        {
            self.cell = None;
            if self.position.saturating_sub(at) > self.rules.max_cell {
                return Err(format!("a cell has more than {} KiB", self.rules.max_cell >> 10));
            }
        }
        Ok(())
    }

    fn judge_element(&mut self, local: &[u8], attributes: &[u8]) -> Result<(), String> {
        match local {
            b"c" => each_attribute(attributes, b"r", |value| {
                address(value).map(|_| ()).ok_or_else(|| {
                    format!("a cell's address {:?} is outside the sheet", String::from_utf8_lossy(value))
                })
            }),
            b"row" => each_attribute(attributes, b"r", |value| {
                row_number(value).map(|_| ()).ok_or_else(|| {
                    format!("a row's number {:?} is outside the sheet", String::from_utf8_lossy(value))
                })
            }),
            b"dimension" => each_attribute(attributes, b"ref", |value| {
                dimension(value).ok_or_else(|| {
                    format!("the sheet's dimension {:?} is not possible", String::from_utf8_lossy(value))
                })
            }),
            b"sst" => each_attribute(attributes, b"uniqueCount", |value| {
                let count = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse::<u64>().ok());
                match count {
                    Some(count) if count <= self.rules.max_shared_strings => Ok(()),
                    _ => Err(format!("it announces more than {} texts", self.rules.max_shared_strings)),
                }
            }),
            b"si" => {
                self.shared_strings += 1;
                if self.shared_strings > self.rules.max_shared_strings {
                    return Err(format!("it holds more than {} texts", self.rules.max_shared_strings));
                }
                Ok(())
            }
            b"xf" => {
                self.cell_formats += 1;
                if self.cell_formats > MAX_CELL_FORMATS {
                    return Err(format!("it defines more than {MAX_CELL_FORMATS} cell formats"));
                }
                self.only_early(local)
            }
            b"definedName" | b"sheet" | b"numFmt" | b"Relationship" => self.only_early(local),
            _ => Ok(()),
        }
    }

    fn only_early(&self, local: &[u8]) -> Result<(), String> {
        if self.position > SMALL_PART {
            return Err(format!("it has too many {} elements", String::from_utf8_lossy(local)));
        }
        Ok(())
    }
}

fn judge_declaration(tag: &[u8]) -> Result<(), String> {
    let lower = tag.to_ascii_lowercase();
    let Some(at) = lower.windows(8).position(|w| w == b"encoding") else { return Ok(()) };
    let value: Vec<u8> = lower
        .get(at + 8..)
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'=' | b'"' | b'\'' | b' ' | b'?'))
        .take(5)
        .collect();
    if value == b"utf-8" || value.starts_with(b"utf8") || value == b"us-as" {
        Ok(())
    } else {
        Err("it is not written in UTF-8".into())
    }
}

/// Calls `judge` with the value of each attribute of this local name.
fn each_attribute(
    mut rest: &[u8],
    wanted: &[u8],
    mut judge: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    loop {
        rest = rest.trim_ascii_start();
        let Some(equals) = rest.iter().position(|&b| b == b'=') else { return Ok(()) };
        let key = rest.get(..equals).unwrap_or_default().trim_ascii();
        let local = key.iter().rposition(|&b| b == b':').and_then(|at| key.get(at + 1..)).unwrap_or(key);
        rest = rest.get(equals + 1..).unwrap_or_default().trim_ascii_start();
        let quote = match rest.first() {
            Some(&quote @ (b'"' | b'\'')) => quote,
            _ => return Err("an attribute has no quotation marks".into()),
        };
        rest = rest.get(1..).unwrap_or_default();
        let end = rest.iter().position(|&b| b == quote).ok_or_else(|| "an attribute has no end".to_owned())?;
        if local == wanted {
            judge(rest.get(..end).unwrap_or_default())?;
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

fn row_number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 7 {
        return None;
    }
    let mut row = 0_u32;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        row = row * 10 + u32::from(byte - b'0');
    }
    (1..=SHEET_ROWS).contains(&row).then_some(row)
}

/// Row and column of `B7`, both from 1.
fn address(text: &[u8]) -> Option<(u32, u32)> {
    let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    if letters == 0 || letters > 3 {
        return None;
    }
    let (column, row) = text.split_at_checked(letters)?;
    let column = column.iter().fold(0_u32, |sum, b| sum * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    (column <= SHEET_COLUMNS).then_some((row_number(row)?, column))
}

fn dimension(text: &[u8]) -> Option<()> {
    let mut ends = text.split(|&b| b == b':');
    let first = address(ends.next()?)?;
    let last = match ends.next() {
        Some(last) => address(last)?,
        None => first,
    };
    (ends.next().is_none() && first.0 <= last.0 && first.1 <= last.1).then_some(())
}
