//! JSON: an array of objects or one object per line, cut into records first and parsed one record at a time.
//!
//! Nested values get the column names other tools give them when they flatten: `address.city`, `phones[1]`.

use super::code_page::Lost;
use super::input::{Encoding, RowWithoutEnd, Stored, TextInput};
use super::{FileFacts, RawRow, RowFault, Shape, code_page, name_columns};
use crate::{FileRefusal, Limits};
use csv::StringRecord;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader};

/// A JSON file's objects.
pub struct JsonRecords {
    pub(super) facts: FileFacts,
    input: BufReader<TextInput>,
    layout: Layout,
    element: Vec<u8>,
    slots: Slots,
    rows: u64,
    /// Records so far with bytes that are not of the code page.
    undecodable: u64,
    /// The first record that is not ASCII alone.
    first_beyond: Option<u64>,
    limits: Limits,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Start,
    ArrayFirst,
    ArrayNext,
    Lines,
    Ended,
}

/// Cells of the record being read, by column.
#[derive(Default)]
struct Slots {
    index: BTreeMap<String, usize>,
    cells: Vec<String>,
    filled: Vec<bool>,
    path: String,
    learning: bool,
    max_columns: usize,
    fault: Option<RowFault>,
}

impl JsonRecords {
    pub(super) fn open(stored: Stored, shape: &Shape, limits: &Limits) -> Result<Self, FileRefusal> {
        let mut source = Self {
            facts: FileFacts::default(),
            input: BufReader::with_capacity(64 << 10, TextInput::start(stored, shape.encoding)?),
            layout: Layout::Start,
            element: Vec::new(),
            slots: Slots { learning: true, max_columns: limits.max_columns, ..Slots::default() },
            rows: 0,
            undecodable: 0,
            first_beyond: None,
            limits: limits.clone(),
        };
        let mut row = RawRow::default();
        let read = loop {
            match source.read(&mut row) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(refusal) => break Err(refusal),
            }
        };
        // A wrong code page may be why the text does not read as JSON.
        let told = source.judge_told(shape.encoding, read.is_ok())?;
        if read.is_err() {
            source.judge_element()?;
        }
        read?;
        source.facts.warnings.extend(told.map(str::to_owned));
        let mut columns: Vec<(usize, String)> =
            source.slots.index.iter().map(|(name, at)| (*at, name.clone())).collect();
        columns.sort();
        source.facts.columns = name_columns(columns.iter().map(|(_, name)| name.as_str()));
        source.facts.rows = Some(source.rows);
        source.input = BufReader::with_capacity(
            64 << 10,
            TextInput::start(source.input.into_inner().into_stored(), shape.encoding)?.without_signs(),
        );
        source.layout = Layout::Start;
        source.rows = 0;
        source.slots.learning = false;
        Ok(source)
    }

    /// Whether a file that the mapping calls GB18030 is none; what a person should know where nobody can tell.
    fn judge_told(&self, told: Encoding, reads: bool) -> Result<Option<&'static str>, FileRefusal> {
        let input = self.input.get_ref();
        if told == Encoding::Gb18030 && input.marked_utf_8() {
            return Ok(Some(code_page::MARKED));
        }
        let Some(signs) = input.signs() else { return Ok(None) };
        if signs.is_utf_8(reads && self.undecodable == 0) {
            return Err(code_page::is_utf_8(format!("record {}", self.first_beyond.unwrap_or(self.rows + 1))));
        }
        Ok(signs.may_be_utf_8().then_some(code_page::EITHER))
    }

    /// Whether the record that could not be read is no UTF-8: then that is why.
    fn judge_element(&self) -> Result<(), FileRefusal> {
        let damaged = std::str::from_utf8(&self.element).is_err_and(|error| error.error_len().is_some());
        if !damaged {
            return Ok(());
        }
        let place = format!("record {}", self.rows.max(1));
        if code_page::reads_as_gb18030(std::iter::once(self.element.as_slice())) {
            Err(code_page::is_gb18030(place))
        } else {
            Err(code_page::is_unknown(place))
        }
    }

    pub(super) fn read(&mut self, row: &mut RawRow) -> Result<bool, FileRefusal> {
        if !self.next_element()? {
            return Ok(false);
        }
        self.rows += 1;
        if !self.element.is_ascii() {
            self.first_beyond.get_or_insert(self.rows);
        }
        if self.rows > self.limits.max_rows {
            return Err(super::delimited::too_many_rows(self.limits.max_rows));
        }
        self.slots.clear();
        let mut parser = serde_json::Deserializer::from_slice(&self.element);
        Flatten { slots: &mut self.slots }.deserialize(&mut parser).map_err(|error| {
            FileRefusal::new(
                format!("record {}", self.rows),
                "file.json",
                format!("the record is not valid JSON: {error}"),
                "Correct the record, or export the file again.",
            )
        })?;
        let mut cells = std::mem::replace(&mut row.cells, StringRecord::new());
        cells.clear();
        for cell in &self.slots.cells {
            cells.push_field(cell);
        }
        let lost = !cells.as_slice().is_ascii() && cells.as_slice().contains('\u{FFFD}');
        self.undecodable += u64::from(lost && self.input.get_ref().transcodes());
        row.number = self.rows;
        row.guarded = false;
        let column_of = |index: usize| self.facts.columns.get(index).cloned().unwrap_or_default();
        let lost = lost.then(|| cells.iter().position(|cell| cell.contains('\u{FFFD}'))).flatten().map(|index| {
            let why = if self.input.get_ref().transcodes() { Lost::NotTold } else { Lost::Before };
            why.fault(column_of(index), cells.get(index).unwrap_or_default())
        });
        row.fault = self.slots.fault.take().or(lost).or_else(|| {
            super::delimited::oversized(&cells, self.limits.max_cell_bytes).map(|index| {
                super::delimited::cell_too_large(
                    column_of(index),
                    cells.get(index).unwrap_or_default(),
                    self.limits.max_cell_bytes,
                )
            })
        });
        row.cells = cells;
        Ok(true)
    }

    /// Cuts the next object's bytes out of the stream; `false` at the end.
    fn next_element(&mut self) -> Result<bool, FileRefusal> {
        loop {
            let Some(byte) = self.peek_past_space()? else {
                return match self.layout {
                    Layout::Lines | Layout::Ended => Ok(false),
                    Layout::Start => Err(FileRefusal::new(
                        "file",
                        "file.empty",
                        "the file has nothing in it",
                        "Check that the right file was chosen.",
                    )),
                    Layout::ArrayFirst | Layout::ArrayNext => Err(self.cut_off()),
                };
            };
            match (self.layout, byte) {
                (Layout::Start, b'[') => self.layout = Layout::ArrayFirst,
                (Layout::ArrayFirst | Layout::ArrayNext, b']') => self.layout = Layout::Ended,
                (Layout::ArrayNext, b',') => {
                    self.input.consume(1);
                    if self.peek_past_space()? != Some(b'{') {
                        return Err(self.unexpected());
                    }
                    self.collect_object()?;
                    return Ok(true);
                }
                (Layout::Start | Layout::Lines, b'{') => {
                    self.layout = Layout::Lines;
                    self.collect_object()?;
                    return Ok(true);
                }
                (Layout::ArrayFirst, b'{') => {
                    self.layout = Layout::ArrayNext;
                    self.collect_object()?;
                    return Ok(true);
                }
                _ => return Err(self.unexpected()),
            }
            self.input.consume(1);
        }
    }

    fn peek_past_space(&mut self) -> Result<Option<u8>, FileRefusal> {
        loop {
            let place = format!("after record {}", self.rows);
            self.input.get_mut().allow(u64::MAX);
            let buffer = self.input.fill_buf().map_err(|e| FileRefusal::io(place, &e))?;
            if buffer.is_empty() {
                return Ok(None);
            }
            match buffer.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
                Some(at) => {
                    let byte = buffer.get(at).copied();
                    self.input.consume(at);
                    return Ok(byte);
                }
                None => {
                    let n = buffer.len();
                    self.input.consume(n);
                }
            }
        }
    }

    /// Takes bytes until the object's braces close, counting only those outside strings.
    fn collect_object(&mut self) -> Result<(), FileRefusal> {
        self.element.clear();
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let place = format!("record {}", self.rows + 1);
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.get_ref().is_some_and(|inner| inner.is::<RowWithoutEnd>()) => {
                    return Err(self.too_large());
                }
                Err(error) => return Err(FileRefusal::io(place, &error)),
            };
            if buffer.is_empty() {
                return Err(self.cut_off());
            }
            let mut taken = 0;
            let mut closed = false;
            for &byte in buffer {
                taken += 1;
                if quoted {
                    (quoted, escaped) = match byte {
                        _ if escaped => (true, false),
                        b'\\' => (true, true),
                        b'"' => (false, false),
                        _ => (true, false),
                    };
                    continue;
                }
                match byte {
                    b'"' => quoted = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => continue,
                }
                if depth > self.limits.max_depth {
                    return Err(self.too_deep());
                }
                if depth == 0 && !quoted {
                    closed = true;
                    break;
                }
            }
            self.element.extend_from_slice(buffer.get(..taken).unwrap_or_default());
            self.input.consume(taken);
            if self.element.len() > self.limits.max_row_bytes {
                return Err(self.too_large());
            }
            if closed {
                return Ok(());
            }
        }
    }

    fn too_deep(&self) -> FileRefusal {
        FileRefusal::new(
            format!("record {}", self.rows + 1),
            "file.depth",
            format!("arrays and objects are nested more than {} deep", self.limits.max_depth),
            "Give one flat object per person, case or place.",
        )
    }

    fn too_large(&self) -> FileRefusal {
        FileRefusal::new(
            format!("record {}", self.rows + 1),
            "row.size",
            format!("the record has more than {} MiB", self.limits.max_row_bytes >> 20),
            "Look for a quotation mark or brace that is opened and not closed, or leave out large attachments.",
        )
    }

    fn cut_off(&self) -> FileRefusal {
        FileRefusal::new(
            format!("record {}", self.rows + 1),
            "file.cut",
            "the file ends in the middle: it was cut off, or a brace or quotation mark is not closed",
            "Ask for the file again; nothing was imported.",
        )
    }

    fn unexpected(&self) -> FileRefusal {
        FileRefusal::new(
            format!("after record {}", self.rows),
            "file.json",
            "what follows is not an object",
            "Give an array of objects, [ {…}, {…} ], or one object per line.",
        )
    }
}

