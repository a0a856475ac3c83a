//! Hostile files: 100,000 cases for each reader here. Ten million are run by `cargo run -p testkit --example fuzz`, which
//! also counts work; a finding is a panic in any thread, a broken rule, or work out of proportion.

use exchange::fuzzing::Target;
use exchange::fuzzing::judge::{Reader, account};
use exchange::fuzzing::run::{Tally, run};
use exchange::source::input::Stored;
use exchange::{FileRefusal, Limits, Mapping, RowStream};
use proptest::prelude::*;
use proptest::test_runner::Config;
use std::path::PathBuf;

const CASES: u64 = 100_000;

/// Runs a target; gives the share of files, in hundredths, that reached their rows.
fn reached(target: Target, cases: u64) -> u64 {
    let tally: Tally = run(0..cases, || 0, |seed| target.case(seed));
    assert!(tally.findings.is_empty(), "{target:?}: {:#?}", tally.findings);
    println!("{target:?}: {tally:?}");
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

/// A reader of the file under this name, as an import opens it.
struct ByPath(PathBuf);

impl Reader for ByPath {
    type Rows = RowStream;
    fn open(&self, mut stored: Stored, mapping: &Mapping, limits: &Limits) -> Result<RowStream, FileRefusal> {
        let mut file = std::fs::File::create(&self.0).unwrap();
        std::io::copy(&mut stored, &mut file).unwrap();
        exchange::open_path(&self.0, mapping, limits)
    }
}

#[test]
fn files_under_any_name_end_as_rows_or_words() {
    const NAMES: &[&str] = &["a.csv", "a.TXT", "a.xlsx", "a.xlsm", "a.json", "a.jsonl", "a.xls", "a"];
    let folder = tempfile::tempdir().unwrap();
    let tally = run(
        0..3_000,
        || 0,
        |seed| {
            let target = [Target::Csv, Target::Xlsx, Target::Json][usize::try_from(seed % 3).unwrap()];
            let made = target.file(seed);
            let name = NAMES[usize::try_from(seed / 3).unwrap() % NAMES.len()];
            let judged =
                made.mapping().and_then(|mapping| account(&ByPath(folder.path().join(name)), &made, mapping));
            (made.bytes.len(), judged)
        },
    );
    assert!(tally.findings.is_empty(), "{:#?}", tally.findings);
    assert!(tally.reached_share() >= 40, "{}", tally.reached_share());
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
