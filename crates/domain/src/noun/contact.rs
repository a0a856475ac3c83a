//! Contacts: one person under follow-up for exposures. Listed from exposures and from nothing else, followed by the
//! plan of the pack that judged it, and ours until another area says it has it.

use super::{
    About, MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, MatchKey, Noun, Of as _, at_most,
    case::{Case, Classification},
    evidence::same_person,
    exposure::{self, Exposure, Source},
    jurisdiction::Jurisdiction,
    outbreak::Outbreak,
    person::{Identifier, Person, fold_name, not_future},
};
use crate::{
    access::Action,
    date::KnownDate,
    fields,
    fields::{Kept, Open},
    id::{AccountId, CaseId, ContactId, ExposureId, JurisdictionId, OutbreakId, PersonId, StreamId},
    journaled,
    kernel::{self, Context, Link, Needs, Relation, Stamp, World, upkeep},
    pack::{PackRef, Ring, Slot},
    refusal::Refusal,
    seal::{FreeText, Identity, Reading},
    seals,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

mod acts;
mod entry;
mod judgement;
pub(crate) mod plan;

pub use entry::{Entry, EntryChanges, EntryFields, EntryGiven, EntryPatch, Mode, Seen};
pub use judgement::Judgement;
pub use plan::Plan;

/// Why a contact is no longer followed though the term is not over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// Was not exposed after all.
    NotExposed,
    /// Was exposed when the source could not infect.
    OutsideWindow,
    /// The source turned out not to be a case.
    SourceNotACase,
    /// Immune, where the pack leaves the immune out.
    Immune,
    /// Listed twice.
    Duplicate,
    /// Died of something else.
    Died,
    /// The exposures it rested on were entered in error.
    EnteredInError,
}

/// Where the follow-up stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Followed.
    Followed,
    /// Lost to follow-up; still looked for.
    Lost,
    /// The term is over.
    Completed,
    /// Became this case.
    Promoted(CaseId),
    /// Left out.
    Dropped(DropReason),
}

impl Status {
    /// Whether the person is still to be followed.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Followed | Self::Lost)
    }

    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Followed => "followed",
            Self::Lost => "lost",
            Self::Completed => "completed",
            Self::Promoted(_) => "promoted",
            Self::Dropped(_) => "dropped",
        }
    }
}

fields! {
    /// What is known of a contact besides the follow-up.
    pub Fields, Given, Changes, Patch {
        /// Numbers by which other systems know this contact.
        identifiers: Identity<Vec<Identifier>>,
        /// Day the contact was found; the day of recording where it is not said.
        listed_on: Open<KnownDate>,
        /// Day of entry into an isolation site, where the pack's clock counts from it.
        entered_site_on: Open<KnownDate>,
        /// Anything else.
        note: FreeText<String>,
    }
}

/// One exposure a contact rests on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The exposure.
    pub exposure: ExposureId,
    /// Its source. Shown to nobody who serves the contact (field group `source_case_link`).
    pub source: Source,
}

/// One step of the follow-up's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Where it stood.
    pub status: Status,
    /// In which ring.
    pub ring: Ring,
    /// From which day, in the outbreak's zone.
    pub on: Date,
    /// When it was recorded, milliseconds UTC.
    pub recorded_at: i64,
    /// Who recorded it.
    pub recorded_by: AccountId,
}

/// A hand-over offered and not yet acknowledged: until then the contact stays with those who offered it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// The command post.
    pub to: StreamId,
    /// Its area.
    pub jurisdiction: JurisdictionId,
    /// When it was offered, milliseconds UTC.
    pub offered_at: i64,
    /// Who offered it.
    pub offered_by: AccountId,
}

/// A contact as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Whose.
    pub person: PersonId,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area that follows.
    pub jurisdiction: JurisdictionId,
    /// The pack that judged it.
    pub pack: PackRef,
    /// What is known.
    pub fields: Fields,
    /// The exposures it was listed from, in the order they were named.
    pub bases: Vec<Basis>,
    /// Day it was recorded, in the outbreak's zone.
    pub recorded_on: Date,
    /// What the pack says of it.
    pub judgement: Judgement,
    /// Steps of the follow-up, oldest first; never empty.
    pub history: Vec<Step>,
    /// Entries, in the order they were recorded.
    pub entries: Vec<Entry>,
    /// A hand-over not yet acknowledged.
    pub offer: Option<Offer>,
    /// When it last changed hands.
    pub handed_over_at: Option<i64>,
}

