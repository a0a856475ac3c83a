//! Traces of a person: every form in which a value could be left behind, and where one is found.

use crate::installation::Installation;
use domain::noun::MatchKey;
use std::{fs::OpenOptions, io::Write as _};

/// A value in one form.
pub struct Trace {
    /// Which value in which form.
    pub label: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A value in every encoding a file may have.
pub fn of_text(text: &str) -> Vec<Trace> {
    let utf8 = text.as_bytes().to_vec();
    let (gb, _, unmapped) = encoding_rs::GB18030.encode(text);
    assert!(!unmapped, "GB18030 has every letter");
    let mut forms = vec![
        ("UTF-16LE".to_owned(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE".to_owned(), text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("GB18030".to_owned(), gb.into_owned()),
    ];
    // Within a longer text the encoding starts at any of three places; the letters that depend on neighbours are left out.
    for place in 0..3 {
        let from = (3 - place) % 3;
        let whole = (utf8.len() - from) / 3 * 3;
        forms.push((format!("base64, place {place}"), base64(&utf8[from..from + whole])));
    }
    let each =
        |written: &dyn Fn(u8) -> String| utf8.iter().map(|byte| written(*byte)).collect::<String>().into_bytes();
    let letters = text.encode_utf16().map(|unit| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    // As an address writes it, JSON, and a program that prints the bytes it has.
    let percent = percent_encoded(text);
    forms.extend([
        ("percent-encoding".to_owned(), percent.clone().into_bytes()),
        ("percent-encoding, small".to_owned(), percent.to_lowercase().into_bytes()),
        ("JSON escapes".to_owned(), letters.collect::<String>().into_bytes()),
        ("escaped bytes".to_owned(), utf8.escape_ascii().collect()),
        ("hexadecimal".to_owned(), each(&|byte| format!("{byte:02x}"))),
        ("numbers".to_owned(), utf8.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes()),
        ("UTF-8".to_owned(), utf8),
    ]);
    forms.into_iter().map(|(form, bytes)| Trace { label: format!("{text} in {form}"), bytes }).collect()
}

/// A value as it stands in an address.
pub fn percent_encoded(text: &str) -> String {
    let of = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(of).collect()
}

/// A key by which a record is found again, as both engines store integers, and in digits.
pub fn of_match_key(key: MatchKey) -> Vec<Trace> {
    [key.0.to_be_bytes().to_vec(), key.0.to_le_bytes().to_vec(), key.0.to_string().into_bytes()]
        .map(|bytes| Trace { label: format!("match key {}", key.0), bytes })
        .into()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let quad = |three: &[u8]| {
        let n = usize::from(three[0]) << 16 | usize::from(three[1]) << 8 | usize::from(three[2]);
        [18, 12, 6, 0].map(|shift| LETTERS[n >> shift & 63])
    };
    bytes.chunks_exact(3).flat_map(quad).collect()
}

/// Where traces are found: each with the file it is in.
pub fn found(traces: &[Trace], place: &Installation) -> Vec<String> {
    // By their first two bytes, so that every file is read once.
    let mut starts: Vec<Vec<usize>> = vec![Vec::new(); 1 << 16];
    let start = |pair: &[u8]| usize::from(pair[0]) << 8 | usize::from(pair[1]);
    for (n, trace) in traces.iter().enumerate() {
        starts[start(&trace.bytes)].push(n);
    }
    let mut hits = Vec::new();
    for (path, bytes) in place.files() {
        for (at, pair) in bytes.windows(2).enumerate() {
            for n in &starts[start(pair)] {
                if bytes[at..].starts_with(&traces[*n].bytes) {
                    hits.push(format!("{} in {}", traces[*n].label, path.display()));
                }
            }
        }
    }
    hits.sort_unstable();
    hits.dedup();
    hits
}

/// The search sees each form where there is one: written into a file behind all that it holds, and taken away again.
pub fn assert_sees(traces: &[Trace], place: &Installation, file: &str) {
    let mut planted = OpenOptions::new().create(true).append(true).open(place.path(file)).expect("it is opened");
    let before = planted.metadata().expect("it has a length").len();
    for trace in traces {
        planted.write_all(&[b"before", &trace.bytes[..], b"behind"].concat()).expect("it is planted");
    }
    let seen = found(traces, place);
    for trace in traces {
        let hit = format!("{} in {}", trace.label, place.path(file).display());
        assert!(seen.contains(&hit), "{} is overlooked", trace.label);
    }
    planted.set_len(before).expect("it is taken away");
}
