//! Places: dwellings, facilities with wards and beds, workplaces, schools, markets, gatherings, conveyances.
//!
//! A place belongs to nobody, so nothing of it is sealed, and nothing personal may stand in it: of a dwelling only a
//! code and the building are kept (whoever lives there keeps the address), and a gathering is named by its kind and
//! day, never by a person.

use super::{About, MAX_ENTRIES, MAX_LINE_CHARS, MatchKey, Noun, at_most, person::not_future};
use crate::{
    access::Action,
    date::KnownDate,
    fields,
    fields::{Open, Seen, judge_put},
    id::{JurisdictionId, PlaceId},
    journaled,
    kernel::{Context, Link, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seal::Reading,
    seals,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a place is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// Where a household lives.
    Dwelling,
    /// A hospital, clinic, laboratory, isolation or quarantine centre.
    Facility,
    /// A ward of a facility.
    Ward,
    /// A bed of a ward.
    Bed,
    /// A workplace.
    Workplace,
    /// A school or kindergarten.
    School,
    /// People who came together on a day: a funeral, a wedding, a meeting.
    Gathering,
    /// One service of a train, bus, ship or aeroplane on a day.
    Conveyance,
    /// A market.
    Market,
    /// Another.
    Other,
}

impl PlaceKind {
    /// Whether it is a place on one day only.
    pub fn has_a_day(self) -> bool {
        matches!(self, Self::Gathering | Self::Conveyance)
    }
}

fields! {
    /// What is known of a place. None of it is personal.
    pub Fields, Given, Changes, Patch {
        /// Its code in the register it came from.
        code: Open<String>,
        /// Names by language tag. Not of a dwelling.
        names: Open<BTreeMap<String, String>>,
        /// Reference of its building in the register of buildings.
        building: Open<String>,
        /// Address as written. Not of a dwelling.
        address: Open<String>,
        /// Latitude, millionths of a degree, WGS-84. Not of a dwelling.
        latitude_microdegrees: Open<i64>,
        /// Longitude, millionths of a degree, WGS-84. Not of a dwelling.
        longitude_microdegrees: Open<i64>,
        /// Day of a gathering, or on which a conveyance ran.
        held_on: Open<KnownDate>,
        /// Number of a conveyance's service: flight, train, bus.
        service_number: Open<String>,
        /// Beds of a facility or ward that may be filled.
        beds: Open<i64>,
        /// Day it opened.
        opened_on: Open<KnownDate>,
    }
}

/// A place as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Its id.
    pub id: PlaceId,
    /// What it is.
    pub kind: PlaceKind,
    /// The area it lies in.
    pub jurisdiction: JurisdictionId,
    /// The place it is part of: a bed's ward, a ward's hospital.
    pub inside: Option<PlaceId>,
    /// What is known of it.
    pub fields: Fields,
    /// Day from which it is no more; present when closed.
    pub closed_on: Option<KnownDate>,
    /// When the closing was recorded, milliseconds UTC.
    pub closed_at: Option<i64>,
}

/// What can be asked of places.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Makes a record of a place.
    Register {
        /// Its id.
        id: PlaceId,
        /// What it is.
        kind: PlaceKind,
        /// The area it lies in.
        jurisdiction: JurisdictionId,
        /// The place it is part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inside: Option<PlaceId>,
        /// What is known of it.
        #[serde(default)]
        fields: Given,
    },
    /// Corrects fields.
    Correct {
        /// The place.
        id: PlaceId,
        /// The changes.
        changes: Changes,
    },
    /// Makes it part of another place, or of none.
    MoveInside {
        /// The place.
        id: PlaceId,
        /// The place it is part of.
        inside: Option<PlaceId>,
        /// What its author saw there, so that two who change it do not overwrite each other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Seen<PlaceId>>,
    },
    /// Closes it: it stays findable, and nothing is done with it any more.
    Close {
        /// The place.
        id: PlaceId,
        /// Day from which it is no more.
        on: KnownDate,
    },
}

/// A place was registered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// Its id.
    pub id: PlaceId,
    /// What it is.
    pub kind: PlaceKind,
    /// The area it lies in.
    pub jurisdiction: JurisdictionId,
    /// The place it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<PlaceId>,
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

/// It is part of another place now, or of none.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedInside {
    /// The place it is part of.
    pub inside: Option<PlaceId>,
}

/// It was closed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// Day from which it is no more.
    pub on: KnownDate,
}

/// What happens to places.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Registered.
    Registered(Registered),
    /// Corrected.
    Corrected(Corrected),
    /// Moved.
    MovedInside(MovedInside),
    /// Closed.
    Closed(Closed),
}

