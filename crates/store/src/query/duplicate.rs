//! Pairs of suspected duplicates. Both people must be within reach, and only what both show is shown.

use super::{
    view::{Cover, Field, Filter, FilterKind, JudgedOn, View},
    words::standings,
};
use crate::rows;
use domain::access::{
    Action,
    FieldGroup::{Identity, Operational},
    Noun,
};

const OF_A_PERSON: Cover = Cover { own: &["p.id", "p.household"], through: &[] };

/// Pairs of suspected duplicates.
pub static DUPLICATE: View = View {
    noun: Noun::Duplicate,
    list: Action::DuplicateList,
    read: Action::DuplicateRead,
    search: None,
    table: &rows::DUPLICATE,
    id: "id",
    entry: None,
    kind: "duplicate",
    area: "NULL",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("left_person", Identity),
        Field::plain("right_person", Identity),
        Field::plain("standing", Operational),
        Field::plain("score_thousandths", Operational),
        Field::json("likeness", Identity),
        Field::plain("suspected_at", Operational),
        Field::plain("kept", Identity),
        Field::plain("merged_by", Operational),
        Field::plain("merged_at", Operational),
        Field::plain("dismissed_by", Operational),
        Field::plain("dismissed_at", Operational),
    ],
    filters: &[Filter {
        name: "standing",
        kind: FilterKind::Word("standing", standings),
        group: Some(Operational),
        search: false,
    }],
    sorts: &[],
    cover: Cover { own: &[], through: &[] },
    judged_on: &[
        JudgedOn {
            exists: "SELECT 1 FROM person p WHERE p.stream IN (SELECT stream FROM stream_head) AND p.id = r.left_person",
            area: "p.jurisdiction",
            cover: OF_A_PERSON,
        },
        JudgedOn {
            exists: "SELECT 1 FROM person p WHERE p.stream IN (SELECT stream FROM stream_head) AND p.id = r.right_person",
            area: "p.jurisdiction",
            cover: OF_A_PERSON,
        },
    ],
    children: &[],
};
