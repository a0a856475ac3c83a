//! Every verb of every noun, sent as a command about the records of one site. Each passes the access table or does not;
//! what passes is then declined by a rule of the field wherever that is possible, so that one row leaves the next its world.

use super::world::{BYSTANDER, OTHER_POST, Of, STREET, Site};
use domain::{
    access::{Action, Kind, Noun},
    kernel,
};
use serde_json::{Value, json};
use testkit::scene;
use uuid::Uuid;

/// A command, and the record by which it is judged.
pub struct Asked {
    pub name: String,
    pub action: Action,
    pub judged: Uuid,
    /// What must be allowed as well, on a record of the same site that the command names.
    pub also: Option<Action>,
    /// It makes a record, and is judged by the area that it will lie in.
    pub made_where_it_lies: bool,
    pub command: Value,
}

fn asked(judged: Uuid, command: Value) -> Asked {
    let parsed: kernel::Command =
        serde_json::from_value(command.clone()).unwrap_or_else(|e| panic!("{e}: {command}"));
    let action = kernel::action(&parsed).expect("it can be sent");
    let (noun, verb) = command.as_object().and_then(|noun| noun.iter().next()).expect("a noun");
    let verb = verb.as_object().and_then(|verb| verb.keys().next()).expect("a verb");
    // An exposure is added by who may list from it.
    let also = (noun == "contact" && verb == "add_exposure").then_some(Action::ContactCreate);
    let made_where_it_lies =
        action.kind() == Kind::Create && parsed.target() != judged || noun == "case" && verb == "open";
    Asked { name: format!("{noun}.{verb}"), action, judged, also, made_where_it_lies, command }
}

fn stale(field: &str, seen: Value, to: Value) -> Value {
    json!({field: {"seen": seen, "to": to}})
}

fn people_and_places(site: Site, fresh: &mut dyn FnMut() -> Uuid) -> Vec<(Uuid, Value)> {
    let (area, person, place, household) =
        (site.area(), site.id(Of::Patient), site.id(Of::Place), site.id(Of::Household));
    let code = stale("code", json!("seen by nobody"), json!("other"));
    let name = stale("full_name", json!("seen by nobody"), json!("other"));
    let address = json!({"from": "2999-01-01", "jurisdiction": STREET});
    vec![
        (
            area,
            json!({"jurisdiction": {"define": {"id": fresh(), "hierarchy": "administrative", "level": "block", "parent": area}}}),
        ),
        (area, json!({"jurisdiction": {"correct": {"id": area, "changes": code}}})),
        (area, json!({"jurisdiction": {"move": {"id": area, "parent": scene::DISTRICT.0}}})),
        (area, json!({"place": {"register": {"id": fresh(), "kind": "facility", "jurisdiction": area}}})),
        (place, json!({"place": {"correct": {"id": place, "changes": code}}})),
        (place, json!({"place": {"move_inside": {"id": place, "inside": null}}})),
        (place, json!({"place": {"close": {"id": place, "on": "2999-01-01"}}})),
        (area, json!({"household": {"establish": {"id": fresh(), "jurisdiction": area}}})),
        (household, json!({"household": {"correct": {"id": household, "changes": code}}})),
        (
            household,
            json!({"household": {"move_house": {"id": household, "jurisdiction": STREET, "dwelling": place}}}),
        ),
        (household, json!({"household": {"dissolve": {"id": household}}})),
        (area, json!({"person": {"register": {"id": fresh(), "jurisdiction": area}}})),
        (person, json!({"person": {"correct": {"id": person, "changes": name}}})),
        (person, json!({"person": {"move_house": {"id": person, "address": address}}})),
        (person, json!({"person": {"join_household": {"id": person, "household": household}}})),
        (person, json!({"person": {"merge_into": {"id": person, "kept": person}}})),
        (person, json!({"person": {"unmerge": {"id": person}}})),
    ]
}

fn pairs_and_erasure(site: Site) -> Vec<(Uuid, Value)> {
    let (patient, twin) = (site.id(Of::Patient), site.id(Of::Twin));
    let (pair, file) = (site.duplicate(), site.erasure());
    let nobody = Uuid::from_u128(0xfe);
    vec![
        (
            pair,
            json!({"duplicate": {"suspect": {"left": patient, "right": twin, "score_thousandths": 1, "likeness": ["told"]}}}),
        ),
        (pair, json!({"duplicate": {"merge": {"id": pair, "kept": nobody}}})),
        (pair, json!({"duplicate": {"unmerge": {"id": pair}}})),
        (pair, json!({"duplicate": {"dismiss": {"id": pair}}})),
        (file, json!({"erasure": {"request": {"person": twin, "classes": ["identity"], "ground": "asked"}}})),
        (file, json!({"erasure": {"place_hold": {"person": twin, "ground": "legal"}}})),
        (file, json!({"erasure": {"lift_hold": {"id": file, "hold": 4_000_000}}})),
        (file, json!({"erasure": {"refuse": {"id": file}}})),
        (file, json!({"erasure": {"cancel": {"id": file}}})),
    ]
}

