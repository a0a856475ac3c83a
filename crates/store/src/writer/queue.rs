//! Group commit: whatever is queued when the last commit finished commits together; no timer (DESIGN §3).

use super::{
    commit::{Answered, Built, Committed, Core, GroupError, Locked},
    trail::Trail,
};
use crate::engine::Engine;
use domain::{
    id::StreamId,
    kernel::{Outcome, group::Submission},
};
use futures_util::FutureExt as _;
use std::{
    collections::{BTreeMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, OnceLock},
};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

/// Why a submission has no outcome. Nothing of it was done, and it may be sent again under the same id.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubmitError {
    /// The same id came with other content.
    #[error("this command id was used for another command; make a new id for a new command")]
    OtherContent,
    /// More is queued than can be written soon.
    #[error("too many commands are waiting to be written; send this again in a moment")]
    Busy,
    /// The database is away.
    #[error("the database cannot be reached; send this again, nothing was done: {0}")]
    Unavailable(String),
    /// The disk is full.
    #[error("the disk of the database is full; reading goes on, writing goes on as soon as there is room")]
    DiskFull,
    /// The disk did not keep a write; the writer stopped.
    #[error("the disk reported that a write was not kept; writing has stopped, restart after checking the disk: {0}")]
    SyncFailed(String),
    /// It is addressed to a command post that there is not.
    #[error("there is no command post number {}; `firebreak account stream list` shows those there are", .0.0)]
    NoSuchStream(StreamId),
    /// A defect or damage.
    #[error("the command could not be written: {0}")]
    Failed(String),
}

/// One queued batch of one stream.
struct Work {
    submissions: Vec<Submission>,
    reply: Reply,
    _room: tokio::sync::OwnedSemaphorePermit,
}

type Reply = oneshot::Sender<Vec<Result<Outcome, SubmitError>>>;

/// Most envelopes of one commit.
const GROUP: usize = 2_000;
/// Most envelopes queued before new ones are turned away.
const QUEUE: usize = 40_000;
/// Envelopes from which a batch is decided while the one before is being written; fewer are better left to gather.
const AHEAD: usize = 256;
/// Times a group is tried again when the database went away or a lock was lost.
const TRIES: u32 = 5;

/// The door of the write path. Cheap to clone.
#[derive(Clone)]
pub struct Submitter {
    core: Arc<Core>,
    room: Arc<Semaphore>,
    lanes: Arc<Mutex<BTreeMap<i64, mpsc::UnboundedSender<(StreamId, Work)>>>>,
    heads: Arc<watch::Sender<BTreeMap<i64, i64>>>,
    /// Told of groups, where somebody is.
    observer: Arc<OnceLock<Arc<dyn Observer>>>,
}

/// Told of each group that was committed: for figures. The store has no clock for durations of its own.
pub trait Observer: Send + Sync {
    /// A group goes to the database; what comes back is given to [`Observer::committed`].
    fn began(&self) -> u64;
    /// A group of so many envelopes is durable.
    fn committed(&self, envelopes: usize, began: u64);
}

impl Submitter {
    /// A door for this core.
    pub fn new(core: Arc<Core>) -> Self {
        Self {
            core,
            room: Arc::new(Semaphore::new(QUEUE)),
            lanes: Arc::default(),
            heads: Arc::new(watch::Sender::new(BTreeMap::new())),
            observer: Arc::default(),
        }
    }

