//! Development only: databases, clocks, entropy and scenes for tests.

pub mod clock;
pub mod damage;
pub mod entropy;
pub mod postgres;
pub mod scene;
mod stage;

pub use stage::{Stage, engines, open_again};
