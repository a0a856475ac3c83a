//! Places. The address of a dwelling is somebody's address, so addresses and coordinates go with `location`.

use super::{
    view::{Cover, Field, Filter, FilterKind, View},
    words::written,
};
use crate::rows;
use domain::{
    access::{
        Action,
        FieldGroup::{Location, Operational},
        Noun,
    },
    noun::place::PlaceKind,
};

/// Places.
pub static PLACE: View = View {
    noun: Noun::Place,
    list: Action::PlaceList,
    read: Action::PlaceRead,
    search: None,
    table: &rows::PLACE,
    id: "id",
    entry: None,
    kind: "place",
    area: "r.jurisdiction",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("kind", Operational),
        Field::plain("jurisdiction", Operational),
        Field::plain("inside", Operational),
        Field::plain("code", Operational),
        Field::json("names", Operational),
        Field::plain("building", Location),
        Field::plain("address", Location),
        Field::plain("latitude_microdegrees", Location),
        Field::plain("longitude_microdegrees", Location),
        Field::plain("held_on", Operational),
        Field::plain("held_day", Operational),
        Field::plain("service_number", Operational),
        Field::plain("beds", Operational),
        Field::plain("opened_on", Operational),
        Field::plain("closed_on", Operational),
        Field::plain("closed_at", Operational),
    ],
    filters: &[
        Filter { name: "kind", kind: FilterKind::Word("kind", written::<PlaceKind>), group: None, search: false },
        Filter { name: "inside", kind: FilterKind::Ids("inside"), group: None, search: false },
        Filter { name: "name", kind: FilterKind::Key("place"), group: Some(Operational), search: false },
        Filter { name: "closed", kind: FilterKind::Present("closed_at"), group: None, search: false },
        Filter { name: "held", kind: FilterKind::Days("held_day"), group: Some(Operational), search: false },
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
    ],
    sorts: &[],
    cover: Cover { own: &["r.id", "r.inside"], through: &[] },
    judged_on: &[],
    children: &[],
};
