//! One SQL text for both engines: `$n` parameters, and `{n}` for a list of values bound as parameter n.

use super::{DbError, Engine, Tx};
use crate::{
    table::{Column, Table},
    value::{ColumnType, Mistyped, Row, Value},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use sqlx::{AssertSqlSafe, Column as _, Row as _, TypeInfo as _, ValueRef as _, postgres::PgRow, sqlite::SqliteRow};
use std::{collections::BTreeSet, fmt::Write as _};
use uuid::Uuid;

/// A statement's text. Texts are constants of this crate; values are always bound.
pub type Sql = &'static str;

/// Most values of a list bound to one SQLite statement.
const LIST: usize = 512;

/// Hexadecimal digits of a UUID.
const UUID_HEX: usize = 32;

/// What a parameter is bound to.
#[derive(Clone, Debug)]
pub enum Arg {
    /// One value.
    One(Value),
    /// A list for `IN {n}`; must be the last argument.
    Uuids(Vec<Uuid>),
    /// A list for `IN {n}`; must be the last argument.
    Ints(Vec<i64>),
}

impl<T: Into<Value>> From<T> for Arg {
    fn from(value: T) -> Self {
        Self::One(value.into())
    }
}

/// A row as it was found, whatever it holds: SQLite keeps a value of any type in any column, and whoever has the file
/// may put one there.
pub(crate) struct Found {
    /// The values; `Null` in place of one that is not of its column's type.
    pub row: Row,
    /// The first column that holds no value of its type.
    pub misfit: Option<&'static str>,
}

impl Found {
    /// A row that was read under its declared types.
    pub fn sound(row: Row) -> Self {
        Self { row, misfit: None }
    }
}

impl Tx {
    /// Rows of a statement that selects every column of a table, as they are found. The arguments are single values.
    pub(crate) fn found(
        &mut self,
        sql: String,
        args: Vec<Arg>,
        table: &'static Table,
    ) -> BoxStream<'_, Result<Found, DbError>> {
        match self {
            Self::Sqlite(tx) => {
                let query = bind_sqlite(sqlx::query(AssertSqlSafe(sql)), args);
                query.fetch(&mut **tx).map(move |row| Ok(found_sqlite(&row?, table))).boxed()
            }
            Self::Postgres(tx) => {
                let types = table.types();
                let query = bind_postgres(sqlx::query(AssertSqlSafe(sql)), args);
                // PostgreSQL keeps its columns' types itself.
                query.fetch(&mut **tx).map(move |row| Ok(Found::sound(read_postgres(&row?, &types)?))).boxed()
            }
        }
    }

    /// Runs a statement and returns its rows, typed as told.
    pub async fn rows(&mut self, sql: &str, args: &[Arg], types: &[ColumnType]) -> Result<Vec<Row>, DbError> {
        let mut rows = Vec::new();
        self.each(sql, args, types, |row| rows.push(row)).await?;
        Ok(rows)
    }

    /// The first row, if there is one.
    pub async fn row(&mut self, sql: &str, args: &[Arg], types: &[ColumnType]) -> Result<Option<Row>, DbError> {
        Ok(self.rows(sql, args, types).await?.into_iter().next())
    }

    /// The ids that a statement selects, each once; it selects nothing else. On SQLite they come as one value: a row of its
    /// own for each id would wake the reader as often.
    pub async fn ids(&mut self, sql: &str, args: &[Arg]) -> Result<BTreeSet<Uuid>, DbError> {
        let mut ids = BTreeSet::new();
        match self.engine() {
            Engine::Sqlite => {
                let sql = format!("WITH found(id) AS ({sql}) SELECT group_concat(hex(id), '') FROM found");
                for row in self.rows(&sql, args, &[ColumnType::Text]).await? {
                    let all = row[0].opt_text().unwrap_or_default().as_bytes();
                    for id in all.chunks(UUID_HEX) {
                        ids.insert(Uuid::try_parse_ascii(id).map_err(|_| Mistyped("a UUID"))?);
                    }
                }
            }
            Engine::Postgres => {
                for row in self.rows(sql, args, &[ColumnType::Uuid]).await? {
                    ids.insert(row[0].uuid()?);
                }
            }
        }
        Ok(ids)
    }

    /// Streams the rows of a statement through `take`.
    pub async fn each(
        &mut self,
        sql: &str,
        args: &[Arg],
        types: &[ColumnType],
        mut take: impl FnMut(Row),
    ) -> Result<(), DbError> {
        for (sql, args) in expand(self.engine(), sql, args) {
            match self {
                Self::Sqlite(tx) => {
                    let query = bind_sqlite(sqlx::query(AssertSqlSafe(sql)), args);
                    let mut stream = query.fetch(&mut **tx);
                    while let Some(row) = stream.try_next().await? {
                        take(read_sqlite(&row, types)?);
                    }
                }
                Self::Postgres(tx) => {
                    let query = bind_postgres(sqlx::query(AssertSqlSafe(sql)), args);
                    let mut stream = query.fetch(&mut **tx);
                    while let Some(row) = stream.try_next().await? {
                        take(read_postgres(&row, types)?);
                    }
                }
            }
        }
        Ok(())
    }

    /// Runs a statement; the number of rows it changed.
    pub async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64, DbError> {
        let mut changed = 0;
        for (sql, args) in expand(self.engine(), sql, args) {
            changed += match self {
                Self::Sqlite(tx) => {
                    bind_sqlite(sqlx::query(AssertSqlSafe(sql)), args).execute(&mut **tx).await?.rows_affected()
                }
                Self::Postgres(tx) => {
                    bind_postgres(sqlx::query(AssertSqlSafe(sql)), args).execute(&mut **tx).await?.rows_affected()
                }
            };
        }
        Ok(changed)
    }
}

