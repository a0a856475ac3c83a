//! A file that comes back after something was changed here: what each side changed is kept, and what both changed goes
//! before a person (DESIGN §13.13).

use crate::installation::{Installation, area, staffed};
use domain::{
    fields::Kept as _,
    noun::{MatchKey, Of, case::Case, person::Person, place::Place},
    seal::Reading,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, future::Future};
use testkit::damage;
use uuid::Uuid;

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime starts").block_on(work)
}

/// A command post on each engine, with an epidemiologist called `epi`.
fn posts() -> Vec<Installation> {
    let posts: Vec<Installation> = Installation::on_both().into_iter().map(|place| now(place.with_outbreak())).collect();
    for place in &posts {
        staffed(place, &[("epi", "epidemiologist")]);
    }
    posts
}

/// Counts of an import: created, updated, unchanged, conflicts.
fn import(place: &Installation, noun: &str, text: &str) -> [i64; 4] {
    std::fs::write(place.path("list.csv"), text).expect("a file can be written");
    let _ = std::fs::remove_file(place.path("list.errors.csv"));
    let arguments = ["import", "list.csv", "--as", noun, "--jurisdiction", &area(), "--json"];
    let report: Value = serde_json::from_str(&place.run_as("epi", &arguments).well()).expect("one JSON object");
    let of = |name: &str| report[name].as_i64().unwrap_or_else(|| panic!("{name} is a count"));
    let counts = ["created", "updated", "unchanged", "conflicts"].map(of);
    assert_eq!(of("rows"), counts.iter().sum::<i64>(), "nothing else became of a row: {report}");
    counts
}

fn errors(place: &Installation) -> String {
    std::fs::read_to_string(place.path("list.errors.csv")).unwrap_or_default()
}

fn submit(place: &Installation, command: &Value) {
    std::fs::write(place.path("command.json"), command.to_string()).expect("a file can be written");
    place.run_as("epi", &["submit", "command.json"]).well();
}

/// Corrects one field of a person here.
fn correct(place: &Installation, person: Uuid, field: &str, seen: Value, to: Value) {
    submit(place, &json!({"person": {"correct": {"id": person, "changes": {field: {"seen": seen, "to": to}}}}}));
}

/// The record of a noun under a key.
fn found<N: Of + Clone>(place: &Installation, key: MatchKey) -> N {
    now(async {
        let store = place.store().await;
        let mut look = store.look_up().await.expect("a look begins");
        let found = look.matching(&BTreeSet::from([key])).await.expect("records are read");
        look.end().await.expect("it ends");
        store.close().await;
        found.values().find_map(|located| N::of(&located.aggregate).cloned()).expect("it is on record")
    })
}

/// The person, and the case, that the file calls 1.
fn first_person(place: &Installation) -> Person {
    found(place, MatchKey::new("identifier", &["import", "1"]))
}

fn first_case(place: &Installation) -> Case {
    found(place, MatchKey::new("case", &["import", "1"]))
}

fn hospital(place: &Installation) -> Place {
    found(place, MatchKey::new("place", &["p1"]))
}

fn phones(person: &Person) -> Vec<String> {
    let permit = Reading::permit();
    person.fields.phones.as_ref().and_then(|kept| kept.shown(&permit).cloned()).unwrap_or_default()
}

fn occupation(person: &Person) -> Option<String> {
    person.fields.occupation.as_ref().and_then(|kept| kept.shown(&Reading::permit()).cloned())
}

fn queued(place: &Installation) -> i64 {
    now(damage::count(&place.url(), "conflict")).expect("it counts")
}

fn id_of(conflict: &Value) -> &str {
    conflict["id"].as_str().expect("an id")
}

const V1: &str = "person.external_id,person.full_name,person.phone,person.occupation,person.address.text,person.household\n\
    1,王一,13800000001,farmer,中山路1号,h1\n2,李二,13800000002,teacher,中山路2号,h1\n";

