//! Contacts with the exposure that made them one, and entries of their follow-up.

use super::{
    Fault, Intake, Lookup, Planned, Stop, Verdict,
    changes::{joined, known_date, merge, settle},
    exposures::read_exposure,
    people::identifier_keys,
    read::{self, aside},
};
use crate::{MappedRecord, Value};
use domain::{
    fields::Kept as _,
    id::ContactId,
    kernel::{Aggregate, Relation},
    noun::{
        contact::{self, Contact, EntryGiven, Mode, Seen},
        person::Identifier,
    },
    pack::Ring,
    seal::Reading,
};
use jiff::tz::TimeZone;

impl Intake {
    fn numbered(&self, number: &str) -> Identifier {
        Identifier { kind: self.settings.source.clone(), number: number.to_owned() }
    }

    pub(super) fn look_for_contact(&self, record: &MappedRecord, lookup: &mut Lookup) {
        self.look_for_person(record, lookup);
        self.look_for_exposure(record, lookup);
        if let Some(number) = record.text("contact.external_id") {
            lookup.keys.extend(identifier_keys("contact", &[self.numbered(number)]));
        }
    }

    pub(super) fn look_for_follow_up(&self, record: &MappedRecord, lookup: &mut Lookup) {
        if let Some(number) = record.text("followup.contact.external_id") {
            lookup.keys.extend(identifier_keys("contact", &[self.numbered(number)]));
            lookup.keys.extend(identifier_keys("identifier", &[self.numbered(number)]));
        }
        lookup.relations.insert(Relation::ContactOfPerson);
    }

    pub(super) fn contact_record(&mut self, record: &MappedRecord) -> Planned {
        let outbreak = self.outbreak()?;
        let (mut ring, mut given, mut external) = (Ring::Ring1, contact::Given::default(), None);
        let (mut note, mut words) = (None, None);
        let mut clears: Vec<&str> = Vec::new();
        for field in &record.fields {
            let Some(name) = field.to.target.path.strip_prefix("contact.") else { continue };
            match (name, &field.value) {
                ("listed", Value::Clear) => clears.push("listed_on"),
                (_, Value::Clear) => {}
                ("external_id", Value::Text(number)) => external = Some(self.numbered(number)),
                ("ring", Value::Code("ring_2")) => ring = Ring::Ring2,
                ("ring", Value::Code("general")) => ring = Ring::General,
                ("ring", _) => {}
                ("note", Value::Text(text)) => words = Some(text.clone()),
                ("listed", value) => given.listed_on = known_date(value, &TimeZone::UTC),
                (name, value) => aside(&mut note, name, value, field.to.target.kind),
            }
        }
        given.note = match (words, note) {
            (Some(words), Some(aside)) => Some(format!("{words}\n{aside}")),
            (words, aside) => words.or(aside),
        };
        let named = external.as_ref().and_then(|number| {
            let key = identifier_keys("contact", std::slice::from_ref(number))[0];
            self.known.called::<Contact>(key, &number.number)
        });
        let named = named.filter(|contact| contact.outbreak == outbreak).cloned();
        // Its source is looked at first: without one nobody is listed (DESIGN §13.7).
        let said = read_exposure(record, &self.settings);
        self.source(&said)?;
        let whose = read::person(record, &self.settings);
        let (person, mut verdict) = self.person(whose, named.as_ref().map(|contact| contact.person));
        let (exposure, done) = self.exposure(person, said)?;
        verdict = verdict.max(done);
        let found = named.or_else(|| self.known.contact_of(person, outbreak).cloned());
        let Some(found) = found else {
            if let Some(id) = self.known.listed(person) {
                self.then(contact::Command::AddExposure { id, exposure, ring: Some(ring) });
                return Ok(verdict.max(Verdict::Updated));
            }
            given.identifiers = external.map(|number| vec![number]);
            let id = ContactId(self.fresh());
            self.known.list(person, id);
            self.then(contact::Command::List { id, person, ring, exposures: vec![exposure], fields: given });
            return Ok(verdict.max(Verdict::Created));
        };
        let number = external.filter(|number| number.number != found.id.to_string());
        verdict = verdict.max(self.update_contact(&found, &given, number.as_ref(), &clears));
        if !found.bases.iter().any(|basis| basis.exposure == exposure) {
            self.then(contact::Command::AddExposure { id: found.id, exposure, ring: Some(ring) });
            verdict = verdict.max(Verdict::Updated);
        }
        Ok(verdict)
    }

    fn update_contact(
        &mut self,
        contact: &Contact,
        given: &contact::Given,
        number: Option<&Identifier>,
        clears: &[&str],
    ) -> Verdict {
        let said = |contact: &Contact| {
            let stands = contact.fields.identifiers.as_ref().and_then(|list| list.shown(&Reading::permit()));
            let identifiers = number.map(|number| joined(stands, vec![number.clone()]));
            contact::Given { identifiers, ..given.clone() }
        };
        let merged = |outside: Option<&Contact>| {
            let (given, known) = (said(contact), outside.map(|known| (&known.fields, said(known))));
            merge!(contact::Changes, contact.fields, given, known, clears; identifiers, listed_on, note)
        };
        if !merged(None).changed {
            return Verdict::Unchanged;
        }
        let (mut after, mut known) = (contact.clone(), self.known.outside::<Contact>(contact.id.0));
        let merge = merged(known.as_ref());
        let correct = |changes| contact::Command::Correct { id: contact.id, changes };
        let outside = known.as_mut().map(|known| &mut known.fields);
        let verdict = settle!(self, contact.id.0, &mut after.fields, outside, merge, correct);
        self.settled(contact.id.0, Aggregate::Contact(after), known.map(Aggregate::Contact), verdict)
    }

