//! A record's cells as what the domain's commands take.

use super::{Fault, Settings, changes::known_date, in_the_future};
use crate::{MappedRecord, Value, map::Kind};
use domain::{
    date::KnownDate,
    noun::person::{self, Identifier, Sex},
};
use jiff::tz::TimeZone;

/// Refuses a row with a date that has not begun anywhere, before anything of it is done.
pub(super) fn check(record: &MappedRecord, settings: &Settings, faults: &mut Vec<Fault>) {
    const CLOCK_SKEW: i64 = 5 * 60_000;
    for field in &record.fields {
        let future = match field.value {
            Value::Instant(at) => at > settings.now.saturating_add(CLOCK_SKEW),
            Value::Date(date, _) => in_the_future(KnownDate::day(date), settings.now),
            _ => false,
        };
        if future && matches!(field.to.target.kind, Kind::Date | Kind::Moment | Kind::Instant) {
            faults.push(Fault {
                column: field.column(),
                rule: "in_the_future",
                remedy: "The date lies in the future: correct the cell.".to_owned(),
            });
        }
    }
}

/// What a record says of a person.
#[derive(Default)]
pub(super) struct PersonSaid {
    pub external: Option<String>,
    pub given: person::Given,
    pub identifiers: Vec<Identifier>,
    pub clears: Vec<&'static str>,
    pub address: Option<AddressSaid>,
    pub household: Option<String>,
    pub jurisdiction: Option<String>,
    pub leaves_household: bool,
}

/// What a record says of where a person lives.
#[derive(Default)]
pub(super) struct AddressSaid {
    pub text: Option<String>,
    pub jurisdiction: Option<String>,
    pub place: Option<String>,
    pub from: Option<KnownDate>,
    longitude: Option<i64>,
    latitude: Option<i64>,
}

impl AddressSaid {
    /// As written, with coordinates after it as a `geo:` reference (RFC 5870), which an address has no field for.
    pub fn written(&self) -> Option<String> {
        let place = self.latitude.zip(self.longitude).map(|(latitude, longitude)| {
            format!("geo:{},{}", degrees(latitude), degrees(longitude))
        });
        match (&self.text, place) {
            (Some(text), Some(place)) => Some(format!("{text} {place}")),
            (Some(text), None) => Some(text.clone()),
            (None, place) => place,
        }
    }
}

fn degrees(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}

/// Text for a field that has no place of its own: it is kept in the note under its name, never dropped.
pub(super) fn aside(note: &mut Option<String>, name: &str, value: &Value, kind: Kind) {
    if *value == Value::Clear {
        return;
    }
    let line = format!("{name}: {}", crate::write::text_of(value, kind));
    match note {
        Some(note) => {
            note.push('\n');
            note.push_str(&line);
        }
        None => *note = Some(line),
    }
}

/// The symptoms a cell lists, parted by semicolons, commas or the Chinese pause mark.
pub(super) fn symptoms(text: &str) -> Vec<String> {
    let each = text.split([';', '；', ',', '，', '、']).map(str::trim);
    each.filter(|symptom| !symptom.is_empty()).map(str::to_owned).collect()
}

/// Kind of a document that the mapping does not name.
const DOCUMENT: &str = "national_id";

