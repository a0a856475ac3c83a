//! Every area with all that contain it: what scopes, filters and lineages are read from.
//!
//! Derived from the parents of all areas, whatever stream they are in, so it is made under one lock (the epoch of
//! accounts): two commits that touch areas follow each other, in whichever streams and servers they are. The same
//! commit raises the epoch, so rights held in memory by the old shape of the country end with it.

use crate::{
    accounts,
    engine::{Arg, DbError, Tx},
    table,
    table::Table,
    value::{ColumnType, Row, Value},
    writer::Unit,
};
use domain::{
    kernel::Located,
    noun::{Of as _, jurisdiction::Jurisdiction},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

table! {
    /// Areas with those that contain them; each contains itself at depth 0.
    JURISDICTION_CLOSURE "jurisdiction_closure" Derived 2 [["ancestor", "descendant"]] {
        descendant Uuid, ancestor Uuid, depth Int,
    }
}

/// Tables of this file.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    std::iter::once(&JURISDICTION_CLOSURE)
}

/// Deepest lineage followed, as `domain::kernel::rights` does; hierarchies are refused long before.
const MAX_LINEAGE: usize = 32;

/// The areas directly above, by area.
pub type Parents = BTreeMap<Uuid, Option<Uuid>>;

/// The area and all that contain it, nearest first.
fn lineage(area: Uuid, parents: &Parents) -> Vec<Uuid> {
    let mut lineage = vec![area];
    let mut last = area;
    while let Some(parent) = parents.get(&last).copied().flatten() {
        if lineage.len() >= MAX_LINEAGE || lineage.contains(&parent) {
            break;
        }
        lineage.push(parent);
        last = parent;
    }
    lineage
}

fn rows_of(area: Uuid, parents: &Parents) -> impl Iterator<Item = Row> {
    let above = lineage(area, parents).into_iter().enumerate();
    above.map(move |(depth, ancestor)| vec![area.into(), ancestor.into(), Value::Int(depth as i64)])
}

/// All rows of the closure of these areas.
pub fn of(parents: &Parents) -> Vec<Row> {
    parents.keys().flat_map(|area| rows_of(*area, parents)).collect()
}

/// Parents of the areas among these aggregates.
pub fn parents_of<'a>(located: impl IntoIterator<Item = &'a Located>) -> Parents {
    let areas = located.into_iter().filter_map(|located| Some((located.id, Jurisdiction::of(&located.aggregate)?)));
    areas.map(|(id, area)| (id, area.parent.map(|parent| parent.0))).collect()
}

async fn parents(tx: &mut Tx) -> Result<Parents, DbError> {
    let mut parents = Parents::new();
    tx.each("SELECT id, parent FROM jurisdiction", &[], &[ColumnType::Uuid, ColumnType::Uuid], |row| {
        if let Some(id) = row[0].opt_uuid() {
            parents.insert(id, row[1].opt_uuid());
        }
    })
    .await?;
    Ok(parents)
}

/// What a commit that touched these aggregates changes of the closure; nothing where no area is new or moved. Called
/// before the unit is written. Raises the epoch of accounts where areas or teams were touched.
pub async fn keep<'a>(
    tx: &mut Tx,
    touched: impl IntoIterator<Item = &'a Located>,
    unit: &mut Unit,
) -> Result<(), DbError> {
    let touched: Vec<&Located> = touched.into_iter().collect();
    let now = parents_of(touched.iter().copied());
    if !touched.iter().any(|located| matches!(located.aggregate.kind().name(), "jurisdiction" | "team")) {
        return Ok(());
    }
    accounts::bump(tx).await?;
    if now.is_empty() {
        return Ok(());
    }
    let before = parents(tx).await?;
    let moved: BTreeSet<Uuid> =
        now.iter().filter(|(id, parent)| before.get(id) != Some(parent)).map(|(id, _)| *id).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let mut after = before.clone();
    after.extend(now);
    for area in after.keys() {
        let new = lineage(*area, &after);
        if !new.iter().any(|id| moved.contains(id)) {
            continue;
        }
        if before.contains_key(area) {
            for gone in lineage(*area, &before).into_iter().filter(|ancestor| !new.contains(ancestor)) {
                unit.delete(&JURISDICTION_CLOSURE, vec![(*area).into(), gone.into()]);
            }
        }
        for row in rows_of(*area, &after) {
            unit.put(&JURISDICTION_CLOSURE, row);
        }
    }
    Ok(())
}

/// Makes the whole closure again from the rows of areas: for a replay.
pub async fn recount(tx: &mut Tx) -> Result<(), DbError> {
    let rows = of(&parents(tx).await?);
    tx.execute("DELETE FROM jurisdiction_closure", &[]).await?;
    tx.insert(&JURISDICTION_CLOSURE, rows).await
}

/// Each area with all that contain it, nearest first. An area that is not (yet) known stands alone, as at the door.
pub async fn lineages(tx: &mut Tx, areas: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Uuid>>, DbError> {
    let mut found: BTreeMap<Uuid, BTreeMap<i64, Uuid>> = BTreeMap::new();
    let sql = "SELECT descendant, ancestor, depth FROM jurisdiction_closure WHERE descendant IN {1}";
    let types = [ColumnType::Uuid, ColumnType::Uuid, ColumnType::Int];
    for row in tx.rows(sql, &[Arg::Uuids(areas.to_vec())], &types).await? {
        found.entry(row[0].uuid()?).or_default().insert(row[2].int()?, row[1].uuid()?);
    }
    let one = |area: &Uuid| match found.get(area) {
        Some(above) => above.values().copied().collect(),
        None => vec![*area],
    };
    Ok(areas.iter().map(|area| (*area, one(area))).collect())
}
