//! People. A register of a whole population before anyone is infected is normal, and so is one case and nothing
//! else.

use super::{About, MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, MatchKey, Noun, at_most, household::Household};
use crate::{
    access::Action,
    date::KnownDate,
    fields,
    fields::{Kept, Open, Seen, judge_put},
    id::{HouseholdId, JurisdictionId, PersonId, PlaceId},
    journaled,
    kernel::{Context, Link, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seal::{Class, ContactDetail, FreeText, Identity, Location, Reading},
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod matching;
pub use matching::{fold_name, similarity};

/// Sex as recorded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Another.
    Other,
    /// Asked, not known.
    Unknown,
}

/// A number by which some register knows the person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// The register: `national_id`, `passport`, `health_record`, or a system's name.
    pub kind: String,
    /// The number.
    pub number: String,
}

fields! {
    /// What is known of a person.
    pub Fields, Given, Changes, Patch {
        /// Full name as the person writes it.
        full_name: Identity<String>,
        /// Family name, where kept apart.
        family_name: Identity<String>,
        /// Given name, where kept apart.
        given_name: Identity<String>,
        /// Name in Latin letters.
        latin_name: Identity<String>,
        /// Sex.
        sex: Identity<Sex>,
        /// Birth date, as known.
        birth_date: Identity<KnownDate>,
        /// Age in years as told, where no birth date is known.
        age_years: Identity<i64>,
        /// Numbers by which registers know the person.
        identifiers: Identity<Vec<Identifier>>,
        /// Phone numbers, best first.
        phones: ContactDetail<Vec<String>>,
        /// Language tags, best first.
        languages: ContactDetail<Vec<String>>,
        /// Occupation.
        occupation: Identity<String>,
        /// Whether the person works in health care.
        health_worker: Open<bool>,
        /// Date of death.
        died_on: Open<KnownDate>,
        /// Anything else.
        note: FreeText<String>,
    }
}

/// Ages in the bands that figures use; computed at acceptance, so that figures survive an erasure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeBand {
    /// 0–4 years.
    Under5,
    /// 5–17 years.
    From5To17,
    /// 18–49 years.
    From18To49,
    /// 50–64 years.
    From50To64,
    /// 65 years and over.
    From65,
}

impl AgeBand {
    /// All bands, the youngest first.
    pub const ALL: [Self; 5] = [Self::Under5, Self::From5To17, Self::From18To49, Self::From50To64, Self::From65];

    /// The band of an age.
    pub fn of_years(years: i64) -> Self {
        match years {
            ..5 => Self::Under5,
            5..18 => Self::From5To17,
            18..50 => Self::From18To49,
            50..65 => Self::From50To64,
            _ => Self::From65,
        }
    }

    /// As written in tables and exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Under5 => "0-4",
            Self::From5To17 => "5-17",
            Self::From18To49 => "18-49",
            Self::From50To64 => "50-64",
            Self::From65 => "65+",
        }
    }
}

/// Where the person lives, from when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Address {
    /// First day.
    pub from: KnownDate,
    /// The smallest known area.
    pub jurisdiction: JurisdictionId,
    /// The dwelling, if it is a known place.
    pub place: Option<PlaceId>,
    /// As written.
    pub text: Option<Location<String>>,
    /// When this was recorded, milliseconds UTC.
    pub recorded_at: i64,
    /// When a later address was recorded.
    pub superseded_at: Option<i64>,
}

/// An address as given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressGiven {
    /// First day; not asked if left out.
    #[serde(default = "not_asked")]
    pub from: KnownDate,
    /// The smallest known area.
    pub jurisdiction: JurisdictionId,
    /// The dwelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// As written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

fn not_asked() -> KnownDate {
    KnownDate::NotAsked
}

/// An address as the journal carries it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressTaken {
    /// First day.
    pub from: KnownDate,
    /// The smallest known area.
    pub jurisdiction: JurisdictionId,
    /// The dwelling.
    pub place: Option<PlaceId>,
    /// As written.
    pub text: Option<Location<String>>,
}

