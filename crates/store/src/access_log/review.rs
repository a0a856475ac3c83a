//! Break-glass reads are reviewed by another within their time (DESIGN §13.10).

use crate::{
    accounts::AccountError,
    engine::{Arg, DbError},
    query,
    store::Store,
    value::{ColumnType, Row},
};
use domain::{
    access::{self, Action},
    id::AccountId,
};
use uuid::Uuid;

/// A break-glass read that nobody has reviewed yet.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct ToReview {
    /// The log's stream.
    pub stream: i64,
    /// The row in it.
    pub seq: i64,
    /// When, milliseconds UTC.
    pub at: i64,
    /// Who broke the glass.
    pub account: AccountId,
    /// The reader's reason.
    pub reason: Option<String>,
    /// The person read.
    pub person: Uuid,
    /// The instant by which it must be reviewed.
    pub due_at: i64,
}

const SQL: &str = "SELECT stream, seq, at, account, reason, person FROM break_glass WHERE reviewed_at IS NULL \
     ORDER BY at LIMIT 1000";
const TYPES: [ColumnType; 6] =
    [ColumnType::Int, ColumnType::Int, ColumnType::Int, ColumnType::Uuid, ColumnType::Text, ColumnType::Uuid];

fn read(row: &Row) -> Result<ToReview, DbError> {
    let within = access::table(access::Noun::Person)
        .iter()
        .filter(|rule| rule.actions.contains(&Action::PersonBreakGlass))
        .find_map(|rule| rule.limit.and_then(|limit| limit.review_within_ms))
        .unwrap_or(0);
    let at = row[2].int()?;
    Ok(ToReview {
        stream: row[0].int()?,
        seq: row[1].int()?,
        at,
        account: AccountId(row[3].uuid()?),
        reason: row[4].opt_text().map(str::to_owned),
        person: row[5].uuid()?,
        due_at: at.saturating_add(within),
    })
}

impl Store {
    /// Break-glass reads that the actor may review, oldest first.
    pub async fn break_glass_to_review(&self, by: &access::Actor) -> Result<Vec<ToReview>, AccountError> {
        let mut tx = self.read().await?;
        let rows = tx.rows(SQL, &[], &TYPES).await?;
        let open: Vec<ToReview> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let people: Vec<Uuid> = open.iter().map(|review| review.person).collect();
        let targets = query::targets(&mut tx, &people).await?;
        tx.roll_back().await?;
        let may = |review: &ToReview| {
            targets.get(&review.person).is_some_and(|target| {
                let target = access::Target { requested_by: Some(review.account.0), ..target.clone() };
                access::allow(by, Action::BreakGlassReview, &target).allowed
            })
        };
        Ok(open.into_iter().filter(may).collect())
    }

    /// Records the review of a break-glass read.
    pub async fn review_break_glass(
        &self,
        by: &access::Actor,
        stream: i64,
        seq: i64,
        justified: bool,
        at: i64,
    ) -> Result<(), AccountError> {
        let open = self.break_glass_to_review(by).await?;
        if !open.iter().any(|review| (review.stream, review.seq) == (stream, seq)) {
            return Err(AccountError::NotFound);
        }
        let mut tx = self.db().begin_write().await?;
        let sql = "UPDATE break_glass SET reviewed_by = $1, reviewed_at = $2, justified = $3 \
             WHERE stream = $4 AND seq = $5 AND reviewed_at IS NULL";
        let justified = Arg::from(i64::from(justified));
        tx.execute(sql, &[by.account.into(), at.into(), justified, stream.into(), seq.into()]).await?;
        tx.commit().await?;
        Ok(())
    }
}
