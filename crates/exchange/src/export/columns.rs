//! The columns of each file, in their order.

use super::form::Form::{
    self, Classification, Date, Degrees, DocumentKind, DocumentNumber, Language, Moment, Name, Phone, Plain, Semicolons,
    Tenths, Words, YesNo,
};
use crate::map::Noun;

/// One column, or one for each entry of a list.
#[derive(Debug)]
pub(super) struct Spec {
    /// Its name: in a file with names the field's path.
    pub path: &'static str,
    /// The record that has the value.
    pub record: &'static str,
    /// The value's field in it.
    pub field: &'static str,
    /// How it is written.
    pub form: Form,
}

macro_rules! specs {
    ($($path:literal $record:literal $field:literal $form:expr;)*) => {
        &[$(Spec { path: $path, record: $record, field: $field, form: $form }),*]
    };
}

const RING: Form = Words(&[("ring1", "ring_1"), ("ring2", "ring_2")]);
const OUTCOME: Form = Words(&[("ill", "alive")]);
const CERTAINTY: Form = Words(&[("certain", "high"), ("probable", "medium"), ("possible", "low")]);
const KIND: Form =
    Words(&[("facility_overlap", "healthcare"), ("school_class", "school"), ("public_place", "same_place")]);

const PERSON: &[Spec] = specs! {
    "person.external_id" "refs" "person" Plain;
    "person.full_name" "person" "full_name" Plain;
    "person.family_name" "person" "family_name" Plain;
    "person.given_name" "person" "given_name" Plain;
    "person.latin_name" "person" "latin_name" Plain;
    "person.sex" "person" "sex" Plain;
    "person.birth_date" "person" "birth_date" Plain;
    "person.age_years" "person" "age_years" Plain;
    "person.identifier.kind" "refs" "documents" DocumentKind;
    "person.identifier.number" "refs" "documents" DocumentNumber;
    "person.phone" "person" "phones" Phone;
    "person.language" "person" "languages" Language;
    "person.household" "refs" "household" Plain;
    "person.jurisdiction" "refs" "person_area" Plain;
    "person.address.jurisdiction" "refs" "address_area" Plain;
    "person.address.place" "refs" "address_place" Plain;
    "person.address.text" "address" "address" Plain;
    "person.address.from" "address" "valid_from" Date;
    "person.occupation" "person" "occupation" Plain;
    "person.health_worker" "person" "health_worker" YesNo;
    "person.died" "person" "died_on" Plain;
    "person.note" "person" "note" Plain;
};

const CASE: &[Spec] = specs! {
    "case.external_id" "refs" "case" Plain;
    "case.classification" "case" "classification" Classification;
    "case.infected" "case" "infected_on" Plain;
    "case.onset" "case" "onset_on" Plain;
    "case.rash_onset" "case" "rash_onset_on" Plain;
    "case.first_positive" "case" "first_positive_on" Plain;
    "case.reported" "case" "reported_on" Plain;
    "case.admitted" "case" "admitted_on" Plain;
    "case.isolated" "case" "isolated_on" Plain;
    "case.hospital" "refs" "facility" Plain;
    "case.hospital_name" "case" "facility_name" Plain;
    "case.outcome" "case" "outcome" OUTCOME;
    "case.outcome_date" "case" "outcome_on" Plain;
    "case.generation" "case" "reported_generation" Plain;
    "case.symptoms" "case" "symptoms" Semicolons;
    "case.note" "case" "note" Plain;
};

const CASE_DERIVED: &[Spec] = specs! {
    "derived.code" "case" "code" Plain;
    "derived.first_positive_sample" "case" "first_positive_sample_on" Plain;
};

const CONTACT: &[Spec] = specs! {
    "contact.external_id" "refs" "contact" Plain;
    "contact.ring" "contact" "ring" RING;
    "contact.listed" "contact" "listed_on" Plain;
    "contact.note" "contact" "note" Plain;
};

const CONTACT_DERIVED: &[Spec] = specs! {
    "derived.status" "contact" "status" Plain;
    "derived.status_on" "contact" "status_on" Plain;
    "derived.follow_up_from" "contact" "plan_start" Plain;
    "derived.follow_up_until" "contact" "plan_last_on" Plain;
    "derived.last_seen" "contact" "last_seen_on" Plain;
};

const EXPOSURE_PERSON: &[Spec] = specs! {
    "exposure.person.external_id" "refs" "person" Plain;
};

const EXPOSURE: &[Spec] = specs! {
    "exposure.source.external_id" "refs" "source_case" Plain;
    "exposure.source.contact.external_id" "refs" "source_contact" Plain;
    "exposure.place.code" "refs" "source_place" Plain;
    "exposure.first" "exposure" "first" Moment;
    "exposure.last" "exposure" "last" Moment;
    "exposure.minutes" "exposure" "minutes" Plain;
    "exposure.minutes_after_case_left" "exposure" "minutes_after_case_left" Plain;
    "exposure.type" "exposure" "kind" KIND;
    "exposure.certainty" "exposure" "certainty" CERTAINTY;
    "exposure.setting" "exposure" "setting" Plain;
    "exposure.note" "exposure" "note" Plain;
};

const FOLLOW_UP: &[Spec] = specs! {
    "followup.contact.external_id" "refs" "contact" Plain;
    "followup.date" "follow_up" "on_day" Plain;
    "followup.slot" "follow_up" "slot" Plain;
    "followup.status" "follow_up" "state" Plain;
    "followup.mode" "follow_up" "mode" Plain;
    "followup.temperature_tenths" "follow_up" "temperature_tenths" Tenths;
    "followup.symptoms" "follow_up" "symptoms" Semicolons;
    "followup.note" "follow_up" "note" Plain;
};

