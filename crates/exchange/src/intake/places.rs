//! Places, found by their code or by name and kind.

use super::{
    Intake, Lookup, Planned, Verdict,
    changes::{known_date, merge, settle},
    known::own_id,
    read::aside,
};
use crate::{MappedRecord, Value};
use domain::{
    fields::Seen,
    id::{JurisdictionId, PlaceId},
    kernel::Aggregate,
    noun::{
        MatchKey,
        place::{self, Place, PlaceKind},
    },
};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Language of a name whose language the file does not say (BCP 47: undetermined).
const UNDETERMINED: &str = "und";

impl Intake {
    pub(super) fn look_for_place(&self, record: &MappedRecord, lookup: &mut Lookup) {
        for field in &record.fields {
            let scheme = match field.to.target.path {
                "place.code" | "place.external_id" | "place.name" | "place.parent" => "place",
                "place.jurisdiction" => "jurisdiction",
                _ => continue,
            };
            if let Value::Text(text) = &field.value {
                lookup.keys.insert(MatchKey::new(scheme, &[&text.to_lowercase()]));
            }
        }
    }

    pub(super) fn place_record(&mut self, record: &MappedRecord) -> Planned {
        let (mut given, mut kind) = (place::Given::default(), None);
        let (mut name, mut code, mut external, mut parent, mut area) = (None, None, None, None, None);
        let mut address_rest = None;
        let mut clears: Vec<&'static str> = Vec::new();
        for field in &record.fields {
            match (field.to.target.path, &field.value) {
                ("place.address", Value::Clear) => clears.push("address"),
                ("place.capacity", Value::Clear) => clears.push("beds"),
                (_, Value::Clear) => {}
                ("place.external_id", Value::Text(text)) => external = Some(text.clone()),
                ("place.code", Value::Text(text)) => code = Some(text.clone()),
                ("place.name", Value::Text(text)) => name = Some(text.clone()),
                ("place.kind", Value::Code(word)) => kind = place_kind(word),
                ("place.parent", Value::Text(text)) => parent = Some(text.clone()),
                ("place.jurisdiction", Value::Text(text)) => area = Some(text.clone()),
                ("place.address", Value::Text(text)) => given.address = Some(text.clone()),
                ("place.longitude", Value::Int(degrees)) => given.longitude_microdegrees = Some(*degrees),
                ("place.latitude", Value::Int(degrees)) => given.latitude_microdegrees = Some(*degrees),
                ("place.capacity", Value::Int(beds)) => given.beds = Some(*beds),
                ("place.building", Value::Text(text)) => given.building = Some(text.clone()),
                ("place.service_number", Value::Text(text)) => given.service_number = Some(text.clone()),
                ("place.held", value) => given.held_on = known_date(value, &TimeZone::UTC),
                ("place.opened", value) => given.opened_on = known_date(value, &TimeZone::UTC),
                (path, value) => aside(&mut address_rest, path, value, field.to.target.kind),
            }
        }
        given.code = code.or(external);
        let inside = parent.as_deref().and_then(|parent| self.place(parent));
        let area = area.as_deref().and_then(|area| self.area(area));
        let found = self.same_place(&given, name.as_deref(), kind).cloned();
        // Called by the id it has here, it has no code of its own.
        let own = found.as_ref().map(|place| place.id.to_string());
        given.code = given.code.filter(|code| Some(code) != own.as_ref());
        match found {
            Some(place) => Ok(self.update_place(&place, &given, name.as_deref(), &clears, inside)),
            None => {
                given.names = name.map(|name| named(None, &name));
                Ok(self.register_place(given, kind, area, inside))
            }
        }
    }

