//! Identifiers. Whoever creates a thing makes its id (DESIGN §4): people and devices make UUIDv7, and what
//! reactions, importers and rules create gets a UUIDv8 computed from its cause, so that a retry or a second
//! server makes the same id.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

typed_ids! {
    /// A named area of one level of a hierarchy (district, street, health zone …).
    JurisdictionId,
    /// A place: dwelling, facility, workplace, school, gathering, conveyance.
    PlaceId,
    /// People who live together.
    HouseholdId,
    /// One human being.
    PersonId,
    /// Two person records that may be one human being.
    DuplicateId,
    /// One declared outbreak of one disease.
    OutbreakId,
    /// One infection episode of one person in one outbreak.
    CaseId,
    /// One specimen taken from one person.
    SampleId,
    /// One directed exposure: from a case or a place to a person.
    ExposureId,
    /// One person under follow-up for an exposure.
    ContactId,
    /// A team of staff accounts with areas.
    TeamId,
    /// One piece of work given to an account or a team.
    AssignmentId,
    /// One imported file.
    ImportId,
    /// One person's erasure file: requests and holds.
    ErasureId,
    /// A staff account; the actor of every command.
    AccountId,
    /// A phone or a terminal that numbers its envelopes.
    DeviceId,
    /// One envelope of one command.
    CommandId,
}

/// A command post's stream of events (DESIGN §3): the unit of ordering, of locking and of sharding. A small
/// number given when the stream is made, because it leads every key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(pub i64);

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

const TAG: &[u8] = b"firebreak id 1";

/// Id of the `ordinal`-th thing created because of `cause`.
///
/// UUIDv8: 48 bits of `at` (milliseconds of the cause, never of the making), then 74 bits of
/// BLAKE3(cause ‖ ordinal). Two servers that react to the same event make the same id.
pub fn derived(cause: Uuid, ordinal: u32, at: i64) -> Uuid {
    let mut bytes = digest(cause, ordinal);
    stamp(&mut bytes, at);
    Uuid::new_v8(bytes)
}

/// Id of a thing made by row `ordinal` of an import, `kind` telling apart the things of one row.
///
/// As [`derived`], but 24 bits of the ordinal stand directly behind the millisecond, so that the keys of an
/// import reach a B-tree in order: random keys cost 4–18 times in SQLite (ADR 4). 50 bits of hash remain.
pub fn sequenced(cause: Uuid, ordinal: u32, kind: u8, at: i64) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TAG).update(cause.as_bytes()).update(&ordinal.to_be_bytes()).update(&[kind]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    stamp(&mut bytes, at);
    let order = ordinal & 0x00ff_ffff;
    bytes[6] = (order >> 20) as u8 & 0x0f;
    bytes[7] = (order >> 12) as u8;
    bytes[8] = (order >> 6) as u8 & 0x3f;
    bytes[9] = ((order & 0x3f) << 2) as u8 | (bytes[9] & 0x03);
    Uuid::new_v8(bytes)
}

/// Ordinal and kind for which [`sequenced`] made this id from `cause`, which has the millisecond of the ids in front: the row
/// of the import that a record or a command came with. `None` where it came otherwise.
pub fn sequence_of(id: Uuid, cause: Uuid) -> Option<(u32, u8)> {
    let bytes = id.as_bytes();
    if bytes[..6] != cause.as_bytes()[..6] || id.get_version_num() != 8 {
        return None;
    }
    let at = (cause.as_u128() >> 80) as i64;
    let order = u32::from(bytes[6] & 0x0f) << 20
        | u32::from(bytes[7]) << 12
        | u32::from(bytes[8] & 0x3f) << 6
        | u32::from(bytes[9] >> 2);
    // Of the ordinal 24 bits stand in the id; files longer than those are tried last.
    let ordinals = (order..=u32::MAX).step_by(1 << 24);
    let mut made_for = ordinals.into_iter().flat_map(|ordinal| (0..=u8::MAX).map(move |kind| (ordinal, kind)));
    made_for.find(|(ordinal, kind)| sequenced(cause, *ordinal, *kind, at) == id)
}

/// Whether [`sequenced`] made this id from `cause`.
pub fn is_sequenced(id: Uuid, cause: Uuid) -> bool {
    sequence_of(id, cause).is_some()
}

/// The lowest and the highest id that [`sequenced`] can give to things of the row that made `id`.
pub fn of_the_same_row(id: Uuid) -> (Uuid, Uuid) {
    let (mut low, mut high) = (*id.as_bytes(), *id.as_bytes());
    low[9] &= !0x03;
    high[9] |= 0x03;
    low[10..].fill(0);
    high[10..].fill(u8::MAX);
    (Uuid::from_bytes(low), Uuid::from_bytes(high))
}

impl DuplicateId {
    /// The one id of a pair, whichever of the two is named first: a pair suspected again is the same record.
    pub fn of(left: PersonId, right: PersonId) -> Self {
        Self(keyed(b"pair", &[left.min(right).0, left.max(right).0]))
    }
}

impl ErasureId {
    /// The one erasure file of a person.
    pub fn of(person: PersonId) -> Self {
        Self(keyed(b"erasure", &[person.0]))
    }
}

/// The id of what stands for these records taken together. UUIDv8 with the first 48 bits of the last of them in
/// front, so that it lies in a B-tree where they were made.
fn keyed(scheme: &[u8], parts: &[Uuid]) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TAG).update(scheme);
    for part in parts {
        hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    if let Some(last) = parts.last() {
        bytes[..6].copy_from_slice(&last.as_bytes()[..6]);
    }
    Uuid::new_v8(bytes)
}

fn digest(cause: Uuid, ordinal: u32) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TAG).update(cause.as_bytes()).update(&ordinal.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes
}

fn stamp(bytes: &mut [u8; 16], at: i64) {
    bytes[..6].copy_from_slice(&at.to_be_bytes()[2..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cause_makes_the_same_id() {
        let cause = Uuid::from_u128(7);
        assert_eq!(derived(cause, 1, 1_647_216_000_000), derived(cause, 1, 1_647_216_000_000));
        assert_ne!(derived(cause, 1, 1_647_216_000_000), derived(cause, 2, 1_647_216_000_000));
    }

    #[test]
    fn ids_of_an_import_are_in_row_order_and_distinct_by_kind() {
        let cause = Uuid::from_u128(7);
        let ids: Vec<Uuid> =
            (0..5_000u32).step_by(7).map(|row| sequenced(cause, row, 1, 1_647_216_000_000)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_ne!(sequenced(cause, 5, 1, 9), sequenced(cause, 5, 2, 9));
        assert_eq!(ids[0].get_version_num(), 8);
    }

    #[test]
    fn an_id_tells_whether_a_row_of_an_import_made_it() {
        let at = 1_647_216_000_000;
        let (import, other) = (derived(Uuid::from_u128(7), 0, at), derived(Uuid::from_u128(8), 0, at));
        for (row, kind) in [(0, 128), (4_999, 0), (16_777_215, 255), (16_777_300, 130)] {
            let id = sequenced(import, row, kind, at);
            assert!(is_sequenced(id, import) && !is_sequenced(id, other));
            let (low, high) = of_the_same_row(id);
            assert!((0..=u8::MAX).all(|kind| (low..=high).contains(&sequenced(import, row, kind, at))));
            assert!(!(low..=high).contains(&sequenced(import, row + 1, kind, at)));
        }
        assert!(!is_sequenced(derived(import, 0, at), import));
    }
}
