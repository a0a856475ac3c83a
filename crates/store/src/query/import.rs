//! Imports: what came of each file. The file's name may hold what people are, so it goes with free text.

use super::{
    view::{Cover, Field, Filter, FilterKind, View},
    words::kinds,
};
use crate::rows;
use domain::access::{
    Action,
    FieldGroup::{FreeText, Operational},
    Noun,
};

/// Imports.
pub static IMPORT: View = View {
    noun: Noun::Import,
    list: Action::ImportList,
    read: Action::ImportRead,
    search: None,
    table: &rows::IMPORT,
    id: "id",
    entry: None,
    kind: "import",
    area: "r.jurisdiction",
    hidden: None,
    subject: None,
    fields: &[
        Field::plain("jurisdiction", Operational),
        Field::plain("as_noun", Operational),
        Field::plain("file_name", FreeText),
        Field::plain("file_blake3", Operational),
        Field::plain("mapping_blake3", Operational),
        Field::plain("rows_expected", Operational),
        Field::plain("rows_done", Operational),
        Field::plain("created", Operational),
        Field::plain("updated", Operational),
        Field::plain("unchanged", Operational),
        Field::plain("duplicate", Operational),
        Field::plain("conflict", Operational),
        Field::plain("waiting", Operational),
        Field::plain("refused", Operational),
        Field::plain("started_at", Operational),
        Field::plain("started_by", Operational),
        Field::plain("completed_at", Operational),
    ],
    filters: &[
        Filter { name: "jurisdiction", kind: FilterKind::Subtree("jurisdiction"), group: None, search: false },
        Filter { name: "as", kind: FilterKind::Word("as_noun", kinds), group: None, search: false },
        Filter { name: "completed", kind: FilterKind::Present("completed_at"), group: None, search: false },
    ],
    sorts: &[],
    cover: Cover { own: &["r.id"], through: &[] },
    judged_on: &[],
    children: &[],
};
