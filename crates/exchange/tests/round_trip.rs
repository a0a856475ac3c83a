//! What is written reads back the same, and no written cell runs as a formula.

use exchange::fuzzing::round_trip;
use exchange::map::{DatePrecision, Kind, target};
use exchange::source::Format;
use exchange::source::guard::{guard, unguard};
use exchange::write::{WriteOptions, Writer, text_of};
use exchange::{Limits, Mapping, Noun, Value, open, open_export};
use proptest::prelude::*;
use std::io::Cursor;

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[=+\\-@\t\r\n'＝＋－＠ \"]{0,4}[a-z0-9 \"',;\\n\\r]{0,6}",
        Just("+86 138 0000 0000".to_owned()),
        Just("-13.2".to_owned()),
        Just("_x000D_".to_owned()),
        Just("'s-Gravenhage".to_owned()),
        "[\u{1}-\u{1f}]{1,3}[a-z]?",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_reads_back(rows in proptest::collection::vec(proptest::collection::vec(cell(), 3), 1..5)) {
        // A row of blanks is no row, and an id in the first column keeps it one.
        let rows: Vec<Vec<String>> = rows.into_iter().enumerate().map(|(n, row)| [vec![format!("id {n}")], row].concat()).collect();
        let columns: Vec<String> = ["id", "+a", "b", "c"].map(str::to_owned).to_vec();
        for format in [Format::Csv, Format::Xlsx, Format::Json] {
            if let Err(broken) = round_trip(format, &columns, &rows) {
                prop_assert!(false, "{format:?}: {broken}");
            }
        }
    }

    #[test]
    fn the_guard_is_undone_exactly_and_no_formula_starts_a_cell(text in "\\PC{0,8}|[=+\\-@\t\r\n'＝]{0,3}[a-z]{0,2}") {
        let written = guard(&text);
        prop_assert_eq!(unguard(&written), text.as_str());
        prop_assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']));
    }
}

#[test]
fn foreign_apostrophes_stay() {
    for text in ["'s-Gravenhage", "'", "O'Neill", "' x"] {
        assert_eq!(unguard(text), text);
    }
}

/// One value of every kind, as the exporter would write it.
fn sample(kind: Kind) -> Value {
    let date = jiff::civil::date(2022, 3, 14);
    match kind {
        Kind::Text(_) | Kind::Reference => Value::Text("=1+1 王".into()),
        Kind::Phone => Value::Text("+8613800000000".into()),
        Kind::Date => Value::Date(date, DatePrecision::About),
        Kind::Moment | Kind::Instant => Value::Instant(1_647_225_000_000),
        Kind::Integer(low, _) => Value::Int(low + 1),
        Kind::Years => Value::Int(7),
        Kind::Tenths => Value::Int(-385),
        Kind::Degrees(_) => Value::Int(-13_217_991),
        Kind::Code(codes) => Value::Code(codes[0]),
        Kind::Boolean => Value::Bool(true),
    }
}

#[test]
fn export_import_export_is_a_fixed_point_for_every_field_of_every_noun() {
    for noun in Noun::ALL {
        let targets: Vec<_> = target::of(noun).collect();
        let columns: Vec<String> = targets.iter().map(|target| target.path.to_owned()).collect();
        let cells: Vec<String> =
            targets.iter().map(|target| text_of(&sample(target.kind), target.kind).into_owned()).collect();
        for format in [Format::Csv, Format::Xlsx, Format::Json] {
            let mut writer = Writer::create(format, Vec::new(), &columns, &WriteOptions::default()).unwrap();
            writer.row(&cells).unwrap();
            let bytes = writer.finish().unwrap();
            let mut stream = open_export(Box::new(Cursor::new(bytes)), noun, &Limits::default()).unwrap();
            let outcome = stream.next_batch(2).unwrap().remove(0);
            let records = outcome.records.unwrap_or_else(|errors| panic!("{noun:?} {format:?}: {errors:?}"));
            for (target, cell) in targets.iter().zip(&cells) {
                let value = records[0].get(target.path).unwrap_or_else(|| panic!("{} is gone", target.path));
                assert_eq!(value, &sample(target.kind), "{}", target.path);
                assert_eq!(&text_of(value, target.kind), cell);
            }
        }
    }
}

#[test]
fn every_known_date_reads_back() {
    let date = jiff::civil::date(1861, 11, 1);
    for value in [
        Value::Date(date, DatePrecision::Day),
        Value::Date(date, DatePrecision::About),
        Value::Date(date, DatePrecision::Month),
        Value::DateUnknown,
        Value::DateNotAsked,
        Value::Clear,
    ] {
        let csv = format!("case.external_id,case.onset\n1,{}\n", text_of(&value, Kind::Date));
        let columns = ["case.external_id".to_owned(), "case.onset".to_owned()];
        let mapping = Mapping::of_paths(Noun::Linelist, &columns).unwrap();
        let mut stream = open(Box::new(Cursor::new(csv.into_bytes())), &mapping, &Limits::default()).unwrap();
        let records = stream.next_batch(1).unwrap().remove(0).records.unwrap();
        assert_eq!(records[0].get("case.onset"), Some(&value));
    }
}

#[test]
fn a_sheet_that_cannot_hold_the_cell_says_so() {
    let mut writer = Writer::create(Format::Xlsx, Vec::new(), &["id".to_owned()], &WriteOptions::default()).unwrap();
    let fault = writer.row(&["x".repeat(32_768)]).unwrap_err();
    assert!(fault.to_string().contains("Export as CSV"), "{fault}");
}
