//! Cases of a line list, each with its person.

use super::{
    Intake, Lookup, Planned, Settings, Verdict,
    changes::{joined, known_date, merge, settle, with_precision},
    people::identifier_keys,
    read::{self, aside},
};
use crate::{MappedRecord, Value};
use domain::{
    fields::Kept as _,
    id::{CaseId, PersonId},
    kernel::{Aggregate, Relation},
    noun::{
        MatchKey,
        case::{self, Case, CaseOutcome, Classification},
        person::Identifier,
    },
    seal::Reading,
};
use jiff::tz::TimeZone;

/// What a record says of a case.
#[derive(Default)]
struct CaseSaid {
    external: Option<String>,
    given: case::Given,
    clears: Vec<&'static str>,
    hospital: Option<String>,
}

fn read_case(record: &MappedRecord, settings: &Settings) -> CaseSaid {
    let utc = TimeZone::UTC;
    let zone = settings.outbreak.as_ref().map_or(&utc, |(_, zone)| zone);
    let mut said = CaseSaid::default();
    let (mut precision, mut note, mut sampled, mut positive) = (None, None, None, false);
    for field in &record.fields {
        let path = field.to.target.path;
        let given = &mut said.given;
        if field.value == Value::Clear {
            said.clears.extend(cleared(path));
            continue;
        }
        match (path, &field.value) {
            (path, _) if path.starts_with("person.") => {}
            ("case.external_id", Value::Text(text)) => said.external = Some(text.clone()),
            ("case.classification", Value::Code(code)) => given.reported_as = classification(code),
            ("case.onset", value) => given.onset_on = known_date(value, zone),
            ("case.onset_precision", Value::Code(code)) => precision = Some(*code),
            ("case.rash_onset", value) => given.rash_onset_on = known_date(value, zone),
            ("case.infected", value) => given.infected_on = known_date(value, zone),
            ("case.generation", Value::Int(generation)) => given.reported_generation = Some(*generation),
            ("case.first_positive", value) => given.first_positive_on = known_date(value, zone),
            ("case.hospital_name", Value::Text(text)) => given.facility_name = Some(text.clone()),
            ("case.reported", value) => given.reported_on = known_date(value, zone),
            ("case.admitted", value) => given.admitted_on = known_date(value, zone),
            ("case.isolated", value) => given.isolated_on = known_date(value, zone),
            ("case.hospital", Value::Text(text)) => said.hospital = Some(text.clone()),
            ("case.symptoms", Value::Text(text)) => given.symptoms = Some(read::symptoms(text)),
            ("case.outcome", Value::Code(code)) => given.outcome = outcome(code),
            ("case.outcome_date", value) => given.outcome_on = known_date(value, zone),
            ("case.note", Value::Text(text)) => note = Some(text.clone()),
            (path, value) => {
                match (path, value) {
                    ("sample.collected", value) => sampled = known_date(value, zone),
                    ("sample.result", Value::Code(code)) => positive = *code == "positive",
                    _ => {}
                }
                let name = path.strip_prefix("case.").unwrap_or(path);
                aside(&mut given.note, name, value, field.to.target.kind);
            }
        }
    }
    said.given.onset_on = with_precision(said.given.onset_on, precision);
    said.given.first_positive_on = said.given.first_positive_on.or(sampled.filter(|_| positive));
    said.given.note = match (note, said.given.note.take()) {
        (Some(first), Some(rest)) => Some(format!("{first}\n{rest}")),
        (first, rest) => first.or(rest),
    };
    said
}

impl Intake {
    pub(super) fn case_key(&self, number: &str) -> MatchKey {
        let identifier = Identifier { kind: self.settings.source.clone(), number: number.to_owned() };
        identifier_keys("case", &[identifier])[0]
    }

    pub(super) fn look_for_case(&self, record: &MappedRecord, lookup: &mut Lookup) {
        self.look_for_person(record, lookup);
        for field in &record.fields {
            match (field.to.target.path, &field.value) {
                ("case.external_id", Value::Text(number)) => {
                    lookup.keys.insert(self.case_key(number));
                }
                ("case.hospital", Value::Text(name)) => {
                    lookup.keys.insert(MatchKey::new("place", &[&name.to_lowercase()]));
                }
                _ => {}
            }
        }
    }

    pub(super) fn case_record(&mut self, record: &MappedRecord) -> Planned {
        let outbreak = self.outbreak()?;
        let mut said = read_case(record, &self.settings);
        if let Some(hospital) = &said.hospital {
            said.given.facility = self.place(hospital);
            if said.given.facility.is_none() {
                said.given.facility_name = Some(hospital.clone());
            }
        }
        let named = said.external.as_deref().and_then(|number| self.known.called::<Case>(self.case_key(number), number));
        let named = named.filter(|case| case.outbreak == outbreak).cloned();
        let whose = read::person(record, &self.settings);
        let (person, verdict) = self.person(whose, named.as_ref().map(|case| case.person));
        let found = named.or_else(|| self.known.case_of(person, outbreak).cloned());
        Ok(verdict.max(match found {
            Some(case) => self.update_case(&case, said),
            None => self.open_case(person, said)?,
        }))
    }

