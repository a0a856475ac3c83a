//! One group, one transaction.

use super::{
    devices, load, sealing,
    sealing::SealingError,
    trail::{Head, Trail, Trails},
    unit::Unit,
};
use crate::{
    absent_keys::{self, AbsentKeys},
    engine::{Arg, Bulk, Db, DbError, Tx},
    levels::Levels,
    tables::{CODE_COUNTER, JOURNAL, OUTCOME, STREAM_HEAD},
    value::{ColumnType, Row, Value},
    vault::{PersonKeys, Vault, VaultError},
};
use domain::{
    id::{CommandId, StreamId},
    kernel::{
        Outcome,
        group::{Decided, Facts, Happened, Submission, decide_group, foreseen},
    },
    pack::Shelf,
    refusal::{Answer, Refusal},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Where entropy comes from; `cli` gives one that asks the operating system.
pub type SharedEntropy = Arc<Mutex<Box<dyn FnMut(&mut [u8]) + Send>>>;
/// Milliseconds UTC; `cli` gives the system's clock, an exercise its scenario clock.
pub type SharedClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What one commit wrote, as a measurement sees it.
#[derive(Clone)]
pub struct Written {
    /// Rows and keys of the database.
    pub unit: Unit,
    /// People whose sealing keys the commit needed, made where there were none.
    pub subjects: Vec<Uuid>,
}

/// Takes what each commit writes, for `bench` to write the same rows bare.
pub type Tap = Arc<Mutex<Option<Vec<Written>>>>;

/// What a writer needs.
pub struct Core {
    /// Filled by a measurement only.
    pub tap: Tap,
    /// The database.
    pub db: Db,
    /// The sealing keys.
    pub vault: Arc<Vault>,
    /// The clock.
    pub clock: SharedClock,
    /// Entropy for new keys.
    pub entropy: SharedEntropy,
    /// The protocol packs.
    pub packs: Shelf,
    /// Number of streams; with one, nothing is looked for elsewhere.
    pub streams: AtomicI64,
    /// The key of content hashes, once it was read.
    pub content_key: OnceCell<[u8; 32]>,
    /// Rows in `waiting`, as far as this process knows; while 0, nobody is looked for.
    pub waiting: AtomicI64,
    /// What the last group of each stream left behind.
    pub trails: Trails,
    /// Groups that were decided while the one before was being written.
    pub ahead: AtomicU64,
    /// How far match keys have moved.
    pub levels: Levels,
    /// Match keys that no record has.
    pub absent_keys: AbsentKeys,
}

/// Why a group could not be committed. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Sealing.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// There is no such stream.
    #[error("there is no stream {0}; `firebreak account` and the console list those there are")]
    UnknownStream(StreamId),
    /// A body that has to be kept for later could not be enciphered.
    #[error("a command that has to be kept for later cannot be enciphered; nothing was written, check the key store")]
    Unspoolable,
    /// Facts kept missing: a defect of a noun.
    #[error("a decision kept asking for facts; this is a defect of the program, nothing was written")]
    Endless,
}

/// A committed group.
pub struct Committed {
    /// One answer per submission, in order.
    pub outcomes: Vec<Answered>,
    /// The head after the group.
    pub head: i64,
    /// Ids that came into being; what waits for them can be decided now.
    pub created: Vec<Uuid>,
    /// Reactions for other streams, durable, to be submitted there.
    pub dispatches: Vec<(StreamId, CommandId, Submission)>,
}

/// The answer to one submission.
#[derive(Clone, PartialEq, Debug)]
pub enum Answered {
    /// Decided now, or the stored outcome of an earlier time.
    Outcome(Outcome),
    /// The same id came with other content (409).
    OtherContent,
}

/// Most passes of one group: far more than any chain of facts is long.
const MAX_PASSES: usize = 64;

impl Core {
    /// Begins a write of this stream. Where another server writes it, this is the wait for its turn.
    pub async fn begin(&self, stream: StreamId) -> Result<Locked, GroupError> {
        let mut tx = self.db.begin_write().await?;
        let head = lock(&mut tx, stream).await?;
        Ok(Locked { tx, head })
    }

