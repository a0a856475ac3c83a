//! One person's keys and how they are wrapped. The plain form is a fixed 257 bytes: a bit per class that has a key, then
//! 8 × 32 bytes, zeros where there is none. Fixed, so that an erased row is overwritten in place.

use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::engine::PersonRow;
use super::master::{MasterKeys, Purpose};
use super::{Entropy, VaultError};
use crate::cipher::{self, CLASSES, CipherError, ClassKey, KEY_BYTES};

const PLAIN_BYTES: usize = 1 + CLASSES as usize * KEY_BYTES;

/// The sealing keys of one person. Shared, not copied; overwritten in memory when the last holder lets go.
#[derive(Clone)]
pub struct PersonKeys(Arc<Zeroizing<[u8; PLAIN_BYTES]>>);

impl std::fmt::Debug for PersonKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonKeys(classes {:?})", self.classes())
    }
}

impl PersonKeys {
    /// The key of one class; `None` if it was erased (or the class does not exist).
    pub fn key(&self, class: u8) -> Option<ClassKey> {
        if !self.has(class) {
            return None;
        }
        let start = 1 + usize::from(class) * KEY_BYTES;
        self.0.get(start..).and_then(<[u8]>::first_chunk::<KEY_BYTES>).map(ClassKey::from_bytes)
    }

    /// Is there a key for this class?
    pub fn has(&self, class: u8) -> bool {
        class < CLASSES && self.0.first().is_some_and(|mask| mask & (1 << class) != 0)
    }

    /// The classes that have a key, ascending.
    pub fn classes(&self) -> Vec<u8> {
        (0..CLASSES).filter(|class| self.has(*class)).collect()
    }

    /// New keys for every class but the erased ones.
    pub(super) fn generate(erased: &[u8], entropy: Entropy<'_>) -> Result<Self, VaultError> {
        let mut plain = Zeroizing::new([0_u8; PLAIN_BYTES]);
        let (mask, keys) = plain.split_at_mut(1);
        // All at once: each asking is a call into the system.
        entropy(keys);
        for (class, key) in (0..CLASSES).zip(keys.chunks_exact_mut(KEY_BYTES)) {
            if erased.contains(&class) {
                key.fill(0);
                continue;
            }
            if key.iter().all(|byte| Some(byte) == key.first().as_ref().copied()) {
                return Err(VaultError::BadEntropy);
            }
            mask.iter_mut().for_each(|mask| *mask |= 1 << class);
        }
        Ok(Self(Arc::new(plain)))
    }

    /// The same keys without those of some classes.
    pub(super) fn without(&self, classes: &[u8]) -> Self {
        let mut plain = self.0.as_ref().clone();
        let (mask, keys) = plain.split_at_mut(1);
        for (class, key) in (0..CLASSES).zip(keys.chunks_exact_mut(KEY_BYTES)) {
            if classes.contains(&class) {
                key.fill(0);
                mask.iter_mut().for_each(|mask| *mask &= !(1 << class));
            }
        }
        Self(Arc::new(plain))
    }

    /// No keys at all: the row of a wholly erased person.
    pub(super) fn none() -> Self {
        Self(Arc::new(Zeroizing::new([0; PLAIN_BYTES])))
    }
}

/// Wraps and unwraps rows under the master keys; made once per batch.
pub(super) struct Wrapper {
    master: Arc<MasterKeys>,
    current: Option<(i64, Zeroizing<[u8; KEY_BYTES]>)>,
}

impl Wrapper {
    pub(super) fn new(master: Arc<MasterKeys>) -> Self {
        let number = master.current();
        let current = master.derive(number, Purpose::PersonKeys).map(|key| (number, key));
        Self { master, current }
    }

    /// A row of this person under the master key in use.
    pub(super) fn wrap(&self, person: Uuid, keys: &PersonKeys) -> Result<PersonRow, VaultError> {
        let (number, key) =
            self.current.as_ref().ok_or(VaultError::MasterKeyMissing { number: self.master.current() })?;
        let wrapped = cipher::wrap(key, &context(person, *number), keys.0.as_slice())?;
        Ok(PersonRow { person, wrapped, wrapped_under: *number })
    }

    pub(super) fn unwrap(&self, row: &PersonRow) -> Result<PersonKeys, VaultError> {
        let (person, number) = (row.person, row.wrapped_under);
        let older;
        let key = match &self.current {
            Some((current, key)) if *current == number => key,
            _ => {
                older =
                    self.master.derive(number, Purpose::PersonKeys).ok_or(VaultError::MasterKeyMissing { number })?;
                &older
            }
        };
        let damaged = |fault| VaultError::Damaged { person, fault };
        let plain = cipher::unwrap(key, &context(person, number), &row.wrapped).map_err(damaged)?;
        let plain: &[u8; PLAIN_BYTES] =
            plain.as_slice().try_into().map_err(|_| damaged(CipherError::TooShort { found: plain.len() }))?;
        Ok(PersonKeys(Arc::new(Zeroizing::new(*plain))))
    }
}

/// Binds a wrapped row to its person and master key: rows cannot be exchanged.
fn context(person: Uuid, number: i64) -> Vec<u8> {
    let mut context = b"firebreak person keys 1".to_vec();
    context.extend_from_slice(person.as_bytes());
    context.extend_from_slice(&number.to_be_bytes());
    context
}
