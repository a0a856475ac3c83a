//! `pack`.

use crate::installation::Installation;

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
