//! Rows as people see them: numbers, code pages, separators, ragged rows, mappings and the errors file.

use exchange::{ErrorsFile, FileRefusal, Limits, MappedRecord, Mapping, Noun, RowError, RowOutcome, Value, open};
use std::io::Cursor;

fn map(text: &str) -> Mapping {
    Mapping::parse(text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn read(bytes: impl Into<Vec<u8>>, mapping: &Mapping) -> Result<Vec<RowOutcome>, FileRefusal> {
    open(Box::new(Cursor::new(bytes.into())), mapping, &Limits::default())?.next_batch(1_000)
}

const PEOPLE: &str = "as = \"people\"\n[[field]]\nto = \"person.external_id\"\ncolumn = \"id\"\n[[field]]\nto = \"person.full_name\"\ncolumn = \"name\"\n";

fn names(outcomes: &[RowOutcome]) -> Vec<(u64, String)> {
    outcomes
        .iter()
        .map(|o| {
            (o.row.number(), o.records.as_ref().unwrap()[0].text("person.full_name").unwrap_or_default().to_owned())
        })
        .collect()
}

fn errors(outcome: &RowOutcome) -> &[RowError] {
    outcome.records.as_ref().unwrap_err()
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    for end in ["\n", "\r\n"] {
        let text = format!("id,name{end}1,a{end}{end}2,\"b{end}c\"{end},,,{end}3,d").replace(",,,", ",");
        let outcomes = read(text, &map(PEOPLE)).unwrap();
        let numbers: Vec<u64> = outcomes.iter().map(|o| o.row.number()).collect();
        assert_eq!(numbers, [2, 4, 6], "blank rows count, line breaks in cells do not");
    }
}

#[test]
fn code_pages_are_told_apart() {
    let text = "id;name\n1;王小明\n2;李雷\n";
    let (gb, ..) = encoding_rs::GB18030.encode(text);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [text.as_bytes().to_vec(), [b"\xEF\xBB\xBF", text.as_bytes()].concat(), gb.into_owned(), utf16] {
        assert_eq!(names(&read(bytes, &map(PEOPLE)).unwrap()), [(2, "王小明".to_owned()), (3, "李雷".to_owned())]);
    }
}

#[test]
fn one_damaged_byte_refuses_its_row_and_no_other() {
    let outcomes = read(b"id,name\n1,\xE7\x8E\x8B\n2,\xFF\n3,\xE6\x9D\x8E\n".as_slice(), &map(PEOPLE)).unwrap();
    assert_eq!(errors(&outcomes[1])[0].rule, "row.encoding");
    assert_eq!(errors(&outcomes[1])[0].column, "name");
    assert!(outcomes[0].records.is_ok() && outcomes[2].records.is_ok());
}

#[test]
fn a_ragged_row_is_refused_and_the_rest_is_read() {
    let outcomes = read("id,name\n1,a\n2,b,c\n3\n4,d\n", &map(PEOPLE)).unwrap();
    let rules: Vec<Option<&str>> = outcomes.iter().map(|o| o.records.as_ref().err().map(|e| e[0].rule)).collect();
    assert_eq!(rules, [None, Some("row.ragged"), Some("row.ragged"), None]);
}

#[test]
fn an_open_quotation_mark_refuses_the_file_before_its_first_row() {
    let text = format!("id,name\n1,a\n2,\"b\n{}", "3,c\n".repeat(2 << 20));
    let refusal = read(text, &map(PEOPLE)).unwrap_err();
    assert_eq!((refusal.rule, refusal.place.as_str()), ("row.size", "row 3"));
}

#[test]
fn a_file_cut_where_old_spreadsheets_end_is_warned_of() {
    let text = format!("id,name\n{}", "1,a\n".repeat(65_535));
    let stream = open(Box::new(Cursor::new(text.into_bytes())), &map(PEOPLE), &Limits::default()).unwrap();
    assert_eq!(stream.expected_rows(), Some(65_535));
    assert!(stream.warnings().any(|warning| warning.contains("65536")));
}

#[test]
fn a_missing_column_is_named_with_its_neighbour_and_unread_ones_are_told() {
    let refusal = read("ID,name\n1,a\n", &map(PEOPLE)).unwrap_err();
    assert_eq!(refusal.rule, "map.column");
    assert!(refusal.reason.contains("\"id\"") && refusal.reason.contains("\"ID\""), "{refusal}");
    let stream =
        open(Box::new(Cursor::new(b"id,name,shoe size\n1,a,42\n".to_vec())), &map(PEOPLE), &Limits::default())
            .unwrap();
    assert_eq!(stream.unmapped(), ["shoe size"]);
}

#[test]
fn json_arrays_and_lines_flatten_alike() {
    let mapping = map(
        "as = \"people\"\n[[field]]\nto = \"person.external_id\"\ncolumn = \"id\"\n[[field]]\nto = \"person.full_name\"\ncolumn = \"name.full\"\n[[field]]\nto = \"person.phone\"\ncolumn = \"phones[1].number\"\n",
    );
    let first = r#"{"id":1,"name":{"full":"Ada"},"phones":[{"number":"+232 76 000 000"}]}"#;
    for text in [format!("[{first},{{\"id\":\"2\"}}]"), format!("{first}\n{{\"id\":\"2\"}}\n")] {
        let outcomes = read(text, &mapping).unwrap();
        let record = &outcomes[0].records.as_ref().unwrap()[0];
        assert_eq!(
            (record.text("person.external_id"), record.text("person.phone")),
            (Some("1"), Some("+23276000000"))
        );
        assert_eq!(outcomes[1].row.number(), 2);
    }
    for (cut, rule) in [
        ("[{\"id\":1},", "file.json"),
        ("[{\"id\":1}", "file.cut"),
        ("[{\"id\":\"1", "file.cut"),
        ("[{\"id\":01}]", "file.json"),
        ("[1]", "file.json"),
    ] {
        assert_eq!(read(cut, &mapping).unwrap_err().rule, rule, "{cut}");
    }
    let long = read(
        r#"[{"id":12345678901234567890123,"name":{"full":"x"},"phones":[{"number":""}]},{"id":1,"id":2}]"#,
        &mapping,
    )
    .unwrap();
    assert_eq!(errors(&long[0])[0].rule, "json.number");
    assert_eq!(errors(&long[1])[0].rule, "json.repeated");
}

const LINELIST: &str = r#"
as = "linelist"
dates = ["D/M/YYYY", "YYYY/MM"]
time_zone = "Asia/Shanghai"
null = ["NA"]
[[field]]
to = "case.external_id"
column = "id"
prefix = "SL-"
[[field]]
to = "person.full_name"
columns = ["first", "last"]
[[field]]
column = "phones"
split = "/"
into = ["person.phone", "person.phone[2]"]
[[field]]
column = "place"
pattern = "{} ({})"
into = ["person.address.text", "person.address.jurisdiction"]
[[field]]
to = "person.sex"
column = "sex"
values = { m = "male", x = "(clear)" }
otherwise = "unknown"
[[field]]
to = "case.onset"
column = "rash"
[[field]]
to = "case.onset"
column = "fever"
precision = "about"
[[field]]
to = "sample.collected"
column = "sampled"
[[record]]
as = "exposures"
when = "infector"
[[record.field]]
to = "exposure.source.external_id"
column = "infector"
[[record.field]]
to = "exposure.target.external_id"
column = "id"
"#;
const HEADER: &str = "id,first,last,phones,place,sex,rash,fever,sampled,infector\n";

fn one(row: &str) -> Result<Vec<MappedRecord>, Vec<RowError>> {
    read(format!("{HEADER}{row}\n"), &map(LINELIST)).unwrap().remove(0).records
}

#[test]
fn a_row_is_split_joined_coded_dated_and_linked() {
    let records =
        one("7,Ada,Okoro,076-000-001 / +232 76 000 002,Wharf Rd (Kroo Bay),M,NA,7/4/2014,2014-04-08 09:30,3")
            .unwrap();
    let case = &records[0];
    assert_eq!(case.text("case.external_id"), Some("SL-7"));
    assert_eq!(case.text("person.full_name"), Some("Ada Okoro"));
    assert_eq!((case.text("person.phone"), case.text("person.phone[2]")), (Some("076000001"), Some("+23276000002")));
    assert_eq!(
        (case.text("person.address.text"), case.text("person.address.jurisdiction")),
        (Some("Wharf Rd"), Some("Kroo Bay"))
    );
    assert_eq!(case.get("person.sex"), Some(&Value::Code("male")));
    assert_eq!(
        case.get("case.onset"),
        Some(&Value::Date(jiff::civil::date(2014, 4, 7), exchange::map::DatePrecision::About))
    );
    // 09:30 in Shanghai is 01:30 UTC.
    assert_eq!(case.get("sample.collected"), Some(&Value::Instant(1_396_920_600_000)));
    assert_eq!((records[1].noun, records[1].text("exposure.source.external_id")), (Noun::Exposures, Some("3")));
    assert_eq!(records[1].fields[0].column(), Some(9));
}

#[test]
fn blank_says_nothing_and_clear_empties() {
    let records = one("7,Ada,,,,,,,,").unwrap();
    assert_eq!(records.len(), 1, "no infector, no link");
    assert_eq!(records[0].fields.len(), 2, "{records:?}");
    let records = one("7,Ada,,(clear),(clear),x,(clear),2014/04,,").unwrap();
    assert_eq!(records[0].get("person.phone"), Some(&Value::Clear));
    assert_eq!(
        (records[0].get("person.sex"), records[0].get("case.onset")),
        (Some(&Value::Clear), Some(&Value::Clear))
    );
}

#[test]
fn one_part_too_many_is_refused() {
    let faults = one("7,Ada,,076 000 001/076 000 002/076 000 003,,,,,,").unwrap_err();
    assert_eq!((faults[0].column.as_str(), faults[0].rule), ("phones", "split.parts"));
}

#[test]
fn every_fault_of_a_row_is_named_at_once() {
    let faults = one("1.2E+11,Ada,,12,Wharf Rd,m,31/2/2014,,2014-04-08T25:00,").unwrap_err();
    let named: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.column.as_str(), fault.rule)).collect();
    assert_eq!(
        named,
        [
            ("id", "cell.scientific"),
            ("phones", "cell.phone"),
            ("place", "split.pattern"),
            ("rash", "cell.date"),
            ("sampled", "cell.date")
        ]
    );
    assert!(faults.iter().all(|fault| fault.row == 2 && !fault.remedy.is_empty()));
    assert_eq!(one(",,,,,m,,,,").map(|_| ()).unwrap_err()[0].rule, "field.required");
}

