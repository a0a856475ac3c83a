//! Development only: databases, clocks, entropy and scenes for tests.

pub mod clock;
pub mod damage;
pub mod entropy;
pub mod postgres;
mod program;
pub mod scene;
pub mod signal;
mod stage;

pub use stage::{Stage, engines, open_again};
