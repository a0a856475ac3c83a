//! Households: people who live together. Who belongs to one stands with each person; a household knows its dwelling.

use super::{About, MAX_LINE_CHARS, MatchKey, Noun, at_most, person, person::Person, place::Place};
use crate::{
    access::Action,
    fields,
    fields::{Open, Seen},
    id::{HouseholdId, JurisdictionId, PersonId, PlaceId},
    journaled,
    kernel::{self, Context, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seal::Reading,
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

fields! {
    /// What is known of a household. None of it is personal.
    pub Fields, Given, Changes, Patch {
        /// Its code in the register it came from.
        code: Open<String>,
    }
}

/// A household as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// The area it lives in.
    pub jurisdiction: JurisdictionId,
    /// Where it lives, if that is a known place.
    pub dwelling: Option<PlaceId>,
    /// What is known of it.
    pub fields: Fields,
    /// When it was dissolved, milliseconds UTC.
    pub dissolved_at: Option<i64>,
}

/// What can be asked of households.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Makes a household; people join it by their own command.
    Establish {
        /// Its id.
        id: HouseholdId,
        /// The area it lives in.
        jurisdiction: JurisdictionId,
        /// Where it lives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dwelling: Option<PlaceId>,
        /// What is known of it.
        #[serde(default)]
        fields: Given,
    },
    /// Corrects fields.
    Correct {
        /// The household.
        id: HouseholdId,
        /// The changes.
        changes: Changes,
    },
    /// Records where it lives now.
    MoveHouse {
        /// The household.
        id: HouseholdId,
        /// The area it lives in.
        jurisdiction: JurisdictionId,
        /// Where it lives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dwelling: Option<PlaceId>,
    },
    /// Ends it; its people belong to none until they join another.
    Dissolve {
        /// The household.
        id: HouseholdId,
    },
}

/// A household was made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Established {
    /// Its id.
    pub id: HouseholdId,
    /// The area it lives in.
    pub jurisdiction: JurisdictionId,
    /// Where it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dwelling: Option<PlaceId>,
    /// What is known of it.
    pub fields: Patch,
}

/// Fields were corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The changes.
    pub changes: Patch,
}

/// It lives somewhere else.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedHouse {
    /// The area it lives in.
    pub jurisdiction: JurisdictionId,
    /// Where it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dwelling: Option<PlaceId>,
}

/// It is no more.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dissolved {}

/// What happens to households.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Made.
    Established(Established),
    /// Corrected.
    Corrected(Corrected),
    /// Moved.
    MovedHouse(MovedHouse),
    /// Dissolved.
    Dissolved(Dissolved),
}

journaled!(Event:
    Established "household.established" 1,
    Corrected "household.corrected" 1,
    MovedHouse "household.moved_house" 1,
    Dissolved "household.dissolved" 1,
);
seals! { Established: fields; Corrected: changes; MovedHouse: ; Dissolved: ; Household: fields; }