    /// Decides and commits one group of one stream; `ahead` is believed where it was decided on the head that was locked.
    /// `decided` is told what the group leaves behind as soon as that is known, before anything is written.
    pub async fn commit(
        &self,
        Locked { mut tx, head }: Locked,
        stream: StreamId,
        submissions: &[Submission],
        ahead: Option<Built>,
        decided: impl FnOnce(Arc<Trail>),
    ) -> Result<Committed, GroupError> {
        let built = match ahead.filter(|built| built.before == head) {
            Some(built) => {
                self.ahead.fetch_add(1, Ordering::Relaxed);
                built
            }
            None => {
                let trail = self.trails.last(stream).filter(|trail| trail.head == head);
                self.build(&mut tx, stream, head, submissions, trail.as_deref()).await?
            }
        };
        if let Some(trail) = &built.trail {
            decided(trail.clone());
        }
        self.carry_out(tx, stream, submissions, built).await
    }

    /// Decides a group on what the group before it, not yet written, will leave behind. `None` where it cannot be told
    /// before that one is written.
    pub async fn look_ahead(
        &self,
        stream: StreamId,
        submissions: &[Submission],
        trail: &Trail,
    ) -> Result<Option<Built>, GroupError> {
        if trail.moves || submissions.iter().any(|submission| trail.commands.contains(&submission.envelope.id.0)) {
            return Ok(None);
        }
        let mut tx = self.db.begin_read().await?;
        let built = self.build(&mut tx, stream, trail.head.clone(), submissions, Some(trail)).await?;
        tx.roll_back().await?;
        Ok(Some(built))
    }

    /// Everything of a group but its writing. `tx` is read only.
    async fn build(
        &self,
        tx: &mut Tx,
        stream: StreamId,
        head: Head,
        submissions: &[Submission],
        trail: Option<&Trail>,
    ) -> Result<Built, GroupError> {
        let now = (self.clock)().max(head.at);
        let key = self.content_key(now).await?;
        let contents: Vec<[u8; 32]> = submissions.iter().map(|submission| content(&key, submission)).collect();
        let mut answers: Vec<Option<Answered>> = vec![None; submissions.len()];
        let again = seen(tx, stream, submissions, &contents, &mut answers).await?;
        let (fresh, twice) = once(submissions, &answers);
        if fresh.is_empty() {
            return Ok(Built { outcomes: answered(answers), ..Built::of_nothing(head) });
        }
        let group = match fresh.len() == submissions.len() {
            true => Cow::Borrowed(submissions),
            false => fresh.iter().map(|n| submissions[*n].clone()).collect(),
        };
        let (mut facts, mut decided) = self.decide(tx, stream, now, &group, trail).await?;
        let mut unit = Unit::default();
        tracing::trace!("sealing");
        let kept = self.spool(tx, now, &group, &mut facts, &mut decided, &again, trail, &mut unit).await?;
        let (after, subjects) = self.journal(stream, now, &head, &mut decided, &mut unit).await?;
        tracing::trace!("rows");
        for located in decided.touched.values() {
            unit.change(facts.get(located.id).flatten(), located)?;
        }
        for (outbreak, last) in &decided.codes {
            unit.put(&CODE_COUNTER, vec![stream.0.into(), outbreak.0.into(), (*last).into()]);
        }
        for (outcome, n) in decided.outcomes.iter_mut().zip(&fresh) {
            if let Outcome::Accepted { first_seq, .. } = outcome {
                *first_seq += head.seq + 1;
            }
            unit.put(&OUTCOME, outcome_row(stream, now, &submissions[*n], &contents[*n], outcome));
            answers[*n] = Some(Answered::Outcome(outcome.clone()));
        }
        for (n, first) in twice {
            let same = contents[n] == contents[first];
            answers[n] = if same { answers[first].clone() } else { Some(Answered::OtherContent) };
        }
        unit.put(&STREAM_HEAD, vec![stream.0.into(), after.seq.into(), after.hash.clone().into(), now.into()]);
        unit.sort();
        let dispatches = decided
            .dispatches
            .iter()
            .map(|dispatch| {
                let submission = Submission::caused(dispatch.actor, dispatch.envelope.clone());
                (dispatch.envelope.stream, dispatch.envelope.id, submission)
            })
            .collect();
        let created = decided.touched.values().filter(|located| facts.get(located.id).flatten().is_none());
        Ok(Built {
            before: head,
            at: now,
            created: created.map(|located| located.id).collect(),
            outcomes: answered(answers),
            written: self.watched().then(|| Written { unit: unit.clone(), subjects }),
            match_keys: absent_keys::of_unit(&unit),
            rows: unit.size(),
            statements: unit.statements(tx.engine())?,
            dispatches,
            waiting: kept,
            trail: Some(Arc::new(Trail::new(stream, after, &group, facts, decided, trail))),
        })
    }

