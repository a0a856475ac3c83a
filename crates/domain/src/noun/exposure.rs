//! Exposures: directed, from a case, a contact or a place to a person. Contacts are listed from them and from nothing
//! else (DESIGN §13.7).

use super::{
    About, MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, Noun, Of as _, at_most,
    case::Case,
    contact::{self, Contact, DropReason, Status},
    evidence::same_person,
    outbreak::Outbreak,
    person::Person,
};
use crate::{
    access::Action,
    date::KnownDate,
    fields,
    fields::Open,
    id::{CaseId, ContactId, ExposureId, JurisdictionId, OutbreakId, PersonId, PlaceId},
    journaled,
    kernel::{self, Context, Link, Needs, Relation, Stamp, World},
    pack::{ExposureFact, ExposureKind, Pack},
    refusal::Refusal,
    seal::{FreeText, Location},
    seals,
    when::{When, zone},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest exposure, in minutes: a year.
const MAX_MINUTES: i64 = 366 * 1_440;

/// From whom or what. Gatherings and conveyances are kinds of places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A case.
    Case(CaseId),
    /// A person under follow-up, whose contacts form the second ring.
    Contact(ContactId),
    /// A place, gathering or conveyance.
    Place(PlaceId),
}

impl Source {
    /// The case, where it is one.
    pub fn case(self) -> Option<CaseId> {
        match self {
            Self::Case(id) => Some(id),
            Self::Contact(_) | Self::Place(_) => None,
        }
    }

    /// The id, of whatever it is.
    pub fn id(self) -> Uuid {
        match self {
            Self::Case(id) => id.0,
            Self::Contact(id) => id.0,
            Self::Place(id) => id.0,
        }
    }
}

/// How sure it is that it took place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Two independent sources, or seen.
    Certain,
    /// One good source.
    Probable,
    /// Told by one, not borne out.
    Possible,
}

/// What speaks for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The source told it.
    SourceInterview,
    /// The exposed person told it.
    ExposedInterview,
    /// A third person told it.
    Witness,
    /// They are registered in one household.
    HouseholdRegister,
    /// A roster, a seating plan, a visitors' book.
    Roster,
    /// A ticket or a booking.
    Ticket,
    /// A camera.
    Camera,
    /// Positions of telephones.
    Telephone,
    /// Sequences of the pathogen.
    Sequencing,
    /// A link that came with a file.
    ImportedLink,
}

fields! {
    /// What is known of an exposure.
    pub Fields, Given, Changes, Patch {
        /// When it began.
        first: Open<When>,
        /// When it ended.
        last: Open<When>,
        /// How long they were together, minutes in all.
        minutes: Open<i64>,
        /// Minutes between the case leaving and the person arriving; 0 when they were there together.
        minutes_after_case_left: Open<i64>,
        /// What kind, as the pack's contact definitions name it.
        kind: Open<ExposureKind>,
        /// How sure it is.
        certainty: Open<Certainty>,
        /// What speaks for it.
        evidence: Open<Vec<Evidence>>,
        /// Where.
        place: Open<PlaceId>,
        /// Where and how, as told.
        setting: Location<String>,
        /// Anything else.
        note: FreeText<String>,
    }
}

/// First and last day in the outbreak's zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// First day.
    pub first: KnownDate,
    /// Last day.
    pub last: KnownDate,
}

/// An exposure as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Exposure {
    /// Its id.
    pub id: ExposureId,
    /// From whom or what.
    pub source: Source,
    /// The exposed person.
    pub person: PersonId,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area in charge: the source's where it has one, else the person's.
    pub jurisdiction: JurisdictionId,
    /// What is known.
    pub fields: Fields,
    /// Its days.
    pub days: Days,
    /// When it was marked as entered in error.
    pub entered_in_error_at: Option<i64>,
}

impl Exposure {
    /// Earliest first and latest last day it may have been. Where one end is not known, the other stands for it.
    pub fn span(&self) -> Option<(Date, Date)> {
        let first = self.days.first.earliest().or_else(|| self.days.last.earliest())?;
        let last = self.days.last.latest().or_else(|| self.days.first.latest())?;
        Some((first, last))
    }