#[test]
fn what_each_side_changed_is_kept_and_what_both_changed_goes_before_a_person() {
    for place in posts() {
        assert_eq!(import(&place, "people", V1), [2, 0, 0, 0]);
        let person = first_person(&place).id.0;
        correct(&place, person, "phones", json!(["13800000001"]), json!(["13900000009"]));
        let here = json!({"jurisdiction": area(), "text": "新门街9号"});
        submit(&place, &json!({"person": {"move_house": {"id": person, "address": here}}}));
        submit(&place, &json!({"person": {"join_household": {"id": person, "household": null}}}));

        // The old file again changes nothing here; a file with another cell changed changes that one.
        assert_eq!(import(&place, "people", V1), [0, 0, 2, 0]);
        let v2 = V1.replace("farmer", "nurse");
        assert_eq!(import(&place, "people", &v2), [0, 1, 1, 0]);
        for file in [&v2, V1] {
            import(&place, "people", file);
            let stands = first_person(&place);
            assert_eq!(phones(&stands), ["13900000009"]);
            assert_eq!((stands.addresses.len(), stands.household), (2, None));
        }
        // A file may take back what a file said.
        assert_eq!(occupation(&first_person(&place)).as_deref(), Some("farmer"));
        assert_eq!(queued(&place), 0);

        // The same cell on both sides; the rest of the row is done.
        let v3 = V1.replace("13800000001", "13700000007").replace("farmer", "driver");
        assert_eq!(import(&place, "people", &v3), [0, 0, 1, 1]);
        assert_eq!(phones(&first_person(&place)), ["13900000009"], "the value here stands");
        assert_eq!(occupation(&first_person(&place)).as_deref(), Some("driver"));
        let told = errors(&place);
        assert!(told.contains("13700000007") && told.contains("intake.changed_here") && told.contains("phones"), "{told}");
        assert_eq!(queued(&place), 1);

        // It stays in conflict, once, however often the file comes, and however many of its rows say so.
        let twice = format!("{v3}{}\n", v3.lines().nth(1).expect("a row"));
        assert_eq!(import(&place, "people", &twice), [0, 0, 1, 2]);
        assert_eq!(import(&place, "people", &v3), [0, 0, 1, 1]);
        assert_eq!(queued(&place), 1);
        // Once a person has decided for the value here, the file raises nothing any more.
        let conflict = place.only_conflict();
        let phones_of = |what: &str| conflict["fields"][0][what][0].clone();
        let said = ["stands", "asked", "was"].map(phones_of);
        assert_eq!(said, ["13900000009", "13700000007", "13800000001"], "{conflict}");
        place.run_as("root", &["conflict", "stands", id_of(&conflict)]).refused("no open conflict");
        place.run_as("epi", &["conflict", "stands", id_of(&conflict)]).well();
        place.run_as("epi", &["conflict", "stands", id_of(&conflict)]).refused("no open conflict");
        assert_eq!(place.conflicts("epi"), Vec::<Value>::new());
        assert_eq!(import(&place, "people", &v3), [0, 0, 2, 0]);
        assert_eq!((phones(&first_person(&place)), queued(&place)), (vec!["13900000009".to_owned()], 1));
        place.run(&["verify"]).well();
    }
}

