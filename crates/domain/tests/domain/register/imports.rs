use crate::desk::*;
use domain::{
    access::Role,
    id::ImportId,
    noun::import::{Command, Counts, Import},
};

const IMPORT: ImportId = ImportId(uuid::Uuid::from_u128(0x1f));

fn start(rows: Option<i64>) -> Command {
    Command::Start {
        id: IMPORT,
        jurisdiction: DISTRICT,
        as_noun: "person".to_owned(),
        file_name: "linelist.csv".to_owned(),
        file_blake3: "a0".repeat(32),
        mapping_blake3: "0b".repeat(32),
        rows,
    }
}

fn counts(created: i64, refused: i64) -> Counts {
    Counts { created, refused, ..Counts::default() }
}

#[test]
fn rows_in_are_rows_accounted_for() {
    let mut desk = Desk::new();
    desk.accept(start(Some(10)));
    let progress = |rows_done, counts| Command::Progress { id: IMPORT, rows_done, counts };
    assert_eq!(desk.refused(progress(5, counts(4, 0))), "rows_not_accounted");
    assert_eq!(desk.refused(progress(5, counts(6, -1))), "rows_not_accounted");
    assert_eq!(desk.refused(progress(11, counts(11, 0))), "rows_not_accounted");
    desk.accept(progress(5, counts(4, 1)));
    assert_eq!(desk.refused(progress(5, counts(4, 1))), "nothing_changes");
    assert_eq!(desk.refused(progress(4, counts(4, 0))), "rows_not_accounted");
    let complete = |rows, counts| Command::Complete { id: IMPORT, rows, counts };
    assert_eq!(desk.refused(complete(9, counts(8, 1))), "rows_not_accounted");
    assert_eq!(desk.refused(complete(10, counts(8, 1))), "rows_not_accounted");
    assert_eq!(desk.refused(complete(i64::MIN, counts(i64::MAX, i64::MAX))), "rows_not_accounted");
    desk.accept(complete(10, counts(8, 2)));
    let import = desk.get::<Import>(IMPORT);
    assert_eq!((import.rows_done, import.counts.total()), (10, Some(10)));
    desk.assert_replays();
}

#[test]
fn a_complete_import_takes_nothing_more() {
    let mut desk = Desk::new();
    desk.accept(start(None));
    desk.accept(Command::Complete { id: IMPORT, rows: 3, counts: counts(3, 0) });
    let more = Command::Progress { id: IMPORT, rows_done: 4, counts: counts(4, 0) };
    assert_eq!(desk.refused(more), "batch_closed");
    let again = Command::Complete { id: IMPORT, rows: 3, counts: counts(3, 0) };
    assert_eq!(desk.refused(again), "batch_closed");
    assert_eq!(desk.refused(start(None)), "already_exists");
}

#[test]
fn an_import_is_found_by_its_file_while_it_runs_and_after() {
    let mut desk = Desk::new();
    desk.accept(start(None));
    let keys = |desk: &Desk| {
        let permit = domain::seal::Reading::permit();
        desk.memory.get(IMPORT.0).expect("it is there").aggregate.match_keys(&permit).len()
    };
    assert_eq!(keys(&desk), 1);
    desk.accept(Command::Complete { id: IMPORT, rows: 0, counts: Counts::default() });
    assert_eq!(keys(&desk), 1);
}

#[test]
fn a_start_says_what_and_which_file() {
    let mut desk = Desk::new();
    let Command::Start { id, jurisdiction, file_name, file_blake3, mapping_blake3, .. } = start(None) else {
        panic!("a start")
    };
    let with = |as_noun: &str, file_blake3: String, rows| Command::Start {
        id,
        jurisdiction,
        as_noun: as_noun.to_owned(),
        file_name: file_name.clone(),
        file_blake3,
        mapping_blake3: mapping_blake3.clone(),
        rows,
    };
    assert_eq!(desk.refused(with("spaceship", file_blake3.clone(), None)), "unknown_noun");
    assert_eq!(desk.refused(with("person", "A0".repeat(32), None)), "not_a_hash");
    assert_eq!(desk.refused(with("person", "a0".repeat(31), None)), "not_a_hash");
    assert_eq!(desk.refused(with("person", file_blake3, Some(-1))), "impossible_number");
}

#[test]
fn an_import_is_run_by_who_answers_for_the_area() {
    let mut desk = Desk::new();
    assert!(desk.ask(&holder(BOB, Role::Epidemiologist), start(None)).is_accepted());
    assert_eq!(rule_of(&desk.ask(&holder(BOB, Role::Tracer), start(None))), "access.role");
}
