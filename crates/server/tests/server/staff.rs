//! Accounts of a test's server, and clients signed in with them.

use crate::{client::Client, running::Running};
use domain::{access::Role, id::AccountId};
use serde_json::json;
use std::sync::OnceLock;
use store::accounts::{NewAccount, NewGrant};
use testkit::scene::DISTRICT;
use uuid::Uuid;

/// The password of all of them.
pub const PASSWORD: &str = "correct horse battery staple";
/// The account administrator's id.
pub const ADMINISTRATOR: AccountId = AccountId(Uuid::from_u128(0xa000));

/// Its hash, made once: hashing is slow on purpose.
pub fn password_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| server::hash_password(PASSWORD, [7; 16]).expect("the password is long enough"))
}

/// The id of the `n`-th account.
pub fn account_id(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(0xa000 + n))
}

/// The id of the grant of the `n`-th account.
pub fn grant_id(n: u128) -> Uuid {
    Uuid::from_u128(0xb000 + n)
}

impl Running {
    /// Makes the first account, which administers those of `area`.
    pub async fn administrator_of(&self, area: Uuid) {
        let new = NewAccount {
            id: ADMINISTRATOR,
            login: "administrator".to_owned(),
            name: "Administrator".to_owned(),
            jurisdiction: area,
        };
        let store = &self.stage.store;
        store.create_first_account(&new, grant_id(0), store.now()).await.expect("there is no account yet");
        store
            .set_password_hash(ADMINISTRATOR, password_hash(), None, store.now())
            .await
            .expect("the password is set");
    }

    /// Makes an account with one role for an area; its login is the role's name and the number.
    pub async fn account(&self, n: u128, role: Role, area: Uuid) -> String {
        let store = &self.stage.store;
        let now = store.now();
        let by = store.rights(ADMINISTRATOR, now).await.expect("rights load").expect("the administrator is there");
        let login = format!("{role}{n}");
        let new =
            NewAccount { id: account_id(n), login: login.clone(), name: format!("{role} {n}"), jurisdiction: area };
        store.create_account(&by, &new, now).await.expect("the account is made");
        let grant = NewGrant {
            id: grant_id(n),
            account: account_id(n),
            role,
            jurisdiction: area,
            valid_from: now,
            valid_to: None,
        };
        store.grant(&by, &grant, now).await.expect("the grant is given");
        store.set_password_hash(account_id(n), password_hash(), None, now).await.expect("the password is set");
        login
    }

    /// A client signed in under a login.
    pub async fn signed_in(&self, login: &str) -> Client {
        let client = self.client().with("x-firebreak", "1");
        let answer = client.post("/api/v1/session", &json!({"login": login, "password": PASSWORD})).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        client.with("cookie", &cookie_of(&answer))
    }

    /// A server with an administrator and one epidemiologist of the district, and that one's client.
    pub async fn with_epidemiologist() -> (Self, Client) {
        let running = Self::start().await;
        running.administrator_of(DISTRICT.0).await;
        let login = running.account(1, Role::Epidemiologist, DISTRICT.0).await;
        let client = running.signed_in(&login).await;
        (running, client)
    }
}

/// The session's cookie, as a browser sends it back.
pub fn cookie_of(answer: &crate::client::Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie is set");
    set.split(';').next().unwrap_or_default().to_owned()
}
