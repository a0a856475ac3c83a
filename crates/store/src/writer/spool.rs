//! Bodies of commands that cannot be done yet: waiting, in conflict, or for another stream. They may hold personal
//! values, so they lie enciphered, and never in clear.
//!
//! A body is enciphered under the keys of everybody it may speak of together: the people it names, the people whose
//! records it names, and every id not known yet. Once the keys of one of them are destroyed, no copy of it can be read
//! by anybody (DESIGN §13.14).

use super::{Unit, commit::GroupError, load, trail::Trail};
use crate::{
    cipher::{self, ClassKey, FieldPlace},
    engine::{Arg, DbError, Tx},
    tables::{CONFLICT, DISPATCH, SPOOL_SUBJECT, WAITING},
    value::{ColumnType, Row, Value},
    vault::PersonKeys,
};
use domain::{
    id::{AccountId, CommandId, StreamId},
    kernel::{
        Actor, Command, Envelope, Needs, Outcome,
        group::{Decided, Facts, Submission},
    },
    refusal::{Answer, Refusal},
    seal::Class,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::atomic::Ordering,
};
use uuid::Uuid;

/// The vault's row of the spool itself: no person. It seals what speaks of nobody, and keys the hashes of contents.
const SPOOL: Uuid = Uuid::from_u128(0xf19e_b4ea_0000_8000_8000_0000_0000_0001);

/// Whom a body may speak of, ascending.
type Subjects = BTreeSet<Uuid>;

fn place(envelope: Uuid, at: i64) -> FieldPlace {
    // The same body may be spooled again later; the instant keeps the nonce apart.
    FieldPlace { event: domain::kernel::event_id(envelope, -1, at), n: 0, field: 0, class: Class::FreeText as u8 }
}

/// One key out of all keys of the subjects; `None` where one of them is destroyed.
fn key(subjects: &Subjects, keys: &HashMap<Uuid, PersonKeys>) -> Option<ClassKey> {
    let mut hasher = blake3::Hasher::new_derive_key("firebreak 2026 spooled body 1");
    let alone = BTreeSet::from([SPOOL]);
    for subject in if subjects.is_empty() { &alone } else { subjects } {
        hasher.update(subject.as_bytes());
        for class in Class::ALL {
            hasher.update(keys.get(subject)?.key(class as u8)?.bytes());
        }
    }
    Some(ClassKey::from_bytes(hasher.finalize().as_bytes()))
}

/// Every id in a command, wherever it stands.
fn ids_in(command: &Command) -> Result<BTreeSet<Uuid>, GroupError> {
    fn walk(value: &serde_json::Value, ids: &mut BTreeSet<Uuid>) {
        match value {
            serde_json::Value::String(text) => ids.extend(Uuid::try_parse(text)),
            serde_json::Value::Array(list) => list.iter().for_each(|value| walk(value, ids)),
            serde_json::Value::Object(map) => map.values().for_each(|value| walk(value, ids)),
            _ => {}
        }
    }
    let mut ids = BTreeSet::new();
    walk(&serde_json::to_value(command).map_err(|_| GroupError::Unspoolable)?, &mut ids);
    Ok(ids)
}

/// Whom a command may speak of. Moves and erasures hold no values, and must reach whom they are about.
fn subjects(command: &Command, facts: &Facts, decided: &Decided) -> Result<Subjects, GroupError> {
    if matches!(command, Command::Upkeep(_)) {
        return Ok(Subjects::new());
    }
    let of = |id: Uuid| match decided.touched.get(&id).or_else(|| facts.get(id).flatten()) {
        Some(known) => known.aggregate.about().subject.map(|person| person.0),
        None => Some(id),
    };
    Ok(ids_in(command)?.into_iter().filter_map(of).collect())
}

fn seal(
    subjects: &Subjects,
    keys: &HashMap<Uuid, PersonKeys>,
    envelope: &Envelope,
    at: i64,
) -> Result<Option<Vec<u8>>, GroupError> {
    let Some(key) = key(subjects, keys) else { return Ok(None) };
    let body = serde_json::to_vec(envelope).map_err(|_| GroupError::Unspoolable)?;
    cipher::seal(&key, &place(envelope.id.0, at), &body).map(Some).map_err(|_| GroupError::Unspoolable)
}

