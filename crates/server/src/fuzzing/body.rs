//! Command bodies that are nearly right, from a seed: envelopes of valid commands, one of every verb there is, changed in
//! a few places of their structure or their bytes.

use super::CANARY;
use exchange::fuzzing::mutate::{Choices, change_bytes};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;
use uuid::Uuid;

const COMMANDS: &str = include_str!("commands.jsonl");

fn commands() -> &'static Vec<Value> {
    static READ: OnceLock<Vec<Value>> = OnceLock::new();
    READ.get_or_init(|| COMMANDS.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The corpus: noun, verb and command.
pub fn verbs() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    commands().iter().filter_map(|command| {
        let (noun, inner) = command.as_object()?.iter().next()?;
        Some((noun.as_str(), inner.as_object()?.keys().next()?.as_str(), command))
    })
}

/// Values that fit nowhere, or only just.
fn odd(choices: &mut Choices) -> Value {
    match choices.below(16) {
        0 => Value::Null,
        1 => json!(i64::MAX),
        2 => json!(i64::MIN),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1.5),
        6 => json!(CANARY),
        7 => json!(CANARY.repeat(choices.below(400))),
        8 => json!("9999-12-31"),
        9 => json!("-9999-01"),
        10 => json!([]),
        11 => json!({}),
        12 => json!(true),
        13 => json!("00000000-0000-0000-0000-000000000000"),
        14 => json!({"seen": CANARY, "to": null}),
        _ => (0..choices.below(40)).fold(json!(1), |inner, _| json!([inner])),
    }
}

fn change(value: &mut Value, choices: &mut Choices) {
    // Down to some place, then one change there.
    let down = !choices.one_in(5);
    match value {
        Value::Object(fields) if down && !fields.is_empty() => {
            let at = choices.below(fields.len());
            if let Some(inner) = fields.values_mut().nth(at) {
                change(inner, choices);
            }
        }
        Value::Array(items) if down && !items.is_empty() => {
            let at = choices.below(items.len());
            if let Some(inner) = items.get_mut(at) {
                change(inner, choices);
            }
        }
        Value::Object(fields) => change_fields(fields, choices),
        Value::Array(items) => match choices.below(3) {
            0 => items.clear(),
            1 => items.push(odd(choices)),
            _ => {
                let more = items.first().cloned();
                items.extend(more);
            }
        },
        Value::Null if !choices.one_in(3) => {}
        // What is of the same kind gets further than what is not.
        Value::Bool(truth) if !choices.one_in(4) => *truth = !*truth,
        Value::Number(number) if !choices.one_in(4) => {
            let number = number.as_i64().unwrap_or(0);
            *value = json!(match choices.below(4) {
                0 => number.wrapping_neg(),
                1 => number.wrapping_mul(1_000),
                2 => 0,
                _ => number.wrapping_add(1),
            });
        }
        Value::String(text) if !choices.one_in(4) => change_text(text, choices),
        _ => *value = odd(choices),
    }
}

/// Another text of the same form, or one that goes too far.
fn change_text(text: &mut String, choices: &mut Choices) {
    let dated = text.len() >= 7 && text.as_bytes().iter().all(|byte| byte.is_ascii_digit() || b"-~".contains(byte));
    match choices.below(8) {
        0 => text.push_str(CANARY),
        1 => *text = CANARY.repeat(choices.below(400)),
        2 => text.push_str(", expected SECRET at line 1"),
        3 => *text = format!("unknown field `{text}`SECRET"),
        _ if Uuid::parse_str(text).is_ok() => *text = Uuid::from_u128(choices.below(12) as u128).to_string(),
        _ if dated => {
            *text = ["9999-12-31", "1850-01", "2026-02-28~", "unknown", "not_asked"][choices.below(5)].to_owned();
        }
        4 => text.insert_str(0, "\u{202E}SECRET\u{0} "),
        5 => text.clear(),
        _ => *text = text.chars().rev().collect(),
    }
}

fn change_fields(fields: &mut Map<String, Value>, choices: &mut Choices) {
    let at = choices.below(fields.len());
    let name = fields.keys().nth(at).cloned().unwrap_or_default();
    match choices.below(9) {
        // What is left out is often allowed to be.
        0..4 => {
            fields.remove(&name);
        }
        4 => {
            fields.insert("extra".into(), odd(choices));
        }
        // A value where a name should be, in the form of one and in another.
        5 => {
            fields.insert("secret".into(), odd(choices));
        }
        6 => {
            let moved = fields.remove(&name).unwrap_or(Value::Null);
            fields.insert("SECRET 2".into(), moved);
        }
        7 => {
            let moved = fields.remove(&name).unwrap_or(Value::Null);
            fields.insert(format!("{name}~/"), moved);
        }
        _ => {
            if let Some(value) = fields.get_mut(&name) {
                *value = odd(choices);
            }
        }
    }
}

/// A body from a seed.
pub fn body(seed: u64) -> Vec<u8> {
    let mut choices = Choices::from_seed(seed);
    let (corpus, count) = (commands(), 1 + choices.below(3) * choices.below(3));
    let mut envelopes: Vec<Value> = (0..count)
        .map(|n| {
            let command = corpus.get(choices.below(corpus.len())).cloned().unwrap_or_default();
            let id = Uuid::from_u128((u128::from(seed) << 8) | n as u128);
            let mut envelope = json!({"id": id, "stream": 1, "command": command});
            if let Some(fields) = envelope.as_object_mut().filter(|_| choices.one_in(4)) {
                fields.insert("device".into(), json!(Uuid::from_u128(7)));
                fields.insert("device_seq".into(), json!(choices.below(9)));
                fields.insert("device_time".into(), json!(1_647_216_000_000_i64));
            }
            envelope
        })
        .collect();
    for _ in 0..choices.below(3) {
        let at = choices.below(envelopes.len());
        if let Some(envelope) = envelopes.get_mut(at) {
            change(envelope, &mut choices);
        }
    }
    let whole = match envelopes.pop() {
        Some(one) if envelopes.is_empty() && choices.one_in(2) => one,
        last => Value::Array(envelopes.into_iter().chain(last).collect()),
    };
    let mut bytes = whole.to_string().into_bytes();
    if choices.one_in(7) {
        change_bytes(&mut bytes, &mut choices, 1);
    }
    // Drawn last, so that the bodies of all other seeds stay as they were.
    if choices.one_in(1_000) { b" []".to_vec() } else { bytes }
}
