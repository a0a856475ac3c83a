//! A correction in conflict, held against the record as it stands (DESIGN §3): what its author saw, what stands, what it
//! asks; and the same correction for a person who has looked at both and takes it.

use super::{Aggregate, Command};
use crate::noun::{case, contact, exposure, household, jurisdiction, person, place, sample};
use serde_json::Value;

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

/// The correction as made on the record as it stands; `None` for what corrects no fields of this record.
pub fn seen_again(command: &Command, stands: &Aggregate) -> Option<Command> {
    macro_rules! corrections {
        ($($noun:ident: $Variant:ident),*) => {
            match (command, stands) {
                $((Command::$Variant($noun::Command::Correct { id, changes }), Aggregate::$Variant(record)) => {
                    let changes = changes.clone().seen_again(&record.fields);
                    Some($noun::Command::Correct { id: *id, changes }.into())
                })*
                _ => None,
            }
        };
    }
    corrections!(
        case: Case, contact: Contact, exposure: Exposure, household: Household, jurisdiction: Jurisdiction,
        person: Person, place: Place, sample: Sample
    )
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

/// The changes of a correction by field: `{"case": {"correct": {"changes": {…}}}}`.
fn changes(command: &Command) -> serde_json::Map<String, Value> {
    let written = serde_json::to_value(command).unwrap_or_default();
    let body = written.as_object().and_then(|noun| noun.values().next()).and_then(|body| body.pointer("/correct/changes"));
    body.and_then(Value::as_object).cloned().unwrap_or_default()
}
