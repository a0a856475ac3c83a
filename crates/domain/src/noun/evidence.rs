//! What a case rests on: findings of a command as facts on record, and the pack's definition held against them
//! (DESIGN §13.7: nobody is listed on a word alone).

use super::{
    case::{Case, Classification, Finding},
    exposure::Exposure,
    person::Person,
    sample::{Sample, Verdict},
};
use crate::{
    date::KnownDate,
    id::{CaseId, OutbreakId, PersonId},
    kernel::Context,
    pack::{self, Pack},
    refusal::Refusal,
};
use jiff::Unit;
use std::collections::BTreeSet;

/// Longest chain of merges followed.
const MAX_MERGES: usize = 16;

/// Whether two person records are one human being: the same record, or merged into the same one.
pub(crate) fn same_person(context: &Context<'_>, left: PersonId, right: PersonId) -> bool {
    left == right || kept(context, left) == kept(context, right)
}

fn kept(context: &Context<'_>, mut person: PersonId) -> PersonId {
    for _ in 0..MAX_MERGES {
        match context.find::<Person>(person).and_then(|record| record.merged_into) {
            Some(into) => person = into,
            None => break,
        }
    }
    person
}

/// Whose findings are judged.
pub(super) struct Judged<'a> {
    /// The case; it cannot be linked to itself.
    pub id: CaseId,
    /// Whose.
    pub person: PersonId,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// First day of symptoms.
    pub onset: Option<KnownDate>,
    /// What it is now; `None` while it is being opened.
    pub from: Option<Classification>,
    /// The pack in force.
    pub pack: &'a Pack,
}

/// Judges a classification: allowed from the present one, and carried by findings on record. Returns by how much the
/// count of infections changes (F76).
pub(super) fn judge(
    judged: &Judged<'_>,
    to: Classification,
    findings: &[Finding],
    context: &Context<'_>,
) -> Result<i64, Refusal> {
    let Some(word) = to.in_pack() else { return Err(Refusal::rule("transition_not_in_pack").at("to")) };
    let from = judged.from.and_then(Classification::in_pack);
    let cases = &judged.pack.cases;
    // A listing may be ruled out before it was ever a case.
    let ruled_out = from.is_none() && judged.from.is_some() && to == Classification::NotACase;
    let Some(definition) = cases.definition(word).filter(|_| ruled_out || cases.allows(from, word)) else {
        return Err(Refusal::rule("transition_not_in_pack").at("to"));
    };
    let mut facts = BTreeSet::new();
    let mut set_aside = None;
    for finding in findings {
        on_record(judged, finding, context, &mut facts, &mut set_aside)?;
    }
    let missing = definition.missing(&facts);
    let Some(nearest) = missing.iter().min_by_key(|set| set.len()) else {
        return Ok(cases.infection_change(from, word));
    };
    let mut refusal = set_aside.unwrap_or_else(|| Refusal::rule("no_finding")).at("findings");
    refusal.pointers.extend(nearest.iter().map(|lacking| format!("findings/{lacking}").into()));
    Err(refusal)
}

/// Puts what one finding proves into `facts`. A negative that proves nothing is set aside with the reason.
fn on_record(
    judged: &Judged<'_>,
    finding: &Finding,
    context: &Context<'_>,
    facts: &mut BTreeSet<pack::Finding>,
    set_aside: &mut Option<Refusal>,
) -> Result<(), Refusal> {
    match finding {
        Finding::Symptoms => {
            facts.insert(pack::Finding::Symptoms);
        }
        Finding::NoSymptoms => {
            facts.insert(pack::Finding::NoSymptoms);
        }
        Finding::Death => {
            facts.insert(pack::Finding::Death);
        }
        Finding::Review => {
            facts.insert(pack::Finding::LabReview);
        }
        // A word about a result is kept, and proves nothing.
        Finding::PositiveResultReported => {}
        Finding::Exposure(id) => {
            let exposure = context.expect::<Exposure>(*id)?;
            belongs(judged, id.0, exposure.person, exposure.outbreak, context)?;
            if exposure.is_void(context) {
                return Err(Refusal::rule("entered_in_error").about(*id));
            }
            facts.insert(pack::Finding::Exposure);
        }
        Finding::EpidemiologicalLink(id) => {
            let source = context.expect::<Case>(*id)?;
            if *id == judged.id {
                return Err(Refusal::rule("same_person_twice").about(*id));
            }
            if source.outbreak != judged.outbreak {
                return Err(Refusal::rule("wrong_outbreak").about(*id));
            }
            if source.entered_in_error_at.is_some() {
                return Err(Refusal::rule("entered_in_error").about(*id));
            }
            facts.insert(pack::Finding::EpiLink);
        }
        Finding::PositiveSample(id) | Finding::NegativeSample(id) => {
            let sample = context.expect::<Sample>(*id)?;
            belongs(judged, id.0, sample.person, sample.outbreak, context)?;
            if sample.entered_in_error_at.is_some() {
                return Err(Refusal::rule("entered_in_error").about(*id));
            }
            if matches!(finding, Finding::PositiveSample(_)) {
                facts.extend(positives(sample));
            } else {
                negatives(judged, sample, facts, set_aside);
            }
        }
    }
    Ok(())
}

fn belongs(
    judged: &Judged<'_>,
    id: uuid::Uuid,
    person: PersonId,
    outbreak: OutbreakId,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if outbreak != judged.outbreak {
        return Err(Refusal::rule("wrong_outbreak").about(id));
    }
    if !same_person(context, person, judged.person) {
        return Err(Refusal::rule("wrong_person").about(id));
    }
    Ok(())
}

fn positives(sample: &Sample) -> impl Iterator<Item = pack::Finding> + '_ {
    sample.results.iter().filter_map(|test| match test.said() {
        Some((kind, Verdict::Positive)) => Some(pack::Finding::Test(kind, pack::TestResult::Positive)),
        _ => None,
    })
}

/// Negatives that prove something: verified (DESIGN §13.8), and not sampled sooner after onset than the pack's test
/// can see.
fn negatives(
    judged: &Judged<'_>,
    sample: &Sample,
    facts: &mut BTreeSet<pack::Finding>,
    set_aside: &mut Option<Refusal>,
) {
    let limit = judged.pack.cases.testing.as_ref().and_then(|testing| testing.repeat_if_negative_before.minutes());
    let days = judged.onset.and_then(KnownDate::latest).zip(sample.sampled_on.earliest());
    let days = days.and_then(|(onset, sampled)| onset.until((Unit::Day, sampled)).ok());
    let early = limit.zip(days).is_some_and(|(minutes, days)| i64::from(days.get_days()) * 1_440 < minutes);
    for test in &sample.results {
        let Some((kind, Verdict::Negative)) = test.said() else { continue };
        if !test.is_verified() {
            *set_aside = Some(Refusal::rule("unverified_negative").about(sample.id));
        } else if early {
            *set_aside = Some(Refusal::rule("negative_too_early").about(sample.id).operational());
        } else {
            facts.insert(pack::Finding::Test(kind, pack::TestResult::Negative));
        }
    }
}
