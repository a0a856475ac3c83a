//! The log's own group commit: whatever reads are waiting when the last commit finished commit together.

use super::{ACCESS_LOG, ACCESS_LOG_HEAD, BREAK_GLASS, Entry, Unlogged, chain, counts};
use crate::{
    accounts::AccountError,
    engine::{DbError, Tx},
    store::Store,
    value::{ColumnType, Row, Value},
    vault::Entropy,
};
use domain::{
    access::{Action, LimitKind},
    seal::Class,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Why an answer may not leave.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// More reads wait for the log than it writes soon.
    #[error("too many reads are waiting to be logged; ask again in a moment")]
    Busy,
    /// The act was used as often as it may be in its window.
    #[error("the number of uses of this action in its window is spent; wait until the window has passed")]
    LimitReached,
    /// The log cannot be written, so nothing is read.
    #[error("the read could not be logged, so its answer is withheld; ask again: {0}")]
    Unavailable(String),
}

struct Work {
    entry: Entry,
    reply: oneshot::Sender<Result<(), LogError>>,
}

/// Most reads that wait.
const QUEUE: usize = 4_096;
/// Most rows of one commit.
const GROUP: usize = 512;
/// Times a group is tried when the database went away or a lock was lost.
const TRIES: u32 = 5;

/// The log of one database, as one process writes it. Cheap to clone; all clones share one writer.
#[derive(Clone)]
pub struct AccessLog {
    queue: mpsc::Sender<Work>,
}

impl AccessLog {
    /// Opens the log's stream `stream`; servers of one database may share one, and then limits are exact over all of
    /// them. `entropy` makes the key of its hashes where there is none yet.
    pub async fn open(store: Store, stream: i64, entropy: Entropy<'_>) -> Result<Self, AccountError> {
        let keys = store.account_keys(entropy, store.now()).await?;
        let key = keys.key(Class::Request as u8).ok_or(AccountError::Unreadable)?;
        let (queue, receiver) = mpsc::channel(QUEUE);
        let writer = Writer { store, stream, key: Arc::new(*key.bytes()) };
        tokio::spawn(writer.run(receiver));
        Ok(Self { queue })
    }

    /// Gives an answer out, once its read is durable in the log.
    pub async fn release<T>(&self, answer: Unlogged<T>) -> Result<T, LogError> {
        let (content, entry) = answer.parts();
        if let Some(entry) = entry {
            self.record(entry).await?;
        }
        Ok(content)
    }

    /// Writes one read that has no answer of the store behind it: a downloaded file.
    pub async fn record(&self, entry: Entry) -> Result<(), LogError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Work { entry, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LogError::Busy,
            mpsc::error::TrySendError::Closed(_) => LogError::Unavailable("the log's writer stopped".to_owned()),
        })?;
        answer.await.unwrap_or_else(|_| Err(LogError::Unavailable("the log's writer stopped".to_owned())))
    }
}

struct Writer {
    store: Store,
    stream: i64,
    key: Arc<[u8; 32]>,
}

impl Writer {
    async fn run(self, mut receiver: mpsc::Receiver<Work>) {
        let mut works = Vec::new();
        while receiver.recv_many(&mut works, GROUP).await > 0 {
            let answers = self.commit_with_patience(&works).await;
            for (work, answer) in works.drain(..).zip(answers) {
                // A reader that went away does not need its answer; its read is logged all the same.
                let _ = work.reply.send(answer);
            }
        }
    }

    async fn commit_with_patience(&self, works: &[Work]) -> Vec<Result<(), LogError>> {
        let mut tries = 0;
        loop {
            let error = match self.commit(works).await {
                Ok(answers) => return answers,
                Err(error) => error,
            };
            tries += 1;
            if tries >= TRIES || !error.is_transient() {
                tracing::error!(%error, "reads could not be logged: their answers are withheld");
                return vec![Err(LogError::Unavailable(error.to_string())); works.len()];
            }
            tokio::time::sleep(Duration::from_millis(50 << tries)).await;
        }
    }

