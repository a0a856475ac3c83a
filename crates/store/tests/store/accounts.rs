//! Accounts: who gives rights, how they end, and what proves who signs in.

use crate::post::{ADMIN, BESIDE, CITY, Post, entropy, id};
use domain::{
    access::{Action, Denial, Role, Task},
    id::AccountId,
};
use std::collections::BTreeSet;
use store::{
    accounts::{
        AccountError, Attempt, LOCK_AFTER, LinkPurpose, NewAccount, NewGrant, NewSession, NewToken, Rights, Secret,
        TotpState,
    },
    value::ColumnType,
};
use testkit::{engines, scene};

const HOUR: i64 = 3_600_000;

fn secret(n: u8) -> Secret {
    let mut bytes = [n; 32];
    bytes[0] = 0x51;
    bytes
}

fn session(n: u128, account: AccountId) -> NewSession {
    NewSession { id: id(0x7000 + n), account, idle_ms: HOUR, longest_ms: 12 * HOUR, second_factor: false }
}

fn denied(result: Result<(), AccountError>) -> &'static str {
    match result {
        Err(AccountError::Denied(decision)) => decision.rule,
        other => panic!("it is denied: {other:?}"),
    }
}

fn rule(result: Result<(), AccountError>) -> &'static str {
    match result {
        Err(AccountError::Rule { rule, .. }) => rule,
        other => panic!("a rule refuses it: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_is_first_only_and_others_are_made_by_it() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let again = NewAccount { id: AccountId(id(1)), login: "two".into(), name: "Two".into(), jurisdiction: CITY };
        assert_eq!(rule(post.store().create_first_account(&again, id(2), post.now()).await), "not_the_first_account");
        let account = post.staff(1, Role::Tracer, scene::DISTRICT.0).await;
        let admin = post.admin().await;
        let twin =
            NewAccount { id: AccountId(id(3)), login: "TRACER-1".into(), name: "x".into(), jurisdiction: CITY };
        assert_eq!(rule(post.store().create_account(&admin, &twin, post.now()).await), "login_taken");
        let listed = post.store().accounts(&admin, None, 10).await.expect("accounts are listed");
        assert_eq!(listed.iter().map(|account| account.login.as_str()).collect::<Vec<_>>(), ["admin", "tracer-1"]);
        let rights = post.rights(account).await;
        assert_eq!(rights.grants[0].lineage, [scene::DISTRICT.0, CITY]);
        assert_eq!(denied(post.store().create_account(&rights, &twin, post.now()).await), Denial::Role.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_to_self_nor_joins_administration_with_other_work() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let tracer = post.staff(1, Role::Tracer, scene::DISTRICT.0).await;
        let admin = post.admin().await;
        let grant = |n, account, role, area| NewGrant {
            id: id(n),
            account,
            role,
            jurisdiction: area,
            valid_from: post.now(),
            valid_to: None,
        };
        let to_self = grant(1, ADMIN, Role::Epidemiologist, CITY);
        assert_eq!(denied(post.store().grant(&admin, &to_self, post.now()).await), Denial::ForOneself.name());
        let joined = grant(2, tracer, Role::AccountAdministrator, CITY);
        assert_eq!(denied(post.store().grant(&admin, &joined, post.now()).await), Denial::SeparationOfDuties.name());
        // An administrator of one district gives nothing in another, and does not see its accounts.
        let local = post.staff(2, Role::AccountAdministrator, BESIDE).await;
        let local = post.rights(local).await;
        let away = grant(3, tracer, Role::Tracer, BESIDE);
        assert!(matches!(post.store().grant(&local, &away, post.now()).await, Err(AccountError::NotFound)));
        assert!(post.store().account(&local, tracer).await.expect("it is answered").is_none());
        assert!(post.store().account(&admin, tracer).await.expect("it is answered").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_on_one_server_is_refused_by_the_next_request_on_another() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let account = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let other = Rights::new(post.stage.another().await);
        let (one, two) = (secret(1), secret(2));
        post.store().begin_session(&one, &session(1, account), post.now()).await.expect("a session begins");
        post.store().begin_session(&two, &session(2, account), post.now()).await.expect("a session begins");
        let caller = other.by_session(&one, post.now()).await.expect("it is read").expect("it holds");
        assert_eq!(caller.rights.live_grants().count(), 1);
        assert!(
            other.by_session(&secret(9), post.now()).await.expect("it is read").is_none(),
            "a guess opens nothing"
        );

        let admin = post.admin().await;
        post.store().end_grant(&admin, id(0x6001), post.now()).await.expect("the grant ends");
        let caller = other.by_session(&one, post.now()).await.expect("it is read").expect("it holds");
        assert_eq!(caller.rights.live_grants().count(), 0, "the ended grant opens nothing on the other server");

        assert!(post.store().revoke_session(account, id(0x7001), post.now()).await.expect("it is revoked"));
        assert!(other.by_session(&one, post.now()).await.expect("it is read").is_none());
        assert!(other.by_session(&two, post.now()).await.expect("it is read").is_some());

        post.store().disable_account(&admin, account, post.now()).await.expect("it is disabled");
        assert!(other.by_session(&two, post.now()).await.expect("it is read").is_none());
        assert!(post.store().rights(account, post.now()).await.expect("it is read").is_none());
        let again = post.store().begin_session(&secret(3), &session(3, account), post.now()).await;
        assert!(matches!(again, Err(AccountError::NotFound)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_idle_and_at_its_longest_however_it_is_used() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let token = secret(1);
        let mut held =
            post.store().begin_session(&token, &session(1, ADMIN), post.now()).await.expect("a session begins");
        let begin = post.now();
        for hour in 1..=13 {
            let at = begin + hour * (HOUR - 1);
            let Some(found) = post.store().session(&token, at).await.expect("it is read") else {
                assert_eq!(hour, 13, "used once an hour it lasts its twelve hours");
                break;
            };
            assert_eq!(found.seen_at, held.seen_at);
            post.store().keep_alive(&found, at).await.expect("it is noted");
            held = found;
            held.seen_at = at;
        }
        let idle = secret(2);
        post.store().begin_session(&idle, &session(2, ADMIN), begin).await.expect("a session begins");
        assert!(post.store().session(&idle, begin + HOUR - 1).await.expect("it is read").is_some());
        assert!(post.store().session(&idle, begin + HOUR).await.expect("it is read").is_none());
        // What is stored does not open anything.
        let mut tx = post.store().read().await.expect("a read begins");
        let rows = tx.rows("SELECT hash FROM session", &[], &[ColumnType::Bytes]).await.expect("it is read");
        assert!(rows.iter().all(|row| row[0].bytes().is_ok_and(|hash| hash != token && hash != idle)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_tells_nothing_about_who_has_an_account() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let mut answers = Vec::new();
        for login in ["Admin ", "nobody"] {
            let mut row = Vec::new();
            for _ in 0..LOCK_AFTER + 2 {
                row.push(post.store().begin_sign_in(login, post.now()).await.expect("it is answered"));
            }
            answers.push(row);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].iter().filter(|answer| **answer == Attempt::Allowed).count(), LOCK_AFTER as usize);
        let Attempt::Locked(until) = answers[0][LOCK_AFTER as usize] else { panic!("it is locked") };
        assert!(matches!(post.store().begin_sign_in("admin", until - 1).await, Ok(Attempt::Locked(_))));
        assert!(matches!(post.store().begin_sign_in("admin", until).await, Ok(Attempt::Allowed)));
        // A failure after the lock locks longer; a success forgets.
        assert!(
            matches!(post.store().begin_sign_in("admin", until).await, Ok(Attempt::Locked(later)) if later - until > until - post.now())
        );
        post.store().sign_in_succeeded("ADMIN").await.expect("it is noted");
        assert!(matches!(post.store().begin_sign_in("admin", until).await, Ok(Attempt::Allowed)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_are_counted_one_by_one() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let guesses: Vec<_> = (0..20)
            .map(|_| {
                let (store, at) = (post.store().clone(), post.now());
                tokio::spawn(async move { store.begin_sign_in("admin", at).await.expect("it is answered") })
            })
            .collect();
        let mut allowed = 0;
        for guess in guesses {
            allowed += i64::from(guess.await.expect("it ran") == Attempt::Allowed);
        }
        assert_eq!(allowed, LOCK_AFTER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_totp_secret_lies_enciphered_and_no_step_works_twice() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let (plain, now) = (b"twenty bytes of totp".to_vec(), post.now());
        let mut draw = entropy();
        assert_eq!(post.store().totp_secret(ADMIN, &mut draw, now).await.expect("it is answered"), None);
        post.store().set_totp_secret(ADMIN, &plain, &mut draw, now).await.expect("it is kept");
        let found = post.store().totp_secret(ADMIN, &mut draw, now).await.expect("it is read").expect("it is there");
        assert_eq!(*found, plain);
        let mut tx = post.store().read().await.expect("a read begins");
        let row = tx.row("SELECT totp_secret FROM credential", &[], &[ColumnType::Bytes]).await.expect("it is read");
        let stored = row.expect("there is one")[0].bytes().expect("bytes").to_vec();
        assert!(!stored.windows(plain.len()).any(|window| window == plain));
        tx.roll_back().await.expect("the read ends");
        let state = || async { post.store().credential(ADMIN).await.expect("it is read").map(|found| found.totp) };
        assert_eq!(state().await, Some(TotpState::Unconfirmed));
        assert!(post.store().use_totp_step(ADMIN, 100, now).await.expect("it is used"));
        assert_eq!(state().await, Some(TotpState::Confirmed));
        assert!(!post.store().use_totp_step(ADMIN, 100, now).await.expect("it is answered"), "the same code again");
        assert!(!post.store().use_totp_step(ADMIN, 99, now).await.expect("it is answered"), "an earlier code");
        assert!(post.store().use_totp_step(ADMIN, 101, now).await.expect("it is used"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_other_sessions_and_a_reset_all() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let account = post.staff(1, Role::Tracer, scene::DISTRICT.0).await;
        for n in [1, 2] {
            post.store()
                .begin_session(&secret(n), &session(u128::from(n), account), post.now())
                .await
                .expect("a session begins");
        }
        post.store()
            .set_password_hash(account, "$argon2id$…", Some(id(0x7001)), post.now())
            .await
            .expect("it is set");
        assert!(post.store().session(&secret(1), post.now()).await.expect("it is read").is_some());
        assert!(post.store().session(&secret(2), post.now()).await.expect("it is read").is_none());
        let admin = post.admin().await;
        assert_eq!(
            denied(post.store().reset_credentials(&admin, ADMIN, post.now()).await),
            Denial::ForOneself.name()
        );
        post.store().reset_credentials(&admin, account, post.now()).await.expect("it is reset");
        assert!(post.store().credential(account).await.expect("it is read").is_none());
        assert!(post.store().session(&secret(1), post.now()).await.expect("it is read").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_carries_its_actions_until_it_ends_and_a_link_works_once() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let account = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let rights = post.rights(account).await;
        let token = NewToken {
            id: id(1),
            name: "nightly list".into(),
            actions: BTreeSet::from([Action::CaseList]),
            expires_at: post.now() + HOUR,
        };
        post.store().issue_token(&rights, &secret(1), &token, post.now()).await.expect("a token is made");
        let callers = Rights::new(post.store().clone());
        let caller = callers.by_token(&secret(1), post.now()).await.expect("it is read").expect("it holds");
        assert!(caller.carries(Action::CaseList) && !caller.carries(Action::CaseClassify));
        assert!(
            callers.by_session(&secret(1), post.now()).await.expect("it is read").is_none(),
            "a token is no session"
        );
        assert!(callers.by_token(&secret(1), post.now() + HOUR).await.expect("it is read").is_none());
        assert!(post.store().revoke_token(account, id(1), post.now()).await.expect("it is revoked"));
        assert!(callers.by_token(&secret(1), post.now()).await.expect("it is read").is_none());

        let until = post.now() + HOUR;
        post.store()
            .make_link(&secret(2), account, LinkPurpose::SignIn, until, post.now())
            .await
            .expect("a link is made");
        let wrong = post.store().use_link(&secret(2), LinkPurpose::SetPassword, post.now()).await;
        assert_eq!(wrong.expect("it is answered"), None, "a link is for one purpose");
        let used = post.store().use_link(&secret(2), LinkPurpose::SignIn, post.now()).await;
        assert_eq!(used.expect("it is answered"), Some(account));
        let again = post.store().use_link(&secret(2), LinkPurpose::SignIn, post.now()).await;
        assert_eq!(again.expect("it is answered"), None);
        post.store()
            .make_link(&secret(3), account, LinkPurpose::SignIn, until, post.now())
            .await
            .expect("a link is made");
        let late = post.store().use_link(&secret(3), LinkPurpose::SignIn, until).await;
        assert_eq!(late.expect("it is answered"), None, "an ended link opens nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_work_is_of_one_s_own_role_and_ends() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let hotline = post.staff(1, Role::Hotline, scene::DISTRICT.0).await;
        let callers = Rights::new(post.store().clone());
        let rights = callers.of(hotline, post.now()).await.expect("it is read").expect("it is there");
        assert!(rights.open_tasks().is_empty());
        let foreign = post.store().open_task(&rights, id(1), Task::InvestigateCase, None, post.now()).await;
        assert_eq!(denied(foreign), Denial::Role.name());
        post.store().open_task(&rights, id(2), Task::AnswerCall, None, post.now()).await.expect("work is opened");
        let rights = callers.of(hotline, post.now()).await.expect("it is read").expect("it is there");
        assert!(rights.open_tasks().contains(Task::AnswerCall));
        post.stage.clock.advance(1);
        assert!(post.store().close_task(hotline, id(2), post.now()).await.expect("work is closed"));
        let rights = callers.of(hotline, post.now()).await.expect("it is read").expect("it is there");
        assert!(rights.open_tasks().is_empty());
        post.store().open_task(&rights, id(3), Task::AnswerCall, None, post.now()).await.expect("work is opened");
        let rights = post.store().rights(hotline, post.now() + 13 * HOUR).await.expect("it is read");
        assert!(rights.expect("it is there").open_tasks().is_empty(), "forgotten work ends with the shift");
    }
}
