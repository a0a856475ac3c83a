//! Derived, never typed: whether a person is under control, what an infection is under each definition of "no
//! community infection" (domain dossier §1.5), and how long ago the last community infection was.
//!
//! Unknown is an answer (DESIGN §13.12): where the records a definition needs are absent, it names what is missing.
//! Everything here is a pure function of facts given to it; this module knows no store and no clock.

mod control;
mod days;
mod facts;

pub use control::{Answer, InfectionClass, Missing, class_of, control_class, control_status};
pub use days::{DatedInfection, DaysSince, days_since_last_community};
pub use facts::{Followed, InfectionFacts, Records, Stay};
