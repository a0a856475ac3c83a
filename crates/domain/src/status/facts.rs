//! The facts that a status is derived from, and how they are taken from records.

use crate::{
    date::KnownDate,
    fields::Open,
    noun::{
        case::Case,
        contact::{Contact, Entry},
    },
    pack::Ring,
};
use jiff::civil::Date;

/// Records of one kind: kept here, or not kept by this version or deployment. No record of a kind that is kept says
/// no; no record of a kind that is not kept says nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Records<T> {
    /// Not kept: nothing can be said.
    NotKept,
    /// All there are.
    Kept(Vec<T>),
}

/// A stay in a place or state from one day to another, both included; open without an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stay {
    /// First day.
    pub from: Date,
    /// Last day.
    pub through: Option<Date>,
}

impl Stay {
    /// Whether the stay began at least `days` before `on` and lasts on it.
    pub fn held(&self, on: Date, days: i64) -> bool {
        crate::noun::contact::plan::days_between(self.from, on) >= days
            && self.through.is_none_or(|through| on <= through)
    }
}

/// One follow-up of a person, as far as a status asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Followed {
    /// The ring.
    pub ring: Ring,
    /// From the day the contact was found to the day the follow-up ended.
    pub stay: Stay,
    /// First day the contact was seen or heard.
    pub first_seen_on: Option<Date>,
    /// From when the contact was in an isolation site, where that is on record.
    pub in_site: Option<Stay>,
}

impl Followed {
    /// From a contact. Steps of the history give the days it was open; a contact listed in error was never followed.
    pub fn of(contact: &Contact) -> Option<Self> {
        use crate::noun::contact::{DropReason, Status};
        let last = contact.history.last()?;
        if last.status == Status::Dropped(DropReason::EnteredInError) {
            return None;
        }
        let through = (!last.status.is_open()).then_some(last.on);
        let entered = contact.fields.entered_site_on.as_ref().and_then(|Open(on)| on.latest());
        Some(Self {
            ring: contact.judgement.ring,
            stay: Stay { from: contact.detected_on(), through },
            first_seen_on: contact.entries.iter().filter_map(Entry::seen_on).min(),
            in_site: entered.map(|from| Stay { from, through }),
        })
    }
}

/// What is known of one infection and of the person before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InfectionFacts {
    /// Day of the first positive sample, else the day the case is dated by.
    pub sampled_on: Option<Date>,
    /// First day of symptoms.
    pub onset: KnownDate,
    /// Day of isolation as a case.
    pub isolated: KnownDate,
    /// The person's follow-ups in this outbreak.
    pub followed: Vec<Followed>,
    /// Stays in isolation sites and at home under an order.
    pub quarantine: Records<Stay>,
    /// Days the person's dwelling lay in a sealed zone.
    pub sealed_zone: Records<Stay>,
    /// Days the person's dwelling lay in a controlled zone.
    pub controlled_zone: Records<Stay>,
    /// Days the person worked in a closed loop.
    pub closed_loop: Records<Stay>,
    /// Whether complete rounds of testing are on record for the area and days; `None` while rounds are not kept.
    pub rounds_complete: Option<bool>,
    /// What experts judged, where a definition asks them.
    pub experts_agree: Option<bool>,
}

impl InfectionFacts {
    /// From a case and the follow-ups of its person. Orders, zones, closed loops and rounds are not kept yet.
    pub fn of<'a>(case: &Case, contacts: impl IntoIterator<Item = &'a Contact>) -> Self {
        let said = |field: &Option<Open<KnownDate>>| field.as_ref().map_or(KnownDate::NotAsked, |date| date.0);
        let sampled = case.first_positive.and_then(KnownDate::earliest);
        Self {
            sampled_on: sampled.or_else(|| case.dated(KnownDate::earliest)),
            onset: said(&case.fields.onset_on),
            isolated: said(&case.fields.isolated_on),
            followed: contacts
                .into_iter()
                .filter(|contact| contact.outbreak == case.outbreak)
                .filter_map(Followed::of)
                .collect(),
            quarantine: Records::NotKept,
            sealed_zone: Records::NotKept,
            controlled_zone: Records::NotKept,
            closed_loop: Records::NotKept,
            rounds_complete: None,
            experts_agree: None,
        }
    }
}
