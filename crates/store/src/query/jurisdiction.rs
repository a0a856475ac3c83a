//! Areas: public knowledge.

use super::view::{Cover, Field, Filter, FilterKind, View};
use crate::rows;
use domain::access::{Action, FieldGroup::Operational, Noun};

/// Areas.
pub static JURISDICTION: View = View {
    noun: Noun::Jurisdiction,
    list: Action::JurisdictionList,
    read: Action::JurisdictionRead,
    search: None,
    table: &rows::JURISDICTION,
    id: "id",
    entry: None,
    kind: "jurisdiction",
    area: "r.id",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("hierarchy", Operational),
        Field::plain("level", Operational),
        Field::plain("parent", Operational),
        Field::plain("code", Operational),
        Field::json("names", Operational),
        Field::json("synonyms", Operational),
        Field::plain("latitude_microdegrees", Operational),
        Field::plain("longitude_microdegrees", Operational),
        Field::plain("residents", Operational),
    ],
    filters: &[
        Filter { name: "hierarchy", kind: FilterKind::OneOf("hierarchy"), group: None, search: false },
        Filter { name: "level", kind: FilterKind::OneOf("level"), group: None, search: false },
        Filter { name: "code", kind: FilterKind::OneOf("code"), group: None, search: false },
        Filter { name: "parent", kind: FilterKind::Ids("parent"), group: None, search: false },
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("id"), group: None, search: false },
    ],
    sorts: &[],
    cover: Cover { own: &["r.id"], through: &[] },
    judged_on: &[],
    children: &[],
};
