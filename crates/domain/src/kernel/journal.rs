//! How events are written: a kind, a version and exact bytes. A version once written stays readable for ever; its
//! bytes are pinned in `tests/golden_events`.

use crate::seal::Seals;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// An event as the journal holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Body {
    /// `noun.happened`.
    pub kind: &'static str,
    /// Version of this kind's fields.
    pub version: i64,
    /// JSON with personal values enciphered.
    pub payload: Vec<u8>,
}

/// A journal row that this version of the program cannot read.
#[derive(Debug, thiserror::Error)]
#[error("event {kind} version {version} cannot be read: {reason}")]
pub struct Undecodable {
    /// Kind as written.
    pub kind: String,
    /// Version as written.
    pub version: i64,
    /// What is wrong; never a value.
    pub reason: String,
}

/// Events of one noun.
pub trait Journaled: Seals + Sized {
    /// Kind, version and bytes of this event. The event must be sealed; an unsealed value is an error.
    fn encode(&self) -> Result<Body, serde_json::Error>;
    /// Reads an event back; `None` where the kind is not of this noun.
    fn decode(kind: &str, version: i64, payload: &[u8]) -> Option<Result<Self, Undecodable>>;
    /// The kind it is written under.
    fn kind(&self) -> &'static str;
    /// Every kind and version of this noun.
    fn kinds() -> &'static [(&'static str, i64)];
}

pub(crate) fn encode_body<T: Serialize>(
    kind: &'static str,
    version: i64,
    body: &T,
) -> Result<Body, serde_json::Error> {
    Ok(Body { kind, version, payload: serde_json::to_vec(body)? })
}

pub(crate) fn decode_body<T: DeserializeOwned>(kind: &str, version: i64, payload: &[u8]) -> Result<T, Undecodable> {
    serde_json::from_slice(payload).map_err(|error| Undecodable {
        kind: kind.to_owned(),
        version,
        // The message of a type error may quote the value: keep the place only.
        reason: format!("at byte {} of its payload", error.column()),
    })
}

/// Declares how the events of a noun are written: `journaled!(Event: Registered "person.registered" 1, …)`.
#[macro_export]
macro_rules! journaled {
    ($Event:ident: $($Variant:ident $kind:literal $version:literal),* $(,)?) => {
        impl $crate::seal::Seals for $Event {
            fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn $crate::seal::Cell)) {
                match self { $(Self::$Variant(body) => $crate::seal::Seals::each_cell(body, visit)),* }
            }
        }

        impl $crate::kernel::Journaled for $Event {
            fn encode(&self) -> Result<$crate::kernel::Body, serde_json::Error> {
                match self { $(Self::$Variant(body) => $crate::kernel::encode_body($kind, $version, body)),* }
            }

            fn decode(
                kind: &str,
                version: i64,
                payload: &[u8],
            ) -> Option<Result<Self, $crate::kernel::Undecodable>> {
                match (kind, version) {
                    $(($kind, $version) =>
                        Some($crate::kernel::decode_body(kind, version, payload).map(Self::$Variant)),)*
                    _ => None,
                }
            }

            fn kind(&self) -> &'static str {
                match self { $(Self::$Variant(_) => $kind),* }
            }

            fn kinds() -> &'static [(&'static str, i64)] {
                &[$(($kind, $version)),*]
            }
        }
    };
}

/// Identifies one event for nonces and causes: the `n`-th event of a command decided at `at`.
///
/// `at` is in it so that a command decided anew after a rolled-back transaction never seals other values under the
/// same nonce.
pub fn event_id(command: Uuid, n: i64, at: i64) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"firebreak event 1").update(command.as_bytes()).update(&n.to_be_bytes()).update(&at.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Uuid::from_bytes(bytes)
}