/// The post that decides sees both values, and the read is in the log; other posts neither see nor decide.
#[test]
fn a_correction_in_conflict_is_taken_by_whoever_may_correct() {
    for place in posts() {
        staffed(&place, &[("lab", "laboratory"), ("chief", "commander")]);
        assert_eq!(import(&place, "people", V1), [2, 0, 0, 0]);
        let person = first_person(&place).id.0;
        correct(&place, person, "phones", json!(["13800000001"]), json!(["13900000009"]));
        assert_eq!(import(&place, "people", &V1.replace("13800000001", "13700000007")), [0, 0, 1, 1]);
        for login in ["lab", "chief", "root"] {
            assert_eq!(place.conflicts(login), Vec::<Value>::new(), "{login}");
            place.run_as(login, &["conflict", "take", id_of(&place.only_conflict())]).refused("no open conflict");
        }
        let read = now(damage::count(&place.url(), "access_log")).expect("it counts");
        let told = place.run_as("epi", &["conflict", "list"]).well();
        assert!(told.contains("phones: stands [\"13900000009\"], asked [\"13700000007\""), "{told}");
        assert!(now(damage::count(&place.url(), "access_log")).expect("it counts") > read, "the read is logged");
        place.run_as("epi", &["conflict", "take", id_of(&place.only_conflict())]).well();
        assert_eq!(phones(&first_person(&place))[0], "13700000007");
        assert_eq!(place.conflicts("epi"), Vec::<Value>::new());
        assert_eq!(import(&place, "people", &V1.replace("13800000001", "13700000007")), [0, 0, 2, 0]);
        place.run(&["verify"]).well();
    }
}

/// What is no field of its own (the address, the household, the place around) is merged as fields are.
#[test]
fn who_moved_here_and_in_the_file_goes_before_a_person() {
    for place in posts() {
        assert_eq!(import(&place, "people", V1), [2, 0, 0, 0]);
        let person = first_person(&place);
        let here = json!({"jurisdiction": area(), "text": "新门街9号"});
        submit(&place, &json!({"person": {"move_house": {"id": person.id, "address": here}}}));
        submit(&place, &json!({"person": {"join_household": {"id": person.id, "household": null}}}));
        let v2 = V1.replace("中山路1号,h1", "东街7号,h2");
        for _ in 0..2 {
            assert_eq!(import(&place, "people", &v2), [0, 0, 1, 1]);
            let told = errors(&place);
            assert!(told.contains("intake.changed_here") && told.contains("address household"), "{told}");
        }
        let stands = first_person(&place);
        assert_eq!((stands.addresses.len(), stands.household), (2, None), "what was done here stands");
        let open = place.conflicts("epi");
        let of = |field: &str| {
            let about = |conflict: &&Value| conflict["fields"][0]["field"] == *field;
            open.iter().find(about).unwrap_or_else(|| panic!("{field}: {open:?}"))
        };
        let (address, household) = (&of("address")["fields"][0], &of("household")["fields"][0]);
        let text = ["was", "stands", "asked"].map(|what| address[what]["text"].as_str().expect("a text"));
        assert_eq!(text, ["中山路1号", "新门街9号", "东街7号"]);
        assert_eq!((&household["was"], &household["stands"]), (&json!(person.household), &Value::Null));
        place.run_as("epi", &["conflict", "take", id_of(of("address"))]).well();
        place.run_as("epi", &["conflict", "stands", id_of(of("household"))]).well();
        let stands = first_person(&place);
        let last = stands.lives_at().and_then(|address| address.text);
        assert_eq!((last.as_deref(), stands.addresses.len(), stands.household), (Some("东街7号"), 3, None));
        assert_eq!(import(&place, "people", &v2), [0, 0, 2, 0]);
        assert_eq!(place.conflicts("epi"), Vec::<Value>::new());
        place.run(&["verify"]).well();
    }
}