    /// Whether nothing may rest on it: entered in error, itself or its source.
    pub fn is_void(&self, context: &Context<'_>) -> bool {
        self.entered_in_error_at.is_some()
            || match self.source {
                Source::Case(id) => context.find::<Case>(id).is_some_and(|case| case.entered_in_error_at.is_some()),
                Source::Contact(id) => context
                    .find::<Contact>(id)
                    .is_some_and(|contact| contact.status() == Status::Dropped(DropReason::EnteredInError)),
                Source::Place(_) => false,
            }
    }

    /// The days of it on which the source case could infect. Unknown windows leave it whole; outside its window it
    /// is left whole too, and said to be outside: early is a warning, not a refusal (DESIGN §13.11).
    pub fn infectious_span(&self, pack: &Pack, context: &Context<'_>) -> Option<Span> {
        let (first, last) = self.span()?;
        let whole = Span { first, last, in_window: None };
        let Source::Case(id) = self.source else { return Some(whole) };
        let Some(case) = context.find::<Case>(id) else { return Some(whole) };
        let opens = pack.infectious_window(&case.anchors(KnownDate::earliest)).map(|window| window.from);
        let closes = pack.infectious_window(&case.anchors(KnownDate::latest)).map(|window| window.through);
        let (Ok(opens), Ok(closes)) = (opens, closes) else { return Some(whole) };
        if closes.is_some_and(|closes| closes < opens) {
            return Some(whole);
        }
        if last < opens || closes.is_some_and(|closes| first > closes) {
            return Some(Span { in_window: Some(false), ..whole });
        }
        let last = closes.map_or(last, |closes| last.min(closes));
        Some(Span { first: first.max(opens), last, in_window: Some(true) })
    }

    /// As far as a contact definition asks; `None` while its kind is not known.
    pub fn fact(&self) -> Option<ExposureFact> {
        let kind = self.fields.kind.as_ref()?.0;
        let minutes = self.fields.minutes.as_ref().map(|minutes| minutes.0);
        let after = self.fields.minutes_after_case_left.as_ref().map_or(0, |minutes| minutes.0);
        Some(ExposureFact { kind, minutes, minutes_after_case_left: after })
    }
}

/// Days of an exposure that count for a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
    /// Whether any of it lies in the source's infectious window; `None` where that is not known.
    pub in_window: Option<bool>,
}

/// What can be asked of exposures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Records an exposure.
    Record {
        /// Its id.
        id: ExposureId,
        /// From whom or what.
        source: Source,
        /// The exposed person.
        person: PersonId,
        /// In which outbreak.
        outbreak: OutbreakId,
        /// What is known.
        #[serde(default)]
        fields: Given,
    },
    /// Corrects fields.
    Correct {
        /// The exposure.
        id: ExposureId,
        /// The changes.
        changes: Changes,
    },
    /// Closes an exposure that never was; contacts listed from it alone are dropped.
    MarkEnteredInError {
        /// The exposure.
        id: ExposureId,
    },
}

/// An exposure was recorded.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Its id.
    pub id: ExposureId,
    /// From whom or what.
    pub source: Source,
    /// The exposed person.
    pub person: PersonId,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area in charge.
    pub jurisdiction: JurisdictionId,
    /// What is known.
    pub fields: Patch,
    /// Its days.
    pub days: Days,
}

/// Fields were corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The changes.
    pub changes: Patch,
    /// Its days after the correction.
    pub days: Days,
}

/// The exposure never was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnteredInError {}

/// What happens to exposures.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Recorded.
    Recorded(Recorded),
    /// Corrected.
    Corrected(Corrected),
    /// Entered in error.
    EnteredInError(EnteredInError),
}

journaled!(Event:
    Recorded "exposure.recorded" 1,
    Corrected "exposure.corrected" 1,
    EnteredInError "exposure.entered_in_error" 1,
);
seals! { Recorded: fields; Corrected: changes; EnteredInError: ; Exposure: fields; }

