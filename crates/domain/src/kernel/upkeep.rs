//! What can happen to any aggregate, whatever its noun: it moves to another stream, and personal values in it are
//! erased.

use super::{Context, Located, Relation};
use crate::{
    id::StreamId,
    journaled,
    refusal::Refusal,
    seal::{Cell, Class, Classes, Seals},
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Moves and erasure.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Gives the aggregate to another stream.
    Release {
        /// The aggregate.
        id: Uuid,
        /// Its next home.
        to: StreamId,
    },
    /// Takes a released aggregate; sent by the release itself.
    Adopt {
        /// The aggregate.
        id: Uuid,
        /// The home that released it.
        from: StreamId,
        /// Its version at release.
        version: i64,
    },
    /// Forgets values of these classes, here and in every record about the same person.
    Erase {
        /// The person, or a record about the person.
        id: Uuid,
        /// Numbers of [`Class`]es.
        classes: Vec<u8>,
    },
}

impl Command {
    /// The aggregate.
    pub fn target(&self) -> Uuid {
        match self {
            Self::Release { id, .. } | Self::Adopt { id, .. } | Self::Erase { id, .. } => *id,
        }
    }
}

/// The aggregate left its stream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Its next home.
    pub to: StreamId,
}

/// The aggregate came into its new stream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// Its former home.
    pub from: StreamId,
}

/// Values of these classes were erased.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Numbers of [`Class`]es.
    pub classes: Vec<u8>,
}

/// Moves and erasure as they happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Left its stream.
    Released(Released),
    /// Came into its new stream.
    Adopted(Adopted),
    /// Values forgotten.
    Erased(Erased),
}

journaled!(Event:
    Released "aggregate.released" 1,
    Adopted "aggregate.adopted" 1,
    Erased "aggregate.erased" 1,
);
seals! { Released: ; Adopted: ; Erased: ; }

pub(super) fn decide(
    located: Option<&Located>,
    command: &Command,
    context: &Context<'_>,
) -> Result<Vec<super::Event>, Refusal> {
    let Some(located) = located else { return Err(Refusal::waiting(vec![command.target()])) };
    let here = located.stream == context.stream && located.released_to.is_none();
    let event = match command {
        Command::Release { to, .. } if here && *to != context.stream => Event::Released(Released { to: *to }),
        Command::Release { to, .. } if *to == context.stream => return Err(Refusal::rule("nothing_changes")),
        Command::Adopt { from, version, .. }
            if located.stream == *from
                && located.released_to == Some(context.stream)
                && located.version == *version =>
        {
            Event::Adopted(Adopted { from: *from })
        }
        // On its way here: it is erased when it has been adopted.
        Command::Erase { .. } if located.released_to == Some(context.stream) => {
            return Err(Refusal::waiting(vec![located.id]));
        }
        Command::Erase { classes, .. } if here => {
            if classes.iter().any(|class| usize::from(*class) >= Class::ALL.len()) {
                return Err(Refusal::rule("unknown_body").at("classes"));
            }
            Event::Erased(Erased { classes: classes.clone() })
        }
        _ => return Err(Refusal::rule("moved_away").about(located.id)),
    };
    Ok(vec![super::Event::Upkeep(event)])
}

pub(super) fn apply(mut located: Located, event: &Event) -> Located {
    located.version += 1;
    match event {
        Event::Released(released) => located.released_to = Some(released.to),
        Event::Adopted(_) => {
            if let Some(home) = located.released_to.take() {
                located.stream = home;
            }
        }
        Event::Erased(erased) => {
            let classes = Classes::from_numbers(erased.classes.iter().copied());
            located.erased = located.erased.with(classes);
            located.aggregate.each_cell(&mut |cell: &mut dyn Cell| {
                if classes.contains(cell.class()) {
                    cell.erase();
                }
            });
        }
    }
    located
}

pub(super) fn react(after: &Located, event: &Event, context: &Context<'_>) -> Vec<super::Command> {
    match event {
        Event::Released(_) => {
            vec![super::Command::Upkeep(Command::Adopt { id: after.id, from: after.stream, version: after.version })]
        }
        Event::Adopted(_) => Vec::new(),
        Event::Erased(erased) => context
            .world
            .referrers(after.id, Relation::Subject)
            .iter()
            .map(|id| super::Command::Upkeep(Command::Erase { id: *id, classes: erased.classes.clone() }))
            .collect(),
    }
}
