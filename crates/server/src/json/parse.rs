//! Bytes of a body as a value: bounded in depth before they are parsed; every refusal with a JSON pointer.

use crate::{
    problem::{Fault, Problem},
    said::{self, Said, is_name, meant},
    strict::Strict,
};
use axum::http::StatusCode;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};
use store::query::VIEWS;

/// Reads a value; a refusal names the place and the rule, and never repeats what stood there.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], max_depth: usize) -> Result<T, Problem> {
    if let Some(pointer) = too_deep(bytes, max_depth) {
        return Err(Problem::at(StatusCode::BAD_REQUEST, "too_deep_json", pointer));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|error| {
        let (path, error) = (error.path(), error.inner());
        broken(pointer(path, &error.to_string()), error, bytes)
    })?;
    reader.end().map_err(|error| broken(String::new(), &error, bytes))?;
    Ok(value)
}

/// A pointer to the whole body where nesting goes past the limit; strings are stepped over.
fn too_deep(bytes: &[u8], max_depth: usize) -> Option<String> {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > max_depth {
                    return Some(String::new());
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// A path as a JSON pointer, as far as its steps are the program's own words. A name that nothing knows may be a value in
/// the wrong place, a person's even, and the keys under `names` are free text: the pointer ends above them.
fn pointer(path: &Path, text: &str) -> String {
    let mut pointer = String::new();
    let mut steps = path.iter().peekable();
    while let Some(segment) = steps.next() {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } if steps.peek().is_none() && is_unknown(key, text) && !is_own(key, text) => break,
            // A word alone where it has to be the name of a field: the word itself stands here.
            Segment::Enum { .. } if steps.peek().is_none() && text.starts_with("invalid type: unit variant") => break,
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                if !is_name(name) || pointer.ends_with("/names") {
                    break;
                }
                name.clone()
            }
            // The parser does not know the step; the place above it is named.
            Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&step);
    }
    pointer
}

/// Whether the parser's text says that it knows no such name.
fn is_unknown(name: &str, text: &str) -> bool {
    let quoted = ["unknown field `", "unknown variant `"].iter().find_map(|kind| text.strip_prefix(kind));
    quoted.and_then(|quoted| quoted.strip_prefix(name)).is_some_and(|rest| rest.starts_with('`'))
}

/// Whether an unknown field's name may be repeated: it is that of a field of some record, or a slip of the pen from one that
/// the parser would have taken.
fn is_own(name: &str, text: &str) -> bool {
    let known = || VIEWS.iter().flat_map(|view| view.fields).any(|field| field.name == name);
    let taken = said::names(expected(text).unwrap_or_default());
    text.starts_with("unknown field") && (known() || meant(name, taken.iter().map(String::as_str)).is_some())
}

/// A parser's error as a problem. Its text is looked at only for the kind of error and for what was expected, which
/// are the program's own words; what the sender wrote stays out.
fn broken(mut pointer: String, error: &serde_json::Error, bytes: &[u8]) -> Problem {
    let place = Said::new(
        format!("位于第 {} 行第 {} 列。", error.line(), error.column()),
        format!("It stands at line {}, column {}.", error.line(), error.column()),
    );
    if error.is_syntax() || error.is_eof() || error.is_io() {
        // For a choice the parser wants a text or an object, and takes anything else for bad grammar.
        let (status, rule, said) = match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "wrong_type", Said::expected("string or map").unwrap_or(place))
            }
            Err(_) => (StatusCode::BAD_REQUEST, "malformed_json", place),
        };
        let fault = Fault { expected: Some(said), ..Fault::at(pointer, rule) };
        return Problem { faults: vec![fault], ..Problem::new(status, rule) };
    }
    let text = error.to_string();
    let rule = match () {
        () if text.starts_with("unknown field") => "unknown_field",
        () if text.starts_with("missing field") => "missing_field",
        () if text.starts_with("unknown variant") => "unknown_choice",
        () if text.starts_with("invalid type") => "wrong_type",
        () => "invalid_value",
    };
    // A missing field has the program's own name.
    if rule == "missing_field"
        && let Some(name) = text.split('`').nth(1)
    {
        pointer.push('/');
        pointer.push_str(name);
    }
    let taken = expected(&text).filter(|_| rule != "invalid_value").and_then(Said::expected);
    let said = match (rule, taken) {
        ("unknown_field", Some(taken)) => {
            Some(Said::new(format!("{}{}", place.zh, taken.zh), format!("{} {}", place.en, taken.en)))
        }
        ("unknown_field", None) => Some(Said::new(
            format!("{}此处不接受任何字段。", place.zh),
            format!("{} No field is taken here.", place.en),
        )),
        (_, taken) => taken,
    };
    let fault = Fault { pointer, rule: rule.into(), expected: said };
    Problem { faults: vec![fault], ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, rule) }
}

/// What the parser would have taken: the part of its text behind the last "expected", without the place.
fn expected(text: &str) -> Option<&str> {
    let (_, after) = text.rsplit_once(", expected ")?;
    after.get(..after.rfind(" at line ").unwrap_or(after.len()))
}
