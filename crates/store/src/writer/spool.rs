//! Bodies of commands that cannot be done yet: waiting, in conflict, or for another stream. They may hold personal
//! values, so they lie enciphered under keys of the vault, and never in clear.

use super::commit::GroupError;
use crate::{
    cipher::{self, FieldPlace},
    engine::{Arg, DbError},
    value::{ColumnType, Row},
    vault::PersonKeys,
};
use domain::{
    id::{AccountId, CommandId, StreamId},
    kernel::{Actor, Envelope, Outcome, group::Submission},
    refusal::Answer,
    seal::Class,
};
use uuid::Uuid;

/// The vault's row that holds the spool's keys: no person.
pub(crate) const SPOOL: Uuid = Uuid::from_u128(0xf19e_b4ea_0000_8000_8000_0000_0000_0001);

fn place(envelope: Uuid, at: i64) -> FieldPlace {
    // The same body may be spooled again later; the instant keeps the nonce apart.
    FieldPlace { event: domain::kernel::event_id(envelope, -1, at), n: 0, field: 0, class: Class::FreeText as u8 }
}

/// Enciphers an envelope for the spool; `None` where it cannot be, and then nothing is kept.
pub(crate) fn seal(keys: &PersonKeys, envelope: &Envelope, at: i64) -> Option<Vec<u8>> {
    let body = serde_json::to_vec(envelope).ok()?;
    cipher::seal(&keys.key(Class::FreeText as u8)?, &place(envelope.id.0, at), &body).ok()
}

/// Reads a spooled envelope back.
pub(crate) fn open(keys: &PersonKeys, id: Uuid, body: &[u8], at: i64) -> Option<Envelope> {
    let plain = cipher::open(&keys.key(Class::FreeText as u8)?, &place(id, at), body).ok()?;
    serde_json::from_slice(&plain).ok()
}

impl super::Core {
    async fn open_spooled(&self, rows: Vec<Row>) -> Result<Vec<(StreamId, Submission)>, GroupError> {
        let keys = self.keys(&[SPOOL], (self.clock)()).await?.remove(&SPOOL);
        let Some(keys) = keys else { return Ok(Vec::new()) };
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, body, at) = (
                row[1].uuid().map_err(DbError::from)?,
                row[2].bytes().map_err(DbError::from)?,
                row[3].int().map_err(DbError::from)?,
            );
            let actor = Actor { account: AccountId(row[4].uuid().map_err(DbError::from)?) };
            match open(&keys, id, body, at) {
                Some(envelope) => {
                    opened.push((StreamId(row[0].int().map_err(DbError::from)?), Submission::caused(actor, envelope)))
                }
                None => {
                    tracing::error!(command = %id, "a spooled command cannot be opened: its key is gone or it was altered")
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
        tx.commit().await?;
        Ok(())
    }
}

const SPOOLED: [ColumnType; 5] =
    [ColumnType::Int, ColumnType::Uuid, ColumnType::Bytes, ColumnType::Int, ColumnType::Uuid];