impl Slots {
    fn clear(&mut self) {
        self.cells.iter_mut().for_each(String::clear);
        self.filled.iter_mut().for_each(|filled| *filled = false);
        self.path.clear();
        self.fault = None;
    }

    fn put(&mut self, write: impl FnOnce(&mut String)) -> Result<(), String> {
        let at = match self.index.get(self.path.as_str()) {
            Some(&at) => at,
            None if !self.learning => return Err("the file changed while it was read".into()),
            None if self.path.len() > 1_024 => return Err("a field's name has more than 1,024 bytes".into()),
            None => {
                let at = self.cells.len();
                if at >= self.max_columns {
                    return Err(format!("the records have more than {} different fields", self.max_columns));
                }
                self.index.insert(self.path.clone(), at);
                self.cells.push(String::new());
                self.filled.push(false);
                at
            }
        };
        let (Some(cell), Some(filled)) = (self.cells.get_mut(at), self.filled.get_mut(at)) else { return Ok(()) };
        if *filled {
            self.fault = Some(RowFault {
                rule: "json.repeated",
                column: self.path.clone(),
                value: cell.clone(),
                remedy: "The field comes twice in the record: keep one.".into(),
            });
        } else {
            *filled = true;
            write(cell);
        }
        Ok(())
    }
}