impl Contact {
    /// Where the follow-up stands.
    pub fn status(&self) -> Status {
        self.history.last().map_or(Status::Followed, |step| step.status)
    }

    /// Day the contact was found.
    pub fn detected_on(&self) -> Date {
        self.fields.listed_on.as_ref().and_then(|on| on.0.earliest()).unwrap_or(self.recorded_on)
    }

    /// Last day the contact was seen or heard.
    pub fn last_seen_on(&self) -> Option<Date> {
        self.entries.iter().filter_map(Entry::seen_on).max()
    }

    /// The slots of the plan, each with the most telling entry about it.
    pub fn slots(&self) -> Vec<(Slot, Option<Seen>)> {
        let mut told: BTreeMap<(Date, i64), Seen> = BTreeMap::new();
        for entry in &self.entries {
            if let (Some((on, Some(slot))), Some(state)) = (entry.place(), entry.state()) {
                told.entry((on, slot)).and_modify(|best| *best = state.min(*best)).or_insert(state);
            }
        }
        let slots = self.judgement.plan.iter().flat_map(Plan::slots);
        slots.map(|slot| (slot, told.get(&(slot.date, slot.slot)).copied())).collect()
    }

    fn entered_site_on(fields: &Fields) -> Option<Date> {
        fields.entered_site_on.as_ref().and_then(|on| on.0.earliest())
    }
}

/// What can be asked of contacts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Lists a person as a contact, from exposures on record.
    List {
        /// Its id.
        id: ContactId,
        /// Whose.
        person: PersonId,
        /// In which ring.
        ring: Ring,
        /// The exposures it rests on.
        exposures: Vec<ExposureId>,
        /// What is known.
        #[serde(default)]
        fields: Given,
    },
    /// Corrects fields.
    Correct {
        /// The contact.
        id: ContactId,
        /// The changes.
        changes: Changes,
    },
    /// Names a further exposure. It extends follow-up and may bring the contact into a closer ring.
    AddExposure {
        /// The contact.
        id: ContactId,
        /// The exposure.
        exposure: ExposureId,
        /// A closer ring.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ring: Option<Ring>,
    },
    /// Records a visit, a call, or that there was none.
    RecordFollowUp {
        /// The contact.
        id: ContactId,
        /// What is known; `on` and `state` are required.
        fields: EntryGiven,
    },
    /// Corrects an entry.
    CorrectFollowUp {
        /// The contact.
        id: ContactId,
        /// Its place among the contact's entries, from 0.
        n: u32,
        /// The changes.
        changes: EntryChanges,
    },
    /// Says that the contact cannot be found.
    MarkLost {
        /// The contact.
        id: ContactId,
    },
    /// Ends the follow-up at the end of its term.
    Complete {
        /// The contact.
        id: ContactId,
    },
    /// Says that the contact became a case.
    Promote {
        /// The contact.
        id: ContactId,
        /// The case.
        case: CaseId,
    },
    /// Ends the follow-up before its term.
    Drop {
        /// The contact.
        id: ContactId,
        /// Why.
        reason: DropReason,
    },
    /// Takes up an ended follow-up again.
    Reopen {
        /// The contact.
        id: ContactId,
    },
    /// Offers the contact to another area; it stays ours until acknowledged.
    OfferHandOver {
        /// The contact.
        id: ContactId,
        /// The command post.
        to: StreamId,
        /// Its area.
        jurisdiction: JurisdictionId,
    },
    /// Takes the contact over. Sent to the command post that still has it, by somebody of the area named.
    AcknowledgeHandOver {
        /// The contact.
        id: ContactId,
        /// The area that takes it.
        jurisdiction: JurisdictionId,
    },
    /// Takes an offer back.
    WithdrawHandOver {
        /// The contact.
        id: ContactId,
    },
    /// Judges the contact anew on what stands now. Follows from corrections; changes nothing where nothing changed.
    Reassess {
        /// The contact.
        id: ContactId,
    },
}

