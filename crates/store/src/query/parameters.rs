//! What is asked of a list, and what can be wrong with it.

use super::view::{Filter, FilterKind, Sort, View};
use crate::engine::DbError;
use domain::{
    access::Decision,
    date::KnownDate,
    noun::{MatchKey, person::fold_name},
};
use uuid::Uuid;

/// A list asked for.
#[derive(Clone, Default, Debug)]
pub struct Ask {
    /// Parameters as they came: names of [`View::parameters`] and their values.
    pub filters: Vec<(String, String)>,
    /// The order; that of making if left out.
    pub sort: Option<String>,
    /// Where the last page ended.
    pub after: Option<String>,
    /// Most records of a page, 1–500; 50 if 0.
    pub limit: u32,
    /// As recorded by this instant, milliseconds UTC.
    pub as_of: Option<i64>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The access table says no, whichever record is meant.
    #[error("refused by {}", .0.rule)]
    Denied(Box<Decision>),
    /// A parameter that cannot be.
    #[error("{name}: {}", .remedy.en)]
    Parameter {
        /// Which.
        name: String,
        /// What to do.
        remedy: Remedy,
    },
}

/// What to do about a parameter, in both languages; never what was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remedy {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl From<crate::value::Mistyped> for QueryError {
    fn from(error: crate::value::Mistyped) -> Self {
        Self::Db(error.into())
    }
}

impl QueryError {
    pub(super) fn parameter(name: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Parameter { name: name.to_owned(), remedy: Remedy { zh: zh.into(), en: en.into() } }
    }
}

