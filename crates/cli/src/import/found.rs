//! What the register already has of a batch, put before the planner in a few bulk look-ups, as far as the account that
//! imports may read it: a match with a record out of its sight would tell that somebody is on record elsewhere.

use domain::{
    access::{Action, Actor},
    id::JurisdictionId,
    kernel::{Kind, Located},
};
use exchange::intake::{Intake, Known, Lookup, Origin};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use store::{matching::LookUp, store::Store};
use uuid::Uuid;

/// What an account may read, as far as it was asked.
#[derive(Clone)]
pub struct Sight {
    actor: Arc<Actor>,
    /// By action and area, for records that lie in one. An area that is not open may still hold a record that is, by an
    /// assignment.
    areas: Arc<Mutex<BTreeMap<(Action, JurisdictionId), bool>>>,
}

impl Sight {
    /// Of this account.
    pub fn of(actor: Arc<Actor>) -> Self {
        Self { actor, areas: Arc::default() }
    }

    fn areas(&self) -> MutexGuard<'_, BTreeMap<(Action, JurisdictionId), bool>> {
        // A panic elsewhere leaves whole answers behind.
        self.areas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sees(&self, store: &Store, id: Uuid, located: &Located) -> anyhow::Result<bool> {
        let Some(action) = reading(located.aggregate.kind()) else { return Ok(true) };
        if let Some(area) = located.aggregate.about().jurisdiction {
            let judged = self.areas().get(&(action, area)).copied();
            let open = match judged {
                Some(open) => open,
                None => {
                    let open = store.judge_area(&self.actor, action, area.0).await.is_ok();
                    self.areas().insert((action, area), open);
                    open
                }
            };
            if open {
                return Ok(true);
            }
        }
        Ok(store.judge_record(&self.actor, action, id).await?.allowed)
    }
}

/// How records of a kind are read, for those that are somebody's.
fn reading(kind: Kind) -> Option<Action> {
    Some(match kind {
        Kind::Person => Action::PersonRead,
        Kind::Case => Action::CaseRead,
        Kind::Contact => Action::ContactRead,
        Kind::Exposure => Action::ExposureRead,
        Kind::Sample => Action::SampleRead,
        Kind::Household => Action::HouseholdRead,
        // What belongs to nobody. Each is named: a new kind is not passed over unasked.
        Kind::Jurisdiction | Kind::Outbreak | Kind::Place | Kind::Duplicate | Kind::Team | Kind::Assignment => return None,
        Kind::Import | Kind::Erasure => return None,
    })
}

/// Looks for what planning will need: everything found is of one moment.
pub async fn look(store: &Store, sight: &Sight, lookup: Lookup) -> anyhow::Result<Known> {
    let mut known = Known::default();
    let mut register = store.look_up().await?;
    put(store, sight, &mut known, register.matching(&lookup.keys).await?).await?;
    if !lookup.ids.is_empty() {
        put(store, sight, &mut known, register.located(lookup.ids).await?).await?;
    }
    people(store, &mut register, sight, &mut known).await?;
    if !lookup.relations.is_empty() {
        let targets = known.ids();
        if !targets.is_empty() {
            put(store, sight, &mut known, register.referring(&targets, &lookup.relations).await?).await?;
            people(store, &mut register, sight, &mut known).await?;
        }
    }
    register.end().await?;
    Ok(known)
}

/// Looks up what is known outside of records that the batch just planned would change and that were changed here, and
/// begins the batch again. Whether that was needed: seldom.
pub async fn load_origins(store: &Store, intake: &mut Intake) -> anyhow::Result<bool> {
    let lacking = intake.known.lacking_origin();
    if lacking.is_empty() {
        return Ok(false);
    }
    let origins = store.origins(lacking.clone()).await?;
    let origin = |origin: store::origin::Origin| Origin { outside: origin.outside, queued: origin.queued };
    intake.known.again(origins.into_iter().map(|(id, found)| (id, origin(found))).collect());
    Ok(true)
}

/// The people of cases, contacts and samples found, and once more where they were merged.
async fn people(store: &Store, register: &mut LookUp, sight: &Sight, known: &mut Known) -> anyhow::Result<()> {
    let wanting: BTreeSet<Uuid> = known.wanting();
    if !wanting.is_empty() {
        put(store, sight, known, register.located(wanting).await?).await?;
    }
    Ok(())
}

async fn put(store: &Store, sight: &Sight, known: &mut Known, found: BTreeMap<Uuid, Located>) -> anyhow::Result<()> {
    for (id, located) in found {
        if !known.has(id) && sight.sees(store, id, &located).await? {
            known.put_found(id, located.aggregate, located.version);
        }
    }
    Ok(())
}
