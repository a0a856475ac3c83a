//! The drafted mapping works at once on a clean file and says what it guessed.

use exchange::{Limits, Mapping, Noun, Value, open, suggest};
use std::io::Cursor;

fn first(noun: Noun, text: &str) -> (String, Vec<exchange::MappedRecord>) {
    let draft =
        suggest::draft_for(Box::new(Cursor::new(text.as_bytes().to_vec())), noun, &Limits::default()).unwrap();
    let mapping = Mapping::parse(&draft).unwrap_or_else(|faults| panic!("{faults:?}\n{draft}"));
    let mut stream = open(Box::new(Cursor::new(text.as_bytes().to_vec())), &mapping, &Limits::default()).unwrap();
    assert_eq!(stream.unmapped(), &[] as &[String]);
    let records = stream
        .next_batch(100)
        .unwrap()
        .into_iter()
        .flat_map(|o| o.records.unwrap_or_else(|e| panic!("{e:?}\n{draft}")))
        .collect();
    (draft, records)
}

#[test]
fn a_go_data_export() {
    let (draft, records) = first(
        Noun::Linelist,
        "Case ID,First name,Last name,Gender,Age Years,Date of onset,Date of reporting,Classification,Outcome,Addresses Phone number [1],Created by\n\
         MVE-1,Ada,Okoro,Female,34,25/03/2022,2022-03-27,LNG_REFERENCE_DATA_CATEGORY_CASE_CLASSIFICATION_CONFIRMED,Deceased,+243 81 000 0001,x\n\
         MVE-2,Jean,Ilunga,Male,7.0,26/03/2022,2022-03-28,Suspect,Alive,,y\n",
    );
    assert_eq!(
        records[0].get("case.onset"),
        Some(&Value::Date(jiff::civil::date(2022, 3, 25), exchange::map::DatePrecision::Day))
    );
    assert_eq!(records[0].get("case.classification"), Some(&Value::Code("confirmed")));
    assert_eq!(records[0].get("case.outcome"), Some(&Value::Code("died")));
    assert_eq!(records[1].get("person.age_years"), Some(&Value::Int(7)));
    assert!(draft.contains("\"Created by\","), "{draft}");
}

#[test]
fn a_chinese_line_list() {
    let (_, records) = first(
        Noun::Linelist,
        "病例编号,姓名,性别,年龄,身份证号,联系电话,现住址,发病日期,病例分类,感染来源编号\nSH001,王小明,男,34,310101199001010011,13800000000,徐汇区某路1号,2022年3月14日,确诊病例,\nSH002,李雷,女,7,310101201501010022,13900000000,徐汇区某路1号,2022年3月16日,无症状感染者,SH001\n",
    );
    assert_eq!(records[0].text("person.identifier.number"), Some("310101199001010011"));
    assert_eq!(records[1].get("case.classification"), Some(&Value::Code("asymptomatic")));
    assert_eq!(records[2].text("exposure.source.external_id"), Some("SH001"));
}

#[test]
fn the_published_headers() {
    let (_, records) = first(
        Noun::Linelist,
        "case_id,generation,date_of_infection,date_of_onset,date_of_hospitalisation,date_of_outcome,outcome,gender,hospital,lon,lat\nd1fafd,0,,2014-04-07,2014-04-17,2014-04-19,,f,Military Hospital,-13.2179,8.4735\n53371b,1,2014-04-09,2014-04-15,2014-04-20,,Recover,m,other,-13.2,8.46\n",
    );
    assert_eq!(records[0].fields.len(), 9, "{records:?}");
    let (_, links) = first(Noun::Exposures, "infector,case_id,source\nd1fafd,53371b,other\ncac51e,f5c3d8,funeral\n");
    assert_eq!(links[1].get("exposure.type"), Some(&Value::Code("funeral")));
}

#[test]
fn doubt_is_written_down() {
    let (draft, _) = first(Noun::Linelist, "id,onset,outcome\n1,03/04/2022,hospice\n2,05/06/2022,dead\n");
    assert!(draft.contains("AMBIGUOUS"), "{draft}");
    assert!(draft.contains("NOT UNDERSTOOD: hospice"), "{draft}");
    let (draft, records) = first(Noun::People, "Nr,shoe\n17,42\n18,42\n");
    assert!(draft.contains("GUESSED"), "{draft}");
    assert_eq!(records[0].text("person.external_id"), Some("17"));
}

/// Lists that people keep by hand have two ways to write a date, a unit here and there, and a day that never was.
#[test]
fn what_nearly_fits_is_drafted_and_what_does_not_is_said() {
    let text = "病例编号,姓名,年龄,发病日期,分类,报告日期\n\
        1,王小明,35,2026-11-20,确诊病例,yesterday\n2,李雷,42岁,2026/11/21,疑似,today\n3,韩梅梅,29,2026-11-31,确诊,2026-11-22\n";
    let draft = suggest::draft_for(Box::new(Cursor::new(text.as_bytes().to_vec())), Noun::Linelist, &Limits::default()).unwrap();
    assert!(draft.contains("column = \"发病日期\"\nformats = [\"YYYY/M/D\"]"), "{draft}");
    assert!(draft.contains("DOES NOT FIT: 2026-11-31"), "{draft}");
    assert!(draft.contains("\"报告日期\", # its name says case.reported, but cells such as yesterday"), "{draft}");
    let mapping = Mapping::parse(&draft).unwrap_or_else(|faults| panic!("{faults:?}\n{draft}"));
    let mut rows = open(Box::new(Cursor::new(text.as_bytes().to_vec())), &mapping, &Limits::default()).unwrap();
    let outcomes = rows.next_batch(10).unwrap();
    let ages: Vec<Value> = outcomes.iter().filter_map(|row| row.records.as_ref().ok()).flatten()
        .flat_map(|record| &record.fields).filter(|field| field.to.target.path == "person.age_years").map(|field| field.value.clone()).collect();
    assert_eq!(ages, [Value::Int(35), Value::Int(42)]);
    let refused = outcomes[2].records.as_ref().expect_err("there is no 31 November");
    assert_eq!((refused.len(), refused[0].column.as_str()), (1, "发病日期"));
}
