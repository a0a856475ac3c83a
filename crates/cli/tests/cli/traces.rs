//! Traces of a person: every form in which a value could be left behind, and where one is found.

use crate::installation::Installation;
use domain::noun::MatchKey;

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
    forms.push(("UTF-8".to_owned(), utf8));
    forms.into_iter().map(|(form, bytes)| Trace { label: format!("{text} in {form}"), bytes }).collect()
}

/// A key by which a record is found again, as both engines store integers.
pub fn of_match_key(key: MatchKey) -> Vec<Trace> {
    [key.0.to_be_bytes(), key.0.to_le_bytes()]
        .map(|bytes| Trace { label: format!("match key {}", key.0), bytes: bytes.to_vec() })
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
