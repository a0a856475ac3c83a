//! What is known of a record outside: as files brought it, as an export took it away. The third side of a merge, so that
//! a cell changed both in a file and here is told from one changed on one side (DESIGN §13.13).

use super::{Event, Located, Stamp, apply};
use uuid::Uuid;

/// One entry of a record's history.
#[derive(Clone, Debug)]
pub struct Past {
    /// What happened, deciphered.
    pub event: Event,
    /// When, where and by whom.
    pub stamp: Stamp,
    /// Whether a row of an imported file brought it.
    pub by_file: bool,
}

/// Whether the event puts another value in the place of one that stands, where rows of files have a cell for it. What is
/// added beside (an entry of follow-up, a step) takes no value away.
pub fn rewrites(event: &Event) -> bool {
    let kind = event.kind();
    kind.ends_with("corrected")
        || matches!(kind, "person.moved_house" | "person.joined_household" | "place.moved_inside")
}

/// The record as it is known outside: as it stood at `taken_at` (the last export that held it, milliseconds UTC), or when
/// a file first brought it or changed it, whichever is later, with what files changed since and without what was
/// rewritten here since. A cell in which a file agreed with the record leaves no entry: it is known as of the last entry
/// that a file made.
///
/// `None` where no file brought or took the record, or its history does not fit together.
pub fn known_outside(id: Uuid, history: &[Past], taken_at: Option<i64>) -> Option<Located> {
    let (mut here, mut outside): (Option<Located>, Option<Located>) = (None, None);
    let mut to_take = taken_at;
    for past in history {
        if to_take.is_some_and(|at| past.stamp.at > at) {
            to_take = None;
            outside = here.clone();
        }
        let step = |state: Option<Located>| apply(state, id, &past.event, &past.stamp);
        let after = step(here.take())?;
        outside = match (outside, past.by_file) {
            (None, true) => Some(after.clone()),
            (None, false) => None,
            (Some(known), false) if rewrites(&past.event) => Some(known),
            (Some(known), _) => Some(step(Some(known))?),
        };
        here = Some(after);
    }
    if to_take.is_some() { here } else { outside }
}
