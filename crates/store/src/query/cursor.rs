//! Where a page ended: opaque to callers, and of no use to another list.

use super::parameters::QueryError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The last row of a page, by the keys of its order. Orders are never by personal text, so a cursor holds none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// What the list was asked with, so that a page of another list is not continued.
    pub list: u64,
    /// The order's value.
    pub value: Option<String>,
    /// The stream.
    pub stream: i64,
    /// The id.
    pub id: Uuid,
    /// The number within the record.
    pub entry: i64,
}

/// Names a list: the noun, its filters, order and `as_of`.
pub(super) fn list_of(parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes()).update(part.as_bytes());
    }
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(bytes)
}

/// Bytes as text that a URL carries.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Such text as bytes.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() % 2 != 0 || text.len() > 4_096 {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

impl Cursor {
    pub fn write(&self) -> String {
        to_hex(&postcard::to_allocvec(self).unwrap_or_default())
    }

    pub fn read(text: &str, list: u64) -> Result<Self, QueryError> {
        let cursor: Option<Self> = from_hex(text).and_then(|bytes| postcard::from_bytes(&bytes).ok());
        cursor.filter(|cursor| cursor.list == list).ok_or_else(|| {
            QueryError::parameter(
                "after",
                "请使用同一查询上一页给出的续页标记。",
                "Give the cursor of the page before of this very list.",
            )
        })
    }
}
