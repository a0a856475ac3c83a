//! Cases. Classification is kept with two times: as of an instant, a case is what was recorded of it by then.

use super::{
    view::{Child, Cover, Field, Filter, FilterKind, Sort, View},
    words::written,
};
use crate::rows;
use domain::{
    access::{
        Action,
        FieldGroup::{Clinical, Epidemiology, FreeText, Identity, Operational},
        Noun,
    },
    noun::case::{CaseOutcome, Classification},
};

/// What the case was classified as by an instant.
const CLASSIFICATION_AS_OF: &str = "(SELECT k.classification FROM case_classification k WHERE k.stream = r.stream \
     AND k.case_id = r.id AND k.recorded_at <= {as_of} ORDER BY k.n DESC LIMIT 1)";

/// Cases.
pub static CASE: View = View {
    noun: Noun::Case,
    list: Action::CaseList,
    read: Action::CaseRead,
    search: None,
    table: &rows::CASE_RECORD,
    id: "id",
    entry: None,
    kind: "case",
    area: "r.jurisdiction",
    hidden: None,
    subject: Some("person_id"),
    fields: &[
        // Joins a diagnosis to a name, so it goes with the name.
        Field::plain("person_id", Identity),
        Field::plain("outbreak", Operational),
        Field::plain("jurisdiction", Operational),
        Field::plain("number", Operational),
        Field::plain("code", Operational),
        Field::plain("classification", Clinical).recorded(CLASSIFICATION_AS_OF),
        Field::json("identifiers", Identity),
        Field::plain("infected_on", Epidemiology),
        Field::plain("onset_on", Clinical),
        Field::plain("onset_day", Clinical),
        Field::plain("rash_onset_on", Clinical),
        Field::plain("first_positive_on", Clinical),
        Field::plain("reported_on", Operational),
        Field::plain("admitted_on", Clinical),
        Field::plain("isolated_on", Clinical),
        Field::plain("facility", Operational),
        Field::plain("facility_name", Operational),
        Field::plain("outcome", Clinical),
        Field::plain("outcome_on", Clinical),
        Field::plain("reported_as", Clinical),
        Field::plain("reported_generation", Epidemiology),
        Field::json("symptoms", Clinical),
        Field::plain("note", FreeText),
        Field::plain("reinfection_of", Clinical),
        Field::flag("is_infection", Clinical),
        Field::plain("first_positive_sample_on", Clinical),
        Field::plain("entered_in_error_at", Operational),
    ],
    filters: &[
        Filter { name: "outbreak", kind: FilterKind::Ids("outbreak"), group: None, search: false },
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "assigned", kind: FilterKind::Assigned, group: None, search: false },
        Filter { name: "code", kind: FilterKind::OneOf("code"), group: Some(Operational), search: false },
        Filter { name: "person", kind: FilterKind::Ids("person_id"), group: Some(Identity), search: false },
        Filter {
            name: "classification",
            kind: FilterKind::Word("classification", written::<Classification>),
            group: Some(Clinical),
            search: false,
        },
        Filter { name: "identifier", kind: FilterKind::Identifier("case"), group: Some(Identity), search: true },
        Filter { name: "outcome", kind: FilterKind::Word("outcome", written::<CaseOutcome>), group: Some(Clinical), search: false },
        Filter { name: "onset", kind: FilterKind::Days("onset_day"), group: Some(Clinical), search: false },
        Filter {
            name: "entered_in_error",
            kind: FilterKind::Present("entered_in_error_at"),
            group: Some(Operational),
            search: false,
        },
    ],
    sorts: &[
        Sort { name: "onset", column: "onset_day", group: Clinical, descending: false, with: "outbreak" },
        Sort { name: "latest_onset", column: "onset_day", group: Clinical, descending: true, with: "outbreak" },
    ],
    cover: Cover { own: &["r.id"], through: &[] },
    judged_on: &[],
    children: &[
        Child {
            name: "classifications",
            table: &rows::CASE_CLASSIFICATION,
            of: "case_id",
            fields: &[
                Field::plain("classification", Clinical),
                Field::plain("valid_from", Clinical),
                Field::plain("recorded_at", Clinical),
                Field::plain("superseded_at", Clinical),
                Field::plain("recorded_by", Clinical),
                Field::json("findings", Clinical),
                Field::plain("pack_id", Clinical),
                Field::plain("pack_version", Clinical),
            ],
            two_times: false,
            read: None,
            order: "n",
        },
        Child {
            name: "investigation",
            table: &rows::CASE_INVESTIGATION,
            of: "case_id",
            fields: &[
                Field::plain("step", Operational),
                Field::json("done_when", Operational),
                Field::plain("recorded_at", Operational),
                Field::plain("recorded_by", Operational),
            ],
            two_times: false,
            read: None,
            order: "step",
        },
    ],
};
