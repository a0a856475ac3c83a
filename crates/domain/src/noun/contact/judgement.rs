//! What the pack says of a contact, from the exposures that stand: ring, definition, window, plan.

use super::{Basis, Contact, plan, plan::Plan};
use crate::{
    id::{ContactId, OutbreakId, PersonId},
    kernel::{Context, Relation},
    noun::{evidence::same_person, exposure::Exposure, outbreak::Outbreak},
    pack::{ContactDates, Pack, PackRef, Ring},
    refusal::Refusal,
    when::{day_of, zone},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The judgement, as events carry it and states keep it: no field is left out, for the compact encoding has no names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// The ring.
    pub ring: Ring,
    /// Whether any exposure meets the ring's definition; absent while no kind is known. A contact that does not is
    /// counted, not refused: definitions have been too narrow (F29).
    pub meets_definition: Option<bool>,
    /// Whether any exposure lies in its source's infectious window; absent while that is not known.
    pub in_window: Option<bool>,
    /// The plan; absent where the pack does not follow the ring, or a date it counts from is not known.
    pub plan: Option<Plan>,
}

/// Judges exposures that stand.
pub(super) fn judge(
    pack: &Pack,
    ring: Ring,
    exposures: &[&Exposure],
    detected: Date,
    entry: Option<Date>,
    context: &Context<'_>,
) -> Result<Judgement, Refusal> {
    if pack.contact_definition(ring).is_none() {
        return Err(Refusal::rule("ring_not_in_pack").at("ring"));
    }
    let facts: Vec<_> = exposures.iter().filter_map(|exposure| exposure.fact()).collect();
    let met = facts.iter().any(|fact| pack.makes_contact(ring, fact));
    let span = plan::union(exposures.iter().filter_map(|exposure| exposure.infectious_span(pack, context)));
    let dates = ContactDates {
        first_exposure: span.map(|span| span.first),
        last_exposure: span.map(|span| span.last),
        entry,
        detected,
        reset: None,
    };
    Ok(Judgement {
        ring,
        meets_definition: (!facts.is_empty()).then_some(met),
        in_window: span.and_then(|span| span.in_window),
        plan: Plan::of(pack, ring, dates).ok(),
    })
}

/// The pack of this name.
pub(super) fn pack<'a>(reference: &PackRef, context: &Context<'a>) -> Result<&'a Pack, Refusal> {
    context.packs.get(reference).ok_or_else(|| Refusal::rule("pack_unknown"))
}

/// The calendar date of now in the outbreak's zone.
pub(super) fn today(outbreak: &Outbreak, context: &Context<'_>) -> Result<Date, Refusal> {
    day_of(context.now, &zone(&outbreak.time_zone)).ok_or_else(|| Refusal::rule("in_the_future"))
}

/// The exposure, where a contact of this person in this outbreak may rest on it.
pub(super) fn standing<'a>(
    basis: crate::id::ExposureId,
    person: PersonId,
    outbreak: Option<OutbreakId>,
    context: &Context<'a>,
) -> Result<&'a Exposure, Refusal> {
    let exposure = context.expect::<Exposure>(basis)?;
    if !same_person(context, exposure.person, person) {
        return Err(Refusal::rule("wrong_person").about(basis));
    }
    if outbreak.is_some_and(|outbreak| outbreak != exposure.outbreak) {
        return Err(Refusal::rule("wrong_outbreak").about(basis));
    }
    if exposure.is_void(context) {
        return Err(Refusal::rule("entered_in_error").about(basis));
    }
    Ok(exposure)
}

/// The exposures that still stand.
pub(super) fn still_standing<'a>(bases: &[Basis], context: &Context<'a>) -> Vec<&'a Exposure> {
    let found = bases.iter().filter_map(|basis| context.find::<Exposure>(basis.exposure));
    found.filter(|exposure| !exposure.is_void(context)).collect()
}

/// Refuses a second open follow-up of one person in one outbreak (DESIGN §13.1).
pub(super) fn only_one(
    id: ContactId,
    person: PersonId,
    outbreak: OutbreakId,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let other = context
        .referring::<Contact>(person, Relation::ContactOfPerson)
        .into_iter()
        .find(|(other, contact)| *other != id.0 && contact.outbreak == outbreak && contact.status().is_open());
    match other {
        Some((other, _)) => Err(Refusal::rule("open_follow_up_exists").about(other)),
        None => Ok(()),
    }
}
