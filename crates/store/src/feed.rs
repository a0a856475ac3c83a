//! The live feed: the journal, told to each listener as far as the listener may know of it. Messages carry kinds, ids
//! and versions, never a field (DESIGN §4).
//!
//! A cursor says how far each stream was told, and of which database; another server goes on from it.

use crate::{
    engine::DbError,
    query::{
        cursor::{from_hex, to_hex},
        known,
    },
    store::Store,
    value::ColumnType,
};
use domain::access::{Actor, Noun};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::watch;
use uuid::Uuid;

/// Something happened to a record that the listener may read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Message {
    /// The stream.
    pub stream: i64,
    /// The entry.
    pub seq: i64,
    /// The kind of the event.
    pub kind: String,
    /// The record.
    pub id: Uuid,
    /// The record's version after it.
    pub version: i64,
    /// When, milliseconds UTC.
    pub at: i64,
}

/// What a listener gets next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Messages, maybe none, and the cursor after them.
    Messages(Vec<Message>, String),
    /// The cursor is of another database or too far behind: load anew, and go on from this one.
    Resync(String),
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Position {
    epoch: Uuid,
    told: BTreeMap<i64, i64>,
}

impl Position {
    fn write(&self) -> String {
        to_hex(&postcard::to_allocvec(self).unwrap_or_default())
    }

    fn read(text: &str) -> Option<Self> {
        from_hex(text).and_then(|bytes| postcard::from_bytes(&bytes).ok())
    }
}

/// Most entries that a listener may be behind before it loads anew. [P]
const FARTHEST: i64 = 100_000;
/// How often other servers' commits are looked for.
const POLL: Duration = Duration::from_secs(1);
const ENTRIES: &str = "SELECT stream, seq, kind, aggregate_id, aggregate_version, at FROM journal \
     WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const ENTRY_TYPES: [ColumnType; 6] =
    [ColumnType::Int, ColumnType::Int, ColumnType::Text, ColumnType::Uuid, ColumnType::Int, ColumnType::Int];

async fn heads(tx: &mut crate::engine::Tx) -> Result<BTreeMap<i64, i64>, DbError> {
    let rows = tx.rows("SELECT stream, seq FROM stream_head", &[], &[ColumnType::Int, ColumnType::Int]).await?;
    rows.iter().map(|row| Ok((row[0].int()?, row[1].int()?))).collect()
}

/// Heads of all streams, of whichever server: one poller per process, however many listen.
#[derive(Clone)]
pub struct Feed {
    store: Store,
    heads: watch::Receiver<BTreeMap<i64, i64>>,
}

impl Feed {
    /// Begins to look for commits: this process's at once, those of other servers every second. Ends when the last
    /// clone is dropped.
    pub fn open(store: Store) -> Self {
        let (sender, heads) = watch::channel(BTreeMap::new());
        tokio::spawn(follow(store.clone(), sender));
        Self { store, heads }
    }

    /// The cursor that says: from now on.
    pub async fn now(&self) -> Result<String, DbError> {
        let mut tx = self.store.read().await?;
        let told = heads(&mut tx).await?;
        tx.roll_back().await?;
        Ok(Position { epoch: self.store.epoch(), told }.write())
    }

    /// Messages after a cursor, of at most `limit` entries (1–1,000), without waiting.
    pub async fn after(&self, actor: &Actor, cursor: &str, limit: usize) -> Result<Heard, DbError> {
        let mut tx = self.store.read().await?;
        let heads = heads(&mut tx).await?;
        let resync = || Heard::Resync(Position { epoch: self.store.epoch(), told: heads.clone() }.write());
        let Some(mut position) = Position::read(cursor).filter(|position| position.epoch == self.store.epoch())
        else {
            return Ok(resync());
        };
        // A stream made since is told from its beginning; one that is behind its cursor is of another past.
        let told = |stream: &i64| position.told.get(stream).copied().unwrap_or(0);
        let behind: i64 = heads.iter().map(|(stream, head)| (head - told(stream)).max(0)).sum();
        let ahead = position.told.iter().any(|(stream, seq)| heads.get(stream).is_none_or(|head| seq > head));
        if behind > FARTHEST || ahead {
            return Ok(resync());
        }
        let mut rows = Vec::new();
        let limit = limit.clamp(1, 1_000);
        for (stream, head) in &heads {
            let from = position.told.get(stream).copied().unwrap_or(0);
            let room = limit - rows.len();
            if from >= *head || room == 0 {
                continue;
            }
            let found =
                tx.rows(ENTRIES, &[(*stream).into(), from.into(), (room as i64).into()], &ENTRY_TYPES).await?;
            let last = found.last().and_then(|row| row[1].opt_int()).unwrap_or(from);
            position.told.insert(*stream, last);
            rows.extend(found);
        }
        let mut ids: Vec<Uuid> = rows.iter().filter_map(|row| row[3].opt_uuid()).collect();
        ids.sort_unstable();
        ids.dedup();
        let known = known(&mut tx, &ids).await?;
        tx.roll_back().await?;
        let readable = |id: Uuid| {
            let noun = known.located(id).and_then(|located| Noun::from_name(located.aggregate.kind().name()));
            let read = noun.and_then(Noun::read_action);
            read.is_some_and(|read| known.judge(actor, read, id).allowed)
        };
        let mut messages = Vec::new();
        for row in &rows {
            let id = row[3].uuid()?;
            if readable(id) {
                messages.push(Message {
                    stream: row[0].int()?,
                    seq: row[1].int()?,
                    kind: row[2].text()?.to_owned(),
                    id,
                    version: row[4].int()?,
                    at: row[5].int()?,
                });
            }
        }
        Ok(Heard::Messages(messages, position.write()))
    }

    /// Returns when there may be something after the cursor; the caller asks for the actor's rights anew before
    /// [`Feed::after`]. Returns at once for a cursor that cannot be read.
    pub async fn wait(&self, cursor: &str) {
        let Some(position) = Position::read(cursor) else { return };
        let mut heads = self.heads.clone();
        let news = |heads: &BTreeMap<i64, i64>| {
            heads.iter().any(|(stream, head)| position.told.get(stream).copied().unwrap_or(0) < *head)
        };
        // An error means that the poller ended, and the store with it.
        let _ = heads.wait_for(news).await;
    }
}

/// Keeps the heads up to date until nobody listens.
async fn follow(store: Store, sender: watch::Sender<BTreeMap<i64, i64>>) {
    let mut own = store.door().heads();
    loop {
        let read = async {
            let mut tx = store.read().await?;
            let heads = heads(&mut tx).await?;
            tx.roll_back().await?;
            Ok::<_, DbError>(heads)
        };
        match read.await {
            Ok(found) => {
                sender.send_if_modified(|heads| {
                    let changed = *heads != found;
                    *heads = found;
                    changed
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the heads of the streams were not read; they are read again in a second")
            }
        }
        tokio::select! {
            () = sender.closed() => return,
            changed = own.changed() => if changed.is_err() { tokio::time::sleep(POLL).await },
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
