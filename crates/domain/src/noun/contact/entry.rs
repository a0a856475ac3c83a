//! Entries of follow-up: whether a contact was seen, how and in what state.

use super::super::{MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, at_most, person::not_future};
use crate::{
    date::KnownDate,
    fields,
    fields::Open,
    id::AccountId,
    refusal::Refusal,
    seal::{Clinical, FreeText},
    seals,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Body temperatures that a thermometer can show of a living person, tenths of a degree Celsius.
const TEMPERATURES: std::ops::RangeInclusive<i64> = 250..=450;

/// How the contact was reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// At the door.
    Visit,
    /// By telephone.
    Phone,
    /// By video.
    Video,
    /// The contact sent it.
    SelfReport,
    /// In a quarantine site or hospital.
    Site,
}

/// What came of it, from most to least told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Seen, with signs of illness.
    SeenIll,
    /// Seen, and well.
    SeenWell,
    /// Reached, and refused.
    Refused,
    /// Looked for, not found.
    NotSeen,
    /// Due, and nobody came to it.
    Missed,
    /// Due, and deliberately left out.
    NotAttempted,
}

impl Seen {
    /// Whether somebody saw or heard the contact.
    pub fn is_seen(self) -> bool {
        matches!(self, Self::SeenIll | Self::SeenWell)
    }

    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::SeenIll => "seen_ill",
            Self::SeenWell => "seen_well",
            Self::Refused => "refused",
            Self::NotSeen => "not_seen",
            Self::Missed => "missed",
            Self::NotAttempted => "not_attempted",
        }
    }
}

fields! {
    /// What is known of one entry.
    pub EntryFields, EntryGiven, EntryChanges, EntryPatch {
        /// The day it is about.
        on: Open<Date>,
        /// Slot of that day in the plan, from 1; without one it is an extra visit.
        slot: Open<i64>,
        /// How the contact was reached.
        mode: Open<Mode>,
        /// What came of it.
        state: Open<Seen>,
        /// Temperature in tenths of a degree Celsius.
        temperature_tenths: Clinical<i64>,
        /// Symptoms.
        symptoms: Clinical<Vec<String>>,
        /// Who saw the contact, where that is not who recorded it.
        seen_by: Open<AccountId>,
        /// Anything else.
        note: FreeText<String>,
    }
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What is known of it.
    pub fields: EntryFields,
    /// When it was recorded, milliseconds UTC.
    pub recorded_at: i64,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was last corrected.
    pub corrected_at: Option<i64>,
}

seals! { Entry: fields; }

impl Entry {
    /// Day and slot it is about.
    pub fn place(&self) -> Option<(Date, Option<i64>)> {
        Some((self.fields.on.as_ref()?.0, self.fields.slot.as_ref().map(|slot| slot.0)))
    }

    /// What came of it.
    pub fn state(&self) -> Option<Seen> {
        self.fields.state.as_ref().map(|state| state.0)
    }

    /// The day, where the contact was seen on it.
    pub fn seen_on(&self) -> Option<Date> {
        self.state().filter(|state| state.is_seen()).and(self.fields.on.as_ref().map(|on| on.0))
    }
}

/// Checks an entry by itself. `findings` says whether temperature or symptoms stand in it.
pub(super) fn check(fields: &EntryGiven, findings: bool, now: i64) -> Result<(Date, Seen), Refusal> {
    let (Some(on), Some(state)) = (fields.on, fields.state) else {
        return Err(Refusal::rule("incomplete_entry").at("fields"));
    };
    not_future("on", KnownDate::day(on), now)?;
    if findings && !state.is_seen() {
        return Err(Refusal::rule("findings_without_seeing").at("state"));
    }
    if fields.temperature_tenths.is_some_and(|tenths| !TEMPERATURES.contains(&tenths)) {
        return Err(Refusal::rule("impossible_temperature").at("temperature_tenths"));
    }
    if fields.symptoms.as_ref().is_some_and(|list| list.len() > MAX_ENTRIES) {
        return Err(Refusal::rule("too_many").at("symptoms"));
    }
    for symptom in fields.symptoms.iter().flatten() {
        at_most("symptoms", symptom, MAX_LINE_CHARS)?;
    }
    if let Some(note) = &fields.note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    Ok((on, state))
}
