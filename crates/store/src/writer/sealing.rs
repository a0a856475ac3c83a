//! Sealing events for the journal, and reading them back.

use crate::{
    cipher::{self, FieldPlace},
    tables::JOURNAL,
    value::{Row, Value},
    vault::PersonKeys,
};
use domain::{
    kernel::{Event, event_id},
    seal::{Class, Seals as _, Unreadable},
};
use std::collections::HashMap;
use uuid::Uuid;

/// A personal value could not be sealed; nothing is written in clear instead.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// An event with sealed fields names nobody whose keys could seal them.
    #[error(
        "event {0} holds personal values but names no person; this is a defect of the program, nothing was written"
    )]
    NoSubject(&'static str),
    /// A value is longer than a field may be.
    #[error("a value of event {0} cannot be sealed: it is too long")]
    TooLong(&'static str),
    /// A sealed event could not be encoded.
    #[error("event {0} cannot be written: {1}")]
    Unwritable(&'static str, serde_json::Error),
}

/// Enciphers every sealed cell of an event. A class whose key was destroyed is written as gone.
pub(crate) fn seal(
    event: &mut Event,
    command: Uuid,
    n: i64,
    at: i64,
    subject: Option<Uuid>,
    keys: &HashMap<Uuid, PersonKeys>,
) -> Result<(), SealingError> {
    let keys = subject.and_then(|person| keys.get(&person));
    let place = event_id(command, n, at);
    let kind = event.kind();
    let (mut field, mut fault) = (0u16, None);
    event.each_cell(&mut |cell| {
        let mut gone = false;
        cell.seal(&mut |class: Class, bytes: &[u8]| {
            let Some(keys) = keys else {
                fault = Some(SealingError::NoSubject(kind));
                return Vec::new();
            };
            let Some(key) = keys.key(class as u8) else {
                gone = true;
                return Vec::new();
            };
            let place = FieldPlace { event: place, n: 0, field, class: class as u8 };
            cipher::seal(&key, &place, bytes).unwrap_or_else(|_| {
                fault = Some(SealingError::TooLong(kind));
                Vec::new()
            })
        });
        if gone {
            cell.erase();
        }
        field += 1;
    });
    fault.map_or(Ok(()), Err)
}

/// Deciphers an event read from the journal. Cells whose key is gone come back gone.
pub fn unseal(
    event: &mut Event,
    command: Uuid,
    n: i64,
    at: i64,
    keys: Option<&PersonKeys>,
) -> Result<(), Unreadable> {
    let place = event_id(command, n, at);
    let (mut field, mut fault) = (0u16, None);
    event.each_cell(&mut |cell| {
        let result = cell.unseal(&mut |class: Class, bytes: &[u8]| {
            let key = keys?.key(class as u8)?;
            let place = FieldPlace { event: place, n: 0, field, class: class as u8 };
            match cipher::open(&key, &place, bytes) {
                Ok(plain) => Some(plain.to_vec()),
                Err(error) => {
                    fault = Some(Unreadable { class, reason: error.to_string() });
                    None
                }
            }
        });
        if let Err(error) = result {
            fault = Some(error);
        }
        field += 1;
    });
    fault.map_or(Ok(()), Err)
}

const CHAIN_TAG: &[u8] = b"firebreak journal 1";

/// Hash of one journal row: a domain tag, the hash before it, and every column but the hash itself (ADR 5).
pub fn chain_hash(previous: &[u8], row: &Row) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(CHAIN_TAG).update(previous);
    let mut bytes = Vec::with_capacity(1_024);
    for value in &row[..JOURNAL.columns.len() - 1] {
        Value::canonical(value, &mut bytes);
    }
    hasher.update(&bytes);
    *hasher.finalize().as_bytes()
}
