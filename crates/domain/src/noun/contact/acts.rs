//! The acts on a contact, one function each.

use super::{
    Basis, Case, CaseId, Changes, Classification, Command, Contact, Context, Corrected, Date, DropReason, Entry,
    EntryChanges, EntryGiven, Event, Exposure, ExposureAdded, ExposureId, FollowUpCorrected, FollowedUp, Given,
    HandOverAcknowledged, HandOverOffered, Judgement, Jurisdiction, JurisdictionId, Listed, MAX_ENTRIES,
    MAX_LINE_CHARS, MAX_NOTE_CHARS, Moved, Outbreak, Person, Refusal, Rejudged, Ring, Status, StreamId, at_most,
    entry,
    judgement::{judge, only_one, pack, standing, still_standing, today},
    not_future, plan, same_person,
};
use crate::fields::Kept as _;
use crate::seal::Reading;

/// Most entries of one contact: three a day for a year.
const MAX_FOLLOW_UPS: usize = 1_100;

pub(super) fn list(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::List { id, person, ring, exposures, fields } = command else {
        return Err(Refusal::rule("unknown_body"));
    };
    let Some(first) = exposures.first() else { return Err(Refusal::rule("needs_exposure").at("exposures")) };
    if exposures.len() > MAX_ENTRIES {
        return Err(Refusal::rule("too_many").at("exposures"));
    }
    let owner = context.expect::<Person>(*person)?;
    if let Some(kept) = owner.merged_into {
        return Err(Refusal::rule("merged_record").about(kept));
    }
    let outbreak_id = context.expect::<Exposure>(*first)?.outbreak;
    let mut standing_ones: Vec<&Exposure> = Vec::with_capacity(exposures.len());
    for exposure in exposures {
        let found = standing(*exposure, *person, Some(outbreak_id), context)?;
        if !standing_ones.iter().any(|other| other.id == found.id) {
            standing_ones.push(found);
        }
    }
    let outbreak = context.expect::<Outbreak>(outbreak_id)?;
    if outbreak.closed_at.is_some() {
        return Err(Refusal::rule("outbreak_closed").about(outbreak_id));
    }
    check(fields, context.now)?;
    only_one(*id, *person, outbreak_id, context)?;
    let on = today(outbreak, context)?;
    let kept = fields.clone().kept();
    let detected = kept.listed_on.as_ref().and_then(|listed| listed.0.earliest()).unwrap_or(on);
    let pack = pack(&outbreak.pack, context)?;
    let judgement = judge(pack, *ring, &standing_ones, detected, Contact::entered_site_on(&kept), context)?;
    // Followed where the person lives, if that is ours; else by those who found the contact, until handed over.
    let ours = context.world.get(person.0).is_some_and(|located| located.stream == context.stream);
    let jurisdiction = match standing_ones.first() {
        Some(exposure) if !ours => exposure.jurisdiction,
        _ => owner.jurisdiction,
    };
    Ok(vec![Event::Listed(Listed {
        id: *id,
        person: *person,
        outbreak: outbreak_id,
        jurisdiction,
        pack: outbreak.pack.clone(),
        fields: fields.clone().patch(),
        bases: standing_ones.iter().map(|found| Basis { exposure: found.id, source: found.source }).collect(),
        on,
        judgement,
    })])
}