#[test]
fn a_cell_changed_here_and_nowhere_else_stays_in_cases_and_places_too() {
    let place = now(Installation::new().with_outbreak());
    staffed(&place, &[("epi", "epidemiologist")]);
    let list = "case.external_id,person.full_name,case.onset,case.hospital_name\n1,王一,2025-11-20,第一医院\n";
    assert_eq!(import(&place, "linelist", list), [1, 0, 0, 0]);
    let case = first_case(&place);
    let onset = json!({"onset_on": {"seen": case.fields.onset_on, "to": "2025-11-18"}});
    submit(&place, &json!({"case": {"correct": {"id": case.id, "changes": onset}}}));
    assert_eq!(import(&place, "linelist", &list.replace("第一医院", "第二医院")), [0, 1, 0, 0]);
    assert_eq!(import(&place, "linelist", &list.replace("11-20", "11-19").replace("第一医院", "第二医院")), [0, 0, 0, 1]);
    let stands = first_case(&place);
    assert_eq!(json!(stands.fields.onset_on), json!("2025-11-18"));
    assert_eq!(stands.fields.facility_name.and_then(|name| name.shown(&Reading::permit()).cloned()).as_deref(), Some("第二医院"));

    let list = "place.code,place.name,place.kind,place.capacity\nP1,第一医院,facility,100\n";
    assert_eq!(import(&place, "places", list), [1, 0, 0, 0]);
    let beds = json!({"beds": {"seen": 100, "to": 120}});
    submit(&place, &json!({"place": {"correct": {"id": hospital(&place).id, "changes": beds}}}));
    assert_eq!(import(&place, "places", list), [0, 0, 1, 0]);
    assert_eq!(import(&place, "places", &list.replace("100", "90")), [0, 0, 0, 1]);
    assert_eq!(json!(hospital(&place).fields.beds), json!(120));
    assert_eq!(queued(&place), 2);

    // Each side puts the ward into another place.
    let list = "place.code,place.name,place.kind,place.parent\nP2,二号楼,facility,\nP3,三号楼,facility,\nW1,一病区,ward,P1\n";
    assert_eq!(import(&place, "places", list), [3, 0, 0, 0]);
    let of = |code: &str| found::<Place>(&place, MatchKey::new("place", &[code]));
    let (ward, inside) = (of("w1"), of("p2").id);
    submit(&place, &json!({"place": {"move_inside": {"id": ward.id, "inside": inside, "seen": {"stood": ward.inside}}}}));
    assert_eq!(import(&place, "places", list), [0, 0, 3, 0]);
    assert_eq!(import(&place, "places", &list.replace("ward,P1", "ward,P3")), [0, 0, 2, 1]);
    assert_eq!((of("w1").inside, queued(&place)), (Some(inside), 3));
}

#[test]
fn a_file_with_names_that_was_taken_is_known_when_it_comes_back() {
    for place in posts() {
        // Registered here: no file ever brought this person.
        let id = Uuid::from_u128(0x0196_0000_0000_7000_8000_0000_0000_0001);
        let registered = MatchKey::new("identifier", &["national_id", "350503198001010007"]);
        let paper = json!([{"kind": "national_id", "number": "350503198001010007"}]);
        let fields = json!({"identifiers": paper, "full_name": "王一", "phones": ["13800000001"], "occupation": "farmer", "latin_name": "Wang Yi"});
        submit(&place, &json!({"person": {"register": {"id": id, "jurisdiction": area(), "fields": fields}}}));
        place.run_as("epi", &["export", "taken.csv", "--what", "people", "--identified", "--purpose", "trace"]).well();
        let taken = std::fs::read_to_string(place.path("taken.csv")).expect("the file is there");
        correct(&place, id, "phones", json!(["13800000001"]), json!(["13900000009"]));
        correct(&place, id, "occupation", json!("farmer"), json!("nurse"));

        // Nothing was changed in it; then one cell that was not changed here, and one that was.
        assert_eq!(import(&place, "people", &taken), [0, 0, 1, 0]);
        let edited = taken.replace("Wang Yi", "Wang Yih").replace("farmer", "driver");
        assert_eq!(import(&place, "people", &edited), [0, 0, 0, 1]);
        let stands: Person = found(&place, registered);
        assert_eq!((phones(&stands), occupation(&stands).as_deref()), (vec!["13900000009".to_owned()], Some("nurse")));
        let latin = stands.fields.latin_name.and_then(|name| name.shown(&Reading::permit()).cloned());
        assert_eq!((latin.as_deref(), queued(&place)), (Some("Wang Yih"), 1));
    }
}
