//! The generated line list: what it says it wrote is what stands in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use jiff::civil::{Date, date};
use twin::linelist::{
    Accounting, CLASSIFICATION, COLUMNS, DuplicateChange, LineListError, OUTCOME, RowKind, SEVERITY, TEST_RESULT,
    UpdateChange,
};
use twin::{LineList, LineListSpec, Spec, World};

const AS_OF: Date = date(2022, 3, 27);

fn world() -> World {
    World::generate(Spec::new(20_000, 3, date(2022, 3, 13))).expect("a specification in range")
}

fn written(world: &World, spec: LineListSpec) -> (Vec<u8>, Accounting) {
    let mut bytes = Vec::new();
    let accounting = LineList::new(world, spec).expect("fits the world").write(&mut bytes).expect("memory takes it");
    (bytes, accounting)
}

/// Rows of a file as maps from column key to cell.
fn read(bytes: &[u8]) -> Vec<BTreeMap<&'static str, String>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let headers: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(headers, COLUMNS.map(|column| column.header));
    reader
        .records()
        .map(|record| {
            let record = record.expect("thirty cells");
            COLUMNS.iter().map(|column| column.key).zip(record.iter().map(str::to_owned)).collect()
        })
        .collect()
}

/// Counts kinds by reading the file, knowing only the register and the list's day.
fn recount(world: &World, base_people: u32, rows: &[BTreeMap<&'static str, String>]) -> Accounting {
    let register: BTreeMap<String, u32> =
        (0..base_people).map(|number| (world.person(number).id_number, number)).collect();
    let mut first: BTreeMap<(String, String), &BTreeMap<&str, String>> = BTreeMap::new();
    let mut by_phone = BTreeMap::new();
    let mut updated = BTreeSet::new();
    let mut accounting = Accounting { rows: rows.len() as u32, ..Accounting::default() };
    for row in rows {
        let reported: &str = row["reported_at"].split(' ').next().unwrap_or_default();
        if row["name"].is_empty() {
            accounting.missing_names += 1;
        } else if !CLASSIFICATION.contains(&row["classification"].as_str()) {
            accounting.unknown_codes += 1;
        } else if reported.parse::<Date>().expect("a date") > AS_OF {
            accounting.future_dates += 1;
        } else if !row["onset_date"].is_empty() && row["onset_date"].parse::<Date>().is_err() {
            accounting.impossible_dates += 1;
        } else if let Some(number) = register.get(&row["id_number"]) {
            updated.insert(*number);
            let person = world.person(*number);
            assert_eq!((&row["name"], &row["birth_date"]), (&person.name.chinese(), &person.born.to_string()));
            match (row["phone"] == person.phone, row["address"] == person.address.detail) {
                (true, true) => accounting.updates_case_only += 1,
                (false, true) => accounting.updates_phone += 1,
                (true, false) => accounting.updates_address += 1,
                (false, false) => panic!("two changes in {row:?}"),
            }
        } else if row["id_number"].is_empty() {
            match by_phone.get(&row["phone"]) {
                None => {
                    assert!(first.contains_key(&(row["name"].clone(), row["birth_date"].clone())), "{row:?}");
                    accounting.changed_phones += 1;
                }
                Some((name, born)) if *name == row["name"] && *born != row["birth_date"] => {
                    accounting.transposed_birth_dates += 1;
                }
                Some((name, born)) => {
                    assert!(*name != row["name"] && *born == row["birth_date"], "{row:?}");
                    accounting.name_typos += 1;
                }
            }
        } else {
            accounting.new_people += 1;
            first.insert((row["name"].clone(), row["birth_date"].clone()), row);
            by_phone.insert(row["phone"].clone(), (row["name"].clone(), row["birth_date"].clone()));
        }
    }
    accounting.updated_people = updated.len() as u32;
    accounting
}

#[test]
fn the_accounting_is_what_stands_in_the_file() {
    let city = world();
    for base_people in [20_000, 150] {
        let (bytes, accounting) = written(&city, LineListSpec::new(20_000, AS_OF, base_people));
        assert_eq!(recount(&city, base_people, &read(&bytes)), accounting);
        assert_eq!((accounting.near_duplicates(), accounting.bad(), accounting.updates()), (600, 200, 400));
        assert_eq!(accounting.new_people, 18_800);
        assert_eq!(accounting.updated_people, base_people.min(400));
        assert!(accounting.transposed_birth_dates >= 150, "{accounting:?}");
    }
}

#[test]
fn shares_are_exact_in_every_hundred_rows() {
    let city = world();
    let list = LineList::new(&city, LineListSpec::new(10_000, AS_OF, 20_000)).expect("fits");
    for hundred in 0..100 {
        let mut counts = [0; 4];
        for row in hundred * 100..hundred * 100 + 100 {
            counts[match list.kind(row) {
                RowKind::New => 0,
                RowKind::NearDuplicate { of, .. } => {
                    assert!(of < row && list.kind(of) == RowKind::New);
                    1
                }
                RowKind::Update { .. } => 2,
                RowKind::Bad { .. } => 3,
            }] += 1;
        }
        assert_eq!(counts, [94, 3, 2, 1]);
    }
}

#[test]
fn the_same_list_comes_out_in_any_order_of_rows() {
    let city = world();
    let spec = LineListSpec::new(3_000, AS_OF, 500);
    let (bytes, _) = written(&city, spec.clone());
    assert_eq!(bytes, written(&world(), spec.clone()).0);
    let list = LineList::new(&city, spec).expect("fits");
    let rows: Vec<Vec<String>> = csv::Reader::from_reader(bytes.as_slice())
        .records()
        .map(|record| record.expect("a row").iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(rows.len(), 3_000);
    for row in (0..3_000).rev() {
        assert_eq!(list.row(row).as_slice(), rows[row as usize]);
    }
}

#[test]
fn good_rows_have_what_is_required_and_dates_in_order() {
    let city = world();
    let spec = LineListSpec { bad_percent: 0, ..LineListSpec::new(5_000, AS_OF, 5_000) };
    let (bytes, accounting) = written(&city, spec);
    assert_eq!(accounting.bad(), 0);
    let rows = read(&bytes);
    let cards: BTreeSet<_> = rows.iter().map(|row| &row["card_number"]).collect();
    assert_eq!(cards.len(), rows.len());
    for row in &rows {
        for column in COLUMNS.iter().filter(|column| column.required) {
            assert!(!row[column.key].is_empty(), "{} empty in {row:?}", column.key);
        }
        assert!(row["sampled_at"] < row["reported_at"] && row["onset_date"] <= row["sampled_at"]);
        assert!(row["birth_date"] < row["sampled_at"] && row["reported_at"] < format!("{AS_OF} 24"));
        let born: Date = row["birth_date"].parse().expect("a date");
        assert_eq!(row["age"], twin::calendar::age_on(born, AS_OF).to_string());
        let asymptomatic = row["classification"] == CLASSIFICATION[1];
        assert_eq!(row["onset_date"].is_empty(), asymptomatic);
        assert!(asymptomatic || SEVERITY.contains(&row["severity"].as_str()));
        assert!(OUTCOME.contains(&row["outcome"].as_str()) && TEST_RESULT.contains(&row["test_result"].as_str()));
        assert_eq!(row["outcome_date"].is_empty(), row["outcome"] == OUTCOME[0]);
    }
}

#[test]
fn changes_are_the_ones_named() {
    let city = world();
    let list = LineList::new(&city, LineListSpec::new(6_000, AS_OF, 6_000)).expect("fits");
    let cell = |row: u32, key: &str| {
        let at = COLUMNS.iter().position(|column| column.key == key).expect("a column");
        list.row(row)[at].clone()
    };
    let mut changes = BTreeSet::new();
    for row in 0..6_000 {
        match list.kind(row) {
            RowKind::NearDuplicate { of, change } => {
                changes.insert(change);
                let differs = ["name", "birth_date", "phone"].map(|key| cell(row, key) != cell(of, key));
                let expected = match change {
                    DuplicateChange::NameTypo => [true, false, false],
                    DuplicateChange::BirthDateTransposed => [false, true, false],
                    DuplicateChange::PhoneChanged => [false, false, true],
                };
                assert_eq!(differs, expected, "row {row}");
                if change == DuplicateChange::BirthDateTransposed {
                    let sorted = |text: String| {
                        let mut bytes = text.into_bytes();
                        bytes.sort_unstable();
                        bytes
                    };
                    assert_eq!(sorted(cell(row, "birth_date")), sorted(cell(of, "birth_date")));
                }
                if change == DuplicateChange::NameTypo {
                    let (before, after) = (cell(of, "name"), cell(row, "name"));
                    assert_eq!(before.chars().count(), after.chars().count());
                    assert_eq!(before.chars().zip(after.chars()).filter(|(a, b)| a != b).count(), 1);
                }
            }
            RowKind::Update { person, change: UpdateChange::CaseOnly } => {
                assert_eq!(cell(row, "phone"), city.person(person).phone);
            }
            _ => {}
        }
    }
    assert_eq!(changes.len(), 3);
}

#[test]
fn without_a_register_there_are_no_updates() {
    let (bytes, accounting) = written(&world(), LineListSpec::new(1_000, AS_OF, 0));
    assert_eq!((accounting.updates(), accounting.new_people, accounting.updated_people), (0, 960, 0));
    assert_eq!(read(&bytes).len(), 1_000);
    let (bytes, accounting) = written(&world(), LineListSpec::new(0, AS_OF, 0));
    assert_eq!((read(&bytes).len(), accounting), (0, Accounting::default()));
}

#[test]
fn a_list_that_does_not_fit_is_refused() {
    let city = world();
    let refused = |spec: LineListSpec| LineList::new(&city, spec).expect_err("does not fit");
    let spec = || LineListSpec::new(100, AS_OF, 0);
    let base_people = 20_001;
    assert_eq!(
        refused(LineListSpec { base_people, ..spec() }),
        LineListError::BasePeople { base_people, population: 20_000 }
    );
    assert_eq!(refused(LineListSpec { near_duplicate_percent: 97, ..spec() }), LineListError::Shares(100));
    assert_eq!(
        refused(LineListSpec { rows: 4_990_000, ..spec() }),
        LineListError::TooMany { rows: 4_990_000, population: 20_000 }
    );
}

/// A disk that fills up.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 < bytes.len() {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_reported() {
    let city = world();
    let list = LineList::new(&city, LineListSpec::new(5_000, AS_OF, 0)).expect("fits");
    let error = list.write(Full(100_000)).expect_err("the disk is full");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
