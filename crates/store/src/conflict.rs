//! Corrections in conflict, before a person: both values are kept until somebody who may correct the record decides
//! (DESIGN §3, §13.13). Who may not see a field does not see it here either.

use crate::{
    access_log::Unlogged,
    engine::{Arg, DbError},
    query::{QueryError, Trace, VIEWS, View, known},
    store::Store,
    value::Row,
    writer::{GroupError, SPOOLED, SubmitError},
};
use domain::{
    access::{Action, Actor, Decision},
    id::{self, AccountId, CommandId, StreamId},
    kernel::{
        self, Command, Envelope, Located, Outcome,
        dispute::{Disputed, disputed, seen_again},
        group::Submission,
    },
    refusal::Refusal,
};
use std::sync::Arc;
use uuid::Uuid;

/// A correction in conflict, as its reader may see it.
#[derive(Clone, PartialEq, Debug)]
pub struct Conflict {
    /// The command.
    pub id: CommandId,
    /// The command post that keeps it.
    pub stream: StreamId,
    /// The record's noun.
    pub noun: &'static str,
    /// The record.
    pub record: Uuid,
    /// How many events made what stands; whoever decides may say that this is what was looked at.
    pub version: i64,
    /// Since when it lies here, milliseconds UTC.
    pub since: i64,
    /// Who sent it.
    pub by: AccountId,
    /// The fields that differ from what stands. Empty where nothing does any more, or where it is no correction.
    pub fields: Vec<Disputed>,
    /// Fields whose values this reader may not see.
    pub withheld: Vec<String>,
    /// Whether it can be taken as it is.
    pub can_be_taken: bool,
}

/// What a person decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The record stays as it stands.
    Stands,
    /// What the correction asks is done on the record as it stands.
    Taken,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is none, none that is open, or none for this account.
    #[error("there is no open conflict {0} that this account may decide: list those there are")]
    Unknown(Uuid),
    /// It corrects nothing.
    #[error("this command corrects nothing and cannot be taken as it is: do it again on the record, then decide that the record stands")]
    NotTakable,
    /// The record is no more what was looked at.
    #[error("the record has changed since version {0}: list the conflict again, and look at what stands now")]
    Moved(i64),
    /// Both sides of it are not for this account to see.
    #[error("this account may not see {0}, and decides over nothing that it does not see: leave it to one that does")]
    Withheld(String),
    /// It was decided by another account at the same moment.
    #[error("the correction is done, and another account decided this conflict at the same moment: look at the record")]
    Meanwhile,
    /// The door declined the correction.
    #[error("the correction was not done: {0}")]
    Declined(Refusal),
    /// The door.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// Reading.
    #[error(transparent)]
    Kept(#[from] QueryError),
}

impl From<DbError> for DecideError {
    fn from(error: DbError) -> Self {
        Self::Kept(error.into())
    }
}

impl From<GroupError> for DecideError {
    fn from(error: GroupError) -> Self {
        Self::Kept(kept(error))
    }
}

/// A page goes on behind this one.
pub type Mark = (i64, Uuid);

const OPEN: &str = "SELECT stream, command_id, body, since, actor FROM conflict \
     WHERE stream IN (SELECT stream FROM stream_head) AND resolved_at IS NULL \
     AND (since > $1 OR (since = $1 AND command_id > $2)) ORDER BY since, command_id LIMIT $3";
const ONE: &str = "SELECT stream, command_id, body, since, actor FROM conflict \
     WHERE stream IN (SELECT stream FROM stream_head) AND command_id = $1 AND resolved_at IS NULL";

/// A conflict with its command and its record.
struct Open {
    stream: StreamId,
    by: AccountId,
    since: i64,
    envelope: Envelope,
    record: Located,
    /// Whether the reader may decide it.
    decision: Decision,
    /// What the reader may see of the record.
    sight: Decision,
    view: &'static View,
}

impl Store {
    /// Open conflicts that the actor may decide, the oldest first, and the mark of the next page. What is shown of people is
    /// logged as a read.
    pub async fn conflicts(
        &self,
        actor: &Actor,
        after: Option<Mark>,
        limit: u32,
    ) -> Result<Unlogged<(Vec<Conflict>, Option<Mark>)>, QueryError> {
        let (since, id) = after.unwrap_or((i64::MIN, Uuid::nil()));
        let mut tx = self.read().await?;
        let args: [Arg; 3] = [since.into(), id.into(), i64::from(limit).into()];
        let rows = tx.rows(OPEN, &args, &SPOOLED).await?;
        tx.roll_back().await?;
        let last = rows.last().map(|row| Ok::<Mark, DbError>((row[3].int()?, row[1].uuid()?))).transpose()?;
        let next = last.filter(|_| rows.len() as u64 == u64::from(limit));
        let mut trace = Trace::default();
        let mut shown = Vec::new();
        for open in self.opened(actor, rows).await.map_err(kept)? {
            if open.decision.allowed {
                shown.push(open.shown(&mut trace));
            }
        }
        if !trace.personal {
            return Ok(Unlogged::open((shown, next)));
        }
        let entry = trace.entry(actor, Action::PersonRead, "conflict list".to_owned(), format!("conflicts after {since} {id}"));
        Ok(Unlogged::personal((shown, next), entry))
    }

