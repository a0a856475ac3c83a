//! How often an account used what is limited, counted from the log itself.

use crate::{
    engine::{Arg, DbError, Tx},
    value::{ColumnType, Value},
};
use domain::access::{self, Action, LimitKind, Uses};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Actions that count against each limit, and its window; as the access table says.
fn limited() -> BTreeMap<LimitKind, (Vec<Action>, i64)> {
    let mut limited: BTreeMap<LimitKind, (Vec<Action>, i64)> = BTreeMap::new();
    for action in Action::ALL {
        for rule in access::table(action.noun()).iter().filter(|rule| rule.actions.contains(action)) {
            let Some(limit) = rule.limit else { continue };
            let (actions, window) = limited.entry(limit.kind).or_default();
            if !actions.contains(action) {
                actions.push(*action);
            }
            *window = limit.per_ms.max(*window);
        }
    }
    limited
}

/// Uses of limited acts by the account, in the windows that end at `at`.
pub(crate) async fn uses(tx: &mut Tx, account: Uuid, at: i64) -> Result<Uses, DbError> {
    let mut uses = Uses::default();
    for (kind, (actions, window)) in limited() {
        let mut count = 0;
        for action in actions {
            let sql = "SELECT COUNT(*) FROM access_log WHERE account = $1 AND action = $2 AND at > $3";
            let args = [account.into(), action.name().into(), Arg::from(at.saturating_sub(window))];
            let row = tx.row(sql, &args, &[ColumnType::Int]).await?;
            count += row.and_then(|row| row.first().and_then(Value::opt_int)).unwrap_or(0);
        }
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match kind {
            LimitKind::Match => uses.matches = count,
            LimitKind::BreakGlass => uses.break_glass = count,
            LimitKind::IdentifiedExport => uses.identified_exports = count,
        }
    }
    Ok(uses)
}