impl super::Core {
    /// The key of content hashes: from the vault, so that it lies outside the database.
    pub(super) async fn content_key(&self, now: i64) -> Result<[u8; 32], GroupError> {
        let made = self.content_key.get_or_try_init(|| async {
            let keys = self.keys(&[SPOOL], now).await?;
            let key = key(&Subjects::new(), &keys).ok_or(GroupError::Unspoolable)?;
            Ok::<_, GroupError>(blake3::derive_key("firebreak 2026 content hash 1", key.bytes()))
        });
        made.await.copied()
    }

    /// Keeps the bodies of commands that wait, are in conflict or are for another stream. Returns the change of the
    /// number of waiting ones. What speaks of somebody who was erased is refused, and not kept.
    #[allow(clippy::too_many_arguments)]
    pub(super) async fn spool(
        &self,
        tx: &mut Tx,
        now: i64,
        group: &[Submission],
        facts: &mut Facts,
        decided: &mut Decided,
        again: &BTreeSet<Uuid>,
        trail: Option<&Trail>,
        unit: &mut Unit,
    ) -> Result<i64, GroupError> {
        let Some(stream) = group.first().map(|submission| submission.envelope.stream) else { return Ok(0) };
        for row in subjects_of(tx, again.iter().copied().collect()).await? {
            unit.delete(&SPOOL_SUBJECT, row);
        }
        let mut change = 0;
        for id in again {
            unit.delete(&WAITING, vec![stream.0.into(), (*id).into()]);
            change -= 1;
        }
        let undone: Vec<usize> = (0..decided.outcomes.len()).filter(|n| is_kept(&decided.outcomes[*n])).collect();
        if undone.is_empty() && decided.dispatches.is_empty() {
            return Ok(change);
        }
        let bodies = undone.iter().map(|n| &group[*n].envelope);
        let bodies: Vec<&Envelope> = bodies.chain(decided.dispatches.iter().map(|sent| &sent.envelope)).collect();
        let mut needs = Needs::default();
        for body in &bodies {
            needs.ids.extend(ids_in(&body.command)?);
        }
        let only = self.streams.load(Ordering::Relaxed) == 1;
        let missing = facts.missing(&needs);
        load::load(tx, stream, only, &missing, trail, facts).await?;
        let named: Result<Vec<Subjects>, _> =
            bodies.iter().map(|body| subjects(&body.command, facts, decided)).collect();
        let named = named?;
        let everybody: BTreeSet<Uuid> = named.iter().flatten().copied().chain([SPOOL]).collect();
        let everybody: Vec<Uuid> = everybody.into_iter().collect();
        let keys = self.keys(&everybody, now).await?;
        let sealed: Result<Vec<_>, _> =
            bodies.iter().zip(&named).map(|(body, named)| seal(named, &keys, body, now)).collect();
        let mut kept = named.into_iter().zip(sealed?);
        for (n, (named, body)) in undone.into_iter().zip(kept.by_ref()) {
            let Some(body) = body else {
                decided.outcomes[n] = Outcome::Declined(Refusal::rule("erased_person"));
                continue;
            };
            change += i64::from(keep_undone(&group[n], &decided.outcomes[n], body, now, unit));
            name(stream, group[n].envelope.id, named, unit);
        }
        for (sent, (named, body)) in decided.dispatches.iter().zip(kept) {
            let id = sent.envelope.id;
            let mut row: Row = vec![stream.0.into(), id.0.into(), sent.envelope.stream.0.into(), sent.cause.into()];
            row.extend([sent.actor.account.0.into(), body.clone().unwrap_or_default().into(), now.into()]);
            row.extend(match body {
                Some(_) => [Value::Null, Value::Null],
                None => [now.into(), erased_answer().into()],
            });
            unit.put(&DISPATCH, row);
            name(stream, id, named, unit);
        }
        Ok(change)
    }

