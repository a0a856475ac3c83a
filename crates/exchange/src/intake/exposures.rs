//! Exposures: links from a case or a place to somebody who is a case, a contact or a known person.

use super::{
    Fault, Intake, Lookup, Planned, Settings, Stop, Verdict,
    changes::{merge, moment, settle, with_precision},
    people::identifier_keys,
    read::aside,
};
use crate::{MappedRecord, Value};
use domain::{
    date::KnownDate,
    id::{ExposureId, PersonId},
    kernel::Aggregate,
    noun::{
        MatchKey,
        case::Case,
        contact::Contact,
        exposure::{self, Certainty, Days, Evidence, Exposure, Source},
        person::Identifier,
    },
    pack::ExposureKind,
    when::When,
};
use jiff::tz::TimeZone;

/// What a record says of an exposure.
#[derive(Default)]
pub(super) struct ExposureSaid {
    source: Option<(String, Option<usize>)>,
    target: Option<(String, Option<usize>)>,
    /// The exposed person's own id, where the file tells it apart from ids of cases and contacts.
    person: Option<(String, Option<usize>)>,
    source_contact: Option<(String, Option<usize>)>,
    place: Option<(String, Option<usize>)>,
    given: exposure::Given,
    clears: Vec<&'static str>,
}

pub(super) fn read_exposure(record: &MappedRecord, settings: &Settings) -> ExposureSaid {
    let utc = TimeZone::UTC;
    let zone = settings.outbreak.as_ref().map_or(&utc, |(_, zone)| zone);
    let mut said = ExposureSaid::default();
    let (mut precision, mut note, mut setting) = (None, None, None);
    for field in &record.fields {
        let Some(name) = field.to.target.path.strip_prefix("exposure.") else { continue };
        let given = &mut said.given;
        if field.value == Value::Clear {
            said.clears.extend(cleared(name));
            continue;
        }
        match (name, &field.value) {
            ("source.external_id", Value::Text(number)) => said.source = Some((number.clone(), field.column())),
            ("target.external_id", Value::Text(number)) => said.target = Some((number.clone(), field.column())),
            ("person.external_id", Value::Text(number)) => said.person = Some((number.clone(), field.column())),
            ("source.contact.external_id", Value::Text(number)) => {
                said.source_contact = Some((number.clone(), field.column()));
            }
            ("place.code" | "place.name", Value::Text(text)) if said.place.is_none() => {
                said.place = Some((text.clone(), field.column()));
            }
            ("place.code" | "place.name", _) => {}
            ("first", value) => given.first = moment(value, zone),
            ("last", value) => given.last = moment(value, zone),
            ("precision", Value::Code(code)) => precision = Some(*code),
            ("minutes", Value::Int(minutes)) => given.minutes = Some(*minutes),
            ("minutes_after_case_left", Value::Int(minutes)) => given.minutes_after_case_left = Some(*minutes),
            ("type", Value::Code(code)) => match kind(code) {
                Some(kind) => given.kind = Some(kind),
                // A word of the file that no contact definition names is kept as told.
                None if *code != "unknown" => setting = Some((*code).to_owned()),
                None => {}
            },
            ("certainty", Value::Code(code)) => given.certainty = certainty(code),
            ("setting", Value::Text(text)) => given.setting = Some(text.clone()),
            ("note", Value::Text(text)) => note = Some(text.clone()),
            (name, value) => aside(&mut given.note, name, value, field.to.target.kind),
        }
    }
    said.given.last = match said.given.last {
        Some(When::At(at)) => Some(When::At(at)),
        Some(When::On(date)) => with_precision(Some(date), precision).map(When::On),
        None => with_precision(None, precision).map(When::On),
    };
    said.given.setting = said.given.setting.or(setting);
    said.given.note = match (note, said.given.note.take()) {
        (Some(first), Some(rest)) => Some(format!("{first}\n{rest}")),
        (first, rest) => first.or(rest),
    };
    said.given.evidence = Some(vec![Evidence::ImportedLink]);
    said
}

