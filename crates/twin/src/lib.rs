//! The exercise world: people, homes, schools, workplaces and an outbreak that never happened.
//!
//! A [`World`] is generated from a seed; an [`Outbreak`] runs in it for two weeks and leaves the records
//! that a response would have; a [`LineList`] writes a line list of any length for imports. Everything is
//! drawn from counter-based streams ([`rng`]), so a seed gives the same bytes on every machine and for
//! any number of threads.
//!
//! This room acts only by the commands that people have, reads no clock and does no I/O but writing to a given `Write`.

pub mod calendar;
pub mod district;
pub mod identity;
pub mod linelist;
pub mod names;
pub mod occupation;
pub mod outbreak;
pub mod rng;
pub mod script;

pub use district::{Spec, SpecError, World};
pub use linelist::{LineList, LineListSpec};
pub use outbreak::{Outbreak, OutbreakSpec};

/// A hash over a value's JSON form. Equal values have equal digests.
fn digest(value: &impl serde::Serialize) -> String {
    let mut hasher = blake3::Hasher::new();
    // Hashing cannot fail, and every value here has string keys only.
    match serde_json::to_writer(&mut hasher, value) {
        Ok(()) => hasher.finalize().to_hex().to_string(),
        Err(error) => format!("not serialisable: {error}"),
    }
}
