//! What the database knows of anchor files: that there is one, and how far it got. It proves nothing by itself, for whoever
//! writes the database can write it; it shows that a file was lost, cut or exchanged.

use crate::{
    engine::DbError,
    store::Store,
    value::{ColumnType, Value},
};

/// Properties of this name and a file's first digest hold its last one. Servers of one database may each have a file.
const PREFIX: &str = "anchor_file:";

/// An anchor file, known by its first line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownAnchorFile {
    /// Digest of its first line.
    pub first: [u8; 32],
    /// Digest of the last line that was written when it was last told.
    pub head: [u8; 32],
}

fn digest(text: &str) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(text).ok().map(|hash| *hash.as_bytes())
}

impl Store {
    /// Notes how far an anchor file got.
    pub async fn note_anchor_file(&self, known: KnownAnchorFile) -> Result<(), DbError> {
        let hex = |bytes| blake3::Hash::from_bytes(bytes).to_hex();
        self.set_property(&format!("{PREFIX}{}", hex(known.first)), &hex(known.head)).await
    }

    /// The anchor files that were ever written for this database.
    pub async fn anchor_files(&self) -> Result<Vec<KnownAnchorFile>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT name, value FROM property WHERE name LIKE 'anchor_file:%' ORDER BY name";
        let rows = tx.rows(sql, &[], &[ColumnType::Text, ColumnType::Text]).await?;
        tx.roll_back().await?;
        let known = rows.iter().filter_map(|row| {
            let name = row[0].opt_text()?.strip_prefix(PREFIX)?;
            Some(KnownAnchorFile {
                first: digest(name)?,
                head: row.get(1).and_then(Value::opt_text).and_then(digest)?,
            })
        });
        Ok(known.collect())
    }
}