const PLACE: &[Spec] = specs! {
    "place.code" "refs" "place" Plain;
    "place.name" "place" "names" Name;
    "place.kind" "place" "kind" Plain;
    "place.parent" "refs" "inside" Plain;
    "place.jurisdiction" "refs" "area" Plain;
    "place.building" "place" "building" Plain;
    "place.address" "place" "address" Plain;
    "place.longitude" "place" "longitude_microdegrees" Degrees;
    "place.latitude" "place" "latitude_microdegrees" Degrees;
    "place.capacity" "place" "beds" Plain;
    "place.held" "place" "held_on" Plain;
    "place.service_number" "place" "service_number" Plain;
    "place.opened" "place" "opened_on" Plain;
};

/// The columns of a file with names.
pub(super) fn identified(noun: Noun) -> impl Iterator<Item = &'static Spec> {
    let parts: &[&[Spec]] = match noun {
        Noun::Linelist => &[CASE, PERSON, CASE_DERIVED],
        Noun::Contacts => &[CONTACT, PERSON, EXPOSURE, CONTACT_DERIVED],
        Noun::Exposures => &[EXPOSURE_PERSON, EXPOSURE],
        Noun::Followups => &[FOLLOW_UP],
        Noun::People => &[PERSON],
        Noun::Places => &[PLACE],
        // Results are taken with the line list's dates; a file of their own is not written yet.
        Noun::Results => &[],
    };
    parts.iter().flat_map(|part| part.iter())
}

/// The columns of a file without, with the nouns that have them.
pub(super) const DEIDENTIFIED: &[(&[Noun], &[Spec])] = &[
    (
        &[Noun::Linelist],
        specs! { "case" "refs" "case" Plain; },
    ),
    (
        &[Noun::Contacts],
        specs! { "contact" "refs" "contact" Plain; },
    ),
    (
        &[Noun::Exposures],
        specs! { "exposure" "refs" "exposure" Plain; },
    ),
    (
        &[Noun::Linelist, Noun::Contacts, Noun::Exposures, Noun::People],
        specs! { "person" "refs" "person" Plain; },
    ),
    (
        &[Noun::Linelist, Noun::Contacts, Noun::Exposures, Noun::People],
        specs! {
            "area" "refs" "area" Plain;
            "age_band" "person" "age_band" Plain;
            "sex" "person" "sex" Plain;
            "health_worker" "person" "health_worker" YesNo;
        },
    ),
    (
        &[Noun::Linelist],
        specs! {
            "classification" "case" "classification" Plain;
            "reported_as" "case" "reported_as" Plain;
            "is_infection" "case" "is_infection" YesNo;
            "reinfection_of" "case" "reinfection_of" Plain;
            "infected_on" "case" "infected_on" Plain;
            "onset_on" "case" "onset_on" Plain;
            "rash_onset_on" "case" "rash_onset_on" Plain;
            "first_positive_on" "case" "first_positive_on" Plain;
            "first_positive_sample_on" "case" "first_positive_sample_on" Plain;
            "reported_on" "case" "reported_on" Plain;
            "admitted_on" "case" "admitted_on" Plain;
            "isolated_on" "case" "isolated_on" Plain;
            "facility" "refs" "facility" Plain;
            "facility_as_written" "case" "facility_name" Plain;
            "outcome" "case" "outcome" Plain;
            "outcome_on" "case" "outcome_on" Plain;
            "reported_generation" "case" "reported_generation" Plain;
        },
    ),
    (
        &[Noun::Contacts],
        specs! {
            "ring" "contact" "ring" Plain;
            "status" "contact" "status" Plain;
            "status_on" "contact" "status_on" Plain;
            "drop_reason" "contact" "drop_reason" Plain;
            "became_case" "contact" "promoted_case" Plain;
            "listed_on" "contact" "listed_on" Plain;
            "first_exposure" "contact" "first_exposure" Plain;
            "last_exposure" "contact" "last_exposure" Plain;
            "follow_up_from" "contact" "plan_start" Plain;
            "follow_up_until" "contact" "plan_last_on" Plain;
            "last_seen_on" "contact" "last_seen_on" Plain;
        },
    ),
    (
        &[Noun::Contacts, Noun::Exposures],
        specs! {
            "source_case" "refs" "source_case" Plain;
            "source_contact" "refs" "source_contact" Plain;
            "source_place" "refs" "source_place" Plain;
            "exposed_from" "exposure" "first_on" Plain;
            "exposed_until" "exposure" "last_on" Plain;
            "minutes" "exposure" "minutes" Plain;
            "exposure_kind" "exposure" "kind" Plain;
            "certainty" "exposure" "certainty" Plain;
        },
    ),
    (
        &[Noun::Followups],
        specs! {
            "contact" "refs" "contact" Plain;
            "on_day" "follow_up" "on_day" Plain;
            "slot" "follow_up" "slot" Plain;
            "state" "follow_up" "state" Plain;
            "mode" "follow_up" "mode" Plain;
            "temperature" "follow_up" "temperature_tenths" Tenths;
        },
    ),
    (
        &[Noun::People],
        specs! { "died_on" "person" "died_on" Plain; },
    ),
    (
        &[Noun::Places],
        specs! {
            "place" "refs" "place" Plain;
            "kind" "place" "kind" Plain;
            "area" "refs" "area" Plain;
            "inside" "refs" "inside" Plain;
            "code" "place" "code" Plain;
            "name" "place" "names" Name;
            "capacity" "place" "beds" Plain;
            "held_on" "place" "held_on" Plain;
            "opened_on" "place" "opened_on" Plain;
            "closed_on" "place" "closed_on" Plain;
        },
    ),
];
