//! Commands in conflict, decided over HTTP by whoever may correct the record, and known to nobody else.

use crate::{
    client::{Answer, Client},
    commands::envelope,
    running::{Running, quick},
};
use domain::{
    access::Role,
    id::JurisdictionId,
    noun::{jurisdiction, person},
};
use serde_json::{Value, json};
use store::engine::Engine;
use testkit::scene::{self, DISTRICT};
use uuid::Uuid;

const CONFLICTS: &str = "/api/v1/conflicts";
/// A street of the district: whoever works there alone corrects nobody of the rest.
const STREET: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd2));

fn correct(id: u128, n: u64, seen: &str, to: &str) -> Value {
    let changes = json!({"occupation": {"seen": seen, "to": to}});
    envelope(id, json!({"person": {"correct": {"id": scene::person_id(n).0, "changes": changes}}}))
}

/// Person 1 is a farmer, then a nurse; corrections from one who saw the farmer are in conflict.
async fn disputed(engine: Engine) -> (Running, Client) {
    let running = Running::on(testkit::Stage::new(engine).await, quick(), |_| {}).await;
    running.administrator_of(DISTRICT.0).await;
    let login = running.account(1, Role::Epidemiologist, DISTRICT.0).await;
    let client = running.signed_in(&login).await;
    let mut register = scene::register(1);
    if let person::Command::Register { fields, .. } = &mut register {
        fields.occupation = Some("farmer".to_owned());
    }
    let street = jurisdiction::Command::Define {
        id: STREET,
        hierarchy: "administrative".to_owned(),
        level: "street".to_owned(),
        parent: Some(DISTRICT),
        fields: jurisdiction::Given::default(),
    };
    let stream = running.stage.stream();
    let story = vec![scene::caused(1_000, stream, street), scene::caused(1_001, stream, register)];
    for outcome in running.stage.store.submit(story).await {
        assert!(outcome.as_ref().is_ok_and(domain::kernel::Outcome::is_accepted), "{outcome:?}");
    }
    assert_eq!(post(&client, &correct(1, 1, "farmer", "nurse")).await.status, 200);
    (running, client)
}

async fn post(client: &Client, envelope: &Value) -> Answer {
    client.post("/api/v1/commands", envelope).await
}

async fn decide(client: &Client, id: u128, verdict: &str, version: i64) -> Answer {
    let decision = json!({"verdict": verdict, "version": version});
    client.post(&format!("{CONFLICTS}/{}", Uuid::from_u128(id)), &decision).await
}

async fn open(client: &Client) -> Vec<Value> {
    client.get(CONFLICTS).await.json()["conflicts"].as_array().expect("a list").clone()
}

async fn occupation(client: &Client) -> Value {
    client.get(&format!("/api/v1/persons/{}", scene::person_id(1).0)).await.json()["fields"]["occupation"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_correct_the_record_sees_both_values_and_decides_once() {
    for engine in testkit::engines() {
        let (running, client) = disputed(engine).await;
        for (id, to) in [(2, "driver"), (3, "teacher")] {
            assert_eq!(post(&client, &correct(id, 1, "farmer", to)).await.status, 409);
        }
        let listed = open(&client).await;
        let told = json!({"field": "occupation", "seen": "farmer", "stands": "nurse", "asked": "driver"});
        assert_eq!((listed.len(), &listed[0]["fields"]), (2, &json!([told])));
        assert_eq!((&listed[0]["id"], &listed[0]["version"]), (&json!(Uuid::from_u128(2)), &json!(2)));
        let readers = client.get(&format!("/api/v1/persons/{}/readers", scene::person_id(1).0)).await;
        assert!(readers.text().contains("conflict list"), "the read is in the log: {}", readers.text());

        assert_eq!(decide(&client, 2, "stands", 2).await.status, 204);
        assert_eq!(occupation(&client).await, "nurse");
        let stale = decide(&client, 3, "taken", 1).await;
        assert_eq!((stale.status, stale.json()["rule"].as_str()), (409, Some("conflict_moved")));
        assert_eq!(decide(&client, 3, "taken", 2).await.status, 204);
        assert_eq!(occupation(&client).await, "teacher");
        for id in [2, 3, 4] {
            assert_eq!(decide(&client, id, "taken", 3).await.status, 404, "{id}");
        }
        assert_eq!(open(&client).await, Vec::<Value>::new());
        running.stop().await.verified().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_knows_of_a_conflict() {
    let (running, client) = disputed(Engine::Sqlite).await;
    assert_eq!(post(&client, &correct(2, 1, "farmer", "driver")).await.status, 409);
    let others = [
        (Role::Laboratory, DISTRICT),
        (Role::Commander, DISTRICT),
        (Role::Tracer, DISTRICT),
        (Role::AccountAdministrator, DISTRICT),
        (Role::Epidemiologist, STREET),
    ];
    for (n, (role, area)) in (10..).zip(others) {
        let login = running.account(n, role, area.0).await;
        let other = running.signed_in(&login).await;
        assert_eq!(open(&other).await, Vec::<Value>::new(), "{role:?}");
        let (there, absent) = (decide(&other, 2, "taken", 2).await, decide(&other, 9, "taken", 2).await);
        assert_eq!((there.status, there.without_date()), (404, absent.without_date()), "{role:?}");
    }
    assert_eq!((open(&client).await.len(), occupation(&client).await), (1, json!("nurse")));
    running.stop().await.verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_come_page_by_page_and_a_token_decides_none() {
    let (running, client) = disputed(Engine::Sqlite).await;
    for id in 2..5 {
        assert_eq!(post(&client, &correct(id, 1, "farmer", &format!("driver {id}"))).await.status, 409);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    for _ in 0..5 {
        let page = client.get(&format!("{CONFLICTS}?limit=2{after}")).await.json();
        seen.extend(page["conflicts"].as_array().expect("a list").iter().map(|one| one["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, (2..5).map(|id| json!(Uuid::from_u128(id))).collect::<Vec<_>>());
    for asked in ["?limit=0", "?limit=201", "?after=x", "?after=1.x"] {
        assert_eq!(client.get(&format!("{CONFLICTS}{asked}")).await.status, 400, "{asked}");
    }
    let verdict = client.post(&format!("{CONFLICTS}/{}", Uuid::from_u128(2)), &json!({"verdict": "both", "version": 2})).await;
    assert_eq!((verdict.status, verdict.json()["errors"][0]["pointer"].as_str()), (422, Some("/verdict")));

    let expires_at = running.stage.clock.now() + 3_600_000;
    let asked = json!({"name": "script", "actions": ["person_correct", "person_read"], "expires_at": expires_at});
    let issued = client.post("/api/v1/tokens", &asked).await.json();
    let bearer = format!("Bearer {}", issued["token"].as_str().expect("a token"));
    let script = running.client().with("authorization", &bearer);
    for answer in [script.get(CONFLICTS).await, decide(&script, 2, "taken", 2).await] {
        assert_eq!((answer.status, answer.json()["rule"].as_str()), (403, Some("session_needed")));
    }
    running.stop().await.verified().await;
}
