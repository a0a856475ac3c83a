//! Reading records. To look up is to authorise: there is no query without an actor (DESIGN §10). A list returns what
//! the actor's scope returns, a record shows the fields its reader may see, and comes with what may be done with it.
//!
//! One file per noun: the table, and of each column the group of fields it belongs to. A column that no file names is
//! shown to nobody.

pub(crate) mod cursor;
mod list;
mod look_up;
mod parameters;
mod record;
mod take;
mod target;
mod view;
mod words;

mod assignment;
mod case;
mod contact;
mod duplicate;
mod erasure;
mod exposure;
mod follow_up;
mod household;
mod import;
mod jurisdiction;
mod outbreak;
mod person;
mod place;
mod sample;
mod team;

pub use list::{COUNTED, Page};
pub use parameters::{Ask, QueryError, Remedy};
pub(crate) use record::Trace;
pub use record::{Offer, Record};
pub use take::{Take, Taken, Taking, What, Widths};
pub(crate) use target::known;
pub use target::targets;
pub use view::{Child, Cover, Field, Filter, FilterKind, Form, JudgedOn, Sort, View};

use domain::access::Noun;

/// Nouns that can be queried.
pub static VIEWS: &[&View] = &[
    &jurisdiction::JURISDICTION,
    &outbreak::OUTBREAK,
    &person::PERSON,
    &case::CASE,
    &contact::CONTACT,
    &follow_up::FOLLOW_UP,
    &exposure::EXPOSURE,
    &sample::SAMPLE,
    &household::HOUSEHOLD,
    &place::PLACE,
    &duplicate::DUPLICATE,
    &team::TEAM,
    &assignment::ASSIGNMENT,
    &import::IMPORT,
    &erasure::ERASURE,
];

/// The view of a noun.
pub fn view(noun: Noun) -> Option<&'static View> {
    VIEWS.iter().copied().find(|view| view.noun == noun)
}
