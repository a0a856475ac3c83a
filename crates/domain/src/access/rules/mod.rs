//! The table, one file per noun. What no line allows is denied.
//!
//! To review a file ask of each line: could the post do its work without this field, this action, this reach? If so the line is too wide.

use super::action::Noun;
use super::field::{FieldGroup, FieldSet};
use super::role::Role;
use super::rule::Rule;

mod access_log;
mod account;
mod assignment;
mod case;
mod contact;
mod duplicate;
mod erasure;
mod export;
mod exposure;
mod follow_up;
mod grant;
mod household;
mod import;
mod journal;
mod jurisdiction;
mod outbreak;
mod pack;
mod person;
mod place;
mod sample;
mod team;

/// The lines about a noun.
pub const fn table(noun: Noun) -> &'static [Rule] {
    match noun {
        Noun::Jurisdiction => jurisdiction::RULES,
        Noun::Place => place::RULES,
        Noun::Household => household::RULES,
        Noun::Person => person::RULES,
        Noun::Duplicate => duplicate::RULES,
        Noun::Outbreak => outbreak::RULES,
        Noun::Case => case::RULES,
        Noun::Sample => sample::RULES,
        Noun::Exposure => exposure::RULES,
        Noun::Contact => contact::RULES,
        Noun::FollowUp => follow_up::RULES,
        Noun::Team => team::RULES,
        Noun::Assignment => assignment::RULES,
        Noun::Import => import::RULES,
        Noun::Export => export::RULES,
        Noun::Erasure => erasure::RULES,
        Noun::Account => account::RULES,
        Noun::Grant => grant::RULES,
        Noun::AccessLog => access_log::RULES,
        Noun::Journal => journal::RULES,
        Noun::Pack => pack::RULES,
    }
}

/// Shows nothing back.
const NOTHING: FieldSet = FieldSet::EMPTY;

/// States, times and counts of work.
const WORK: FieldSet = FieldSet::of(&[FieldGroup::Operational, FieldGroup::Statistics]);

/// All that those who answer for an area see of a person: everything but who the source case is.
const FILE: FieldSet = FieldSet::of(&[
    FieldGroup::Identity,
    FieldGroup::ContactDetails,
    FieldGroup::Location,
    FieldGroup::Clinical,
    FieldGroup::Epidemiology,
    FieldGroup::SourceCaseLink,
    FieldGroup::Operational,
    FieldGroup::FreeText,
    FieldGroup::Statistics,
]);

/// Rows of disease without persons: for decisions and figures.
const DEIDENTIFIED: FieldSet =
    FieldSet::of(&[FieldGroup::Clinical, FieldGroup::Epidemiology, FieldGroup::Operational, FieldGroup::Statistics]);

/// The same with chains of transmission, by pseudonym.
const DEIDENTIFIED_CHAINS: FieldSet = DEIDENTIFIED.union(FieldSet::of(&[FieldGroup::SourceCaseLink]));

const EVERYONE: &[Role] = Role::ALL;
