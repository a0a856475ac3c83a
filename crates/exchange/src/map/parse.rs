//! From TOML text to a checked [`Mapping`], naming every fault with its line.

use super::pattern::Pattern;
use super::target::{self, Kind, Noun};
use super::{
    Condition, DateFormat, DatePrecision, FieldMap, FieldSource, MapFault, Mapping, Parts, RecordMap, TargetRef, Test,
};
use crate::source::input::Encoding;
use crate::source::{Format, Shape};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// No hand-written mapping comes near this.
const MAX_MAP_BYTES: usize = 1 << 20;

type Value<'t> = Spanned<DeValue<'t>>;

const TOP_KEYS: &[&str] = &[
    "as",
    "format",
    "encoding",
    "delimiter",
    "header_row",
    "comment",
    "sheet",
    "time_zone",
    "null",
    "dates",
    "ignore",
    "field",
    "record",
];
const RECORD_KEYS: &[&str] = &["as", "when", "field"];
const FIELD_KEYS: &[&str] = &[
    "to",
    "column",
    "columns",
    "join",
    "constant",
    "split",
    "pattern",
    "into",
    "values",
    "otherwise",
    "formats",
    "precision",
    "prefix",
    "when",
    "optional",
    "required",
];
const CONDITION_KEYS: &[&str] = &["column", "is", "not"];

/// Faults named at once; a file with more is not a mapping.
const MAX_FAULTS: usize = 100;

struct Reader {
    line_ends: Vec<usize>,
    faults: Vec<MapFault>,
    dates: Vec<DateFormat>,
}

pub(super) fn parse(text: &str) -> Result<Mapping, Vec<MapFault>> {
    if text.len() > MAX_MAP_BYTES {
        return Err(vec![MapFault {
            line: 0,
            reason: format!("a mapping file has at most {} KiB", MAX_MAP_BYTES >> 10),
        }]);
    }
    let line_ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect();
    let mut reader = Reader { line_ends, faults: Vec::new(), dates: Vec::new() };
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let span = error.span().map_or(0..0, |span| span.start..span.end.max(1));
            reader.fault(&span, format!("this is not TOML: {}", error.message()));
            return Err(reader.faults);
        }
    };
    let mapping = reader.mapping(root.get_ref());
    match mapping {
        Some(mapping) if reader.faults.is_empty() => Ok(mapping),
        _ => {
            if reader.faults.is_empty() {
                reader.fault(&(0..0), "the mapping is incomplete".into());
            }
            reader.faults.sort_by_key(|fault| fault.line);
            Err(reader.faults)
        }
    }
}

impl Reader {
    fn line(&self, at: usize) -> usize {
        self.line_ends.partition_point(|&end| end < at) + 1
    }

    fn fault(&mut self, span: &Range<usize>, reason: String) {
        if self.faults.len() < MAX_FAULTS {
            // An empty span means the whole file.
            let line = if span.end == 0 { 0 } else { self.line(span.start) };
            self.faults.push(MapFault { line, reason });
        }
    }