    /// Decides a conflict as this account, and says so in its row; only on the version `seen` of the record, where one is
    /// said. Taken, the correction goes through the door like any other.
    pub async fn decide_conflict(
        &self,
        actor: &Arc<Actor>,
        command: Uuid,
        seen: Option<i64>,
        verdict: Verdict,
    ) -> Result<(), DecideError> {
        let mut tx = self.read().await?;
        let rows = tx.rows(ONE, &[command.into()], &SPOOLED).await?;
        tx.roll_back().await?;
        let opened = self.opened(actor, rows).await?;
        let open = opened.into_iter().find(|open| open.decision.allowed).ok_or(DecideError::Unknown(command))?;
        if let Some(seen) = seen.filter(|seen| *seen != open.record.version) {
            return Err(DecideError::Moved(seen));
        }
        let (_, withheld) = open.differing();
        if !withheld.is_empty() {
            return Err(DecideError::Withheld(withheld.join(", ")));
        }
        if verdict == Verdict::Taken {
            let again = seen_again(&open.envelope.command, &open.record.aggregate).ok_or(DecideError::NotTakable)?;
            self.take_over(actor, command, &open, again).await?;
        }
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE conflict SET resolved_at = $1, resolved_by = $2 \
             WHERE stream = $3 AND command_id = $4 AND resolved_at IS NULL";
        let args: [Arg; 4] = [self.now().into(), actor.account.into(), open.stream.0.into(), command.into()];
        let decided = tx.execute(sql, &args).await?;
        tx.commit().await?;
        match verdict {
            _ if decided == 1 => Ok(()),
            Verdict::Stands => Err(DecideError::Unknown(command)),
            Verdict::Taken => Err(DecideError::Meanwhile),
        }
    }

    /// Sends the correction again, as seen by whoever takes it.
    async fn take_over(&self, actor: &Arc<Actor>, of: Uuid, open: &Open, again: Command) -> Result<(), DecideError> {
        // Each attempt is a command of its own: what was declined may be right by now, or for another account. One that was
        // done and not noted, after a crash, would change nothing.
        let version = u32::try_from(open.record.version).unwrap_or(u32::MAX);
        let cause = Uuid::from_u128(of.as_u128() ^ actor.account.as_u128());
        let id = CommandId(id::derived(cause, version, self.now()));
        let envelope = Envelope::new(id, open.record.stream, again);
        for outcome in self.submit(vec![Submission::by(actor.clone(), envelope)]).await {
            match outcome? {
                Outcome::Declined(refusal) if refusal.rule != "nothing_changes" => {
                    return Err(DecideError::Declined(refusal));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens kept bodies, each with its record and what the actor may do with it.
    async fn opened(&self, actor: &Actor, rows: Vec<Row>) -> Result<Vec<Open>, GroupError> {
        let since: Vec<(Uuid, i64)> =
            rows.iter().map(|row| Ok((row[1].uuid()?, row[3].int()?))).collect::<Result<_, DbError>>()?;
        let kept = self.core().open_spooled(rows).await?;
        let ids: Vec<Uuid> = kept.iter().map(|(_, submission)| submission.envelope.command.target()).collect();
        let mut tx = self.read().await?;
        let known = known(&mut tx, &ids).await?;
        tx.roll_back().await?;
        let mut opened = Vec::new();
        for (stream, submission) in kept {
            let envelope = submission.envelope;
            let target = envelope.command.target();
            let Some(record) = known.located(target).cloned() else { continue };
            let Some(action) = kernel::action(&envelope.command) else { continue };
            let kind = record.aggregate.kind().name();
            let Some(view) = VIEWS.iter().copied().find(|view| view.kind == kind) else { continue };
            let at = since.iter().find(|(id, _)| *id == envelope.id.0).map_or(0, |(_, at)| *at);
            opened.push(Open {
                stream,
                by: AccountId(submission.actor.account.0),
                since: at,
                decision: known.judge(actor, action, target),
                sight: known.judge(actor, view.read, target),
                envelope,
                record,
                view,
            });
        }
        Ok(opened)
    }
}

impl Open {
    /// The fields that differ as the reader may see them, and the names of those that the reader may not.
    fn differing(&self) -> (Vec<Disputed>, Vec<String>) {
        let sees = |field: &str| {
            // A field that is kept as several columns, such as the time of a sample, bears their common name.
            let of = |name: &str| name.strip_prefix(field).is_some_and(|rest| rest.starts_with('_'));
            let mut columns = self.view.fields.iter().chain(self.view.children.iter().flat_map(|child| child.fields));
            let column = columns.clone().find(|column| column.name == field);
            let group = column.or_else(|| columns.find(|column| of(column.name))).map(|column| column.group);
            self.sight.allowed && group.is_some_and(|group| self.sight.fields.contains(group))
        };
        let differing = disputed(&self.envelope.command, &self.record.aggregate);
        let (fields, withheld): (Vec<_>, Vec<_>) = differing.into_iter().partition(|disputed| sees(&disputed.field));
        (fields, withheld.into_iter().map(|disputed| disputed.field).collect())
    }

    /// What its reader may see of it; each record shown is noted for the log.
    fn shown(self, trace: &mut Trace) -> Conflict {
        let subject = self.record.aggregate.about().subject.map(|person| person.0);
        let (fields, withheld) = self.differing();
        if !fields.is_empty() {
            trace.note(self.record.id, subject, &self.sight);
        }
        Conflict {
            id: self.envelope.id,
            stream: self.stream,
            noun: self.record.aggregate.kind().name(),
            record: self.record.id,
            version: self.record.version,
            since: self.since,
            by: self.by,
            can_be_taken: seen_again(&self.envelope.command, &self.record.aggregate).is_some(),
            fields,
            withheld,
        }
    }
}

fn kept(error: GroupError) -> QueryError {
    match error {
        GroupError::Db(error) => error.into(),
        other => DbError::Schema(other.to_string()).into(),
    }
}