#[test]
fn refused_rows_are_corrected_in_the_errors_file_and_imported_again() {
    let mapping = map(&PEOPLE.replace("as = ", "delimiter = \";\"\nencoding = \"gb18030\"\nas = "));
    let (bytes, ..) = encoding_rs::GB18030.encode("id;name;tel\n1;王;+86 1\n#N/A;李;=2\n3;a;b;c\n");
    let mut stream = open(Box::new(Cursor::new(bytes.into_owned())), &mapping, &Limits::default()).unwrap();
    let mut file = ErrorsFile::create(Vec::new(), stream.columns()).unwrap();
    for outcome in stream.next_batch(10).unwrap() {
        if let Err(errors) = &outcome.records {
            file.refuse(&outcome.row, errors).unwrap();
        }
    }
    assert_eq!(file.rows(), 2);
    let text = String::from_utf8(file.finish().unwrap()).unwrap();
    assert!(text.starts_with("\u{FEFF}\"id\",\"name\",\"tel\",\"error_row\",\"error_column\",\"error_value\",\"error_rule\",\"error_remedy\"\n#N/A,李,'=2,3,id,#N/A,cell.spreadsheet_error,"), "{text}");
    let again = read(text.replace("\n#N/A,", "\n2,"), &mapping).unwrap();
    assert_eq!(names(&again), [(2, "李".to_owned()), (3, "a".to_owned())]);
    assert_eq!(again[0].row.cell(2), "=2");
}

