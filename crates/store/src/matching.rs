//! Finding records again for an import: by match key, by id, by who refers to them. In bulk, and for the importer
//! alone; what may be done with what was found is judged at the door like everything else.

use crate::{
    engine::{Arg, DbError, Tx},
    store::Store,
    writer::load_aggregates,
};
use domain::{
    kernel::{Located, Relation},
    noun::MatchKey,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const BY_KEY: &str =
    "SELECT DISTINCT id FROM match_key WHERE stream IN (SELECT stream FROM stream_head) AND key IN {1}";
const REFERRERS: &str = "SELECT source FROM link \
     WHERE stream IN (SELECT stream FROM stream_head) AND relation = $1 AND target IN {2}";
const AREAS: &str = "SELECT id FROM jurisdiction ORDER BY stream, id LIMIT 1000";
const OUTBREAKS: &str = "SELECT id FROM outbreak ORDER BY stream, id LIMIT 1000";

/// One look at the register: all its answers are of one moment.
pub struct LookUp {
    tx: Tx,
    store: Store,
}

impl Store {
    /// Learns which keys are on record, so that others need not be looked for, where the register is not large: for somebody
    /// who looks for many that are not.
    pub async fn learn_keys(&self) -> Result<(), DbError> {
        let mut tx = self.read().await?;
        self.core().absent_keys.learn(&mut tx).await?;
        tx.roll_back().await
    }

    /// Begins a look at the register.
    pub async fn look_up(&self) -> Result<LookUp, DbError> {
        Ok(LookUp { tx: self.read().await?, store: self.clone() })
    }
}

impl LookUp {
    /// Records that have one of these keys.
    pub async fn matching(&mut self, keys: &BTreeSet<MatchKey>) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let mut keys: Vec<i64> = keys.iter().map(|key| key.0).collect();
        self.store.core().absent_keys.sift(&mut self.tx, &mut keys).await?;
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids = self.tx.ids(BY_KEY, &[Arg::Ints(keys)]).await?;
        load_aggregates(&mut self.tx, ids).await
    }

    /// Records of these ids; absent ones are left out.
    pub async fn located(&mut self, ids: BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, Located>, DbError> {
        load_aggregates(&mut self.tx, ids).await
    }

    /// Records that refer to `targets` in one of these ways.
    pub async fn referring(
        &mut self,
        targets: &BTreeSet<Uuid>,
        relations: &BTreeSet<Relation>,
    ) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let mut ids = BTreeSet::new();
        for relation in relations {
            let targets = Arg::Uuids(targets.iter().copied().collect());
            ids.append(&mut self.tx.ids(REFERRERS, &[(*relation as i64).into(), targets]).await?);
        }
        load_aggregates(&mut self.tx, ids).await
    }

    /// Areas. At most 1,000.
    pub async fn areas(&mut self) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let ids = self.tx.ids(AREAS, &[]).await?;
        load_aggregates(&mut self.tx, ids).await
    }

    /// Outbreaks, closed ones too. At most 1,000.
    pub async fn outbreaks(&mut self) -> Result<BTreeMap<Uuid, Located>, DbError> {
        let ids = self.tx.ids(OUTBREAKS, &[]).await?;
        load_aggregates(&mut self.tx, ids).await
    }

    /// Ends it.
    pub async fn end(self) -> Result<(), DbError> {
        self.tx.roll_back().await
    }
}
