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

/// Every row with what became of it, or the refusal that ended the reading, without the place it names.
fn followed(opened: Result<RowStream, FileRefusal>) -> String {
    let (mut told, mut opened) = (String::new(), opened);
    loop {
        match opened.as_mut().map_err(|refusal| refusal.clone()).and_then(|stream| stream.next_batch(64)) {
            Ok(batch) if batch.is_empty() => return told,
            Ok(batch) => batch.iter().for_each(|row| told += &format!("{row:?}\n")),
            Err(refusal) => return format!("{told}{}", refusal.rule),
        }
    }
}

#[test]
fn files_under_a_name_that_lies_are_read_as_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for seed in 0..600 {
        let target = [Target::Csv, Target::Xlsx, Target::Json][usize::try_from(seed % 3).unwrap()];
        let made = target.file(seed);
        let (mapping, limits) = (made.mapping().unwrap(), exchange::fuzzing::limits());
        let as_it_is = followed(exchange::open(Box::new(std::io::Cursor::new(made.bytes.clone())), mapping, &limits));
        for lie in ["a.csv", "a.xlsx", "a.json"] {
            let path = folder.path().join(lie);
            std::fs::write(&path, &made.bytes).unwrap();
            assert_eq!(followed(exchange::open_path(&path, mapping, &limits)), as_it_is, "seed {seed} as {lie}");
        }
        refused += u64::from(!as_it_is.ends_with('\n'));
    }
    assert!((60..540).contains(&refused), "some are read and some are refused: {refused}");
}

/// What a path is refused with; a path that is waited for would hang here.
fn refusal_at(path: &std::path::Path) -> FileRefusal {
    let made = Target::Csv.file(0);
    let Err(refusal) = exchange::open_path(path, made.mapping().unwrap(), &exchange::fuzzing::limits()) else {
        panic!("{} is read", path.display());
    };
    assert!(!refusal.reason.is_empty() && !refusal.remedy.is_empty(), "{refusal:?}");
    refusal
}

#[test]
fn files_under_a_path_that_holds_no_table_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("folder.csv")).unwrap();
    std::fs::write(at("empty.csv"), b"").unwrap();
    std::fs::write(at("mark.csv"), b"\xEF\xBB\xBF").unwrap();
    for (name, rule) in [
        ("absent.csv", "file.unreadable"),
        ("folder.csv", "file.kind"),
        ("folder.csv/below.csv", "file.unreadable"),
        ("empty.csv/below.csv", "file.unreadable"),
        ("empty.csv", "file.empty"),
        ("mark.csv", "file.empty"),
        (&"a".repeat(300), "file.unreadable"),
        ("nothing\0.csv", "file.unreadable"),
    ] {
        assert_eq!(refusal_at(&at(name)).rule, rule, "{name:?}");
    }
}

#[cfg(unix)]
#[test]
fn files_under_a_path_that_is_a_pipe_a_socket_or_closed_to_us_are_refused_and_not_waited_for() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = std::process::Command::new("mkfifo").arg(at("pipe.csv")).status().unwrap();
    assert!(made.success(), "{made}");
    let _socket = std::os::unix::net::UnixListener::bind(at("socket.csv")).unwrap();
    symlink(at("pipe.csv"), at("to-pipe.csv")).unwrap();
    symlink(at("round.csv"), at("round.csv")).unwrap();
    for (name, rule) in [
        ("pipe.csv", "file.kind"),
        ("to-pipe.csv", "file.kind"),
        ("socket.csv", "file.kind"),
        ("/dev/zero", "file.kind"),
        ("round.csv", "file.unreadable"),
    ] {
        assert_eq!(refusal_at(&at(name)).rule, rule, "{name}");
    }
    let closed = at("closed.csv");
    std::fs::write(&closed, b"").unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0)).unwrap();
    // Nothing is closed to root.
    let rule = if std::fs::File::open(&closed).is_ok() { "file.empty" } else { "file.unreadable" };
    assert_eq!(refusal_at(&closed).rule, rule);
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