    async fn commit(&self, works: &[Work]) -> Result<Vec<Result<(), LogError>>, DbError> {
        let mut tx = self.store.db().begin_write().await?;
        let (mut seq, mut hash, last) = lock(&mut tx, self.stream).await?;
        let now = self.store.now().max(last);
        let mut used: BTreeMap<(Uuid, LimitKind), u32> = BTreeMap::new();
        let (mut rows, mut answers) = (Vec::with_capacity(works.len()), Vec::with_capacity(works.len()));
        let mut broken = Vec::new();
        for Work { entry, .. } in works {
            if let Some(limit) = entry.limit {
                let count = match used.entry((entry.account.0, limit.kind)) {
                    std::collections::btree_map::Entry::Occupied(count) => count.into_mut(),
                    std::collections::btree_map::Entry::Vacant(place) => {
                        let before = counts::uses(&mut tx, entry.account.0, now).await?;
                        place.insert(before.of(limit.kind))
                    }
                };
                if *count >= limit.most {
                    answers.push(Err(LogError::LimitReached));
                    continue;
                }
                *count += 1;
            }
            seq += 1;
            let mut row = self.row(seq, now, entry);
            hash = chain::hash_of(&hash, &row).to_vec();
            row.push(hash.clone().into());
            rows.push(row);
            if entry.action == Action::PersonBreakGlass {
                broken.push(self.broken(seq, now, entry));
            }
            answers.push(Ok(()));
        }
        if rows.is_empty() {
            tx.roll_back().await?;
            return Ok(answers);
        }
        tx.insert(&ACCESS_LOG, rows).await?;
        tx.insert(&BREAK_GLASS, broken).await?;
        tx.upsert(&ACCESS_LOG_HEAD, vec![vec![self.stream.into(), seq.into(), hash.into(), now.into()]]).await?;
        tx.commit().await?;
        Ok(answers)
    }

    fn broken(&self, seq: i64, at: i64, entry: &Entry) -> Row {
        vec![
            self.stream.into(),
            seq.into(),
            entry.account.0.into(),
            entry.ids.first().copied().unwrap_or_default().into(),
            at.into(),
            Value::or_null(entry.reason.as_ref()),
            Value::Null,
            Value::Null,
            Value::Null,
        ]
    }

    /// All columns but the hash.
    fn row(&self, seq: i64, at: i64, entry: &Entry) -> Row {
        let ids: Vec<u8> = entry.ids.iter().flat_map(|id| *id.as_bytes()).collect();
        let purposes: Vec<&str> = entry.purposes.iter().map(|purpose| purpose.name()).collect();
        let rules: Vec<&str> = entry.rules.iter().copied().collect();
        vec![
            self.stream.into(),
            seq.into(),
            at.into(),
            entry.account.0.into(),
            Value::or_null(entry.session),
            entry.action.name().into(),
            (&entry.query).into(),
            blake3::keyed_hash(&self.key, entry.question.as_bytes()).as_bytes().to_vec().into(),
            ids.into(),
            (entry.ids.len() as i64).into(),
            if purposes.is_empty() { Value::Null } else { purposes.join(",").into() },
            rules.join(",").into(),
            (entry.action == Action::PersonBreakGlass).into(),
        ]
    }
}

/// Locks the log's stream, beginning it where there is none: number, hash and instant of its last row.
async fn lock(tx: &mut Tx, stream: i64) -> Result<(i64, Vec<u8>, i64), DbError> {
    let begin =
        "INSERT INTO access_log_head (stream, seq, hash, at) VALUES ($1, 0, $2, 0) ON CONFLICT (stream) DO NOTHING";
    tx.execute(begin, &[stream.into(), chain::genesis(stream).into()]).await?;
    let sql = "UPDATE access_log_head SET seq = seq WHERE stream = $1 RETURNING seq, hash, at";
    let types = [ColumnType::Int, ColumnType::Bytes, ColumnType::Int];
    let row = tx.row(sql, &[stream.into()], &types).await?;
    let row = row.ok_or_else(|| DbError::Schema("the access log has no head: run `firebreak verify`".to_owned()))?;
    Ok((row[0].int()?, row[1].bytes()?.to_vec(), row[2].int()?))
}
