//! Work that an account has open: a call on the line, a list of the day, a case file. Some look-ups need one
//! (DESIGN §13.10).

use super::{AccountError, args, bump, grants::touch};
use crate::{
    engine::{DbError, Tx},
    store::Store,
    table,
    value::{ColumnType, Row, Value},
};
use domain::{
    access::{self, Task},
    id::AccountId,
};
use uuid::Uuid;

table! {
    /// Open work, and work that was open.
    OPEN_TASK "open_task" Operational 1 [["account", "valid_to"]] {
        id Uuid, account Uuid, task Text, about Uuid opt, valid_from Int, valid_to Int opt,
    }
}

/// Work of an account.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct OpenTaskRecord {
    /// Its id.
    pub id: Uuid,
    /// Whose work it is.
    pub account: AccountId,
    /// The kind of work.
    pub task: Task,
    /// The record it is about, where there is one.
    pub about: Option<Uuid>,
    /// When it was opened, milliseconds UTC.
    pub valid_from: i64,
    /// When it was closed, or will be.
    pub valid_to: Option<i64>,
}

const COLUMNS: &str = "id, account, task, about, valid_from, valid_to";
const TYPES: [ColumnType; 6] =
    [ColumnType::Uuid, ColumnType::Uuid, ColumnType::Text, ColumnType::Uuid, ColumnType::Int, ColumnType::Int];

fn read(row: &Row) -> Result<OpenTaskRecord, DbError> {
    let task = row[2].text()?;
    Ok(OpenTaskRecord {
        id: row[0].uuid()?,
        account: AccountId(row[1].uuid()?),
        task: Task::from_name(task).ok_or_else(|| {
            DbError::Schema(format!("open work is of kind {task:?}, which this program does not know"))
        })?,
        about: row[3].opt_uuid(),
        valid_from: row[4].int()?,
        valid_to: row[5].opt_int(),
    })
}

/// Work of the account that is open at `at` or later.
pub(super) async fn of_account(tx: &mut Tx, account: Uuid, at: i64) -> Result<Vec<OpenTaskRecord>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM open_task WHERE account = $1 AND (valid_to IS NULL OR valid_to > $2)");
    let mut open: Vec<OpenTaskRecord> = tx
        .rows(&sql, &args([account.into(), at.into()]), &TYPES)
        .await?
        .iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    open.sort_by_key(|task| (task.valid_from, task.id));
    Ok(open)
}

/// The longest that work stays open without being opened again: a shift of twelve hours, milliseconds. [P]
const LONGEST: i64 = 12 * 3_600_000;

impl Store {
    /// Opens work for one's own account, until it is closed or twelve hours have passed. The task must be one of a
    /// role that the account holds now.
    pub async fn open_task(
        &self,
        by: &access::Actor,
        id: Uuid,
        task: Task,
        about: Option<Uuid>,
        at: i64,
    ) -> Result<(), AccountError> {
        if !by.live_grants().any(|grant| grant.role.tasks().contains(task)) {
            return Err(AccountError::denied(access::Denial::Role));
        }
        let mut tx = self.db().begin_write().await?;
        bump(&mut tx).await?;
        let row = vec![
            id.into(),
            by.account.into(),
            task.name().into(),
            Value::or_null(about),
            at.into(),
            at.saturating_add(LONGEST).into(),
        ];
        let known = tx.row("SELECT id FROM open_task WHERE id = $1", &args([id.into()]), &[ColumnType::Uuid]).await?;
        if known.is_some() {
            return Err(AccountError::rule("already_exists", "id", "make a new id for new work"));
        }
        tx.insert(&OPEN_TASK, vec![row]).await?;
        touch(&mut tx, by.account).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Closes work of one's own account; `false` where there is none such open.
    pub async fn close_task(&self, account: AccountId, id: Uuid, at: i64) -> Result<bool, DbError> {
        let mut tx = self.db().begin_write().await?;
        bump(&mut tx).await?;
        let sql = "UPDATE open_task SET valid_to = $1 WHERE id = $2 AND account = $3 AND valid_to > $1";
        let changed = tx.execute(sql, &args([at.into(), id.into(), account.0.into()])).await?;
        touch(&mut tx, account.0).await?;
        tx.commit().await?;
        Ok(changed > 0)
    }

    /// Open work of one's own account.
    pub async fn open_tasks(&self, account: AccountId, at: i64) -> Result<Vec<OpenTaskRecord>, DbError> {
        let mut tx = self.read().await?;
        let open = of_account(&mut tx, account.0, at).await?;
        tx.roll_back().await?;
        Ok(open)
    }
}
