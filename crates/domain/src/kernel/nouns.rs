//! The list of nouns. Adding one is its file under `noun/` and one line here.

use super::{Body, Context, Journaled, Link, Needs, Relation, Stamp, Undecodable, World, upkeep};
use crate::{
    access::{Action, Assignee},
    id::{AccountId, JurisdictionId, OutbreakId},
    noun::{self, About, MatchKey},
    refusal::Refusal,
    seal::{Cell, Reading, Seals},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use crate::noun::Noun;

macro_rules! nouns {
    ($($(#[$doc:meta])* $Variant:ident $module:ident $code:literal),* $(,)?) => {
        /// What an aggregate is. The numbers stand in the database.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(i64)]
        pub enum Kind { $($(#[$doc])* $Variant = $code),* }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$Variant),*];

            /// The kind of this number.
            pub fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$Variant),)* _ => None }
            }

            /// Its name as in commands and events.
            pub fn name(self) -> &'static str {
                match self { $(Self::$Variant => stringify!($module)),* }
            }
        }

        /// The state of one aggregate.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Aggregate { $($(#[$doc])* $Variant(noun::$module::$Variant)),* }

        /// What can be asked of the domain, as `{"person": {"register": {…}}}`.
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Command {
            $($(#[$doc])* $Variant(noun::$module::Command),)*
            /// Moves between streams and erasure: the same for every noun.
            Upkeep(upkeep::Command),
        }

        /// What happened.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Event {
            $($(#[$doc])* $Variant(noun::$module::Event),)*
            /// A move or an erasure.
            Upkeep(upkeep::Event),
        }

        $(impl From<noun::$module::Command> for Command {
            fn from(command: noun::$module::Command) -> Self {
                Self::$Variant(command)
            }
        })*

        impl From<upkeep::Command> for Command {
            fn from(command: upkeep::Command) -> Self {
                Self::Upkeep(command)
            }
        }

        impl Aggregate {
            /// What kind it is.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$Variant(_) => Kind::$Variant),* }
            }

            /// Where it belongs, whose it is, what it refers to.
            pub fn about(&self) -> About {
                match self { $(Self::$Variant(noun) => noun.about()),* }
            }

            /// Further records whose assignments cover this one.
            pub fn covered_by(&self) -> Vec<Uuid> {
                match self { $(Self::$Variant(noun) => noun.covered_by()),* }
            }

            /// References to follow backwards to records whose assignments cover this one.
            pub fn covered_through(&self) -> &'static [&'static [Relation]] {
                match self { $(Self::$Variant(noun) => noun.covered_through()),* }
            }

            /// The records judged in place of this one.
            pub fn judged_on(&self) -> Vec<Uuid> {
                match self { $(Self::$Variant(noun) => noun.judged_on()),* }
            }

            /// Who asked for what waits for a second person.
            pub fn requested_by(&self) -> Option<AccountId> {
                match self { $(Self::$Variant(noun) => noun.requested_by()),* }
            }

            /// The area it is offered to.
            pub fn offered_to(&self) -> Option<JurisdictionId> {
                match self { $(Self::$Variant(noun) => noun.offered_to()),* }
            }

            /// Keys by which it is found again (imports, duplicates).
            pub fn match_keys(&self, permit: &Reading) -> Vec<MatchKey> {
                match self { $(Self::$Variant(noun) => noun.match_keys(permit)),* }
            }

            /// Its compact encoding, as `aggregate.state` holds it.
            pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
                match self { $(Self::$Variant(noun) => postcard::to_allocvec(noun)),* }
            }

            /// Reads the compact encoding back.
            pub fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, postcard::Error> {
                match kind { $(Kind::$Variant => postcard::from_bytes(bytes).map(Self::$Variant)),* }
            }
        }

        impl Seals for Aggregate {
            fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell)) {
                match self { $(Self::$Variant(noun) => noun.each_cell(visit)),* }
            }
        }

        impl Command {
            /// The one aggregate it makes or changes.
            pub fn target(&self) -> Uuid {
                match self {
                    $(Self::$Variant(command) => noun::$module::$Variant::target(command),)*
                    Self::Upkeep(command) => command.target(),
                }
            }
        }

        /// What the access table calls a command; `None` for consequences, which nobody sends.
        pub fn action(command: &Command) -> Option<Action> {
            match command {
                $(Command::$Variant(command) => Some(noun::$module::$Variant::action(command)),)*
                Command::Upkeep(_) => None,
            }
        }

        pub(super) fn made_in(command: &Command) -> Option<JurisdictionId> {
            match command {
                $(Command::$Variant(command) => noun::$module::$Variant::made_in(command),)*
                Command::Upkeep(_) => None,
            }
        }

        pub(super) fn references(command: &Command) -> Vec<(Uuid, Action)> {
            match command {
                $(Command::$Variant(command) => noun::$module::$Variant::references(command),)*
                Command::Upkeep(_) => Vec::new(),
            }
        }

        pub(super) fn recipient(command: &Command) -> Option<Assignee> {
            match command {
                $(Command::$Variant(command) => noun::$module::$Variant::recipient(command),)*
                Command::Upkeep(_) => None,
            }
        }

        impl Seals for Event {
            fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell)) {
                match self {
                    $(Self::$Variant(event) => event.each_cell(visit),)*
                    Self::Upkeep(event) => event.each_cell(visit),
                }
            }
        }

        impl Event {
            /// Kind, version and exact bytes; every personal value must be sealed before.
            pub fn encode(&self) -> Result<Body, serde_json::Error> {
                match self {
                    $(Self::$Variant(event) => event.encode(),)*
                    Self::Upkeep(event) => event.encode(),
                }
            }

            /// Reads a journal row back; personal values come enciphered.
            pub fn decode(kind: &str, version: i64, payload: &[u8]) -> Result<Self, Undecodable> {
                $(if let Some(read) = noun::$module::Event::decode(kind, version, payload) {
                    return read.map(Self::$Variant);
                })*
                upkeep::Event::decode(kind, version, payload).map_or_else(
                    || Err(Undecodable {
                        kind: kind.to_owned(),
                        version,
                        reason: "this version of the program does not know it".to_owned(),
                    }),
                    |read| read.map(Self::Upkeep),
                )
            }

            /// Every kind and version that this program writes.
            pub fn kinds() -> Vec<(&'static str, i64)> {
                [$(noun::$module::Event::kinds(),)* upkeep::Event::kinds()].concat()
            }

            /// The kind it is written under.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$Variant(event) => event.kind(),)*
                    Self::Upkeep(event) => event.kind(),
                }
            }
        }

        impl Event {
            /// The human code's number that the event gave, with its outbreak.
            pub fn code_given(&self) -> Option<(OutbreakId, i64)> {
                match self {
                    $(Self::$Variant(event) => noun::$module::$Variant::code_given(event),)*
                    Self::Upkeep(_) => None,
                }
            }
        }

        pub(super) fn decide(
            state: Option<&Aggregate>,
            command: &Command,
            context: &Context<'_>,
        ) -> Result<Vec<Event>, Refusal> {
            match command {
                $(Command::$Variant(command) => {
                    let state = match state {
                        None => None,
                        Some(Aggregate::$Variant(noun)) => Some(noun),
                        Some(_) => return Err(Refusal::rule("already_exists")),
                    };
                    noun::$module::$Variant::decide(state, command, context)
                        .map(|events| events.into_iter().map(Event::$Variant).collect())
                })*
                Command::Upkeep(_) => Err(Refusal::rule("unknown_body")),
            }
        }

        pub(super) fn apply(state: Option<Aggregate>, event: &Event, stamp: &Stamp) -> Option<Aggregate> {
            match (state, event) {
                $((None, Event::$Variant(event)) =>
                    noun::$module::$Variant::apply(None, event, stamp).map(Aggregate::$Variant),
                (Some(Aggregate::$Variant(noun)), Event::$Variant(event)) =>
                    noun::$module::$Variant::apply(Some(noun), event, stamp).map(Aggregate::$Variant),)*
                _ => None,
            }
        }

        pub(super) fn react(state: &Aggregate, event: &Event, context: &Context<'_>) -> Vec<Command> {
            match (state, event) {
                $((Aggregate::$Variant(noun), Event::$Variant(event)) => noun.react(event, context),)*
                _ => Vec::new(),
            }
        }

        pub(super) fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
            match command {
                $(Command::$Variant(command) => noun::$module::$Variant::needs(command, known, needs),)*
                Command::Upkeep(_) => {}
            }
        }

        $(impl noun::Of for noun::$module::$Variant {
            const KIND: Kind = Kind::$Variant;

            fn of(aggregate: &Aggregate) -> Option<&Self> {
                match aggregate { Aggregate::$Variant(noun) => Some(noun), _ => None }
            }
        })*
    };
}

impl Aggregate {
    /// All its references, the one to its subject included.
    pub fn links(&self) -> Vec<Link> {
        let about = self.about();
        let mut links = about.links;
        if let Some(subject) = about.subject.filter(|_| self.kind() != Kind::Person) {
            links.push(Link { target: subject.0, relation: Relation::Subject });
        }
        links.sort_unstable();
        links.dedup();
        links
    }
}

nouns! {
    /// An area of a hierarchy.
    Jurisdiction jurisdiction 1,
    /// An outbreak.
    Outbreak outbreak 2,
    /// A person.
    Person person 3,
    /// A case.
    Case case 4,
    /// A place.
    Place place 5,
    /// A household.
    Household household 6,
    /// A pair of suspected duplicates.
    Duplicate duplicate 7,
    /// A team.
    Team team 8,
    /// An assignment.
    Assignment assignment 9,
    /// An import.
    Import import 10,
    /// A person's erasure file.
    Erasure erasure 11,
    /// A sample.
    Sample sample 12,
    /// An exposure.
    Exposure exposure 13,
    /// A contact.
    Contact contact 14,
}
