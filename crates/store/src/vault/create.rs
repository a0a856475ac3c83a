//! Making keys, and proving that the master keys are those of this vault.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::master::{MasterKeys, Purpose};
use super::person::{PersonKeys, Wrapper};
use super::{Entropy, Vault, VaultError};
use crate::cipher::{self, CipherError};

/// What a master key's check row seals. Opening it proves the key without touching anybody's keys.
const CHECK_TEXT: &[u8] = b"firebreak vault master key check";

/// Name of a master key's row in `vault_meta`.
pub(super) fn master_name(number: i64) -> String {
    format!("master/{number}")
}

impl Vault {
    /// Makes keys for persons that have no row, all in one durable commit, and puts them (or those that another server
    /// made first) into `found`. `persons` ascending, each once.
    pub(super) async fn create(
        &self,
        persons: &[Uuid],
        entropy: Entropy<'_>,
        now: i64,
        found: &mut HashMap<Uuid, PersonKeys>,
    ) -> Result<(), VaultError> {
        let mut write = self.engine.begin().await?;
        let epoch = write.share_epoch().await?;
        let master = self.master();
        let number = master.current();
        let wrapper = Wrapper::new(master);
        // Another server may have ended a rotation since this one started.
        if write.number(&master_name(number)).await?.is_none() {
            return Err(VaultError::MasterKeyRetired { number });
        }
        let mut erased: BTreeMap<Uuid, Vec<u8>> = BTreeMap::new();
        for (person, class) in write.erased(persons).await? {
            let class = u8::try_from(class).map_err(|_| CipherError::UnknownClass(u8::MAX))?;
            erased.entry(person).or_default().push(class);
        }
        let mut made = Vec::with_capacity(persons.len());
        let mut rows = Vec::with_capacity(persons.len());
        for person in persons {
            let keys = PersonKeys::generate(erased.get(person).map_or(&[], Vec::as_slice), entropy)?;
            rows.push(wrapper.wrap(*person, &keys)?);
            made.push((*person, keys));
        }
        let added = write.insert(&rows, now).await?;
        if usize::try_from(added) != Ok(rows.len()) {
            // Somebody else was first with some of them: everybody uses what is stored.
            made.clear();
            for row in write.load(persons).await? {
                made.push((row.person, wrapper.unwrap(&row)?));
            }
        }
        write.commit().await?;
        let mut cache = self.lock_cache();
        for (person, keys) in made {
            cache.insert(epoch, person, keys.clone());
            found.insert(person, keys);
        }
        Ok(())
    }

    /// Every master key that the vault is wrapped under must be given and right. The key in use is recorded if it is
    /// new. Nothing is ever made under a key that contradicts the record.
    pub(super) async fn check_master(&self, master: &MasterKeys) -> Result<(), VaultError> {
        let mut write = self.engine.begin().await?;
        let recorded = write.masters().await?;
        if recorded.is_empty() && write.has_persons().await? {
            return Err(VaultError::NoMasterRecord);
        }
        for (number, check) in &recorded {
            verify_check(master, *number, check)?;
        }
        let current = master.current();
        if let Some(newest) = recorded.iter().map(|(number, _)| *number).max()
            && current < newest
        {
            return Err(VaultError::MasterKeyMissing { number: newest });
        }
        if recorded.iter().all(|(number, _)| *number != current) {
            let key =
                master.derive(current, Purpose::Check).ok_or(VaultError::MasterKeyMissing { number: current })?;
            let check = cipher::wrap(&key, &current.to_be_bytes(), CHECK_TEXT)?;
            write.insert_meta(&master_name(current), current, Some(&check)).await?;
            // Two servers with different keys of one number: the second finds the first one's record.
            for (number, check) in write.masters().await? {
                verify_check(master, number, &check)?;
            }
        }
        write.commit().await
    }
}

fn verify_check(master: &MasterKeys, number: i64, check: &[u8]) -> Result<(), VaultError> {
    let key = master.derive(number, Purpose::Check).ok_or(VaultError::MasterKeyMissing { number })?;
    match cipher::unwrap(&key, &number.to_be_bytes(), check) {
        Ok(text) if text.as_slice() == CHECK_TEXT => Ok(()),
        _ => Err(VaultError::WrongMasterKey { number }),
    }
}
