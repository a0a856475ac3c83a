//! The two published line lists, imported by their mapping files alone: counts equal to the files.

use exchange::{Limits, MappedRecord, Mapping, Noun, RowStream, Value, open};
use std::io::Cursor;
use std::path::Path;

fn stream(file: &str, map: &str) -> Option<RowStream> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(root.join("../../../shared/data").join(file)).ok()?;
    let text = std::fs::read_to_string(root.join("maps").join(map)).unwrap();
    let mapping = Mapping::parse(&text).unwrap_or_else(|faults| panic!("{faults:?}"));
    Some(open(Box::new(Cursor::new(bytes)), &mapping, &Limits::default()).unwrap())
}

fn records(mut stream: RowStream) -> Vec<MappedRecord> {
    assert_eq!(stream.unmapped(), &[] as &[String]);
    let mut all = Vec::new();
    loop {
        let batch = stream.next_batch(500).unwrap();
        if batch.is_empty() {
            return all;
        }
        for outcome in batch {
            all.extend(outcome.records.unwrap_or_else(|errors| panic!("{errors:?}")));
        }
    }
}

#[test]
fn hagelloch_gives_188_cases_and_184_links() {
    let Some(stream) = stream("measles_hagelloch_1861.csv", "hagelloch.toml") else { return };
    assert_eq!(stream.expected_rows(), Some(188));
    let all = records(stream);
    let of = |noun: Noun| all.iter().filter(move |record| record.noun == noun);
    let with = |path: &str, value: Value| all.iter().filter(|record| record.get(path) == Some(&value)).count();
    assert_eq!(of(Noun::Linelist).count(), 188);
    assert_eq!(of(Noun::Exposures).count(), 184);
    assert_eq!(with("case.outcome", Value::Code("died")), 12);
    assert_eq!((with("person.sex", Value::Code("male")), with("person.sex", Value::Code("female"))), (94, 83));
    assert!(of(Noun::Linelist).all(|case| case.get("case.onset").is_some() && case.get("case.rash_onset").is_some()));
    let first = of(Noun::Linelist).next().unwrap();
    assert_eq!(first.text("person.household"), Some("family 41"));
    assert_eq!(first.get("person.age_years"), Some(&Value::Int(7)));
}

#[test]
fn ebola_gives_5829_cases_and_3800_links() {
    let Some(cases) = stream("ebola_sim_clean_linelist.csv", "ebola-linelist.toml") else { return };
    let all = records(cases);
    let with = |path: &str, value: Value| all.iter().filter(|record| record.get(path) == Some(&value)).count();
    assert_eq!(all.len(), 5_829);
    assert_eq!(with("case.outcome", Value::Code("died")), 2_564);
    assert_eq!(with("case.outcome", Value::Code("recovered")), 1_963);
    assert_eq!(all.iter().filter(|r| r.get("case.infected").is_some()).count(), 5_829 - 2_087);
    assert_eq!(all[0].get("person.address.longitude"), Some(&Value::Int(-13_217_991)));
    let Some(links) = stream("ebola_sim_clean_contacts.csv", "ebola-contacts.toml") else { return };
    let links = records(links);
    assert_eq!(links.len(), 3_800);
    assert_eq!(links.iter().filter(|r| r.get("exposure.type") == Some(&Value::Code("funeral"))).count(), 572);
}
