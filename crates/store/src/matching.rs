//! Finding records again for an import: by match key, by id, by who refers to them. In bulk, and for the importer
//! alone; what may be done with what was found is judged at the door like everything else.

use crate::{
    engine::{Arg, DbError},
    store::Store,
    value::ColumnType,
    writer::load_aggregates,
};
use domain::{
    kernel::{Kind, Located, Relation},
    noun::MatchKey,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const BY_KEY: &str =
    "SELECT DISTINCT id FROM match_key WHERE stream IN (SELECT stream FROM stream_head) AND key IN {1}";
const REFERRERS: &str = "SELECT relation, source FROM link \
     WHERE stream IN (SELECT stream FROM stream_head) AND target IN {1}";
const OF_KIND: &str = "SELECT id FROM aggregate WHERE kind = $1 ORDER BY stream, id LIMIT 1000";

impl Store {
    /// Records that have one of these keys.
    pub async fn matching(&self, keys: &BTreeSet<MatchKey>) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let mut tx = self.read().await?;
        let keys: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let mut ids = BTreeSet::new();
        for row in tx.rows(BY_KEY, &[Arg::Ints(keys)], &[ColumnType::Uuid]).await? {
            ids.insert(row[0].uuid()?);
        }
        let found = load_aggregates(&mut tx, ids).await?;
        tx.roll_back().await?;
        Ok(found)
    }

    /// Records of these ids; absent ones are left out.
    pub async fn located(&self, ids: BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let mut tx = self.read().await?;
        let found = load_aggregates(&mut tx, ids).await?;
        tx.roll_back().await?;
        Ok(found)
    }

    /// Records that refer to `targets` in one of these ways.
    pub async fn referring(
        &self,
        targets: &BTreeSet<Uuid>,
        relations: &BTreeSet<Relation>,
    ) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let mut tx = self.read().await?;
        let wanted: BTreeSet<i64> = relations.iter().map(|relation| *relation as i64).collect();
        let mut ids = BTreeSet::new();
        let targets = targets.iter().copied().collect();
        for row in tx.rows(REFERRERS, &[Arg::Uuids(targets)], &[ColumnType::Int, ColumnType::Uuid]).await? {
            if wanted.contains(&row[0].int()?) {
                ids.insert(row[1].uuid()?);
            }
        }
        let found = load_aggregates(&mut tx, ids).await?;
        tx.roll_back().await?;
        Ok(found)
    }

    /// Records of a kind of which there are few: areas, outbreaks. At most 1,000.
    pub async fn few_of(&self, kind: Kind) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let mut tx = self.read().await?;
        let mut ids = BTreeSet::new();
        for row in tx.rows(OF_KIND, &[(kind as i64).into()], &[ColumnType::Uuid]).await? {
            ids.insert(row[0].uuid()?);
        }
        let found = load_aggregates(&mut tx, ids).await?;
        tx.roll_back().await?;
        Ok(found)
    }
}
