//! A target for hostile command bodies: any bytes end as envelopes with nothing lost on the way, or as a problem in
//! words that repeats nothing of what was sent, never in a panic.

mod body;

pub use body::{body, verbs};

use crate::{endpoint::commands, language::Language, problem::Problem, texts};
use domain::{
    id::AccountId,
    kernel::{self, Actor, Command, Envelope, group::Submission, memory::Memory},
    pack::Shelf,
};
use exchange::fuzzing::Reached;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Stands in every personal value of the corpus, and so must never stand in a problem, however it is written.
const CANARY: &str = "SECRET";
/// Words of types in the program, which say nothing to who writes JSON.
const PARSERS_WORDS: &[&str] = &["struct", "variant", "enum", "tuple", "newtype", "i64", "u32", "f64", "identifier", "map"];
/// Envelopes in one body, as the fuzzer meets the bound.
const BATCH: usize = 6;
const DEPTH: usize = 24;
/// 2026-01-01.
const NOW: i64 = 1_767_225_600_000;

/// What reads a body.
pub type Parse<'p> = &'p dyn Fn(&[u8]) -> Result<Vec<Envelope>, Problem>;

/// Makes the seed's body and judges it: its size, and how far it came or which rule it broke. A body whose commands
/// were all read counts as rows reached.
pub fn case(seed: u64) -> (usize, Result<Reached, String>) {
    let bytes = body(seed);
    (bytes.len(), judge(&bytes, &parse))
}

/// The shipped parser.
pub fn parse(bytes: &[u8]) -> Result<Vec<Envelope>, Problem> {
    commands::envelopes(bytes, BATCH, DEPTH).map(|(envelopes, _)| envelopes)
}

/// Holds what a parser makes of a body to the rules.
pub fn judge(bytes: &[u8], parse: Parse<'_>) -> Result<Reached, String> {
    let envelopes = match parse(bytes) {
        Err(problem) => {
            speaks(&problem)?;
            return Ok(Reached { refused: true, ..Reached::default() });
        }
        Ok(envelopes) => envelopes,
    };
    let sent: Value = serde_json::from_slice(bytes).map_err(|e| format!("read, and yet no JSON: {e}"))?;
    let sent = match sent {
        Value::Array(sent) => sent,
        one => vec![one],
    };
    if sent.len() != envelopes.len() {
        return Err(format!("{} envelopes sent, {} read", sent.len(), envelopes.len()));
    }
    for (n, (sent, envelope)) in sent.iter().zip(&envelopes).enumerate() {
        whole(sent, envelope).map_err(|broken| format!("envelope {n}: {broken}"))?;
        reads_back(&envelope.command).map_err(|broken| format!("envelope {n}: {broken}"))?;
    }
    decided(&envelopes)?;
    Ok(Reached { rows: envelopes.len() as u64, mapped: envelopes.len() as u64, ..Reached::default() })
}

/// A problem has a status of the sender's making, words in both languages, and nothing of what was sent.
fn speaks(problem: &Problem) -> Result<(), String> {
    if !problem.status.is_client_error() {
        return Err(format!("a body is answered {}", problem.status));
    }
    for rule in problem.faults.iter().map(|fault| &fault.rule).chain([&problem.rule]) {
        for language in [Language::Zh, Language::En] {
            let words = texts::words(rule, language);
            if words.reason.is_empty() || words.remedy.is_empty() {
                return Err(format!("{rule} has no words"));
            }
        }
    }
    for said in problem.faults.iter().filter_map(|fault| fault.expected.as_ref()) {
        let inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let words = [&said.zh, &said.en].into_iter().flat_map(|text| text.split(|letter| !inside(letter)));
        if let Some(word) = words.into_iter().find(|word| PARSERS_WORDS.contains(word)) {
            return Err(format!("`{word}` is a parser's word: {said:?}"));
        }
        if !said.zh.chars().any(|letter| !letter.is_ascii()) {
            return Err(format!("no Chinese: {said:?}"));
        }
    }
    let shown = format!("{problem:?}");
    if shown.to_uppercase().contains(CANARY) {
        return Err(format!("the problem repeats what was sent: {shown}"));
    }
    Ok(())
}

/// Everything that was said stands in the envelope.
fn whole(sent: &Value, envelope: &Envelope) -> Result<(), String> {
    let kept = serde_json::to_value(envelope).map_err(|e| e.to_string())?;
    let (mut said, mut stands) = (BTreeSet::new(), BTreeSet::new());
    places(sent, String::new(), &mut said);
    places(&kept, String::new(), &mut stands);
    match said.difference(&stands).next() {
        Some(lost) => Err(format!("{lost} was read and is gone")),
        None => Ok(()),
    }
}

/// Pointers of everything that is not null. The classes of an erasure are a set: there the items' order is not kept.
fn places(value: &Value, at: String, into: &mut BTreeSet<String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => fields.iter().for_each(|(key, value)| places(value, format!("{at}/{key}"), into)),
        Value::Array(items) if !at.ends_with("/classes") => {
            items.iter().enumerate().for_each(|(n, value)| places(value, format!("{at}/{n}"), into));
        }
        _ => {
            into.insert(at);
        }
    }
}

/// The command as JSON and as the store keeps it gives the same command again, and answers what is asked of it.
fn reads_back(command: &Command) -> Result<(), String> {
    let text = serde_json::to_vec(command).map_err(|e| e.to_string())?;
    let again: Command = serde_json::from_slice(&text).map_err(|e| format!("its own JSON is refused: {e}"))?;
    if &again != command {
        return Err("its own JSON gives another command".into());
    }
    let _ = (kernel::action(command), command.target());
    Ok(())
}

/// Whatever is in a command, deciding on it ends in an outcome.
fn decided(envelopes: &[Envelope]) -> Result<(), String> {
    let actor = Actor { account: AccountId(Uuid::from_u128(1)) };
    let submissions: Vec<Submission> =
        envelopes.iter().map(|envelope| Submission::caused(actor, envelope.clone())).collect();
    let outcomes = Memory::new(Shelf::default()).submit(NOW, &submissions);
    if outcomes.len() == envelopes.len() { Ok(()) } else { Err("an envelope has no outcome".into()) }
}
