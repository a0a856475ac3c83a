//! Loading facts in bulk.

use super::trail::Trail;
use crate::{
    engine::{Arg, DbError, Tx},
    value::{ColumnType, Row},
};
use domain::{
    id::{OutbreakId, StreamId},
    kernel::{Aggregate, Kind, Located, Needs, Relation, group::Facts},
    seal::Classes,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const OWN: &str =
    "SELECT stream, id, kind, version, released_to, erased, state FROM aggregate WHERE stream = $1 AND id IN {2}";
const ANY: &str = "SELECT stream, id, kind, version, released_to, erased, state FROM aggregate \
     WHERE stream IN (SELECT stream FROM stream_head) AND id IN {1}";
pub(crate) const AGGREGATE_TYPES: [ColumnType; 7] = [
    ColumnType::Int,
    ColumnType::Uuid,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Int,
    ColumnType::Bytes,
];
const REFERRERS: &str = "SELECT target, relation, source FROM link \
     WHERE stream IN (SELECT stream FROM stream_head) AND target IN {1}";
const CODES: &str = "SELECT outbreak, last FROM code_counter WHERE stream = $1 AND outbreak IN {2}";

/// Loads what is missing of `needs` into `facts`; referrers are loaded with the aggregates they name. What `trail` knows
/// goes before what the database has.
pub(crate) async fn load(
    tx: &mut Tx,
    stream: StreamId,
    only_stream: bool,
    needs: &Needs,
    trail: Option<&Trail>,
    facts: &mut Facts,
) -> Result<(), DbError> {
    let mut ids: BTreeSet<Uuid> = needs.ids.clone();
    if !needs.referrers.is_empty() {
        let targets: BTreeSet<Uuid> = needs.referrers.iter().map(|(target, _)| *target).collect();
        for key in &needs.referrers {
            facts.referrers.entry(*key).or_default();
        }
        let types = [ColumnType::Uuid, ColumnType::Int, ColumnType::Uuid];
        for row in tx.rows(REFERRERS, &[Arg::Uuids(targets.into_iter().collect())], &types).await? {
            let (target, code, source) = (row[0].uuid()?, row[1].int()?, row[2].uuid()?);
            let asked = needs.referrers.range((target, Relation::Subject)..).take_while(|(id, _)| *id == target);
            for key in asked.filter(|(_, relation)| *relation as i64 == code) {
                facts.referrers.entry(*key).or_default().push(source);
            }
        }
        for key in &needs.referrers {
            if let Some(list) = facts.referrers.get_mut(key) {
                if let Some(trail) = trail {
                    trail.correct(*key, list);
                }
                list.sort_unstable();
                list.dedup();
                ids.extend(list.iter());
            }
        }
    }
    ids.retain(|id| match trail.and_then(|trail| trail.located(*id)) {
        Some(located) => {
            facts.located.entry(*id).or_insert_with(|| Some(located.clone()));
            false
        }
        None => !facts.located.contains_key(id),
    });
    aggregates(tx, stream, only_stream, ids, facts).await?;
    if !needs.streams.is_empty() {
        let known = tx.rows("SELECT stream FROM stream", &[], &[ColumnType::Int]).await?;
        let known: BTreeSet<i64> = known.iter().filter_map(|row| row[0].opt_int()).collect();
        facts.streams.extend(needs.streams.iter().map(|stream| (*stream, known.contains(&stream.0))));
    }
    if !needs.codes.is_empty() {
        for outbreak in &needs.codes {
            facts.codes.entry(*outbreak).or_insert(0);
        }
        let outbreaks = needs.codes.iter().map(|outbreak| outbreak.0).collect();
        let types = [ColumnType::Uuid, ColumnType::Int];
        for row in tx.rows(CODES, &[stream.0.into(), Arg::Uuids(outbreaks)], &types).await? {
            facts.codes.insert(OutbreakId(row[0].uuid()?), row[1].int()?);
        }
        for outbreak in &needs.codes {
            if let Some(last) = trail.and_then(|trail| trail.code(*outbreak)) {
                facts.codes.insert(*outbreak, last);
            }
        }
    }
    Ok(())
}

async fn aggregates(
    tx: &mut Tx,
    stream: StreamId,
    only_stream: bool,
    ids: BTreeSet<Uuid>,
    facts: &mut Facts,
) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    let args = [stream.0.into(), Arg::Uuids(ids.iter().copied().collect())];
    each_located(tx, OWN, &args, |located| {
        facts.located.insert(located.id, Some(located));
    })
    .await?;
    let elsewhere: Vec<Uuid> = ids.iter().copied().filter(|id| !facts.located.contains_key(id)).collect();
    if !only_stream && !elsewhere.is_empty() {
        each_located(tx, ANY, &[Arg::Uuids(elsewhere.clone())], |located| {
            facts.located.insert(located.id, Some(located));
        })
        .await?;
    }
    for id in elsewhere {
        facts.located.entry(id).or_insert(None);
    }
    Ok(())
}

/// Reads one `aggregate` row (stream, id, kind, version, released_to, erased, state).
pub(crate) fn located(row: &Row) -> Result<Located, DbError> {
    let id = row[1].uuid()?;
    let unreadable = |what: &str| {
        DbError::Schema(format!(
            "aggregate {id} cannot be read ({what}): run `firebreak verify`, which names the cause"
        ))
    };
    let kind = Kind::from_code(row[2].int()?).ok_or_else(|| unreadable("a kind this program does not know"))?;
    let aggregate = Aggregate::decode(kind, row[6].bytes()?).map_err(|_| unreadable("its state is damaged"))?;
    Ok(Located {
        id,
        stream: StreamId(row[0].int()?),
        version: row[3].int()?,
        released_to: row[4].opt_int().map(StreamId),
        erased: Classes::from_bits(row[5].int()?),
        aggregate,
    })
}

/// Reads each row while the next ones are fetched: rows that were only gathered would cost a turn between two threads each.
async fn each_located(tx: &mut Tx, sql: &str, args: &[Arg], mut take: impl FnMut(Located)) -> Result<(), DbError> {
    let mut unreadable = None;
    tx.each(sql, args, &AGGREGATE_TYPES, |row| match located(&row) {
        Ok(located) => take(located),
        Err(error) => unreadable = unreadable.take().or(Some(error)),
    })
    .await?;
    unreadable.map_or(Ok(()), Err)
}

/// Aggregates of any home, by id.
pub(crate) async fn load_aggregates(tx: &mut Tx, ids: BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, Located>, DbError> {
    let mut found = BTreeMap::new();
    each_located(tx, ANY, &[Arg::Uuids(ids.into_iter().collect())], |located| {
        found.insert(located.id, located);
    })
    .await?;
    Ok(found)
}
