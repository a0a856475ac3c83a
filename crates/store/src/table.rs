//! Tables as data. Every table of the database is declared once; schema, bulk statements, the state hash and
//! `verify` are made from the declaration.

use crate::value::ColumnType;

/// How a table comes to be (DESIGN §3, ADR 6). `verify` fails on a table of no kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableKind {
    /// Made by `apply` alone; replay of the journal gives it back.
    Replayed,
    /// Computed from replayed tables; recounted.
    Derived,
    /// The journal itself and what runs the server: accounts, sessions, outcomes, access log.
    Operational,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: ColumnType,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: TableKind,
    /// Columns; the first `key` of them are the primary key.
    pub columns: &'static [Column],
    /// Number of key columns.
    pub key: usize,
    /// Further indexes: each a list of columns.
    pub indexes: &'static [&'static [&'static str]],
}

impl Table {
    /// Position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Types of all columns, for reading rows back.
    pub fn types(&self) -> Vec<ColumnType> {
        self.columns.iter().map(|column| column.ty).collect()
    }

    /// Names of all columns, for SELECT lists.
    pub fn column_list(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }
}

/// Declares a table: `table!(PERSON "person" Replayed 2 [["stream", "full_name"]] { stream Int, id Uuid, name Text opt, … })`.
/// The number is that of the key columns, which come first; `opt` marks a column that may be NULL.
#[macro_export]
macro_rules! table {
    ($(#[$doc:meta])* $NAME:ident $name:literal $kind:ident $key:literal [$($index:expr),* $(,)?] {
        $($column:ident $ty:ident $($null:ident)?),* $(,)?
    }) => {
        $(#[$doc])*
        pub static $NAME: $crate::table::Table = $crate::table::Table {
            name: $name,
            kind: $crate::table::TableKind::$kind,
            columns: &[$($crate::table::Column {
                name: stringify!($column),
                ty: $crate::value::ColumnType::$ty,
                nullable: $crate::table!(@null $($null)?),
            }),*],
            key: $key,
            indexes: &[$(&$index),*],
        };
    };
    (@null opt) => { true };
    (@null) => { false };
}
