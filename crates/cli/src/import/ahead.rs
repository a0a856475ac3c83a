//! A batch before its turn: its rows read, and its look at the register under way on another thread.

use super::found::{self, Sight};
use anyhow::Context as _;
use exchange::{
    RowOutcome, RowStream,
    intake::{Known, Lookup},
};
use store::store::Store;
use tokio::task::JoinHandle;

/// A batch that was read.
pub struct Ahead {
    /// Number of its first row, from 0.
    pub first: u32,
    /// Its rows.
    pub rows: Vec<RowOutcome>,
    /// Its look at the register; none for rows that an earlier run wrote.
    pub look: Option<Look>,
}

impl Ahead {
    /// Reads the next `rows` of a file; `read` is how many were before and are then.
    pub fn read(stream: &mut RowStream, rows: usize, read: &mut u32) -> anyhow::Result<Option<Self>> {
        let (rows, first) = (stream.next_batch(rows)?, *read);
        *read = first.checked_add(u32::try_from(rows.len())?).context("the file has too many rows; split it")?;
        Ok((!rows.is_empty()).then_some(Self { first, rows, look: None }))
    }
}

/// A look at the register under way.
pub struct Look {
    /// Batches before it that were not in the register when it began.
    pub remembered: usize,
    found: JoinHandle<anyhow::Result<Known>>,
}

impl Look {
    /// Begins it.
    pub fn begin(store: Store, sight: Sight, lookup: Lookup, remembered: usize) -> Self {
        let found = tokio::spawn(async move { found::look(&store, &sight, lookup).await });
        Self { remembered, found }
    }

    /// What it found.
    pub async fn found(self) -> anyhow::Result<Known> {
        self.found.await.context("a look at the register broke off")?
    }
}