/// One parsed parameter.
#[derive(Clone, Debug)]
pub(super) enum Test {
    OneOf(&'static str, Vec<String>),
    Ids(&'static str, Vec<Uuid>),
    From(&'static str, String),
    To(&'static str, String),
    Subtree(&'static str, Uuid),
    Assigned,
    NamePrefix { folded: &'static str, written: &'static str, beginning: String, plain: String },
    Key(MatchKey),
    Present(&'static str, bool),
}

/// Most values of one parameter.
const MOST_VALUES: usize = 100;
/// Longest value, in characters.
const LONGEST: usize = 2_000;
/// Fewest folded letters of a name that a search begins with: one letter would list everybody. One for scripts of
/// whole words.
fn is_enough_of_a_name(folded: &str) -> bool {
    folded.chars().count() >= 2 || folded.chars().any(|letter| !letter.is_ascii())
}

/// The parsed parameters, each with its declaration.
pub(super) fn parse(view: &'static View, ask: &Ask) -> Result<Vec<(&'static Filter, Test)>, QueryError> {
    let mut tests: Vec<(&'static Filter, Test)> = Vec::new();
    for (name, value) in &ask.filters {
        let Some((filter, end)) = find(view, name) else {
            // Its name is not repeated: a value may have slipped into its place.
            let known = view.parameters().join(", ");
            return Err(QueryError::parameter(
                "",
                format!("有一个未知参数；可用参数：{known}。"),
                format!("A parameter is unknown; known are: {known}."),
            ));
        };
        if tests.iter().any(|(before, _)| before.name == filter.name && !matches!(filter.kind, FilterKind::Days(_))) {
            return Err(QueryError::parameter(
                name,
                "只写一次，多个值用英文逗号分隔。",
                "Give it once; several values are separated by commas.",
            ));
        }
        if value.chars().count() > LONGEST {
            return Err(QueryError::parameter(
                name,
                format!("至多 {LONGEST} 个字符。"),
                format!("At most {LONGEST} characters."),
            ));
        }
        tests.push((filter, test(filter, end, name, value)?));
    }
    Ok(tests)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    From,
    To,
    Neither,
}

fn find(view: &'static View, name: &str) -> Option<(&'static Filter, End)> {
    view.filters.iter().find_map(|filter| match filter.kind {
        FilterKind::Days(_) if name.strip_suffix("_from") == Some(filter.name) => Some((filter, End::From)),
        FilterKind::Days(_) if name.strip_suffix("_to") == Some(filter.name) => Some((filter, End::To)),
        FilterKind::Days(_) => None,
        _ => (name == filter.name).then_some((filter, End::Neither)),
    })
}

fn uuid(name: &str, text: &str) -> Result<Uuid, QueryError> {
    text.trim().parse().map_err(|_| {
        QueryError::parameter(
            name,
            "请填写编号（UUID），与记录所示一致。",
            "Give an id (a UUID), as records show it.",
        )
    })
}

fn one_of(column: &'static str, values: &[&str]) -> Test {
    Test::OneOf(column, values.iter().map(|&value| value.to_owned()).collect())
}

/// A word that there is not would be answered with nothing, as if nobody were one.
fn among(name: &str, values: &[&str], words: &[&str]) -> Result<(), QueryError> {
    if values.iter().all(|value| words.contains(value)) {
        return Ok(());
    }
    let (zh, en) = (words.join("、"), words.join(", "));
    Err(QueryError::parameter(name, format!("应为以下之一：{zh}。"), format!("One of: {en}.")))
}

fn test(filter: &Filter, end: End, name: &str, value: &str) -> Result<Test, QueryError> {
    let values: Vec<&str> = value.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
    if values.len() > MOST_VALUES {
        return Err(QueryError::parameter(
            name,
            format!("至多 {MOST_VALUES} 个值。"),
            format!("At most {MOST_VALUES} values."),
        ));
    }
    if values.is_empty() {
        return Err(QueryError::parameter(
            name,
            "请填写值，或去掉该参数。",
            "Give a value, or leave the parameter out.",
        ));
    }
    Ok(match filter.kind {
        FilterKind::OneOf(column) => one_of(column, &values),
        FilterKind::Word(column, words) => {
            among(name, &values, &words())?;
            one_of(column, &values)
        }
        FilterKind::Ids(column) => {
            Test::Ids(column, values.iter().map(|value| uuid(name, value)).collect::<Result<_, _>>()?)
        }
        FilterKind::Days(column) => {
            let day = KnownDate::parse(value.trim()).ok().and_then(KnownDate::earliest);
            let day = day
                .ok_or_else(|| {
                    QueryError::parameter(name, "请填写日期，形如 2022-03-11。", "Give a day as YYYY-MM-DD.")
                })?
                .to_string();
            if end == End::To { Test::To(column, day) } else { Test::From(column, day) }
        }
        FilterKind::Subtree(column) => Test::Subtree(column, uuid(name, value)?),
        FilterKind::Assigned if value == "me" => Test::Assigned,
        FilterKind::Assigned => {
            return Err(QueryError::parameter(name, "唯一可用的值是 me。", "The one value is `me`."));
        }
        FilterKind::NamePrefix(folded, written) => {
            let beginning = fold_name(value);
            if !is_enough_of_a_name(&beginning) {
                return Err(QueryError::parameter(
                    name,
                    "请至少填写姓名的两个字母或一个汉字。",
                    "Give at least two letters of the name.",
                ));
            }
            Test::NamePrefix { folded, written, beginning, plain: value.trim().to_owned() }
        }
        FilterKind::Identifier(scheme) => {
            let (kind, number) = value.split_once(':').ok_or_else(|| {
                QueryError::parameter(
                    name,
                    "请按 种类:号码 填写，如 national_id:350503…",
                    "Give KIND:NUMBER, as national_id:350503…",
                )
            })?;
            Test::Key(MatchKey::new(scheme, &[kind.trim(), &fold_name(number)]))
        }
        FilterKind::Key(scheme) => Test::Key(MatchKey::new(scheme, &[&value.trim().to_lowercase()])),
        FilterKind::Present(column) => match value {
            "yes" => Test::Present(column, true),
            "no" => Test::Present(column, false),
            _ => return Err(QueryError::parameter(name, "请填写 yes 或 no。", "Say yes or no.")),
        },
    })
}

/// The order asked for, if an index serves it with these filters.
pub(super) fn order(
    view: &'static View,
    ask: &Ask,
    tests: &[(&'static Filter, Test)],
) -> Result<Option<&'static Sort>, QueryError> {
    let Some(name) = &ask.sort else { return Ok(None) };
    let Some(sort) = view.sorts.iter().find(|sort| sort.name == name) else {
        let known = view.orders().join(", ");
        return Err(QueryError::parameter(
            "sort",
            format!("没有这种排序；可用：{known}。"),
            format!("There is no such order; known are: {known}."),
        ));
    };
    let single = |test: &Test| match test {
        Test::OneOf(_, values) => values.len() == 1,
        Test::Ids(_, ids) => ids.len() == 1,
        _ => true,
    };
    if !tests.iter().any(|(filter, test)| filter.name == sort.with && single(test)) {
        return Err(QueryError::parameter(
            "sort",
            format!("此排序须同时给出一个 {} 参数。", sort.with),
            format!("This order is for one {}: give it as a parameter.", sort.with),
        ));
    }
    Ok(Some(sort))
}

/// What was asked, without what may be personal: for the log.
pub(super) fn described(view: &'static View, ask: &Ask) -> String {
    let mut words = vec![format!("{} list", view.noun)];
    for (name, value) in &ask.filters {
        let personal = find(view, name).is_none_or(|(filter, _)| filter.search);
        words.push(if personal { format!("{name}=…") } else { format!("{name}={value}") });
    }
    if let Some(as_of) = ask.as_of {
        words.push(format!("as_of={as_of}"));
    }
    words.join(" ")
}

/// The whole question, whose keyed hash the log keeps.
pub(super) fn question(view: &'static View, ask: &Ask) -> String {
    format!("{} {:?} {:?} {:?} {:?} {}", view.noun, ask.filters, ask.sort, ask.after, ask.as_of, ask.limit)
}
