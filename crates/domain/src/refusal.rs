//! Refusals: what was not done, by which rule, and what to do now. A refusal holds rule ids, field names and ids,
//! never a value that somebody typed (DESIGN §3: outcomes and logs hold ids and pointers).

mod catalogue;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use catalogue::{RuleText, rule_text, rules};

/// How the door answers a command that it did not accept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Refused; sending it again gives the same answer.
    Refused,
    /// It names something not yet known here; kept, and decided when that appears.
    Waiting,
    /// Somebody else changed the same field; both are kept, a person decides.
    Conflict,
}

/// DESIGN §13.9: whether a named commander may override with a reason.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Rights and integrity: never overridden.
    Integrity,
    /// Operational: may be overridden, shown to the level above.
    Operational,
}

/// Why a command was not accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// Refused, waiting or conflict.
    pub answer: Answer,
    /// Id of the rule; its texts in two languages are in the catalogue.
    pub rule: std::borrow::Cow<'static, str>,
    /// Whether it can be overridden.
    pub ground: Ground,
    /// Fields of the command that the rule speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pointers: Vec<std::borrow::Cow<'static, str>>,
    /// Ids that the rule speaks of: those awaited, or the record in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Uuid>,
}

impl Refusal {
    /// A refusal by `rule`, on rights and integrity.
    pub fn rule(rule: &'static str) -> Self {
        Self { answer: Answer::Refused, rule: rule.into(), ground: Ground::Integrity, pointers: vec![], ids: vec![] }
    }

    /// The command names ids not known here yet.
    pub fn waiting(ids: Vec<Uuid>) -> Self {
        Self { answer: Answer::Waiting, ids, ..Self::rule("waits_for_unknown_id") }
    }

    /// The fields were changed by somebody else since the author saw them.
    pub fn conflict(fields: &[&'static str]) -> Self {
        let pointers = fields.iter().map(|field| (*field).into()).collect();
        Self { answer: Answer::Conflict, pointers, ..Self::rule("changed_meanwhile") }
    }

    /// Names the field that the rule speaks of.
    pub fn at(mut self, pointer: &'static str) -> Self {
        self.pointers.push(pointer.into());
        self
    }

    /// Names the record that the rule speaks of.
    pub fn about(mut self, id: impl Into<Uuid>) -> Self {
        self.ids.push(id.into());
        self
    }

    /// The rule in words.
    pub fn words(&self) -> RuleText {
        rule_text(&self.rule)
    }

    /// A named commander may override this one (DESIGN §13.9).
    pub fn operational(mut self) -> Self {
        self.ground = Ground::Operational;
        self
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.words();
        write!(f, "{} ({}", text.en_reason, self.rule)?;
        for pointer in &self.pointers {
            write!(f, ", field {pointer}")?;
        }
        for id in &self.ids {
            write!(f, ", id {id}")?;
        }
        write!(f, "). {}", text.en_remedy)
    }
}

impl std::error::Error for Refusal {}
