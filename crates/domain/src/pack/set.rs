//! Packs that stand side by side.

use std::collections::BTreeMap;

use super::{Fault, Pack, PackRef};

/// A fault and the file it is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{file}:{fault}")]
pub struct FileFault {
    pub file: String,
    #[source]
    pub fault: Fault,
}

/// Checks several `(file name, text)` together: each alone, then that no reference names two contents and that a
/// pack and the one it supersedes are not in force on the same day.
pub fn check_all(files: &[(&str, &str)]) -> Result<Vec<Pack>, Vec<FileFault>> {
    let mut packs = Vec::new();
    let mut faults = Vec::new();
    for (file, text) in files {
        match Pack::parse(text) {
            Ok(pack) => packs.push((*file, pack)),
            Err(found) => faults.extend(found.into_iter().map(|fault| FileFault { file: (*file).to_owned(), fault })),
        }
    }
    faults.extend(twice_named(&packs));
    faults.extend(overlapping(&packs));
    if faults.is_empty() { Ok(packs.into_iter().map(|(_, pack)| pack).collect()) } else { Err(faults) }
}

fn twice_named(packs: &[(&str, Pack)]) -> Vec<FileFault> {
    let mut first: BTreeMap<PackRef, (&str, &Pack)> = BTreeMap::new();
    let mut faults = Vec::new();
    for (file, pack) in packs {
        let (other, known) = *first.entry(pack.reference()).or_insert((file, pack));
        if known.content_hash() != pack.content_hash() {
            let reason = format!("{} has another content in {other}", pack.reference());
            faults.push(at_head(file, "version", reason, "raise the version of the changed text"));
        }
    }
    faults
}

fn overlapping(packs: &[(&str, Pack)]) -> Vec<FileFault> {
    let mut faults = Vec::new();
    for (file, pack) in packs {
        let earlier = packs.iter().filter(|(_, other)| pack.supersedes.as_ref() == Some(&other.pack_id));
        for (other_file, other) in
            earlier.filter(|(_, other)| other.valid.to.is_none_or(|last| last >= pack.valid.from))
        {
            let reason = format!(
                "{} supersedes {} ({other_file}), which is still in force on {}",
                pack.pack_id, other.pack_id, pack.valid.from
            );
            faults.push(at_head(file, "valid", reason, "end the earlier pack the day before this one starts"));
        }
    }
    faults
}

/// Rules between files concern the file as a whole and are shown at its first line.
fn at_head(file: &str, path: &str, reason: String, remedy: &str) -> FileFault {
    FileFault {
        file: file.to_owned(),
        fault: Fault { line: 1, column: 1, path: path.to_owned(), reason, remedy: remedy.to_owned() },
    }
}
