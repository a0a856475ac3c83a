//! What comes while another server writes the stream goes along in one group, in order.

use domain::kernel::Outcome;
use std::{
    future::Future as _,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};
use store::{
    engine::{Db, Engine},
    value::ColumnType,
    writer::Observer,
};
use testkit::{Stage, engines, scene};

/// What hangs ends the test instead of standing still with it.
const LONGEST: Duration = Duration::from_secs(600);

/// Envelopes of each group that was committed.
#[derive(Default)]
struct Groups(Mutex<Vec<usize>>);

impl Observer for Groups {
    fn began(&self) -> u64 {
        0
    }

    fn committed(&self, envelopes: usize, _: u64) {
        self.0.lock().expect("no test thread panicked").push(envelopes);
    }
}

/// Sessions of this database that wait for a lock.
async fn waiting(db: &Db) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut tx = db.begin_read().await.expect("a view is opened");
    let row = tx.row(sql, &[], &[ColumnType::Int]).await.expect("it is counted").expect("there is a count");
    tx.roll_back().await.expect("it is closed");
    row[0].int().expect("it is a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_another_server_writes_goes_along_in_one_group() {
    // SQLite has one writing process, so nobody waits for another server's turn there.
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let stage = Stage::new(Engine::Postgres).await;
    let stream = stage.stream();
    let groups = Arc::new(Groups::default());
    stage.store.door().observe(groups.clone());
    let another = stage.another().await;
    let mut turn = another.db().begin_write().await.expect("the other server begins a write");
    let sql = "UPDATE stream_head SET seq = seq WHERE stream = $1 RETURNING seq";
    turn.row(sql, &[stream.0.into()], &[ColumnType::Int]).await.expect("the head is locked");

    let first = stage.store.door().submit(vec![scene::caused(1, stream, scene::register(1))]);
    let waits = async {
        while waiting(another.db()).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONGEST, waits).await.expect("the first waits for its turn");
    let mut rest: Vec<_> = (2..=40)
        .map(|n| Box::pin(stage.store.door().submit(vec![scene::caused(u128::from(n), stream, scene::register(n))])))
        .collect();
    for one in &mut rest {
        let polled = one.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending), "nothing is answered while another server writes");
    }
    turn.roll_back().await.expect("the other server ends its write");

    let mut next = None;
    for answers in std::iter::once(first.await).chain(futures_util::future::join_all(rest).await) {
        let [Ok(Outcome::Accepted { first_seq, events })] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!(*first_seq, next.unwrap_or(*first_seq), "in the order they came");
        next = Some(first_seq + events);
    }
    assert_eq!(*groups.0.lock().expect("no test thread panicked"), [40]);
    another.close().await;
    stage.verified().await;
}
