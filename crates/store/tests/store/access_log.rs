//! The log of reads: durable before the answer, chained, counted, and told to the person.

use crate::post::{BESIDE, CITY, Post, ask, id};
use domain::{
    access::{Noun, Role, Task},
    id::PersonId,
};
use store::{
    access_log::{LogError, LogFault},
    accounts::AccountError,
    query::QueryError,
    value::ColumnType,
};
use testkit::{engines, scene};

async fn rows(post: &Post, columns: &str, types: &[ColumnType]) -> Vec<store::value::Row> {
    let mut tx = post.store().read().await.expect("a read begins");
    let sql = format!("SELECT {columns} FROM access_log ORDER BY stream, seq");
    let rows = tx.rows(&sql, &[], types).await.expect("the log is read");
    tx.roll_back().await.expect("the read ends");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_in_the_log_when_its_answer_leaves_and_the_person_is_told() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, scene::DISTRICT.0).await;
        let epidemiologist = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let inspector = post.staff(2, Role::Inspector, CITY).await;
        let rights = post.rights(epidemiologist).await;
        assert!(post.read(&rights, Noun::Person, scene::person_id(1).0).await.is_some());
        let page = post.list(&rights, Noun::Case, ask(&[("classification", "unclassified")])).await.expect("it runs");
        assert_eq!(page.records.len(), 1);
        let logged = rows(
            &post,
            "account, action, query, purpose, rule, count",
            &[
                ColumnType::Uuid,
                ColumnType::Text,
                ColumnType::Text,
                ColumnType::Text,
                ColumnType::Text,
                ColumnType::Int,
            ],
        )
        .await;
        assert_eq!(logged.len(), 2);
        assert_eq!(logged[1][0].opt_uuid(), Some(epidemiologist.0));
        assert_eq!(logged[1][1].opt_text(), Some("case_list"));
        assert_eq!(logged[1][2].opt_text(), Some("case list classification=unclassified"));
        assert_eq!(logged[1][3].opt_text(), Some("trace"));
        assert_eq!(logged[1][4].opt_text(), Some("case.epidemiologist"));
        assert_eq!(logged[1][5].opt_int(), Some(2), "the case and its person");

        let inspector = post.rights(inspector).await;
        let told = post.store().who_read(&inspector, scene::person_id(1), 0, i64::MAX).await.expect("it is told");
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|reader| reader.read.account == epidemiologist));
        assert!(told[1].records.contains(&scene::case_id(1).0));
        let nobody = post.store().who_read(&inspector, PersonId(id(0xdead)), 0, i64::MAX).await;
        assert!(matches!(nobody, Err(AccountError::NotFound)));
        let beside = post.staff(3, Role::Epidemiologist, BESIDE).await;
        let beside = post.rights(beside).await;
        let foreign = post.store().who_read(&beside, scene::person_id(1), 0, i64::MAX).await;
        assert!(matches!(foreign, Err(AccountError::NotFound)), "foreign and absent people are alike: {foreign:?}");
        assert_eq!(post.store().reads(&inspector, None, i64::MAX, 10).await.expect("it is listed").len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn areas_are_public_and_not_logged_and_an_empty_search_is() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let epidemiologist = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let rights = post.rights(epidemiologist).await;
        assert_eq!(post.all(&rights, Noun::Jurisdiction, ask(&[])).await.len(), 4);
        assert!(rows(&post, "seq", &[ColumnType::Int]).await.is_empty());
        let found = post.list(&rights, Noun::Person, ask(&[("identifier", "national_id:11010119700101123X")])).await;
        assert!(found.expect("it runs").records.is_empty());
        let logged = rows(&post, "query, count", &[ColumnType::Text, ColumnType::Int]).await;
        assert_eq!(logged[0][0].opt_text(), Some("person list identifier=…"), "what was searched is not in the log");
        assert_eq!(logged[0][1].opt_int(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_at_once_are_all_logged_in_one_chain() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, scene::DISTRICT.0).await;
        let epidemiologist = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let rights = post.rights(epidemiologist).await;
        let reads: Vec<_> = (0..200)
            .map(|_| {
                let (store, log, rights) = (post.store().clone(), post.log.clone(), rights.clone());
                tokio::spawn(async move {
                    let view = store::query::view(Noun::Case).expect("cases can be queried");
                    let answer = store.record(&rights, view, scene::case_id(1).0, None).await.expect("it is read");
                    log.release(answer).await.expect("it is logged").is_some()
                })
            })
            .collect();
        for read in reads {
            assert!(read.await.expect("it ran"));
        }
        let report = post.store().verify_access_log(&Default::default()).await.expect("it is verified");
        assert_eq!((report.rows, report.faults.len()), (200, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_removed_or_cut_row_is_found() {
    for engine in engines() {
        for (sql, fault) in [
            ("UPDATE access_log SET purpose = 'care' WHERE seq = 3", LogFault::BrokenLink { stream: 1, seq: 3 }),
            ("UPDATE access_log SET count = count + 1 WHERE seq = 1", LogFault::BrokenLink { stream: 1, seq: 1 }),
            ("DELETE FROM access_log WHERE seq = 2", LogFault::Gap { stream: 1, expected: 2, found: 3 }),
            ("DELETE FROM access_log WHERE seq = 4", LogFault::WrongHead { stream: 1, head: 4, last: 3 }),
            ("DELETE FROM access_log_head", LogFault::WrongHead { stream: 1, head: -1, last: 4 }),
        ] {
            let post = Post::new(engine).await;
            post.case_in(1, scene::DISTRICT.0).await;
            let epidemiologist = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
            let rights = post.rights(epidemiologist).await;
            for _ in 0..4 {
                post.read(&rights, Noun::Case, scene::case_id(1).0).await;
            }
            assert_eq!(post.store().verify_access_log(&Default::default()).await.expect("it is verified").faults, []);
            let mut tx = post.store().db().begin_write().await.expect("a write begins");
            assert_eq!(tx.execute(sql, &[]).await.expect("the log is altered"), 1);
            tx.commit().await.expect("it is written");
            let faults = post.store().verify_access_log(&Default::default()).await.expect("it is verified").faults;
            assert!(faults.contains(&fault), "{sql}: {faults:?}");
        }
    }
}

/// Releases look-ups, all asked before any was logged, and counts the answers.
async fn matched(post: &Post, rights: &domain::access::Actor, times: usize) -> (usize, usize) {
    let mut asked = Vec::new();
    for _ in 0..times {
        asked
            .push(post.store().match_person(rights, "national_id", "350503198001010001").await.expect("it is asked"));
    }
    let (mut yes, mut spent) = (0, 0);
    for answer in futures_util::future::join_all(asked.into_iter().map(|answer| post.release(answer))).await {
        match answer {
            Ok(true) => yes += 1,
            Err(LogError::LimitReached) => spent += 1,
            other => panic!("it is answered or spent: {other:?}"),
        }
    }
    (yes, spent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_needs_open_work_and_its_limit_holds_under_haste() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, scene::DISTRICT.0).await;
        let hotline = post.staff(1, Role::Hotline, scene::DISTRICT.0).await;
        let rights = post.rights(hotline).await;
        let closed = post.store().match_person(&rights, "national_id", "350503198001010001").await;
        assert!(matches!(closed, Err(QueryError::Denied(decision)) if decision.rule == "access.no_open_task"));
        post.store().open_task(&rights, id(1), Task::AnswerCall, None, post.now()).await.expect("a call comes in");
        let rights = post.rights(hotline).await;
        let most = 60;
        // Rights that were loaded before all of them say that none was used.
        assert_eq!(matched(&post, &rights, most + 5).await, (most, 5));
        let rights = post.rights(hotline).await;
        assert_eq!(rights.uses.matches as usize, most);
        let spent = post.store().match_person(&rights, "national_id", "350503198001010001").await;
        assert!(matches!(spent, Err(QueryError::Denied(decision)) if decision.rule == "access.limit_reached"));
        post.stage.clock.advance(3_600_000);
        let rights = post.rights(hotline).await;
        let wrong =
            post.store().match_person(&rights, "national_id", "350503198001010002").await.expect("it is asked");
        assert!(!post.release(wrong).await.expect("it is logged"), "another number is no match");
        let text = rows(&post, "query", &[ColumnType::Text]).await;
        assert!(text.iter().all(|row| row[0].opt_text() == Some("person match national_id=…")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_glass_shows_little_is_limited_and_is_reviewed_by_another() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, scene::DISTRICT.0).await;
        let tracer = post.staff(1, Role::Tracer, scene::DISTRICT.0).await;
        let rights = post.rights(tracer).await;
        assert!(post.read(&rights, Noun::Person, scene::person_id(1).0).await.is_none(), "not assigned, not read");
        let short = post.store().break_glass(&rights, scene::person_id(1), "x").await;
        assert!(matches!(short, Err(QueryError::Parameter { .. })));
        let broken = post.store().break_glass(&rights, scene::person_id(1), "unconscious in the street").await;
        let record = post.release(broken.expect("it is asked")).await.expect("it is logged").expect("it is shown");
        assert!(record.fields.contains_key("full_name") && !record.fields.contains_key("note"));
        let absent = post.store().break_glass(&rights, PersonId(id(0xdead)), "unconscious in the street").await;
        assert!(post.release(absent.expect("it is asked")).await.expect("it is answered").is_none());

        let epidemiologist = post.staff(2, Role::Epidemiologist, scene::DISTRICT.0).await;
        let reviewer = post.rights(epidemiologist).await;
        let open = post.store().break_glass_to_review(&reviewer).await.expect("it is listed");
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].account, open[0].person), (tracer, scene::person_id(1).0));
        assert_eq!(open[0].due_at, post.now() + 24 * 3_600_000);
        let own = post.store().review_break_glass(&rights, open[0].stream, open[0].seq, true, post.now()).await;
        assert!(matches!(own, Err(AccountError::NotFound)));
        // The reviewer who broke it themselves does not review it.
        let own = post.store().break_glass(&reviewer, scene::person_id(1), "asked by the court").await;
        post.release(own.expect("it is asked")).await.expect("it is logged");
        assert_eq!(post.store().break_glass_to_review(&reviewer).await.expect("it is listed").len(), 1);
        let review = post.store().review_break_glass(&reviewer, open[0].stream, open[0].seq, true, post.now()).await;
        review.expect("it is reviewed");
        assert!(post.store().break_glass_to_review(&reviewer).await.expect("it is listed").is_empty());

        for _ in 0..2 {
            let broken = post.store().break_glass(&rights, scene::person_id(1), "unconscious in the street").await;
            post.release(broken.expect("it is asked")).await.expect("it is logged");
        }
        let fourth = post.store().break_glass(&rights, scene::person_id(1), "unconscious in the street").await;
        let fourth = post.release(fourth.expect("rights of before say there is one left")).await;
        assert!(matches!(fourth, Err(LogError::LimitReached)), "the fourth of a day: {fourth:?}");
    }
}
