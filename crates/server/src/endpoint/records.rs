//! `GET /api/v1/{noun}s` and `GET /api/v1/{noun}s/{id}`, for every noun that the store has a view of. A new noun is a
//! view there and nothing here: routes and their description are made from the view.

use super::Id;
use crate::{
    app::App,
    caller::Caller,
    language::Language,
    problem::Problem,
    query::{self, Query},
    said::Said,
};
use axum::{Json, extract::State, http::Uri, routing::get};
use domain::access::Action;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::query::{Ask, FilterKind, Record, VIEWS, View};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        KnownFormat, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder, ResponsesBuilder, Schema, SchemaFormat,
        Type,
        content::ContentBuilder,
        extensions::ExtensionsBuilder,
        path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths},
    },
};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

/// This group's routes: two for each view.
pub fn routes() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::new();
    for view in VIEWS.iter().copied() {
        let list_path = format!("/api/v1/{}s", view.noun.name());
        let one_path = format!("{list_path}/{{id}}");
        let list_route = get(move |State(app): State<App>, caller: Caller, language: Language, uri: Uri| {
            list(app, view, caller, language, uri)
        });
        let one_route =
            get(move |State(app): State<App>, caller: Caller, language: Language, id: Id, query: Query<AsOf>| {
                one(app, view, caller, language, id, query)
            });
        let mut paths = Paths::new();
        paths.paths.insert(list_path, PathItem::new(HttpMethod::Get, list_operation(view)));
        router = router.routes((schemas(), paths, list_route));
        let mut paths = Paths::new();
        paths.paths.insert(one_path, PathItem::new(HttpMethod::Get, one_operation(view)));
        router = router.routes((Vec::new(), paths, one_route));
    }
    router
}

/// A record with the fields that its reader may see. A field withheld and one that says nothing look alike.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Record)]
pub struct RecordBody {
    id: Uuid,
    noun: &'static str,
    /// How many events made it.
    version: i64,
    /// Its fields, those without a value left out.
    #[schema(value_type = Object)]
    fields: BTreeMap<&'static str, serde_json::Value>,
    /// Groups of fields that this reader is shown.
    shown: Vec<&'static str>,
    /// What this reader may do with it, and why not the rest.
    actions: Vec<OfferBody>,
}

/// An action on a record.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Offer)]
pub struct OfferBody {
    action: &'static str,
    allowed: bool,
    /// The rule that allows or refuses.
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

impl RecordBody {
    /// The record in a language.
    pub fn of(record: Record, language: Language) -> Self {
        let told = |text: domain::access::Text| language.pick(text.zh, text.en);
        Self {
            id: record.id,
            noun: record.noun.name(),
            version: record.version,
            fields: record.fields,
            shown: record.shown.iter().map(|group| group.name()).collect(),
            actions: record
                .actions
                .into_iter()
                .map(|offer| OfferBody {
                    action: offer.action.name(),
                    allowed: offer.allowed,
                    rule: offer.rule,
                    reason: offer.reason.map(told),
                    remedy: offer.remedy.map(told),
                })
                .collect(),
        }
    }
}

/// A page of records.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Records)]
pub struct PageBody {
    records: Vec<RecordBody>,
    /// Mark of the next page, for `after`; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// As of when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    #[serde(default)]
    as_of: Option<i64>,
}

async fn list(
    app: App,
    view: &'static View,
    caller: Caller,
    language: Language,
    uri: Uri,
) -> Result<Json<PageBody>, Problem> {
    let ask = asked(view, &uri)?;
    caller.may_carry(action_of(view, &ask))?;
    let found = app.store.list(&caller.rights, view, &ask).await?;
    let page = app.log.release(found.in_session(caller.session_id())).await?;
    let records = page.records.into_iter().map(|record| RecordBody::of(record, language)).collect();
    Ok(Json(PageBody { records, next: page.next }))
}

async fn one(
    app: App,
    view: &'static View,
    caller: Caller,
    language: Language,
    id: Id,
    Query(asked): Query<AsOf>,
) -> Result<Json<RecordBody>, Problem> {
    caller.may_carry(view.read)?;
    let found = app.store.record(&caller.rights, view, id.0, asked.as_of).await?;
    let record = app.log.release(found.in_session(caller.session_id())).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(RecordBody::of(record, language)))
}

/// What a list with these parameters is asked as: a search is more than a list.
fn action_of(view: &View, ask: &Ask) -> Action {
    let searches = |name: &str| view.filters.iter().any(|filter| filter.search && filter.name == name);
    let search = view.search.filter(|_| ask.filters.iter().any(|(name, _)| searches(name)));
    search.unwrap_or(view.list)
}