journaled!(Event:
    Registered "place.registered" 1,
    Corrected "place.corrected" 1,
    MovedInside "place.moved_inside" 1,
    Closed "place.closed" 1,
);
seals! { Registered: fields; Corrected: changes; MovedInside: ; Closed: ; Place: fields; }

impl Noun for Place {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Register { id, .. }
            | Command::Correct { id, .. }
            | Command::MoveInside { id, .. }
            | Command::Close { id, .. } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Register { .. } => Action::PlaceCreate,
            Command::Correct { .. } | Command::MoveInside { .. } | Command::Close { .. } => Action::PlaceCorrect,
        }
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Register { jurisdiction, .. } => Some(*jurisdiction),
            _ => None,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        enclosing(command).map(|place| (place.0, Action::PlaceRead)).into_iter().collect()
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        // The whole chain above: a loop is refused.
        let mut above = enclosing(command);
        for _ in 0..MAX_DEPTH {
            let Some(id) = above else { break };
            needs.id(id);
            above = known
                .get(id.0)
                .and_then(|place| <Self as super::Of>::of(&place.aggregate))
                .and_then(|place| place.inside);
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Register { id, kind, jurisdiction, inside, fields }) => {
                check(*kind, fields, context.now)?;
                if let Some(enclosing) = inside {
                    part_of(*id, *enclosing, context)?;
                }
                Ok(vec![Event::Registered(Registered {
                    id: *id,
                    kind: *kind,
                    jurisdiction: *jurisdiction,
                    inside: *inside,
                    fields: fields.clone().patch(),
                })])
            }
            (Some(_), Command::Register { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(place), Command::Correct { changes, .. }) => correct(place, changes, context.now),
            (Some(Place { closed_on: Some(_), id, .. }), _) => Err(Refusal::rule("place_closed").about(*id)),
            (Some(place), Command::MoveInside { inside, seen, .. }) => {
                judge_put("inside", place.inside.as_ref(), seen.as_ref(), inside.as_ref())?;
                if let Some(enclosing) = inside {
                    part_of(place.id, *enclosing, context)?;
                }
                Ok(vec![Event::MovedInside(MovedInside { inside: *inside })])
            }
            (Some(place), Command::Close { on, .. }) => {
                not_future("on", *on, context.now)?;
                let opened = place.fields.opened_on.as_ref().and_then(|opened| opened.0.earliest());
                if let (Some(opened), Some(closed)) = (opened, on.latest()) {
                    if closed < opened {
                        return Err(Refusal::rule("order_of_dates").at("on"));
                    }
                }
                Ok(vec![Event::Closed(Closed { on: *on })])
            }
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let Some(mut place) = this else {
            let Event::Registered(made) = event else { return None };
            let mut fields = Fields::default();
            made.fields.clone().apply(&mut fields);
            return Some(Self {
                id: made.id,
                kind: made.kind,
                jurisdiction: made.jurisdiction,
                inside: made.inside,
                fields,
                closed_on: None,
                closed_at: None,
            });
        };
        match event {
            Event::Registered(_) => return None,
            Event::Corrected(corrected) => corrected.changes.clone().apply(&mut place.fields),
            Event::MovedInside(moved) => place.inside = moved.inside,
            Event::Closed(closed) => {
                place.closed_on = Some(closed.on);
                place.closed_at = Some(stamp.at);
            }
        }
        Some(place)
    }

    fn about(&self) -> About {
        let links = self.inside.map(|place| Link { target: place.0, relation: Relation::PlaceInside });
        About { jurisdiction: Some(self.jurisdiction), subject: None, links: links.into_iter().collect() }
    }

    fn covered_by(&self) -> Vec<Uuid> {
        self.inside.map(|place| place.0).into_iter().collect()
    }

    fn match_keys(&self, _: &Reading) -> Vec<MatchKey> {
        let fields = &self.fields;
        let code = fields.code.iter().map(|code| &code.0);
        let names = fields.names.iter().flat_map(|names| names.0.values());
        let words = code.chain(names).map(|word| MatchKey::new("place", &[&word.to_lowercase()]));
        let service = fields
            .service_number
            .iter()
            .zip(&fields.held_on)
            .map(|(number, day)| MatchKey::new("service", &[&number.0.to_lowercase(), &day.0.to_string()]));
        words.chain(service).collect()
    }
}

/// Deepest nesting: campus, building, floor, ward, room, bed leave room to spare.
const MAX_DEPTH: usize = 12;

