//! What was erased stays erased: no later event brings values back (DESIGN §13.14). One rule for every noun, held where
//! events come into being, so that a noun cannot forget it.

use super::{Event, Located, World};
use crate::{
    refusal::Refusal,
    seal::{Class, Classes, Seals as _},
};

/// Refuses an event that would put values into a record in which values of their class were erased, and one that would
/// make a record about a person whose identity was erased: whom it is about could not be told any more.
///
/// `before` are the classes erased in the record as it stood; `None` where there was none.
///
/// A record of another stream that an erasure has not reached yet may still take values; the erasure takes them when
/// it gets there.
pub(super) fn stays_erased(
    before: Option<Classes>,
    after: &Located,
    event: &mut Event,
    world: &dyn World,
) -> Result<(), Refusal> {
    let erased = before.unwrap_or_else(|| of_subject(after, world));
    if erased.is_empty() {
        return Ok(());
    }
    let mut adds = before.is_none() && erased.contains(Class::Identity);
    event.each_cell(&mut |cell| adds |= cell.is_clear() && erased.contains(cell.class()));
    if adds { Err(Refusal::rule("erased_person").about(after.id)) } else { Ok(()) }
}

/// What was erased of the person a new record is about.
fn of_subject(after: &Located, world: &dyn World) -> Classes {
    let subject = after.aggregate.about().subject.map(|person| person.0).filter(|person| *person != after.id);
    subject.and_then(|person| world.get(person)).map(|person| person.erased).unwrap_or_default()
}
