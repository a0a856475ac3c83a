//! The program as people run it: the real binary, its exit codes and what it prints.

mod deciding;
mod erasing;
mod exporting;
mod importing;
mod importing_kinds;
#[allow(dead_code)]
mod installation;
mod keeping;
mod merging;
mod packs;
mod subject;
mod submitting;
mod traces;
