//! Hostile command bodies: 100,000 here, ten million by `cargo run -p testkit --example fuzz -- commands`.

use domain::kernel::Command;
use exchange::fuzzing::run::run;
use server::fuzzing;
use std::collections::BTreeSet;

#[test]
fn bodies_end_as_envelopes_or_words() {
    let tally = run(0..100_000, || 0, fuzzing::case);
    assert!(tally.findings.is_empty(), "{:#?}", tally.findings);
    assert!(tally.reached_share() >= 40, "{} %", tally.reached_share());
}

/// The parser names the choices that it has; the corpus must have a valid command of each.
fn choices(body: &str) -> BTreeSet<String> {
    let words = serde_json::from_str::<Command>(body).unwrap_err().to_string();
    let (_, choices) = words.split_once(" expected ").unwrap_or_else(|| panic!("{body}: {words}"));
    choices.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_corpus_has_a_valid_command_of_every_verb() {
    for (_, _, command) in fuzzing::verbs() {
        if let Err(error) = serde_json::from_value::<Command>(command.clone()) {
            panic!("{command}: {error}");
        }
    }
    for noun in choices("{\"?\": {}}") {
        let had: BTreeSet<String> =
            fuzzing::verbs().filter(|(of, ..)| *of == noun).map(|(_, verb, _)| verb.to_owned()).collect();
        assert_eq!(had, choices(&format!("{{\"{noun}\": {{\"?\": {{}}}}}}")), "{noun}");
    }
}
