//! What may happen. Same input, same bytes out, on any machine: no clock, randomness, files, network or SQL.
//!
//! A [`Command`](kernel::Command) is decided into [`Event`](kernel::Event)s or a [`Refusal`](refusal::Refusal);
//! `apply` turns events into states, in live writes, replay and the twin alike. Each noun of the field is one file
//! under [`noun`]; what is common to all of them is in [`kernel`].

pub mod access;
pub mod date;
pub mod fields;
pub mod id;
pub mod kernel;
pub mod noun;
pub mod pack;
pub mod refusal;
pub mod seal;
pub mod status;
pub mod when;
