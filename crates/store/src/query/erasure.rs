//! Erasure files: requests to erase a person's values. A file is listed by its first request; a file of holds alone is
//! read by its person's holds and not listed.

use super::view::{Child, Cover, Field, Filter, FilterKind, View};
use crate::rows;
use domain::access::{
    Action,
    FieldGroup::{FreeText, Identity, Operational},
    Noun,
};

const REQUEST: &[Field] = &[
    Field::plain("n", Operational),
    Field::json("classes", Operational),
    Field::plain("ground", Operational),
    Field::plain("note", FreeText),
    Field::plain("requested_by", Operational),
    Field::plain("requested_at", Operational),
    Field::plain("ending", Operational),
    Field::plain("ended_by", Operational),
    Field::plain("ended_at", Operational),
];

/// Erasure files.
pub static ERASURE: View = View {
    noun: Noun::Erasure,
    list: Action::ErasureList,
    read: Action::ErasureRead,
    search: None,
    table: &rows::ERASURE_REQUEST,
    id: "erasure",
    entry: None,
    kind: "erasure",
    area: "r.jurisdiction",
    hidden: Some("r.n = 0"),
    subject: Some("person_id"),
    fields: &[Field::plain("person_id", Identity), Field::plain("jurisdiction", Operational)],
    filters: &[
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "person", kind: FilterKind::Ids("person_id"), group: Some(Identity), search: false },
    ],
    sorts: &[],
    cover: Cover { own: &["r.erasure"], through: &[] },
    judged_on: &[],
    children: &[
        Child {
            name: "requests",
            table: &rows::ERASURE_REQUEST,
            of: "erasure",
            fields: REQUEST,
            two_times: false,
            read: None,
            order: "n",
        },
        Child {
            name: "holds",
            table: &rows::ERASURE_HOLD,
            of: "erasure",
            fields: &[
                Field::plain("n", Operational),
                Field::plain("ground", Operational),
                Field::plain("placed_by", Operational),
                Field::plain("placed_at", Operational),
                Field::plain("lifted_by", Operational),
                Field::plain("lifted_at", Operational),
            ],
            two_times: false,
            read: None,
            order: "n",
        },
    ],
};