    /// A place of the same code; without a code, of the same name and kind.
    fn same_place(&self, given: &place::Given, name: Option<&str>, kind: Option<PlaceKind>) -> Option<&Place> {
        match (&given.code, name) {
            (Some(code), _) => {
                let all = self.known.by_key(MatchKey::new("place", &[&code.to_lowercase()]));
                let mut places = all.filter_map(|id| self.known.get::<Place>(id));
                let coded = places.find(|place| place.fields.code.as_ref().is_some_and(|stands| stands.0 == *code));
                coded.or_else(|| self.known.get::<Place>(own_id(code)?))
            }
            (None, Some(name)) => {
                let all = self.known.by_key(MatchKey::new("place", &[&name.to_lowercase()]));
                let mut places = all.filter_map(|id| self.known.get::<Place>(id));
                places.find(|place| kind.is_none_or(|kind| place.kind == kind))
            }
            (None, None) => None,
        }
    }

    fn register_place(
        &mut self,
        fields: place::Given,
        kind: Option<PlaceKind>,
        area: Option<JurisdictionId>,
        inside: Option<PlaceId>,
    ) -> Verdict {
        let id = PlaceId(self.fresh());
        let above = inside.and_then(|id| self.known.get::<Place>(id.0)).map(|place| place.jurisdiction);
        let jurisdiction = area.or(above).unwrap_or(self.settings.jurisdiction);
        let kind = kind.unwrap_or(PlaceKind::Other);
        let kept = fields.clone().kept();
        let made = Place { id, kind, jurisdiction, inside, fields: kept, closed_on: None, closed_at: None };
        self.known.put(id.0, Aggregate::Place(made));
        self.then(place::Command::Register { id, kind, jurisdiction, inside, fields });
        Verdict::Created
    }

    fn update_place(
        &mut self,
        place: &Place,
        given: &place::Given,
        name: Option<&str>,
        clears: &[&'static str],
        inside: Option<PlaceId>,
    ) -> Verdict {
        let said = |place: &Place| place::Given { names: name.map(|name| named(Some(place), name)), ..given.clone() };
        let merged = |outside: Option<&Place>| {
            let (given, known) = (said(place), outside.map(|known| (&known.fields, said(known))));
            merge!(place::Changes, place.fields, given, known, clears;
                code, names, building, address, latitude_microdegrees, longitude_microdegrees, held_on, service_number,
                beds, opened_on)
        };
        let moves = inside.is_some() && inside != place.inside;
        if !moves && !merged(None).changed {
            return Verdict::Unchanged;
        }
        let (mut after, mut known) = (place.clone(), self.known.outside::<Place>(place.id.0));
        let merge = merged(known.as_ref());
        let correct = |changes| place::Command::Correct { id: place.id, changes };
        let outside = known.as_mut().map(|known| &mut known.fields);
        let mut verdict = settle!(self, place.id.0, &mut after.fields, outside, merge, correct);
        let lay_in = known.as_ref().map(|known| known.inside);
        if moves && lay_in != Some(inside) {
            let put = self.put((place.id.0, "inside"), place.inside, lay_in, |stood| {
                place::Command::MoveInside { id: place.id, inside, seen: Some(Seen { stood }) }
            });
            for place in [Some(&mut after), known.as_mut()].into_iter().flatten().filter(|_| put == Verdict::Updated) {
                place.inside = inside;
            }
            verdict = verdict.max(put);
        }
        self.settled(place.id.0, Aggregate::Place(after), known.map(Aggregate::Place), verdict)
    }
}

/// The names of a place with one more.
fn named(place: Option<&Place>, name: &str) -> BTreeMap<String, String> {
    let stands = place.and_then(|place| place.fields.names.as_ref());
    let mut names: BTreeMap<String, String> = stands.map(|names| names.0.clone()).unwrap_or_default();
    if !names.values().any(|other| other == name) {
        names.insert(UNDETERMINED.to_owned(), name.to_owned());
    }
    names
}

fn place_kind(word: &str) -> Option<PlaceKind> {
    Some(match word {
        "dwelling" => PlaceKind::Dwelling,
        "facility" => PlaceKind::Facility,
        "ward" => PlaceKind::Ward,
        "bed" => PlaceKind::Bed,
        "workplace" => PlaceKind::Workplace,
        "school" => PlaceKind::School,
        "gathering" => PlaceKind::Gathering,
        "conveyance" => PlaceKind::Conveyance,
        "market" => PlaceKind::Market,
        _ => PlaceKind::Other,
    })
}