fn outbreak_and_cases(site: Site, fresh: &mut dyn FnMut() -> Uuid) -> Vec<(Uuid, Value)> {
    let (area, outbreak, case, sample) = (site.area(), site.id(Of::Outbreak), site.id(Of::Case), site.id(Of::Sample));
    let pack = json!(scene::shipped("cn-covid-8"));
    let note = stale("note", json!("seen by nobody"), json!("other"));
    let opened = fresh();
    vec![
        (
            area,
            json!({"outbreak": {"declare": {
                "id": fresh(), "name": "Another", "disease": "covid", "pack": pack, "time_zone": "Asia/Shanghai",
                "code_mask": "FZ-0000", "jurisdiction": area,
            }}}),
        ),
        (outbreak, json!({"outbreak": {"adopt_pack": {"id": outbreak, "pack": pack}}})),
        (
            opened,
            json!({"case": {"open": {"id": opened, "person": site.id(Of::Patient), "outbreak": outbreak, "jurisdiction": area}}}),
        ),
        (case, json!({"case": {"correct": {"id": case, "changes": note}}})),
        (case, json!({"case": {"classify": {"id": case, "to": "confirmed", "findings": []}}})),
        (case, json!({"case": {"record_step": {"id": case, "step": "called", "when": {"on": "2999-01-01"}}}})),
        (case, json!({"case": {"reassess": {"id": case}}})),
        (
            case,
            json!({"sample": {"collect": {
                "id": fresh(), "person": site.id(Of::Met), "case": case, "outbreak": outbreak,
                "fields": {"sampled": {"on": "2022-03-13"}},
            }}}),
        ),
        (sample, json!({"sample": {"correct": {"id": sample, "changes": note}}})),
        (sample, json!({"sample": {"link_case": {"id": sample, "case": case}}})),
        (sample, json!({"sample": {"record_result": {"id": sample, "fields": {}}}})),
        (sample, json!({"sample": {"correct_result": {"id": sample, "n": 4_000_000, "changes": {}}}})),
    ]
}

fn tracing(site: Site, contact: Uuid, fresh: &mut dyn FnMut() -> Uuid) -> Vec<(Uuid, Value)> {
    let (case, exposure) = (site.id(Of::Case), site.id(Of::Exposure));
    let note = stale("note", json!("seen by nobody"), json!("other"));
    vec![
        (
            case,
            json!({"exposure": {"record": {
                "id": fresh(), "source": {"case": case}, "person": site.id(Of::Patient), "outbreak": site.id(Of::Outbreak),
            }}}),
        ),
        (exposure, json!({"exposure": {"correct": {"id": exposure, "changes": note}}})),
        (
            exposure,
            json!({"contact": {"list": {"id": fresh(), "person": site.id(Of::Met), "ring": "ring1", "exposures": [exposure]}}}),
        ),
        (contact, json!({"contact": {"correct": {"id": contact, "changes": note}}})),
        (contact, json!({"contact": {"add_exposure": {"id": contact, "exposure": exposure}}})),
        (contact, json!({"contact": {"record_follow_up": {"id": contact, "fields": {}}}})),
        (contact, json!({"contact": {"correct_follow_up": {"id": contact, "n": 4_000_000, "changes": {}}}})),
        (contact, json!({"contact": {"complete": {"id": contact}}})),
        (contact, json!({"contact": {"promote": {"id": contact, "case": case}}})),
        (contact, json!({"contact": {"reopen": {"id": contact}}})),
        (contact, json!({"contact": {"offer_hand_over": {"id": contact, "to": 9_999, "jurisdiction": STREET}}})),
        (contact, json!({"contact": {"acknowledge_hand_over": {"id": contact, "jurisdiction": STREET}}})),
        (contact, json!({"contact": {"reassess": {"id": contact}}})),
        (contact, json!({"contact": {"mark_lost": {"id": contact}}})),
    ]
}