    /// Kept commands in the clear; those whose people were erased are left out.
    pub(crate) async fn open_spooled(&self, rows: Vec<Row>) -> Result<Vec<(StreamId, Submission)>, GroupError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids = rows.iter().map(|row| row[1].uuid()).collect::<Result<Vec<Uuid>, _>>().map_err(DbError::from)?;
        let mut tx = self.db.begin_read().await?;
        let mut named: BTreeMap<(i64, Uuid), Subjects> = BTreeMap::new();
        for row in subjects_of(&mut tx, ids).await? {
            let command = (row[0].int().map_err(DbError::from)?, row[1].uuid().map_err(DbError::from)?);
            named.entry(command).or_default().insert(row[2].uuid().map_err(DbError::from)?);
        }
        tx.roll_back().await?;
        let everybody: BTreeSet<Uuid> = named.values().flatten().copied().chain([SPOOL]).collect();
        let everybody: Vec<Uuid> = everybody.into_iter().collect();
        let keys = self.keys(&everybody, (self.clock)()).await?;
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let (stream, id) = (row[0].int().map_err(DbError::from)?, row[1].uuid().map_err(DbError::from)?);
            let (body, at) = (row[2].bytes().map_err(DbError::from)?, row[3].int().map_err(DbError::from)?);
            let actor = Actor { account: AccountId(row[4].uuid().map_err(DbError::from)?) };
            let subjects = named.remove(&(stream, id)).unwrap_or_default();
            let plain = key(&subjects, &keys).and_then(|key| cipher::open(&key, &place(id, at), body).ok());
            match plain.and_then(|plain| serde_json::from_slice(&plain).ok()) {
                Some(envelope) => opened.push((StreamId(stream), Submission::caused(actor, envelope))),
                None => {
                    tracing::error!(command = %id, "a spooled command cannot be opened: somebody it names was erased, or it was altered")
                }
            }
        }
        Ok(opened)
    }

    /// Waiting commands that name one of these ids.
    pub(crate) async fn waiting_for(&self, created: Vec<Uuid>) -> Result<Vec<Submission>, GroupError> {
        let mut tx = self.db.begin_read().await?;
        let sql = "SELECT stream, command_id, body, since, actor FROM waiting WHERE awaited IN {1}";
        let rows = tx.rows(sql, &[Arg::Uuids(created)], &SPOOLED).await?;
        tx.roll_back().await?;
        Ok(self.open_spooled(rows).await?.into_iter().map(|(_, submission)| submission).collect())
    }

    /// Commands in conflict about these records, and whether each is still open.
    pub(crate) async fn in_conflict(&self, targets: BTreeSet<Uuid>) -> Result<Vec<(Command, bool)>, GroupError> {
        let mut tx = self.db.begin_read().await?;
        let sql = "SELECT stream, command_id, body, since, actor, resolved_at FROM conflict \
             WHERE stream IN (SELECT stream FROM stream_head) AND target IN {1}";
        let types: Vec<ColumnType> = SPOOLED.into_iter().chain([ColumnType::Int]).collect();
        let rows = tx.rows(sql, &[Arg::Uuids(targets.into_iter().collect())], &types).await?;
        tx.roll_back().await?;
        let resolved = rows.iter().filter(|row| row[5].opt_int().is_some());
        let resolved: BTreeSet<Uuid> = resolved.filter_map(|row| row[1].opt_uuid()).collect();
        // Of one whose people were erased no body is left.
        let kept = rows.into_iter().filter(|row| row[2].bytes().is_ok_and(|body| !body.is_empty())).collect();
        let opened = self.open_spooled(kept).await?;
        let open = |(_, submission): (StreamId, Submission)| {
            let envelope = submission.envelope;
            (envelope.command, !resolved.contains(&envelope.id.0))
        };
        Ok(opened.into_iter().map(open).collect())
    }

    /// Dispatches without an answer, with the stream they come from.
    pub(crate) async fn unanswered(&self) -> Result<Vec<(StreamId, Submission)>, GroupError> {
        let mut tx = self.db.begin_read().await?;
        let sql = "SELECT stream, command_id, body, created_at, actor FROM dispatch WHERE answered_at IS NULL";
        let rows = tx.rows(sql, &[], &SPOOLED).await?;
        tx.roll_back().await?;
        self.open_spooled(rows).await
    }

    /// Notes the answer to a dispatch.
    pub(crate) async fn note_answer(
        &self,
        from: StreamId,
        id: CommandId,
        outcome: &Outcome,
    ) -> Result<(), GroupError> {
        if matches!(outcome, Outcome::Declined(refusal) if refusal.answer == Answer::Waiting) {
            return Ok(());
        }
        let answer = serde_json::to_string(outcome).unwrap_or_default();
        let mut tx = self.db.begin_write().await?;
        let sql =
            "UPDATE dispatch SET answered_at = $1, answer = $2, body = $3 WHERE stream = $4 AND command_id = $5";
        let args = [(self.clock)().into(), answer.into(), Vec::<u8>::new().into(), from.0.into(), id.0.into()];
        tx.execute(sql, &args).await?;
        let unnamed = "DELETE FROM spool_subject WHERE stream = $1 AND command_id = $2";
        tx.execute(unnamed, &[from.0.into(), id.0.into()]).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Forgets every kept body that may speak of one of these records: waiting commands are refused, conflicts and
/// dispatches keep their row without the body. How many there were.
pub(crate) async fn forget(tx: &mut Tx, records: &BTreeSet<Uuid>, now: i64) -> Result<usize, DbError> {
    let sql = "SELECT DISTINCT stream, command_id FROM spool_subject \
         WHERE stream IN (SELECT stream FROM stream_head) AND subject IN {1}";
    let records = Arg::Uuids(records.iter().copied().collect());
    let kept = tx.rows(sql, &[records], &[ColumnType::Int, ColumnType::Uuid]).await?;
    for row in &kept {
        let (stream, id) = (row[0].int()?, row[1].uuid()?);
        let refusal = serde_json::to_string(&Refusal::rule("erased_person")).unwrap_or_default();
        let refused = "UPDATE outcome SET refusal = $1 WHERE stream = $2 AND command_id = $3 \
             AND EXISTS (SELECT 1 FROM waiting WHERE waiting.stream = outcome.stream AND waiting.command_id = outcome.command_id)";
        tx.execute(refused, &[refusal.into(), stream.into(), id.into()]).await?;
        tx.execute("DELETE FROM waiting WHERE stream = $1 AND command_id = $2", &[stream.into(), id.into()]).await?;
        let closed = "UPDATE conflict SET body = $1, resolved_at = COALESCE(resolved_at, $2) WHERE stream = $3 AND command_id = $4";
        let nothing = || Arg::from(Vec::<u8>::new());
        tx.execute(closed, &[nothing(), now.into(), stream.into(), id.into()]).await?;
        let answered = "UPDATE dispatch SET body = $1, answered_at = $2, answer = $3 \
             WHERE stream = $4 AND command_id = $5 AND answered_at IS NULL";
        tx.execute(answered, &[nothing(), now.into(), erased_answer().into(), stream.into(), id.into()]).await?;
        let unnamed = "DELETE FROM spool_subject WHERE stream = $1 AND command_id = $2";
        tx.execute(unnamed, &[stream.into(), id.into()]).await?;
    }
    Ok(kept.len())
}

fn erased_answer() -> String {
    serde_json::to_string(&Outcome::Declined(Refusal::rule("erased_person"))).unwrap_or_default()
}

fn is_kept(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Declined(refusal) if refusal.answer != Answer::Refused)
}

