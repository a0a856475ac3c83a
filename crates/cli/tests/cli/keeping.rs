//! `migrate`, `account`, `verify`, `doctor`, `backup`, `erase`, `restore`.

use crate::installation::{Installation, area};
use testkit::{damage, scene};

/// The name searched for after an erasure.
const NAME: &str = "王测试4711";
const N: u64 = 4_711;

/// The forms in which a name could be left behind.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let utf8 = NAME.as_bytes().to_vec();
    // 王测试4711 in GB18030, by its code table.
    let gb = [&[0xcd, 0xf5, 0xb2, 0xe2, 0xca, 0xd4][..], b"4711"].concat();
    let mut forms = vec![
        ("UTF-16LE", NAME.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", NAME.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("GB18030", gb),
    ];
    // Within a longer text the encoding starts at any of three places; the letters that depend on neighbours are left out.
    for (skip, label) in [(0, "base64"), (1, "base64, second place"), (2, "base64, third place")] {
        let from = (3 - skip) % 3;
        let whole = (utf8.len() - from) / 3 * 3;
        forms.push((label, base64(&utf8[from..from + whole])));
    }
    forms.push(("UTF-8", utf8));
    forms
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let quad = |three: &[u8]| {
        let n = usize::from(three[0]) << 16 | usize::from(three[1]) << 8 | usize::from(three[2]);
        [18, 12, 6, 0].map(|shift| LETTERS[n >> shift & 63])
    };
    bytes.chunks_exact(3).flat_map(quad).collect()
}

/// Where the name is found, in which form.
fn found(place: &Installation) -> Vec<String> {
    let files = place.files();
    let mut hits = Vec::new();
    for (form, needle) in forms() {
        for (path, bytes) in &files {
            if bytes.windows(needle.len()).any(|window| window == needle) {
                hits.push(format!("{form} in {}", path.display()));
            }
        }
    }
    hits
}

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

/// Accounts with posts in the district.
fn staffed(place: &Installation, posts: &[(&str, &str)]) {
    for (login, role) in posts {
        place.run_as("root", &["account", "create", login, login, "--area", &area()]).well();
        place.run_as("root", &["account", "grant", login, role, "--area", &area()]).well();
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_stays_erased_after_a_restore() {
    let place = populated().await;
    staffed(&place, &[("asks", "epidemiologist"), ("approves", "commander")]);
    assert!(!found(&place).is_empty(), "the search finds the name while it is there");
    let copy = place.path("copy.backup").display().to_string();
    place.run(&["backup", "--to", &copy]).well();
    place.run(&["backup", "--to", &copy]).refused("never written over another");
    let person = scene::person_id(N).to_string();
    place.run_as("asks", &["erase", &person, "--reason", "asked"]).well();
    let request = domain::id::ErasureId::of(scene::person_id(N)).to_string();
    assert_eq!(place.run_as("asks", &["erase", "--approve", &request]).code, 1, "two people are needed");
    assert!(!found(&place).is_empty(), "a refused approval erases nothing");
    place.run_as("approves", &["erase", "--approve", &request]).well();
    assert_eq!(found(&place), Vec::<String>::new());
    // Again, as after a crash: nothing is done twice.
    place.run_as("approves", &["erase", "--approve", &request]).well();
    place.run(&["verify"]).well();
    let into = format!("sqlite:{}", place.path("restored/firebreak.sqlite").display());
    let ledger = place.path("data-keys/erasures.jsonl");
    let hidden = place.path("data-keys/hidden");
    std::fs::rename(&ledger, &hidden).expect("the ledger is hidden");
    place.run(&["restore", &copy, "--into", &into]).refused("erasure ledger");
    std::fs::rename(&hidden, &ledger).expect("the ledger is back");
    place.run(&["restore", &copy, "--into", &place.url()]).refused("is not empty");
    let said = place.run(&["restore", &copy, "--into", &into]).well();
    assert!(said.contains("1 erasures done again"), "{said}");
    assert_eq!(found(&place), Vec::<String>::new());
    let (keys, folder) = (format!("sqlite:{}", place.path("data-keys/keys.sqlite").display()), place.path("data"));
    let restored = ["--keys", &keys, "--folder", &folder.display().to_string(), "verify", "--database", &into];
    place.run(&restored).well();
}
