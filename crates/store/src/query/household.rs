//! Households: who lives together and where.

use super::view::{Cover, Field, Filter, FilterKind, View};
use crate::rows;
use domain::access::{
    Action,
    FieldGroup::{Location, Operational},
    Noun,
};

/// Households.
pub static HOUSEHOLD: View = View {
    noun: Noun::Household,
    list: Action::HouseholdList,
    read: Action::HouseholdRead,
    search: None,
    table: &rows::HOUSEHOLD,
    id: "id",
    entry: None,
    kind: "household",
    area: "r.jurisdiction",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("jurisdiction", Operational),
        Field::plain("dwelling", Location),
        Field::plain("code", Operational),
        Field::plain("dissolved_at", Operational),
    ],
    filters: &[
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "assigned", kind: FilterKind::Assigned, group: None, search: false },
        Filter { name: "code", kind: FilterKind::Key("household"), group: Some(Operational), search: false },
        Filter { name: "dwelling", kind: FilterKind::Ids("dwelling"), group: Some(Location), search: false },
        Filter { name: "dissolved", kind: FilterKind::Present("dissolved_at"), group: None, search: false },
    ],
    sorts: &[],
    cover: Cover {
        own: &["r.id"],
        through: &[
            (
                "r.id",
                "SELECT household FROM person WHERE stream IN (SELECT stream FROM stream_head) AND id IN \
                 (SELECT person_id FROM case_record WHERE stream IN (SELECT stream FROM stream_head) AND id IN ({work}))",
            ),
            (
                "r.id",
                "SELECT household FROM person WHERE stream IN (SELECT stream FROM stream_head) AND id IN \
                 (SELECT person_id FROM contact WHERE stream IN (SELECT stream FROM stream_head) AND id IN ({work}))",
            ),
        ],
    },
    judged_on: &[],
    children: &[],
};