async fn subjects_of(tx: &mut Tx, commands: Vec<Uuid>) -> Result<Vec<Row>, DbError> {
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT stream, command_id, subject FROM spool_subject \
         WHERE stream IN (SELECT stream FROM stream_head) AND command_id IN {1}";
    tx.rows(sql, &[Arg::Uuids(commands)], &[ColumnType::Int, ColumnType::Uuid, ColumnType::Uuid]).await
}

/// Writes whom a kept command may speak of.
fn name(stream: StreamId, command: CommandId, subjects: Subjects, unit: &mut Unit) {
    for subject in subjects {
        unit.put(&SPOOL_SUBJECT, vec![stream.0.into(), command.0.into(), subject.into()]);
    }
}

/// Keeps one command that waits or is in conflict; whether it waits.
fn keep_undone(submission: &Submission, outcome: &Outcome, body: Vec<u8>, now: i64, unit: &mut Unit) -> bool {
    let Outcome::Declined(refusal) = outcome else { return false };
    let envelope = &submission.envelope;
    let actor = submission.actor.account.0;
    let mut row: Row = vec![envelope.stream.0.into(), envelope.id.0.into()];
    if refusal.answer == Answer::Waiting {
        let awaited = refusal.ids.first().copied().unwrap_or_default();
        row.extend([awaited.into(), now.into(), actor.into(), body.into()]);
        unit.put(&WAITING, row);
        return true;
    }
    let pointers = refusal.pointers.join(" ");
    row.extend([envelope.command.target().into(), now.into(), actor.into(), pointers.into(), body.into()]);
    row.extend([Value::Null, Value::Null]);
    unit.put(&CONFLICT, row);
    false
}

/// Columns of a kept command: stream, id, body, since when, and whose it is.
pub(crate) const SPOOLED: [ColumnType; 5] =
    [ColumnType::Int, ColumnType::Uuid, ColumnType::Bytes, ColumnType::Int, ColumnType::Uuid];
