//! What is born here and handed down: the clock and entropy.

use crate::printing::note;
use std::{
    process::ExitCode,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};
use store::writer::{SharedClock, SharedEntropy};

/// The system's clock, milliseconds UTC.
pub fn clock() -> SharedClock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Entropy of the operating system.
pub fn entropy() -> SharedEntropy {
    Arc::new(Mutex::new(Box::new(|buffer: &mut [u8]| {
        if let Err(error) = getrandom::fill(buffer) {
            // Without entropy no key may be made; the vault refuses a key of one repeated byte.
            note!("the operating system gives no entropy: {error}");
            buffer.fill(0);
        }
    })))
}

/// Prints why, for people, and gives the exit code of a refusal.
pub fn fail(message: &str) -> ExitCode {
    note!("firebreak: {message}");
    ExitCode::from(1)
}