fn asked(view: &View, uri: &Uri) -> Result<Ask, Problem> {
    let pairs: Vec<(String, String)> = query::of_uri(uri)?;
    let taken = view.parameters();
    if pairs.iter().any(|(name, _)| !taken.contains(name)) {
        return Err(query::unknown(uri, &taken));
    }
    let mut ask = Ask::default();
    let bad = |name: &str| {
        let said = match name {
            "limit" => Said::new("应为：1 至 500 的整数。", "Expected: a whole number from 1 to 500."),
            _ => Said::new(
                "应为：整数，自 1970 年起的 UTC 毫秒数。",
                "Expected: a whole number, milliseconds UTC since 1970.",
            ),
        };
        query::parameter(name, Some(said))
    };
    for (name, value) in pairs {
        match name.as_str() {
            "sort" => ask.sort = Some(value),
            "after" => ask.after = Some(value),
            "limit" => ask.limit = value.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| bad("limit"))?,
            "as_of" => ask.as_of = Some(value.parse().map_err(|_| bad("as_of"))?),
            _ => ask.filters.push((name, value)),
        }
    }
    Ok(ask)
}

fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![
        (RecordBody::name().into_owned(), RecordBody::schema()),
        (PageBody::name().into_owned(), PageBody::schema()),
    ];
    RecordBody::schemas(&mut schemas);
    PageBody::schemas(&mut schemas);
    schemas
}

fn parameter(name: &str, described: &str, place: ParameterIn, schema: RefOr<Schema>) -> ParameterBuilder {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(described))
        .schema(Some(schema))
}

fn operation(view: &View, action: Action, name: &str, summary: String, body: &str) -> OperationBuilder {
    let content = |schema: &str| ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let no = |described: &str| {
        ResponseBuilder::new().description(described).content("application/problem+json", content("Problem")).build()
    };
    let responses = ResponsesBuilder::new()
        .response(
            "200",
            ResponseBuilder::new().description("Found").content("application/json", content(body)).build(),
        )
        .response("401", no("Not signed in"))
        .response("403", no("None of the caller's roles asks this"))
        .response("404", no("No such record, or the caller may not know of it"));
    OperationBuilder::new()
        .tag("records")
        .operation_id(Some(format!("{}_{name}", view.noun.name())))
        .summary(Some(summary))
        .responses(responses.build())
        .extensions(Some(ExtensionsBuilder::new().add("x-action", action.name()).build()))
}

fn list_operation(view: &View) -> OperationBuilder {
    let summary = format!("Records of the noun {} that the caller may see, page by page.", view.noun.name());
    let mut operation = operation(view, view.list, "list", summary, "Records");
    for filter in view.filters {
        let described = match filter.kind {
            FilterKind::OneOf(_) => "One of these values, separated by commas.",
            FilterKind::Word(_, words) => &format!("One or several, separated by commas, of {}.", words().join(", ")),
            FilterKind::Ids(_) => "One of these ids, separated by commas.",
            FilterKind::Days(_) => "A day, YYYY-MM-DD.",
            FilterKind::Subtree(_) => "The area or any part of it.",
            FilterKind::Assigned => "`me`: assigned to the caller, alone or by a team.",
            FilterKind::NamePrefix(..) => "The beginning of a name; takes the right to search.",
            FilterKind::Identifier(_) => "`KIND:NUMBER`, exactly; takes the right to search.",
            FilterKind::Key(_) => "A whole name or code, folded.",
            FilterKind::Present(_) => "`yes` or `no`: whether there is one.",
        };
        let names = match filter.kind {
            FilterKind::Days(_) => vec![format!("{}_from", filter.name), format!("{}_to", filter.name)],
            _ => vec![filter.name.to_owned()],
        };
        for name in names {
            operation = operation.parameter(parameter(&name, described, ParameterIn::Query, String::schema()));
        }
    }
    if !view.sorts.is_empty() {
        let orders = format!("The order: {}; that of making if left out.", view.orders().join(", "));
        operation = operation.parameter(parameter("sort", &orders, ParameterIn::Query, String::schema()));
    }
    if view.has_as_of() {
        operation = operation.parameter(as_of());
    }
    operation
        .parameter(parameter("after", "Mark of the page, from `next`.", ParameterIn::Query, String::schema()))
        .parameter(parameter("limit", "Most records, 1 to 500; 50 if left out.", ParameterIn::Query, u32::schema()))
}

fn one_operation(view: &View) -> OperationBuilder {
    let summary = format!("One record of the noun {}, with what the caller may do with it.", view.noun.name());
    operation(view, view.read, "read", summary, "Record")
        .parameter(parameter("id", "The record.", ParameterIn::Path, uuid_schema()))
        .parameter(as_of())
}

fn uuid_schema() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
}

fn as_of() -> ParameterBuilder {
    let described = "As recorded by this instant, milliseconds UTC; fields kept with two times follow it.";
    parameter("as_of", described, ParameterIn::Query, i64::schema())
}
