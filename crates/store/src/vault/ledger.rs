//! The erasure ledger: whom the platform has erased, kept outside the database and its backups, so that a restored
//! backup is brought up to date before anyone reads it (DESIGN §13.14). It holds ids only. Each line names the hash of
//! the one before; a line taken out, altered or moved is located. Whoever holds an old copy knows its end by
//! [`ErasureLedger::head`].

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::line_file::{Line, LineFault, LineFile, LineFileError, hex, read_lines};
use crate::cipher::CLASSES;

const LEDGER_TAG: &[u8] = b"firebreak erasure ledger 1";

/// One erasure that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub person: Uuid,
    /// Sealing classes erased, ascending, each once.
    pub classes: Vec<u8>,
    /// When, milliseconds UTC.
    pub at: i64,
    /// Id of the request that was approved.
    pub request: Uuid,
    /// Accounts that approved it, in the order of approval.
    pub approvers: Vec<Uuid>,
}

/// An erasure in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    erasure: u8,
    person: Uuid,
    classes: Vec<u8>,
    at: i64,
    request: Uuid,
    approvers: Vec<Uuid>,
    #[serde(with = "hex")]
    previous: [u8; 32],
    #[serde(with = "hex")]
    hash: [u8; 32],
}

const LINE_VERSION: u8 = 1;

impl LedgerEntry {
    fn new(erasure: &Erasure, previous: [u8; 32]) -> Self {
        let Erasure { person, classes, at, request, approvers } = erasure.clone();
        let mut entry =
            Self { erasure: LINE_VERSION, person, classes, at, request, approvers, previous, hash: [0; 32] };
        entry.hash = entry.content_hash();
        entry
    }

    /// What was erased.
    pub fn erasure(&self) -> Erasure {
        let Self { person, classes, at, request, approvers, .. } = self.clone();
        Erasure { person, classes, at, request, approvers }
    }

    /// Over a domain tag and every field; lists carry their length.
    fn content_hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(LEDGER_TAG).update(self.person.as_bytes());
        hasher.update(&(self.classes.len() as u64).to_be_bytes()).update(&self.classes);
        hasher.update(&self.at.to_be_bytes()).update(self.request.as_bytes());
        hasher.update(&(self.approvers.len() as u64).to_be_bytes());
        for approver in &self.approvers {
            hasher.update(approver.as_bytes());
        }
        hasher.update(&self.previous);
        *hasher.finalize().as_bytes()
    }
}

impl Line for LedgerEntry {
    type Verifier = ();

    fn encode(&self) -> String {
        // Integers, ids and hexadecimal text always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let entry: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if entry.erasure != LINE_VERSION {
            return Err(format!("ledger version {} is not known to this program", entry.erasure));
        }
        check_classes(&entry.classes)?;
        Ok(entry)
    }

    fn is_authentic(&self, (): &()) -> bool {
        self.content_hash() == self.hash
    }

    fn previous(&self) -> [u8; 32] {
        self.previous
    }

    fn digest(&self) -> [u8; 32] {
        self.hash
    }

    fn order_fault(&self, before: &[Self]) -> Option<String> {
        let last = before.last()?;
        (self.at < last.at).then(|| format!("time {} after time {}", self.at, last.at))
    }
}

fn check_classes(classes: &[u8]) -> Result<(), String> {
    let ascending = classes.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if classes.is_empty() || !ascending || classes.iter().any(|class| *class >= CLASSES) {
        return Err("classes must be numbers from 0 to 7, ascending, each once, at least one".to_owned());
    }
    Ok(())
}

/// The ledger, open for adding.
pub struct ErasureLedger {
    file: LineFile,
    last_at: Option<i64>,
}

impl ErasureLedger {
    /// Opens or creates the ledger and checks all of it. A ledger with faults is not added to, and `restore` must not
    /// go on with it.
    pub fn open(path: &Path) -> Result<(Self, Vec<LedgerEntry>), LineFileError> {
        let (file, entries) = LineFile::open::<LedgerEntry>(path, &())?;
        let last_at = entries.last().map(|entry| entry.at);
        Ok((Self { file, last_at }, entries))
    }

