//! Lists and records as their readers see them.

use crate::post::{ADMIN, BESIDE, CITY, Post, STREET, actor, ask, id, offered};
use domain::{
    access::{Action, Actor, FieldGroup, Noun, Role},
    id::AccountId,
};
use serde_json::json;
use std::collections::BTreeSet;
use store::{
    query::{Ask, FilterKind, QueryError, VIEWS},
    table::Table,
};
use testkit::{engines, scene};
use uuid::Uuid;

/// Columns of a table that neither a field shows nor a key needs.
fn unmapped(table: &'static Table, keys: &[&str], fields: &[store::query::Field]) -> Vec<&'static str> {
    let known = |name: &str| keys.contains(&name) || fields.iter().any(|field| field.name == name);
    table.columns.iter().map(|column| column.name).filter(|name| !known(name)).collect()
}

#[test]
fn every_column_has_its_group_and_every_field_its_column() {
    for view in VIEWS {
        // A list of erasure files shows files; their requests are rows sent with them.
        if view.noun != Noun::Erasure {
            let keys = ["stream", view.id];
            assert_eq!(unmapped(view.table, &keys, view.fields), [""; 0], "{}: columns without a group", view.noun);
        }
        for field in view.fields {
            assert!(view.table.position(field.name).is_some(), "{}: no column {}", view.noun, field.name);
        }
        for child in view.children {
            let keys = ["stream", child.of, "n", "person_id", "jurisdiction"];
            assert_eq!(unmapped(child.table, &keys, child.fields), [""; 0], "{}: {}", view.noun, child.name);
            for field in child.fields {
                assert!(child.table.position(field.name).is_some(), "{}: no column {}", child.name, field.name);
            }
        }
        for filter in view.filters {
            let column = match filter.kind {
                FilterKind::OneOf(column)
                | FilterKind::Word(column, _)
                | FilterKind::Ids(column)
                | FilterKind::Days(column)
                | FilterKind::Subtree(column)
                | FilterKind::Present(column) => column,
                FilterKind::NamePrefix(_, written) => written,
                FilterKind::Assigned | FilterKind::Identifier(_) | FilterKind::Key(_) => view.id,
            };
            assert!(view.table.position(column).is_some(), "{}: no column {column}", view.noun);
            let group = view.fields.iter().find(|field| field.name == column).map(|field| field.group);
            let told = group.is_none_or(|group| group == FieldGroup::Operational) || filter.group == group;
            assert!(told, "{}: {} filters by a field that its reader may not see", view.noun, filter.name);
        }
        assert_eq!(view.noun.read_action(), Some(view.read), "{}", view.noun);
    }
}

fn sample_value(kind: &FilterKind) -> String {
    let value = match kind {
        FilterKind::Word(_, words) => return words().join(","),
        FilterKind::Ids(_) | FilterKind::Subtree(_) => "00000000-0000-0000-0000-0000000000d1",
        FilterKind::Days(_) => "2022-03-14",
        FilterKind::Assigned => "me",
        FilterKind::Identifier(_) => "national_id:1",
        FilterKind::Present(_) => "no",
        FilterKind::OneOf(_) => "a,b",
        FilterKind::NamePrefix(..) | FilterKind::Key(_) => "王小",
    };
    value.to_owned()
}

/// A word that no enumeration has is refused, with those that there are; an empty answer would say that nobody is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_word_is_refused_with_those_that_there_are() {
    let post = Post::new(engines()[0]).await;
    let reader = actor(7, post.now(), Role::Epidemiologist, &[scene::DISTRICT.0, CITY]);
    let mut tried = 0;
    for (view, filter) in VIEWS.iter().flat_map(|view| view.filters.iter().map(move |filter| (view, filter))) {
        let FilterKind::Word(_, words) = filter.kind else { continue };
        assert!(words().len() > 1 && words().iter().all(|word| !word.is_empty()), "{} {:?}", filter.name, words());
        let asked = ask(&[(filter.name, &format!("{},confirmd", words()[0]))]);
        match post.store().list(&reader, view, &asked).await {
            Err(QueryError::Parameter { name, remedy }) => {
                assert_eq!(name, filter.name);
                let told = words().iter().all(|word| remedy.en.contains(word) && remedy.zh.contains(word));
                assert!(told, "{}: {}", view.noun, remedy.en);
                tried += 1;
            }
            Err(QueryError::Denied(_)) => {}
            other => panic!("{} {}: {:?}", view.noun, filter.name, other.err()),
        }
    }
    assert!(tried >= 10, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_and_order_of_every_noun_runs_on_both_engines() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let everybody: Vec<Actor> =
            Role::ALL.iter().map(|role| actor(7, post.now(), *role, &[scene::DISTRICT.0, CITY])).collect();
        let mut ran = 0;
        for view in VIEWS {
            let mut asks: Vec<Ask> = vec![Ask::default()];
            for filter in view.filters {
                let value = sample_value(&filter.kind);
                let names = match filter.kind {
                    FilterKind::Days(_) => vec![format!("{}_from", filter.name), format!("{}_to", filter.name)],
                    _ => vec![filter.name.to_owned()],
                };
                asks.extend(names.iter().map(|name| ask(&[(name, &value)])));
            }
            for sort in view.sorts {
                let with = view.filters.iter().find(|filter| filter.name == sort.with).expect("it is a filter");
                let value = sample_value(&with.kind);
                let value = value.split(',').next().expect("a value");
                asks.push(Ask { sort: Some(sort.name.to_owned()), ..ask(&[(sort.with, value)]) });
                let alone = Ask { sort: Some(sort.name.to_owned()), ..Ask::default() };
                let refused = post.store().list(&everybody[0], view, &alone).await;
                assert!(matches!(refused, Err(QueryError::Parameter { .. })), "no index serves it alone");
            }
            if view.has_as_of() {
                asks.push(Ask { as_of: Some(post.now()), ..Ask::default() });
            }
            for (ask, actor) in asks.iter().flat_map(|ask| everybody.iter().map(move |actor| (ask, actor))) {
                match post.store().list(actor, view, ask).await {
                    Ok(_) => ran += 1,
                    Err(QueryError::Denied(_)) => {}
                    Err(error) => panic!("{engine:?} {} {ask:?}: {error}", view.noun),
                }
            }
            let unknown = post.store().list(&everybody[0], view, &ask(&[("nonsense", "1")])).await;
            assert!(matches!(unknown, Err(QueryError::Parameter { .. })));
        }
        assert!(ran > 300, "{ran} lists ran");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_absent_records_are_alike() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, scene::DISTRICT.0).await;
        let stranger = post.staff(1, Role::Epidemiologist, BESIDE).await;
        let stranger = post.rights(stranger).await;
        for noun in [Noun::Case, Noun::Person] {
            let of = if noun == Noun::Case { scene::case_id(1).0 } else { scene::person_id(1).0 };
            assert!(post.read(&stranger, noun, of).await.is_none());
            assert!(post.read(&stranger, noun, id(0xdead)).await.is_none());
            assert!(post.all(&stranger, noun, ask(&[])).await.is_empty());
        }
        // An id of another noun is absent as well.
        let own = post.staff(2, Role::Epidemiologist, scene::DISTRICT.0).await;
        let own = post.rights(own).await;
        assert!(post.read(&own, Noun::Case, scene::person_id(1).0).await.is_none());
        assert!(post.read(&own, Noun::Case, scene::case_id(1).0).await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_gets_the_fields_of_the_post_and_the_acts_with_their_reasons() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, STREET).await;
        let epidemiologist = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let commander = post.staff(2, Role::Commander, CITY).await;
        let (epidemiologist, commander) = (post.rights(epidemiologist).await, post.rights(commander).await);
        let case = post.read(&epidemiologist, Noun::Case, scene::case_id(1).0).await.expect("it is shown");
        assert_eq!(case.version, 1);
        assert_eq!(case.fields["person_id"], json!(scene::person_id(1).0));
        assert_eq!(case.fields["classifications"].as_array().map(Vec::len), Some(1));
        assert_eq!(offered(&case, Action::CaseClassify), (true, "case.epidemiologist"));
        let case = post.read(&commander, Noun::Case, scene::case_id(1).0).await.expect("it is shown");
        assert!(!case.fields.contains_key("person_id") && !case.fields.contains_key("identifiers"));
        assert_eq!(case.fields["onset_on"], json!("2022-03-11"));
        assert_eq!(offered(&case, Action::CaseClassify), (false, "access.role"));
        let refused = case.actions.iter().find(|offer| offer.action == Action::CaseClassify).expect("it is named");
        assert!(refused.reason.is_some() && refused.remedy.is_some());
        assert!(post.read(&commander, Noun::Person, scene::person_id(1).0).await.is_none());
        // Who may not see a field does not find out by filtering.
        let by_person = ask(&[("person", &scene::person_id(1).0.to_string())]);
        assert_eq!(post.all(&epidemiologist, Noun::Case, by_person.clone()).await.len(), 1);
        assert!(post.all(&commander, Noun::Case, by_person).await.is_empty());
        let administrator = post.rights(ADMIN).await;
        let denied = post.list(&administrator, Noun::Case, ask(&[])).await;
        assert!(matches!(denied, Err(QueryError::Denied(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn access_by_assignment_follows_team_and_task_and_ends_with_them() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, scene::DISTRICT.0).await;
        post.case_in(2, scene::DISTRICT.0).await;
        let tracer = post.staff(1, Role::Tracer, scene::DISTRICT.0).await;
        assert!(post.all(&*post.rights(tracer).await, Noun::Case, ask(&[])).await.is_empty());
        let team = id(0x7ea);
        post.submit(json!({"team": {"form": {"id": team, "jurisdiction": scene::DISTRICT, "name": "Team 1"}}})).await;
        post.submit(json!({"team": {"add_member": {"id": team, "account": tracer}}})).await;
        post.submit(json!({"assignment": {"assign": {
            "id": id(0xa55), "work": {"case": scene::case_id(1)}, "to": {"team": team}, "task": "investigate_case",
        }}}))
        .await;
        let rights = post.rights(tracer).await;
        assert_eq!(post.all(&rights, Noun::Case, ask(&[])).await, [scene::case_id(1).0]);
        assert_eq!(post.all(&rights, Noun::Case, ask(&[("assigned", "me")])).await, [scene::case_id(1).0]);
        // The case's person comes with it, by name.
        assert_eq!(post.all(&rights, Noun::Person, ask(&[])).await, [scene::person_id(1).0]);
        let person = post.read(&rights, Noun::Person, scene::person_id(1).0).await.expect("it is shown");
        assert_eq!(person.fields["full_name"], json!("王测试1"));
        // Searching by name is not the tracer's.
        let searched = post.list(&rights, Noun::Person, ask(&[("name", "王测")])).await;
        assert!(matches!(searched, Err(QueryError::Denied(_))));
        post.stage.clock.advance(1_000);
        post.submit(json!({"assignment": {"end": {"id": id(0xa55)}}})).await;
        let rights = post.rights(tracer).await;
        assert!(post.all(&rights, Noun::Case, ask(&[])).await.is_empty());
        assert!(post.read(&rights, Noun::Person, scene::person_id(1).0).await.is_none());
        // Areas were made and moved on the way: the closure is recounted, and agrees.
        post.stage.verified().await;
    }
}

/// A contact of person 2 from case 1.
async fn contact(post: &Post) -> Uuid {
    post.case_in(1, scene::DISTRICT.0).await;
    post.case_in(2, scene::DISTRICT.0).await;
    post.submit(json!({"exposure": {"record": {
        "id": id(0xe0), "source": {"case": scene::case_id(1)}, "person": scene::person_id(2), "outbreak": scene::OUTBREAK,
        "fields": {"first": {"on": "2022-03-10"}, "last": {"on": "2022-03-12"}, "kind": "household"},
    }}}))
    .await;
    post.submit(json!({"contact": {"list": {
        "id": id(0xc0), "person": scene::person_id(2), "ring": "ring1", "exposures": [id(0xe0)],
    }}}))
    .await;
    id(0xc0)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_contact_does_not_learn_the_source_case() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let contact = contact(&post).await;
        post.submit(json!({"contact": {"record_follow_up": {
            "id": contact, "fields": {"on": "2022-03-13", "state": "seen_well", "note": "met 王测试1"},
        }}}))
        .await;
        let follower = post.staff(1, Role::CommunityWorker, scene::DISTRICT.0).await;
        post.submit(json!({"assignment": {"assign": {
            "id": id(0xa56), "work": {"contact": contact}, "to": {"account": follower}, "task": "follow_contact",
            "until": post.now() + 3_600_000,
        }}}))
        .await;
        let rights = post.rights(follower).await;
        let record = post.read(&rights, Noun::Contact, contact).await.expect("it is shown");
        let shown = serde_json::to_string(&record.fields).expect("it is written");
        assert!(!shown.contains(&scene::case_id(1).0.to_string()), "{shown}");
        assert!(!shown.contains(&scene::person_id(1).0.to_string()), "{shown}");
        assert_eq!(record.fields["follow_up"].as_array().map(Vec::len), Some(1), "{shown}");
        assert_eq!(post.all(&rights, Noun::FollowUp, ask(&[])).await, [contact]);
        for noun in [Noun::Exposure, Noun::Case] {
            assert!(matches!(post.list(&rights, noun, ask(&[])).await, Err(QueryError::Denied(_))));
        }
        let epidemiologist = post.staff(2, Role::Epidemiologist, scene::DISTRICT.0).await;
        let rights = post.rights(epidemiologist).await;
        let record = post.read(&rights, Noun::Contact, contact).await.expect("it is shown");
        assert_eq!(record.fields["bases"][0]["source_case"], json!(scene::case_id(1).0));
        let of_source = ask(&[("source_case", &scene::case_id(1).0.to_string())]);
        assert_eq!(post.all(&rights, Noun::Exposure, of_source).await, [id(0xe0)]);
        // Who investigates the source case works on its contacts and exposures.
        let tracer = post.staff(3, Role::Tracer, scene::DISTRICT.0).await;
        post.submit(json!({"assignment": {"assign": {
            "id": id(0xa57), "work": {"case": scene::case_id(1)}, "to": {"account": tracer}, "task": "investigate_case",
            "until": post.now() + 3_600_000,
        }}}))
        .await;
        let rights = post.rights(tracer).await;
        assert_eq!(post.all(&rights, Noun::Contact, ask(&[("status", "followed")])).await, [contact]);
        assert_eq!(post.all(&rights, Noun::Exposure, ask(&[])).await, [id(0xe0)]);
        assert_eq!(post.all(&rights, Noun::Case, ask(&[])).await, [scene::case_id(1).0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_returns_is_what_reading_each_record_allows() {
    for engine in engines() {
        let post = Post::new(engine).await;
        contact(&post).await;
        post.case_in(3, STREET).await;
        post.case_in(4, BESIDE).await;
        let household = id(0x40);
        post.submit(json!({"household": {"establish": {"id": household, "jurisdiction": STREET}}})).await;
        post.submit(json!({"person": {"join_household": {"id": scene::person_id(3), "household": household}}})).await;
        let pair = json!({"duplicate": {"suspect": {
            "left": scene::person_id(3), "right": scene::person_id(4), "score_thousandths": 900, "likeness": ["name"],
        }}});
        if serde_json::from_value::<domain::kernel::Command>(pair.clone()).is_ok() {
            post.submit(pair).await;
        }
        let (mut n, mut roles) = (0, Vec::new());
        for (role, area) in Role::ALL.iter().flat_map(|role| [STREET, CITY].map(|area| (*role, area))) {
            n += 1;
            roles.push(post.staff(n, role, area).await);
        }
        let works = [
            json!({"case": scene::case_id(3)}),
            json!({"contact": id(0xc0)}),
            json!({"household": household}),
            json!({"area": STREET}),
        ];
        for (n, account) in roles.iter().enumerate() {
            for (m, task) in
                ["investigate_case", "follow_contact", "supply_household", "collect_sample"].iter().enumerate()
            {
                let work = &works[(n + m) % works.len()];
                let assigned = id(0x9000 + (n * 10 + m) as u128);
                post.submit(json!({"assignment": {"assign": {
                    "id": assigned, "work": work, "to": {"account": account}, "task": task,
                    "until": post.now() + 3_600_000,
                }}}))
                .await;
            }
        }
        let (mut shown, mut hidden) = (0, 0);
        for account in roles {
            let rights = post.rights(account).await;
            let (more, fewer) = listed_as_read(&post, &rights, account).await;
            shown += more;
            hidden += fewer;
        }
        assert!(shown > 100 && hidden > 100, "{shown} shown, {hidden} not");
    }
}

/// Compares each noun's list with reading its records one by one; counts what is shown and what is not.
async fn listed_as_read(post: &Post, rights: &Actor, account: AccountId) -> (usize, usize) {
    let (mut shown, mut hidden) = (0, 0);
    for view in VIEWS.iter().filter(|view| view.entry.is_none() && view.noun != Noun::Erasure) {
        let mut tx = post.store().read().await.expect("a read begins");
        let sql = format!("SELECT {} FROM {}", view.id, view.table.name);
        let all = tx.rows(&sql, &[], &[store::value::ColumnType::Uuid]).await.expect("ids are read");
        tx.roll_back().await.expect("the read ends");
        let asked = domain::access::may_ask(rights, view.list).allowed;
        let whole = Ask { limit: 500, ..Ask::default() };
        let listed = if asked { post.list(rights, view.noun, whole).await.expect("it runs").records } else { Vec::new() };
        for row in all {
            let of = row[0].opt_uuid().expect("an id");
            let read = post.read(rights, view.noun, of).await;
            let listed = listed.iter().find(|record| record.id == of);
            assert_eq!(listed.is_some(), read.is_some(), "{} {of} for {account}", view.noun);
            // A list holds rows of several rules; what one rule shows is not shown of a row that another one opens.
            let fields = |record: &store::query::Record| record.fields.keys().copied().collect::<BTreeSet<_>>();
            if let (Some(listed), Some(read)) = (listed, &read) {
                let more: Vec<_> = fields(listed).difference(&fields(read)).copied().collect();
                assert!(more.is_empty(), "{} {of} for {account}: the list shows {more:?} besides", view.noun);
            }
            shown += usize::from(read.is_some());
            hidden += usize::from(read.is_none());
        }
    }
    (shown, hidden)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_record_once_in_every_order() {
    for engine in engines() {
        let post = Post::new(engine).await;
        for n in 0..23 {
            post.case_in(n, if n % 3 == 0 { STREET } else { scene::DISTRICT.0 }).await;
        }
        let epidemiologist = post.staff(1, Role::Epidemiologist, CITY).await;
        let rights = post.rights(epidemiologist).await;
        let expected: BTreeSet<Uuid> = (0..23).map(|n| scene::case_id(n).0).collect();
        let outbreak = scene::OUTBREAK.0.to_string();
        for sort in [None, Some("onset"), Some("latest_onset")] {
            let asked = Ask { limit: 5, sort: sort.map(str::to_owned), ..ask(&[("outbreak", &outbreak)]) };
            let ids = post.all(&rights, Noun::Case, asked).await;
            assert_eq!(ids.len(), 23);
            assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), expected);
        }
        let street = post.all(&rights, Noun::Case, ask(&[("jurisdiction", &STREET.to_string())])).await;
        assert_eq!(street.len(), 8);
        let first = post.list(&rights, Noun::Case, Ask { limit: 5, ..Ask::default() }).await.expect("it runs");
        let other = Ask { limit: 5, after: first.next, ..ask(&[("jurisdiction", &STREET.to_string())]) };
        let refused = post.list(&rights, Noun::Case, other).await;
        assert!(matches!(refused, Err(QueryError::Parameter { .. })), "a cursor fits its own list alone");
        let broken = Ask { after: Some("00ff".into()), ..Ask::default() };
        assert!(matches!(post.list(&rights, Noun::Case, broken).await, Err(QueryError::Parameter { .. })));
        // Names and identifiers find their person, for who may search.
        let named = post.all(&rights, Noun::Person, ask(&[("name", "王测试1")])).await;
        assert_eq!(named.len(), 11, "1 and 10 to 19");
        let exact =
            post.all(&rights, Noun::Person, ask(&[("identifier", "national_id:3505-0319-8001-0100-07")])).await;
        assert_eq!(exact, [scene::person_id(7).0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_an_instant_a_case_is_what_was_recorded_by_then() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let before = post.now() - 1;
        contact(&post).await;
        let first = post.now();
        post.stage.clock.advance(60_000);
        let findings = json!(["symptoms", {"exposure": id(0xe0)}]);
        post.submit(json!({"case": {"classify": {"id": scene::case_id(2), "to": "suspect", "findings": findings}}}))
            .await;
        let epidemiologist = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let rights = post.rights(epidemiologist).await;
        let at = |instant: i64, classification: &str| Ask {
            as_of: Some(instant),
            ..ask(&[("classification", classification)])
        };
        assert_eq!(post.all(&rights, Noun::Case, at(first, "unclassified")).await.len(), 2);
        assert_eq!(post.all(&rights, Noun::Case, at(first, "suspect")).await.len(), 0);
        assert_eq!(post.all(&rights, Noun::Case, at(post.now(), "suspect")).await.len(), 1);
        assert_eq!(post.all(&rights, Noun::Case, at(before, "unclassified")).await.len(), 0);
        let page = post.list(&rights, Noun::Case, at(first, "unclassified")).await.expect("it runs");
        assert_eq!(page.records[1].fields["classification"], json!("unclassified"));
        let now = post.list(&rights, Noun::Case, ask(&[])).await.expect("it runs");
        assert_eq!(now.records[1].id, scene::case_id(2).0);
        assert_eq!(now.records[1].fields["classification"], json!("suspect"));
        let people = Ask { as_of: Some(first), ..Ask::default() };
        assert!(matches!(post.list(&rights, Noun::Person, people).await, Err(QueryError::Parameter { .. })));
    }
}
