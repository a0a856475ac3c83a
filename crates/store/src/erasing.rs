//! What an approved erasure still owes, in any state a crash may have left it (DESIGN §13.14). Each step may be done
//! again. It has been written into the ledger before.

use crate::{
    engine::{Arg, DbError},
    store::Store,
    value::ColumnType,
    vault::VaultError,
    writer::{SubmitError, forget_spooled},
};
use domain::{
    id::{AccountId, CommandId, StreamId, derived},
    kernel::{Actor, Envelope, Outcome, Relation, group::Submission, upkeep},
    seal::Classes,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Why an erasure is not complete. Give it again: what was done is not done twice.
#[derive(Debug, thiserror::Error)]
pub enum ErasingError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The door.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// Records that could not be reached.
    #[error(
        "{0} records about the person were not reached, for they are on their way to another command post; give the same command again when they have arrived"
    )]
    NotReached(usize),
}

/// Times that records not reached yet are looked for.
const ROUNDS: u32 = 8;

impl Store {
    /// Completes the erasure of these classes of a person and of the records merged into that person: keys are destroyed,
    /// every record about them is erased wherever it lies, and what was kept beside is forgotten.
    pub async fn complete_erasure(
        &self,
        persons: &[Uuid],
        classes: &[u8],
        by: AccountId,
    ) -> Result<(), ErasingError> {
        self.door().deliver_unanswered().await?;
        for person in persons {
            self.vault().destroy(*person, classes, self.now()).await?;
        }
        self.barrier().await?;
        let wanted = Classes::from_numbers(classes.iter().copied());
        for round in 0..ROUNDS {
            let left = self.not_erased(persons, wanted).await?;
            if left.is_empty() {
                break;
            }
            for (stream, id) in left {
                let command = upkeep::Command::Erase { id, classes: classes.to_vec() };
                let envelope = Envelope::new(CommandId(derived(id, round, self.now())), stream, command.into());
                self.erase_one(by, envelope).await?;
            }
            self.door().deliver_unanswered().await?;
        }
        match self.not_erased(persons, wanted).await?.len() {
            0 => Ok(self.forget_beside(persons).await?),
            left => Err(ErasingError::NotReached(left)),
        }
    }

    /// A refusal is no failure here: the record moved meanwhile, and the next round looks where it is.
    async fn erase_one(&self, by: AccountId, envelope: Envelope) -> Result<Option<Outcome>, SubmitError> {
        let submission = Submission::caused(Actor { account: by }, envelope);
        self.submit(vec![submission]).await.into_iter().next().transpose()
    }

    /// Waits for every writer under way: who writes after it sees what was committed before it. Each head moves on by a
    /// millisecond, so that a group decided ahead on the head before is decided again.
    async fn barrier(&self) -> Result<(), DbError> {
        let mut tx = self.db().begin_write().await?;
        for stream in self.streams().await? {
            tx.execute("UPDATE stream_head SET at = at + 1 WHERE stream = $1", &[stream.stream.0.into()]).await?;
        }
        tx.commit().await
    }

    /// Records of and about these people in which not all of these classes are erased, with the stream that writes each.
    async fn not_erased(&self, persons: &[Uuid], classes: Classes) -> Result<Vec<(StreamId, Uuid)>, DbError> {
        let mut tx = self.read().await?;
        let records = records_about(&mut tx, persons).await?;
        let sql = "SELECT stream, id, erased, released_to FROM aggregate \
             WHERE stream IN (SELECT stream FROM stream_head) AND id IN {1} ORDER BY id";
        let types = [ColumnType::Int, ColumnType::Uuid, ColumnType::Int, ColumnType::Int];
        let mut left = Vec::new();
        for row in tx.rows(sql, &[Arg::Uuids(records.into_iter().collect())], &types).await? {
            if !Classes::from_bits(row[2].int()?).covers(classes) {
                left.push((StreamId(row[3].opt_int().unwrap_or(row[0].int()?)), row[1].uuid()?));
            }
        }
        Ok(left)
    }

    /// Forgets what stands about these people beside their records: kept commands, the words with which somebody broke the
    /// glass, and hashes of what was said about them.
    async fn forget_beside(&self, persons: &[Uuid]) -> Result<(), DbError> {
        let now = self.now();
        let mut tx = self.db().begin_write().await?;
        let records = records_about(&mut tx, persons).await?;
        forget_spooled(&mut tx, &records, now).await?;
        let persons = || Arg::Uuids(persons.to_vec());
        tx.execute("UPDATE break_glass SET reason = NULL WHERE person IN {1}", &[persons()]).await?;
        let contents = "UPDATE outcome SET content = $1 WHERE command_id IN \
             (SELECT command_id FROM journal WHERE subject IN {2})";
        tx.execute(contents, &[Vec::<u8>::new().into(), persons()]).await?;
        tx.commit().await
    }
}

/// The people themselves and every record about them.
async fn records_about(tx: &mut crate::engine::Tx, persons: &[Uuid]) -> Result<BTreeSet<Uuid>, DbError> {
    let sql = "SELECT source FROM link WHERE stream IN (SELECT stream FROM stream_head) AND relation = $1 \
         AND target IN {2}";
    let args = [(Relation::Subject as i64).into(), Arg::Uuids(persons.to_vec())];
    let mut records: BTreeSet<Uuid> = persons.iter().copied().collect();
    records.append(&mut tx.ids(sql, &args).await?);
    Ok(records)
}