/// Writes out list parameters. SQLite gets one parameter per value, in statements of a few fixed lengths (the last
/// value repeated to fill), so that few texts are prepared; PostgreSQL gets one array.
fn expand(engine: Engine, sql: &str, args: &[Arg]) -> Vec<(String, Vec<Arg>)> {
    let Some((last, before)) = args.split_last() else { return vec![(sql.to_owned(), Vec::new())] };
    let n = args.len();
    let marker = format!("IN {{{n}}}");
    let values: Vec<Value> = match last {
        Arg::One(_) => return vec![(sql.to_owned(), args.to_vec())],
        Arg::Uuids(ids) => ids.iter().map(|id| Value::Uuid(*id)).collect(),
        Arg::Ints(ids) => ids.iter().map(|id| Value::Int(*id)).collect(),
    };
    if values.is_empty() {
        return Vec::new();
    }
    if engine == Engine::Postgres {
        return vec![(sql.replace(&marker, &format!("= ANY(${n})")), args.to_vec())];
    }
    let bare = bare(sql, n);
    values
        .chunks(LIST)
        .map(|chunk| {
            let length = chunk.len().next_power_of_two();
            let mut list = String::from("IN (");
            for place in 0..length {
                let comma = if place == 0 { "" } else { "," };
                // Writing into a String cannot fail.
                let _ = match bare {
                    Some(_) => write!(list, "{comma}?"),
                    None => write!(list, "{comma}${}", n + place),
                };
            }
            list.push(')');
            let mut bound = before.to_vec();
            bound.extend((0..length).map(|place| Arg::One(chunk[place.min(chunk.len() - 1)].clone())));
            (bare.as_deref().unwrap_or(sql).replace(&marker, &list), bound)
        })
        .collect()
}

/// The text with plain `?` for its parameters, where each stands once, in order, and before the list. SQLite looks a
/// parameter's name up among all others when it is bound: of a list of hundreds that takes longer than the look-up.
fn bare(sql: &str, list: usize) -> Option<String> {
    let (before, rest) = sql.split_once(&format!("{{{list}}}"))?;
    if rest.contains('$') {
        return None;
    }
    let mut parts = before.split('$');
    let mut text = parts.next()?.to_owned();
    let mut expected = 1;
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|symbol: char| symbol.is_ascii_digit()).len();
        if part[..digits].parse() != Ok(expected) {
            return None;
        }
        expected += 1;
        text.push('?');
        text.push_str(&part[digits..]);
    }
    (expected == list).then(|| format!("{text}{{{list}}}{rest}"))
}

