//! The judgement of one action on one record.

use serde::Serialize;

use super::action::{Action, Kind, Noun};
use super::actor::{Actor, Target};
use super::denial::{Denial, Text};
use super::field::FieldSet;
use super::relation::relation;
use super::role::Purpose;
use super::rule::{Limit, Rule};
use super::rules;

/// The answer. What is not in `fields` is not sent; `allowed` with no fields is a right to act that shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub allowed: bool,
    pub fields: FieldSet,
    /// The rule that allows (of several the one that shows most), or the [`Denial`] that refuses.
    pub rule: &'static str,
    /// What the access log keeps as purpose; always given when a personal field is.
    pub purpose: Option<Purpose>,
    /// To be counted, told and reviewed by the caller.
    pub limit: Option<Limit>,
    pub reason: Option<Text>,
    pub remedy: Option<Text>,
}

impl Decision {
    /// The refusal for a reason.
    pub const fn denied(denial: Denial) -> Self {
        Self {
            allowed: false,
            fields: FieldSet::EMPTY,
            rule: denial.name(),
            purpose: None,
            limit: None,
            reason: Some(denial.reason()),
            remedy: Some(denial.remedy()),
        }
    }

    /// For an act on two records at once (a pair of duplicates): both must allow, and only what both show is shown.
    pub fn both(self, other: Self) -> Self {
        match (self.allowed, other.allowed) {
            (true, true) => {
                Self { fields: self.fields.intersection(other.fields), limit: self.limit.or(other.limit), ..self }
            }
            (true, false) => other,
            (false, _) => self,
        }
    }
}

/// May the actor do this to that record, and what do they see of it? Each grant is judged alone, with its own role in its own
/// jurisdiction, and what the grants give is added up: a role held here never works there.
pub fn allow(actor: &Actor, action: Action, target: &Target) -> Decision {
    let now = actor.tasks_on(target);
    let past = actor.past_tasks_on(target);
    let mut closest = Denial::NoGrant;
    let mut given: Option<(Decision, u32)> = None;
    for grant in actor.live_grants() {
        closest = closest.max(Denial::Role);
        for rule in rules::table(action.noun()).iter().filter(|rule| rule.covers(grant.role, action)) {
            let relation = relation(&grant.lineage, rule.seen_from(target));
            let judged = rule
                .judge_record(relation, now, past)
                .and_then(|()| rule.judge_actor(actor))
                .and_then(|()| rule.judge_people(actor, target));
            match judged {
                Ok(()) => given = Some(add(given, rule, rule.purpose_for(grant.role))),
                Err(denial) => closest = closest.max(denial),
            }
        }
    }
    given.map_or(Decision::denied(closest), |(decision, _)| decision)
}

/// Adds what one rule gives. Rule, purpose and limit are those of the rule that shows most, the first among equals.
fn add(given: Option<(Decision, u32)>, rule: &Rule, purpose: Option<Purpose>) -> (Decision, u32) {
    let shown = rule.fields.len();
    let fresh = Decision {
        allowed: true,
        fields: rule.fields,
        rule: rule.id,
        purpose,
        limit: rule.limit,
        reason: None,
        remedy: None,
    };
    match given {
        None => (fresh, shown),
        Some((before, most)) if shown > most => {
            (Decision { fields: before.fields.union(rule.fields), ..fresh }, shown)
        }
        Some((before, most)) => (Decision { fields: before.fields.union(rule.fields), ..before }, most),
    }
}

/// [`allow`] for a request that names a record, as it may be told; `None` is an id that names nothing. Whoever may not read the
/// record gets the answer of an absent one, whatever they tried: a refusal must not reveal that there is something to refuse.
pub fn answer(actor: &Actor, action: Action, target: Option<&Target>) -> Decision {
    let Some(target) = target else { return Decision::denied(Denial::NotFound) };
    let decision = allow(actor, action, target);
    let may_know = decision.allowed
        || action.kind() == Kind::Create
        || action.noun().read_action().is_some_and(|read| allow(actor, read, target).allowed);
    if may_know { decision } else { Decision::denied(Denial::NotFound) }
}

/// What the reader of a record may do with it, and why not the rest: sent along with the record.
pub fn actions_on(actor: &Actor, noun: Noun, target: &Target) -> Vec<(Action, Decision)> {
    let of_noun = Action::ALL.iter().copied().filter(|action| action.noun() == noun);
    of_noun.map(|action| (action, answer(actor, action, Some(target)))).collect()
}
