//! `conflict list`, `stands` and `take` for whoever would decide twice, at once, over what changed since or is gone, or
//! over what is not theirs.

use crate::installation::{Installation, area, staffed};
use domain::{
    fields::Kept as _,
    id::{JurisdictionId, StreamId},
    kernel::Command,
    noun::{Of as _, jurisdiction, person::Person},
    seal::Reading,
};
use serde_json::{Value, json};
use std::future::Future;
use testkit::scene;
use uuid::Uuid;

/// A part of the district, whose staff do not reach the people registered in the district itself.
const PART: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd2));

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime starts").block_on(work)
}

/// A post on each engine with person 1 and their case, and two epidemiologists; the district has a part.
fn posts() -> Vec<Installation> {
    let posts: Vec<Installation> =
        Installation::on_both().into_iter().map(|place| now(place.with_outbreak())).collect();
    for place in &posts {
        staffed(place, &[("epi", "epidemiologist"), ("second", "epidemiologist"), ("chief", "commander")]);
        now(async {
            let store = place.store().await;
            let part = jurisdiction::Command::Define {
                id: PART,
                hierarchy: "administrative".to_owned(),
                level: "street".to_owned(),
                parent: Some(scene::DISTRICT),
                fields: jurisdiction::Given { code: Some("350503001".to_owned()), ..Default::default() },
            };
            let outcome = store.submit(vec![scene::caused(0xd2, StreamId(1), part)]).await.remove(0);
            assert!(outcome.expect("the door answers").is_accepted());
            store.close().await;
        });
        submit(place, &scene::register(1).into());
        submit(place, &scene::open_case(1).into());
    }
    posts
}

fn written(place: &Installation, command: &Value) -> crate::installation::Said {
    std::fs::write(place.path("command.json"), command.to_string()).expect("a file can be written");
    place.run_as("epi", &["submit", "command.json"])
}

fn submit(place: &Installation, command: &Command) {
    written(place, &json!(command)).well();
}

fn correct(noun: &str, id: Uuid, field: &str, seen: Value, to: Value) -> Value {
    json!({noun: {"correct": {"id": id, "changes": {field: {"seen": seen, "to": to}}}}})
}

fn person() -> Uuid {
    scene::person_id(1).0
}

fn id_of(conflict: &Value) -> String {
    conflict["id"].as_str().expect("an id").to_owned()
}

/// A correction of the person's name whose author saw another; it asks for `to`.
fn raised(place: &Installation, to: &str) -> String {
    written(place, &correct("person", person(), "full_name", json!("王从来不"), json!(to))).refused("");
    id_of(&place.only_conflict())
}

/// The name that stands.
fn name(place: &Installation) -> String {
    now(async {
        let store = place.store().await;
        let mut look = store.look_up().await.expect("a look begins");
        let found = look.located([person()].into()).await.expect("it is read");
        look.end().await.expect("it ends");
        store.close().await;
        let person = Person::of(&found[&person()].aggregate).expect("it is a person");
        person.fields.full_name.as_ref().and_then(|name| name.shown(&Reading::permit()).cloned()).expect("a name")
    })
}

#[test]
fn of_two_who_decide_at_once_one_does_and_the_other_is_told() {
    for place in posts() {
        for (round, verbs) in
            [["take", "take"], ["stands", "take"], ["stands", "stands"]].into_iter().cycle().take(6).enumerate()
        {
            let asked = format!("王新名{round}");
            let id = raised(&place, &asked);
            let codes = std::thread::scope(|scope| {
                let decide = |login, verb| {
                    scope.spawn({
                        let (place, id) = (&place, &id);
                        move || place.run_as(login, &["conflict", verb, id])
                    })
                };
                [decide("epi", verbs[0]), decide("second", verbs[1])].map(|one| one.join().expect("it ends"))
            });
            let well: Vec<usize> = (0..2).filter(|n| codes[*n].code == 0).collect();
            assert_eq!(well.len(), 1, "round {round}: {codes:?}");
            let told = &codes[1 - well[0]].err;
            assert!(told.contains("no open conflict") || told.contains("at the same moment"), "{told}");
            assert_eq!(place.conflicts("epi"), Vec::<Value>::new());
            if verbs[well[0]] == "take" {
                assert_eq!(name(&place), asked);
            }
            for login in ["epi", "second"] {
                place.run_as(login, &["conflict", "take", &id]).refused("no open conflict");
            }
        }
        place.run(&["verify"]).well();
    }
}