#[test]
fn a_mapping_names_each_fault_with_its_line() {
    let text = "as = \"linelist\"\nformat = \"doc\"\n\n[[field]]\nto = \"case.onsett\"\ncolumn = \"a\"\n\n[[field]]\nto = \"person.sex\"\ncolumn = \"b\"\nvalues = { m = \"man\" }\nfoo = 1\n\n[[field]]\nto = \"case.external_id\"\n";
    let faults = Mapping::parse(text).unwrap_err();
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [2, 5, 11, 12, 14], "{faults:?}");
    assert!(faults[1].reason.contains("case.onset"), "the nearest field is offered: {}", faults[1]);
    assert!(
        Mapping::parse("as = \"people\"\n[[field]]\nto = \"person.sex\"\ncolumn = \"x\"\n").unwrap_err()[0]
            .reason
            .contains("person.external_id")
    );
    assert_eq!(Mapping::parse("as = \"people\"\n\n= 3").unwrap_err()[0].line, 3);
}

/// A record has each field once: the second of two values was kept, and never found.
#[test]
fn a_mapping_that_puts_two_parts_into_one_field_is_refused() {
    let split = "[[field]]\ncolumn = \"tel\"\nsplit = \";\"\ninto = [\"person.phone[2]\", \"person.phone\", \"person.phone[2]\"]\n";
    let faults = Mapping::parse(&format!("{PEOPLE}{split}")).unwrap_err();
    assert_eq!((faults.len(), faults[0].line), (1, 8));
    assert!(faults[0].reason.contains("person.phone[2] twice"), "{}", faults[0]);
}

