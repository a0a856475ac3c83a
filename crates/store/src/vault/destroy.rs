//! Erasing keys.

use uuid::Uuid;

use super::person::{PersonKeys, Wrapper};
use super::{Vault, VaultError};
use crate::cipher::{CLASSES, CipherError};

/// What an erasure found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    /// Classes whose keys existed and were destroyed now; empty when the erasure had been done before.
    pub classes: Vec<u8>,
    /// The vault's epoch after it.
    pub epoch: i64,
}

impl Vault {
    /// Destroys a person's keys of these classes, for ever: the classes are remembered, so that no key is made for them
    /// again, even if the person had none yet. Doing it again is harmless, and is how an erasure that was cut off is
    /// completed. Durable when this returns; on SQLite the write-ahead log is empty then.
    pub async fn destroy(&self, person: Uuid, classes: &[u8], now: i64) -> Result<Destroyed, VaultError> {
        if let Some(unknown) = classes.iter().find(|class| **class >= CLASSES) {
            return Err(CipherError::UnknownClass(*unknown).into());
        }
        let mut write = self.engine.begin().await?;
        let epoch = write.raise_epoch().await?;
        for class in classes {
            write.insert_erased(person, *class, now).await?;
        }
        let mut destroyed = Vec::new();
        if let Some(row) = write.lock_person(person).await? {
            let wrapper = Wrapper::new(self.master());
            let everything = (0..CLASSES).all(|class| classes.contains(&class));
            let (had, left) = match wrapper.unwrap(&row) {
                Ok(keys) => (keys.classes(), keys.without(classes)),
                // A row that nobody can open can still be erased as a whole.
                Err(VaultError::Damaged { .. }) if everything => ((0..CLASSES).collect(), PersonKeys::none()),
                Err(error) => return Err(error),
            };
            destroyed = had.into_iter().filter(|class| classes.contains(class)).collect();
            if !destroyed.is_empty() {
                write.overwrite_one(&wrapper.wrap(person, &left)?).await?;
            }
        }
        write.commit().await?;
        self.lock_cache().erased(&person, epoch);
        self.engine.empty_log().await?;
        Ok(Destroyed { classes: destroyed, epoch })
    }
}
