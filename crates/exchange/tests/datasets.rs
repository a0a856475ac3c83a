//! The two published line lists, imported by their mapping files alone. The first rows stand here; the whole files, which
//! are not part of this repository, are counted by the ignored tests.

use exchange::{Limits, MappedRecord, Mapping, Noun, RowStream, Value, open};
use std::io::Cursor;
use std::path::Path;

const HAGELLOCH: &str = include_str!("../maps/hagelloch.toml");
const EBOLA_CASES: &str = include_str!("../maps/ebola-linelist.toml");
const EBOLA_LINKS: &str = include_str!("../maps/ebola-contacts.toml");

fn stream(bytes: &[u8], map: &str) -> RowStream {
    let mapping = Mapping::parse(map).unwrap_or_else(|faults| panic!("{faults:?}"));
    open(Box::new(Cursor::new(bytes.to_vec())), &mapping, &Limits::default()).unwrap()
}

fn whole(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file)).unwrap()
}

#[test]
fn the_first_rows_map() {
    let all = records(stream(b"case_ID,infector,date_of_prodrome,date_of_rash,date_of_death,age,gender,family_ID,class,complications,x_loc,y_loc\n1,45,1861-11-21,1861-11-25,,7.0,f,41,1,yes,142.5,100.0\n2,,1861-11-23,1861-11-27,1861-12-12,6.0,,41,0,yes,142.5,100.0\n", HAGELLOCH));
    assert_eq!(
        all.iter().map(|record| record.noun).collect::<Vec<_>>(),
        [Noun::Linelist, Noun::Exposures, Noun::Linelist]
    );
    assert_eq!(all[1].text("exposure.source.external_id"), Some("45"));
    assert_eq!((all[2].get("case.outcome"), all[2].get("person.sex")), (Some(&Value::Code("died")), None));
    let all = records(stream(b"case_id,generation,date_of_infection,date_of_onset,date_of_hospitalisation,date_of_outcome,outcome,gender,hospital,lon,lat\nd1fafd,0,,2014-04-07,2014-04-17,2014-04-19,,f,Military Hospital,-13.217990646097979,8.473514005515987\nf5c3d8,1,2014-04-18,2014-04-21,2014-04-25,2014-04-30,Recover,f,other,-13.228041027609052,8.483355509083273\n", EBOLA_CASES));
    assert_eq!(
        (all[0].get("case.outcome"), all[1].get("case.outcome")),
        (Some(&Value::Code("unknown")), Some(&Value::Code("recovered")))
    );
    assert_eq!((all[0].text("case.hospital"), all[1].text("case.hospital")), (Some("Military Hospital"), None));
    assert_eq!(all[0].get("person.address.longitude"), Some(&Value::Int(-13_217_991)));
    assert_eq!(
        records(stream(b"infector,case_id,source\ncac51e,f5c3d8,funeral\n", EBOLA_LINKS))[0].get("exposure.type"),
        Some(&Value::Code("funeral"))
    );
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
#[ignore = "reads ../shared/data"]
fn hagelloch_gives_188_cases_and_184_links() {
    let stream = stream(&whole("measles_hagelloch_1861.csv"), HAGELLOCH);
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
#[ignore = "reads ../shared/data"]
fn ebola_gives_5829_cases_and_3800_links() {
    let cases = stream(&whole("ebola_sim_clean_linelist.csv"), EBOLA_CASES);
    let all = records(cases);
    let with = |path: &str, value: Value| all.iter().filter(|record| record.get(path) == Some(&value)).count();
    assert_eq!(all.len(), 5_829);
    assert_eq!(with("case.outcome", Value::Code("died")), 2_564);
    assert_eq!(with("case.outcome", Value::Code("recovered")), 1_963);
    assert_eq!(all.iter().filter(|r| r.get("case.infected").is_some()).count(), 5_829 - 2_087);
    assert_eq!(all[0].get("person.address.longitude"), Some(&Value::Int(-13_217_991)));
    let links = stream(&whole("ebola_sim_clean_contacts.csv"), EBOLA_LINKS);
    let links = records(links);
    assert_eq!(links.len(), 3_800);
    assert_eq!(links.iter().filter(|r| r.get("exposure.type") == Some(&Value::Code("funeral"))).count(), 572);
}
