//! Cases with their samples and investigations, exposures, contacts and follow-up.

mod cases;
mod contacts;
mod dates;
mod erased;
mod follow_up;
mod hand_over;
mod random;
mod samples;
mod scene;
mod status;
