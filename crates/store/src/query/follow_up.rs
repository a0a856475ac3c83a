//! Entries of follow-up, each under its contact's id and a number. Who may read them is judged on the contact.

use super::{
    view::{Cover, Field, Filter, FilterKind, View},
    words::written,
};
use crate::rows;
use domain::{
    access::{
        Action,
        FieldGroup::{Clinical, FreeText, Operational},
        Noun,
    },
    noun::contact::Seen,
};

pub(super) const FIELDS: &[Field] = &[
    Field::plain("n", Operational),
    Field::plain("on_day", Operational),
    Field::plain("slot", Operational),
    Field::plain("mode", Operational),
    // Seen ill is a finding.
    Field::plain("state", Clinical),
    Field::plain("temperature_tenths", Clinical),
    Field::json("symptoms", Clinical),
    Field::plain("seen_by", Operational),
    Field::plain("note", FreeText),
    Field::plain("recorded_at", Operational),
    Field::plain("recorded_by", Operational),
    Field::plain("corrected_at", Operational),
];

/// Entries of follow-up.
pub static FOLLOW_UP: View = View {
    noun: Noun::FollowUp,
    list: Action::FollowUpList,
    read: Action::FollowUpRead,
    search: None,
    table: &rows::FOLLOW_UP,
    id: "contact_id",
    entry: Some("n"),
    kind: "contact",
    area: "(SELECT c.jurisdiction FROM contact c WHERE c.stream = r.stream AND c.id = r.contact_id)",
    hidden: None,
    subject: None,
    fields: FIELDS,
    filters: &[
        Filter { name: "contact", kind: FilterKind::Ids("contact_id"), group: None, search: false },
        Filter { name: "assigned", kind: FilterKind::Assigned, group: None, search: false },
        Filter { name: "on", kind: FilterKind::Days("on_day"), group: Some(Operational), search: false },
        Filter { name: "state", kind: FilterKind::Word("state", written::<Seen>), group: Some(Clinical), search: false },
    ],
    sorts: &[],
    cover: Cover {
        own: &["r.contact_id"],
        through: &[(
            "r.contact_id",
            "SELECT contact_id FROM contact_basis WHERE stream IN (SELECT stream FROM stream_head) \
             AND source_case IN ({work})",
        )],
    },
    judged_on: &[],
    children: &[],
};