    /// Writes a built group and makes it durable.
    async fn carry_out(
        &self,
        mut tx: Tx,
        stream: StreamId,
        submissions: &[Submission],
        built: Built,
    ) -> Result<Committed, GroupError> {
        let Some(trail) = built.trail else {
            tx.roll_back().await?;
            return Ok(Committed {
                outcomes: built.outcomes,
                head: built.before.seq,
                created: vec![],
                dispatches: vec![],
            });
        };
        // What can be told under the lock only.
        let mut late = Unit::default();
        devices::note(&mut tx, stream.0, built.at, submissions, &mut late).await?;
        crate::closure::keep(&mut tx, trail.touched.values(), &mut late).await?;
        if let Some(mut written) = built.written {
            written.unit.join(late.clone());
            self.note_written(written);
        }
        let noted = self.absent_keys.note(stream.0, built.before.seq, trail.head.seq, &built.match_keys);
        tx.run(built.statements).await?;
        late.write(&mut tx).await?;
        self.levels.settle(&mut tx, stream.0, built.match_keys.len()).await?;
        tracing::trace!("to be made durable");
        tx.commit().await?;
        noted.written();
        self.db.note_committed(built.rows);
        self.waiting.fetch_add(built.waiting, Ordering::Relaxed);
        let head = trail.head.seq;
        self.trails.leave(stream, trail);
        Ok(Committed { created: built.created, outcomes: built.outcomes, head, dispatches: built.dispatches })
    }

    async fn decide(
        &self,
        tx: &mut Tx,
        stream: StreamId,
        now: i64,
        group: &[Submission],
        trail: Option<&Trail>,
    ) -> Result<(Facts, Decided), GroupError> {
        let only = self.streams.load(Ordering::Relaxed) == 1;
        let mut facts = Facts { standing: trail.map(Trail::standing).unwrap_or_default(), ..Facts::default() };
        for _ in 0..3 {
            let needs = foreseen(group, &facts);
            if needs == domain::kernel::Needs::default() {
                break;
            }
            load::load(tx, stream, only, &needs, trail, &mut facts).await?;
        }
        for pass in 1..=MAX_PASSES {
            match decide_group(group, stream, now, &facts, &self.packs) {
                Ok(decided) => {
                    tracing::debug!(stream = stream.0, envelopes = group.len(), passes = pass, "decided");
                    return Ok((facts, decided));
                }
                Err(needs) => {
                    tracing::trace!(?needs, "facts to load");
                    load::load(tx, stream, only, &needs, trail, &mut facts).await?;
                }
            }
        }
        Err(GroupError::Endless)
    }

    /// Whether a measurement takes what is written.
    fn watched(&self) -> bool {
        self.tap.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some()
    }

    fn note_written(&self, written: Written) {
        if let Some(list) = self.tap.lock().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut() {
            list.push(written);
        }
    }

    /// Seals the group's events and chains their rows. New sealing keys are durable before this returns.
    async fn journal(
        &self,
        stream: StreamId,
        now: i64,
        head: &Head,
        decided: &mut Decided,
        unit: &mut Unit,
    ) -> Result<(Head, Vec<Uuid>), GroupError> {
        let subjects: BTreeSet<Uuid> = decided.events.iter().filter_map(|happened| happened.subject).collect();
        let subjects: Vec<Uuid> = subjects.into_iter().collect();
        let keys = self.keys(&subjects, now).await?;
        let (mut seq, mut hash) = (head.seq, head.hash.clone());
        for happened in std::mem::take(&mut decided.events) {
            seq += 1;
            let mut row = journal_row(stream, seq, now, happened, &keys)?;
            hash = sealing::chain_hash(&hash, &row).to_vec();
            row.push(Value::Bytes(hash.clone()));
            unit.put(&JOURNAL, row);
        }
        Ok((Head { seq, hash, at: now }, subjects))
    }

