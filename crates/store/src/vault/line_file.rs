//! An append-only file of JSON lines in which each line names the hash of the one before. The anchors and the erasure
//! ledger are such files; they differ in what a line says and in whether it is signed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Why a line file could not be opened or written. Faults of its *content* are a list of [`LineFault`].
#[derive(Debug, thiserror::Error)]
pub enum LineFileError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error(
        "{path} changed while it was open ({found} bytes, expected {expected}): another process writes it; stop one of the two"
    )]
    Foreign { path: PathBuf, expected: u64, found: u64 },
    #[error(
        "{path} is not sound, nothing was added: {fault}; keep the file as evidence and compare it with its copies"
    )]
    NotSound { path: PathBuf, fault: LineFault },
    #[error("{path}: an earlier write failed; reopen the file before writing again")]
    Stopped { path: PathBuf },
    #[error("{path}: refused: {reason}")]
    Refused { path: PathBuf, reason: String },
}

/// A fault in a line file, located. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    #[error("line {line} cannot be read as an entry: {reason}")]
    Unreadable { line: usize, reason: String },
    #[error("line {line} is not written as this program writes it: it was altered")]
    NotCanonical { line: usize },
    #[error("line {line} has a hash or signature that does not fit its content: it was altered")]
    NotAuthentic { line: usize },
    #[error("line {line} does not follow line {}: a line was removed, added or moved between them", line - 1)]
    Gap { line: usize },
    #[error("line {line} goes back: {reason}")]
    Order { line: usize, reason: String },
    #[error("line {line} has no end: a write was cut off (byte {offset})")]
    Torn { line: usize, offset: u64 },
    #[error("the file ends at line {lines}, before the entry known to be written: the end was cut off")]
    EndMissing { lines: usize },
}

/// One kind of line: how it is read, checked and chained.
pub(crate) trait Line: Sized {
    /// What is needed to check a line alone.
    type Verifier;
    /// The exact text of a line, without its end.
    fn encode(&self) -> String;
    fn parse(text: &str) -> Result<Self, String>;
    /// Does the line's own hash or signature fit its content?
    fn is_authentic(&self, verifier: &Self::Verifier) -> bool;
    /// Hash of the line before it, zeros for the first.
    fn previous(&self) -> [u8; 32];
    /// Hash by which the next line names this one.
    fn digest(&self) -> [u8; 32];
    /// A reason why this line cannot come after those before it, beyond the chain. Called once per line, in order.
    fn order_fault(&self, before: &[Self]) -> Option<String>;
}

/// Read every line of a text, with every fault. Lines that cannot be read are left out of the entries.
pub(crate) fn read_lines<L: Line>(text: &[u8], verifier: &L::Verifier) -> (Vec<L>, Vec<LineFault>) {
    let mut entries: Vec<L> = Vec::new();
    let mut faults = Vec::new();
    let mut expected = Some([0_u8; 32]);
    let mut offset = 0_u64;
    for (index, raw) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = index + 1;
        let Some(body) = raw.strip_suffix(b"\n") else {
            faults.push(LineFault::Torn { line, offset });
            break;
        };
        offset += raw.len() as u64;
        let parsed = std::str::from_utf8(body).map_err(|e| e.to_string()).and_then(L::parse);
        let entry = match parsed {
            Ok(entry) => entry,
            Err(reason) => {
                faults.push(LineFault::Unreadable { line, reason });
                // What the next line should name is unknown: the fault is here, not there.
                expected = None;
                continue;
            }
        };
        if entry.encode().as_bytes() != body {
            faults.push(LineFault::NotCanonical { line });
        }
        let authentic = entry.is_authentic(verifier);
        if !authentic {
            faults.push(LineFault::NotAuthentic { line });
        }
        if expected.is_some_and(|expected| expected != entry.previous()) {
            faults.push(LineFault::Gap { line });
        }
        if let Some(reason) = entry.order_fault(&entries) {
            faults.push(LineFault::Order { line, reason });
        }
        expected = authentic.then(|| entry.digest());
        entries.push(entry);
    }
    (entries, faults)
}

/// The open file, positioned at its end.
pub(crate) struct LineFile {
    file: File,
    path: PathBuf,
    length: u64,
    head: [u8; 32],
    stopped: bool,
}

impl LineFile {
    /// Opens or creates the file, checks all of it, and returns its entries. A last line without an end was never
    /// acknowledged (its fsync had not returned): it is cut off. Any other fault refuses the file.
    pub(crate) fn open<L: Line>(path: &Path, verifier: &L::Verifier) -> Result<(Self, Vec<L>), LineFileError> {
        let io_error = |error| LineFileError::Io { path: path.to_owned(), error };
        let is_new = !path.exists();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(io_error)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(io_error)?;
        let (entries, faults) = read_lines::<L>(&text, verifier);
        let mut length = text.len() as u64;
        for fault in faults {
            match fault {
                LineFault::Torn { offset, .. } => {
                    file.set_len(offset).and_then(|()| file.sync_all()).map_err(io_error)?;
                    length = offset;
                }
                fault => return Err(LineFileError::NotSound { path: path.to_owned(), fault }),
            }
        }
        if is_new {
            file.sync_all().map_err(io_error)?;
            sync_directory_of(path).map_err(io_error)?;
        }
        let head = entries.last().map_or([0; 32], L::digest);
        Ok((Self { file, path: path.to_owned(), length, head, stopped: false }, entries))
    }

    /// Hash of the last entry, zeros in an empty file: the `previous` of the next.
    pub(crate) fn head(&self) -> [u8; 32] {
        self.head
    }

    /// Writes one line and makes it durable. After a failure nothing more is written: what reached the disk is unknown.
    pub(crate) fn append<L: Line>(&mut self, entry: &L) -> Result<(), LineFileError> {
        if self.stopped {
            return Err(LineFileError::Stopped { path: self.path.clone() });
        }
        let found = self.file.metadata().map_err(|error| self.io(error))?.len();
        if found != self.length {
            return Err(LineFileError::Foreign { path: self.path.clone(), expected: self.length, found });
        }
        let mut line = entry.encode();
        line.push('\n');
        if let Err(error) = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data()) {
            self.stopped = true;
            return Err(self.io(error));
        }
        self.length += line.len() as u64;
        self.head = entry.digest();
        Ok(())
    }

    pub(crate) fn refused(&self, reason: &str) -> LineFileError {
        LineFileError::Refused { path: self.path.clone(), reason: reason.to_owned() }
    }

    fn io(&self, error: io::Error) -> LineFileError {
        LineFileError::Io { path: self.path.clone(), error }
    }
}

/// Makes the file's name durable.
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// A fixed number of bytes as lower-case hexadecimal in JSON.
pub(crate) mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * N);
        for byte in bytes {
            for nibble in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(nibble), 16));
            }
        }
        to.serialize_str(&text)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(from)?;
        let fault = || serde::de::Error::custom(format!("not {} hexadecimal digits", 2 * N));
        if text.len() != 2 * N {
            return Err(fault());
        }
        let mut bytes = [0_u8; N];
        let mut nibbles = text.chars().map(|digit| digit.to_digit(16));
        for byte in &mut bytes {
            let (Some(Some(high)), Some(Some(low))) = (nibbles.next(), nibbles.next()) else {
                return Err(fault());
            };
            *byte = u8::try_from(high * 16 + low).map_err(serde::de::Error::custom)?;
        }
        Ok(bytes)
    }
}