#[test]
fn nothing_is_decided_over_what_changed_since_it_was_looked_at() {
    for place in posts() {
        let id = raised(&place, "王甲");
        let looked_at = format!("{id}@{}", place.only_conflict()["version"]);
        assert!(place.run_as("epi", &["conflict", "list"]).well().contains(&looked_at));
        written(&place, &correct("person", person(), "full_name", json!("王测试1"), json!("王乙"))).well();
        for verb in ["take", "stands"] {
            place.run_as("second", &["conflict", verb, &looked_at]).refused("has changed since version");
        }
        let again = place.only_conflict();
        assert_eq!(again["fields"][0]["stands"], "王乙", "{again}");
        place.run_as("second", &["conflict", "take", &format!("{id}@{}", again["version"])]).well();
        assert_eq!(name(&place), "王甲");
    }
}

/// What is declined for one is declined for another by the same rule, and taken once nothing stands against it.
#[test]
fn a_conflict_about_a_merged_record_waits_for_the_merge_to_be_undone() {
    for place in posts() {
        submit(&place, &scene::register(2).into());
        raised(&place, "王甲");
        written(&place, &json!({"person": {"merge_into": {"id": person(), "kept": scene::person_id(2)}}})).well();
        let id = id_of(&place.only_conflict());
        for login in ["epi", "second", "epi"] {
            place.run_as(login, &["conflict", "take", &id]).refused("merged_record");
        }
        written(&place, &json!({"person": {"unmerge": {"id": person()}}})).well();
        place.run_as("second", &["conflict", "take", &id]).well();
        assert_eq!(name(&place), "王甲");
    }
}

#[test]
fn a_conflict_about_what_is_in_error_can_only_stand_and_one_about_the_erased_is_gone() {
    for place in posts() {
        let case = scene::case_id(1).0;
        written(&place, &correct("case", case, "onset_on", json!("2022-03-01"), json!("2022-03-02"))).refused("");
        written(&place, &json!({"case": {"mark_entered_in_error": {"id": case}}})).well();
        let id = id_of(&place.only_conflict());
        for login in ["epi", "second"] {
            let said = place.run_as(login, &["conflict", "take", &id]);
            assert!(!said.err.contains("used for another command"), "{said:?}");
            said.refused("the correction was not done");
        }
        place.run_as("epi", &["conflict", "stands", &id]).well();
        let id = raised(&place, "王甲");
        let request = domain::id::ErasureId::of(scene::person_id(1)).to_string();
        place.run_as("epi", &["erase", &person().to_string(), "--reason", "asked"]).well();
        place.run_as("chief", &["erase", "--approve", &request]).well();
        assert_eq!(place.conflicts("epi"), Vec::<Value>::new());
        for verb in ["take", "stands"] {
            place.run_as("epi", &["conflict", verb, &id]).refused("no open conflict");
        }
        place.run(&["verify"]).well();
    }
}

