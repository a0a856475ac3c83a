//! The write path (DESIGN §3): lock, seen, load, decide, seal, rows, journal, outcome, commit, acknowledge.

mod commit;
mod devices;
mod load;
mod queue;
mod sealing;
mod spool;
mod trail;
mod unit;

pub(crate) use commit::refusal;
pub use commit::{Core, GroupError, SharedClock, SharedEntropy, Tap, Written};
pub use devices::Skipped;
pub(crate) use load::{AGGREGATE_TYPES, load_aggregates, located};
pub use queue::{Observer, SubmitError, Submitter};
pub use sealing::{chain_hash, unseal};
pub(crate) use spool::{SPOOLED, forget as forget_spooled};
pub use unit::Unit;
