//! Keeping an installation: made, proven, copied, restored, looked over, and made to forget.

pub mod anchoring;
mod copy;
mod doctor;
mod erase;
mod migrate;
mod postgres;
mod private;
mod restore;
mod verify;

pub use copy::{Backup, backup};
pub use doctor::{Doctor, doctor};
pub use erase::{Erase, erase};
pub use migrate::{Migrate, migrate};
pub use restore::{Restore, restore};
pub use verify::{Verify, verify};