#[test]
fn a_conflict_of_another_area_and_one_that_is_not_there_look_alike() {
    for place in posts() {
        place.run_as("root", &["account", "create", "far", "far", "--area", &area()]).well();
        place.run_as("root", &["account", "grant", "far", "epidemiologist", "--area", &PART.to_string()]).well();
        let id = raised(&place, "王甲");
        assert_eq!(place.conflicts("far"), Vec::<Value>::new());
        let absent = Uuid::from_u128(0xab5e).to_string();
        for verb in ["take", "stands"] {
            let [foreign, none] = [&id, &absent].map(|id| place.run_as("far", &["conflict", verb, id]));
            assert_eq!(foreign.err.replace(&id, &absent), none.err);
            foreign.refused("no open conflict");
            assert_eq!(none.code, 1);
        }
        for malformed in ["", "王甲", &format!("{id}@"), &format!("{id}@one")] {
            assert_eq!(place.run_as("epi", &["conflict", "take", malformed]).code, 2, "{malformed:?}");
        }
        assert_eq!(place.run_as("epi", &["conflict", "list", "--limit", "0"]).code, 2, "nothing at all is no list");
        // The one that is there is decided, also where another is not; the same one twice is decided once.
        place.run_as("epi", &["conflict", "take", &absent, &id, &id]).refused("2 conflicts were not decided");
        assert_eq!(name(&place), "王甲");
    }
}

#[test]
fn a_list_that_ends_at_its_limit_says_so_and_a_time_of_two_columns_is_shown() {
    for place in posts() {
        let sample = Uuid::from_u128(0x5a);
        let fields = json!({"sampled": {"on": "2022-03-12"}});
        let collect = json!({"id": sample, "person": person(), "outbreak": scene::OUTBREAK, "fields": fields});
        written(&place, &json!({"sample": {"collect": collect}})).well();
        let (seen, to) = (json!({"on": "2022-03-10"}), json!({"on": "2022-03-11"}));
        written(&place, &correct("sample", sample, "sampled", seen, to)).refused("");
        let conflict = place.only_conflict();
        assert_eq!(
            (&conflict["fields"][0]["stands"], &conflict["withheld"]),
            (&json!({"on": "2022-03-12"}), &json!([]))
        );
        written(&place, &correct("person", person(), "full_name", json!("王从来不"), json!("王甲"))).refused("");
        for form in [&["conflict", "list", "--limit", "1"][..], &["conflict", "list", "--limit", "1", "--json"]] {
            let said = place.run_as("epi", form);
            assert!(said.err.contains("there may be more"), "{said:?}");
        }
        place.run_as("epi", &["conflict", "take", &id_of(&conflict)]).well();
        assert_eq!(place.conflicts("epi").len(), 1);
    }
}

/// A community worker may correct the contact they follow, and does not see what others noted of them.
#[test]
fn nobody_decides_over_a_field_that_they_do_not_see() {
    for place in posts() {
        staffed(&place, &[("worker", "community_worker")]);
        let accounts = place.run_as("root", &["account", "--json", "list"]).well();
        let accounts: Value = serde_json::from_str(&accounts).expect("one JSON object");
        let mut accounts = accounts["accounts"].as_array().expect("accounts").iter();
        let worker = accounts.find(|account| account["account"]["login"] == "worker").expect("it is listed");
        let (exposure, contact) = (Uuid::from_u128(0xe1), Uuid::from_u128(0xc1));
        submit(&place, &scene::register(2).into());
        let person = scene::person_id(2).0;
        let source = json!({"case": scene::case_id(1)});
        for command in [
            json!({"exposure": {"record": {"id": exposure, "source": source, "person": person, "outbreak": scene::OUTBREAK}}}),
            json!({"contact": {"list": {"id": contact, "person": person, "ring": "ring1", "exposures": [exposure]}}}),
            json!({"assignment": {"assign": {
                "id": Uuid::from_u128(0xa1), "work": {"contact": contact}, "to": {"account": worker["account"]["id"]}, "task": "follow_contact",
            }}}),
        ] {
            written(&place, &command).well();
        }
        written(&place, &correct("person", person, "note", json!("旧"), json!("新"))).refused("");
        let conflict = place.conflicts("worker").remove(0);
        assert_eq!((&conflict["fields"], &conflict["withheld"]), (&json!([]), &json!(["note"])));
        for verb in ["take", "stands"] {
            place.run_as("worker", &["conflict", verb, &id_of(&conflict)]).refused("may not see note");
        }
        place.run_as("epi", &["conflict", "take", &id_of(&conflict)]).well();
    }
}