fn enclosing(command: &Command) -> Option<PlaceId> {
    match command {
        Command::Register { inside, .. } | Command::MoveInside { inside, .. } => *inside,
        Command::Correct { .. } | Command::Close { .. } => None,
    }
}

fn part_of(id: PlaceId, enclosing: PlaceId, context: &Context<'_>) -> Result<(), Refusal> {
    if context.expect::<Place>(enclosing)?.closed_on.is_some() {
        return Err(Refusal::rule("place_closed").at("inside").about(enclosing));
    }
    let mut above = Some(enclosing);
    for _ in 0..MAX_DEPTH {
        let Some(place) = above else { return Ok(()) };
        if place == id {
            return Err(Refusal::rule("place_loop").at("inside").about(id));
        }
        above = context.expect::<Place>(place)?.inside;
    }
    Err(Refusal::rule("place_loop").at("inside").about(id))
}

fn correct(place: &Place, changes: &Changes, now: i64) -> Result<Vec<Event>, Refusal> {
    let patch = changes.clone().judge(&place.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    let mut fields = place.fields.clone();
    patch.clone().apply(&mut fields);
    check(place.kind, &fields.given(), now)?;
    Ok(vec![Event::Corrected(Corrected { changes: patch })])
}

impl Fields {
    /// The fields as they would be given: what a correction leaves must be as good as what a registration gives.
    fn given(self) -> Given {
        Given {
            code: self.code.map(|field| field.0),
            names: self.names.map(|field| field.0),
            building: self.building.map(|field| field.0),
            address: self.address.map(|field| field.0),
            latitude_microdegrees: self.latitude_microdegrees.map(|field| field.0),
            longitude_microdegrees: self.longitude_microdegrees.map(|field| field.0),
            held_on: self.held_on.map(|field| field.0),
            service_number: self.service_number.map(|field| field.0),
            beds: self.beds.map(|field| field.0),
            opened_on: self.opened_on.map(|field| field.0),
        }
    }
}

fn check(kind: PlaceKind, fields: &Given, now: i64) -> Result<(), Refusal> {
    let lines = [
        ("code", &fields.code),
        ("building", &fields.building),
        ("address", &fields.address),
        ("service_number", &fields.service_number),
    ];
    for (pointer, line) in lines {
        if let Some(line) = line {
            at_most(pointer, line, MAX_LINE_CHARS)?;
        }
    }
    if fields.names.as_ref().is_some_and(|names| names.len() > MAX_ENTRIES) {
        return Err(Refusal::rule("too_many").at("names"));
    }
    for (language, name) in fields.names.iter().flatten() {
        at_most("names", language, MAX_LINE_CHARS)?;
        at_most("names", name, MAX_LINE_CHARS)?;
    }
    let degrees = [
        ("latitude_microdegrees", fields.latitude_microdegrees, 90_000_000),
        ("longitude_microdegrees", fields.longitude_microdegrees, 180_000_000),
    ];
    for (pointer, value, most) in degrees {
        if value.is_some_and(|value| !(-most..=most).contains(&value)) {
            return Err(Refusal::rule("impossible_coordinates").at(pointer));
        }
    }
    if fields.beds.is_some_and(|beds| !(0..=1_000_000).contains(&beds)) {
        return Err(Refusal::rule("impossible_number").at("beds"));
    }
    if let Some(opened) = fields.opened_on {
        not_future("opened_on", opened, now)?;
    }
    fits_kind(kind, fields)
}

/// Only what a kind of place has: a day for gatherings and services, nothing that says where somebody lives.
fn fits_kind(kind: PlaceKind, fields: &Given) -> Result<(), Refusal> {
    let refuse = |rule, pointer| Err(Refusal::rule(rule).at(pointer));
    if kind == PlaceKind::Dwelling {
        let personal = [
            ("names", fields.names.is_some()),
            ("address", fields.address.is_some()),
            ("latitude_microdegrees", fields.latitude_microdegrees.is_some()),
            ("longitude_microdegrees", fields.longitude_microdegrees.is_some()),
        ];
        if let Some((pointer, _)) = personal.into_iter().find(|(_, given)| *given) {
            return refuse("dwelling_is_personal", pointer);
        }
    }
    if kind.has_a_day() && fields.held_on.is_none() {
        return refuse("needs_its_day", "held_on");
    }
    if !kind.has_a_day() && fields.held_on.is_some() {
        return refuse("field_not_of_kind", "held_on");
    }
    match (kind, &fields.service_number) {
        (PlaceKind::Conveyance, None) => refuse("needs_service_number", "service_number"),
        (PlaceKind::Conveyance, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => refuse("field_not_of_kind", "service_number"),
    }
}
