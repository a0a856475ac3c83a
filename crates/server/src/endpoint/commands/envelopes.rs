//! The bytes of a body as envelopes.

use crate::{json, problem::Problem};
use axum::http::StatusCode;
use domain::kernel::Envelope;

/// A body of one envelope or of a batch of at most `most`, nested at most `depth` deep.
pub(crate) fn envelopes(bytes: &[u8], most: usize, depth: usize) -> Result<(Vec<Envelope>, bool), Problem> {
    let batch = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let envelopes: Vec<Envelope> = if batch { json::parse(bytes, depth)? } else { vec![json::parse(bytes, depth)?] };
    match envelopes.len() {
        0 => Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "empty_batch", "")),
        many if many > most => Err(Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "too_many_in_batch", "")),
        _ => Ok((envelopes, batch)),
    }
}
