//! Erasing a person's values (DESIGN §13.14): one asks, another approves, and nothing is erased while an appeal or a
//! legal hold is open.
//!
//! One file per person holds requests and holds together, so that a hold and an approval meet in one aggregate and
//! cannot pass each other. Approval is followed by the erasure of the person, of all records about the person, and of
//! every record that was merged into it.

use super::{About, MAX_ENTRIES, MAX_NOTE_CHARS, Noun, at_most, person::Person};
use crate::{
    access::Action,
    fields::Kept,
    id::{AccountId, ErasureId, JurisdictionId, PersonId},
    journaled,
    kernel::{self, Context, Needs, Relation, Stamp, World, upkeep},
    refusal::Refusal,
    seal::{Class, FreeText},
    seals,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Why values are to be erased.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The person, or who speaks for the person, asked.
    Asked,
    /// The time for which they may be kept is over (G10).
    RetentionOver,
    /// A court or an authority ordered it.
    Ordered,
    /// They should never have been collected.
    Unlawful,
}

/// Why nothing may be erased.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldGround {
    /// An appeal is undecided.
    Appeal,
    /// A court or an authority asked to keep the record.
    Legal,
    /// An inquiry into the response is under way.
    Inquiry,
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Approved, and erased.
    Approved,
    /// Refused by the second person.
    Refused,
    /// Taken back.
    Cancelled,
}

/// How, when and by whom a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub how: Ending,
    /// Who.
    pub by: AccountId,
    /// When, milliseconds UTC.
    pub at: i64,
}

/// A request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// What is to be erased, ascending.
    pub classes: Vec<Class>,
    /// Why.
    pub ground: Ground,
    /// What was said beside it.
    pub note: Option<FreeText<String>>,
    /// Who asked.
    pub by: AccountId,
    /// When, milliseconds UTC.
    pub at: i64,
    /// How it ended; open while absent.
    pub ended: Option<Ended>,
}

/// A hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// Why.
    pub ground: HoldGround,
    /// Who placed it.
    pub by: AccountId,
    /// When, milliseconds UTC.
    pub at: i64,
    /// Who lifted it.
    pub lifted_by: Option<AccountId>,
    /// When it was lifted; open while absent.
    pub lifted_at: Option<i64>,
}

/// A person's erasure file as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Erasure {
    /// Its id, computed from the person's.
    pub id: ErasureId,
    /// Whose values.
    pub person: PersonId,
    /// The area that kept the person's record at the last entry; access follows it.
    pub jurisdiction: JurisdictionId,
    /// Requests, oldest first; at most the last is open.
    pub requests: Vec<Request>,
    /// Holds in the order they were placed; a hold is named by its place, counted from 0.
    pub holds: Vec<Hold>,
}

impl Erasure {
    /// The request that waits for a second person.
    pub fn open_request(&self) -> Option<&Request> {
        self.requests.last().filter(|request| request.ended.is_none())
    }

    /// Whether a hold is open.
    pub fn is_held(&self) -> bool {
        self.holds.iter().any(|hold| hold.lifted_at.is_none())
    }
}

/// What can be asked of erasure files.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Asks to erase. The file's id is [`ErasureId::of`] the person.
    Request {
        /// Whose values.
        person: PersonId,
        /// Which.
        classes: BTreeSet<Class>,
        /// Why.
        ground: Ground,
        /// What is to be said beside it; sealed under the person's keys.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Approves the open request; never its author.
    Approve {
        /// The file.
        id: ErasureId,
    },
    /// Refuses the open request; never its author.
    Refuse {
        /// The file.
        id: ErasureId,
    },
    /// Takes the open request back.
    Cancel {
        /// The file.
        id: ErasureId,
    },
    /// Keeps the person's values until the hold is lifted.
    PlaceHold {
        /// Whose values.
        person: PersonId,
        /// Why.
        ground: HoldGround,
    },
    /// Lifts a hold.
    LiftHold {
        /// The file.
        id: ErasureId,
        /// Its place among the holds, counted from 0.
        hold: u32,
    },
}

/// Erasure was asked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requested {
    /// Whose values.
    pub person: PersonId,
    /// The area that keeps the person's record.
    pub jurisdiction: JurisdictionId,
    /// Which, ascending.
    pub classes: Vec<Class>,
    /// Why.
    pub ground: Ground,
    /// What was said beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<FreeText<String>>,
}

