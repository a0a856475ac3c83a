//! The write path (DESIGN §3): lock, seen, load, decide, seal, rows, journal, outcome, commit, acknowledge.

mod commit;
mod devices;
mod load;
mod queue;
mod sealing;
mod spool;
mod unit;

pub use commit::{Core, GroupError, SharedClock, SharedEntropy};
pub(crate) use load::load_aggregates;
pub use queue::{SubmitError, Submitter};
pub(crate) use unit::Unit;
pub use sealing::{chain_hash, unseal};

use domain::kernel::group::Gate;

/// The access table as the writer asks it.
pub type SharedGate = std::sync::Arc<
    dyn Fn(&domain::kernel::Actor, &domain::kernel::Command, &dyn domain::kernel::World) -> Result<(), domain::refusal::Refusal>
        + Send
        + Sync,
>;

/// A gate that lets everything through: for replay, and for commands the program itself makes.
pub fn open_gate() -> SharedGate {
    std::sync::Arc::new(|_, _, _| Ok(()))
}

fn gate_of(shared: &SharedGate) -> Gate<'_> {
    &**shared
}
