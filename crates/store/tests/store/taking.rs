//! Files as they leave the store: page by page, within the reader's rights, in the log first, on both engines.

use crate::post::{BESIDE, CITY, Post, STREET, entropy, id};
use domain::access::{Action, Actor, Purpose, Role};
use std::collections::BTreeSet;
use store::query::{QueryError, Take, Taken, What};
use testkit::{engines, scene};

fn take(n: u128, what: What, identified: bool) -> Take {
    Take {
        id: id(0xe0_0000 + n),
        what,
        format: "csv".to_owned(),
        identified,
        purpose: identified.then_some(Purpose::Trace),
        outbreak: Some(scene::OUTBREAK),
        system: "import".to_owned(),
        as_of: None,
    }
}

/// All rows, each page released through the log.
async fn rows(post: &Post, by: &Actor, take: Take) -> Result<Vec<Taken>, QueryError> {
    let begun = post.store().take(by, take, &mut entropy()).await?;
    assert!(begun.is_personal(), "the act itself is logged");
    let mut taking = post.release(begun).await.expect("the act is logged");
    let mut rows = Vec::new();
    while let Some(page) = taking.next(post.store()).await? {
        assert!(page.is_personal(), "no page leaves unlogged");
        rows.extend(post.release(page).await.expect("the page is logged"));
    }
    Ok(rows)
}

fn texts(rows: &[Taken], part: &str, field: &str) -> BTreeSet<String> {
    let value = |row: &Taken| Some(row.get(part, field)?.as_str()?.to_owned());
    rows.iter().filter_map(value).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_what_its_taker_may_list_and_nothing_from_beside() {
    for engine in engines() {
        let post = Post::new(engine).await;
        for n in 1..=1_003 {
            post.case_in(n, if n % 2 == 0 { STREET } else { scene::DISTRICT.0 }).await;
        }
        post.case_in(5_000, BESIDE).await;
        let epi = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let epi = post.rights(epi).await;
        let all = rows(&post, &epi, take(1, What::Linelist, true)).await.expect("the file is taken");
        // More than a page, each row once.
        assert_eq!(all.len(), 1_003);
        assert_eq!(texts(&all, "refs", "case").len(), 1_003);
        assert_eq!(texts(&all, "person", "full_name").len(), 1_003);
        assert!(!texts(&all, "person", "full_name").contains("王测试5000"), "the neighbour's people are not ours");
        // The street alone sees its half.
        let street = post.staff(2, Role::Epidemiologist, STREET).await;
        let street = post.rights(street).await;
        let half = rows(&post, &street, take(2, What::Linelist, true)).await.expect("the file is taken");
        assert_eq!(half.len(), 501);
        // A purpose that the post does not have, and an act that it may not do.
        let other = Take { purpose: Some(Purpose::Care), ..take(3, What::Linelist, true) };
        assert!(matches!(rows(&post, &epi, other).await, Err(QueryError::Parameter { .. })));
        let analyst = post.staff(3, Role::DataAnalyst, CITY).await;
        let analyst = post.rights(analyst).await;
        let named = Take { purpose: Some(Purpose::Statistics), ..take(4, What::Linelist, true) };
        assert!(matches!(rows(&post, &analyst, named).await, Err(QueryError::Denied(_))));
        assert!(matches!(rows(&post, &analyst, take(5, What::People, false)).await, Err(QueryError::Denied(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_names_has_pseudonyms_that_stay_and_lead_nowhere() {
    for engine in engines() {
        let post = Post::new(engine).await;
        for n in 1..=3 {
            post.case_in(n, STREET).await;
        }
        let analyst = post.staff(1, Role::DataAnalyst, CITY).await;
        let analyst = post.rights(analyst).await;
        let first = rows(&post, &analyst, take(1, What::Linelist, false)).await.expect("the file is taken");
        let again = rows(&post, &analyst, take(2, What::Linelist, false)).await.expect("the file is taken");
        assert_eq!(first, again, "the same records have the same pseudonyms");
        let other = Take { outbreak: None, ..take(3, What::Linelist, false) };
        let other = rows(&post, &analyst, other).await.expect("the file is taken");
        let (ours, theirs) = (texts(&first, "refs", "case"), texts(&other, "refs", "case"));
        assert!(ours.len() == 3 && ours.is_disjoint(&theirs), "each outbreak has pseudonyms of its own");
        for row in &first {
            for value in row.values() {
                let text = value.to_string();
                for telling in ["王测试", "1110000", "350503198", "FZ-0", "00010000-", "00020000-"] {
                    assert!(!text.contains(telling), "{text}");
                }
            }
        }
        assert_eq!(texts(&first, "person", "age_band").len(), 1, "{first:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_the_act_and_each_page_and_tells_whose_file_it_was() {
    for engine in engines() {
        let post = Post::new(engine).await;
        post.case_in(1, scene::DISTRICT.0).await;
        post.case_in(2, scene::DISTRICT.0).await;
        let epi = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let inspector = post.staff(2, Role::Inspector, CITY).await;
        let inspector = post.rights(inspector).await;
        for n in 0..3 {
            let by = post.rights(epi).await;
            rows(&post, &by, take(n, What::Linelist, true)).await.expect("the file is taken");
        }
        // The limit counts files.
        let by = post.rights(epi).await;
        assert!(matches!(rows(&post, &by, take(9, What::Linelist, true)).await, Err(QueryError::Denied(_))));
        // Rights loaded before the limit was reached do not help: the log judges again.
        let early = Actor { uses: Default::default(), ..(*by).clone() };
        let begun = post.store().take(&early, take(9, What::Linelist, true), &mut entropy()).await.expect("it is asked");
        assert!(post.release(begun).await.is_err(), "the fourth file of a day does not begin");
        let reads = post.store().reads(&inspector, Some(epi), i64::MAX, 50).await.expect("an inspector reads the log");
        let of = |action: Action| reads.iter().filter(|read| read.action == action.name()).count();
        assert_eq!((of(Action::ExportIdentified), of(Action::CaseList)), (3, 3));
        let page = reads.iter().find(|read| read.action == Action::CaseList.name()).expect("a page");
        assert_eq!((page.count, page.purpose.as_deref()), (4, Some("trace")), "two cases and their people");
        assert!(page.query.ends_with("linelist csv identified rows 1-2"), "{}", page.query);
        let files = post.store().downloads_of(&inspector, scene::person_id(1)).await.expect("an inspector is told");
        assert_eq!(files.len(), 3);
        assert!(files.iter().all(|file| file.account == epi && file.identified && file.rows == 2));
        let tracer = post.staff(3, Role::Tracer, scene::DISTRICT.0).await;
        let tracer = post.rights(tracer).await;
        assert!(post.store().downloads_of(&tracer, scene::person_id(1)).await.is_err(), "others are not");
    }
}
