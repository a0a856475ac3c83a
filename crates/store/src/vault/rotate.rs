//! Changing the master key: every row is unwrapped with the old key and wrapped with the new one, in batches, each durable.
//! A rotation that was killed is taken up again by the same call: rows already done are recognised by their key number.
//!
//! Order of work: give every server a key file with both keys and restart it, rotate, take the old key out of the files,
//! destroy it. Only its destruction makes worthless what old files and logs still hold.

use std::sync::{Arc, PoisonError};

use uuid::Uuid;

use super::master::MasterKeys;
use super::person::Wrapper;
use super::{Vault, VaultError};

/// Rows per commit.
const BATCH: i64 = 500;
/// Passes over the table before a rotation gives up against servers that still use the old key.
const PASSES: u32 = 3;

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Rows wrapped anew by this call.
    pub rewrapped: u64,
    /// Is every row under the key in use, and are the older keys retired?
    pub complete: bool,
}

impl Vault {
    /// Rewraps everything under the newest of these keys and retires the older ones. `keys` must hold every key that the
    /// vault is wrapped under.
    pub async fn rotate(&self, keys: MasterKeys) -> Result<Rotation, VaultError> {
        self.rotate_at_most(keys, u64::MAX).await
    }

    /// As [`Vault::rotate`], but stops after so many batches of 500 rows, to be called again: for a rotation in pieces.
    pub async fn rotate_at_most(&self, keys: MasterKeys, mut batches: u64) -> Result<Rotation, VaultError> {
        self.check_master(&keys).await?;
        let current = keys.current();
        *self.master.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        let mut rewrapped = 0;
        let mut left = 0;
        for _ in 0..PASSES {
            let mut next = Some(Uuid::nil());
            while let Some(from) = next {
                if batches == 0 {
                    return Ok(Rotation { rewrapped, complete: false });
                }
                batches -= 1;
                let (count, follows) = self.rewrap_batch(from).await?;
                rewrapped += count;
                next = follows;
            }
            left = self.retire_older(current).await?;
            if left == 0 {
                // On SQLite the rows may have changed length and moved: leave no copy under the old key.
                if matches!(self.engine, super::engine::Engine::Sqlite(_)) && rewrapped > 0 {
                    self.engine.compact().await?;
                }
                return Ok(Rotation { rewrapped, complete: true });
            }
        }
        Err(VaultError::RotationDisturbed { left })
    }

    /// Rewraps the rows from an id on that need it; returns how many, and the id to go on from.
    async fn rewrap_batch(&self, from: Uuid) -> Result<(u64, Option<Uuid>), VaultError> {
        let wrapper = Wrapper::new(self.master());
        let mut write = self.engine.begin().await?;
        let page = write.page(from, BATCH).await?;
        let next = page.last().and_then(|row| row.person.as_u128().checked_add(1)).map(Uuid::from_u128);
        let mut rows = Vec::with_capacity(page.len());
        for row in page.iter().filter(|row| row.wrapped_under != self.master().current()) {
            rows.push(wrapper.wrap(row.person, &wrapper.unwrap(row)?)?);
        }
        if !rows.is_empty() {
            write.overwrite(&rows).await?;
        }
        write.commit().await?;
        Ok((rows.len() as u64, next))
    }

    /// Forgets the older keys' records if no row is under them; returns how many rows still are. Creators are kept out
    /// meanwhile, and afterwards refuse to work with a retired key.
    async fn retire_older(&self, current: i64) -> Result<i64, VaultError> {
        let mut write = self.engine.begin().await?;
        write.raise_epoch().await?;
        let left = write.count_not_under(current).await?;
        if left == 0 {
            write.retire_masters_but(current).await?;
        }
        write.commit().await?;
        Ok(left)
    }
}
