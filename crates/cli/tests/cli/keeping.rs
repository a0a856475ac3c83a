//! `migrate`, `account`, `verify`, `doctor`.

use crate::installation::{Installation, area, staffed};
use testkit::{damage, scene};

const N: u64 = 4_711;

/// A command post with the outbreak, a person with a case, and another one.
async fn populated() -> Installation {
    let place = Installation::new().with_outbreak().await;
    let store = place.store().await;
    let stream = store.streams().await.expect("streams are read")[0].stream;
    let mut submissions = Vec::new();
    for n in [N, 4_000] {
        submissions.push(scene::caused(u128::from(n), stream, scene::register(n)));
        submissions.push(scene::caused(u128::from(n) + 50_000, stream, scene::open_case(n)));
    }
    for outcome in store.submit(submissions).await {
        let outcome = outcome.expect("the door answers");
        assert!(outcome.is_accepted(), "{outcome:?}");
    }
    store.close().await;
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_is_sound_and_a_flipped_byte_is_found_where_it_is() {
    let place = populated().await;
    let green = place.run(&["verify"]).well();
    assert!(green.contains("not anchored"), "{green}");
    let report: serde_json::Value =
        serde_json::from_str(&place.run(&["verify", "--json"]).well()).expect("one JSON object");
    assert!(report["report"]["entries"].as_i64().is_some_and(|entries| entries >= 6), "{report}");
    damage::flip_payload(&place.url(), 1, 4, 3).await.expect("the damage is done");
    place.run(&["verify"]).refused("stream 1, entry 4 (number 4 of all): its content was altered");
}

#[test]
fn the_first_account_is_the_only_one_made_without_an_account() {
    let place = Installation::new();
    place.run(&["account", "first", "second", "Second"]).refused("not_the_first_account");
    place.run(&["account", "create", "tracer", "Tracer", "--area", &area()]).refused("--account");
    place.run_as("nobody", &["account", "list"]).refused("there is no account nobody");
    staffed(&place, &[("tracer", "tracer")]);
    let listed = place.run_as("root", &["account", "list"]).well();
    assert!(listed.contains("tracer") && listed.contains("root"), "{listed}");
    // A tracer makes no accounts.
    assert_eq!(place.run_as("tracer", &["account", "create", "x", "X", "--area", &area()]).code, 1);
    assert_eq!(place.run_as("tracer", &["account", "stream", "add", "X", "X", "--area", &area()]).code, 1);
    let link = place.run_as("root", &["account", "link", "tracer"]).well();
    assert!(link.contains("/set-password/"), "{link}");
    place.run_with(&["--account", "tracer", "account", "password", "tracer"], "short\n").refused("characters");
    place.run_as("root", &["account", "disable", "tracer"]).well();
    place.run_as("tracer", &["account", "list"]).refused("disabled");
}

#[test]
fn doctor_sees_open_keys_and_keys_beside_the_data() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Installation::new();
    place.run(&["doctor"]).well();
    let key = place.path("data-keys/master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("the mode is set");
    place.run(&["doctor"]).refused("chmod 600");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("the mode is set");
    let beside = format!("sqlite:{}", place.path("data/keys.sqlite").display());
    place.run(&["doctor", "--keys", &beside]).refused("database's folder");
}