/// The open request was approved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// What is erased, ascending.
    pub classes: Vec<Class>,
}

/// The open request was refused.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {}

/// The open request was taken back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancelled {}

/// A hold was placed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldPlaced {
    /// Whose values.
    pub person: PersonId,
    /// The area that keeps the person's record.
    pub jurisdiction: JurisdictionId,
    /// Why.
    pub ground: HoldGround,
}

/// A hold was lifted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldLifted {
    /// Its place among the holds.
    pub hold: u32,
}

/// What happens to erasure files.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Asked for.
    Requested(Requested),
    /// Approved.
    Approved(Approved),
    /// Refused.
    Refused(Refused),
    /// Taken back.
    Cancelled(Cancelled),
    /// Held.
    HoldPlaced(HoldPlaced),
    /// No longer held.
    HoldLifted(HoldLifted),
}

journaled!(Event:
    Requested "erasure.requested" 1,
    Approved "erasure.approved" 1,
    Refused "erasure.refused" 1,
    Cancelled "erasure.cancelled" 1,
    HoldPlaced "erasure.hold_placed" 1,
    HoldLifted "erasure.hold_lifted" 1,
);
seals! {
    Requested: note; Approved: ; Refused: ; Cancelled: ; HoldPlaced: ; HoldLifted: ;
    Request: note;
    Erasure: requests;
}

impl Noun for Erasure {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Request { person, .. } | Command::PlaceHold { person, .. } => ErasureId::of(*person).0,
            Command::Approve { id }
            | Command::Refuse { id }
            | Command::Cancel { id }
            | Command::LiftHold { id, .. } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Request { .. } | Command::Cancel { .. } => Action::ErasureRequest,
            Command::Approve { .. } => Action::ErasureApprove,
            Command::Refuse { .. } => Action::ErasureRefuse,
            Command::PlaceHold { .. } => Action::ErasurePlaceHold,
            Command::LiftHold { .. } => Action::ErasureLiftHold,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            Command::Request { person, .. } | Command::PlaceHold { person, .. } => {
                vec![(person.0, Self::action(command))]
            }
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        match command {
            Command::Request { person, .. } | Command::PlaceHold { person, .. } => needs.id(*person),
            Command::Approve { id } => {
                let file = known.get(id.0).and_then(|located| <Self as super::Of>::of(&located.aggregate));
                if let Some(file) = file {
                    needs.id(file.person);
                    needs.referrers(file.person, Relation::Subject);
                    needs.referrers(file.person, Relation::MergedInto);
                }
            }
            Command::Refuse { .. } | Command::Cancel { .. } | Command::LiftHold { .. } => {}
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (_, Command::Request { .. }) => request(this, command, context),
            (_, Command::PlaceHold { person, ground }) => {
                if this.is_some_and(|file| file.holds.len() >= MAX_ENTRIES) {
                    return Err(Refusal::rule("too_many").at("person"));
                }
                let jurisdiction = context.expect::<Person>(*person)?.jurisdiction;
                Ok(vec![Event::HoldPlaced(HoldPlaced { person: *person, jurisdiction, ground: *ground })])
            }
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(file), Command::LiftHold { hold, .. }) => match file.holds.get(*hold as usize) {
                None => Err(Refusal::rule("no_such_hold").at("hold").about(file.id)),
                Some(Hold { lifted_at: Some(_), .. }) => Err(Refusal::rule("nothing_changes")),
                Some(_) => Ok(vec![Event::HoldLifted(HoldLifted { hold: *hold })]),
            },
            (Some(file), _) => {
                let Some(open) = file.open_request() else {
                    return Err(Refusal::rule("no_open_request").about(file.id));
                };
                if matches!(command, Command::Cancel { .. }) {
                    return Ok(vec![Event::Cancelled(Cancelled {})]);
                }
                if open.by == context.actor {
                    return Err(Refusal::rule("two_people_needed").about(file.id));
                }
                if matches!(command, Command::Refuse { .. }) {
                    return Ok(vec![Event::Refused(Refused {})]);
                }
                if file.is_held() {
                    return Err(Refusal::rule("appeal_or_hold_open").about(file.id));
                }
                not_merged(file.person, context)?;
                Ok(vec![Event::Approved(Approved { classes: open.classes.clone() })])
            }
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let (person, jurisdiction) = match (&this, event) {
            (_, Event::Requested(Requested { person, jurisdiction, .. }))
            | (_, Event::HoldPlaced(HoldPlaced { person, jurisdiction, .. })) => (*person, *jurisdiction),
            (Some(file), _) => (file.person, file.jurisdiction),
            (None, _) => return None,
        };
        let (requests, holds) = this.map(|file| (file.requests, file.holds)).unwrap_or_default();
        let mut file = Self { id: ErasureId::of(person), person, jurisdiction, requests, holds };
        match event {
            Event::Requested(asked) => file.requests.push(Request {
                classes: asked.classes.clone(),
                ground: asked.ground,
                note: asked.note.clone(),
                by: stamp.actor,
                at: stamp.at,
                ended: None,
            }),
            Event::Approved(_) => end(&mut file, Ending::Approved, stamp)?,
            Event::Refused(_) => end(&mut file, Ending::Refused, stamp)?,
            Event::Cancelled(_) => end(&mut file, Ending::Cancelled, stamp)?,
            Event::HoldPlaced(placed) => file.holds.push(Hold {
                ground: placed.ground,
                by: stamp.actor,
                at: stamp.at,
                lifted_by: None,
                lifted_at: None,
            }),
            Event::HoldLifted(lifted) => {
                let hold = file.holds.get_mut(lifted.hold as usize)?;
                hold.lifted_by = Some(stamp.actor);
                hold.lifted_at = Some(stamp.at);
            }
        }
        Some(file)
    }

    fn react(&self, event: &Event, context: &Context<'_>) -> Vec<kernel::Command> {
        let Event::Approved(approved) = event else { return Vec::new() };
        let classes: Vec<u8> = approved.classes.iter().map(|class| *class as u8).collect();
        let records = with_merged(self.person, context.world);
        records.into_iter().map(|id| upkeep::Command::Erase { id, classes: classes.clone() }.into()).collect()
    }

    fn about(&self) -> About {
        About { jurisdiction: Some(self.jurisdiction), subject: Some(self.person), ..About::default() }
    }

    fn requested_by(&self) -> Option<AccountId> {
        self.open_request().map(|request| request.by)
    }
}