    fn open_case(&mut self, person: PersonId, said: CaseSaid) -> Planned {
        let outbreak = self.outbreak()?;
        let id = CaseId(self.fresh());
        let jurisdiction = self.known.kept(person).map_or(self.settings.jurisdiction, |person| person.jurisdiction);
        let mut fields = said.given;
        if let Some(number) = said.external {
            fields.identifiers = Some(vec![Identifier { kind: self.settings.source.clone(), number }]);
        }
        let made = Case {
            id,
            person,
            outbreak,
            jurisdiction,
            number: 0,
            code: String::new(),
            fields: fields.clone().kept(),
            history: Vec::new(),
            counts: false,
            first_positive: None,
            investigation: Default::default(),
            reinfection_of: None,
            entered_in_error_at: None,
        };
        self.known.put(id.0, Aggregate::Case(made));
        self.then(case::Command::Open {
            id,
            person,
            outbreak,
            jurisdiction,
            classification: Classification::Unclassified,
            findings: Vec::new(),
            fields,
            reinfection_of: None,
        });
        Ok(Verdict::Created)
    }

    fn update_case(&mut self, case: &Case, mut said: CaseSaid) -> Verdict {
        // A word that says what the records say adds nothing to them.
        said.given.reported_as = said.given.reported_as.filter(|word| *word != case.classification());
        let number = said.external.filter(|number| *number != case.id.to_string());
        let number = number.map(|number| Identifier { kind: self.settings.source.clone(), number });
        let given = |case: &Case| {
            let mut given = said.given.clone();
            if let Some(number) = &number {
                let stands = case.fields.identifiers.as_ref().and_then(|list| list.shown(&Reading::permit()));
                given.identifiers = Some(joined(stands, vec![number.clone()]));
            }
            given
        };
        let merged = |outside: Option<&Case>| {
            let (given, known) = (given(case), outside.map(|known| (&known.fields, given(known))));
            merge!(case::Changes, case.fields, given, known, said.clears;
                identifiers, infected_on, onset_on, rash_onset_on, first_positive_on, reported_on, admitted_on,
                isolated_on, facility, facility_name, outcome, outcome_on, reported_as, reported_generation, symptoms,
                note)
        };
        if !merged(None).changed {
            return Verdict::Unchanged;
        }
        let (mut after, mut known) = (case.clone(), self.known.outside::<Case>(case.id.0));
        let merge = merged(known.as_ref());
        let correct = |changes| case::Command::Correct { id: case.id, changes };
        let outside = known.as_mut().map(|known| &mut known.fields);
        let verdict = settle!(self, case.id.0, &mut after.fields, outside, merge, correct);
        self.settled(case.id.0, Aggregate::Case(after), known.map(Aggregate::Case), verdict)
    }

    /// What planning a record looks for.
    pub(super) fn look(&self, record: &MappedRecord, lookup: &mut Lookup) {
        match record.noun {
            crate::Noun::People => self.look_for_person(record, lookup),
            crate::Noun::Places => self.look_for_place(record, lookup),
            crate::Noun::Linelist => self.look_for_case(record, lookup),
            crate::Noun::Contacts => self.look_for_contact(record, lookup),
            crate::Noun::Exposures => self.look_for_exposure(record, lookup),
            crate::Noun::Followups => self.look_for_follow_up(record, lookup),
            crate::Noun::Results => self.look_for_result(record, lookup),
        }
        if matches!(record.noun, crate::Noun::Contacts | crate::Noun::Exposures) {
            lookup.relations.insert(Relation::ExposureOf);
            lookup.relations.insert(Relation::ContactOfPerson);
        }
    }
}

fn cleared(path: &str) -> Option<&'static str> {
    Some(match path {
        "case.onset" => "onset_on",
        "case.rash_onset" => "rash_onset_on",
        "case.infected" => "infected_on",
        "case.generation" => "reported_generation",
        "case.first_positive" => "first_positive_on",
        "case.hospital_name" => "facility_name",
        "case.reported" => "reported_on",
        "case.admitted" => "admitted_on",
        "case.isolated" => "isolated_on",
        "case.hospital" => "facility_name",
        "case.symptoms" => "symptoms",
        "case.outcome" => "outcome",
        "case.outcome_date" => "outcome_on",
        "case.classification" => "reported_as",
        "case.note" => "note",
        _ => return None,
    })
}

fn classification(code: &str) -> Option<Classification> {
    Some(match code {
        "suspect" => Classification::Suspect,
        "probable" => Classification::Probable,
        "confirmed" => Classification::Confirmed,
        "asymptomatic" => Classification::Asymptomatic,
        "not_a_case" => Classification::NotACase,
        "false_positive" => Classification::FalsePositive,
        _ => return None,
    })
}

fn outcome(code: &str) -> Option<CaseOutcome> {
    Some(match code {
        "alive" => CaseOutcome::Ill,
        "recovered" => CaseOutcome::Recovered,
        "died" => CaseOutcome::Died,
        _ => CaseOutcome::Unknown,
    })
}