    /// Sets who is told of groups, once for the life of the store.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        let _ = self.observer.set(observer);
    }

    /// Heads of streams as this process commits them; wakes live feeds at once.
    pub fn heads(&self) -> watch::Receiver<BTreeMap<i64, i64>> {
        self.heads.subscribe()
    }

    /// How many groups of this process were decided while the one before was being written.
    pub fn decided_ahead(&self) -> u64 {
        self.core.ahead.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Submits envelopes and answers each, in order, after they are durable. Envelopes of one stream are decided in the
    /// order given, and those of one call before those of a later one: they are queued before this returns.
    pub fn submit(
        &self,
        submissions: Vec<Submission>,
    ) -> impl Future<Output = Vec<Result<Outcome, SubmitError>>> + Send + use<> {
        let mut by_stream: BTreeMap<StreamId, Vec<usize>> = BTreeMap::new();
        for (n, submission) in submissions.iter().enumerate() {
            by_stream.entry(submission.envelope.stream).or_default().push(n);
        }
        let mut answers: Vec<Result<Outcome, SubmitError>> = vec![Err(SubmitError::Busy); submissions.len()];
        let mut slots: Vec<Option<Submission>> = submissions.into_iter().map(Some).collect();
        let mut pending = Vec::new();
        for (stream, places) in by_stream {
            let part: Vec<Submission> = places.iter().filter_map(|n| slots[*n].take()).collect();
            if let Some(reply) = self.enqueue(stream, part) {
                pending.push((places, reply));
            }
        }
        async move {
            for (places, reply) in pending {
                let gone = || SubmitError::Unavailable("the writer stopped".to_owned());
                let outcomes = reply.await.unwrap_or_else(|_| vec![Err(gone()); places.len()]);
                for (n, outcome) in places.into_iter().zip(outcomes) {
                    answers[n] = outcome;
                }
            }
            answers
        }
    }

    fn enqueue(
        &self,
        stream: StreamId,
        submissions: Vec<Submission>,
    ) -> Option<oneshot::Receiver<Vec<Result<Outcome, SubmitError>>>> {
        let size = u32::try_from(submissions.len().clamp(1, QUEUE)).ok()?;
        let room = self.room.clone().try_acquire_many_owned(size).ok()?;
        let (reply, answer) = oneshot::channel();
        self.lane(stream).send((stream, Work { submissions, reply, _room: room })).ok()?;
        Some(answer)
    }

    /// One writer for a SQLite file; one per stream on PostgreSQL, and one for all numbers that this process knows of no
    /// stream for, so that whoever makes numbers up makes no lanes.
    fn lane(&self, stream: StreamId) -> mpsc::UnboundedSender<(StreamId, Work)> {
        let known = 1..=self.core.streams.load(std::sync::atomic::Ordering::Relaxed);
        let own = self.core.db.engine() == Engine::Postgres && known.contains(&stream.0);
        let lane = if own { stream.0 } else { 0 };
        let mut lanes = self.lanes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lanes
            .entry(lane)
            .or_insert_with(|| {
                let (sender, receiver) = mpsc::unbounded_channel();
                tokio::spawn(write(self.clone(), receiver));
                sender
            })
            .clone()
    }
}

/// A write that was begun for a batch, or why it could not be.
struct Begun {
    locked: Result<Locked, GroupError>,
    /// What the observer said.
    began: Option<u64>,
}

/// What is queued for one lane.
struct Queue {
    receiver: mpsc::UnboundedReceiver<(StreamId, Work)>,
    queued: VecDeque<(StreamId, Work)>,
    size: usize,
}

/// The works of one stream that are committed together.
struct Batch {
    stream: StreamId,
    group: Vec<Submission>,
    replies: Vec<(usize, Reply, tokio::sync::OwnedSemaphorePermit)>,
    /// Decided already, while the batch before was being written.
    ahead: Option<Built>,
}

impl Queue {
    fn take_in(&mut self, (stream, work): (StreamId, Work)) {
        self.size += work.submissions.len();
        self.queued.push_back((stream, work));
    }

    /// Waits until at least so many envelopes are queued; false where no more will come. Nothing is lost when it is
    /// given up half-way.
    async fn holds(&mut self, envelopes: usize) -> bool {
        while self.size < envelopes || self.queued.is_empty() {
            match self.receiver.recv().await {
                Some(work) => self.take_in(work),
                None => return false,
            }
        }
        true
    }

    /// What is queued for the stream that has waited longest.
    fn batch(&mut self) -> Option<Batch> {
        while let Ok(work) = self.receiver.try_recv() {
            self.take_in(work);
        }
        let stream = self.queued.front()?.0;
        let mut batch = Batch { stream, group: Vec::new(), replies: Vec::new(), ahead: None };
        self.fill(&mut batch);
        Some(batch)
    }

    /// Adds what is queued for the batch's stream, in order, as far as it fits.
    fn fill(&mut self, batch: &mut Batch) {
        while let Ok(work) = self.receiver.try_recv() {
            self.take_in(work);
        }
        let mut rest = VecDeque::with_capacity(self.queued.len());
        let mut full = false;
        for (other, work) in self.queued.drain(..) {
            let fits = batch.group.is_empty() || batch.group.len() + work.submissions.len() <= GROUP;
            full |= other == batch.stream && !fits;
            if other == batch.stream && !full {
                self.size -= work.submissions.len();
                batch.replies.push((work.submissions.len(), work.reply, work._room));
                batch.group.extend(work.submissions);
            } else {
                rest.push_back((other, work));
            }
        }
        self.queued = rest;
    }
}