fn request(file: Option<&Erasure>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::Request { person, classes, ground, note } = command else {
        return Err(Refusal::rule("unknown_body"));
    };
    if classes.is_empty() {
        return Err(Refusal::rule("nothing_to_erase").at("classes"));
    }
    if let Some(note) = note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    if let Some(file) = file {
        if file.open_request().is_some() {
            return Err(Refusal::rule("request_open").about(file.id));
        }
        if file.requests.len() >= MAX_ENTRIES {
            return Err(Refusal::rule("too_many").at("person"));
        }
    }
    let jurisdiction = not_merged(*person, context)?;
    Ok(vec![Event::Requested(Requested {
        person: *person,
        jurisdiction,
        classes: classes.iter().copied().collect(),
        ground: *ground,
        note: note.clone().map(FreeText::keep),
    })])
}

/// A merged record is erased through the one kept, which takes all that were merged into it along.
fn not_merged(person: PersonId, context: &Context<'_>) -> Result<JurisdictionId, Refusal> {
    let record = context.expect::<Person>(person)?;
    match record.merged_into {
        Some(kept) => Err(Refusal::rule("merged_record").about(kept)),
        None => Ok(record.jurisdiction),
    }
}

fn end(file: &mut Erasure, how: Ending, stamp: &Stamp) -> Option<()> {
    let request = file.requests.last_mut().filter(|request| request.ended.is_none())?;
    request.ended = Some(Ended { how, by: stamp.actor, at: stamp.at });
    Some(())
}

/// The person's record and all that were merged into it, directly or through others.
fn with_merged(person: PersonId, world: &dyn World) -> Vec<Uuid> {
    let mut records = vec![person.0];
    let mut next = 0;
    while let Some(record) = records.get(next).copied() {
        next += 1;
        for merged in world.referrers(record, Relation::MergedInto) {
            if !records.contains(merged) {
                records.push(*merged);
            }
        }
    }
    records
}
