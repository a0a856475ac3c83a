//! Everything of the API that is no command.

use super::{
    Printed, Table, denial, listed, status,
    world::{Of, Site, World},
};
use crate::{
    client::{Answer, Client},
    operations::operations,
    staff::{account_id, grant_id},
};
use domain::access::{Action, FieldSet, Held, JurisdictionRelation, Noun, mask};
use serde_json::{Value, json};
use store::query::{VIEWS, View};
use uuid::Uuid;

/// The record of a noun at a site; for what can be offered, the one that is or the one that is not.
fn record(noun: Noun, site: Site, offered: bool) -> Uuid {
    match noun {
        Noun::Jurisdiction => site.area(),
        Noun::Place => site.id(Of::Place),
        Noun::Household => site.id(Of::Household),
        Noun::Person => site.id(Of::Patient),
        Noun::Duplicate => site.duplicate(),
        Noun::Outbreak => site.id(Of::Outbreak),
        Noun::Case => site.id(Of::Case),
        Noun::Sample => site.id(Of::Sample),
        Noun::Exposure => site.id(Of::Exposure),
        Noun::Contact | Noun::FollowUp if offered => site.id(Of::OfferedContact),
        Noun::Contact | Noun::FollowUp => site.id(Of::Contact),
        Noun::Team => site.id(Of::Team),
        Noun::Assignment => site.id(Of::Assignment),
        Noun::Import => site.id(Of::Import),
        Noun::Erasure => site.erasure(),
        Noun::Account | Noun::Grant => account_id(site.resident()).0,
        Noun::Export | Noun::AccessLog | Noun::Journal | Noun::Pack => panic!("{noun} has no view"),
    }
}

/// Whether every field that came is of a group that is shown.
fn shows_no_more(view: &View, record: &Value, shown: FieldSet, named: &str) {
    for (name, value) in record["fields"].as_object().expect("fields") {
        if let Some(field) = view.fields.iter().find(|field| field.name == name) {
            assert!(shown.contains(field.group), "{name} is shown: {named}");
        } else if let Some(child) = view.children.iter().find(|child| child.name == name && child.read.is_none()) {
            let rows = value.as_array().expect("rows").iter().filter_map(Value::as_object).flatten();
            for (column, _) in rows {
                let field = child.fields.iter().find(|field| field.name == column).expect("a declared column");
                assert!(shown.contains(field.group), "{name}.{column} is shown: {named}");
            }
        }
    }
}

/// How a row of the matrix is asked: by whom, as held, about where.
#[derive(Clone, Copy)]
struct Row {
    asker: usize,
    held: Held,
    relation: JurisdictionRelation,
}

impl Row {
    fn offered(self) -> bool {
        self.held == Held::Offered
    }
}

/// Every asker at every site; where the noun can be offered, those without an assignment once more for what is.
fn rows(world: &World, can_be_offered: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for (asker, of) in world.askers.iter().enumerate() {
        for relation in JurisdictionRelation::ALL.iter().copied() {
            rows.push(Row { asker, held: of.held, relation });
            if can_be_offered && of.held == Held::Not {
                rows.push(Row { asker, held: Held::Offered, relation });
            }
        }
    }
    rows
}

