//! Beyond one's work: one exact identifier answers match or no match, and the glass can be broken (DESIGN §13.10).

use super::{
    parameters::QueryError,
    person::PERSON,
    record::{self, One, Record, Trace},
    target::targets,
};
use crate::{access_log::Unlogged, engine::Arg, store::Store, value::ColumnType};
use domain::{
    access::{self, Action, Actor},
    id::PersonId,
    noun::{
        MatchKey,
        person::{Identifier, fold_name},
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Longest identifier, in characters.
const LONGEST: usize = 100;
/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

const CANDIDATES: &str = "SELECT id, identifiers FROM person WHERE stream IN (SELECT stream FROM stream_head) \
     AND merged_into IS NULL AND id IN (SELECT id FROM match_key WHERE stream IN (SELECT stream FROM stream_head) \
     AND key = $1)";

impl Store {
    /// Whether somebody with exactly this identifier is on record where the actor may ask: yes or no, and nothing
    /// more. Needs open work, is limited, and is logged with the person it met.
    pub async fn match_person(&self, actor: &Actor, kind: &str, number: &str) -> Result<Unlogged<bool>, QueryError> {
        let action = Action::PersonMatch;
        let asked = access::may_ask(actor, action);
        if !asked.allowed {
            return Err(QueryError::Denied(Box::new(asked)));
        }
        let folded = fold_name(number);
        if folded.is_empty() || number.chars().count() > LONGEST || kind.chars().count() > LONGEST {
            return Err(QueryError::parameter(
                "number",
                format!("请填写完整号码，至多 {LONGEST} 个字符。"),
                format!("Give the whole number, up to {LONGEST} characters."),
            ));
        }
        let mut tx = self.read().await?;
        let key = MatchKey::new("identifier", &[kind, &folded]);
        let rows = tx.rows(CANDIDATES, &[Arg::from(key.0)], &[ColumnType::Uuid, ColumnType::Text]).await?;
        let mut exact: BTreeSet<Uuid> = BTreeSet::new();
        for row in &rows {
            // Keys bring candidates together; the number itself decides.
            let held: Vec<Identifier> =
                row[1].opt_text().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            if held.iter().any(|held| held.kind == kind && fold_name(&held.number) == folded) {
                exact.insert(row[0].uuid()?);
            }
        }
        let ids: Vec<Uuid> = exact.into_iter().collect();
        let targets = targets(&mut tx, &ids).await?;
        tx.roll_back().await?;
        let mut trace = Trace::default();
        for (id, target) in &targets {
            let decision = access::allow(actor, action, target);
            if decision.allowed {
                trace.note(*id, None, &decision);
            }
        }
        let found = !trace.ids.is_empty();
        trace.rules.insert(asked.rule);
        trace.purposes.extend(asked.purpose);
        let mut entry =
            trace.entry(actor, action, format!("person match {kind}=…"), format!("match {kind} {folded}"));
        entry.limit = asked.limit;
        Ok(Unlogged::personal(found, entry))
    }

    /// Reads a person who is nobody's work here, because life is in danger. Limited, told to a supervisor by the caller,
    /// and reviewed by another.
    pub async fn break_glass(
        &self,
        actor: &Actor,
        person: PersonId,
        reason: &str,
    ) -> Result<Unlogged<Option<Record>>, QueryError> {
        let asked = access::may_ask(actor, Action::PersonBreakGlass);
        if !asked.allowed {
            return Err(QueryError::Denied(Box::new(asked)));
        }
        let length = reason.trim().chars().count();
        if !(5..=LONGEST_REASON).contains(&length) {
            return Err(QueryError::parameter(
                "reason",
                format!("请用 5 至 {LONGEST_REASON} 个字符说明理由；事后会复核。"),
                format!("Say why in 5 to {LONGEST_REASON} characters; it is reviewed."),
            ));
        }
        let asked = One {
            view: &PERSON,
            action: Action::PersonBreakGlass,
            id: person.0,
            entry: None,
            as_of: None,
            reason: Some(reason.trim()),
        };
        record::one(self, actor, asked).await
    }
}
