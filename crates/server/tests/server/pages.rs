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
    let signed_in = browser.post_text("/sign-in", FORM, &form).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("/")));
    let browser = browser.with("cookie", &cookie_of(&signed_in));
    let page = browser.get("/?lang=en").await.text();
    for expected in ["<html lang=\"en\">", "Fengze 2022", "curl -b jar", "epidemiologist", "/sign-out"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert_eq!(browser.post_text("/sign-out", FORM, "").await.status, 303);
    assert!(browser.get("/").await.text().contains("<form method=\"post\" action=\"/sign-in\">"));
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
