//! The served pages: forms without script, safe against whatever is in a name.

use crate::{
    running::Running,
    staff::{PASSWORD, account_id, cookie_of},
};
use domain::{access::Role, id::AccountId};
use testkit::scene::DISTRICT;

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_by_a_form_see_the_outbreak_and_sign_out() {
    let (running, _) = Running::with_epidemiologist().await;
    let own = format!("http://{}", running.address);
    let browser = running.client().with("origin", &own).with("accept-language", "zh-CN");
    let page = browser.get("/").await;
    assert!(page.text().contains("<html lang=\"zh\">") && page.text().contains("演练环境"), "{}", page.text());
    assert!(!page.text().contains("<script"));
    let wrong = browser.post_text("/sign-in", FORM, "login=epidemiologist1&password=wrong").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("role=\"alert\""), "{}", wrong.text());
    let form = format!("login=epidemiologist1&password={}&code=", PASSWORD.replace(' ', "+"));
    let signed_in = browser.post_text("/sign-in?lang=zh", FORM, &form).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("/?lang=zh")));
    let browser = browser.with("cookie", &cookie_of(&signed_in));
    let page = browser.get("/?lang=en").await.text();
    for expected in ["<html lang=\"en\">", "Fengze 2022", "curl -b jar", "Epidemiologist", "/sign-out"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert_eq!(browser.post_text("/sign-out", FORM, "").await.status, 303);
    assert!(browser.get("/").await.text().contains("<form method=\"post\" action=\"/sign-in?lang=zh\">"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_from_another_site_is_refused() {
    let (running, _) = Running::with_epidemiologist().await;
    let form = format!("login=epidemiologist1&password={}", PASSWORD.replace(' ', "+"));
    let browser = running.client().with("origin", "http://elsewhere.example");
    assert_eq!(browser.post_text("/sign-in", FORM, &form).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_text_and_never_markup() {
    let (running, _) = Running::with_epidemiologist().await;
    let login = running.account(2, Role::Epidemiologist, DISTRICT.0).await;
    let store = &running.stage.store;
    let by = store.rights(AccountId(account_id(0).0), store.now()).await.expect("rights").expect("the administrator");
    let name = "<script>alert(1)</script>\"'&";
    store.rename_account(&by, account_id(2), name).await.expect("renamed");
    let page = running.signed_in(&login).await.get("/").await;
    assert!(page.text().contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"), "{}", page.text());
    assert!(!page.text().contains("<script"));
    assert!(page.header("content-security-policy").is_some_and(|policy| !policy.contains("unsafe")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_counts_what_its_reader_may_see_and_names_nothing_else() {
    let (running, client) = Running::with_epidemiologist().await;
    for n in 1..=3 {
        let register = crate::commands::register(u128::from(n), n, DISTRICT.0);
        assert_eq!(client.post("/api/v1/commands", &register).await.status, 200);
    }
    let page = client.get("/?lang=en").await.text();
    for row in ["People</th><td class=\"number\">3<", "Cases</th><td class=\"number\">0<"] {
        assert!(page.contains(row), "{row}: {page}");
    }
    let login = running.account(2, Role::Sampler, DISTRICT.0).await;
    let sampler = running.signed_in(&login).await.get("/?lang=zh").await.text();
    assert!(sampler.contains("采样员") && sampler.contains("人员</th><td class=\"number\">0<"), "{sampler}");
    assert!(!sampler.contains("病例</th>") && !sampler.contains("疑似重复</th>"), "{sampler}");
    let administrator = running.signed_in("administrator").await.get("/?lang=en").await.text();
    assert!(administrator.contains("Account administrator") && !administrator.contains("Records you may see"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_stands_under_its_fields_and_not_beside_the_last() {
    let running = Running::start().await;
    let style = running.client().get("/style.css").await.text();
    for what in ["label", "input", "button"] {
        let rule = style.lines().find(|line| line.starts_with(&format!("{what} {{")));
        assert!(rule.is_some_and(|rule| rule.contains("display: block;")), "{what}: {rule:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_may_say_where_our_forms_come_from() {
    let running = Running::start().await;
    // Under `no-referrer` browsers send `Origin: null` with every form, and every form would be refused as another site's.
    assert_eq!(running.client().get("/").await.header("referrer-policy"), Some("same-origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_to_an_address_that_is_none_is_told_in_a_page() {
    let running = Running::start().await;
    let browser = running.client().with("accept", "text/html,application/xhtml+xml").with("accept-language", "zh-CN");
    let ours = browser.with("x-firebreak", "1");
    let spent = format!("/sign-in/{}", "00".repeat(32));
    for (method, path) in [("GET", "/nowhere"), ("POST", spent.as_str())] {
        let page = ours.send(method, path, None).await;
        assert!(matches!(page.status, 401 | 404), "{}", page.text());
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(page.text().contains("role=\"alert\"") && page.text().contains("返回首页"), "{}", page.text());
        assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("style-src 'self'")));
    }
    let program = browser.get("/api/v1/nowhere").await;
    assert_eq!(program.header("content-type"), Some("application/problem+json"));
}
