//! Reading records: fields by post, foreign and absent alike, every read in the log (craft B3 row 16).

use crate::{client::Client, running::Running, staff::account_id};
use domain::{
    access::Role,
    id::JurisdictionId,
    kernel::group::Submission,
    noun::{jurisdiction, person},
};
use serde_json::json;
use testkit::scene::{self, DISTRICT, OUTBREAK};
use uuid::Uuid;

/// A district that nobody here has a grant for.
const ELSEWHERE: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd2));

/// The city of both districts, where a test makes it.
const CITY: Uuid = Uuid::from_u128(0xc0);

/// People 0 to 4 with cases in the district, person 100 elsewhere.
async fn peopled() -> (Running, Client) {
    let (running, client) = Running::with_epidemiologist().await;
    let stream = running.stage.stream();
    let mut story: Vec<Submission> = Vec::new();
    for n in 0..5 {
        story.push(scene::caused(1_000 + u128::from(n), stream, scene::register(n)));
        story.push(scene::caused(2_000 + u128::from(n), stream, scene::open_case(n)));
    }
    story.push(scene::caused(
        3_000,
        stream,
        jurisdiction::Command::Define {
            id: ELSEWHERE,
            hierarchy: "administrative".to_owned(),
            level: "district".to_owned(),
            parent: None,
            fields: jurisdiction::Given::default(),
        },
    ));
    story.push(scene::caused(
        3_001,
        stream,
        person::Command::Register {
            id: scene::person_id(100),
            jurisdiction: ELSEWHERE,
            fields: person::Given { full_name: Some("李别处".to_owned()), ..Default::default() },
            address: None,
            household: None,
        },
    ));
    for outcome in running.stage.store.submit(story).await {
        assert!(outcome.as_ref().is_ok_and(domain::kernel::Outcome::is_accepted), "{outcome:?}");
    }
    (running, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_comes_with_what_its_reader_may_do_and_why_not_the_rest() {
    let (_running, client) = peopled().await;
    let path = format!("/api/v1/persons/{}", scene::person_id(1).0);
    let record = client.with("accept-language", "zh").get(&path).await.json();
    assert_eq!(record["fields"]["full_name"], "王测试1");
    assert_eq!(record["fields"]["phones"][0], "11100000001");
    let offer = |action: &str| {
        let offers = record["actions"].as_array().expect("actions").iter();
        offers.clone().find(|offer| offer["action"] == action).unwrap_or_else(|| panic!("{action}: {record}")).clone()
    };
    assert_eq!(offer("person_correct")["allowed"], true);
    let not = offer("person_match");
    assert_eq!((not["allowed"].as_bool(), not["reason"].as_str().is_some()), (Some(false), true), "{not}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_record_and_an_absent_one_are_the_same_to_the_byte() {
    let (running, client) = peopled().await;
    let open = json!({"case": {"open": {
        "id": scene::case_id(100), "person": scene::person_id(100), "outbreak": OUTBREAK, "jurisdiction": ELSEWHERE,
    }}});
    let open: domain::kernel::Command = serde_json::from_value(open).expect("a command");
    let outcome = running.stage.store.submit(vec![scene::caused(4_000, running.stage.stream(), open)]).await.remove(0);
    assert!(outcome.as_ref().is_ok_and(domain::kernel::Outcome::is_accepted), "{outcome:?}");
    // Who administers no accounts finds none, the one beside them neither.
    running.account(9, Role::Tracer, DISTRICT.0).await;
    for (noun, foreign) in
        [("persons", scene::person_id(100).0), ("cases", scene::case_id(100).0), ("accounts", account_id(9).0)]
    {
        let foreign = client.get(&format!("/api/v1/{noun}/{foreign}")).await.without_date();
        let absent = client.get(&format!("/api/v1/{noun}/{}", Uuid::from_u128(12_345))).await.without_date();
        assert_eq!(foreign.status, 404, "{noun}");
        assert_eq!(foreign, absent, "{noun}");
        // What is no id is nobody's, and saying so tells of no record.
        for (language, words) in [("en", "no UUID"), ("zh", "不是 UUID")] {
            let nonsense = client.with("accept-language", language).get(&format!("/api/v1/{noun}/12345")).await;
            let problem = nonsense.json();
            assert_eq!((nonsense.status, &problem["rule"]), (404, &json!("not_an_id")), "{noun}");
            assert_eq!(problem["errors"][0]["pointer"], "{id}", "{noun}");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{problem}");
        }
    }
    let correct = |id: u128, person: Uuid| {
        let changes = json!({"full_name": {"seen": "a", "to": "b"}});
        crate::commands::envelope(id, json!({"person": {"correct": {"id": person, "changes": changes}}}))
    };
    let foreign = client.post("/api/v1/commands", &correct(1, scene::person_id(100).0)).await;
    let absent = client.post("/api/v1/commands", &correct(2, Uuid::from_u128(12_345))).await;
    let told = |answer: &crate::client::Answer| {
        let mut body = answer.json();
        body["id"] = json!(null);
        body["ids"] = json!(null);
        (answer.status, body)
    };
    assert_eq!(told(&foreign), told(&absent));
    for path in ["readers", "break-glass"] {
        let method = if path == "readers" { "GET" } else { "POST" };
        let ask = async |id: Uuid| {
            let body = json!({"reason": "unconscious, no papers"}).to_string();
            let client = client.with("content-type", "application/json");
            client.send(method, &format!("/api/v1/persons/{id}/{path}"), Some(body.as_bytes())).await.without_date()
        };
        let foreign = ask(scene::person_id(100).0).await;
        assert_eq!(foreign.status, 404, "{path}: {}", foreign.text());
        assert_eq!(foreign, ask(Uuid::from_u128(12_345)).await, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_page_by_page_and_holds_nothing_foreign() {
    let (_running, client) = peopled().await;
    let (mut seen, mut path) = (Vec::new(), "/api/v1/persons?limit=2".to_owned());
    loop {
        let page = client.get(&path).await.json();
        let records = page["records"].as_array().expect("records");
        assert!(records.len() <= 2);
        seen.extend(records.iter().map(|record| record["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/persons?limit=2&after={next}");
    }
    let expected: Vec<String> = (0..5).map(|n| scene::person_id(n).0.to_string()).collect();
    assert_eq!(seen, expected);
    let other = client.get(&format!("/api/v1/cases{}", path.trim_start_matches("/api/v1/persons"))).await;
    assert_eq!((other.status, other.json()["errors"][0]["pointer"].as_str()), (400, Some("?after")));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_and_unknown_parameters_are_refused() {
    let (running, client) = peopled().await;
    let found = client.get(&format!("/api/v1/cases?outbreak={}&onset_from=2022-03-11&sort=onset", OUTBREAK.0)).await;
    assert_eq!(found.json()["records"].as_array().map(Vec::len), Some(5), "{}", found.text());
    let none = client.get("/api/v1/cases?onset_from=2022-03-12").await;
    assert_eq!(none.json()["records"].as_array().map(Vec::len), Some(0));
    let before = testkit::clock::START - 1;
    let early = client.get(&format!("/api/v1/cases?as_of={before}")).await;
    assert_eq!(early.json()["records"].as_array().map(Vec::len), Some(0), "nothing was recorded by then");
    for (query, name) in
        [("colour=red", ""), ("limit=many", "limit"), ("limit=0", "limit"), ("onset_from=soon", "onset_from")]
    {
        let answer = client.get(&format!("/api/v1/cases?{query}")).await;
        let pointer = answer.json()["errors"][0]["pointer"].as_str().map(str::to_owned);
        assert_eq!((answer.status, pointer), (400, Some(format!("?{name}"))), "{query}");
    }
    // Which it was: by its name where that is nearly one that there is, else by its number; and all that there are.
    let case = scene::case_id(1).0;
    let all = "outbreak, jurisdiction";
    for (path, pointer, english, chinese) in [
        ("cases?limit=5&colour=red".to_owned(), "?", "number 2 of the query", "第 2 个参数"),
        ("cases?limit=5&colour=red".to_owned(), "?", "sort, as_of, after, limit.", "sort, as_of, after, limit。"),
        (format!("cases?outbraek={case}"), "?outbraek", all, all),
        ("cases?limit=many".to_owned(), "?limit", "a whole number from 1 to 500", "1 至 500 的整数"),
        ("cases?outbreak=7".to_owned(), "?outbreak", "Give an id", "请填写编号"),
        ("cases?sort=colour".to_owned(), "?sort", "There is no such order; known are: onset", "没有这种排序"),
        (format!("cases/{case}?as_off=7"), "?as_off", "Expected: as_of.", "应为：as_of。"),
        (format!("cases/{case}?as_of=soon"), "?as_of", "a whole number", "整数"),
        ("reads?account=7".to_owned(), "?account", "an id (a UUID)", "编号（UUID）"),
        ("reads?limit=many".to_owned(), "?limit", "a whole number", "整数"),
    ] {
        for (language, words) in [("en", english), ("zh", chinese)] {
            let answer = client.with("accept-language", language).get(&format!("/api/v1/{path}")).await;
            let problem = answer.json();
            assert_eq!(
                (answer.status, problem["errors"][0]["pointer"].as_str()),
                (400, Some(pointer)),
                "{path}: {problem}"
            );
            let detail = problem["errors"][0]["detail"].as_str().unwrap_or_default();
            assert!(detail.contains(words), "{path}: {detail}");
            assert!(!problem.to_string().contains("colour") && !problem.to_string().contains("soon"), "{problem}");
        }
    }
    let metrics = running.client().get("/metrics").await.text();
    assert!(metrics.contains("route=\"/api/v1/cases\"") && !metrics.contains("colour"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_is_in_the_log_before_its_answer_and_the_person_can_be_told() {
    let (running, client) = peopled().await;
    let person = scene::person_id(1).0;
    assert_eq!(client.get(&format!("/api/v1/persons/{person}")).await.status, 200);
    assert_eq!(client.get(&format!("/api/v1/cases/{}", scene::case_id(1).0)).await.status, 200);
    assert_eq!(client.get(&format!("/api/v1/persons/{}", scene::person_id(2).0)).await.status, 200);
    let readers = client.get(&format!("/api/v1/persons/{person}/readers")).await.json();
    let reads = readers.as_array().expect("a list");
    let actions: Vec<&str> = reads.iter().filter_map(|read| read["action"].as_str()).collect();
    assert_eq!(actions, ["person_read", "case_read"]);
    assert!(reads.iter().all(|read| read["account"] == account_id(1).0.to_string()));
    assert!(reads.iter().all(|read| read["purpose"] == "trace"), "{reads:?}");
    let login = running.account(2, Role::Inspector, DISTRICT.0).await;
    let inspector = running.signed_in(&login).await;
    let all = inspector.get("/api/v1/reads?limit=2").await.json();
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_told_without_its_words() {
    let (running, client) = peopled().await;
    let found = client.get("/api/v1/persons?name=%E7%8E%8B%E6%B5%8B").await;
    assert_eq!(found.json()["records"].as_array().map(Vec::len), Some(5), "{}", found.text());
    let login = running.account(2, Role::Inspector, DISTRICT.0).await;
    let reads = running.signed_in(&login).await.get("/api/v1/reads").await;
    assert_eq!(reads.json()[0]["action"], "person_search");
    assert!(!reads.text().contains("王测"), "{}", reads.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_needs_open_work_and_answers_yes_or_no_alone() {
    let (running, _) = peopled().await;
    let stream = running.stage.stream();
    let identified = person::Command::Register {
        id: scene::person_id(7),
        jurisdiction: DISTRICT,
        fields: person::Given {
            identifiers: Some(vec![person::Identifier {
                kind: "national_id".into(),
                number: "35050319800101001X".into(),
            }]),
            ..Default::default()
        },
        address: None,
        household: None,
    };
    running.stage.store.submit(vec![scene::caused(5_000, stream, identified)]).await;
    let login = running.account(3, Role::Hotline, DISTRICT.0).await;
    let hotline = running.signed_in(&login).await;
    let ask = json!({"kind": "national_id", "number": "35050319800101001X"});
    let early = hotline.post("/api/v1/persons/match", &ask).await;
    assert_eq!((early.status, early.json()["rule"].as_str()), (403, Some("access.no_open_task")));
    let work = json!({"id": Uuid::from_u128(0xe1), "task": "answer_call"});
    assert_eq!(hotline.post("/api/v1/session/work", &work).await.status, 204);
    let yes = hotline.post("/api/v1/persons/match", &ask).await;
    assert_eq!((yes.status, yes.json()), (200, json!({"matched": true})), "{}", yes.text());
    let no = json!({"kind": "national_id", "number": "350503198001010028"});
    assert_eq!(hotline.post("/api/v1/persons/match", &no).await.json(), json!({"matched": false}));
    let empty = hotline.post("/api/v1/persons/match", &json!({"kind": "national_id", "number": ""})).await;
    assert_eq!((empty.status, empty.json()["errors"][0]["pointer"].as_str()), (422, Some("/number")));
    assert_eq!(hotline.delete(&format!("/api/v1/session/work/{}", Uuid::from_u128(0xe1))).await.status, 204);
    running.stage.clock.advance(1);
    assert_eq!(hotline.post("/api/v1/persons/match", &ask).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_glass_is_reviewed_by_another() {
    let (running, client) = peopled().await;
    let login = running.account(3, Role::Hotline, DISTRICT.0).await;
    let hotline = running.signed_in(&login).await;
    let path = format!("/api/v1/persons/{}/break-glass", scene::person_id(1).0);
    let why = hotline.post(&path, &json!({"reason": "x"})).await;
    assert_eq!((why.status, why.json()["errors"][0]["pointer"].as_str()), (422, Some("/reason")));
    let read = hotline.post(&path, &json!({"reason": "collapsed at home, address needed"})).await;
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!(read.json()["fields"]["full_name"], "王测试1");
    assert!(read.json()["fields"]["note"].is_null());
    let open = client.get("/api/v1/break-glass").await.json();
    assert_eq!(open[0]["account"], account_id(3).0.to_string());
    assert_eq!(open[0]["reason"], "collapsed at home, address needed");
    let verdict = json!({"stream": open[0]["stream"], "seq": open[0]["seq"], "justified": true});
    assert_eq!(hotline.post("/api/v1/break-glass", &verdict).await.status, 404);
    assert_eq!(client.post("/api/v1/break-glass", &verdict).await.status, 204);
    assert_eq!(client.post("/api/v1/break-glass", &verdict).await.status, 404);
    assert_eq!(client.get("/api/v1/break-glass").await.json(), json!([]));
}

/// Person 1 exposed to a case of the own district and to one of the district beside it, listed as a contact
/// whom account 2 follows; account 3 investigates the first case.
fn contact_of_two_districts(ids: [Uuid; 2], near: Uuid, far: Uuid) -> Vec<serde_json::Value> {
    let record = |id: Uuid, case: Uuid| {
        json!({"exposure": {"record": {
            "id": id, "source": {"case": case}, "person": scene::person_id(1).0, "outbreak": OUTBREAK.0,
            "fields": {"kind": "household", "last": {"on": "2022-03-13"}},
        }}})
    };
    vec![
        // The city holds both districts; the tracer works in it.
        json!({"jurisdiction": {"define": {"id": CITY, "hierarchy": "administrative", "level": "city"}}}),
        json!({"jurisdiction": {"move": {"id": DISTRICT.0, "parent": CITY}}}),
        json!({"jurisdiction": {"move": {"id": ELSEWHERE.0, "parent": CITY}}}),
        json!({"case": {"open": {
            "id": ids[1], "person": scene::person_id(100).0, "outbreak": OUTBREAK.0, "jurisdiction": ELSEWHERE.0,
            "fields": {"onset_on": "2022-03-11"},
        }}}),
        record(near, ids[0]),
        record(far, ids[1]),
        json!({"contact": {"list": {
            "id": Uuid::from_u128(0xc1), "person": scene::person_id(1).0, "ring": "ring1", "exposures": [near, far],
        }}}),
        json!({"assignment": {"assign": {
            "id": Uuid::from_u128(0xa1), "work": {"contact": Uuid::from_u128(0xc1)}, "to": {"account": account_id(2).0},
            "task": "follow_contact",
        }}}),
        json!({"assignment": {"assign": {
            "id": Uuid::from_u128(0xa2), "work": {"case": ids[0]}, "to": {"account": account_id(3).0},
            "task": "investigate_case",
        }}}),
    ]
}

/// The ids of the exposures that `asked`, the end of a path, answers with.
async fn found(client: &Client, asked: &str) -> Vec<String> {
    let answer = client.get(&format!("/api/v1/exposures{asked}")).await;
    let page = answer.json();
    let records = page["records"].as_array().unwrap_or_else(|| panic!("{asked}: {page}"));
    records.iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_contact_learns_no_area_of_the_source() {
    let (running, epidemiologist) = peopled().await;
    let stream = running.stage.stream();
    let ids = [scene::case_id(0).0, scene::case_id(100).0];
    let [near, far] = [Uuid::from_u128(0xe1), Uuid::from_u128(0xe2)];
    for (n, command) in (4_000..).zip(contact_of_two_districts(ids, near, far)) {
        let told: domain::kernel::Command = serde_json::from_value(command.clone()).expect("a command");
        let outcome = running.stage.store.submit(vec![scene::caused(n, stream, told)]).await.remove(0);
        assert!(outcome.as_ref().is_ok_and(domain::kernel::Outcome::is_accepted), "{command}: {outcome:?}");
    }
    let login = running.account(2, Role::Tracer, DISTRICT.0).await;
    let follower = running.signed_in(&login).await;
    let login = running.account(3, Role::Tracer, DISTRICT.0).await;
    let investigator = running.signed_in(&login).await;
    let both = vec![near.to_string(), far.to_string()];
    assert_eq!(found(&follower, "").await, both);
    // The two differ in nothing but their ids, alone as in the list.
    let alike = async |client: &Client| {
        let page = client.get("/api/v1/exposures").await.json();
        let mut records = page["records"].as_array().expect("records").clone();
        for id in [near, far] {
            records.push(client.get(&format!("/api/v1/exposures/{id}")).await.json());
        }
        for record in &mut records {
            record["id"] = json!(null);
        }
        assert!(records[0]["fields"]["last"].is_object(), "when it was is shown: {}", records[0]);
        (records[0] == records[1] && records[2] == records[3], records)
    };
    let (same, records) = alike(&follower).await;
    assert!(same && !json!(records).to_string().contains("jurisdiction"), "{records:?}");
    for area in [DISTRICT.0, ELSEWHERE.0, CITY] {
        assert_eq!(found(&follower, &format!("?jurisdiction={area}")).await, Vec::<String>::new(), "{area}");
        let text = follower.get(&format!("/api/v1/contacts/{}", Uuid::from_u128(0xc1))).await.text();
        assert!(area == DISTRICT.0 || !text.contains(&area.to_string()), "{text}");
    }
    // Who works on the source, and who answers for its area, see and ask as before.
    for (client, id) in [(&investigator, near), (&epidemiologist, near)] {
        let record = client.get(&format!("/api/v1/exposures/{id}")).await.json();
        assert_eq!(record["fields"]["jurisdiction"], json!(DISTRICT.0), "{record}");
        assert_eq!(found(client, &format!("?jurisdiction={}", DISTRICT.0)).await, vec![id.to_string()]);
    }
    running.stop().await.verified().await;
}
