//! What the register already has of a batch, put before the planner in a few bulk look-ups.

use exchange::{MappedRecord, intake::Intake};
use store::{matching::LookUp, store::Store};

/// Loads what planning `records` will look for.
pub async fn load<'r>(
    store: &Store,
    intake: &mut Intake,
    records: impl Iterator<Item = &'r MappedRecord>,
) -> anyhow::Result<()> {
    let lookup = intake.lookups(records);
    let mut register = store.look_up().await?;
    put(intake, register.matching(&lookup.keys).await?);
    if !lookup.ids.is_empty() {
        put(intake, register.located(lookup.ids).await?);
    }
    people(&mut register, intake).await?;
    if !lookup.relations.is_empty() {
        let targets = intake.known.ids();
        if !targets.is_empty() {
            put(intake, register.referring(&targets, &lookup.relations).await?);
            people(&mut register, intake).await?;
        }
    }
    Ok(register.end().await?)
}

/// The people of cases, contacts and samples found, and once more where they were merged.
async fn people(register: &mut LookUp, intake: &mut Intake) -> anyhow::Result<()> {
    let wanting = intake.known.wanting();
    if !wanting.is_empty() {
        put(intake, register.located(wanting).await?);
    }
    Ok(())
}

fn put(
    intake: &mut Intake,
    found: std::collections::BTreeMap<uuid::Uuid, domain::kernel::Located>,
) {
    for (id, located) in found {
        if !intake.known.has(id) {
            intake.known.put(id, located.aggregate);
        }
    }
}