/// Notes what came, after holding it to what the table says: `allowed` where it allows, `denied` where not.
fn note(
    (world, table, printed): (&World, &Table, &mut Printed),
    (operation, action): (&str, Action),
    row: Row,
    came: String,
    allowed: impl FnOnce(FieldSet) -> String,
    denied: impl FnOnce(&'static str) -> String,
) {
    let asker = &world.askers[row.asker];
    let decision = table.decision(action, asker.role, row.held, row.relation);
    let expected = if decision.allowed { allowed(decision.fields) } else { denied(decision.rule) };
    if came != expected {
        let named = format!("{operation} {} {} offered: {}", asker.name(), row.relation, row.offered());
        printed.faults.push(format!("{named}: {came}, by the table {expected}"));
    }
    printed.cell(&format!("{operation} ({action})"), asker.role, row.held, row.relation, came);
}

/// What is answered about a record that the asker may not act on: why not, to who may know that it is there.
fn unless_known(
    table: &Table,
    world: &World,
    row: Row,
    action: Action,
) -> impl FnOnce(&'static str) -> String + use<> {
    let known = table.reads(action, world.askers[row.asker].role, row.held, row.relation);
    move |rule| if known { denial(rule) } else { "404".to_owned() }
}

/// Requests on their way at once: their reads are logged by one commit.
const AT_ONCE: usize = 32;

/// What several clients get, each its path, in the same order.
async fn get_all(asks: Vec<(Client, String)>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for some in asks.chunks(AT_ONCE) {
        let ask = |(client, path): (Client, String)| tokio::spawn(async move { client.get(&path).await });
        let asked: Vec<_> = some.iter().cloned().map(ask).collect();
        for answer in asked {
            answers.push(answer.await.expect("the client answers"));
        }
    }
    answers
}

/// A view's list and its records; every asker asks the list once and each record by itself.
async fn visit_view(world: &World, table: &Table, printed: &mut Printed, view: &'static View) {
    let path = format!("/api/v1/{}s", view.noun.name());
    let rows = rows(world, matches!(view.noun, Noun::Contact | Noun::FollowUp));
    let asks = world.askers.iter().map(|asker| (asker.client.clone(), format!("{path}?limit=500"))).collect();
    let lists = get_all(asks).await;
    for row in &rows {
        let id = record(view.noun, Site(Some(row.relation)), row.offered());
        let answer = &lists[row.asker];
        let found = (answer.status == 200).then(|| answer.json()).and_then(|body| {
            let records = body["records"].as_array().expect("records").clone();
            assert!(body["next"].is_null(), "{path} fits one page");
            records.into_iter().find(|record| record["id"] == json!(id))
        });
        let came = match (&found, answer.status) {
            (Some(record), _) => format!("listed {}", masked(record)),
            (None, 200) => "absent".to_owned(),
            (None, _) => status(answer),
        };
        let never = table.never(view.list, world.askers[row.asker].role);
        let absent = |_| if never { denial("access.role") } else { "absent".to_owned() };
        let shown = |fields| format!("listed {}", mask(fields));
        let operation = format!("GET {path}");
        note((world, table, printed), (&operation, view.list), *row, came, shown, absent);
        if let Some(record) = found {
            let asker = &world.askers[row.asker];
            let fields = table.decision(view.list, asker.role, row.held, row.relation).fields;
            shows_no_more(view, &record, fields, &asker.name());
        }
    }
    let of_row = |row: &Row, site: Site| {
        let id = record(view.noun, site, row.offered() && site.0.is_some());
        (world.askers[row.asker].client.clone(), format!("{path}/{id}"))
    };
    let answers = get_all(rows.iter().map(|row| of_row(row, Site(Some(row.relation)))).collect()).await;
    let of_nowhere: Vec<Row> = (0..world.askers.len())
        .map(|asker| Row { asker, held: world.askers[asker].held, relation: JurisdictionRelation::None })
        .collect();
    let absent = get_all(of_nowhere.iter().map(|row| of_row(row, Site(None))).collect()).await;
    for (row, answer) in rows.iter().zip(&answers) {
        alike(answer, &absent[row.asker]);
        visit_record((world, table, printed), view, *row, answer);
    }
}

fn visit_record(
    (world, table, printed): (&World, &Table, &mut Printed),
    view: &'static View,
    row: Row,
    answer: &Answer,
) {
    let path = format!("/api/v1/{}s", view.noun.name());
    let asker = &world.askers[row.asker];
    let came = match answer.status {
        200 => {
            let fields = table.decision(view.read, asker.role, row.held, row.relation).fields;
            shows_no_more(view, &answer.json(), fields, &asker.name());
            format!("200 {}", masked(&answer.json()))
        }
        _ => status(answer),
    };
    let shown = |fields| format!("200 {}", mask(fields));
    let operation = format!("GET {path}/{{id}}");
    note((world, table, printed), (&operation, view.read), row, came, shown, |_| "404".to_owned());
}

fn masked(record: &Value) -> String {
    let shown = record["shown"].as_array().expect("groups").iter().filter_map(Value::as_str);
    mask(shown.filter_map(domain::access::FieldGroup::from_name).collect())
}

/// All that only reads.
pub async fn visit(world: &mut World, table: &Table, printed: &mut Printed) {
    let resident = |relation| account_id(Site(Some(relation)).resident());
    for relation in JurisdictionRelation::ALL.iter().copied() {
        // A read in the log, by somebody of the area.
        let client = world.client_of(resident(relation)).await;
        let read = client.get(&format!("/api/v1/persons/{}", Site(Some(relation)).id(Of::Patient))).await;
        assert_eq!(read.status, 200, "{}", read.text());
    }
    for view in VIEWS {
        visit_view(world, table, printed, view).await;
    }
    for row in rows(world, false) {
        let client = world.askers[row.asker].client.clone();
        let role = world.askers[row.asker].role;
        let site = Site(Some(row.relation));
        let yes = |text: &'static str| move |_: FieldSet| text.to_owned();
        let never = |action: Action, text: &'static str| {
            let never = table.never(action, role);
            move |_| if never { denial("access.role") } else { text.to_owned() }
        };

        let readers = |site: Site| format!("/api/v1/persons/{}/readers", site.id(Of::Patient));
        let of = |account: Uuid, what: &str| format!("/api/v1/accounts/{account}{what}");
        let account = resident(row.relation).0;
        let paths = [
            "/api/v1/accounts?limit=500".to_owned(),
            of(account, ""),
            of(resident_of_nowhere(), ""),
            of(account, "/grants"),
            of(resident_of_nowhere(), "/grants"),
            format!("/api/v1/reads?account={account}"),
            readers(site),
            readers(Site(None)),
        ];
        let answers = get_all(paths.map(|path| (client.clone(), path)).to_vec()).await;
        let [accounts, one, absent, grants, absent_grants, reads, read_by, absent_read_by] =
            answers.try_into().expect("an answer for each");

        let came = member(&accounts, "id", resident(row.relation).0);
        let denied = never(Action::AccountList, "absent");
        note(
            (world, table, printed),
            ("GET /api/v1/accounts", Action::AccountList),
            row,
            came,
            yes("listed"),
            denied,
        );

        alike(&one, &absent);
        let came = status(&one);
        let named = ("GET /api/v1/accounts/{id}", Action::AccountRead);
        note((world, table, printed), named, row, came, yes("200"), |_| "404".to_owned());

        let came = member(&grants, "id", grant_id(site.resident()));
        if came == "absent" {
            assert_eq!(
                grants.without_date(),
                absent_grants.without_date(),
                "foreign and absent accounts have no grants"
            );
        }
        let named = ("GET /api/v1/accounts/{id}/grants", Action::GrantList);
        note((world, table, printed), named, row, came, yes("listed"), |_| "absent".to_owned());

        let came = member(&reads, "account", resident(row.relation).0);
        let denied = never(Action::AccessLogList, "absent");
        note((world, table, printed), ("GET /api/v1/reads", Action::AccessLogList), row, came, yes("listed"), denied);

        alike(&read_by, &absent_read_by);
        let came = status(&read_by);
        let named = ("GET /api/v1/persons/{id}/readers", Action::AccessLogForPerson);
        note((world, table, printed), named, row, came, yes("200"), |_| "404".to_owned());

        visit_match((world, table, printed), row).await;
    }
}