/// One lane: while a batch is being written, the next is decided on what it leaves behind.
async fn write(door: Submitter, receiver: mpsc::UnboundedReceiver<(StreamId, Work)>) {
    let mut queue = Queue { receiver, queued: VecDeque::new(), size: 0 };
    let mut stopped: Option<SubmitError> = None;
    let mut next: Option<Batch> = None;
    loop {
        if next.is_none() && !queue.holds(1).await && queue.queued.is_empty() {
            return;
        }
        let Some(mut batch) = next.take().or_else(|| queue.batch()) else { continue };
        if let Some(error) = &stopped {
            let refused = vec![Err(error.clone()); batch.group.len()];
            batch.answer(refused);
            continue;
        }
        let stream = batch.stream;
        // A batch whose beginning broke off is dropped, which answers it as one whose writing broke off.
        let Some(begun) = unbroken(door.begin(stream)).await else { continue };
        if let Ok(locked) = &begun.locked {
            batch.ahead = batch.ahead.filter(|ahead| ahead.stands_on(locked));
            if batch.ahead.is_none() {
                // What came while another server wrote goes along: with two on one stream the groups are as large as with one.
                queue.fill(&mut batch);
            }
        }
        let (leave, left) = oneshot::channel();
        let mut writing = tokio::spawn(door.clone().commit_batch(batch, begun, leave));
        let trail = tokio::select! {
            trail = left => trail.ok(),
            ended = &mut writing => {
                stopped = ended.unwrap_or_else(broken_off);
                continue;
            }
        };
        let more = tokio::select! {
            biased;
            ended = &mut writing => {
                stopped = ended.unwrap_or_else(broken_off);
                continue;
            }
            more = queue.holds(AHEAD) => more,
        };
        if more {
            next = queue.batch();
        }
        if let (Some(next), Some(trail)) = (&mut next, trail)
            && next.stream == stream
        {
            // Where it cannot be decided ahead, it is decided after.
            tracing::trace!(envelopes = next.group.len(), "deciding ahead");
            let ahead = unbroken(door.core.look_ahead(stream, &next.group, &trail)).await;
            next.ahead = ahead.and_then(Result::ok).flatten();
            tracing::trace!(ahead = next.ahead.is_some(), "decided ahead");
        }
        stopped = writing.await.unwrap_or_else(broken_off);
    }
}

/// A batch whose writing broke off was rolled back, and its callers were told; the lane goes on.
fn broken_off(error: tokio::task::JoinError) -> Option<SubmitError> {
    // The words of a panic may quote a value, so they are not logged.
    tracing::error!(panicked = error.is_panic(), "a batch broke off; nothing of it was written");
    None
}

/// What the lane does itself, without ending by a panic in it: everybody who sends commands waits on the lane. Whatever
/// was begun is dropped and so rolled back; nothing of the lane's own is left half changed.
async fn unbroken<T>(work: impl Future<Output = T>) -> Option<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await.ok();
    if done.is_none() {
        // The words of a panic may quote a value, so they are not logged.
        tracing::error!("a batch broke off before it was written; nothing of it was written");
    }
    done
}

impl Batch {
    fn answer(self, answers: Vec<Result<Outcome, SubmitError>>) {
        let mut answers = answers.into_iter();
        for (length, reply, room) in self.replies {
            // A caller that went away does not need its answer; the outcome is stored.
            let _ = reply.send(answers.by_ref().take(length).collect());
            drop(room);
        }
    }
}

impl Submitter {
    async fn begin(&self, stream: StreamId) -> Begun {
        Begun { began: self.observer.get().map(|observer| observer.began()), locked: self.core.begin(stream).await }
    }

    /// Commits a batch and answers it. An error after which nothing may be written any more comes back.
    async fn commit_batch(
        self,
        mut batch: Batch,
        begun: Begun,
        leave: oneshot::Sender<Arc<Trail>>,
    ) -> Option<SubmitError> {
        let (group, ahead) = (std::mem::take(&mut batch.group), batch.ahead.take());
        tracing::trace!(envelopes = group.len(), ahead = ahead.is_some(), "writing");
        let answers = self.commit_or_bisect(batch.stream, group, begun, ahead, leave).await;
        let fatal = answers.iter().find_map(|answer| match answer {
            Err(error @ SubmitError::SyncFailed(_)) => Some(error.clone()),
            _ => None,
        });
        tracing::trace!("written");
        batch.answer(answers);
        fatal
    }