pub(super) fn person(record: &MappedRecord, settings: &Settings) -> PersonSaid {
    let mut said = PersonSaid::default();
    let mut documents: Vec<(u8, Option<&str>, Option<&str>)> = Vec::new();
    let (mut months, mut note) = (None, None);
    for field in &record.fields {
        let path = field.to.target.path;
        let Some(name) = path.strip_prefix("person.") else { continue };
        let given = &mut said.given;
        match (name, &field.value) {
            (name, Value::Clear) => said.clears.extend(cleared(name)),
            ("external_id", Value::Text(text)) => said.external = Some(text.clone()),
            ("full_name", Value::Text(text)) => given.full_name = Some(text.clone()),
            ("family_name", Value::Text(text)) => given.family_name = Some(text.clone()),
            ("given_name", Value::Text(text)) => given.given_name = Some(text.clone()),
            ("latin_name", Value::Text(text)) => given.latin_name = Some(text.clone()),
            ("sex", Value::Code(code)) => given.sex = sex(code),
            ("birth_date", value) => given.birth_date = known_date(value, &TimeZone::UTC),
            ("age_years", Value::Int(years)) => given.age_years = Some(*years),
            ("age_months", Value::Int(count)) => months = Some(*count),
            ("phone", Value::Text(text)) => given.phones.get_or_insert_default().push(text.clone()),
            ("language", Value::Text(text)) => given.languages.get_or_insert_default().push(text.clone()),
            ("jurisdiction", Value::Text(text)) => said.jurisdiction = Some(text.clone()),
            ("died", value) => given.died_on = known_date(value, &TimeZone::UTC),
            ("occupation", Value::Text(text)) => given.occupation = Some(text.clone()),
            ("health_worker", Value::Bool(truth)) => given.health_worker = Some(*truth),
            ("note", Value::Text(text)) => note = Some(text.clone()),
            ("household", Value::Text(text)) => said.household = Some(text.clone()),
            ("identifier.kind", Value::Text(text)) => document(&mut documents, field.to.index).1 = Some(text),
            ("identifier.number", Value::Text(text)) => document(&mut documents, field.to.index).2 = Some(text),
            ("address.text", Value::Text(text)) => said.address.get_or_insert_default().text = Some(text.clone()),
            ("address.jurisdiction", Value::Text(text)) => {
                said.address.get_or_insert_default().jurisdiction = Some(text.clone());
            }
            ("address.place", Value::Text(text)) => said.address.get_or_insert_default().place = Some(text.clone()),
            ("address.from", value) => {
                said.address.get_or_insert_default().from = known_date(value, &TimeZone::UTC);
            }
            ("address.longitude", Value::Int(degrees)) => {
                said.address.get_or_insert_default().longitude = Some(*degrees);
            }
            ("address.latitude", Value::Int(degrees)) => {
                said.address.get_or_insert_default().latitude = Some(*degrees);
            }
            (name, value) => aside(&mut said.given.note, name, value, field.to.target.kind),
        }
    }
    if let Some(first) = note {
        said.given.note = Some(match said.given.note.take() {
            Some(rest) => format!("{first}\n{rest}"),
            None => first,
        });
    }
    said.leaves_household = said.clears.contains(&"household");
    said.given.age_years = said.given.age_years.or(months.map(|months| months / 12));
    if said.given.full_name.is_none() {
        said.given.full_name = full_name(said.given.family_name.as_deref(), said.given.given_name.as_deref());
    }
    let external = said.external.iter().map(|number| (settings.source.as_str(), number.as_str()));
    let papers = documents.iter().filter_map(|(_, kind, number)| Some((kind.unwrap_or(DOCUMENT), (*number)?)));
    said.identifiers = external
        .chain(papers)
        .map(|(kind, number)| Identifier { kind: kind.to_owned(), number: number.to_owned() })
        .collect();
    said
}

fn document<'d, 'r>(
    documents: &'d mut Vec<(u8, Option<&'r str>, Option<&'r str>)>,
    index: u8,
) -> &'d mut (u8, Option<&'r str>, Option<&'r str>) {
    let at = documents.iter().position(|(other, ..)| *other == index).unwrap_or_else(|| {
        documents.push((index, None, None));
        documents.len() - 1
    });
    &mut documents[at]
}

/// The whole name of its parts: written without a space in scripts that have none, given name first in others.
fn full_name(family: Option<&str>, given: Option<&str>) -> Option<String> {
    match (family, given) {
        (Some(family), Some(given)) if family.is_ascii() || given.is_ascii() => Some(format!("{given} {family}")),
        (Some(family), Some(given)) if family.chars().all(|letter| letter >= '\u{2e80}') => {
            Some(format!("{family}{given}"))
        }
        (Some(family), Some(given)) => Some(format!("{given} {family}")),
        (Some(name), None) | (None, Some(name)) => Some(name.to_owned()),
        (None, None) => None,
    }
}

fn cleared(name: &str) -> Option<&'static str> {
    Some(match name {
        "full_name" => "full_name",
        "family_name" => "family_name",
        "given_name" => "given_name",
        "latin_name" => "latin_name",
        "sex" => "sex",
        "birth_date" => "birth_date",
        "age_years" | "age_months" => "age_years",
        "phone" => "phones",
        "language" => "languages",
        "occupation" => "occupation",
        "health_worker" => "health_worker",
        "died" => "died_on",
        "note" => "note",
        "household" => "household",
        _ => return None,
    })
}

fn sex(code: &str) -> Option<Sex> {
    Some(match code {
        "male" => Sex::Male,
        "female" => Sex::Female,
        "other" => Sex::Other,
        _ => Sex::Unknown,
    })
}
