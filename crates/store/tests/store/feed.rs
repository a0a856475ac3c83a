//! The live feed: nothing missed, nothing told to who may not know.

use crate::post::{BESIDE, Post, id};
use domain::access::Role;
use std::collections::BTreeSet;
use store::feed::{Feed, Heard};
use testkit::{Stage, engines, scene};

fn messages(heard: Heard) -> (Vec<store::feed::Message>, String) {
    match heard {
        Heard::Messages(messages, cursor) => (messages, cursor),
        Heard::Resync(_) => panic!("the cursor fits"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hears_of_the_records_they_may_read_once() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let here = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let beside = post.staff(2, Role::Epidemiologist, BESIDE).await;
        let (here, beside) = (post.rights(here).await, post.rights(beside).await);
        let feed = Feed::open(post.store().clone());
        let start = feed.now().await.expect("a cursor is made");
        post.case_in(1, scene::DISTRICT.0).await;
        post.case_in(2, BESIDE).await;
        feed.wait(&start).await;
        let (mut cursor, mut heard) = (start.clone(), Vec::new());
        // In steps of one entry, as a slow listener takes them.
        for _ in 0..4 {
            let (more, after) = messages(feed.after(&here, &cursor, 1).await.expect("it is read"));
            heard.extend(more);
            cursor = after;
        }
        let ids: BTreeSet<_> = heard.iter().map(|message| message.id).collect();
        assert_eq!(ids, BTreeSet::from([scene::person_id(1).0, scene::case_id(1).0]));
        assert_eq!(heard.len(), 2);
        assert_eq!(messages(feed.after(&here, &cursor, 100).await.expect("it is read")).0, []);
        let (other, _) = messages(feed.after(&beside, &start, 100).await.expect("it is read"));
        assert_eq!(other.len(), 2);
        assert!(other.iter().all(|message| !ids.contains(&message.id)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_s_commit_wakes_and_its_cursor_goes_on_here() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let here = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let rights = post.rights(here).await;
        let other = Feed::open(post.stage.another().await);
        let cursor = Feed::open(post.store().clone()).now().await.expect("a cursor is made");
        post.case_in(1, scene::DISTRICT.0).await;
        other.wait(&cursor).await;
        let (heard, _) = messages(other.after(&rights, &cursor, 100).await.expect("it is read"));
        assert_eq!(heard.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_database_asks_to_load_anew() {
    for engine in engines() {
        let post = Post::new(engine).await;
        let here = post.staff(1, Role::Epidemiologist, scene::DISTRICT.0).await;
        let rights = post.rights(here).await;
        let feed = Feed::open(post.store().clone());
        // As after a restore, which makes a new epoch.
        let restored = Stage::new(engine).await;
        let mut tx = restored.store.db().begin_write().await.expect("a write begins");
        let sql = "UPDATE property SET value = $1 WHERE name = 'epoch'";
        tx.execute(sql, &[id(0xe90c).to_string().into()]).await.expect("the epoch is another");
        tx.commit().await.expect("it is written");
        let foreign = Feed::open(restored.another().await).now().await.expect("a cursor is made");
        for cursor in [foreign.as_str(), "", "zz", "00"] {
            let heard = feed.after(&rights, cursor, 10).await.expect("it is read");
            let Heard::Resync(fresh) = heard else { panic!("it does not fit: {cursor:?}") };
            assert_eq!(messages(feed.after(&rights, &fresh, 10).await.expect("it is read")).0, []);
        }
    }
}