impl Intake {
    pub(super) fn look_for_exposure(&self, record: &MappedRecord, lookup: &mut Lookup) {
        for field in &record.fields {
            match (field.to.target.path, &field.value) {
                (
                    "exposure.source.external_id"
                    | "exposure.source.contact.external_id"
                    | "exposure.target.external_id"
                    | "exposure.person.external_id",
                    Value::Text(number),
                ) => {
                    let identifier =
                        [Identifier { kind: self.settings.source.clone(), number: number.clone() }];
                    for scheme in ["case", "contact", "identifier"] {
                        lookup.keys.extend(identifier_keys(scheme, &identifier));
                    }
                }
                ("exposure.place.code" | "exposure.place.name", Value::Text(name)) => {
                    lookup.keys.insert(MatchKey::new("place", &[&name.to_lowercase()]));
                }
                _ => {}
            }
        }
    }

    pub(super) fn exposure_record(&mut self, record: &MappedRecord) -> Planned {
        let said = read_exposure(record, &self.settings);
        if let Some((number, column)) = said.person.clone() {
            let identifier = [Identifier { kind: self.settings.source.clone(), number }];
            let person = self.identified(&identifier).ok_or_else(|| unknown(column, "exposure.person.external_id"))?.id;
            return self.exposure(person, said).map(|(_, verdict)| verdict);
        }
        let (number, column) = said.target.clone().ok_or_else(|| unknown(None, "exposure.target.external_id"))?;
        let person = self.exposed(&number).ok_or_else(|| unknown(column, "exposure.target.external_id"))?;
        self.exposure(person, said).map(|(_, verdict)| verdict)
    }

    /// The person known by this number, as a case, a contact or by an identifier.
    fn exposed(&self, number: &str) -> Option<PersonId> {
        let identifier = [Identifier { kind: self.settings.source.clone(), number: number.to_owned() }];
        let key = |scheme| identifier_keys(scheme, &identifier)[0];
        let case = self.known.called::<Case>(key("case"), number).map(|case| case.person);
        let contact = || self.known.called::<Contact>(key("contact"), number).map(|contact| contact.person);
        let person = case.or_else(contact).and_then(|id| self.known.kept(id));
        person.or_else(|| self.identified(&identifier)).map(|person| person.id)
    }

    fn contact_called(&self, number: &str) -> Option<&Contact> {
        let identifier = [Identifier { kind: self.settings.source.clone(), number: number.to_owned() }];
        self.known.called::<Contact>(identifier_keys("contact", &identifier)[0], number)
    }

    pub(super) fn source(&self, said: &ExposureSaid) -> Result<Source, Stop> {
        if let Some((number, column)) = &said.source {
            let identifier = [Identifier { kind: self.settings.source.clone(), number: number.clone() }];
            if let Some(case) = self.known.called::<Case>(identifier_keys("case", &identifier)[0], number) {
                return Ok(Source::Case(case.id));
            }
            if let Some(contact) = self.contact_called(number) {
                return Ok(Source::Contact(contact.id));
            }
            return Err(unknown(*column, "exposure.source.external_id"));
        }
        if let Some((number, column)) = &said.source_contact {
            let contact = self.contact_called(number).map(|contact| Source::Contact(contact.id));
            return contact.ok_or_else(|| unknown(*column, "exposure.source.contact.external_id"));
        }
        let (name, column) = said.place.as_ref().ok_or_else(|| unknown(None, "exposure.source.external_id"))?;
        self.place(name).map(Source::Place).ok_or_else(|| unknown(*column, "exposure.place"))
    }

    fn update_exposure(&mut self, exposure: &Exposure, said: ExposureSaid) -> Verdict {
        let (clears, mut given) = (said.clears, said.given);
        // A file's link adds nothing to what is on record already, and takes nothing from it.
        given.evidence = None;
        let merged = |outside: Option<&Exposure>| {
            let known = outside.map(|known| (&known.fields, &given));
            merge!(exposure::Changes, exposure.fields, given, known, clears;
                first, last, minutes, minutes_after_case_left, kind, certainty, evidence, setting, note)
        };
        if !merged(None).changed {
            return Verdict::Unchanged;
        }
        let (mut after, mut known) = (exposure.clone(), self.known.outside::<Exposure>(exposure.id.0));
        let merge = merged(known.as_ref());
        let correct = |changes| exposure::Command::Correct { id: exposure.id, changes };
        let outside = known.as_mut().map(|known| &mut known.fields);
        let verdict = settle!(self, exposure.id.0, &mut after.fields, outside, merge, correct);
        self.settled(exposure.id.0, Aggregate::Exposure(after), known.map(Aggregate::Exposure), verdict)
    }