impl Noun for Exposure {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Record { id, .. } | Command::Correct { id, .. } | Command::MarkEnteredInError { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Record { .. } => Action::ExposureCreate,
            Command::Correct { .. } | Command::MarkEnteredInError { .. } => Action::ExposureCorrect,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            // Recorded by whoever works on its source.
            Command::Record { source, person, outbreak, .. } => vec![
                (source.id(), Action::ExposureCreate),
                (person.0, Action::PersonRead),
                (outbreak.0, Action::OutbreakRead),
            ],
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        match command {
            Command::Record { source, person, outbreak, .. } => {
                needs.id(source.id());
                needs.id(*person);
                needs.id(*outbreak);
            }
            Command::Correct { id, .. } | Command::MarkEnteredInError { id } => {
                needs.referrers(*id, Relation::ContactFromExposure);
                if let Some(exposure) = known.get(id.0).and_then(|located| Self::of(&located.aggregate)) {
                    needs.id(exposure.outbreak);
                    needs.id(exposure.source.id());
                }
            }
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Record { .. }) => record(command, context),
            (Some(_), Command::Record { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(Exposure { entered_in_error_at: Some(_), .. }), _) => Err(Refusal::rule("entered_in_error")),
            (Some(exposure), Command::Correct { changes, .. }) => correct(exposure, changes, context),
            (Some(_), Command::MarkEnteredInError { .. }) => Ok(vec![Event::EnteredInError(EnteredInError {})]),
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        match (this, event) {
            (None, Event::Recorded(made)) => {
                let mut fields = Fields::default();
                made.fields.clone().apply(&mut fields);
                Some(Self {
                    id: made.id,
                    source: made.source,
                    person: made.person,
                    outbreak: made.outbreak,
                    jurisdiction: made.jurisdiction,
                    fields,
                    days: made.days,
                    entered_in_error_at: None,
                })
            }
            (Some(mut exposure), Event::Corrected(corrected)) => {
                corrected.changes.clone().apply(&mut exposure.fields);
                exposure.days = corrected.days;
                Some(exposure)
            }
            (Some(mut exposure), Event::EnteredInError(_)) => {
                exposure.entered_in_error_at = Some(stamp.at);
                Some(exposure)
            }
            _ => None,
        }
    }

    /// Contacts listed from it are judged anew: other days, another plan; entered in error, nothing to rest on.
    fn react(&self, event: &Event, context: &Context<'_>) -> Vec<kernel::Command> {
        match event {
            Event::Recorded(_) => Vec::new(),
            Event::Corrected(_) | Event::EnteredInError(_) => reassess(context, [self.id]),
        }
    }

    fn about(&self) -> About {
        About {
            jurisdiction: Some(self.jurisdiction),
            subject: Some(self.person),
            links: vec![
                Link { target: self.source.id(), relation: Relation::ExposureFrom },
                Link { target: self.person.0, relation: Relation::ExposureOf },
            ],
        }
    }

    /// Who investigates the source case works on it.
    fn covered_by(&self) -> Vec<Uuid> {
        self.source.case().map(|case| case.0).into_iter().collect()
    }

    /// Who follows a contact listed from it reads when and how it was.
    fn covered_through(&self) -> &'static [&'static [Relation]] {
        &[&[Relation::ContactFromExposure]]
    }
}

/// Commands that judge anew every contact listed from these exposures.
pub(super) fn reassess(
    context: &Context<'_>,
    exposures: impl IntoIterator<Item = ExposureId>,
) -> Vec<kernel::Command> {
    let contacts: std::collections::BTreeSet<Uuid> = exposures
        .into_iter()
        .flat_map(|id| context.world.referrers(id.0, Relation::ContactFromExposure).iter().copied())
        .collect();
    contacts
        .into_iter()
        .map(|id| kernel::Command::Contact(contact::Command::Reassess { id: ContactId(id) }))
        .collect()
}

/// Commands that judge anew every contact listed from exposures to this source.
pub(super) fn reassess_from(context: &Context<'_>, source: Uuid) -> Vec<kernel::Command> {
    let exposures = context.world.referrers(source, Relation::ExposureFrom).iter().map(|id| ExposureId(*id));
    reassess(context, exposures)
}

fn record(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::Record { id, source, person, outbreak, fields } = command else {
        return Err(Refusal::rule("unknown_body"));
    };
    let exposed = context.expect::<Person>(*person)?;
    let declared = context.expect::<Outbreak>(*outbreak)?;
    if let Some(kept) = exposed.merged_into {
        return Err(Refusal::rule("merged_record").about(kept));
    }
    if declared.closed_at.is_some() {
        return Err(Refusal::rule("outbreak_closed").about(*outbreak));
    }
    let jurisdiction = area(*source, *person, *outbreak, context)?.unwrap_or(exposed.jurisdiction);
    let days = check(fields, declared, context.now)?;
    Ok(vec![Event::Recorded(Recorded {
        id: *id,
        source: *source,
        person: *person,
        outbreak: *outbreak,
        jurisdiction,
        fields: fields.clone().patch(),
        days,
    })])
}

