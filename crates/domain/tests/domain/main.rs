//! The domain through its door: commands in, outcomes and states out.

mod desk;
mod golden_events;
mod random;
mod register;
mod tracing;
mod words;
