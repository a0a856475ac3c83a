//! Suspected duplicates: two person records that may be one human being. A pair has one id whichever of the two is
//! named first, so it is suspected once; a pair that a person looked at and dismissed is never suspected again.

use super::{About, MAX_ENTRIES, Noun, person, person::Person};
use crate::{
    access::Action,
    id::{AccountId, DuplicateId, PersonId},
    journaled,
    kernel::{self, Context, Link, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seal::Class,
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What two records have in common. Codes only: the values stand in the two records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// An identifier of the same register and number.
    SameIdentifier,
    /// A phone number.
    SamePhone,
    /// The name as written.
    SameName,
    /// A name that differs in few letters.
    SimilarName,
    /// The day or month of birth.
    SameBirth,
    /// The household or dwelling.
    SameHousehold,
    /// Somebody said so.
    Told,
}

/// A person's word on a pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Who.
    pub by: AccountId,
    /// When, milliseconds UTC.
    pub at: i64,
}

/// Where a pair stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Waits for a person to look.
    Suspected,
    /// Two human beings.
    Dismissed,
    /// One human being; the records were merged.
    Merged,
}

impl Standing {
    /// Wherever a pair can stand.
    pub const ALL: [Self; 3] = [Self::Suspected, Self::Dismissed, Self::Merged];

    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Dismissed => "dismissed",
            Self::Merged => "merged",
        }
    }
}

/// A pair as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Duplicate {
    /// Its id, computed from the two.
    pub id: DuplicateId,
    /// The record with the smaller id.
    pub left: PersonId,
    /// The record with the greater id.
    pub right: PersonId,
    /// How alike they are, thousandths.
    pub score_thousandths: i64,
    /// What they have in common, ascending.
    pub likeness: Vec<Likeness>,
    /// When it was suspected, milliseconds UTC.
    pub suspected_at: i64,
    /// Who said that these are two human beings; remembered for ever.
    pub dismissed: Option<Verdict>,
    /// The record kept, while the two are merged.
    pub kept: Option<PersonId>,
    /// Who merged them.
    pub merged: Option<Verdict>,
}

impl Duplicate {
    /// Where the pair stands.
    pub fn standing(&self) -> Standing {
        match (self.kept, self.dismissed) {
            (Some(_), _) => Standing::Merged,
            (None, Some(_)) => Standing::Dismissed,
            (None, None) => Standing::Suspected,
        }
    }

    fn other_than(&self, kept: PersonId) -> PersonId {
        if kept == self.left { self.right } else { self.left }
    }
}

/// What can be asked of pairs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Puts a pair before a person. Its id is [`DuplicateId::of`] the two.
    Suspect {
        /// One record.
        left: PersonId,
        /// The other.
        right: PersonId,
        /// How alike they are, thousandths.
        score_thousandths: i64,
        /// What they have in common.
        likeness: Vec<Likeness>,
    },
    /// Says that these are two human beings.
    Dismiss {
        /// The pair.
        id: DuplicateId,
    },
    /// Says that these are one human being: the other record is closed in favour of the one kept.
    Merge {
        /// The pair.
        id: DuplicateId,
        /// The record to keep.
        kept: PersonId,
    },
    /// Takes a merge back.
    Unmerge {
        /// The pair.
        id: DuplicateId,
    },
}

/// A pair was suspected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspected {
    /// The record with the smaller id.
    pub left: PersonId,
    /// The record with the greater id.
    pub right: PersonId,
    /// How alike they are, thousandths.
    pub score_thousandths: i64,
    /// What they have in common, ascending.
    pub likeness: Vec<Likeness>,
}

/// These are two human beings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dismissed {}

/// These are one human being.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merged {
    /// The record kept.
    pub kept: PersonId,
}

/// The merge was taken back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmerged {
    /// The record that had been kept.
    pub kept: PersonId,
}

/// What happens to pairs.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Suspected.
    Suspected(Suspected),
    /// Dismissed.
    Dismissed(Dismissed),
    /// Merged.
    Merged(Merged),
    /// Unmerged.
    Unmerged(Unmerged),
}

journaled!(Event:
    Suspected "duplicate.suspected" 1,
    Dismissed "duplicate.dismissed" 1,
    Merged "duplicate.merged" 1,
    Unmerged "duplicate.unmerged" 1,
);
seals! { Suspected: ; Dismissed: ; Merged: ; Unmerged: ; Duplicate: ; }

