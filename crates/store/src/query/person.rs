//! People. A search by name or identifier is for who answers for an area; others list those assigned to them.

use super::{
    view::{Child, Cover, Field, Filter, FilterKind, View},
    words::{age_bands, written},
};
use crate::rows;
use domain::{
    access::{
        Action,
        FieldGroup::{Clinical, ContactDetails, Epidemiology, FreeText, Identity, Location, Operational, Statistics},
        Noun,
    },
    noun::person::Sex,
};

/// People.
pub static PERSON: View = View {
    noun: Noun::Person,
    list: Action::PersonList,
    read: Action::PersonRead,
    search: Some(Action::PersonSearch),
    table: &rows::PERSON,
    id: "id",
    entry: None,
    kind: "person",
    area: "r.jurisdiction",
    // A merged record is read by its id; lists show the one that was kept.
    hidden: Some("r.merged_into IS NULL"),
    subject: None,
    fields: &[
        Field::plain("jurisdiction", Operational),
        Field::plain("full_name", Identity),
        Field::plain("family_name", Identity),
        Field::plain("given_name", Identity),
        Field::plain("latin_name", Identity),
        Field::plain("sex", Statistics),
        Field::plain("birth_date", Identity),
        Field::plain("birth_day", Identity),
        Field::plain("age_years", Identity),
        Field::plain("age_band", Statistics),
        Field::json("identifiers", Identity),
        Field::json("phones", ContactDetails),
        Field::json("languages", ContactDetails),
        // Occupation and place together often name a person.
        Field::plain("occupation", Identity),
        Field::flag("health_worker", Epidemiology),
        Field::plain("died_on", Clinical),
        Field::plain("note", FreeText),
        Field::plain("household", Location),
        Field::plain("merged_into", Operational),
    ],
    filters: &[
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "assigned", kind: FilterKind::Assigned, group: None, search: false },
        Filter { name: "household", kind: FilterKind::Ids("household"), group: Some(Location), search: false },
        Filter { name: "age_band", kind: FilterKind::Word("age_band", age_bands), group: Some(Statistics), search: false },
        Filter { name: "sex", kind: FilterKind::Word("sex", written::<Sex>), group: Some(Statistics), search: false },
        Filter {
            name: "name",
            kind: FilterKind::NamePrefix("folded_name", "full_name"),
            group: Some(Identity),
            search: true,
        },
        Filter {
            name: "identifier",
            kind: FilterKind::Identifier("identifier"),
            group: Some(Identity),
            search: true,
        },
    ],
    sorts: &[],
    cover: Cover {
        own: &["r.id", "r.household"],
        through: &[
            (
                "r.id",
                "SELECT person_id FROM case_record WHERE stream IN (SELECT stream FROM stream_head) AND id IN ({work})",
            ),
            (
                "r.id",
                "SELECT person_id FROM contact WHERE stream IN (SELECT stream FROM stream_head) AND id IN ({work})",
            ),
        ],
    },
    judged_on: &[],
    children: &[Child {
        name: "addresses",
        table: &rows::PERSON_ADDRESS,
        of: "person_id",
        fields: &[
            Field::plain("valid_from", Location),
            Field::plain("valid_to", Location),
            Field::plain("recorded_at", Location),
            Field::plain("superseded_at", Location),
            Field::plain("jurisdiction", Location),
            Field::plain("place", Location),
            Field::plain("address", Location),
        ],
        two_times: true,
        read: None,
        order: "n",
    }],
};