impl Noun for Household {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Establish { id, .. }
            | Command::Correct { id, .. }
            | Command::MoveHouse { id, .. }
            | Command::Dissolve { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Establish { .. } => Action::HouseholdCreate,
            Command::Correct { .. } | Command::MoveHouse { .. } | Command::Dissolve { .. } => {
                Action::HouseholdCorrect
            }
        }
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Establish { jurisdiction, .. } => Some(*jurisdiction),
            _ => None,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        let area = match command {
            Command::MoveHouse { jurisdiction, .. } => Some((jurisdiction.0, Action::JurisdictionRead)),
            _ => None,
        };
        area.into_iter().chain(dwelling(command).map(|place| (place.0, Action::PlaceRead))).collect()
    }

    fn needs(command: &Command, _: &dyn World, needs: &mut Needs) {
        if let Some(place) = dwelling(command) {
            needs.id(place);
        }
        if let Command::MoveHouse { jurisdiction, .. } = command {
            needs.id(*jurisdiction);
        }
        if let Command::Dissolve { id } = command {
            needs.referrers(*id, Relation::MemberOfHousehold);
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Establish { id, jurisdiction, dwelling, fields }) => {
                check(fields.code.as_deref())?;
                lives_at(*dwelling, context)?;
                Ok(vec![Event::Established(Established {
                    id: *id,
                    jurisdiction: *jurisdiction,
                    dwelling: *dwelling,
                    fields: fields.clone().patch(),
                })])
            }
            (Some(_), Command::Establish { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(Household { dissolved_at: Some(_), id, .. }), _) => {
                Err(Refusal::rule("household_dissolved").about(*id))
            }
            (Some(household), Command::Correct { changes, .. }) => {
                check(changes.code.as_ref().and_then(|change| change.to.as_deref()))?;
                let changes = changes.clone().judge(&household.fields)?;
                if changes.is_empty() {
                    return Err(Refusal::rule("nothing_changes"));
                }
                Ok(vec![Event::Corrected(Corrected { changes })])
            }
            (Some(household), Command::MoveHouse { jurisdiction, dwelling, .. }) => {
                if (household.jurisdiction, household.dwelling) == (*jurisdiction, *dwelling) {
                    return Err(Refusal::rule("nothing_changes"));
                }
                lives_at(*dwelling, context)?;
                Ok(vec![Event::MovedHouse(MovedHouse { jurisdiction: *jurisdiction, dwelling: *dwelling })])
            }
            (Some(_), Command::Dissolve { .. }) => Ok(vec![Event::Dissolved(Dissolved {})]),
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let Some(mut household) = this else {
            let Event::Established(made) = event else { return None };
            let mut fields = Fields::default();
            made.fields.clone().apply(&mut fields);
            return Some(Self {
                id: made.id,
                jurisdiction: made.jurisdiction,
                dwelling: made.dwelling,
                fields,
                dissolved_at: None,
            });
        };
        match event {
            Event::Established(_) => return None,
            Event::Corrected(corrected) => corrected.changes.clone().apply(&mut household.fields),
            Event::MovedHouse(moved) => {
                household.jurisdiction = moved.jurisdiction;
                household.dwelling = moved.dwelling;
            }
            Event::Dissolved(_) => household.dissolved_at = Some(stamp.at),
        }
        Some(household)
    }

    fn react(&self, event: &Event, context: &Context<'_>) -> Vec<kernel::Command> {
        let Event::Dissolved(_) = event else { return Vec::new() };
        let members = context.referring::<Person>(self.id, Relation::MemberOfHousehold);
        members
            .into_iter()
            // A merged record takes no command; its household is that of the record kept.
            .filter(|(_, member)| member.merged_into.is_none())
            .map(|(id, _)| {
                // Whoever joined another meanwhile, where another command post keeps the person, stays in that one.
                let seen = Some(Seen { stood: Some(self.id) });
                person::Command::JoinHousehold { id: PersonId(id), household: None, seen }.into()
            })
            .collect()
    }

    fn about(&self) -> About {
        About { jurisdiction: Some(self.jurisdiction), ..About::default() }
    }

    fn covered_through(&self) -> &'static [&'static [Relation]] {
        &[
            &[Relation::MemberOfHousehold, Relation::CaseOfPerson],
            &[Relation::MemberOfHousehold, Relation::ContactOfPerson],
        ]
    }

    fn match_keys(&self, _: &Reading) -> Vec<MatchKey> {
        let code = self.fields.code.iter();
        code.map(|code| MatchKey::new("household", &[&code.0.to_lowercase()])).collect()
    }
}

fn dwelling(command: &Command) -> Option<PlaceId> {
    match command {
        Command::Establish { dwelling, .. } | Command::MoveHouse { dwelling, .. } => *dwelling,
        Command::Correct { .. } | Command::Dissolve { .. } => None,
    }
}

fn lives_at(dwelling: Option<PlaceId>, context: &Context<'_>) -> Result<(), Refusal> {
    let Some(id) = dwelling else { return Ok(()) };
    if context.expect::<Place>(id)?.closed_on.is_some() {
        return Err(Refusal::rule("place_closed").at("dwelling").about(id));
    }
    Ok(())
}

fn check(code: Option<&str>) -> Result<(), Refusal> {
    code.map_or(Ok(()), |code| at_most("code", code, MAX_LINE_CHARS))
}