pub(super) fn correct(contact: &Contact, changes: &Changes, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let given = Given {
        identifiers: changes.identifiers.as_ref().and_then(|change| change.to.clone()),
        listed_on: changes.listed_on.as_ref().and_then(|change| change.to),
        entered_site_on: changes.entered_site_on.as_ref().and_then(|change| change.to),
        note: changes.note.as_ref().and_then(|change| change.to.clone()),
    };
    check(&given, context.now)?;
    let patch = changes.clone().judge(&contact.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    let mut after = contact.clone();
    patch.clone().apply(&mut after.fields);
    let mut events = vec![Event::Corrected(Corrected { changes: patch })];
    if let Some(judgement) = judged_anew(&after, context)?.filter(|judgement| *judgement != contact.judgement) {
        events.push(Event::Rejudged(Rejudged { judgement }));
    }
    Ok(events)
}

/// What the pack says on the exposures that still stand; `None` where none does.
fn judged_anew(contact: &Contact, context: &Context<'_>) -> Result<Option<Judgement>, Refusal> {
    let exposures = still_standing(&contact.bases, context);
    if exposures.is_empty() {
        return Ok(None);
    }
    judged_on(contact, &exposures, contact.judgement.ring, context).map(Some)
}

fn judged_on(
    contact: &Contact,
    exposures: &[&Exposure],
    ring: Ring,
    context: &Context<'_>,
) -> Result<Judgement, Refusal> {
    let entered = Contact::entered_site_on(&contact.fields);
    judge(pack(&contact.pack, context)?, ring, exposures, contact.detected_on(), entered, context)
}

pub(super) fn add_exposure(
    contact: &Contact,
    id: ExposureId,
    ring: Option<Ring>,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let ring = ring.map_or(contact.judgement.ring, |ring| ring.min(contact.judgement.ring));
    if contact.bases.iter().any(|basis| basis.exposure == id) && ring == contact.judgement.ring {
        return Err(Refusal::rule("nothing_changes").about(id));
    }
    if contact.bases.len() >= MAX_ENTRIES {
        return Err(Refusal::rule("too_many").at("exposure"));
    }
    let outbreak = context.expect::<Outbreak>(contact.outbreak)?;
    let added = standing(id, contact.person, Some(contact.outbreak), context)?;
    let mut exposures = still_standing(&contact.bases, context);
    exposures.push(added);
    let judgement = judged_on(contact, &exposures, ring, context)?;
    let on = today(outbreak, context)?;
    let runs = judgement.plan.as_ref().is_none_or(|plan| plan.last_date() >= on);
    let ended = matches!(contact.status(), Status::Completed | Status::Dropped(_));
    let basis = Basis { exposure: id, source: added.source };
    let mut events = vec![Event::ExposureAdded(ExposureAdded { basis, on, judgement })];
    if ended && runs {
        only_one(contact.id, contact.person, contact.outbreak, context)?;
        events.push(Event::Moved(Moved { to: Status::Followed, on }));
    }
    Ok(events)
}

pub(super) fn follow_up(
    contact: &Contact,
    fields: &EntryGiven,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    if contact.entries.len() >= MAX_FOLLOW_UPS {
        return Err(Refusal::rule("too_many").at("fields"));
    }
    let findings = fields.temperature_tenths.is_some() || fields.symptoms.is_some();
    let (on, state) = entry::check(fields, findings, context.now)?;
    may_be_about(contact, on, fields.slot)?;
    let seen_by = Some(fields.seen_by.unwrap_or(context.actor)).filter(|_| state.is_seen());
    let fields = EntryGiven { seen_by, ..fields.clone() };
    let mut events = vec![Event::FollowedUp(FollowedUp { fields: fields.patch() })];
    let lost_on = contact.history.last().map(|step| step.on);
    if contact.status() == Status::Lost && state.is_seen() && lost_on.is_none_or(|lost_on| on >= lost_on) {
        events.push(Event::Moved(Moved { to: Status::Followed, on }));
    }
    Ok(events)
}

/// Refuses an entry about a day after the follow-up ended, or a slot the plan has not. What was seen before the end
/// and arrives later is taken.
fn may_be_about(contact: &Contact, on: Date, slot: Option<i64>) -> Result<(), Refusal> {
    let ended_on = contact.history.last().filter(|step| !step.status.is_open()).map(|step| step.on);
    if ended_on.is_some_and(|ended_on| on > ended_on) {
        return Err(Refusal::rule("follow_up_not_open").at("on"));
    }
    let planned = |slot| contact.judgement.plan.as_ref().is_some_and(|plan| plan.has(on, slot));
    match slot {
        Some(slot) if !planned(slot) => Err(Refusal::rule("slot_not_in_plan").at("slot")),
        _ => Ok(()),
    }
}

pub(super) fn correct_entry(
    contact: &Contact,
    n: u32,
    changes: &EntryChanges,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let Some(Entry { fields, .. }) = contact.entries.get(n as usize) else {
        return Err(Refusal::rule("no_such_entry").at("n"));
    };
    let patch = changes.clone().judge(fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    let mut after = fields.clone();
    patch.clone().apply(&mut after);
    let permit = Reading::permit();
    let given = EntryGiven {
        on: after.on.as_ref().map(|on| on.0),
        slot: after.slot.as_ref().map(|slot| slot.0),
        state: after.state.as_ref().map(|state| state.0),
        temperature_tenths: after.temperature_tenths.as_ref().and_then(|tenths| tenths.shown(&permit)).copied(),
        symptoms: after.symptoms.as_ref().and_then(|list| list.shown(&permit)).cloned(),
        note: changes.note.as_ref().and_then(|change| change.to.clone()),
        ..EntryGiven::default()
    };
    let findings = after.temperature_tenths.is_some() || after.symptoms.is_some();
    let (on, _) = entry::check(&given, findings, context.now)?;
    if !patch.on.is_keep() || !patch.slot.is_keep() {
        may_be_about(contact, on, given.slot)?;
    }
    Ok(vec![Event::FollowUpCorrected(FollowUpCorrected { n, changes: patch })])
}

/// The step itself, on the day of the outbreak's zone.
pub(super) fn moved(contact: &Contact, to: Status, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let on = today(context.expect::<Outbreak>(contact.outbreak)?, context)?;
    Ok(vec![Event::Moved(Moved { to, on })])
}

pub(super) fn lose(contact: &Contact, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    match contact.status() {
        Status::Followed => {}
        Status::Lost => return Err(Refusal::rule("nothing_changes")),
        _ => return Err(Refusal::rule("follow_up_not_open")),
    }
    let on = today(context.expect::<Outbreak>(contact.outbreak)?, context)?;
    let last_seen = contact.last_seen_on().unwrap_or_else(|| contact.detected_on());
    let follow_up = pack(&contact.pack, context)?.follow_up(contact.judgement.ring);
    if follow_up.is_some_and(|follow_up| !follow_up.lost(last_seen, on)) {
        return Err(Refusal::rule("lost_too_soon").operational());
    }
    Ok(vec![Event::Moved(Moved { to: Status::Lost, on })])
}

pub(super) fn complete(contact: &Contact, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    match contact.status() {
        Status::Followed | Status::Lost => {}
        Status::Completed => return Err(Refusal::rule("nothing_changes")),
        _ => return Err(Refusal::rule("follow_up_not_open")),
    }
    let on = today(context.expect::<Outbreak>(contact.outbreak)?, context)?;
    let followed = pack(&contact.pack, context)?.follow_up(contact.judgement.ring).is_some();
    let over = match &contact.judgement.plan {
        Some(plan) => on >= plan.last_date(),
        // A ring that is not followed has no term; one whose dates are missing has a term nobody knows.
        None => !followed,
    };
    if !over {
        return Err(Refusal::rule("term_not_over").operational());
    }
    Ok(vec![Event::Moved(Moved { to: Status::Completed, on })])
}

pub(super) fn promote(contact: &Contact, id: CaseId, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    match contact.status() {
        Status::Promoted(case) if case == id => return Err(Refusal::rule("nothing_changes")),
        Status::Promoted(_) => return Err(Refusal::rule("follow_up_not_open")),
        _ => {}
    }
    let case = context.expect::<Case>(id)?;
    if case.outbreak != contact.outbreak {
        return Err(Refusal::rule("wrong_outbreak").about(id));
    }
    if !same_person(context, case.person, contact.person) {
        return Err(Refusal::rule("wrong_person").about(id));
    }
    if case.entered_in_error_at.is_some() {
        return Err(Refusal::rule("entered_in_error").about(id));
    }
    moved(contact, Status::Promoted(id), context)
}

pub(super) fn reopen(contact: &Contact, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    if contact.status() == Status::Followed {
        return Err(Refusal::rule("nothing_changes"));
    }
    if let Status::Promoted(case) = contact.status() {
        // Who is a case is not followed as a contact.
        if !is_none(context.expect::<Case>(case)?) {
            return Err(Refusal::rule("follow_up_not_open").about(case));
        }
    }
    if still_standing(&contact.bases, context).is_empty() {
        return Err(Refusal::rule("needs_exposure"));
    }
    only_one(contact.id, contact.person, contact.outbreak, context)?;
    moved(contact, Status::Followed, context)
}

pub(super) fn offer(
    contact: &Contact,
    to: StreamId,
    jurisdiction: JurisdictionId,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    if !contact.status().is_open() {
        return Err(Refusal::rule("follow_up_not_open"));
    }
    // A contact released to a command post that is none would be followed by nobody.
    if !context.world.has_stream(to) {
        return Err(Refusal::rule("no_such_command_post").at("to"));
    }
    context.expect::<Jurisdiction>(jurisdiction)?;
    match &contact.offer {
        Some(offer) if offer.to == to && offer.jurisdiction == jurisdiction => Err(Refusal::rule("nothing_changes")),
        Some(offer) => Err(Refusal::rule("offer_open").about(offer.jurisdiction)),
        None if contact.jurisdiction == jurisdiction && to == context.stream => Err(Refusal::rule("nothing_changes")),
        None => Ok(vec![Event::HandOverOffered(HandOverOffered { to, jurisdiction })]),
    }
}

pub(super) fn acknowledge(contact: &Contact, by: JurisdictionId) -> Result<Vec<Event>, Refusal> {
    match &contact.offer {
        Some(offer) if offer.jurisdiction == by => Ok(vec![Event::HandOverAcknowledged(HandOverAcknowledged {
            to: offer.to,
            jurisdiction: offer.jurisdiction,
        })]),
        None if contact.jurisdiction == by && contact.handed_over_at.is_some() => {
            Err(Refusal::rule("nothing_changes"))
        }
        _ => Err(Refusal::rule("not_offered_to_you").about(by)),
    }
}

/// Judges anew: an exposure or an anchor of its source was corrected, or the case it became is none (DESIGN §13.7).
pub(super) fn reassess(contact: &Contact, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let outbreak = context.expect::<Outbreak>(contact.outbreak)?;
    let on = today(outbreak, context)?;
    let status = contact.status();
    let no_case = match status {
        Status::Promoted(case) => context.find::<Case>(case).is_some_and(is_none),
        _ => false,
    };
    let Some(judgement) = judged_anew(contact, context)? else {
        if status.is_open() || no_case {
            return Ok(vec![Event::Moved(Moved { to: Status::Dropped(DropReason::EnteredInError), on })]);
        }
        return Err(Refusal::rule("nothing_changes"));
    };
    let last = |judgement: &Judgement| judgement.plan.as_ref().map(plan::Plan::last_date);
    let (before, after) = (last(&contact.judgement), last(&judgement));
    let extended = status == Status::Completed && after > before && after.is_some_and(|last| last >= on);
    let mut events = Vec::new();
    if judgement != contact.judgement {
        events.push(Event::Rejudged(Rejudged { judgement }));
    }
    let alone = only_one(contact.id, contact.person, contact.outbreak, context).is_ok();
    if (extended || no_case) && alone {
        events.push(Event::Moved(Moved { to: Status::Followed, on }));
    } else if no_case {
        // Followed under another record by now.
        events.push(Event::Moved(Moved { to: Status::Dropped(DropReason::Duplicate), on }));
    }
    if events.is_empty() { Err(Refusal::rule("nothing_changes")) } else { Ok(events) }
}

fn is_none(case: &Case) -> bool {
    case.entered_in_error_at.is_some()
        || matches!(case.classification(), Classification::NotACase | Classification::FalsePositive)
}

fn check(fields: &Given, now: i64) -> Result<(), Refusal> {
    for (pointer, date) in [("listed_on", fields.listed_on), ("entered_site_on", fields.entered_site_on)] {
        if let Some(date) = date {
            not_future(pointer, date, now)?;
        }
    }
    if let Some(note) = &fields.note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    if fields.identifiers.as_ref().is_some_and(|list| list.len() > MAX_ENTRIES) {
        return Err(Refusal::rule("too_many").at("identifiers"));
    }
    for identifier in fields.identifiers.iter().flatten() {
        at_most("identifiers", &identifier.kind, MAX_LINE_CHARS)?;
        at_most("identifiers", &identifier.number, MAX_LINE_CHARS)?;
    }
    Ok(())
}
