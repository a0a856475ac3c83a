//! The nouns of the field, one file each: state, commands, events, `decide`, `apply`, `react`.

pub mod assignment;
pub mod case;
pub mod contact;
pub mod duplicate;
pub mod erasure;
mod evidence;
pub mod exposure;
pub mod household;
pub mod import;
pub mod jurisdiction;
pub mod outbreak;
pub mod person;
pub mod place;
pub mod sample;
pub mod team;
pub mod term;

use crate::{
    access::{Action, Assignee},
    id::{AccountId, JurisdictionId, OutbreakId, PersonId},
    kernel::{Aggregate, Context, Journaled, Kind, Link, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seal::{Reading, Seals},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Where an aggregate belongs, whose it is, and what it refers to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct About {
    /// The area it belongs to; access follows it.
    pub jurisdiction: Option<JurisdictionId>,
    /// The person under whose keys its sealed fields are.
    pub subject: Option<PersonId>,
    /// References to other aggregates.
    pub links: Vec<Link>,
}

/// A key by which a record is found again: a keyless 63-bit hash of a folded value. Two records that share one are
/// candidates, never proven equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MatchKey(pub i64);

impl MatchKey {
    /// The key of folded `parts` under a scheme.
    pub fn new(scheme: &str, parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(scheme.as_bytes());
        for part in parts {
            hasher.update(&[0]).update(part.as_bytes());
        }
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Self(i64::from_be_bytes(bytes) & i64::MAX)
    }
}

/// The variant of [`Aggregate`] that a noun is. Implemented by the list in `kernel/nouns.rs`.
pub trait Of: Sized {
    /// Its kind.
    const KIND: Kind;
    /// The noun, if the aggregate is one.
    fn of(aggregate: &Aggregate) -> Option<&Self>;
}

/// One noun of the field.
pub trait Noun: Of + Clone + Serialize + DeserializeOwned + Seals {
    /// What can be asked of it.
    type Command;
    /// What can happen to it.
    type Event: Journaled;

    /// The aggregate a command makes or changes.
    fn target(command: &Self::Command) -> Uuid;

    /// What the access table calls this command.
    fn action(command: &Self::Command) -> Action;

    /// For a command that makes a record: the area it will lie in, or `None` where that is found through its
    /// references.
    fn made_in(_command: &Self::Command) -> Option<JurisdictionId> {
        None
    }

    /// Records the command names besides its target, each with what the actor must be allowed to do with it.
    fn references(_command: &Self::Command) -> Vec<(Uuid, Action)> {
        Vec::new()
    }

    /// Who receives what the command gives: work, or a place in a team.
    fn recipient(_command: &Self::Command) -> Option<Assignee> {
        None
    }

    /// Names the facts that `decide` reads besides the target, as far as they can be foreseen. A hint for bulk
    /// loading: what is left out costs a pass (see [`crate::kernel::group`]).
    fn needs(_command: &Self::Command, _known: &dyn World, _needs: &mut Needs) {}

    /// Events on the target, or the refusal.
    fn decide(
        this: Option<&Self>,
        command: &Self::Command,
        context: &Context<'_>,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// The state after the event. `None` where the event does not fit.
    fn apply(this: Option<Self>, event: &Self::Event, stamp: &Stamp) -> Option<Self>;

    /// The number of the human code that the event gave, with its outbreak.
    fn code_given(_event: &Self::Event) -> Option<(OutbreakId, i64)> {
        None
    }

    /// What follows from the event, in a fixed order.
    fn react(&self, _event: &Self::Event, _context: &Context<'_>) -> Vec<crate::kernel::Command> {
        Vec::new()
    }

    /// Where it belongs, whose it is, what it refers to.
    fn about(&self) -> About;

    /// Further records whose assignments cover this one: a person's household, a contact's source case.
    fn covered_by(&self) -> Vec<Uuid> {
        Vec::new()
    }

    /// References to follow backwards from this record, path by path, to records whose assignments cover it: a
    /// person's cases.
    fn covered_through(&self) -> &'static [&'static [Relation]] {
        &[]
    }

    /// The records that are judged in place of this one; all of them must allow. Empty: itself.
    fn judged_on(&self) -> Vec<Uuid> {
        Vec::new()
    }

    /// The area this record is offered to: a hand-over that waits to be acknowledged. What that area's people may do
    /// with it meanwhile stands in the access table.
    fn offered_to(&self) -> Option<JurisdictionId> {
        None
    }

    /// Who asked for the act that waits for a second person (DESIGN §13.14).
    fn requested_by(&self) -> Option<AccountId> {
        None
    }

    /// Keys by which it is found again.
    fn match_keys(&self, _permit: &Reading) -> Vec<MatchKey> {
        Vec::new()
    }
}

/// Longest text of one line (a name, an identifier, an address), in characters.
pub const MAX_LINE_CHARS: usize = 400;
/// Longest free text, in characters.
pub const MAX_NOTE_CHARS: usize = 20_000;
/// Most entries of a list inside one record.
pub const MAX_ENTRIES: usize = 100;

/// Refuses a text longer than its field.
pub(crate) fn at_most(pointer: &'static str, text: &str, max_chars: usize) -> Result<(), Refusal> {
    if text.len() > max_chars && text.chars().count() > max_chars {
        return Err(Refusal::rule("too_long").at(pointer));
    }
    Ok(())
}