/// One exact identifier is asked for, and the answer is match or no match.
async fn visit_match((world, table, printed): (&World, &Table, &mut Printed), row: Row) {
    let asker = &world.askers[row.asker];
    let number = format!("TEST-{}", Site(Some(row.relation)).id(Of::Patient).simple());
    let asked = json!({"kind": "national_id", "number": number});
    let answer = asker.client.post("/api/v1/persons/match", &asked).await;
    let came = match answer.status {
        200 if answer.json() == json!({"matched": true}) => "match".to_owned(),
        200 => "no match".to_owned(),
        _ => status(&answer),
    };
    let never = table.never(Action::PersonMatch, asker.role);
    let denied = move |_| if never { denial("access.role") } else { "no match".to_owned() };
    let named = ("POST /api/v1/persons/match", Action::PersonMatch);
    note((world, table, printed), named, row, came, |_| "match".to_owned(), denied);
}

fn resident_of_nowhere() -> Uuid {
    account_id(Site(None).resident()).0
}

/// What is not there and what the asker may not know of are the same to the byte.
fn alike(answer: &Answer, absent: &Answer) {
    if answer.status == 404 {
        assert_eq!(answer.without_date(), absent.without_date(), "foreign and absent");
    }
}

fn member(answer: &Answer, name: &str, wanted: Uuid) -> String {
    match answer.status {
        200 if listed(&answer.json(), name).contains(&wanted.to_string().as_str()) => "listed".to_owned(),
        200 => "absent".to_owned(),
        _ => status(answer),
    }
}

/// Accounts and grants are made.
pub async fn visit_accounts(world: &mut World, table: &Table, printed: &mut Printed) {
    for row in rows(world, false) {
        let client = world.askers[row.asker].client.clone();
        let site = Site(Some(row.relation));
        let id = world.fresh();
        let made = |_: FieldSet| "201".to_owned();

        let new = json!({"id": id, "login": id, "name": "Somebody", "jurisdiction": site.area()});
        let came = status(&client.post("/api/v1/accounts", &new).await);
        let named = ("POST /api/v1/accounts", Action::AccountCreate);
        note((world, table, printed), named, row, came, made, denial);

        let new = json!({"id": id, "role": "courier", "jurisdiction": site.area()});
        let path = |account: Uuid| format!("/api/v1/accounts/{account}/grants");
        let answer = client.post(&path(account_id(site.resident()).0), &new).await;
        alike(&answer, &client.post(&path(resident_of_nowhere()), &new).await);
        let came = status(&answer);
        let named = ("POST /api/v1/accounts/{id}/grants", Action::GrantCreate);
        let unknown = unless_known(table, world, row, Action::GrantCreate);
        note((world, table, printed), named, row, came, made, unknown);

        let expires_at = world.running().stage.clock.now() + 3_600_000;
        let new = json!({"name": "script", "actions": ["case_list"], "expires_at": expires_at});
        let came = status(&client.post("/api/v1/tokens", &new).await);
        let named = ("POST /api/v1/tokens", Action::AccountIssueToken);
        note((world, table, printed), named, row, came, made, denial);
    }
}