    /// Keys of these subjects, made and durable where there were none.
    pub(super) async fn keys(&self, subjects: &[Uuid], now: i64) -> Result<HashMap<Uuid, PersonKeys>, VaultError> {
        let shared = self.entropy.clone();
        let mut entropy = move |buffer: &mut [u8]| {
            // A poisoned lock means a panic elsewhere; the source itself is still sound.
            (shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(buffer);
        };
        self.vault.keys_for(subjects, true, &mut entropy, now).await
    }
}

/// A write begun: nobody else writes the stream until it ends.
pub struct Locked {
    tx: Tx,
    /// The stream's head as it stands under the lock.
    head: Head,
}

/// A group decided, sealed and made into rows, not yet written.
pub struct Built {
    /// The head it was decided on.
    before: Head,
    /// When it was decided, milliseconds UTC.
    at: i64,
    outcomes: Vec<Answered>,
    statements: Vec<Bulk>,
    /// For a measurement only.
    written: Option<Written>,
    /// New match keys.
    match_keys: Vec<i64>,
    /// Rows to put and keys to delete.
    rows: usize,
    created: Vec<Uuid>,
    dispatches: Vec<(StreamId, CommandId, Submission)>,
    /// Change of the number of waiting commands.
    waiting: i64,
    /// What it leaves behind; nothing where every id was answered before.
    trail: Option<Arc<Trail>>,
}

impl Built {
    /// Whether it was decided on the head that was locked; otherwise it is void.
    pub fn stands_on(&self, locked: &Locked) -> bool {
        self.before == locked.head
    }

    fn of_nothing(before: Head) -> Self {
        Self {
            at: before.at,
            before,
            outcomes: Vec::new(),
            statements: Vec::new(),
            written: None,
            match_keys: Vec::new(),
            rows: 0,
            created: Vec::new(),
            dispatches: Vec::new(),
            waiting: 0,
            trail: None,
        }
    }
}

/// The first statement of every write: locks the stream's head, so that numbers have no gaps and several servers may
/// share one database.
async fn lock(tx: &mut Tx, stream: StreamId) -> Result<Head, GroupError> {
    let sql = "UPDATE stream_head SET seq = seq WHERE stream = $1 RETURNING seq, hash, at";
    let types = [ColumnType::Int, ColumnType::Bytes, ColumnType::Int];
    let row = tx.row(sql, &[stream.0.into()], &types).await?.ok_or(GroupError::UnknownStream(stream))?;
    Ok(Head {
        seq: row[0].int().map_err(DbError::from)?,
        hash: row[1].bytes().map_err(DbError::from)?.to_vec(),
        at: row[2].int().map_err(DbError::from)?,
    })
}

/// Hash of what an envelope asks: the same id with another one is refused. Keyed, so that whoever has the database
/// alone cannot try out what a command may have said.
fn content(key: &[u8; 32], submission: &Submission) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"firebreak content 1").update(submission.actor.account.0.as_bytes());
    hasher.update(&submission.envelope.stream.0.to_be_bytes());
    // Serialising a command into memory cannot fail; were it to, all such commands would look alike and be refused.
    hasher.update(&serde_json::to_vec(&submission.envelope.command).unwrap_or_default());
    *hasher.finalize().as_bytes()
}

/// Those not answered yet, each id once; and the places where an id stands again, with the place it stood first.
fn once(submissions: &[Submission], answers: &[Option<Answered>]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut first: BTreeMap<Uuid, usize> = BTreeMap::new();
    let (mut fresh, mut twice) = (Vec::new(), Vec::new());
    for n in (0..submissions.len()).filter(|n| answers[*n].is_none()) {
        match first.entry(submissions[n].envelope.id.0) {
            Entry::Vacant(entry) => {
                entry.insert(n);
                fresh.push(n);
            }
            Entry::Occupied(entry) => twice.push((n, *entry.get())),
        }
    }
    (fresh, twice)
}