#[test]
fn a_header_below_comments_is_found() {
    let mapping = map(&format!("header_row = 2\ncomment = \"#\"\n{PEOPLE}"));
    let outcomes = read("# exported by SORMAS\nid,name\n1,a\n# note\n2,b\n", &mapping).unwrap();
    assert_eq!(names(&outcomes), [(3, "a".to_owned()), (5, "b".to_owned())]);
    let entity_row = map(&format!("header_row = 2\n{PEOPLE}"));
    assert_eq!(names(&read("Person,Person\nid,name\n1,a\n", &entity_row).unwrap()), [(3, "a".to_owned())]);
}

/// Found by fuzzing: a letter that stands for a lost one is a letter of UTF-8, and no sign of another code page, in which
/// every Chinese name would become another.
#[test]
fn a_file_of_utf_8_with_a_replacement_letter_is_not_read_as_gb18030() {
    let outcomes = read("id,name\n1,王小\u{FFFD}\n2,李雷\u{FFFD}\n", &map(PEOPLE)).unwrap();
    assert_eq!(outcomes[0].row.cell(1), "王小\u{FFFD}");
    assert_eq!(outcomes[0].records.as_ref().unwrap_err()[0].rule, "row.encoding");
}

/// Found by fuzzing: it was read as CSV, its first object as the header, and that record was lost without a word.
#[test]
fn json_in_utf_16_is_json() {
    let bytes = |text: &str, order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(order).collect()
    };
    for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
        for text in ["[{\"id\":\"1\",\"name\":\"王\"}]", "{\"id\":\"1\",\"name\":\"王\"}\n"] {
            let file = Box::new(Cursor::new(bytes(text, order)));
            let mut stream = open(file, &map(PEOPLE), &Limits::default()).unwrap();
            assert_eq!(names(&stream.next_batch(9).unwrap()), [(1, "王".to_owned())]);
        }
    }
}