impl AddressGiven {
    fn taken(&self) -> AddressTaken {
        AddressTaken {
            from: self.from,
            jurisdiction: self.jurisdiction,
            place: self.place,
            text: self.text.clone().map(Location::keep),
        }
    }
}

impl Person {
    /// The last address, as a command says it.
    pub fn lives_at(&self) -> Option<AddressGiven> {
        let last = self.addresses.last()?;
        let text = last.text.as_ref().and_then(|text| text.shown(&Reading::permit())).cloned();
        Some(AddressGiven { from: last.from, jurisdiction: last.jurisdiction, place: last.place, text })
    }
}

impl AddressTaken {
    fn recorded(&self, at: i64) -> Address {
        Address {
            from: self.from,
            jurisdiction: self.jurisdiction,
            place: self.place,
            text: self.text.clone(),
            recorded_at: at,
            superseded_at: None,
        }
    }
}

/// A person as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Person {
    /// The person's id.
    pub id: PersonId,
    /// The area that keeps the record.
    pub jurisdiction: JurisdictionId,
    /// What is known.
    pub fields: Fields,
    /// Age band at registration or last correction of the age.
    pub age_band: Option<AgeBand>,
    /// Addresses, oldest first.
    pub addresses: Vec<Address>,
    /// The household.
    pub household: Option<HouseholdId>,
    /// The record this one was merged into.
    pub merged_into: Option<PersonId>,
}

/// What can be asked of people.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Makes a record of a person.
    Register {
        /// The person's id.
        id: PersonId,
        /// The area that keeps the record.
        jurisdiction: JurisdictionId,
        /// What is known.
        #[serde(default)]
        fields: Given,
        /// Where the person lives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<AddressGiven>,
        /// The household.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        household: Option<HouseholdId>,
    },
    /// Corrects fields.
    Correct {
        /// The person.
        id: PersonId,
        /// The changes.
        changes: Changes,
    },
    /// Records a new address.
    MoveHouse {
        /// The person.
        id: PersonId,
        /// Where the person lives now.
        address: AddressGiven,
        /// What its author saw there, so that two who change it do not overwrite each other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Seen<AddressGiven>>,
    },
    /// Puts the person into a household, or into none.
    JoinHousehold {
        /// The person.
        id: PersonId,
        /// The household.
        household: Option<HouseholdId>,
        /// What its author saw there, so that two who change it do not overwrite each other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Seen<HouseholdId>>,
    },
    /// Closes this record in favour of another of the same human being.
    MergeInto {
        /// The record to close.
        id: PersonId,
        /// The record to keep.
        kept: PersonId,
    },
    /// Takes a merge back.
    Unmerge {
        /// The closed record.
        id: PersonId,
    },
}

/// A person was registered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// The person's id.
    pub id: PersonId,
    /// The area that keeps the record.
    pub jurisdiction: JurisdictionId,
    /// What is known.
    pub fields: Patch,
    /// Age band at registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_band: Option<AgeBand>,
    /// Where the person lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressTaken>,
    /// The household.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<HouseholdId>,
}

/// Fields were corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The changes.
    pub changes: Patch,
    /// The age band, where the age was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_band: Option<AgeBand>,
}

/// The person lives somewhere else.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedHouse {
    /// Where.
    pub address: AddressTaken,
}

/// The person is in another household, or in none.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinedHousehold {
    /// The household.
    pub household: Option<HouseholdId>,
}

/// The record was closed in favour of another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergedInto {
    /// The record kept.
    pub kept: PersonId,
}

/// The merge was taken back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmerged {}

/// What happens to people.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Registered.
    Registered(Registered),
    /// Corrected.
    Corrected(Corrected),
    /// Moved house.
    MovedHouse(MovedHouse),
    /// Joined a household.
    JoinedHousehold(JoinedHousehold),
    /// Merged.
    MergedInto(MergedInto),
    /// Unmerged.
    Unmerged(Unmerged),
}

