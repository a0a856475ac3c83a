//! The acts on a case, one function each.

use super::{
    Case, CaseId, Changes, Classification, Command, Context, Corrected, Event, Finding, FirstPositiveNoted, Given,
    KnownDate, MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, Opened, Outbreak, Pack, PackRef, Person, PersonId,
    Reclassified, Refusal, Relation, at_most, not_future,
};
use crate::noun::{
    evidence::{Judged, judge, same_person},
    sample::Sample,
};

pub(super) fn open(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::Open { id, person, outbreak, jurisdiction, classification, findings, fields, reinfection_of } =
        command
    else {
        return Err(Refusal::rule("unknown_body"));
    };
    let owner = context.expect::<Person>(*person)?;
    let declared = context.expect::<Outbreak>(*outbreak)?;
    if let Some(kept) = owner.merged_into {
        return Err(Refusal::rule("merged_record").about(kept));
    }
    if declared.closed_at.is_some() {
        return Err(Refusal::rule("outbreak_closed").about(*outbreak));
    }
    if findings.len() > MAX_ENTRIES {
        return Err(Refusal::rule("too_many").at("findings"));
    }
    check(fields, context.now)?;
    let earlier = context.referring::<Case>(*person, Relation::CaseOfPerson).into_iter().find(|(other, case)| {
        case.outbreak == *outbreak
            && case.entered_in_error_at.is_none()
            && reinfection_of.map(|id| id.0) != Some(*other)
    });
    if let Some((other, _)) = earlier {
        return Err(Refusal::rule("open_case_exists").about(other));
    }
    let pack = pack_of(&declared.pack, context)?;
    if let Some(earlier) = reinfection_of {
        far_enough(*earlier, *person, fields, pack, context)?;
    }
    let judged = Judged { id: *id, person: *person, outbreak: *outbreak, onset: fields.onset_on, from: None, pack };
    let infections_added = match classification {
        Classification::Unclassified => 0,
        named => judge(&judged, *named, findings, context)?,
    };
    let number = context.world.next_code(*outbreak);
    Ok(vec![Event::Opened(Opened {
        id: *id,
        person: *person,
        outbreak: *outbreak,
        jurisdiction: *jurisdiction,
        number,
        code: declared.code(number),
        classification: *classification,
        findings: findings.clone(),
        pack: declared.pack.clone(),
        fields: fields.clone().patch(),
        reinfection_of: *reinfection_of,
        infections_added,
    })])
}

pub(super) fn correct(case: &Case, changes: &Changes, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let given = Given {
        infected_on: changes.infected_on.as_ref().and_then(|change| change.to),
        onset_on: changes.onset_on.as_ref().and_then(|change| change.to),
        rash_onset_on: changes.rash_onset_on.as_ref().and_then(|change| change.to),
        first_positive_on: changes.first_positive_on.as_ref().and_then(|change| change.to),
        reported_on: changes.reported_on.as_ref().and_then(|change| change.to),
        admitted_on: changes.admitted_on.as_ref().and_then(|change| change.to),
        isolated_on: changes.isolated_on.as_ref().and_then(|change| change.to),
        outcome_on: changes.outcome_on.as_ref().and_then(|change| change.to),
        symptoms: changes.symptoms.as_ref().and_then(|change| change.to.clone()),
        note: changes.note.as_ref().and_then(|change| change.to.clone()),
        facility_name: changes.facility_name.as_ref().and_then(|change| change.to.clone()),
        identifiers: changes.identifiers.as_ref().and_then(|change| change.to.clone()),
        ..Given::default()
    };
    check(&given, context.now)?;
    let patch = changes.clone().judge(&case.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    Ok(vec![Event::Corrected(Corrected { changes: patch })])
}

fn check(fields: &Given, now: i64) -> Result<(), Refusal> {
    let dates = [
        ("infected_on", fields.infected_on),
        ("onset_on", fields.onset_on),
        ("rash_onset_on", fields.rash_onset_on),
        ("first_positive_on", fields.first_positive_on),
        ("reported_on", fields.reported_on),
        ("admitted_on", fields.admitted_on),
        ("isolated_on", fields.isolated_on),
        ("outcome_on", fields.outcome_on),
    ];
    for (pointer, date) in dates {
        if let Some(date) = date {
            not_future(pointer, date, now)?;
        }
    }
    if let Some(name) = &fields.facility_name {
        at_most("facility_name", name, MAX_LINE_CHARS)?;
    }
    if let Some(note) = &fields.note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    for (pointer, count) in [
        ("symptoms", fields.symptoms.as_ref().map_or(0, Vec::len)),
        ("identifiers", fields.identifiers.as_ref().map_or(0, Vec::len)),
    ] {
        if count > MAX_ENTRIES {
            return Err(Refusal::rule("too_many").at(pointer));
        }
    }
    for symptom in fields.symptoms.iter().flatten() {
        at_most("symptoms", symptom, MAX_LINE_CHARS)?;
    }
    for identifier in fields.identifiers.iter().flatten() {
        at_most("identifiers", &identifier.kind, MAX_LINE_CHARS)?;
        at_most("identifiers", &identifier.number, MAX_LINE_CHARS)?;
    }
    Ok(())
}

fn pack_of<'a>(reference: &PackRef, context: &Context<'a>) -> Result<&'a Pack, Refusal> {
    context.packs.get(reference).ok_or_else(|| Refusal::rule("pack_unknown"))
}

