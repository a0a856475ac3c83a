//! Outbreaks.

use super::view::{Cover, Field, Filter, FilterKind, View};
use crate::rows;
use domain::access::{Action, FieldGroup::Operational, Noun};

/// Outbreaks.
pub static OUTBREAK: View = View {
    noun: Noun::Outbreak,
    list: Action::OutbreakList,
    read: Action::OutbreakRead,
    search: None,
    table: &rows::OUTBREAK,
    id: "id",
    entry: None,
    kind: "outbreak",
    area: "r.jurisdiction",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("name", Operational),
        Field::plain("disease", Operational),
        Field::plain("pack_id", Operational),
        Field::plain("pack_version", Operational),
        Field::plain("time_zone", Operational),
        Field::plain("code_mask", Operational),
        Field::plain("jurisdiction", Operational),
        Field::plain("closed_at", Operational),
    ],
    filters: &[
        Filter { name: "disease", kind: FilterKind::OneOf("disease"), group: None, search: false },
        Filter { name: "closed", kind: FilterKind::Present("closed_at"), group: None, search: false },
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
    ],
    sorts: &[],
    cover: Cover { own: &["r.id"], through: &[] },
    judged_on: &[],
    children: &[],
};
