//! `pack`.

use crate::installation::{Installation, area, staffed};
use domain::{
    id::{ContactId, ExposureId, StreamId},
    noun::{contact, exposure},
    pack::Ring,
    when::When,
};
use testkit::scene;
use uuid::Uuid;

#[test]
fn shipped_packs_are_listed_and_sound_and_a_broken_one_is_located() {
    let place = Installation::new();
    let listed = place.run(&["pack", "list"]).well();
    assert!(listed.contains("cn-covid-8"), "{listed}");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/measles.toml");
    place.run(&["pack", "check", shipped]).well();
    let text = std::fs::read_to_string(shipped).expect("the pack is read");
    let broken = place.path("broken.toml");
    std::fs::write(&broken, format!("surprise = 1\n{text}")).expect("it is written");
    let said = place.run(&["pack", "check", &broken.display().to_string()]);
    assert!(said.out.contains("broken.toml:1:1: "), "{said:?}");
    said.refused("surprise");
    place.run(&["pack", "check", "absent.toml"]).refused("absent.toml");
    assert_eq!(place.run(&["pack", "check"]).code, 2);
}

/// A case with one contact under follow-up by the eighth plan.
async fn followed(place: &Installation) {
    place.run_as("root", &["account", "stream", "add", "FZ", "Fengze", "--area", &area()]).well();
    let (store, stream) = (place.store().await, StreamId(1));
    let day = When::On(domain::date::KnownDate::parse("2022-03-11").expect("a day"));
    let fields = exposure::Given { first: Some(day), last: Some(day), ..Default::default() };
    let exposed = exposure::Command::Record {
        id: ExposureId(Uuid::from_u128(0xe1)),
        source: exposure::Source::Case(scene::case_id(1)),
        person: scene::person_id(2),
        outbreak: scene::OUTBREAK,
        fields,
    };
    let listed = contact::Command::List {
        id: ContactId(Uuid::from_u128(0xc1)),
        person: scene::person_id(2),
        ring: Ring::Ring1,
        exposures: vec![ExposureId(Uuid::from_u128(0xe1))],
        fields: contact::Given::default(),
    };
    let mut batch = scene::beginning(stream);
    batch.extend([
        scene::caused(1, stream, scene::register(1)),
        scene::caused(2, stream, scene::register(2)),
        scene::caused(3, stream, scene::open_case(1)),
        scene::caused(4, stream, exposed),
        scene::caused(5, stream, listed),
    ]);
    for outcome in store.submit(batch).await {
        assert!(outcome.as_ref().is_ok_and(|outcome| outcome.is_accepted()), "{outcome:?}");
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_pack_shows_the_clocks_it_would_move_and_moves_none() {
    let place = Installation::new();
    followed(&place).await;
    staffed(&place, &[("commands", "commander"), ("traces", "tracer")]);
    let (outbreak, ninth) = (scene::OUTBREAK.to_string(), scene::shipped("cn-covid-9").to_string());
    let preview = ["pack", "preview", "--outbreak", &outbreak, "--to", &ninth];
    let said = place.run_as("commands", &preview).well();
    assert!(said.contains("ring1.term") && said.contains("nothing was changed"), "{said}");
    let json = place.run_as("commands", &[&preview[..], &["--json"]].concat()).well();
    let shown: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    let moved = &shown["follow_ups"][0];
    assert_eq!((&moved["contacts"], &moved["alike"]["ring"]), (&serde_json::json!(1), &serde_json::json!("ring1")));
    assert!(moved["alike"]["shift_days"].as_i64().is_some_and(|days| days < 0), "the ninth plan is shorter: {moved}");
    assert_eq!(place.run_as("traces", &preview).code, 1, "who may not preview is told nothing");
    place.run_as("commands", &["pack", "preview", "--outbreak", &outbreak, "--to", "absent.toml"]).refused("absent");
    // Judged by the pack that judged it, the follow-up would not move.
    let eighth = scene::shipped("cn-covid-8").to_string();
    let same =
        place.run_as("commands", &["pack", "preview", "--outbreak", &outbreak, "--to", &eighth, "--json"]).well();
    let same: serde_json::Value = serde_json::from_str(&same).expect("one JSON object");
    assert_eq!(
        (&same["figures"], &same["follow_ups"][0]["alike"]["shift_days"]),
        (&serde_json::json!([]), &serde_json::json!(0))
    );
    place.run(&["verify"]).well();
}