/// A contact was listed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its id.
    pub id: ContactId,
    /// Whose.
    pub person: PersonId,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area that follows.
    pub jurisdiction: JurisdictionId,
    /// The pack that judged it.
    pub pack: PackRef,
    /// What is known.
    pub fields: Patch,
    /// The exposures it rests on.
    pub bases: Vec<Basis>,
    /// Day it was recorded, in the outbreak's zone.
    pub on: Date,
    /// What the pack says of it.
    pub judgement: Judgement,
}

/// Fields were corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The changes.
    pub changes: Patch,
}

/// A further exposure was named.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureAdded {
    /// The exposure.
    pub basis: Basis,
    /// The day, in the outbreak's zone.
    pub on: Date,
    /// What the pack says now.
    pub judgement: Judgement,
}

/// What the contact rests on changed, and the plan with it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejudged {
    /// What the pack says now.
    pub judgement: Judgement,
}

/// An entry was made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowedUp {
    /// What is known.
    pub fields: EntryPatch,
}

/// An entry was corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUpCorrected {
    /// Its place among the contact's entries.
    pub n: u32,
    /// The changes.
    pub changes: EntryPatch,
}

/// The follow-up stands elsewhere now: lost, completed, promoted, dropped or taken up again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// Where.
    pub to: Status,
    /// From which day, in the outbreak's zone.
    pub on: Date,
}

/// The contact was offered to another area.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOverOffered {
    /// The command post.
    pub to: StreamId,
    /// Its area.
    pub jurisdiction: JurisdictionId,
}

/// The other area has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOverAcknowledged {
    /// The command post.
    pub to: StreamId,
    /// Its area.
    pub jurisdiction: JurisdictionId,
}

/// The offer was taken back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOverWithdrawn {}

/// What happens to contacts.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Listed.
    Listed(Listed),
    /// Corrected.
    Corrected(Corrected),
    /// A further exposure.
    ExposureAdded(ExposureAdded),
    /// Judged anew.
    Rejudged(Rejudged),
    /// Followed up.
    FollowedUp(FollowedUp),
    /// An entry corrected.
    FollowUpCorrected(FollowUpCorrected),
    /// The follow-up stands elsewhere.
    Moved(Moved),
    /// Offered.
    HandOverOffered(HandOverOffered),
    /// Taken over.
    HandOverAcknowledged(HandOverAcknowledged),
    /// Offer taken back.
    HandOverWithdrawn(HandOverWithdrawn),
}

journaled!(Event:
    Listed "contact.listed" 1,
    Corrected "contact.corrected" 1,
    ExposureAdded "contact.exposure_added" 1,
    Rejudged "contact.rejudged" 1,
    FollowedUp "contact.followed_up" 1,
    FollowUpCorrected "contact.follow_up_corrected" 1,
    Moved "contact.moved" 1,
    HandOverOffered "contact.hand_over_offered" 1,
    HandOverAcknowledged "contact.hand_over_acknowledged" 1,
    HandOverWithdrawn "contact.hand_over_withdrawn" 1,
);
seals! {
    Listed: fields;
    Corrected: changes;
    ExposureAdded: ;
    Rejudged: ;
    FollowedUp: fields;
    FollowUpCorrected: changes;
    Moved: ;
    HandOverOffered: ;
    HandOverAcknowledged: ;
    HandOverWithdrawn: ;
    Contact: fields, entries;
}

