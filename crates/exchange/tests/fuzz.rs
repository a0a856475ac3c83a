//! Hostile files: 100,000 cases per reader here, ten million in the ignored runs. A finding is a panic or a broken rule.

use exchange::fuzzing::{Reached, fuzz_csv, fuzz_json, fuzz_map, fuzz_xlsx, mutate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const CASES: u32 = 100_000;
const MANY: u32 = 10_000_000;

/// Runs a target over seeds; gives the share of files, in hundredths, that reached their rows.
fn run(cases: u32, file: fn(u64) -> Vec<u8>, target: fn(&[u8]) -> Result<Reached, String>) -> u32 {
    let reached = std::cell::Cell::new(0_u32);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&any::<u64>(), |seed| {
            let found =
                target(&file(seed)).map_err(|broken| TestCaseError::fail(format!("seed {seed}: {broken}")))?;
            reached.set(reached.get() + u32::from(found.rows > 0));
            Ok(())
        })
        .unwrap_or_else(|finding| panic!("{finding}"));
    reached.get() / (cases / 100)
}

#[test]
fn csv_files_end_as_rows_or_words() {
    assert!(run(CASES, mutate::csv, fuzz_csv) >= 40);
}

#[test]
fn json_files_end_as_rows_or_words() {
    assert!(run(CASES, mutate::json, fuzz_json) >= 40);
}

#[test]
fn workbooks_end_as_rows_or_words() {
    assert!(run(CASES, mutate::xlsx, fuzz_xlsx) >= 40);
}

#[test]
fn mapping_files_map_or_are_refused_with_lines() {
    assert!(run(CASES, mutate::map, fuzz_map) >= 5);
}

#[test]
#[ignore = "ten million cases for each reader: run by hand"]
fn ten_million_each() {
    for (file, target) in [
        (mutate::csv as fn(u64) -> Vec<u8>, fuzz_csv as fn(&[u8]) -> Result<Reached, String>),
        (mutate::json, fuzz_json),
        (mutate::xlsx, fuzz_xlsx),
        (mutate::map, fuzz_map),
    ] {
        run(MANY, file, target);
    }
}

proptest! {
    #![proptest_config(Config { cases: 20_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_bytes_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(fuzz_csv(&bytes).err(), None);
        prop_assert_eq!(fuzz_json(&[b"[", bytes.as_slice()].concat()).err(), None);
        prop_assert_eq!(fuzz_xlsx(&[b"PK\x03\x04", bytes.as_slice()].concat()).err(), None);
        prop_assert_eq!(fuzz_map(&bytes).err(), None);
    }
}
