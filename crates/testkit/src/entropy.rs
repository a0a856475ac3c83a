//! Entropy that is the same on every run.

use std::sync::{Arc, Mutex};

/// A shared source of bytes computed from a seed.
pub fn seeded(seed: u64) -> store::writer::SharedEntropy {
    let mut reader =
        blake3::Hasher::new_derive_key("firebreak tests entropy 1").update(&seed.to_be_bytes()).finalize_xof();
    Arc::new(Mutex::new(Box::new(move |buffer: &mut [u8]| reader.fill(buffer))))
}