impl Noun for Contact {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::List { id, .. }
            | Command::Correct { id, .. }
            | Command::AddExposure { id, .. }
            | Command::RecordFollowUp { id, .. }
            | Command::CorrectFollowUp { id, .. }
            | Command::MarkLost { id }
            | Command::Complete { id }
            | Command::Promote { id, .. }
            | Command::Drop { id, .. }
            | Command::Reopen { id }
            | Command::OfferHandOver { id, .. }
            | Command::AcknowledgeHandOver { id, .. }
            | Command::WithdrawHandOver { id }
            | Command::Reassess { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::List { .. } => Action::ContactCreate,
            Command::Correct { .. }
            | Command::AddExposure { .. }
            | Command::MarkLost { .. }
            | Command::Complete { .. }
            | Command::Reopen { .. }
            | Command::Reassess { .. } => Action::ContactCorrect,
            Command::RecordFollowUp { .. } => Action::FollowUpRecord,
            Command::CorrectFollowUp { .. } => Action::FollowUpCorrect,
            Command::Promote { .. } => Action::ContactPromote,
            Command::Drop { .. } => Action::ContactDrop,
            Command::OfferHandOver { .. } | Command::WithdrawHandOver { .. } => Action::ContactHandOver,
            Command::AcknowledgeHandOver { .. } => Action::ContactAcknowledge,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            // Listing is judged on the exposures: who works on their source may list from them.
            Command::List { person, exposures, .. } => {
                let from = exposures.iter().map(|exposure| (exposure.0, Action::ContactCreate));
                from.chain([(person.0, Action::PersonRead)]).collect()
            }
            Command::AddExposure { exposure, .. } => vec![(exposure.0, Action::ContactCreate)],
            Command::Promote { case, .. } => vec![(case.0, Action::CaseRead)],
            Command::AcknowledgeHandOver { jurisdiction, .. } => {
                vec![(jurisdiction.0, Action::ContactAcknowledge)]
            }
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        match command {
            Command::List { person, exposures, .. } => {
                needs.id(*person);
                needs.referrers(*person, Relation::ContactOfPerson);
                for exposure in exposures.iter().take(MAX_ENTRIES) {
                    foresee(*exposure, known, needs);
                }
            }
            Command::AddExposure { exposure, .. } => foresee(*exposure, known, needs),
            Command::Promote { case, .. } => needs.id(*case),
            Command::OfferHandOver { to, jurisdiction, .. } => {
                needs.id(*jurisdiction);
                needs.streams.insert(*to);
            }
            _ => {}
        }
        let this = known.get(Self::target(command)).and_then(|located| Self::of(&located.aggregate));
        if let Some(contact) = this {
            needs.id(contact.outbreak);
            if matches!(command, Command::AddExposure { .. } | Command::Reassess { .. } | Command::Reopen { .. }) {
                contact.bases.iter().for_each(|basis| foresee(basis.exposure, known, needs));
            }
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        let contact = match (this, command) {
            (None, Command::List { .. }) => return acts::list(command, context),
            (Some(_), Command::List { id, .. }) => return Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => return Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(contact), _) => contact,
        };
        match command {
            Command::List { .. } => Err(Refusal::rule("already_exists").about(contact.id)),
            Command::Correct { changes, .. } => acts::correct(contact, changes, context),
            Command::AddExposure { exposure, ring, .. } => acts::add_exposure(contact, *exposure, *ring, context),
            Command::RecordFollowUp { fields, .. } => acts::follow_up(contact, fields, context),
            Command::CorrectFollowUp { n, changes, .. } => acts::correct_entry(contact, *n, changes, context),
            Command::MarkLost { .. } => acts::lose(contact, context),
            Command::Complete { .. } => acts::complete(contact, context),
            Command::Promote { case, .. } => acts::promote(contact, *case, context),
            Command::Drop { reason, .. } => {
                if !contact.status().is_open() {
                    return Err(Refusal::rule("follow_up_not_open"));
                }
                acts::moved(contact, Status::Dropped(*reason), context)
            }
            Command::Reopen { .. } => acts::reopen(contact, context),
            Command::OfferHandOver { to, jurisdiction, .. } => acts::offer(contact, *to, *jurisdiction, context),
            Command::AcknowledgeHandOver { jurisdiction, .. } => acts::acknowledge(contact, *jurisdiction),
            Command::WithdrawHandOver { .. } => match (&contact.offer, contact.handed_over_at) {
                (Some(_), _) => Ok(vec![Event::HandOverWithdrawn(HandOverWithdrawn {})]),
                (None, Some(_)) => Err(Refusal::rule("handed_over")),
                (None, None) => Err(Refusal::rule("nothing_changes")),
            },
            Command::Reassess { .. } => acts::reassess(contact, context),
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let Some(mut contact) = this else {
            let Event::Listed(made) = event else { return None };
            return Some(listed(made, stamp));
        };
        match event {
            Event::Listed(_) => return None,
            Event::Corrected(corrected) => corrected.changes.clone().apply(&mut contact.fields),
            Event::ExposureAdded(added) => {
                contact.bases.push(added.basis);
                contact.judged(&added.judgement, added.on, stamp);
            }
            Event::Rejudged(rejudged) => contact.judgement = rejudged.judgement.clone(),
            Event::FollowedUp(made) => {
                let mut fields = EntryFields::default();
                made.fields.clone().apply(&mut fields);
                contact.entries.push(Entry {
                    fields,
                    recorded_at: stamp.at,
                    recorded_by: stamp.actor,
                    corrected_at: None,
                });
            }
            Event::FollowUpCorrected(corrected) => {
                let entry = contact.entries.get_mut(corrected.n as usize)?;
                corrected.changes.clone().apply(&mut entry.fields);
                entry.corrected_at = Some(stamp.at);
            }
            Event::Moved(moved) => contact.step(moved.to, moved.on, stamp),
            Event::HandOverOffered(offered) => {
                contact.offer = Some(Offer {
                    to: offered.to,
                    jurisdiction: offered.jurisdiction,
                    offered_at: stamp.at,
                    offered_by: stamp.actor,
                });
            }
            Event::HandOverAcknowledged(taken) => {
                contact.offer = None;
                contact.jurisdiction = taken.jurisdiction;
                contact.handed_over_at = Some(stamp.at);
            }
            Event::HandOverWithdrawn(_) => contact.offer = None,
        }
        Some(contact)
    }

    fn react(&self, event: &Event, context: &Context<'_>) -> Vec<kernel::Command> {
        match event {
            Event::HandOverAcknowledged(taken) if taken.to != context.stream => {
                vec![kernel::Command::Upkeep(upkeep::Command::Release { id: self.id.0, to: taken.to })]
            }
            // What was listed from contact with this contact has nothing to rest on either.
            Event::Moved(Moved { to: Status::Dropped(DropReason::EnteredInError), .. }) => {
                exposure::reassess_from(context, self.id.0)
            }
            _ => Vec::new(),
        }
    }

    fn offered_to(&self) -> Option<JurisdictionId> {
        self.offer.as_ref().map(|offer| offer.jurisdiction)
    }

    fn about(&self) -> About {
        let from =
            self.bases.iter().map(|basis| Link { target: basis.exposure.0, relation: Relation::ContactFromExposure });
        let of = Link { target: self.person.0, relation: Relation::ContactOfPerson };
        About { jurisdiction: Some(self.jurisdiction), subject: Some(self.person), links: from.chain([of]).collect() }
    }

    /// Who investigates a source case works on its contacts. Who follows a source contact does not.
    fn covered_by(&self) -> Vec<Uuid> {
        self.bases.iter().filter_map(|basis| basis.source.case()).map(|case| case.0).collect()
    }

    fn match_keys(&self, permit: &Reading) -> Vec<MatchKey> {
        let identifiers = self.fields.identifiers.iter().filter_map(|list| list.shown(permit)).flatten();
        identifiers
            .map(|identifier| MatchKey::new("contact", &[&identifier.kind, &fold_name(&identifier.number)]))
            .collect()
    }
}

impl Contact {
    fn step(&mut self, status: Status, on: Date, stamp: &Stamp) {
        let ring = self.judgement.ring;
        self.history.push(Step { status, ring, on, recorded_at: stamp.at, recorded_by: stamp.actor });
    }

    fn judged(&mut self, judgement: &Judgement, on: Date, stamp: &Stamp) {
        let closer = judgement.ring != self.judgement.ring;
        self.judgement = judgement.clone();
        if closer {
            self.step(self.status(), on, stamp);
        }
    }
}

fn listed(made: &Listed, stamp: &Stamp) -> Contact {
    let mut fields = Fields::default();
    made.fields.clone().apply(&mut fields);
    let mut contact = Contact {
        id: made.id,
        person: made.person,
        outbreak: made.outbreak,
        jurisdiction: made.jurisdiction,
        pack: made.pack.clone(),
        fields,
        bases: made.bases.clone(),
        recorded_on: made.on,
        judgement: made.judgement.clone(),
        history: Vec::new(),
        entries: Vec::new(),
        offer: None,
        handed_over_at: None,
    };
    contact.step(Status::Followed, made.on, stamp);
    contact
}

/// What judging this exposure will read.
fn foresee(exposure: ExposureId, known: &dyn World, needs: &mut Needs) {
    needs.id(exposure);
    if let Some(exposure) = known.get(exposure.0).and_then(|located| Exposure::of(&located.aggregate)) {
        needs.id(exposure.source.id());
        needs.id(exposure.outbreak);
    }
}
