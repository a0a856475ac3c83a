//! A batch decided while the one before is still being written comes to what it comes to after it.

use domain::{
    fields::Change,
    id::{CaseId, StreamId},
    kernel::{Outcome, group::Submission},
    noun::{case, person},
};
use futures_util::future::join_all;
use store::writer::SubmitError;
use testkit::{Stage, engines, scene};
use uuid::Uuid;

const BATCHES: u64 = 6;
const PEOPLE: u64 = 150;

fn rename(n: u64, from: &str, to: &str) -> person::Command {
    person::Command::Correct {
        id: scene::person_id(n),
        changes: person::Changes {
            full_name: Some(Change { seen: Some(from.to_owned()), to: Some(to.to_owned()) }),
            ..Default::default()
        },
    }
}

/// A second case of the same person: refused while the first stands.
fn second_case(n: u64) -> case::Command {
    let case::Command::Open { person, outbreak, jurisdiction, classification, findings, fields, .. } =
        scene::open_case(n)
    else {
        unreachable!("the scene opens a case")
    };
    let id = CaseId(Uuid::from_u128(0x0003_0000_0000_0000_0000_0000_0000_0000 + u128::from(n)));
    case::Command::Open { id, person, outbreak, jurisdiction, classification, findings, fields, reinfection_of: None }
}

/// People and cases; and about those of the batch before: a second case, a new name, the new name seen too late.
fn batch(k: u64, stream: StreamId) -> Vec<Submission> {
    let mut commands = Vec::new();
    for n in k * PEOPLE..(k + 1) * PEOPLE {
        commands.push(scene::caused(u128::from(n) * 8 + 1, stream, scene::register(n)));
        commands.push(scene::caused(u128::from(n) * 8 + 2, stream, scene::open_case(n)));
        if let Some(before) = n.checked_sub(PEOPLE) {
            let name = format!("王测试{before}");
            commands.push(scene::caused(u128::from(n) * 8 + 3, stream, second_case(before)));
            commands.push(scene::caused(u128::from(n) * 8 + 4, stream, rename(before, &name, "李测试")));
            commands.push(scene::caused(u128::from(n) * 8 + 5, stream, rename(before, &name, "赵测试")));
        }
    }
    if k == 3 {
        // Sent again with the batch after: it cannot be decided ahead.
        let n = 2 * PEOPLE;
        commands.push(scene::caused(u128::from(n) * 8 + 1, stream, scene::register(n)));
    }
    commands
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_ahead_is_what_is_decided_after() {
    type Answers = Vec<Vec<Result<Outcome, String>>>;
    let told = |answers: Vec<Result<Outcome, SubmitError>>| -> Vec<Result<Outcome, String>> {
        answers.into_iter().map(|answer| answer.map_err(|error| error.to_string())).collect()
    };
    for engine in engines() {
        let one_by_one = Stage::new(engine).await;
        let mut after: Answers = Vec::new();
        for k in 0..BATCHES {
            after.push(told(one_by_one.store.submit(batch(k, one_by_one.stream())).await));
        }
        let at_once = Stage::new(engine).await;
        let stream = at_once.stream();
        let all = join_all((0..BATCHES).map(|k| at_once.store.submit(batch(k, stream)))).await;
        let ahead: Answers = all.into_iter().map(told).collect();
        assert!(at_once.store.door().decided_ahead() > 0, "no batch was decided ahead");
        let refused = after.iter().flatten().filter(|answer| matches!(answer, Ok(Outcome::Declined(_)))).count();
        assert_eq!(refused as u64, 2 * (BATCHES - 1) * PEOPLE, "each second case and each late name is declined");
        assert_eq!(ahead, after);
        assert_eq!(at_once.verified().await, one_by_one.verified().await);
    }
}