journaled!(Event:
    Registered "person.registered" 1,
    Corrected "person.corrected" 1,
    MovedHouse "person.moved_house" 1,
    JoinedHousehold "person.joined_household" 1,
    MergedInto "person.merged_into" 1,
    Unmerged "person.unmerged" 1,
);
seals! {
    Address: text;
    AddressTaken: text;
    Registered: fields, address;
    Corrected: changes;
    MovedHouse: address;
    JoinedHousehold: ;
    MergedInto: ;
    Unmerged: ;
    Person: fields, addresses;
}

impl Noun for Person {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Register { id, .. }
            | Command::Correct { id, .. }
            | Command::MoveHouse { id, .. }
            | Command::JoinHousehold { id, .. }
            | Command::MergeInto { id, .. }
            | Command::Unmerge { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Register { .. } => Action::PersonCreate,
            Command::Correct { .. } | Command::MoveHouse { .. } | Command::JoinHousehold { .. } => {
                Action::PersonCorrect
            }
            Command::MergeInto { .. } => Action::DuplicateMerge,
            Command::Unmerge { .. } => Action::DuplicateUnmerge,
        }
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Register { jurisdiction, .. } => Some(*jurisdiction),
            _ => None,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            Command::MergeInto { kept, .. } => vec![(kept.0, Action::DuplicateMerge)],
            // People move to anywhere, but not to where nobody could read them.
            Command::MoveHouse { address, .. } | Command::Register { address: Some(address), .. } => {
                vec![(address.jurisdiction.0, Action::JurisdictionRead)]
            }
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, _: &dyn World, needs: &mut Needs) {
        match command {
            Command::MergeInto { kept, .. } => needs.id(*kept),
            Command::MoveHouse { address, .. } => needs.id(address.jurisdiction),
            Command::Register { address, household, .. } => {
                address.iter().for_each(|address| needs.id(address.jurisdiction));
                household.iter().for_each(|household| needs.id(*household));
            }
            Command::JoinHousehold { household: Some(household), .. } => needs.id(*household),
            _ => {}
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Register { id, jurisdiction, fields, address, household }) => {
                check(fields, context.now)?;
                still_lived_in(*household, context)?;
                let address = address.as_ref().map(AddressGiven::taken);
                Ok(vec![Event::Registered(Registered {
                    id: *id,
                    jurisdiction: *jurisdiction,
                    age_band: age_band(fields.birth_date, fields.age_years, context.now),
                    fields: fields.clone().patch(),
                    address,
                    household: *household,
                })])
            }
            (Some(_), Command::Register { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(person), Command::Unmerge { .. }) => match person.merged_into {
                Some(_) => Ok(vec![Event::Unmerged(Unmerged {})]),
                None => Err(Refusal::rule("nothing_changes")),
            },
            // A dissolved household lets everybody go.
            (Some(person), command)
                if context.is_erased_of(person.id, Class::Identity)
                    && !matches!(command, Command::JoinHousehold { household: None, .. }) =>
            {
                Err(Refusal::rule("erased_person").about(person.id))
            }
            (Some(Person { merged_into: Some(kept), .. }), _) => Err(Refusal::rule("merged_record").about(*kept)),
            (Some(person), Command::Correct { changes, .. }) => correct(person, changes, context.now),
            (Some(person), Command::MoveHouse { address, seen, .. }) => {
                judge_put("address", person.lives_at().as_ref(), seen.as_ref(), Some(address))?;
                not_future("address/from", address.from, context.now)?;
                if let Some(text) = &address.text {
                    at_most("address/text", text, MAX_LINE_CHARS)?;
                }
                Ok(vec![Event::MovedHouse(MovedHouse { address: address.taken() })])
            }
            (Some(person), Command::JoinHousehold { household, seen, .. }) => {
                judge_put("household", person.household.as_ref(), seen.as_ref(), household.as_ref())?;
                still_lived_in(*household, context)?;
                Ok(vec![Event::JoinedHousehold(JoinedHousehold { household: *household })])
            }
            (Some(person), Command::MergeInto { kept, .. }) => {
                if *kept == person.id {
                    return Err(Refusal::rule("same_person_twice"));
                }
                if let Some(other) = context.expect::<Person>(*kept)?.merged_into {
                    return Err(Refusal::rule("merged_record").about(other));
                }
                // Merging would say again who was erased.
                if context.is_erased_of(*kept, Class::Identity) {
                    return Err(Refusal::rule("erased_person").about(*kept));
                }
                Ok(vec![Event::MergedInto(MergedInto { kept: *kept })])
            }
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let Some(mut person) = this else {
            let Event::Registered(made) = event else { return None };
            let mut fields = Fields::default();
            made.fields.clone().apply(&mut fields);
            return Some(Self {
                id: made.id,
                jurisdiction: made.jurisdiction,
                fields,
                age_band: made.age_band,
                addresses: made.address.iter().map(|address| address.recorded(stamp.at)).collect(),
                household: made.household,
                merged_into: None,
            });
        };
        match event {
            Event::Registered(_) => return None,
            Event::Corrected(corrected) => {
                corrected.changes.clone().apply(&mut person.fields);
                if corrected.age_band.is_some() {
                    person.age_band = corrected.age_band;
                }
            }
            Event::MovedHouse(moved) => {
                if let Some(last) = person.addresses.last_mut() {
                    last.superseded_at = Some(stamp.at);
                }
                person.addresses.push(moved.address.recorded(stamp.at));
                person.jurisdiction = moved.address.jurisdiction;
            }
            Event::JoinedHousehold(joined) => person.household = joined.household,
            Event::MergedInto(merged) => person.merged_into = Some(merged.kept),
            Event::Unmerged(_) => person.merged_into = None,
        }
        Some(person)
    }

    fn about(&self) -> About {
        let household = self.household.map(|id| Link { target: id.0, relation: Relation::MemberOfHousehold });
        let kept = self.merged_into.map(|id| Link { target: id.0, relation: Relation::MergedInto });
        About {
            jurisdiction: Some(self.jurisdiction),
            subject: Some(self.id),
            links: household.into_iter().chain(kept).collect(),
        }
    }

    fn covered_by(&self) -> Vec<Uuid> {
        self.household.map(|household| household.0).into_iter().collect()
    }

    fn covered_through(&self) -> &'static [&'static [Relation]] {
        &[&[Relation::CaseOfPerson], &[Relation::ContactOfPerson]]
    }

    fn match_keys(&self, permit: &Reading) -> Vec<MatchKey> {
        if self.merged_into.is_some() { Vec::new() } else { matching::keys(&self.fields, permit) }
    }
}