    /// Commits a group; one that fails is halved until the offending envelope alone gets the error.
    async fn commit_or_bisect(
        &self,
        stream: StreamId,
        group: Vec<Submission>,
        begun: Begun,
        mut ahead: Option<Built>,
        leave: oneshot::Sender<Arc<Trail>>,
    ) -> Vec<Result<Outcome, SubmitError>> {
        let mut begun = Some(begun);
        let mut answers = Vec::with_capacity(group.len());
        let mut parts = VecDeque::from([group]);
        let mut leave = Some(leave);
        while let Some(part) = parts.pop_front() {
            match self.commit_with_patience(stream, &part, begun.take(), ahead.take(), &mut leave).await {
                Ok(committed) => {
                    answers.extend(committed.outcomes.iter().map(|answer| match answer {
                        Answered::Outcome(outcome) => Ok(outcome.clone()),
                        Answered::OtherContent => Err(SubmitError::OtherContent),
                    }));
                    self.after(stream, committed);
                }
                Err(SubmitError::Failed(_)) if part.len() > 1 => {
                    // The engine's own words may quote a value, so they are not logged.
                    tracing::warn!(stream = stream.0, size = part.len(), "group halved");
                    let mut left = part;
                    let right = left.split_off(left.len() / 2);
                    parts.push_front(right);
                    parts.push_front(left);
                }
                Err(error) => answers.extend(vec![Err(error); part.len()]),
            }
        }
        answers
    }

    /// Tries again where the database went away: what was committed although its answer was lost is found by its ids.
    async fn commit_with_patience(
        &self,
        stream: StreamId,
        part: &[Submission],
        mut begun: Option<Begun>,
        mut ahead: Option<Built>,
        leave: &mut Option<oneshot::Sender<Arc<Trail>>>,
    ) -> Result<Committed, SubmitError> {
        let mut tries = 0;
        loop {
            // Whoever looks ahead may be gone; a trail that comes to nothing makes what was decided on it void.
            let decided = |trail| {
                let _ = leave.take().map(|leave| leave.send(trail));
            };
            let Begun { locked, began } = match begun.take() {
                Some(begun) => begun,
                None => self.begin(stream).await,
            };
            let committed = match locked {
                Ok(locked) => self.core.commit(locked, stream, part, ahead.take(), decided).await,
                Err(error) => Err(error),
            };
            let error = match committed {
                Ok(committed) => {
                    if let (Some(observer), Some(began)) = (self.observer.get(), began) {
                        observer.committed(part.len(), began);
                    }
                    return Ok(committed);
                }
                Err(error) => error,
            };
            let GroupError::Db(db) = &error else {
                return Err(match &error {
                    GroupError::Vault(_) => SubmitError::Unavailable(error.to_string()),
                    GroupError::UnknownStream(stream) => SubmitError::NoSuchStream(*stream),
                    _ => SubmitError::Failed(error.to_string()),
                });
            };
            if db.is_sync_failure() {
                tracing::error!(%error, "a write was not kept: the writer stops");
                return Err(SubmitError::SyncFailed(error.to_string()));
            }
            if db.is_disk_full() {
                return Err(SubmitError::DiskFull);
            }
            if !db.is_transient() {
                return Err(SubmitError::Failed(error.to_string()));
            }
            tries += 1;
            if tries >= TRIES || db.has_waited() {
                return Err(SubmitError::Unavailable(error.to_string()));
            }
            tokio::time::sleep(std::time::Duration::from_millis(50 << tries)).await;
        }
    }

    /// What follows a commit: live feeds wake, dispatches go out, waiting commands are decided.
    fn after(&self, stream: StreamId, committed: Committed) {
        self.heads.send_modify(|heads| {
            heads.insert(stream.0, committed.head);
        });
        if !committed.dispatches.is_empty() {
            let door = self.clone();
            tokio::spawn(async move {
                for (_, _, submission) in &committed.dispatches {
                    door.deliver(stream, submission.clone()).await;
                }
            });
        }
        if !committed.created.is_empty() && self.core.waiting.load(std::sync::atomic::Ordering::Relaxed) > 0 {
            let (door, created) = (self.clone(), committed.created);
            tokio::spawn(async move { door.wake(created).await });
        }
    }

    /// Submits a dispatched reaction to its stream and notes the answer.
    async fn deliver(&self, from: StreamId, submission: Submission) {
        let id = submission.envelope.id;
        let answer = self.submit(vec![submission]).await.into_iter().next();
        let Some(Ok(outcome)) = answer else { return };
        if let Err(error) = self.core.note_answer(from, id, &outcome).await {
            tracing::warn!(%error, "a dispatch's answer was not noted; it is asked again at the next start");
        }
    }

    /// Delivers every dispatch that has no answer yet: after a start, and on a timer of the server.
    pub async fn deliver_unanswered(&self) -> Result<usize, SubmitError> {
        let due = self.core.unanswered().await.map_err(|error| SubmitError::Unavailable(error.to_string()))?;
        let count = due.len();
        for (from, submission) in due {
            self.deliver(from, submission).await;
        }
        Ok(count)
    }

    /// Decides what waited for these ids.
    async fn wake(&self, created: Vec<uuid::Uuid>) {
        match self.core.waiting_for(created).await {
            Ok(woken) if !woken.is_empty() => {
                self.submit(woken).await;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "waiting commands were not looked up; the next commit tries again"),
        }
    }
}