/// Walks a record and puts each scalar under its path.
struct Flatten<'s> {
    slots: &'s mut Slots,
}

impl<'de> DeserializeSeed<'de> for Flatten<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flatten<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let base = self.slots.path.len();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if base > 0 {
                self.slots.path.push('.');
            }
            self.slots.path.push_str(&key);
            map.next_value_seed(Flatten { slots: self.slots })?;
            self.slots.path.truncate(base);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        use fmt::Write;
        let base = self.slots.path.len();
        let mut position = 1_usize;
        loop {
            // Writing to a String cannot fail.
            let _ = write!(self.slots.path, "[{position}]");
            let more = seq.next_element_seed(Flatten { slots: self.slots })?;
            self.slots.path.truncate(base);
            if more.is_none() {
                return Ok(());
            }
            position += 1;
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.slots.put(|cell| cell.push_str(text)).map_err(E::custom)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.slots.put(|_| ()).map_err(E::custom)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.visit_str(if value { "true" } else { "false" })
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.visit_str(&value.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        // From 2^53 on a float no longer holds each whole number: an identifier would come out as another.
        if value.abs() >= 9_007_199_254_740_992.0 {
            self.slots.fault = Some(RowFault {
                rule: "json.number",
                column: self.slots.path.clone(),
                value: format!("{value:e}"),
                remedy: "The number is too long to be kept exactly: write it in quotation marks.".into(),
            });
        }
        self.visit_str(&super::workbook::number_text(value))
    }
}
