//! Samples. Laboratory and courier know a token, never a name: the person's id is of the group `identity`.

use super::view::{Child, Cover, Field, Filter, FilterKind, Sort, View};
use crate::rows;
use domain::access::{
    Action,
    FieldGroup::{Clinical, FreeText, Identity, Operational},
    Noun,
};

/// Samples.
pub static SAMPLE: View = View {
    noun: Noun::Sample,
    list: Action::SampleList,
    read: Action::SampleRead,
    search: None,
    table: &rows::SAMPLE,
    id: "id",
    entry: None,
    kind: "sample",
    area: "r.jurisdiction",
    hidden: None,
    subject: Some("person_id"),
    fields: &[
        Field::plain("person_id", Identity),
        // That the person has a case is a diagnosis; by the case one finds the person.
        Field::plain("case_id", Identity),
        Field::plain("outbreak", Operational),
        Field::plain("jurisdiction", Operational),
        Field::plain("sampled_on", Operational),
        Field::plain("sampled_day", Operational),
        Field::plain("sampled_at", Operational),
        Field::plain("specimen", Operational),
        Field::json("identifiers", Operational),
        Field::plain("note", FreeText),
        Field::flag("positive", Clinical),
        Field::plain("entered_in_error_at", Operational),
    ],
    filters: &[
        Filter { name: "outbreak", kind: FilterKind::Ids("outbreak"), group: None, search: false },
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "assigned", kind: FilterKind::Assigned, group: None, search: false },
        Filter { name: "person", kind: FilterKind::Ids("person_id"), group: Some(Identity), search: false },
        Filter { name: "case", kind: FilterKind::Ids("case_id"), group: Some(Identity), search: false },
        Filter { name: "sampled", kind: FilterKind::Days("sampled_day"), group: Some(Operational), search: false },
        Filter { name: "identifier", kind: FilterKind::Identifier("sample"), group: Some(Operational), search: true },
    ],
    sorts: &[Sort {
        name: "sampled",
        column: "sampled_day",
        group: Operational,
        descending: false,
        with: "outbreak",
    }],
    cover: Cover { own: &["r.id", "r.case_id", "r.person_id"], through: &[] },
    judged_on: &[],
    children: &[Child {
        name: "results",
        table: &rows::SAMPLE_RESULT,
        of: "sample_id",
        fields: &[
            Field::plain("test", Clinical),
            Field::plain("result", Clinical),
            Field::json("tested", Clinical),
            Field::json("reported", Clinical),
            Field::plain("laboratory", Operational),
            Field::plain("laboratory_name", Operational),
            Field::flag("verified", Clinical),
            Field::plain("recorded_at", Operational),
            Field::plain("recorded_by", Operational),
            Field::plain("corrected_at", Operational),
        ],
        two_times: false,
        read: None,
        order: "n",
    }],
};
