//! What records are called in a file: by the ids that another system or this one gave them, or by pseudonyms.

use crate::query::cursor::to_hex;
use domain::noun::person::Identifier;
use uuid::Uuid;

/// Bytes of a pseudonym: two of a million records are alike with a chance of one in 10¹².
const PSEUDONYM: usize = 10;

pub(super) enum Names {
    /// The numbers of a system, by its name; else our own ids.
    Own(String),
    /// A keyed hash of our ids. The same record has the same pseudonym in every file of the outbreak, another in another
    /// outbreak; without the key, which lies in the key store, it leads back to nobody.
    Pseudonyms([u8; 32]),
}

impl Names {
    pub fn pseudonyms(key: &[u8; 32], outbreak: Uuid) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(b"firebreak export pseudonym 1").update(outbreak.as_bytes());
        Self::Pseudonyms(*hasher.finalize().as_bytes())
    }

    pub fn are_pseudonyms(&self) -> bool {
        matches!(self, Self::Pseudonyms(_))
    }

    /// The name of a record known by `identifiers` (the column as stored) where they may be told.
    pub fn of(&self, id: Uuid, identifiers: Option<&str>) -> String {
        match self {
            Self::Own(system) => {
                let all = identified(identifiers);
                let own = all.into_iter().find(|identifier| identifier.kind == *system);
                own.map_or_else(|| id.to_string(), |identifier| identifier.number)
            }
            Self::Pseudonyms(_) => self.pseudonym(id.as_bytes()),
        }
    }

    /// The pseudonym of an id or of words; nothing where names are told.
    pub fn pseudonym(&self, of: &[u8]) -> String {
        let Self::Pseudonyms(key) = self else { return String::new() };
        // A letter in front, so that no spreadsheet takes it for a number.
        format!("p{}", to_hex(&blake3::keyed_hash(key, of).as_bytes()[..PSEUDONYM]))
    }

    /// The person's documents: every identifier but the one that names the record.
    pub fn documents(&self, identifiers: Option<&str>) -> Vec<Identifier> {
        let Self::Own(system) = self else { return Vec::new() };
        let mut all = identified(identifiers);
        if let Some(own) = all.iter().position(|identifier| identifier.kind == *system) {
            all.remove(own);
        }
        all
    }
}

fn identified(identifiers: Option<&str>) -> Vec<Identifier> {
    identifiers.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
