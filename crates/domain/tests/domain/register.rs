//! Places, households, pairs, teams, assignments, imports, erasure files.

mod assignments;
mod duplicates;
mod erasures;
mod households;
mod imports;
mod places;
mod puts;
mod teams;
