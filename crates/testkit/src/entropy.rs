//! Entropy that is the same on every run.

use std::sync::{Arc, Mutex};

/// A shared source of bytes computed from a seed.
pub fn seeded(seed: u64) -> store::writer::SharedEntropy {
    let mut reader =
        blake3::Hasher::new_derive_key("firebreak tests entropy 1").update(&seed.to_be_bytes()).finalize_xof();
    Arc::new(Mutex::new(Box::new(move |buffer: &mut [u8]| reader.fill(buffer))))
}

/// A number below `below` that looks random and is the same on every run.
pub fn drawn(seed: u64, below: u64) -> u64 {
    let hash = blake3::hash(&seed.to_be_bytes());
    let bytes: [u8; 8] = std::array::from_fn(|n| hash.as_bytes()[n]);
    u64::from_be_bytes(bytes) % below
}
