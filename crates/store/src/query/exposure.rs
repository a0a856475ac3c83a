//! Exposures: who met whom. The source stands in a group of its own.

use super::{
    view::{Cover, Field, Filter, FilterKind, Sort, View},
    words::written,
};
use crate::rows;
use domain::{
    access::{
        Action,
        FieldGroup::{Epidemiology, FreeText, Identity, Location, Operational, SourceCaseLink, Statistics},
        Noun,
    },
    pack::ExposureKind,
};

/// Exposures.
pub static EXPOSURE: View = View {
    noun: Noun::Exposure,
    list: Action::ExposureList,
    read: Action::ExposureRead,
    search: None,
    table: &rows::EXPOSURE,
    id: "id",
    entry: None,
    kind: "exposure",
    area: "r.jurisdiction",
    hidden: None,
    subject: Some("person_id"),
    fields: &[
        Field::plain("person_id", Identity),
        Field::plain("source_case", SourceCaseLink),
        Field::plain("source_contact", SourceCaseLink),
        // The place of a household dwelling names the household.
        Field::plain("source_place", SourceCaseLink),
        Field::plain("outbreak", Operational),
        // The area is its source's: who follows the exposed person is not shown it.
        Field::plain("jurisdiction", Statistics),
        Field::plain("first_on", Epidemiology),
        Field::plain("last_on", Epidemiology),
        Field::plain("first_day", Epidemiology),
        Field::json("first", Epidemiology),
        Field::json("last", Epidemiology),
        Field::plain("minutes", Epidemiology),
        Field::plain("minutes_after_case_left", Epidemiology),
        Field::plain("kind", Epidemiology),
        Field::plain("certainty", Epidemiology),
        Field::json("evidence", Epidemiology),
        Field::plain("place", Location),
        Field::plain("setting", FreeText),
        Field::plain("note", FreeText),
        Field::plain("entered_in_error_at", Operational),
    ],
    filters: &[
        Filter { name: "outbreak", kind: FilterKind::Ids("outbreak"), group: None, search: false },
        Filter {
            name: "jurisdiction",
            kind: FilterKind::Subtree("jurisdiction"),
            group: Some(Statistics),
            search: false,
        },
        Filter { name: "person", kind: FilterKind::Ids("person_id"), group: Some(Identity), search: false },
        Filter {
            name: "source_case",
            kind: FilterKind::Ids("source_case"),
            group: Some(SourceCaseLink),
            search: false,
        },
        Filter { name: "kind", kind: FilterKind::Word("kind", written::<ExposureKind>), group: Some(Epidemiology), search: false },
        Filter { name: "first", kind: FilterKind::Days("first_day"), group: Some(Epidemiology), search: false },
        Filter {
            name: "entered_in_error",
            kind: FilterKind::Present("entered_in_error_at"),
            group: Some(Operational),
            search: false,
        },
    ],
    sorts: &[Sort { name: "first", column: "first_day", group: Epidemiology, descending: false, with: "outbreak" }],
    cover: Cover {
        own: &["r.id", "r.source_case"],
        through: &[(
            "r.id",
            "SELECT exposure_id FROM contact_basis WHERE stream IN (SELECT stream FROM stream_head) \
             AND contact_id IN ({work})",
        )],
    },
    judged_on: &[],
    children: &[],
};
