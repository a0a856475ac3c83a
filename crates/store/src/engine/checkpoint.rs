//! SQLite's log written back into its file while the writer goes on. Left to the writer alone, each round of the log costs
//! it a pause in which nobody is answered; what is written back beside it is not left to that pause.

use sqlx::SqlitePool;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Rows and keys written between two rounds.
const AFTER: usize = 8_000;

/// Writes the log back from time to time, on a connection of its own.
#[derive(Clone, Debug)]
pub struct Checkpointer(Arc<State>);

#[derive(Debug)]
struct State {
    pool: SqlitePool,
    written: AtomicUsize,
    busy: AtomicBool,
}

impl Checkpointer {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self(Arc::new(State { pool, written: AtomicUsize::new(0), busy: AtomicBool::new(false) }))
    }

    /// Notes so many rows just committed; begins a round where enough have gathered and none is under way. A round that
    /// fails leaves its work to the next one or to the writer, who says what is wrong with the disk.
    pub(super) fn note(&self, rows: usize) {
        let gathered = self.0.written.fetch_add(rows, Ordering::Relaxed) + rows;
        if gathered < AFTER || self.0.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        self.0.written.store(0, Ordering::Relaxed);
        let state = self.0.clone();
        tokio::spawn(async move {
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&state.pool).await {
                tracing::debug!(%error, "the log was not written back");
            }
            state.busy.store(false, Ordering::Release);
        });
    }

    pub(super) async fn close(&self) {
        self.0.pool.close().await;
    }
}
