//! A correction in conflict, held against the record as it stands (DESIGN §3): what its author saw, what stands, what it
//! asks; and the same correction for a person who has looked at both and takes it.

use super::{Aggregate, Command};
use crate::fields::Seen;
use crate::noun::{case, contact, exposure, household, jurisdiction, person, place, sample};
use serde_json::{Value, json};

/// One field on which two corrections differ. A value that is absent is nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disputed {
    /// Its name.
    pub field: String,
    /// What the correction's author saw.
    pub seen: Value,
    /// What stands.
    pub stands: Value,
    /// What the correction asks.
    pub asked: Value,
}

/// The correction as made on the record as it stands; `None` for what corrects nothing of this record.
pub fn seen_again(command: &Command, stands: &Aggregate) -> Option<Command> {
    macro_rules! corrections {
        ($($noun:ident: $Variant:ident),*) => {
            match (command, stands) {
                $((Command::$Variant($noun::Command::Correct { id, changes }), Aggregate::$Variant(record)) => {
                    let changes = changes.clone().seen_again(&record.fields);
                    Some($noun::Command::Correct { id: *id, changes }.into())
                })*
                (Command::Person(asked), Aggregate::Person(record)) => person_put(asked, record).map(Into::into),
                (Command::Place(place::Command::MoveInside { id, inside, .. }), Aggregate::Place(record)) => {
                    let seen = Some(Seen { stood: record.inside });
                    Some(place::Command::MoveInside { id: *id, inside: *inside, seen }.into())
                }
                _ => None,
            }
        };
    }
    corrections!(
        case: Case, contact: Contact, exposure: Exposure, household: Household, jurisdiction: Jurisdiction,
        person: Person, place: Place, sample: Sample
    )
}

fn person_put(command: &person::Command, record: &person::Person) -> Option<person::Command> {
    Some(match command {
        person::Command::MoveHouse { id, address, .. } => {
            let seen = Some(Seen { stood: record.lives_at() });
            person::Command::MoveHouse { id: *id, address: address.clone(), seen }
        }
        person::Command::JoinHousehold { id, household, .. } => {
            let seen = Some(Seen { stood: record.household });
            person::Command::JoinHousehold { id: *id, household: *household, seen }
        }
        _ => return None,
    })
}

/// The fields of a correction that would change the record, with what was seen and what stands.
pub fn disputed(command: &Command, stands: &Aggregate) -> Vec<Disputed> {
    let Some(again) = seen_again(command, stands) else { return Vec::new() };
    let (then, now) = (changes(command), changes(&again));
    let of = |change: Option<&Value>, part: &str| change.and_then(|change| change.get(part)).cloned().unwrap_or_default();
    let fields = now.iter().map(|(field, change)| Disputed {
        field: field.clone(),
        seen: of(then.get(field), "seen"),
        stands: of(Some(change), "seen"),
        asked: of(Some(change), "to"),
    });
    fields.filter(|disputed| disputed.stands != disputed.asked).collect()
}

/// Commands that put one thing in the place of another, and the field of theirs that says what.
const PUTS: [(&str, &str); 3] = [("move_house", "address"), ("join_household", "household"), ("move_inside", "inside")];

/// The changes of a correction by field: `{"case": {"correct": {"changes": {…}}}}`; a put as such a change.
fn changes(command: &Command) -> serde_json::Map<String, Value> {
    let written = serde_json::to_value(command).unwrap_or_default();
    let Some(body) = written.as_object().and_then(|noun| noun.values().next()) else { return serde_json::Map::new() };
    for (put, field) in PUTS {
        if let Some(put) = body.get(put) {
            let change = json!({ "seen": put.pointer("/seen/stood"), "to": put.get(field) });
            return [(field.to_owned(), change)].into_iter().collect();
        }
    }
    body.pointer("/correct/changes").and_then(Value::as_object).cloned().unwrap_or_default()
}