/// A refusal as an outcome keeps it.
pub(crate) fn refusal(text: &str) -> Result<Refusal, DbError> {
    serde_json::from_str(text)
        .map_err(|_| DbError::Schema("a stored outcome cannot be read: run `firebreak verify`".to_owned()))
}

/// Answers what was answered before. Returns the ids of waiting ones, which are decided anew.
async fn seen(
    tx: &mut Tx,
    stream: StreamId,
    submissions: &[Submission],
    contents: &[[u8; 32]],
    answers: &mut [Option<Answered>],
) -> Result<BTreeSet<Uuid>, DbError> {
    let ids: Vec<Uuid> = submissions.iter().map(|submission| submission.envelope.id.0).collect();
    let sql =
        "SELECT command_id, content, first_seq, events, refusal FROM outcome WHERE stream = $1 AND command_id IN {2}";
    let types = [ColumnType::Uuid, ColumnType::Bytes, ColumnType::Int, ColumnType::Int, ColumnType::Text];
    let mut stored: BTreeMap<Uuid, (Vec<u8>, Outcome)> = BTreeMap::new();
    for row in tx.rows(sql, &[stream.0.into(), Arg::Uuids(ids)], &types).await? {
        let outcome = match row[4].opt_text() {
            Some(text) => Outcome::Declined(refusal(text)?),
            None => Outcome::Accepted { first_seq: row[2].int()?, events: row[3].int()? },
        };
        stored.insert(row[0].uuid()?, (row[1].bytes()?.to_vec(), outcome));
    }
    let mut again = BTreeSet::new();
    for ((submission, content), answer) in submissions.iter().zip(contents).zip(answers.iter_mut()) {
        let id = submission.envelope.id.0;
        match stored.get(&id) {
            // An erasure takes the hash away; then the id alone tells.
            Some((stood, _)) if !stood.is_empty() && stood != content => *answer = Some(Answered::OtherContent),
            Some((_, Outcome::Declined(refusal))) if refusal.answer == Answer::Waiting => {
                again.insert(id);
            }
            Some((_, outcome)) => *answer = Some(Answered::Outcome(outcome.clone())),
            None => {}
        }
    }
    Ok(again)
}

fn outcome_row(stream: StreamId, now: i64, submission: &Submission, content: &[u8; 32], outcome: &Outcome) -> Row {
    let (first_seq, events, refusal) = match outcome {
        Outcome::Accepted { first_seq, events } => (Value::Int(*first_seq), Value::Int(*events), Value::Null),
        Outcome::Declined(refusal) => {
            (Value::Null, Value::Null, serde_json::to_string(refusal).map_or(Value::Null, Value::Text))
        }
    };
    vec![
        stream.0.into(),
        submission.envelope.id.0.into(),
        content.to_vec().into(),
        now.into(),
        submission.actor.account.0.into(),
        first_seq,
        events,
        refusal,
    ]
}

/// All columns of a journal row but its hash.
fn journal_row(
    stream: StreamId,
    seq: i64,
    now: i64,
    happened: Happened,
    keys: &HashMap<Uuid, PersonKeys>,
) -> Result<Row, SealingError> {
    let mut event = happened.event;
    sealing::seal(&mut event, happened.command_id.0, happened.n, now, happened.subject, keys)?;
    let body = event.encode().map_err(|error| SealingError::Unwritable(event.kind(), error))?;
    Ok(vec![
        stream.0.into(),
        seq.into(),
        happened.command_id.0.into(),
        happened.n.into(),
        happened.aggregate_id.into(),
        happened.aggregate_version.into(),
        now.into(),
        Value::or_null(happened.device_time),
        happened.actor.0.into(),
        Value::or_null(happened.cause),
        Value::or_null(happened.subject),
        body.kind.into(),
        body.version.into(),
        body.payload.into(),
    ])
}

fn answered(answers: Vec<Option<Answered>>) -> Vec<Answered> {
    // Every submission was either seen before or decided now.
    answers.into_iter().map(|answer| answer.unwrap_or(Answered::OtherContent)).collect()
}
