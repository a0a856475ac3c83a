//! Sessions, second factor, tokens, links (craft B3 rows 17 and 24).

use crate::{
    running::Running,
    staff::{ADMINISTRATOR, PASSWORD, account_id, cookie_of, grant_id},
};
use domain::access::Role;
use serde_json::json;
use store::accounts::LinkPurpose;
use testkit::scene::DISTRICT;
use uuid::Uuid;

const SESSION: &str = "/api/v1/session";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_says_who_and_ends() {
    let (running, client) = Running::with_epidemiologist().await;
    let who = client.get(SESSION).await.json();
    assert_eq!(who["login"], "epidemiologist1");
    assert_eq!(who["roles"][0]["role"], "epidemiologist");
    assert_eq!(who["roles"][0]["jurisdiction"], DISTRICT.0.to_string());
    assert_eq!(who["streams"][0]["code"], "FZ");
    assert_eq!(who["exercise"], true);
    assert_eq!(client.delete(SESSION).await.status, 204);
    assert_eq!(client.get(SESSION).await.status, 401);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let (running, _) = Running::with_epidemiologist().await;
    let client = running.client().with("x-firebreak", "1");
    let body = json!({"login": "EPIDEMIOLOGIST1", "password": PASSWORD});
    let answer = client.post(SESSION, &body).await;
    let cookie = answer.header("set-cookie").expect("a cookie is set").to_owned();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_site_is_refused() {
    let (running, client) = Running::with_epidemiologist().await;
    let cookie = client.headers.iter().find(|(name, _)| name == "cookie").expect("signed in").1.clone();
    let bare = running.client().with("cookie", &cookie);
    let own = format!("http://{}", bare.host());
    let refused = [
        bare.clone(),
        bare.with("origin", "https://elsewhere.example"),
        bare.with("origin", "null").with("x-firebreak", "1"),
        bare.with("origin", &own).with("sec-fetch-site", "cross-site"),
        bare.with("x-firebreak", "1").with("sec-fetch-site", "same-site"),
    ];
    for client in refused {
        for (method, path) in [("POST", "/api/v1/commands"), ("DELETE", SESSION), ("POST", "/sign-out")] {
            let answer = client.send(method, path, Some(b"")).await;
            assert_eq!((answer.status, answer.json()["rule"].as_str()), (403, Some("cross_site")), "{method} {path}");
        }
    }
    assert_eq!(bare.get(SESSION).await.status, 200);
    assert_eq!(bare.with("origin", &own).delete(SESSION).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_login_a_wrong_password_and_a_disabled_account_are_alike() {
    let (running, _) = Running::with_epidemiologist().await;
    running.account(2, Role::Tracer, DISTRICT.0).await;
    let store = &running.stage.store;
    let by = store.rights(ADMINISTRATOR, store.now()).await.expect("rights load").expect("there is one");
    store.disable_account(&by, account_id(2), store.now()).await.expect("it is disabled");
    let client = running.client().with("x-firebreak", "1");
    let mut answers = Vec::new();
    for (login, password) in [
        ("nobody", PASSWORD),
        ("epidemiologist1", "a wrong password"),
        ("tracer2", PASSWORD),
        ("", ""),
        ("nobody", "x"),
    ] {
        answers.push(client.post(SESSION, &json!({"login": login, "password": password})).await.without_date());
    }
    assert_eq!(answers[0].status, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_failures_in_a_row_the_right_password_waits_too() {
    let (running, _) = Running::with_epidemiologist().await;
    let client = running.client().with("x-firebreak", "1");
    for login in ["epidemiologist1", "nobody"] {
        for _ in 0..=store::accounts::LOCK_AFTER {
            let wrong = json!({"login": login, "password": "a wrong password"});
            assert_eq!(client.post(SESSION, &wrong).await.status, 401);
        }
    }
    let right = json!({"login": "epidemiologist1", "password": PASSWORD});
    let locked = client.post(SESSION, &right).await.without_date();
    let absent = client.post(SESSION, &json!({"login": "nobody", "password": PASSWORD})).await.without_date();
    assert_eq!(locked.status, 401);
    assert_eq!(locked, absent);
    running.stage.clock.advance(15 * 60_000);
    assert_eq!(client.post(SESSION, &right).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_attempts_from_one_address_are_turned_away() {
    let limits = server::Limits { sign_in_burst: 2, ..crate::running::quick() };
    let running = Running::with(limits).await;
    let client = running.client().with("x-firebreak", "1");
    let wrong = json!({"login": "nobody", "password": "a wrong password"});
    assert_eq!(client.post(SESSION, &wrong).await.status, 401);
    assert_eq!(client.post(SESSION, &wrong).await.status, 401);
    let third = client.post(SESSION, &wrong).await;
    assert_eq!((third.status, third.header("retry-after")), (429, Some("10")));
    running.micros.fetch_add(10_000_000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(client.post(SESSION, &wrong).await.status, 401);
    assert_eq!(client.post(SESSION, &wrong).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_refused_with_the_next_request() {
    let (running, client) = Running::with_epidemiologist().await;
    let administrator = running.signed_in("administrator").await;
    let path = format!("/api/v1/accounts/{}/disable", account_id(1).0);
    assert_eq!(client.get(SESSION).await.status, 200);
    assert_eq!(administrator.send("POST", &path, None).await.status, 204);
    assert_eq!(client.get(SESSION).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_grant_opens_nothing_with_the_next_request() {
    let (running, client) = Running::with_epidemiologist().await;
    let administrator = running.signed_in("administrator").await;
    assert_eq!(client.get("/api/v1/cases").await.status, 200);
    running.stage.clock.advance(1);
    let ended = administrator.send("POST", &format!("/api/v1/grants/{}/end", grant_id(1)), None).await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    let answer = client.get("/api/v1/cases").await;
    assert_eq!((answer.status, answer.json()["rule"].as_str()), (403, Some("access.no_grant")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_ends() {
    let (running, client) = Running::with_epidemiologist().await;
    running.stage.clock.advance(29 * 60_000);
    assert_eq!(client.get(SESSION).await.status, 200);
    running.stage.clock.advance(29 * 60_000);
    assert_eq!(client.get(SESSION).await.status, 200);
    running.stage.clock.advance(31 * 60_000);
    assert_eq!(client.get(SESSION).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_ends_the_session_the_browser_held() {
    let (_running, client) = Running::with_epidemiologist().await;
    let again = client.post(SESSION, &json!({"login": "epidemiologist1", "password": PASSWORD})).await;
    assert_eq!(again.status, 204);
    assert_eq!(client.get(SESSION).await.status, 401);
    assert_eq!(client.with("cookie", &cookie_of(&again)).get(SESSION).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_once_it_is_confirmed_and_no_code_works_twice() {
    let (running, client) = Running::with_epidemiologist().await;
    let enrolment = client.post("/api/v1/session/totp", &json!({"password": PASSWORD})).await;
    assert_eq!(enrolment.status, 200, "{}", enrolment.text());
    let secret = base32(enrolment.json()["secret"].as_str().expect("a secret is shown"));
    let code = |running: &Running| server::totp_code(&secret, running.stage.clock.now()).expect("a code");
    let sign_in = |code: Option<String>| json!({"login": "epidemiologist1", "password": PASSWORD, "code": code});
    assert_eq!(client.post(SESSION, &sign_in(None)).await.status, 204, "not asked for before it is confirmed");
    let client = running.signed_in("epidemiologist1").await;
    let wrong = client.post("/api/v1/session/totp/confirm", &json!({"code": "12345"})).await;
    assert_eq!((wrong.status, wrong.json()["errors"][0]["pointer"].as_str()), (422, Some("/code")));
    let first = code(&running);
    assert_eq!(client.post("/api/v1/session/totp/confirm", &json!({"code": first})).await.status, 204);
    let fresh = running.client().with("x-firebreak", "1");
    assert_eq!(fresh.post(SESSION, &sign_in(None)).await.status, 401);
    assert_eq!(fresh.post(SESSION, &sign_in(Some(first))).await.status, 401, "used for the confirmation");
    running.stage.clock.advance(60_000);
    let second = code(&running);
    assert_eq!(fresh.post(SESSION, &sign_in(Some(second.clone()))).await.status, 204);
    assert_eq!(fresh.post(SESSION, &sign_in(Some(second))).await.status, 401);
    assert_eq!(client.get(SESSION).await.json()["second_factor"], "confirmed");
}

/// RFC 4648 base 32.
fn base32(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => continue,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_the_other_sessions() {
    let (running, client) = Running::with_epidemiologist().await;
    let other = running.signed_in("epidemiologist1").await;
    let path = "/api/v1/session/password";
    let weak = client.post(path, &json!({"password": PASSWORD, "new_password": "short"})).await;
    assert_eq!((weak.status, weak.json()["rule"].as_str()), (422, Some("weak_password")));
    let wrong = client.post(path, &json!({"password": "a wrong password", "new_password": "another long one"})).await;
    assert_eq!((wrong.status, wrong.json()["rule"].as_str()), (422, Some("wrong_password")));
    let body = json!({"password": PASSWORD, "new_password": "another long one"});
    assert_eq!(client.post(path, &body).await.status, 204);
    assert_eq!(client.get(SESSION).await.status, 200);
    assert_eq!(other.get(SESSION).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_and_its_holder_sets_a_password_by_a_link_that_works_once() {
    let (running, _) = Running::with_epidemiologist().await;
    let administrator = running.signed_in("administrator").await;
    let id = Uuid::from_u128(0xc1);
    let new = json!({"id": id, "login": "wang", "name": "Wang", "jurisdiction": DISTRICT.0});
    assert_eq!(administrator.post("/api/v1/accounts", &new).await.status, 201);
    let taken = json!({"id": Uuid::from_u128(0xc2), "login": "WANG", "name": "W", "jurisdiction": DISTRICT.0});
    let taken = administrator.post("/api/v1/accounts", &taken).await;
    assert_eq!((taken.status, taken.json()["errors"][0]["pointer"].as_str()), (422, Some("/login")));
    let link = administrator.send("POST", &format!("/api/v1/accounts/{id}/reset"), None).await.json();
    let path = link["path"].as_str().expect("a path").to_owned();
    let text = path.rsplit('/').next().expect("a last part").to_owned();
    let client = running.client().with("x-firebreak", "1");
    let weak = client.post("/api/v1/password", &json!({"link": text, "new_password": "short"})).await;
    assert_eq!(weak.status, 422);
    let body = json!({"link": text, "new_password": "a password of my own"});
    assert_eq!(client.post("/api/v1/password", &body).await.status, 204);
    assert_eq!(client.post("/api/v1/password", &body).await.status, 401);
    let sign_in = json!({"login": "wang", "password": "a password of my own"});
    assert_eq!(client.post(SESSION, &sign_in).await.status, 204);
    let own = format!("/api/v1/accounts/{}/grants", ADMINISTRATOR.0);
    let to_self = json!({"id": Uuid::from_u128(0xc3), "role": "epidemiologist", "jurisdiction": DISTRICT.0});
    assert_eq!(administrator.post(&own, &to_self).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_it_was_made_for_and_nothing_else() {
    let (running, client) = Running::with_epidemiologist().await;
    let expires_at = running.stage.clock.now() + 3_600_000;
    let asked = json!({"name": "script", "actions": ["case_list"], "expires_at": expires_at});
    let issued = client.post("/api/v1/tokens", &asked).await;
    assert_eq!(issued.status, 201, "{}", issued.text());
    let issued = issued.json();
    let bearer = format!("Bearer {}", issued["token"].as_str().expect("a token"));
    let script = running.client().with("authorization", &bearer);
    assert_eq!(script.get("/api/v1/cases").await.status, 200);
    for (method, path) in [("GET", "/api/v1/persons"), ("GET", "/api/v1/tokens"), ("DELETE", SESSION)] {
        let answer = script.send(method, path, None).await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    let register = crate::commands::register(1, 50, DISTRICT.0);
    let refused = script.post("/api/v1/commands", &register).await;
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (403, Some("token_scope")));
    let revoke = format!("/api/v1/tokens/{}", issued["id"].as_str().expect("an id"));
    assert_eq!(client.delete(&revoke).await.status, 204);
    assert_eq!(script.get("/api/v1/cases").await.status, 401);
    let unknown = json!({"name": "script", "actions": ["everything"], "expires_at": expires_at});
    assert_eq!(client.post("/api/v1/tokens", &unknown).await.json()["rule"], "unknown_action");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_link_of_an_exercise_works_once() {
    let (running, _) = Running::with_epidemiologist().await;
    let store = &running.stage.store;
    let now = store.now();
    store.make_link(&[9; 32], account_id(1), LinkPurpose::SignIn, now + 60_000, now).await.expect("a link is made");
    let path = format!("/sign-in/{}", "09".repeat(32));
    // A scanner of mail looks at the link, twice; a preview of a chat asks for its head.
    for method in ["GET", "GET", "HEAD"] {
        let page = running.client().with("accept-language", "zh").send(method, &path, None).await;
        assert_eq!((page.status, page.header("set-cookie")), (200, None));
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let form =
            format!("<form method=\"post\" action=\"{path}?lang=zh\"><button type=\"submit\">登录</button></form>");
        assert!(method == "HEAD" || page.text().contains(&form), "{}", page.text());
    }
    let of_another_site = running.client().with("origin", "https://example.org").send("POST", &path, None).await;
    assert_eq!((of_another_site.status, of_another_site.header("set-cookie")), (403, None));
    let browser = running.client().with("origin", &format!("http://{}", running.address));
    let first = browser.send("POST", &format!("{path}?lang=zh"), Some(b"")).await;
    assert_eq!((first.status, first.header("location")), (303, Some("/?lang=zh")), "{}", first.text());
    let client = running.client().with("cookie", &cookie_of(&first));
    assert_eq!(client.get(SESSION).await.json()["login"], "epidemiologist1");
    let again = browser.send("POST", &path, Some(b"")).await;
    assert_eq!((again.status, again.json()["rule"].as_str()), (401, Some("link_spent")));
    assert_eq!(
        running.client().get(&path).await.status,
        200,
        "the page does not tell a spent link from one that works"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_link_to_set_a_password_is_spoken_of_as_what_it_is() {
    let (running, _) = Running::with_epidemiologist().await;
    let client = running.client().with("x-firebreak", "1");
    for (language, words) in [("en", "link to set a password"), ("zh", "设置密码的链接")] {
        let client = client.with("accept-language", language);
        let asked = json!({"link": "07".repeat(32), "new_password": "twelve letters at least"});
        let answer = client.post("/api/v1/password", &asked).await;
        assert_eq!((answer.status, answer.json()["rule"].as_str()), (401, Some("password_link_spent")));
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{}", answer.text());
        let form = "new_password=twelve+letters+at+least";
        let path = format!("/set-password/{}", "07".repeat(32));
        let page = client.post_text(&path, "application/x-www-form-urlencoded", form).await;
        assert!(page.text().contains(words), "{}", page.text());
        assert!(!page.text().contains("sign-in link") && !page.text().contains("登录链接"), "{}", page.text());
    }
}