/// A household not on record here is taken as said; one known to be dissolved is refused.
fn still_lived_in(household: Option<HouseholdId>, context: &Context<'_>) -> Result<(), Refusal> {
    match household.and_then(|id| context.find::<Household>(id)) {
        Some(Household { dissolved_at: Some(_), id, .. }) => {
            Err(Refusal::rule("household_dissolved").at("household").about(*id))
        }
        _ => Ok(()),
    }
}

fn correct(person: &Person, changes: &Changes, now: i64) -> Result<Vec<Event>, Refusal> {
    let given = Given {
        full_name: changes.full_name.as_ref().and_then(|change| change.to.clone()),
        birth_date: changes.birth_date.as_ref().and_then(|change| change.to),
        died_on: changes.died_on.as_ref().and_then(|change| change.to),
        age_years: changes.age_years.as_ref().and_then(|change| change.to),
        phones: changes.phones.as_ref().and_then(|change| change.to.clone()),
        identifiers: changes.identifiers.as_ref().and_then(|change| change.to.clone()),
        note: changes.note.as_ref().and_then(|change| change.to.clone()),
        ..Given::default()
    };
    check(&given, now)?;
    let permit = Reading::permit();
    let birth =
        given.birth_date.or_else(|| person.fields.birth_date.as_ref().and_then(|date| date.read(&permit).copied()));
    let death = given.died_on.or(person.fields.died_on.as_ref().map(|date| date.0));
    death_after_birth(birth, death)?;
    let patch = changes.clone().judge(&person.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    Ok(vec![Event::Corrected(Corrected {
        changes: patch,
        age_band: age_band(given.birth_date, given.age_years, now),
    })])
}

fn check(fields: &Given, now: i64) -> Result<(), Refusal> {
    let lines = [
        ("full_name", &fields.full_name),
        ("family_name", &fields.family_name),
        ("given_name", &fields.given_name),
        ("latin_name", &fields.latin_name),
        ("occupation", &fields.occupation),
    ];
    for (pointer, line) in lines {
        if let Some(line) = line {
            at_most(pointer, line, MAX_LINE_CHARS)?;
        }
    }
    if let Some(note) = &fields.note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    for (pointer, list) in [("phones", &fields.phones), ("languages", &fields.languages)] {
        for entry in list.iter().flatten() {
            at_most(pointer, entry, MAX_LINE_CHARS)?;
        }
        if list.as_ref().is_some_and(|list| list.len() > MAX_ENTRIES) {
            return Err(Refusal::rule("too_many").at(pointer));
        }
    }
    if fields.identifiers.as_ref().is_some_and(|list| list.len() > MAX_ENTRIES) {
        return Err(Refusal::rule("too_many").at("identifiers"));
    }
    for identifier in fields.identifiers.iter().flatten() {
        at_most("identifiers", &identifier.kind, MAX_LINE_CHARS)?;
        at_most("identifiers", &identifier.number, MAX_LINE_CHARS)?;
    }
    if fields.age_years.is_some_and(|years| !(0..=130).contains(&years)) {
        return Err(Refusal::rule("impossible_age").at("age_years"));
    }
    for (pointer, date) in [("birth_date", fields.birth_date), ("died_on", fields.died_on)] {
        if let Some(date) = date {
            not_future(pointer, date, now)?;
        }
    }
    death_after_birth(fields.birth_date, fields.died_on)
}

fn death_after_birth(birth: Option<KnownDate>, death: Option<KnownDate>) -> Result<(), Refusal> {
    match (birth.and_then(KnownDate::earliest), death.and_then(KnownDate::latest)) {
        (Some(birth), Some(death)) if death < birth => Err(Refusal::rule("death_before_birth").at("died_on")),
        _ => Ok(()),
    }
}

/// Refuses a date after tomorrow's start in any zone: the earliest day it may be must not lie in the future.
pub(crate) fn not_future(pointer: &'static str, date: KnownDate, now: i64) -> Result<(), Refusal> {
    // UTC+14 is the first zone to see a day; a date that has begun nowhere yet is in the future.
    const FIRST_ZONE_MILLIS: i64 = 14 * 3_600_000;
    match (date.earliest(), utc_date(now.saturating_add(FIRST_ZONE_MILLIS))) {
        (Some(date), Some(today)) if date > today => Err(Refusal::rule("in_the_future").at(pointer)),
        _ => Ok(()),
    }
}

/// The UTC calendar date of an instant.
pub(crate) fn utc_date(at: i64) -> Option<jiff::civil::Date> {
    jiff::Timestamp::from_millisecond(at).ok().map(|instant| jiff::tz::TimeZone::UTC.to_datetime(instant).date())
}

fn age_band(birth: Option<KnownDate>, age_years: Option<i64>, now: i64) -> Option<AgeBand> {
    let born = birth.and_then(KnownDate::earliest).zip(utc_date(now)).map(|(birth, today)| {
        let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
        i64::from(today.year() - birth.year()) - i64::from(!had_birthday)
    });
    born.or(age_years).map(AgeBand::of_years)
}