impl Noun for Duplicate {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Suspect { left, right, .. } => DuplicateId::of(*left, *right).0,
            Command::Dismiss { id } | Command::Merge { id, .. } | Command::Unmerge { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Suspect { .. } => Action::DuplicateSuspect,
            Command::Dismiss { .. } => Action::DuplicateDismiss,
            Command::Merge { .. } => Action::DuplicateMerge,
            Command::Unmerge { .. } => Action::DuplicateUnmerge,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            Command::Suspect { left, right, .. } => {
                vec![(left.0, Action::DuplicateSuspect), (right.0, Action::DuplicateSuspect)]
            }
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        let pair = match command {
            Command::Suspect { left, right, .. } => Some((*left, *right)),
            Command::Dismiss { .. } => None,
            Command::Merge { id, .. } | Command::Unmerge { id } => known
                .get(id.0)
                .and_then(|located| <Self as super::Of>::of(&located.aggregate))
                .map(|pair| (pair.left, pair.right)),
        };
        if let Some((left, right)) = pair {
            needs.id(left);
            needs.id(right);
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Suspect { .. }) => suspect(command, context),
            (Some(pair), Command::Suspect { .. }) => Err(match pair.standing() {
                Standing::Dismissed => Refusal::rule("pair_dismissed").about(pair.id),
                Standing::Suspected | Standing::Merged => Refusal::rule("nothing_changes").about(pair.id),
            }),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(pair), Command::Dismiss { .. }) => match pair.standing() {
                Standing::Suspected => Ok(vec![Event::Dismissed(Dismissed {})]),
                Standing::Dismissed => Err(Refusal::rule("nothing_changes")),
                Standing::Merged => Err(Refusal::rule("pair_merged").about(pair.id)),
            },
            (Some(pair), Command::Merge { kept, .. }) => {
                if pair.standing() == Standing::Merged {
                    let rule = if pair.kept == Some(*kept) { "nothing_changes" } else { "pair_merged" };
                    return Err(Refusal::rule(rule).about(pair.id));
                }
                if *kept != pair.left && *kept != pair.right {
                    return Err(Refusal::rule("not_in_pair").at("kept").about(pair.id));
                }
                both_open(pair.left, pair.right, context)?;
                Ok(vec![Event::Merged(Merged { kept: *kept })])
            }
            (Some(pair), Command::Unmerge { .. }) => match pair.kept {
                Some(kept) => Ok(vec![Event::Unmerged(Unmerged { kept })]),
                None => Err(Refusal::rule("nothing_changes")),
            },
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let verdict = Some(Verdict { by: stamp.actor, at: stamp.at });
        match (this, event) {
            (None, Event::Suspected(made)) => Some(Self {
                id: DuplicateId::of(made.left, made.right),
                left: made.left,
                right: made.right,
                score_thousandths: made.score_thousandths,
                likeness: made.likeness.clone(),
                suspected_at: stamp.at,
                dismissed: None,
                kept: None,
                merged: None,
            }),
            (Some(pair), Event::Dismissed(_)) => Some(Self { dismissed: verdict, ..pair }),
            (Some(pair), Event::Merged(merged)) => Some(Self { kept: Some(merged.kept), merged: verdict, ..pair }),
            (Some(pair), Event::Unmerged(_)) => Some(Self { kept: None, merged: None, ..pair }),
            _ => None,
        }
    }

    fn react(&self, event: &Event, context: &Context<'_>) -> Vec<kernel::Command> {
        match event {
            Event::Merged(merged) => {
                let id = self.other_than(merged.kept);
                vec![person::Command::MergeInto { id, kept: merged.kept }.into()]
            }
            Event::Unmerged(unmerged) => {
                let id = self.other_than(unmerged.kept);
                // Opened again by its own command and since merged elsewhere: that merge is not this pair's to undo.
                let ours = context.find::<Person>(id).is_some_and(|other| other.merged_into == Some(unmerged.kept));
                if ours { vec![person::Command::Unmerge { id }.into()] } else { Vec::new() }
            }
            Event::Suspected(_) | Event::Dismissed(_) => Vec::new(),
        }
    }

    fn about(&self) -> About {
        let link = |person: PersonId| Link { target: person.0, relation: Relation::DuplicateOfPerson };
        About { links: vec![link(self.left), link(self.right)], ..About::default() }
    }

    fn judged_on(&self) -> Vec<Uuid> {
        vec![self.left.0, self.right.0]
    }
}

fn suspect(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::Suspect { left, right, score_thousandths, likeness } = command else {
        return Err(Refusal::rule("unknown_body"));
    };
    if left == right {
        return Err(Refusal::rule("same_person_twice").at("right"));
    }
    if !(0..=1000).contains(score_thousandths) {
        return Err(Refusal::rule("impossible_number").at("score_thousandths"));
    }
    if likeness.is_empty() {
        return Err(Refusal::rule("no_likeness").at("likeness"));
    }
    if likeness.len() > MAX_ENTRIES {
        return Err(Refusal::rule("too_many").at("likeness"));
    }
    both_open(*left, *right, context)?;
    let mut likeness = likeness.clone();
    likeness.sort_unstable();
    likeness.dedup();
    Ok(vec![Event::Suspected(Suspected {
        left: *left.min(right),
        right: *left.max(right),
        score_thousandths: *score_thousandths,
        likeness,
    })])
}

fn both_open(left: PersonId, right: PersonId, context: &Context<'_>) -> Result<(), Refusal> {
    for id in [left, right] {
        if let Some(kept) = context.expect::<Person>(id)?.merged_into {
            return Err(Refusal::rule("merged_record").about(kept));
        }
        // A likeness would say again who was erased.
        if context.is_erased_of(id, Class::Identity) {
            return Err(Refusal::rule("erased_person").about(id));
        }
    }
    Ok(())
}