type SqliteQuery<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;
type PostgresQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bind_sqlite(mut query: SqliteQuery<'_>, args: Vec<Arg>) -> SqliteQuery<'_> {
    for arg in args {
        query = match arg {
            Arg::One(value) => bind_one_sqlite(query, value),
            // Lists were written out by `expand`.
            Arg::Uuids(_) | Arg::Ints(_) => query,
        };
    }
    query
}

fn bind_one_sqlite(query: SqliteQuery<'_>, value: Value) -> SqliteQuery<'_> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Uuid(value) => query.bind(value),
    }
}

fn bind_postgres(mut query: PostgresQuery<'_>, args: Vec<Arg>) -> PostgresQuery<'_> {
    for arg in args {
        query = match arg {
            Arg::One(Value::Null) => query.bind(None::<i64>),
            Arg::One(Value::Int(value)) => query.bind(value),
            Arg::One(Value::Text(value)) => query.bind(value),
            Arg::One(Value::Bytes(value)) => query.bind(value),
            Arg::One(Value::Uuid(value)) => query.bind(value),
            Arg::Uuids(values) => query.bind(values),
            Arg::Ints(values) => query.bind(values),
        };
    }
    query
}

fn read_sqlite(row: &SqliteRow, types: &[ColumnType]) -> Result<Row, DbError> {
    types
        .iter()
        .enumerate()
        .map(|(n, ty)| {
            Ok(match ty {
                ColumnType::Int => Value::or_null(row.try_get::<Option<i64>, _>(n)?),
                ColumnType::Text => Value::or_null(row.try_get::<Option<String>, _>(n)?),
                ColumnType::Bytes => Value::or_null(row.try_get::<Option<Vec<u8>>, _>(n)?),
                ColumnType::Uuid => Value::or_null(row.try_get::<Option<Uuid>, _>(n)?),
            })
        })
        .collect()
}

fn found_sqlite(row: &SqliteRow, table: &'static Table) -> Found {
    let mut found = Found { row: Vec::with_capacity(table.columns.len()), misfit: None };
    for (n, column) in table.columns.iter().enumerate() {
        let value = strictly_sqlite(row, n, column);
        if value.is_none() {
            found.misfit = found.misfit.or(Some(column.name));
        }
        found.row.push(value.unwrap_or(Value::Null));
    }
    found
}

/// A value, if it is of its column's type; the driver alone would take text for bytes.
fn strictly_sqlite(row: &SqliteRow, n: usize, column: &Column) -> Option<Value> {
    let raw = row.try_get_raw(n).ok()?;
    if raw.is_null() {
        return column.nullable.then_some(Value::Null);
    }
    let is = |name: &str| raw.type_info().name() == name;
    match column.ty {
        ColumnType::Int if is("INTEGER") => row.try_get::<i64, _>(n).ok().map(Value::Int),
        ColumnType::Text if is("TEXT") => row.try_get::<String, _>(n).ok().map(Value::Text),
        ColumnType::Bytes if is("BLOB") => row.try_get::<Vec<u8>, _>(n).ok().map(Value::Bytes),
        ColumnType::Uuid if is("BLOB") => row.try_get::<Uuid, _>(n).ok().map(Value::Uuid),
        _ => None,
    }
}

fn read_postgres(row: &PgRow, types: &[ColumnType]) -> Result<Row, DbError> {
    types
        .iter()
        .enumerate()
        .map(|(n, ty)| {
            Ok(match ty {
                ColumnType::Int => match row.column(n).type_info().to_string().as_str() {
                    "INT4" => Value::or_null(row.try_get::<Option<i32>, _>(n)?.map(i64::from)),
                    _ => Value::or_null(row.try_get::<Option<i64>, _>(n)?),
                },
                ColumnType::Text => Value::or_null(row.try_get::<Option<String>, _>(n)?),
                ColumnType::Bytes => Value::or_null(row.try_get::<Option<Vec<u8>>, _>(n)?),
                ColumnType::Uuid => Value::or_null(row.try_get::<Option<Uuid>, _>(n)?),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parameters_in_order_lose_their_names() {
        assert_eq!(bare("a = $1 AND b IN {2}", 2).as_deref(), Some("a = ? AND b IN {2}"));
        assert_eq!(bare("b IN {1}", 1).as_deref(), Some("b IN {1}"));
        assert_eq!(bare("a = $2 AND c = $1 AND b IN {3}", 3), None);
        assert_eq!(bare("a = $1 AND c = $1 AND b IN {2}", 2), None);
        assert_eq!(bare("b IN {2} AND a = $1", 2), None);
    }
}
