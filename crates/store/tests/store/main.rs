//! The store through its own door, on both engines.

mod write_path;