    /// Finds or makes the exposure of a person.
    pub(super) fn exposure(
        &mut self,
        person: PersonId,
        said: ExposureSaid,
    ) -> Result<(ExposureId, Verdict), Stop> {
        let source = self.source(&said)?;
        let outbreak = self.outbreak()?;
        let (first, last) = (said.given.first, said.given.last);
        let stands = |kept: &Option<domain::fields::Open<When>>| kept.as_ref().map(|when| when.0);
        let same = |exposure: &&Exposure| {
            exposure.source == source
                && (stands(&exposure.fields.first), stands(&exposure.fields.last)) == (first, last)
        };
        let alike = |exposure: &&Exposure| {
            let agrees = |said: Option<When>, stands: Option<When>| {
                said.is_none() || stands.is_none() || said == stands
            };
            exposure.source == source
                && agrees(first, stands(&exposure.fields.first))
                && agrees(last, stands(&exposure.fields.last))
        };
        let same = self.known.exposures_of(person).find(same);
        let found = same.or_else(|| self.known.exposures_of(person).find(alike)).cloned();
        if let Some(found) = found {
            let verdict = self.update_exposure(&found, said);
            return Ok((found.id, verdict));
        }
        let id = ExposureId(self.fresh());
        let made = Exposure {
            id,
            source,
            person,
            outbreak,
            jurisdiction: self.settings.jurisdiction,
            fields: said.given.clone().kept(),
            days: Days { first: KnownDate::NotAsked, last: KnownDate::NotAsked },
            entered_in_error_at: None,
        };
        self.known.put(id.0, Aggregate::Exposure(made));
        self.then(exposure::Command::Record { id, source, person, outbreak, fields: said.given });
        Ok((id, Verdict::Created))
    }
}

fn unknown(column: Option<usize>, what: &str) -> Stop {
    Stop::Unknown(Fault {
        column,
        rule: "intake.reference_unknown",
        remedy: format!("Nothing here has the id in {what}: import that record first, or correct the cell."),
    })
}

fn cleared(name: &str) -> Option<&'static str> {
    Some(match name {
        "first" => "first",
        "last" => "last",
        "minutes" => "minutes",
        "type" => "kind",
        "certainty" => "certainty",
        "setting" => "setting",
        "note" => "note",
        _ => return None,
    })
}

fn certainty(code: &str) -> Option<Certainty> {
    Some(match code {
        "high" => Certainty::Certain,
        "medium" => Certainty::Probable,
        _ => Certainty::Possible,
    })
}

/// The pack's word for a kind of exposure; general words have none.
fn kind(code: &str) -> Option<ExposureKind> {
    Some(match code {
        "household" => ExposureKind::Household,
        "healthcare" => ExposureKind::FacilityOverlap,
        "workplace" => ExposureKind::Workplace,
        "school" => ExposureKind::SchoolClass,
        "funeral" => ExposureKind::Funeral,
        "conveyance" => ExposureKind::Conveyance,
        "same_place" => ExposureKind::PublicPlace,
        "body_fluids" => ExposureKind::BodyFluids,
        "near_unprotected" => ExposureKind::NearUnprotected,
        "same_airspace" => ExposureKind::SameAirspace,
        "contaminated_environment" => ExposureKind::ContaminatedEnvironment,
        "shared_meal" => ExposureKind::SharedMeal,
        "entertainment" => ExposureKind::Entertainment,
        "care_of_case" => ExposureKind::CareOfCase,
        "laboratory" => ExposureKind::Laboratory,
        "touched_patient_or_body" => ExposureKind::TouchedPatientOrBody,
        "clothes_or_bedding" => ExposureKind::ClothesOrBedding,
        "breastfeeding" => ExposureKind::Breastfeeding,
        _ => return None,
    })
}
