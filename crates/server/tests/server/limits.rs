//! Slow, huge and curious clients (craft B3 rows 21 and 23).

use crate::{
    client,
    running::{Running, quick},
};
use server::Limits;
use store::engine::Engine;
use testkit::{Stage, scene::DISTRICT};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_runs_and_is_ready() {
    let running = Running::start().await;
    let client = running.client();
    assert_eq!(client.get("/healthz").await.text(), "ok\n");
    assert_eq!(client.get("/readyz").await.text(), "ready\n");
    let metrics = client.get("/metrics").await.text();
    assert!(
        metrics.contains("firebreak_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1"),
        "{metrics}"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_of_safety() {
    let running = Running::start().await;
    for path in ["/healthz", "/", "/nowhere", "/api/v1/openapi.json", "/api/v1/session"] {
        let answer = running.client().get(path).await;
        for name in ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"] {
            assert!(answer.header(name).is_some(), "{path} lacks {name}");
        }
        assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_a_problem_in_the_reader_s_language() {
    let running = Running::start().await;
    let answer = running.client().with("accept-language", "fr, zh-CN;q=0.9, en;q=0.5").get("/api/v1/nowhere").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("content-language"), Some("zh"));
    assert_eq!(answer.json()["detail"], "没有这个地址。");
    let english = running.client().with("accept-language", "zh;q=0.1, en").get("/api/v1/nowhere").await;
    assert_eq!(english.json()["rule"], "no_such_address");
    assert_eq!(english.json()["detail"], "There is no such address.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_slow_with_its_headers_is_cut() {
    let running = Running::start().await;
    let mut silent = running.client().connect().await;
    let mut slow = running.client().connect().await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ").await.expect("a part is sent");
    for stream in [&mut silent, &mut slow] {
        let mut rest = Vec::new();
        // The end of the stream comes from the server: the client sends nothing more and closes nothing.
        let _ = stream.read_to_end(&mut rest).await;
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    }
    assert_eq!(running.client().get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_past_the_limit_are_refused() {
    let running = Running::start().await;
    let long = "x".repeat(running.limits.header_bytes + 1);
    let answer = running.client().with("x-long", &long).get("/healthz").await;
    assert_eq!(answer.status, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_lets_an_open_request_finish() {
    let running = Running::start().await;
    let client = running.client();
    let mut stream = client.open("GET", "/healthz", None).await;
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes).await;
    assert!(read.is_ok());
    assert_eq!(client::parse(&bytes).status, 200);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_no_room_turns_away_but_still_says_that_it_runs() {
    let running = Running::with(Limits { requests: 0, ..quick() }).await;
    let answer = running.client().get("/api/v1/openapi.json").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
    assert_eq!(running.client().get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_says_for_whom_it_asks() {
    let limits = Limits { sign_in_burst: 1, ..quick() };
    for trusted in [true, false] {
        let stage = Stage::new(Engine::Sqlite).await;
        let running = Running::on(stage, limits.clone(), |config| {
            let network = if trusted { "127.0.0.0/8" } else { "10.0.0.0/8" };
            config.trusted_proxies = vec![network.parse().expect("a network")];
        })
        .await;
        let client = running.client().with("x-firebreak", "1");
        let ask = async |from: &str| {
            let body = serde_json::json!({"login": "nobody", "password": "nothing"});
            client.with("x-forwarded-for", from).post("/api/v1/session", &body).await.status
        };
        assert_eq!(ask("198.51.100.1").await, 401);
        assert_eq!(ask("198.51.100.1").await, 429, "one attempt of one client");
        let other = ask("192.0.2.7, 198.51.100.2").await;
        assert_eq!(other, if trusted { 401 } else { 429 }, "trusted: {trusted}");
        let made_up = ask("203.0.113.5, 198.51.100.2").await;
        assert_eq!(made_up, 429, "what the client wrote before the proxy's word is not believed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_forgotten_before_the_first_answer() {
    let stage = Stage::new(Engine::Sqlite).await;
    let running = Running::on(stage, quick(), |_| {}).await;
    running.administrator_of(DISTRICT.0).await;
    let kept = running.signed_in("administrator").await;
    let wrong = serde_json::json!({"login": "nobody", "password": "nothing"});
    kept.post("/api/v1/session", &wrong).await;
    let stage = running.stop().await;
    let rows = async |stage: &Stage| {
        let sessions = testkit::damage::count(stage.url(), "session").await.expect("counted");
        (sessions, testkit::damage::count(stage.url(), "login_attempt").await.expect("counted"))
    };
    assert_eq!(rows(&stage).await.0, 1);
    assert!(rows(&stage).await.1 > 0);
    let running = Running::on(stage, quick(), |_| {}).await;
    assert_eq!(running.client().get("/healthz").await.status, 200);
    let stage = running.stop().await;
    assert_eq!(rows(&stage).await.0, 1, "a session that ended lately is kept");
    stage.clock.advance(30 * 86_400_000);
    let running = Running::on(stage, quick(), |_| {}).await;
    assert_eq!(running.client().get("/healthz").await.status, 200);
    assert_eq!(rows(&running.stop().await).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_their_commits_are_counted() {
    let (running, client) = Running::with_epidemiologist().await;
    for n in 1..=3 {
        let register = crate::commands::register(u128::from(n), n, DISTRICT.0);
        assert_eq!(client.post("/api/v1/commands", &register).await.status, 200);
    }
    let metrics = running.client().get("/metrics").await.text();
    for line in [
        "firebreak_group_envelopes_bucket{le=\"1\"} 3",
        "firebreak_group_envelopes_sum 3",
        "firebreak_group_envelopes_count 3",
        "firebreak_commit_seconds_count 3",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}