    /// Reads and checks a ledger without creating it: the entries and every fault. A missing file is an error here, for
    /// `restore` refuses without its ledger. `known`: hash of an entry known to have been written.
    pub fn read(path: &Path, known: Option<[u8; 32]>) -> Result<(Vec<LedgerEntry>, Vec<LineFault>), LineFileError> {
        let text = fs::read(path).map_err(|error| LineFileError::Io { path: path.to_owned(), error })?;
        let (entries, mut faults) = read_lines::<LedgerEntry>(&text, &());
        if known.is_some_and(|known| known != [0; 32] && entries.iter().all(|entry| entry.hash != known)) {
            faults.push(LineFault::EndMissing { lines: entries.len() });
        }
        Ok((entries, faults))
    }

    /// Hash of the last entry, zeros if there is none; to be told elsewhere (the database keeps it too).
    pub fn head(&self) -> [u8; 32] {
        self.file.head()
    }

    /// Writes one erasure and makes it durable, before the keys are destroyed: a crash between the two is then repaired by
    /// going through the ledger again. `at` never goes back: an earlier one is raised to that of the entry before.
    pub fn append(&mut self, erasure: &Erasure) -> Result<LedgerEntry, LineFileError> {
        check_classes(&erasure.classes).map_err(|reason| self.file.refused(&reason))?;
        let at = self.last_at.map_or(erasure.at, |last| last.max(erasure.at));
        let entry = LedgerEntry::new(&Erasure { at, ..erasure.clone() }, self.file.head());
        self.file.append(&entry)?;
        self.last_at = Some(at);
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn erasure(n: u128) -> Erasure {
        Erasure {
            person: Uuid::from_u128(n),
            classes: vec![0, 1, 5],
            at: 1_700_000_000_000 + n as i64,
            request: Uuid::from_u128(100 + n),
            approvers: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
        }
    }

    fn written() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("erasures.jsonl");
        let (mut ledger, entries) = ErasureLedger::open(&path).unwrap();
        assert_eq!(entries, []);
        for n in 1..=4 {
            ledger.append(&erasure(n)).unwrap();
        }
        let text = fs::read(&path).unwrap();
        (directory, path, text)
    }

    #[test]
    fn erasures_are_read_back_in_order() {
        let (_directory, path, _text) = written();
        let (mut ledger, entries) = ErasureLedger::open(&path).unwrap();
        assert_eq!(
            entries.iter().map(LedgerEntry::erasure).collect::<Vec<_>>(),
            (1..=4).map(erasure).collect::<Vec<_>>()
        );
        let (read, faults) = ErasureLedger::read(&path, Some(ledger.head())).unwrap();
        assert_eq!((read.len(), faults), (4, vec![]));
        // A clock that went back does not take the ledger's order with it.
        let late = ledger.append(&erasure(2)).unwrap();
        assert_eq!(late.erasure().at, erasure(4).at);
        for classes in [vec![], vec![1, 0], vec![1, 1], vec![8]] {
            assert!(matches!(ledger.append(&Erasure { classes, ..erasure(9) }), Err(LineFileError::Refused { .. })));
        }
        assert!(ErasureLedger::open(&path).is_ok());
        assert!(
            ErasureLedger::read(&path.with_extension("none"), None).is_err(),
            "a missing ledger is no empty ledger"
        );
    }

    #[test]
    fn every_flip_removal_and_cut_of_the_ledger_is_found() {
        let (_directory, path, text) = written();
        let head = ErasureLedger::open(&path).unwrap().0.head();
        let faults_of = |text: &[u8]| {
            fs::write(&path, text).unwrap();
            ErasureLedger::read(&path, Some(head)).unwrap().1
        };
        for at in 0..text.len() {
            let mut altered = text.clone();
            altered[at] ^= 1;
            let line = 1 + text[..at].iter().filter(|byte| **byte == b'\n').count();
            let faults = faults_of(&altered);
            let first = faults.first().unwrap_or_else(|| panic!("byte {at} passes"));
            assert!(first.to_string().starts_with(&format!("line {line} ")), "byte {at}, line {line}: {first}");
        }
        for cut in 1..text.len() {
            assert!(!faults_of(&text[..text.len() - cut]).is_empty(), "{cut} bytes cut off");
        }
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(faults_of(&[lines[0], lines[2], lines[3]].concat()), [LineFault::Gap { line: 2 }]);
    }
}