    fn known_keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                self.fault(
                    &key.span(),
                    format!("the key {name:?} is not known here; known are {}", known.join(", ")),
                );
            }
        }
    }

    fn string(&mut self, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.fault(&value.span(), "text in quotation marks is expected here".into());
                None
            }
        }
    }

    fn text_of(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = table.get(key)?;
        Some((self.string(value)?, value.span()))
    }

    /// A text or a list of texts.
    fn texts(&mut self, value: &Value<'_>) -> Vec<String> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|item| self.string(item)).collect(),
            _ => self.string(value).into_iter().collect(),
        }
    }

    fn texts_of(&mut self, table: &DeTable<'_>, key: &str) -> Vec<String> {
        table.get(key).map(|value| self.texts(value)).unwrap_or_default()
    }

    fn mapping(&mut self, root: &DeTable<'_>) -> Option<Mapping> {
        self.known_keys(root, TOP_KEYS);
        self.dates = root.get("dates").map(|value| self.formats(value)).unwrap_or_default();
        let noun = match root.get("as") {
            Some(value) => self.noun(value),
            None => {
                let names: Vec<&str> = Noun::ALL.iter().map(|noun| noun.name()).collect();
                self.fault(&(0..0), format!("say what the file is: as = \"…\", one of {}", names.join(", ")));
                None
            }
        };
        let shape = self.shape(root);
        let time_zone = self.time_zone(root);
        let mut records = Vec::new();
        if let (Some(noun), Some(fields)) = (noun, root.get("field")) {
            let fields = self.fields(fields, noun);
            records.push(RecordMap { noun, when: Vec::new(), fields });
        }
        if let Some(value) = root.get("record") {
            for (table, span) in self.tables(value) {
                records.extend(self.record(table, &span, noun));
            }
        }
        if records.is_empty() {
            self.fault(&(0..0), "no field is mapped: add [[field]] blocks".into());
        }
        // A field that was not understood may be the one that is missed.
        if self.faults.is_empty() {
            records.iter().for_each(|record| self.required(record));
        }
        Some(Mapping {
            noun: noun?,
            shape,
            records,
            ignored: self.texts_of(root, "ignore"),
            null: self.texts_of(root, "null"),
            time_zone,
        })
    }

    fn noun(&mut self, value: &Value<'_>) -> Option<Noun> {
        let name = self.string(value)?;
        let noun = Noun::parse(&name);
        if noun.is_none() {
            let names: Vec<&str> = Noun::ALL.iter().map(|noun| noun.name()).collect();
            self.fault(&value.span(), format!("{name:?} is not known; say one of {}", names.join(", ")));
        }
        noun
    }

    fn shape(&mut self, root: &DeTable<'_>) -> Shape {
        let mut shape = Shape::default();
        if let Some((word, span)) = self.text_of(root, "format") {
            shape.format =
                self.one_of(&word, &span, &[("csv", Format::Csv), ("xlsx", Format::Xlsx), ("json", Format::Json)]);
        }
        if let Some((word, span)) = self.text_of(root, "encoding") {
            let known = [
                ("auto", Encoding::Auto),
                ("utf-8", Encoding::Utf8),
                ("gb18030", Encoding::Gb18030),
                ("gbk", Encoding::Gb18030),
                ("utf-16le", Encoding::Utf16Le),
                ("utf-16be", Encoding::Utf16Be),
            ];
            shape.encoding = self.one_of(&word.to_ascii_lowercase(), &span, &known).unwrap_or(Encoding::Auto);
        }
        shape.delimiter = self.single_byte(root, "delimiter");
        shape.comment = self.single_byte(root, "comment");
        shape.sheet = self.text_of(root, "sheet").map(|(name, _)| name);
        if let Some(value) = root.get("header_row") {
            let row = match value.get_ref() {
                DeValue::Integer(number) => number.as_str().parse().ok().filter(|row| (1..=10_000_u64).contains(row)),
                _ => None,
            };
            match row {
                Some(row) => shape.header_row = row,
                None => self.fault(&value.span(), "header_row is a row number from 1 to 10000".into()),
            }
        }
        shape
    }

    fn one_of<T: Copy>(&mut self, word: &str, span: &Range<usize>, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.fault(span, format!("{word:?} is not known; say one of {}", names.join(", ")));
        }
        found
    }

    fn single_byte(&mut self, root: &DeTable<'_>, key: &str) -> Option<u8> {
        let (word, span) = self.text_of(root, key)?;
        match word.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Some(*byte),
            _ => {
                self.fault(&span, format!("{key} is one ASCII character, such as \";\" or \"\\t\""));
                None
            }
        }
    }

    fn time_zone(&mut self, root: &DeTable<'_>) -> TimeZone {
        let Some((name, span)) = self.text_of(root, "time_zone") else { return TimeZone::UTC };
        TimeZone::get(&name).unwrap_or_else(|_| {
            self.fault(&span, format!("{name:?} is not a time zone; write it as \"Asia/Shanghai\" or \"UTC\""));
            TimeZone::UTC
        })
    }

    fn tables<'v, 't>(&mut self, value: &'v Value<'t>) -> Vec<(&'v DeTable<'t>, Range<usize>)> {
        let mut tables = Vec::new();
        let items: Option<&DeArray<'t>> = match value.get_ref() {
            DeValue::Array(items) => Some(items),
            _ => None,
        };
        for item in items.into_iter().flat_map(|items| items.iter()) {
            match item.get_ref() {
                DeValue::Table(table) => tables.push((table, item.span())),
                _ => {
                    self.fault(&item.span(), "a block in double brackets is expected here, such as [[field]]".into())
                }
            }
        }
        if items.is_none() {
            self.fault(&value.span(), "blocks in double brackets are expected here, such as [[field]]".into());
        }
        tables
    }

    fn record(&mut self, table: &DeTable<'_>, span: &Range<usize>, main: Option<Noun>) -> Option<RecordMap> {
        self.known_keys(table, RECORD_KEYS);
        let noun = match table.get("as") {
            Some(value) => self.noun(value)?,
            None => main?,
        };
        let when = self.conditions(table);
        let fields = match table.get("field") {
            Some(value) => self.fields(value, noun),
            None => {
                self.fault(span, "the record has no [[record.field]] blocks".into());
                Vec::new()
            }
        };
        Some(RecordMap { noun, when, fields })
    }

    fn required(&mut self, record: &RecordMap) {
        for group in target::required(record.noun) {
            if !record.fields.iter().any(|field| field.to.iter().any(|to| group.contains(&to.target.path))) {
                self.fault(&(0..0), format!("{} needs {}: map a column to it", record.noun.name(), either(group)));
            }
        }
    }

    fn fields(&mut self, value: &Value<'_>, noun: Noun) -> Vec<FieldMap> {
        let mut fields = Vec::new();
        for (table, span) in self.tables(value) {
            fields.extend(self.field(table, &span, noun));
        }
        fields
    }

    fn field(&mut self, table: &DeTable<'_>, span: &Range<usize>, noun: Noun) -> Option<FieldMap> {
        self.known_keys(table, FIELD_KEYS);
        let from = self.field_source(table, span);
        let parts = self.parts(table, span);
        let to_value = match (&parts, table.get("to"), table.get("into")) {
            (Some(Parts::Whole), Some(to), None) => Some(to),
            (Some(Parts::Split(_) | Parts::Pattern(_)), None, Some(into)) => Some(into),
            _ => {
                self.fault(
                    span,
                    "name one target by to = \"…\", or several by into = […] together with split or pattern".into(),
                );
                None
            }
        };
        let to = to_value.map(|value| self.targets(value, noun)).unwrap_or_default();
        if let Some((_, twice)) =
            to.iter().enumerate().find(|(at, target)| to.iter().take(*at).any(|other| other == *target))
        {
            self.fault(span, format!("into names {twice} twice: a record has it once, or a number after it"));
        }
        if let Some(Parts::Pattern(pattern)) = &parts
            && pattern.holes() != to.len()
        {
            self.fault(span, format!("the pattern has {} holes and into has {} targets", pattern.holes(), to.len()));
        }
        let values = self.values(table, &to);
        let otherwise = self.text_of(table, "otherwise").map(|(word, span)| {
            self.check_word(&word, &span, &to);
            word
        });
        if let (Some(FieldSource::Constant(word)), Some(value)) = (&from, table.get("constant")) {
            let word = word.clone();
            self.check_word(&word, &value.span(), &to);
        }
        let formats = match table.get("formats") {
            Some(value) => self.formats(value),
            None => self.dates.clone(),
        };
        let precision = self.precision(table);
        Some(FieldMap {
            line: self.line(span.start),
            from: from?,
            parts: parts?,
            to,
            values,
            otherwise,
            formats,
            precision,
            prefix: self.text_of(table, "prefix").map(|(text, _)| text).unwrap_or_default(),
            when: self.conditions(table),
            optional: self.flag(table, "optional"),
            required: self.flag(table, "required"),
        })
    }

    fn flag(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        match table.get(key).map(|value| (value.get_ref(), value.span())) {
            Some((DeValue::Boolean(truth), _)) => *truth,
            Some((_, span)) => {
                self.fault(&span, format!("{key} is true or false"));
                false
            }
            None => false,
        }
    }

    fn field_source(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<FieldSource> {
        match (table.get("column"), table.get("columns"), table.get("constant")) {
            (Some(column), None, None) => self.string(column).map(FieldSource::Column),
            (None, Some(columns), None) => {
                let names = self.texts(columns);
                let with = self.text_of(table, "join").map_or_else(|| " ".to_owned(), |(text, _)| text);
                if names.len() < 2 {
                    self.fault(
                        span,
                        "columns lists two or more columns to join; for one, write column = \"…\"".into(),
                    );
                }
                Some(FieldSource::Joined(names, with))
            }
            (None, None, Some(constant)) => self.string(constant).map(FieldSource::Constant),
            _ => {
                self.fault(
                    span,
                    "say where the text comes from by one of column = \"…\", columns = […], constant = \"…\"".into(),
                );
                None
            }
        }
    }

    fn parts(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<Parts> {
        match (self.text_of(table, "split"), self.text_of(table, "pattern")) {
            (None, None) => Some(Parts::Whole),
            (Some((separator, _)), None) if !separator.is_empty() => Some(Parts::Split(separator)),
            (None, Some((pattern, at))) => match Pattern::parse(&pattern) {
                Ok(pattern) => Some(Parts::Pattern(pattern)),
                Err(reason) => {
                    self.fault(&at, reason);
                    None
                }
            },
            _ => {
                self.fault(
                    span,
                    "give either split = \"…\", a separator that is not empty, or pattern = \"…\"".into(),
                );
                None
            }
        }
    }

    fn targets(&mut self, value: &Value<'_>, noun: Noun) -> Vec<TargetRef> {
        let mut found = Vec::new();
        for path in self.texts(value) {
            let resolved =
                target::split_index(&path).and_then(|(plain, index)| Some((target::find(noun, &plain)?, index)));
            match resolved {
                Some((target, index)) if index == 1 || target.repeats => found.push(TargetRef { target, index }),
                Some((target, _)) => self.fault(
                    &value.span(),
                    format!("{} stands once in a record; leave out the number in {path:?}", target.path),
                ),
                None if self.faults.len() >= MAX_FAULTS => {}
                None => {
                    let near = nearest(&path, target::of(noun).map(|target| target.path));
                    self.fault(
                        &value.span(),
                        format!("{path:?} is no field of {}; did you mean {near:?}?", noun.name()),
                    );
                }
            }
        }
        found
    }

    fn values(&mut self, table: &DeTable<'_>, to: &[TargetRef]) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let Some(value) = table.get("values") else { return values };
        let DeValue::Table(words) = value.get_ref() else {
            self.fault(&value.span(), "values is a table: { m = \"male\", f = \"female\" }".into());
            return values;
        };
        for (theirs, ours) in words {
            if let Some(word) = self.string(ours) {
                self.check_word(&word, &ours.span(), to);
                values.insert(theirs.get_ref().trim().to_owned(), word);
            }
        }
        values
    }

    /// A word put into a coded field must be one of its codes, `(clear)`, or nothing.
    fn check_word(&mut self, word: &str, span: &Range<usize>, to: &[TargetRef]) {
        if word.is_empty() || word == crate::row::CLEAR {
            return;
        }
        for to in to {
            let known: &[&str] = match to.target.kind {
                Kind::Code(codes) => codes,
                Kind::Boolean => &["yes", "no"],
                _ => continue,
            };
            if !known.contains(&word) {
                self.fault(
                    span,
                    format!(
                        "{word:?} is no value of {}; say one of {}, (clear), or \"\" for nothing",
                        to.target.path,
                        known.join(", ")
                    ),
                );
            }
        }
    }

    fn formats(&mut self, value: &Value<'_>) -> Vec<DateFormat> {
        let mut formats = Vec::new();
        for pattern in self.texts(value) {
            match DateFormat::parse(&pattern) {
                Ok(format) => formats.push(format),
                Err(reason) => self.fault(&value.span(), reason),
            }
        }
        formats
    }

    fn precision(&mut self, table: &DeTable<'_>) -> Option<DatePrecision> {
        let (word, span) = self.text_of(table, "precision")?;
        self.one_of(
            &word,
            &span,
            &[("day", DatePrecision::Day), ("about", DatePrecision::About), ("month", DatePrecision::Month)],
        )
    }

    /// `when = "column"`, `when = { column = "…", is = […] }`, or a list of these.
    fn conditions(&mut self, table: &DeTable<'_>) -> Vec<Condition> {
        let Some(value) = table.get("when") else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|item| self.condition(item)).collect(),
            _ => self.condition(value).into_iter().collect(),
        }
    }

    fn condition(&mut self, value: &Value<'_>) -> Option<Condition> {
        let DeValue::Table(table) = value.get_ref() else {
            return self.string(value).map(|column| Condition { column, test: Test::Said });
        };
        self.known_keys(table, CONDITION_KEYS);
        let Some((column, _)) = self.text_of(table, "column") else {
            self.fault(&value.span(), "a condition names its column: { column = \"…\", is = \"…\" }".into());
            return None;
        };
        let test = match (table.get("is"), table.get("not")) {
            (Some(is), None) => Test::Is(self.texts(is)),
            (None, Some(not)) => Test::Not(self.texts(not)),
            (None, None) => Test::Said,
            (Some(_), Some(_)) => {
                self.fault(&value.span(), "a condition has either is or not".into());
                return None;
            }
        };
        Some(Condition { column, test })
    }
}

pub(crate) fn either(group: &[&str]) -> String {
    if group.len() == 1 { group.concat() } else { format!("one of {}", group.join(", ")) }
}

/// The name that differs in the fewest places, for "did you mean".
pub(crate) fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> &'n str {
    let folded: Vec<char> = wanted.chars().take(100).flat_map(char::to_lowercase).collect();
    names
        .min_by_key(|name| {
            distance(&folded, &name.chars().take(100).flat_map(char::to_lowercase).collect::<Vec<_>>())
        })
        .unwrap_or_default()
}

/// Levenshtein distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut last = i + 1;
        for (j, right) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let cost = (diagonal + usize::from(left != right)).min(above + 1).min(last + 1);
            diagonal = above;
            if let Some(cell) = row.get_mut(j) {
                *cell = last;
            }
            last = cost;
        }
        if let Some(cell) = row.last_mut() {
            *cell = last;
        }
    }
    row.last().copied().unwrap_or(0)
}