/// Checks the source and says in which area it lies, if it says so.
fn area(
    source: Source,
    exposed: PersonId,
    outbreak: OutbreakId,
    context: &Context<'_>,
) -> Result<Option<JurisdictionId>, Refusal> {
    let (person, in_outbreak, jurisdiction, void) = match source {
        Source::Case(id) => {
            let case = context.expect::<Case>(id)?;
            (case.person, case.outbreak, case.jurisdiction, case.entered_in_error_at.is_some())
        }
        Source::Contact(id) => {
            let contact = context.expect::<Contact>(id)?;
            let void = contact.status() == Status::Dropped(DropReason::EnteredInError);
            (contact.person, contact.outbreak, contact.jurisdiction, void)
        }
        Source::Place(id) => {
            let Some(located) = context.world.get(id.0) else { return Err(Refusal::waiting(vec![id.0])) };
            if located.aggregate.kind().name() != "place" {
                return Err(Refusal::rule("wrong_kind_of_record").about(id).at("source"));
            }
            return Ok(located.aggregate.about().jurisdiction);
        }
    };
    if in_outbreak != outbreak {
        return Err(Refusal::rule("wrong_outbreak").about(source.id()));
    }
    if void {
        return Err(Refusal::rule("entered_in_error").about(source.id()));
    }
    if same_person(context, person, exposed) {
        return Err(Refusal::rule("same_person_twice").about(source.id()));
    }
    Ok(Some(jurisdiction))
}

fn correct(exposure: &Exposure, changes: &Changes, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let outbreak = context.expect::<Outbreak>(exposure.outbreak)?;
    let patch = changes.clone().judge(&exposure.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    let mut after = exposure.fields.clone();
    patch.clone().apply(&mut after);
    let given = Given {
        first: after.first.map(|first| first.0),
        last: after.last.map(|last| last.0),
        minutes: after.minutes.map(|minutes| minutes.0),
        minutes_after_case_left: after.minutes_after_case_left.map(|minutes| minutes.0),
        evidence: after.evidence.map(|evidence| evidence.0),
        setting: changes.setting.as_ref().and_then(|change| change.to.clone()),
        note: changes.note.as_ref().and_then(|change| change.to.clone()),
        ..Given::default()
    };
    let days = check(&given, outbreak, context.now)?;
    Ok(vec![Event::Corrected(Corrected { changes: patch, days })])
}

fn check(fields: &Given, outbreak: &Outbreak, now: i64) -> Result<Days, Refusal> {
    for (pointer, when) in [("first", fields.first), ("last", fields.last)] {
        if let Some(when) = when {
            when.not_future(pointer, now)?;
        }
    }
    for (pointer, minutes) in
        [("minutes", fields.minutes), ("minutes_after_case_left", fields.minutes_after_case_left)]
    {
        if minutes.is_some_and(|minutes| !(0..=MAX_MINUTES).contains(&minutes)) {
            return Err(Refusal::rule("impossible_duration").at(pointer));
        }
    }
    if fields.evidence.as_ref().is_some_and(|list| list.len() > MAX_ENTRIES) {
        return Err(Refusal::rule("too_many").at("evidence"));
    }
    if let Some(setting) = &fields.setting {
        at_most("setting", setting, MAX_LINE_CHARS)?;
    }
    if let Some(note) = &fields.note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    let zone = zone(&outbreak.time_zone);
    let backwards =
        fields.first.and_then(|first| first.bounds(&zone)).zip(fields.last.and_then(|last| last.bounds(&zone)));
    if backwards.is_some_and(|((first, _), (_, last))| last < first) {
        return Err(Refusal::rule("order_of_dates").at("last"));
    }
    let date = |when: Option<When>| when.map_or(KnownDate::NotAsked, |when| when.date(&zone));
    Ok(Days { first: date(fields.first), last: date(fields.last) })
}
