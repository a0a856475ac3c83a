//! Teams, with the terms of their members and areas.

use super::view::{Child, Cover, Field, Filter, FilterKind, View};
use crate::rows;
use domain::access::{Action, FieldGroup::Operational, Noun};

/// Teams.
pub static TEAM: View = View {
    noun: Noun::Team,
    list: Action::TeamList,
    read: Action::TeamRead,
    search: None,
    table: &rows::TEAM,
    id: "id",
    entry: None,
    kind: "team",
    area: "r.jurisdiction",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("jurisdiction", Operational),
        Field::plain("name", Operational),
        Field::plain("disbanded_at", Operational),
    ],
    filters: &[
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "disbanded", kind: FilterKind::Present("disbanded_at"), group: None, search: false },
    ],
    sorts: &[],
    cover: Cover { own: &["r.id"], through: &[] },
    judged_on: &[],
    children: &[
        Child {
            name: "members",
            table: &rows::TEAM_MEMBER,
            of: "team",
            fields: &[
                Field::plain("account", Operational),
                Field::plain("valid_from", Operational),
                Field::plain("valid_to", Operational),
                Field::plain("recorded_at", Operational),
                Field::plain("end_recorded_at", Operational),
            ],
            two_times: false,
            read: None,
            order: "n",
        },
        Child {
            name: "areas",
            table: &rows::TEAM_AREA,
            of: "team",
            fields: &[
                Field::plain("jurisdiction", Operational),
                Field::plain("valid_from", Operational),
                Field::plain("valid_to", Operational),
                Field::plain("recorded_at", Operational),
                Field::plain("end_recorded_at", Operational),
            ],
            two_times: false,
            read: None,
            order: "n",
        },
    ],
};
