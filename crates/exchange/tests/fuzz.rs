//! Hostile files: 100,000 cases for each reader here. Ten million are run by `cargo run -p testkit --example fuzz`, which
//! also counts work; a finding is a panic in any thread, a broken rule, or work out of proportion.

use exchange::fuzzing::Target;
use exchange::fuzzing::run::{Tally, run};
use proptest::prelude::*;
use proptest::test_runner::Config;

const CASES: u64 = 100_000;

/// Runs a target; gives the share of files, in hundredths, that reached their rows.
fn reached(target: Target, cases: u64) -> u64 {
    let tally: Tally = run(0..cases, || 0, |seed| target.case(seed));
    assert!(tally.findings.is_empty(), "{target:?}: {:#?}", tally.findings);
    tally.reached_share()
}

#[test]
fn csv_files_end_as_rows_or_words() {
    assert!(reached(Target::Csv, CASES) >= 40);
}

#[test]
fn json_files_end_as_rows_or_words() {
    assert!(reached(Target::Json, CASES) >= 40);
}

#[test]
fn workbooks_end_as_rows_or_words() {
    assert!(reached(Target::Xlsx, CASES) >= 40);
}

#[test]
fn mapping_files_map_or_are_refused_with_lines() {
    assert!(reached(Target::Mapping, CASES / 5) >= 25);
}

#[test]
fn packs_are_taken_or_refused_with_places() {
    assert!(reached(Target::Pack, CASES / 20) >= 40);
}

proptest! {
    #![proptest_config(Config { cases: 5_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_bytes_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        use exchange::fuzzing::{Made, mapping_file, pack_file, table_file};
        let json = [b"[", bytes.as_slice()].concat();
        let workbook = [b"PK\x03\x04", bytes.as_slice()].concat();
        for file in [bytes.clone(), json, workbook] {
            prop_assert_eq!(table_file(&Made::unknown(file)).err(), None);
        }
        prop_assert_eq!(mapping_file(&bytes).err(), None);
        prop_assert_eq!(pack_file(&bytes).err(), None);
    }
}