fn work(site: Site, fresh: &mut dyn FnMut() -> Uuid) -> Vec<(Uuid, Value)> {
    let (area, team, import) = (site.area(), site.id(Of::Team), site.id(Of::Import));
    let to = json!({"account": BYSTANDER});
    let mut assign = |work: Value, of: Uuid, task: &str| {
        (of, json!({"assignment": {"assign": {"id": fresh(), "work": work, "to": to, "task": task}}}))
    };
    let mut work = vec![
        assign(json!({"case": site.id(Of::Case)}), site.id(Of::Case), "investigate_case"),
        assign(json!({"contact": site.id(Of::Contact)}), site.id(Of::Contact), "follow_contact"),
        assign(json!({"sample": site.id(Of::Sample)}), site.id(Of::Sample), "carry_sample"),
        assign(json!({"queue": site.id(Of::Place)}), site.id(Of::Place), "test_sample"),
        assign(json!({"household": site.id(Of::Household)}), site.id(Of::Household), "supply_household"),
        assign(json!({"area": area}), area, "follow_contact"),
    ];
    let none = json!({"created": 0, "updated": 0, "unchanged": 0, "duplicate": 0, "conflict": 0, "waiting": 0, "refused": 0});
    let file = "b1".repeat(32);
    work.extend([
        (site.id(Of::Assignment), json!({"assignment": {"end": {"id": site.id(Of::Assignment), "at": 1}}})),
        (area, json!({"team": {"form": {"id": fresh(), "jurisdiction": area, "name": "二队"}}})),
        (team, json!({"team": {"rename": {"id": team, "seen": "seen by nobody", "name": "三队"}}})),
        (team, json!({"team": {"end_member": {"id": team, "account": BYSTANDER}}})),
        (team, json!({"team": {"add_member": {"id": team, "account": BYSTANDER, "until": 1}}})),
        (team, json!({"team": {"assign_area": {"id": team, "area": area, "until": 1}}})),
        (team, json!({"team": {"end_area": {"id": team, "area": area}}})),
        (
            area,
            json!({"import": {"start": {
                "id": fresh(), "jurisdiction": area, "as_noun": "person", "file_name": "x.csv", "file_blake3": file,
                "mapping_blake3": file,
            }}}),
        ),
        (import, json!({"import": {"progress": {"id": import, "rows_done": 1, "counts": none}}})),
        (import, json!({"import": {"complete": {"id": import, "rows": 1, "counts": none}}})),
    ]);
    work
}

/// What cannot be undone stands at the end: it changes the record, but not who may do what to it.
fn endings(site: Site, contact: Uuid) -> Vec<(Uuid, Value)> {
    let (case, sample, exposure) = (site.id(Of::Case), site.id(Of::Sample), site.id(Of::Exposure));
    let (team, outbreak) = (site.id(Of::Team), site.id(Of::Outbreak));
    vec![
        (contact, json!({"contact": {"drop": {"id": contact, "reason": "immune"}}})),
        (contact, json!({"contact": {"withdraw_hand_over": {"id": site.id(Of::Contact)}}})),
        (sample, json!({"sample": {"mark_entered_in_error": {"id": sample}}})),
        (exposure, json!({"exposure": {"mark_entered_in_error": {"id": exposure}}})),
        (case, json!({"case": {"mark_entered_in_error": {"id": case}}})),
        (team, json!({"team": {"disband": {"id": team}}})),
        (outbreak, json!({"outbreak": {"close": {"id": outbreak}}})),
    ]
}

/// All of them.
pub fn commands(site: Site, fresh: &mut dyn FnMut() -> Uuid) -> Vec<Asked> {
    let contact = site.id(Of::Contact);
    let mut all = people_and_places(site, fresh);
    all.extend(pairs_and_erasure(site));
    all.extend(outbreak_and_cases(site, fresh));
    all.extend(tracing(site, contact, fresh));
    all.extend(work(site, fresh));
    all.extend(endings(site, contact));
    all.into_iter().map(|(judged, command)| asked(judged, command)).collect()
}

/// Those about a contact, sent about the one that is offered.
pub fn about_the_offered(site: Site, fresh: &mut dyn FnMut() -> Uuid) -> Vec<Asked> {
    let contact = site.id(Of::OfferedContact);
    let mut all = tracing(site, contact, fresh);
    let to = json!({"account": BYSTANDER});
    let assign = json!({"id": fresh(), "work": {"contact": contact}, "to": to, "task": "follow_contact"});
    all.push((contact, json!({"assignment": {"assign": assign}})));
    let about =
        |asked: &Asked| asked.judged == contact && matches!(asked.action.noun(), Noun::Contact | Noun::FollowUp);
    all.into_iter().map(|(judged, command)| asked(judged, command)).filter(about).collect()
}

/// Every noun and verb that the door knows, as its parser lists them.
pub fn verbs() -> Vec<String> {
    let listed = |body: Value| {
        let error = serde_json::from_value::<kernel::Command>(body).expect_err("there is no such name").to_string();
        let names: Vec<String> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        assert!(!names.is_empty(), "{error}");
        names
    };
    let mut verbs = Vec::new();
    for noun in listed(json!({"?": {}})) {
        let of_noun = listed(json!({&noun: {"?": {}}}));
        verbs.extend(of_noun.into_iter().map(|verb| format!("{noun}.{verb}")));
    }
    verbs
}

/// The post that contacts are offered to is another one than that which has them.
const _: () = assert!(OTHER_POST != 1);
