//! What every noun shares: the door's types, the facts a decision may read, and the dispatch to the nouns.
//!
//! This module does not know what any noun means.

pub mod dispute;
mod envelope;
mod erased;
mod facts;
pub mod group;
mod journal;
pub mod memory;
mod nouns;
pub mod outside;
pub mod rights;
pub mod upkeep;

pub use envelope::{Actor, Envelope, Outcome, Stamp};
pub use facts::{Context, Link, Located, Needs, Relation, World};
pub use journal::{Body, Journaled, Undecodable, event_id};
pub(crate) use journal::{decode_body, encode_body};
pub use nouns::{Aggregate, Command, Event, Kind, Noun, action};

use crate::{refusal::Refusal, seal::Classes};
use uuid::Uuid;

/// Reactions of reactions end here (DESIGN §3).
pub const MAX_REACTION_DEPTH: u8 = 8;

/// Decides one command on loaded facts: events on its one target, or the refusal. Pure.
pub fn decide(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let located = context.world.get(command.target());
    if let Command::Upkeep(command) = command {
        return upkeep::decide(located, command, context);
    }
    if let Some(located) = located {
        if located.stream != context.stream || located.released_to.is_some() {
            return Err(Refusal::rule("moved_away").about(command.target()));
        }
    }
    nouns::decide(located.map(|located| &located.aggregate), command, context)
}

/// Applies one event to the aggregate it changes. The same for live writes, replay and the twin.
///
/// `None` comes back where the event cannot belong to this history; `verify` reports it.
pub fn apply(before: Option<Located>, id: Uuid, event: &Event, stamp: &Stamp) -> Option<Located> {
    if let Event::Upkeep(event) = event {
        return before.map(|located| upkeep::apply(located, event));
    }
    let (version, erased, aggregate) = match before {
        Some(located) => (located.version, located.erased, Some(located.aggregate)),
        None => (0, Classes::default(), None),
    };
    let aggregate = nouns::apply(aggregate, event, stamp)?;
    Some(Located { id, stream: stamp.stream, version: version + 1, released_to: None, erased, aggregate })
}

/// What follows from an event, as commands through the same door (DESIGN §3), in a fixed order.
pub fn react(after: &Located, event: &Event, context: &Context<'_>) -> Vec<Command> {
    match event {
        Event::Upkeep(event) => upkeep::react(after, event, context),
        event => nouns::react(&after.aggregate, event, context),
    }
}

/// Names the facts that deciding the command will read, as far as can be foreseen; see [`group`].
pub fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
    needs.id(command.target());
    if !matches!(command, Command::Upkeep(_)) {
        nouns::needs(command, known, needs);
    }
}