pub(super) fn classify(
    case: &Case,
    to: Classification,
    findings: &[Finding],
    valid_from: Option<KnownDate>,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let outbreak = context.expect::<Outbreak>(case.outbreak)?;
    if case.classification() == to {
        return Err(Refusal::rule("nothing_changes").at("to"));
    }
    if findings.len() > MAX_ENTRIES {
        return Err(Refusal::rule("too_many").at("findings"));
    }
    if let Some(from) = valid_from {
        not_future("valid_from", from, context.now)?;
    }
    let judged = Judged {
        id: case.id,
        person: case.person,
        outbreak: case.outbreak,
        onset: case.fields.onset_on.as_ref().map(|onset| onset.0),
        from: Some(case.classification()),
        pack: pack_of(&outbreak.pack, context)?,
    };
    Ok(vec![Event::Reclassified(Reclassified {
        to,
        findings: findings.to_vec(),
        pack: outbreak.pack.clone(),
        valid_from,
        infections_added: judge(&judged, to, findings, context)?,
    })])
}

/// The first day of a positive sample, from the samples on record.
pub(super) fn reassess(case: &Case, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let samples = context.referring::<Sample>(case.id, Relation::SampleOfCase);
    let positive = samples.iter().filter(|(_, sample)| sample.is_positive()).map(|(_, sample)| sample.sampled_on);
    let on = positive.filter(|on| on.earliest().is_some()).min_by_key(|on| (on.earliest(), *on));
    if on == case.first_positive {
        return Err(Refusal::rule("nothing_changes"));
    }
    Ok(vec![Event::FirstPositiveNoted(FirstPositiveNoted { on })])
}

/// Refuses a reinfection that surely comes before the pack's interval is over.
fn far_enough(
    earlier: CaseId,
    person: PersonId,
    fields: &Given,
    pack: &Pack,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let first = context.expect::<Case>(earlier)?;
    if !same_person(context, first.person, person) {
        return Err(Refusal::rule("wrong_person").about(earlier));
    }
    if first.entered_in_error_at.is_some() {
        return Err(Refusal::rule("entered_in_error").about(earlier));
    }
    let dates = [fields.onset_on, fields.rash_onset_on, fields.first_positive_on, fields.reported_on];
    let again = dates.into_iter().flatten().find_map(KnownDate::latest);
    match (first.dated(KnownDate::earliest), again) {
        (Some(first), Some(again)) if !pack.cases.reinfection.is_reinfection(first, again) => {
            Err(Refusal::rule("reinfection_too_soon").about(earlier).operational())
        }
        _ => Ok(()),
    }
}