/// The glass is broken once, by somebody of the area, and left for review; a client that reviews has something to review.
async fn break_once(world: &World, relation: JurisdictionRelation) {
    // Three a day are allowed, so a third of a day lies between any two.
    world.running().stage.clock.advance(9 * 3_600_000);
    let site = Site(Some(relation));
    let client = world.client_of(account_id(site.resident())).await;
    let answer = break_glass(&client, site).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn break_glass(client: &Client, site: Site) -> Answer {
    let path = format!("/api/v1/persons/{}/break-glass", site.id(Of::Patient));
    client.post(&path, &json!({"reason": "collapsed at home, address needed"})).await
}

/// Breaking the glass, and reviewing what others broke.
pub async fn visit_break_glass(world: &mut World, table: &Table, printed: &mut Printed) {
    for relation in JurisdictionRelation::ALL.iter().copied() {
        break_once(world, relation).await;
    }
    for row in rows(world, false) {
        let client = world.askers[row.asker].client.clone();
        let role = world.askers[row.asker].role;
        let site = Site(Some(row.relation));
        let answer = client.get("/api/v1/break-glass").await;
        let came = member(&answer, "person", site.id(Of::Patient));
        let yes = |text: &'static str| move |_: FieldSet| text.to_owned();
        let named = ("GET /api/v1/break-glass", Action::BreakGlassReview);
        note((world, table, printed), named, row, came, yes("listed"), |_| "absent".to_owned());

        let open = answer.json().as_array().expect("a list").clone();
        let of_site = open.iter().find(|read| read["person"] == json!(site.id(Of::Patient)));
        let verdict = |read: &Value| json!({"stream": read["stream"], "seq": read["seq"], "justified": true});
        // Who may not see it does not know its number: one that is there is as good as any.
        let some = of_site.map_or(json!({"stream": 1, "seq": 6, "justified": true}), verdict);
        let came = status(&client.post("/api/v1/break-glass", &some).await);
        if came == "204" {
            break_once(world, row.relation).await;
        }
        let named = ("POST /api/v1/break-glass", Action::BreakGlassReview);
        note((world, table, printed), named, row, came, yes("204"), |_| "404".to_owned());

        world.running().stage.clock.advance(9 * 3_600_000);
        let answer = break_glass(&client, site).await;
        alike(&answer, &break_glass(&client, Site(None)).await);
        let came = match answer.status {
            200 => format!("200 {}", masked(&answer.json())),
            _ => status(&answer),
        };
        let never = table.never(Action::PersonBreakGlass, role);
        let denied = |_| if never { denial("access.role") } else { "404".to_owned() };
        let named = ("POST /api/v1/persons/{id}/break-glass", Action::PersonBreakGlass);
        let shown = |fields| format!("200 {}", mask(fields));
        note((world, table, printed), named, row, came, shown, denied);
    }
}

/// What takes rights away stands at the end.
pub async fn visit_endings(world: &mut World, table: &Table, printed: &mut Printed) {
    let paths = operations().into_iter().map(|operation| operation.path);
    assert!(paths.into_iter().any(|path| path == "/api/v1/grants/{id}/end"));
    for row in rows(world, false) {
        let client = world.askers[row.asker].client.clone();
        let resident = Site(Some(row.relation)).resident();
        let (account, grant) = (account_id(resident).0, grant_id(resident));
        let nowhere = Site(None).resident();
        let acts = [
            ("/api/v1/grants/{id}/end", Action::GrantEnd, grant, grant_id(nowhere), "204"),
            ("/api/v1/accounts/{id}/reset", Action::AccountResetCredentials, account, account_id(nowhere).0, "200"),
            ("/api/v1/accounts/{id}/disable", Action::AccountDisable, account, account_id(nowhere).0, "204"),
        ];
        for (path, action, id, absent, done) in acts {
            let ask = async |id: Uuid| client.send("POST", &path.replace("{id}", &id.to_string()), None).await;
            let answer = ask(id).await;
            alike(&answer, &ask(absent).await);
            let came = status(&answer);
            let named = format!("POST {path}");
            let yes = |_: FieldSet| done.to_owned();
            let unknown = unless_known(table, world, row, action);
            note((world, table, printed), (&named, action), row, came, yes, unknown);
        }
    }
}
