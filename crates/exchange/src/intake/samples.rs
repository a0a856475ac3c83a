//! Laboratory results: each with its sample, found by its number, and the case or person it was taken from.

use super::{
    Fault, Intake, Lookup, Planned, Stop, Verdict,
    changes::moment,
    people::identifier_keys,
    read::aside,
};
use crate::{MappedRecord, Value};
use domain::{
    fields::Kept as _,
    id::{CaseId, PersonId, SampleId},
    kernel::Relation,
    noun::{
        case::Case,
        person::Identifier,
        sample::{self, ResultGiven, Sample, Specimen},
    },
    pack::TestKind,
    seal::Reading,
};
use jiff::tz::TimeZone;

impl Intake {
    fn known_by(&self, number: &str) -> [Identifier; 1] {
        [Identifier { kind: self.settings.source.clone(), number: number.to_owned() }]
    }

    pub(super) fn look_for_result(&self, record: &MappedRecord, lookup: &mut Lookup) {
        for (path, scheme) in [("sample.number", "sample"), ("case.external_id", "case"), ("person.external_id", "identifier")]
        {
            if let Some(number) = record.text(path) {
                lookup.keys.extend(identifier_keys(scheme, &self.known_by(number)));
            }
        }
        lookup.relations.insert(Relation::CaseOfPerson);
    }

    /// Whose sample it is: the case's person, or the person named.
    fn taken_from(&self, record: &MappedRecord) -> Option<(PersonId, Option<CaseId>)> {
        let outbreak = self.settings.outbreak.as_ref().map(|(id, _)| *id)?;
        let number = record.text("case.external_id");
        let case = number.and_then(|number| self.known.one::<Case>(identifier_keys("case", &self.known_by(number))[0]));
        if let Some(case) = case {
            return Some((case.person, Some(case.id)));
        }
        let person = self.identified(&self.known_by(record.text("person.external_id")?))?;
        Some((person.id, self.known.case_of(person.id, outbreak).map(|case| case.id)))
    }

    pub(super) fn result_record(&mut self, record: &MappedRecord) -> Planned {
        let outbreak = self.outbreak()?;
        let zone = self.settings.outbreak.as_ref().map_or(TimeZone::UTC, |(_, zone)| zone.clone());
        let (mut fields, mut result, mut note) = (sample::Given::default(), ResultGiven::default(), None);
        for field in &record.fields {
            let Some(name) = field.to.target.path.strip_prefix("sample.") else { continue };
            match (name, &field.value) {
                ("number", Value::Text(number)) => fields.identifiers = Some(self.known_by(number).to_vec()),
                ("collected", value) => fields.sampled = moment(value, &zone),
                ("material", Value::Text(text)) => match specimen(text) {
                    Some(known) => fields.specimen = Some(known),
                    None => aside(&mut note, "material", &field.value, field.to.target.kind),
                },
                ("test", Value::Text(text)) => match test(text) {
                    Some(known) => result.test = Some(known),
                    None => aside(&mut note, "test", &field.value, field.to.target.kind),
                },
                ("laboratory", Value::Text(text)) => result.laboratory_name = Some(text.clone()),
                ("result", Value::Code(code)) => result.result = verdict(code),
                ("result_at", value) => result.reported = moment(value, &zone),
                (_, Value::Clear) => {}
                (name, value) => aside(&mut note, name, value, field.to.target.kind),
            }
        }
        fields.note = note;
        result.test = result.test.or(result.result.map(|_| TestKind::Pcr));
        let number = record.text("sample.number");
        let named =
            number.and_then(|number| self.known.one::<Sample>(identifier_keys("sample", &self.known_by(number))[0]));
        if let Some(found) = named.cloned() {
            return Ok(self.further_result(&found, result));
        }
        let Some((person, case)) = self.taken_from(record) else {
            return Err(Stop::Unknown(Fault {
                column: record.fields.first().and_then(|field| field.column()),
                rule: "intake.reference_unknown",
                remedy: "Nobody here has this id: import the line list first, or correct the cell.".to_owned(),
            }));
        };
        let id = SampleId(self.fresh());
        self.then(sample::Command::Collect { id, person, case, outbreak, fields });
        if result.result.is_some() {
            self.then(sample::Command::RecordResult { id, fields: result });
        }
        Ok(Verdict::Created)
    }

    fn further_result(&mut self, found: &Sample, result: ResultGiven) -> Verdict {
        let permit = Reading::permit();
        let said = (result.test, result.result);
        let told = found.results.iter().any(|tested| {
            let stands = (tested.fields.test.as_ref(), tested.fields.result.as_ref());
            let laboratory = tested.fields.laboratory_name.as_ref().and_then(|name| name.shown(&permit));
            (stands.0.map(|test| test.0), stands.1.map(|result| result.0)) == said
                && (result.laboratory_name.is_none() || laboratory == result.laboratory_name.as_ref())
        });
        if told || result.result.is_none() {
            return Verdict::Unchanged;
        }
        self.then(sample::Command::RecordResult { id: found.id, fields: result });
        Verdict::Updated
    }
}

fn verdict(code: &str) -> Option<sample::Verdict> {
    Some(match code {
        "positive" => sample::Verdict::Positive,
        "negative" => sample::Verdict::Negative,
        "inconclusive" => sample::Verdict::Indeterminate,
        _ => return None,
    })
}

fn test(text: &str) -> Option<TestKind> {
    Some(match text.to_lowercase().as_str() {
        "pcr" | "rt-pcr" | "naat" | "核酸" => TestKind::Pcr,
        "antigen" | "抗原" => TestKind::Antigen,
        "igm" => TestKind::Igm,
        "culture" => TestKind::Culture,
        "sequencing" => TestKind::Sequencing,
        _ => return None,
    })
}

fn specimen(text: &str) -> Option<Specimen> {
    Some(match text.to_lowercase().as_str() {
        "nasopharyngeal swab" | "nasopharyngeal_swab" | "鼻咽拭子" => Specimen::NasopharyngealSwab,
        "throat swab" | "oropharyngeal swab" | "oropharyngeal_swab" | "咽拭子" => Specimen::OropharyngealSwab,
        "nasal swab" | "nasal_swab" => Specimen::NasalSwab,
        "blood" | "whole blood" => Specimen::Blood,
        "serum" => Specimen::Serum,
        "urine" => Specimen::Urine,
        "stool" => Specimen::Stool,
        "saliva" => Specimen::Saliva,
        "sputum" => Specimen::Sputum,
        _ => return None,
    })
}
