//! What a file of this folder declares of its noun.

use crate::table::Table;
use domain::access::{Action, FieldGroup, Noun};

/// How a column's value is written in an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// As it is: number, text, id.
    Plain,
    /// JSON text, as the value it holds.
    Json,
    /// 0 and 1, as false and true.
    Flag,
}

/// One field of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name, which is its column's.
    pub name: &'static str,
    /// The group it is shown and withheld with.
    pub group: FieldGroup,
    /// How it is written.
    pub form: Form,
    /// For a field that can be asked for as of an instant: SQL of what was recorded by then, with `{as_of}` for it.
    pub as_of: Option<&'static str>,
}

impl Field {
    /// A field written as it is.
    pub const fn plain(name: &'static str, group: FieldGroup) -> Self {
        Self { name, group, form: Form::Plain, as_of: None }
    }

    /// A field that holds JSON.
    pub const fn json(name: &'static str, group: FieldGroup) -> Self {
        Self { name, group, form: Form::Json, as_of: None }
    }

    /// A field of true and false.
    pub const fn flag(name: &'static str, group: FieldGroup) -> Self {
        Self { name, group, form: Form::Flag, as_of: None }
    }

    /// What was recorded of it by an instant is known.
    pub const fn recorded(mut self, sql: &'static str) -> Self {
        self.as_of = Some(sql);
        self
    }
}

/// How a parameter narrows a list.
#[derive(Clone, Copy, Debug)]
pub enum FilterKind {
    /// One of the values given, separated by commas.
    OneOf(&'static str),
    /// The same of an enumeration: the column, and the words that it takes.
    Word(&'static str, fn() -> Vec<&'static str>),
    /// One of the ids given, separated by commas.
    Ids(&'static str),
    /// A day or later (`NAME_from`), a day or earlier (`NAME_to`); columns of days.
    Days(&'static str),
    /// The area or any part of it.
    Subtree(&'static str),
    /// `me`: assigned to the actor, alone or by a team, by any task.
    Assigned,
    /// The folded beginning of a name: the folded column where there is one, and the name as written.
    NamePrefix(&'static str, &'static str),
    /// `KIND:NUMBER` exactly, found by its match key of this scheme.
    Identifier(&'static str),
    /// A whole value, folded as the match key of this scheme is: a name or code of a place or household.
    Key(&'static str),
    /// `yes` or `no`: whether the column holds something.
    Present(&'static str),
}

/// One parameter of a list.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Its name in a request.
    pub name: &'static str,
    /// What it does.
    pub kind: FilterKind,
    /// The group of the field it looks at: it is answered only of rows that show it. None: work and place, which the
    /// reader of a row knows.
    pub group: Option<FieldGroup>,
    /// Whether it searches for somebody, which takes the noun's right to search.
    pub search: bool,
}

/// One order of a list.
#[derive(Clone, Copy, Debug)]
pub struct Sort {
    /// Its name in a request.
    pub name: &'static str,
    /// The column ordered by; rows without a value come first.
    pub column: &'static str,
    /// The group of that column.
    pub group: FieldGroup,
    /// Latest first.
    pub descending: bool,
    /// A filter that must be given with one value, so that an index serves the order.
    pub with: &'static str,
}

/// Ids whose assignments cover a row (`Noun::covered_by` and `covered_through` of the domain, in SQL).
#[derive(Clone, Copy, Debug)]
pub struct Cover {
    /// Columns of the row, as `r.column`.
    pub own: &'static [&'static str],
    /// `(column, subselect)` with `{work}` for the ids of assigned work.
    pub through: &'static [(&'static str, &'static str)],
}

/// Rows that belong to a record and are sent with it alone.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// Its name in the record.
    pub name: &'static str,
    /// Its table: `stream`, the record's id, a number, and the rest.
    pub table: &'static Table,
    /// The column of the record's id.
    pub of: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// Whether `as_of` leaves out rows recorded later (`recorded_at`) or superseded before (`superseded_at`).
    pub two_times: bool,
    /// The action it is read as, where that is another than the record's.
    pub read: Option<Action>,
    /// Its rows are in this order.
    pub order: &'static str,
}

/// Another record whose scope decides on a row.
#[derive(Clone, Copy, Debug)]
pub struct JudgedOn {
    /// `SELECT 1 FROM … WHERE …` of it, to be narrowed by its scope.
    pub exists: &'static str,
    /// Its area.
    pub area: &'static str,
    /// Whose assignments cover it.
    pub cover: Cover,
}

/// A noun as queries see it.
#[derive(Debug)]
pub struct View {
    /// The noun.
    pub noun: Noun,
    /// What a list is asked as.
    pub list: Action,
    /// What a record is asked as.
    pub read: Action,
    /// What a list with a search is asked as; none: it cannot be searched.
    pub search: Option<Action>,
    /// The table, keyed by `stream`, the id, and maybe a number.
    pub table: &'static Table,
    /// The column of the record's id.
    pub id: &'static str,
    /// The column that numbers rows of one record, where a row is less than a record.
    pub entry: Option<&'static str>,
    /// The kind of aggregate that the id names, as the domain calls it.
    pub kind: &'static str,
    /// Its area, as `r.column` or SQL that gives it.
    pub area: &'static str,
    /// What is always left out of lists.
    pub hidden: Option<&'static str>,
    /// The column of the person it is about, who is named in the access log besides the record.
    pub subject: Option<&'static str>,
    /// Fields, in the order of answers. `id` and `version` are always shown.
    pub fields: &'static [Field],
    /// Parameters of lists.
    pub filters: &'static [Filter],
    /// Orders besides the default, which is that of making.
    pub sorts: &'static [Sort],
    /// Whose assignments cover it.
    pub cover: Cover,
    /// Records judged in place of it, all of which must allow (`Noun::judged_on` of the domain); empty: itself.
    pub judged_on: &'static [JudgedOn],
    /// Rows sent with a record.
    pub children: &'static [Child],
}

impl View {
    /// Names of all parameters that a list takes.
    pub fn parameters(&self) -> Vec<String> {
        let mut names = self.narrowing();
        names.extend((!self.sorts.is_empty()).then(|| "sort".to_owned()));
        names.extend(self.has_as_of().then(|| "as_of".to_owned()));
        names.extend(["after".to_owned(), "limit".to_owned()]);
        names
    }

    /// Names of those that narrow it.
    fn narrowing(&self) -> Vec<String> {
        let of = |filter: &Filter| match filter.kind {
            FilterKind::Days(_) => vec![format!("{}_from", filter.name), format!("{}_to", filter.name)],
            _ => vec![filter.name.to_owned()],
        };
        self.filters.iter().flat_map(of).collect()
    }

    /// The column of the area that a row is offered to, where the noun's rows are.
    pub fn offered(&self) -> Option<&'static str> {
        self.table.position("offered_jurisdiction").map(|_| "r.offered_jurisdiction")
    }

    /// Names of its orders.
    pub fn orders(&self) -> Vec<&'static str> {
        self.sorts.iter().map(|sort| sort.name).collect()
    }

    /// Whether lists and records may be asked for as of an instant.
    pub fn has_as_of(&self) -> bool {
        self.fields.iter().any(|field| field.as_of.is_some())
    }
}
