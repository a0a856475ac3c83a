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

/// Half of an installation is never made anew beside the other half: it would look whole, and be neither readable nor safe
/// to restore into.
#[test]
fn migrate_makes_no_half_of_an_installation_anew() {
    let place = Installation::new();
    place.run(&["migrate"]).well();
    let aside = place.path("aside");
    for missing in ["data-keys/master.key", "data-keys/keys.sqlite", "data-keys/erasures.jsonl", "data-keys/anchor.key"] {
        let file = place.path(missing);
        std::fs::rename(&file, &aside).expect("a file can be moved");
        place.run(&["migrate"]).refused(missing.rsplit('/').next().expect("a name"));
        assert!(!file.exists(), "{missing} is not made anew");
        std::fs::rename(&aside, &file).expect("a file can be moved");
    }
    place.run(&["verify"]).well();
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_makes_no_database_beside_the_keys_of_another() {
    let place = populated().await;
    std::fs::remove_dir_all(place.path("data")).expect("a folder can be removed");
    place.run(&["migrate"]).refused("restore");
    std::fs::create_dir(place.path("data")).expect("a folder can be made");
    std::fs::write(place.path("data/firebreak.sqlite"), "").expect("a file can be written");
    place.run(&["migrate"]).refused("restore");
    std::fs::remove_file(place.path("data-keys/master.key")).expect("a file can be removed");
    place.run(&["migrate"]).refused("restore");
}

/// Whatever the shell's mask: what holds people's data is its owner's alone.
#[test]
fn nobody_else_may_read_what_is_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Installation::new();
    let copy = place.path("data/copy.backup").display().to_string();
    place.run(&["backup", "--to", &copy]).well();
    let mut looked = 0;
    for folder in ["data", "data-keys"].map(|name| place.path(name)) {
        let files = std::fs::read_dir(&folder).expect("the folder can be read").map(|file| file.expect("an entry").path());
        for path in files.chain([folder.clone()]) {
            let mode = path.metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
            looked += 1;
        }
    }
    assert!(looked >= 8, "{looked} files were looked at");
    let data = place.path("data/firebreak.sqlite");
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o644)).expect("the mode is set");
    place.run(&["doctor"]).refused("chmod 600");
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