    fn update_entry(&mut self, contact: &Contact, n: usize, given: &EntryGiven, clears: &[&str]) -> Verdict {
        let Some(entry) = contact.entries.get(n) else { return Verdict::Unchanged };
        let merged = |outside: Option<&Contact>| {
            let known = outside.and_then(|known| Some((&known.entries.get(n)?.fields, given)));
            merge!(contact::EntryChanges, entry.fields, given, known, clears;
                mode, state, temperature_tenths, symptoms, note)
        };
        if !merged(None).changed {
            return Verdict::Unchanged;
        }
        let (mut after, mut known) = (contact.clone(), self.known.outside::<Contact>(contact.id.0));
        let merge = merged(known.as_ref());
        let correct = |changes| contact::Command::CorrectFollowUp { id: contact.id, n: n as u32, changes };
        let mut fields = entry.fields.clone();
        let outside = known.as_mut().and_then(|known| known.entries.get_mut(n)).map(|entry| &mut entry.fields);
        let verdict = settle!(self, contact.id.0, &mut fields, outside, merge, correct);
        if let Some(entry) = after.entries.get_mut(n) {
            entry.fields = fields;
        }
        self.settled(contact.id.0, Aggregate::Contact(after), known.map(Aggregate::Contact), verdict)
    }

    pub(super) fn follow_up_record(&mut self, record: &MappedRecord) -> Planned {
        let outbreak = self.outbreak()?;
        let number = record.text("followup.contact.external_id").unwrap_or_default();
        let identifier = [self.numbered(number)];
        let found = self.known.called::<Contact>(identifier_keys("contact", &identifier)[0], number);
        let by_person = || self.known.contact_of(self.identified(&identifier)?.id, outbreak);
        let Some(contact) = found.or_else(by_person).cloned() else {
            let column = record.fields.iter().find(|field| field.to.target.path == "followup.contact.external_id");
            return Err(Stop::Unknown(Fault {
                column: column.and_then(|field| field.column()),
                rule: "intake.reference_unknown",
                remedy: "No contact here has this id: import the contacts first, or correct the cell.".to_owned(),
            }));
        };
        let (given, clears) = entry(record);
        let same = contact.entries.iter().position(|entry| {
            let place = (entry.fields.on.as_ref().map(|on| on.0), entry.fields.slot.as_ref().map(|slot| slot.0));
            let mode = entry.fields.mode.as_ref().map(|mode| mode.0);
            place == (given.on, given.slot) && (given.slot.is_some() || given.mode.is_none() || mode == given.mode)
        });
        let Some(n) = same else {
            self.then(contact::Command::RecordFollowUp { id: contact.id, fields: given });
            return Ok(Verdict::Created);
        };
        Ok(self.update_entry(&contact, n, &given, &clears))
    }
}

/// What a record says of an entry, and which of its fields it empties.
fn entry(record: &MappedRecord) -> (EntryGiven, Vec<&'static str>) {
    let (mut given, mut clears) = (EntryGiven::default(), Vec::new());
    let mut note = None;
    for field in &record.fields {
        let Some(name) = field.to.target.path.strip_prefix("followup.") else { continue };
        match (name, &field.value) {
            ("contact.external_id", _) => {}
            (name, Value::Clear) => clears.extend(cleared(name)),
            ("date", value) => given.on = known_date(value, &TimeZone::UTC).and_then(|date| date.earliest()),
            ("slot", Value::Int(slot)) => given.slot = Some(*slot),
            ("status", Value::Code(code)) => given.state = seen(code),
            ("mode", Value::Code(code)) => given.mode = mode(code),
            ("temperature_tenths", Value::Int(tenths)) => given.temperature_tenths = Some(*tenths),
            ("symptoms", Value::Text(text)) => given.symptoms = Some(read::symptoms(text)),
            ("note", Value::Text(text)) => note = Some(text.clone()),
            (name, value) => aside(&mut given.note, name, value, field.to.target.kind),
        }
    }
    given.note = match (note, given.note.take()) {
        (Some(first), Some(rest)) => Some(format!("{first}\n{rest}")),
        (first, rest) => first.or(rest),
    };
    (given, clears)
}

/// The field of an entry that a cell may empty. Its day, its slot and what was found are what an entry is.
fn cleared(name: &str) -> Option<&'static str> {
    Some(match name {
        "mode" => "mode",
        "temperature_tenths" => "temperature_tenths",
        "symptoms" => "symptoms",
        "note" => "note",
        _ => return None,
    })
}

fn seen(code: &str) -> Option<Seen> {
    Some(match code {
        "seen_well" => Seen::SeenWell,
        "seen_ill" => Seen::SeenIll,
        "not_seen" => Seen::NotSeen,
        "refused" => Seen::Refused,
        "missed" => Seen::Missed,
        "not_attempted" => Seen::NotAttempted,
        _ => return None,
    })
}

fn mode(code: &str) -> Option<Mode> {
    Some(match code {
        "visit" => Mode::Visit,
        "phone" => Mode::Phone,
        "video" => Mode::Video,
        "self_report" => Mode::SelfReport,
        _ => return None,
    })
}
