//! What was taken away is gone with the next request: account, session, token, role, assignment, membership, and what
//! ended by its own time.

use crate::{
    client::Client,
    running::Running,
    staff::{account_id, grant_id},
};
use domain::{
    access::{Assignee, Role, Task},
    id::{AccountId, AssignmentId, TeamId},
    kernel::{Command, Outcome},
    noun::{
        assignment::{self, Work},
        team,
    },
};
use serde_json::json;
use testkit::scene::{self, DISTRICT};
use uuid::Uuid;

const TEAM: TeamId = TeamId(Uuid::from_u128(0x7ea));

async fn happens(running: &Running, id: u128, command: impl Into<Command>) {
    let submission = scene::caused(0x5_0000 + id, running.stage.stream(), command);
    let outcome = running.stage.store.submit(vec![submission]).await.remove(0);
    assert!(outcome.as_ref().is_ok_and(Outcome::is_accepted), "{outcome:?}");
}

fn assign(id: u128, to: Assignee, until: Option<i64>) -> assignment::Command {
    assignment::Command::Assign {
        id: AssignmentId(Uuid::from_u128(id)),
        work: Work::Case(scene::case_id(1)),
        to,
        task: Task::InvestigateCase,
        from: None,
        until,
    }
}

/// A case, and a tracer to whom nothing is assigned.
async fn with_tracer() -> (Running, Client) {
    let (running, _) = Running::with_epidemiologist().await;
    happens(&running, 1, scene::register(1)).await;
    happens(&running, 2, scene::open_case(1)).await;
    let login = running.account(2, Role::Tracer, DISTRICT.0).await;
    let tracer = running.signed_in(&login).await;
    (running, tracer)
}

fn case() -> String {
    format!("/api/v1/cases/{}", scene::case_id(1).0)
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_ended_shows_nothing_more() {
    let (running, tracer) = with_tracer().await;
    assert_eq!(tracer.get(&case()).await.status, 404);
    let account = account_id(2).0;
    happens(&running, 3, assign(0x71, Assignee::Account(account), None)).await;
    assert_eq!(tracer.get(&case()).await.status, 200);
    running.stage.clock.advance(1);
    let end = assignment::Command::End { id: AssignmentId(Uuid::from_u128(0x71)), at: None };
    happens(&running, 4, end).await;
    assert_eq!(tracer.get(&case()).await.status, 404, "the assignment was ended");
    happens(&running, 5, team::Command::Form { id: TEAM, jurisdiction: DISTRICT, name: "一队".to_owned() }).await;
    happens(&running, 6, assign(0x72, Assignee::Team(TEAM.0), None)).await;
    let member = AccountId(account);
    happens(&running, 7, team::Command::AddMember { id: TEAM, account: member, from: None, until: None }).await;
    assert_eq!(tracer.get(&case()).await.status, 200);
    running.stage.clock.advance(1);
    happens(&running, 8, team::Command::EndMember { id: TEAM, account: member, at: None }).await;
    assert_eq!(tracer.get(&case()).await.status, 404, "the membership was ended");
    let until = running.stage.clock.now() + 1_000;
    happens(&running, 9, assign(0x73, Assignee::Account(account), Some(until))).await;
    assert_eq!(tracer.get(&case()).await.status, 200);
    running.stage.clock.advance(1_000);
    assert_eq!(tracer.get(&case()).await.status, 404, "its time was over");
    let listed = tracer.get("/api/v1/cases").await.json();
    assert_eq!(listed["records"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_ended_opens_nothing_more() {
    let (running, client) = Running::with_epidemiologist().await;
    happens(&running, 1, scene::register(1)).await;
    let person = format!("/api/v1/persons/{}", scene::person_id(1).0);
    assert_eq!(client.get(&person).await.status, 200);
    let administrator = running.signed_in("administrator").await;
    running.stage.clock.advance(1);
    let end = format!("/api/v1/grants/{}/end", grant_id(1));
    assert_eq!(administrator.send("POST", &end, None).await.status, 204);
    assert_eq!(client.get(&person).await.status, 404);
    let list = client.get("/api/v1/persons").await;
    assert_eq!((list.status, list.json()["rule"].as_str()), (403, Some("access.no_grant")));
    let register = crate::commands::register(9, 9, DISTRICT.0);
    let refused = client.post("/api/v1/commands", &register).await;
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (403, Some("access.no_grant")));
    assert_eq!(client.get("/api/v1/session").await.status, 200, "the account itself goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_disabled_or_reset_is_nobody() {
    for act in ["disable", "reset"] {
        let (running, client) = Running::with_epidemiologist().await;
        let expires_at = running.stage.clock.now() + 3_600_000;
        let new = json!({"name": "script", "actions": ["case_list"], "expires_at": expires_at});
        let token = client.post("/api/v1/tokens", &new).await.json()["token"].as_str().expect("a token").to_owned();
        let script = running.client().with("authorization", &format!("Bearer {token}"));
        for holder in [&client, &script] {
            assert_eq!(holder.get("/api/v1/cases").await.status, 200);
        }
        let administrator = running.signed_in("administrator").await;
        let path = format!("/api/v1/accounts/{}/{act}", account_id(1).0);
        assert!(administrator.send("POST", &path, None).await.status < 300);
        for holder in [&client, &script] {
            assert_eq!(holder.get("/api/v1/cases").await.status, 401, "{act}");
            let register = crate::commands::register(9, 9, DISTRICT.0);
            assert_eq!(holder.post("/api/v1/commands", &register).await.status, 401, "{act}");
        }
    }
}
