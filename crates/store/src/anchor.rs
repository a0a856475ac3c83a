//! Signed heads of the journal, kept outside the database (DESIGN §3). An anchor says "stream `stream` had hash `hash`
//! at `seq`"; whoever later rewrites the database cannot rewrite an anchor without the signing key, and cannot take one
//! out of the file unseen, because every anchor names the one before it. Entries after the last anchor of a stream are
//! unproven, and `verify` says so.
//!
//! The log of reads is anchored in the same file: its streams stand under their numbers below zero ([`of_log`]).
//!
//! Removing the *end* of the file leaves a sound shorter file: compare with the last digest told elsewhere
//! ([`AnchorFile::head`], [`verify_anchors`]' `known`), for example with the copy on another machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::vault::line_file::{Line, LineFault, LineFile, LineFileError, hex, read_lines};

const ANCHOR_TAG: &[u8] = b"firebreak journal anchor 1";

/// The head of one stream at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Epoch of the database: a restored database is another one.
    pub database_epoch: Uuid,
    pub stream: i64,
    /// Sequence number of the anchored entry.
    pub seq: i64,
    /// Chain hash of that entry.
    pub hash: [u8; 32],
    /// When the anchor was made, milliseconds UTC.
    pub at: i64,
    /// Digest of the anchor before it in the file, over all streams; zeros for the first.
    pub previous: [u8; 32],
}

impl Anchor {
    /// The bytes that are signed: a domain tag and every field at fixed width.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ANCHOR_TAG.len() + 16 + 8 * 3 + 32 * 2);
        bytes.extend_from_slice(ANCHOR_TAG);
        bytes.extend_from_slice(self.database_epoch.as_bytes());
        bytes.extend_from_slice(&self.stream.to_be_bytes());
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.hash);
        bytes.extend_from_slice(&self.at.to_be_bytes());
        bytes.extend_from_slice(&self.previous);
        bytes
    }

    /// Sign it (Ed25519, RFC 8032: the same anchor and key give the same signature).
    pub fn sign(self, key: &AnchorKey) -> SignedAnchor {
        let signature = key.0.sign(&self.canonical_bytes()).to_bytes();
        SignedAnchor { anchor: self, signature }
    }
}

/// The signing key; overwritten in memory when dropped.
pub struct AnchorKey(SigningKey);

impl AnchorKey {
    /// From its 32 secret bytes.
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public half, which `verify` needs and anyone may have.
    pub fn public(&self) -> AnchorPublicKey {
        AnchorPublicKey(self.0.verifying_key())
    }
}

/// The public key of anchors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchorPublicKey(VerifyingKey);

impl AnchorPublicKey {
    /// From its 32 bytes; `None` if they are no usable point of the curve.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

/// An anchor and its signature: one line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedAnchor {
    pub anchor: Anchor,
    pub signature: [u8; 64],
}

impl SignedAnchor {
    /// Does the signature fit? The strict check: no second signature of the same anchor passes.
    pub fn is_authentic(&self, key: &AnchorPublicKey) -> bool {
        key.0.verify_strict(&self.anchor.canonical_bytes(), &Signature::from_bytes(&self.signature)).is_ok()
    }

    /// Hash over anchor and signature, by which the next anchor names this one.
    pub fn digest(&self) -> [u8; 32] {
        *blake3::Hasher::new().update(&self.anchor.canonical_bytes()).update(&self.signature).finalize().as_bytes()
    }

    /// The JSON line, without its end.
    pub fn to_line(&self) -> String {
        Line::encode(self)
    }

    /// Read one JSON line. Says nothing about its signature.
    pub fn from_line(line: &str) -> Result<Self, String> {
        Line::parse(line)
    }
}

/// The form of a line. `deny_unknown_fields`: nothing may ride along unsigned.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnchorLine {
    anchor: u8,
    epoch: Uuid,
    stream: i64,
    seq: i64,
    #[serde(with = "hex")]
    hash: [u8; 32],
    at: i64,
    #[serde(with = "hex")]
    previous: [u8; 32],
    #[serde(with = "hex")]
    signature: [u8; 64],
}

const LINE_VERSION: u8 = 1;

impl Line for SignedAnchor {
    type Verifier = AnchorPublicKey;

    fn encode(&self) -> String {
        let Anchor { database_epoch: epoch, stream, seq, hash, at, previous } = self.anchor;
        let line =
            AnchorLine { anchor: LINE_VERSION, epoch, stream, seq, hash, at, previous, signature: self.signature };
        // Integers, ids and hexadecimal text always have a JSON form.
        serde_json::to_string(&line).unwrap_or_default()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let line: AnchorLine = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if line.anchor != LINE_VERSION {
            return Err(format!("anchor version {} is not known to this program", line.anchor));
        }
        let AnchorLine { epoch: database_epoch, stream, seq, hash, at, previous, signature, .. } = line;
        Ok(Self { anchor: Anchor { database_epoch, stream, seq, hash, at, previous }, signature })
    }

    fn is_authentic(&self, verifier: &AnchorPublicKey) -> bool {
        SignedAnchor::is_authentic(self, verifier)
    }

    fn previous(&self) -> [u8; 32] {
        self.anchor.previous
    }

    fn digest(&self) -> [u8; 32] {
        SignedAnchor::digest(self)
    }

    fn order_fault(&self, before: &[Self]) -> Option<String> {
        let Anchor { database_epoch, stream, seq, at, .. } = self.anchor;
        // Streams are anchored in turn, so the last anchor of this one is near the end.
        let earlier = before
            .iter()
            .rev()
            .find(|other| other.anchor.database_epoch == database_epoch && other.anchor.stream == stream)?;
        if seq <= earlier.anchor.seq {
            return Some(format!("stream {stream} was anchored at {} before, here at {seq}", earlier.anchor.seq));
        }
        (at < earlier.anchor.at)
            .then(|| format!("stream {stream} was anchored at time {} before, here at {at}", earlier.anchor.at))
    }
}

/// The stream under which a stream of the log of reads is anchored.
pub fn of_log(stream: i64) -> i64 {
    stream.saturating_neg()
}

/// What an anchor file holds.
#[derive(Debug)]
pub struct AnchorReport {
    /// Every readable line, in order, authentic or not.
    pub anchors: Vec<SignedAnchor>,
    /// Every fault, in order of lines; none means the file is whole up to its last line.
    pub faults: Vec<LineFault>,
}

impl AnchorReport {
    /// The last anchor of each stream of one database; meaningful when there are no faults.
    pub fn heads(&self, database_epoch: Uuid) -> BTreeMap<i64, Anchor> {
        let of_database =
            self.anchors.iter().map(|signed| signed.anchor).filter(|anchor| anchor.database_epoch == database_epoch);
        of_database.map(|anchor| (anchor.stream, anchor)).collect()
    }

    /// Digest of the last line, to be told elsewhere.
    pub fn head(&self) -> [u8; 32] {
        self.anchors.last().map_or([0; 32], SignedAnchor::digest)
    }

    /// Digest of the first line, by which a file is known for as long as it grows.
    pub fn first(&self) -> Option<[u8; 32]> {
        self.anchors.first().map(SignedAnchor::digest)
    }
}

/// Check the text of an anchor file. `known`: the digest of an anchor that is known to have been written, which proves
/// that the end was not cut off before it.
pub fn verify_anchors(text: &[u8], key: &AnchorPublicKey, known: Option<[u8; 32]>) -> AnchorReport {
    let (anchors, mut faults) = read_lines::<SignedAnchor>(text, key);
    if known.is_some_and(|known| known != [0; 32] && anchors.iter().all(|anchor| anchor.digest() != known)) {
        faults.push(LineFault::EndMissing { lines: anchors.len() });
    }
    AnchorReport { anchors, faults }
}

/// The anchor file, open for adding. One writer at a time: a second one is noticed and refused.
pub struct AnchorFile {
    file: LineFile,
    first: Option<[u8; 32]>,
    latest: BTreeMap<(Uuid, i64), Anchor>,
}

impl AnchorFile {
    /// Opens or creates the file and checks all of it; a file with faults is not added to.
    pub fn open(path: &Path, key: &AnchorPublicKey) -> Result<Self, LineFileError> {
        let (file, anchors) = LineFile::open::<SignedAnchor>(path, key)?;
        let latest = anchors
            .iter()
            .map(|signed| ((signed.anchor.database_epoch, signed.anchor.stream), signed.anchor))
            .collect();
        Ok(Self { file, first: anchors.first().map(SignedAnchor::digest), latest })
    }

    /// Reads and checks a file without opening it for adding. A missing file has no anchors.
    pub fn read(path: &Path, key: &AnchorPublicKey, known: Option<[u8; 32]>) -> Result<AnchorReport, LineFileError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(LineFileError::Io { path: path.to_owned(), error }),
        };
        Ok(verify_anchors(&text, key, known))
    }

    /// The last anchor of a stream, if any.
    pub fn latest(&self, database_epoch: Uuid, stream: i64) -> Option<&Anchor> {
        self.latest.get(&(database_epoch, stream))
    }

    /// Digest of the last line.
    pub fn head(&self) -> [u8; 32] {
        self.file.head()
    }

    /// Digest of the first line, by which the file is known for as long as it grows.
    pub fn first(&self) -> Option<[u8; 32]> {
        self.first
    }

    /// Signs the head of a stream, writes it and makes it durable. Refused if it does not go forward.
    pub fn append(
        &mut self,
        database_epoch: Uuid,
        stream: i64,
        seq: i64,
        hash: [u8; 32],
        at: i64,
        key: &AnchorKey,
    ) -> Result<SignedAnchor, LineFileError> {
        if let Some(earlier) = self.latest(database_epoch, stream)
            && (seq <= earlier.seq || at < earlier.at)
        {
            return Err(self
                .file
                .refused("an anchor of this stream with the same or a later number is already written"));
        }
        let signed = Anchor { database_epoch, stream, seq, hash, at, previous: self.file.head() }.sign(key);
        self.file.append(&signed)?;
        self.first = self.first.or_else(|| Some(signed.digest()));
        self.latest.insert((database_epoch, stream), signed.anchor);
        Ok(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AnchorKey {
        AnchorKey::from_bytes(&[9; 32])
    }

    const EPOCH: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00aa);

    /// Six anchors over two streams, as a file's text.
    fn written() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("anchors.jsonl");
        let mut file = AnchorFile::open(&path, &key().public()).unwrap();
        for n in 1..=3_i64 {
            for stream in [1, 2] {
                file.append(EPOCH, stream, n * 1_000, [n as u8; 32], 1_700_000_000_000 + n * 60_000, &key()).unwrap();
            }
        }
        let text = fs::read(&path).unwrap();
        (directory, path, text)
    }

    #[test]
    fn an_anchor_has_golden_bytes() {
        let signed = Anchor {
            database_epoch: EPOCH,
            stream: 3,
            seq: 1_000,
            hash: [5; 32],
            at: 1_700_000_000_000,
            previous: [0; 32],
        }
        .sign(&key());
        assert_eq!(signed.anchor.canonical_bytes().len(), 26 + 16 + 24 + 64);
        // Fixed for ever: other programs check these lines.
        assert_eq!(
            blake3::hash(signed.to_line().as_bytes()).to_hex().as_str(),
            "9f308b28bb7a32737af123631d7af48861337a09f629fa8cff9f7945ea6f229b"
        );
        assert_eq!(SignedAnchor::from_line(&signed.to_line()), Ok(signed));
    }

    #[test]
    fn a_file_is_read_back_and_continued() {
        let (_directory, path, text) = written();
        let report = AnchorFile::read(&path, &key().public(), None).unwrap();
        assert_eq!(report.faults, []);
        assert_eq!(
            report.heads(EPOCH).values().map(|anchor| (anchor.stream, anchor.seq)).collect::<Vec<_>>(),
            [(1, 3_000), (2, 3_000)]
        );
        assert_eq!(report.heads(Uuid::nil()).len(), 0);
        let mut file = AnchorFile::open(&path, &key().public()).unwrap();
        assert_eq!(file.head(), report.head());
        assert_eq!(file.latest(EPOCH, 2).map(|anchor| anchor.seq), Some(3_000));
        // Not forward: refused, nothing written.
        for (seq, at) in [(3_000, i64::MAX), (2_999, i64::MAX), (4_000, 0)] {
            assert!(matches!(file.append(EPOCH, 1, seq, [0; 32], at, &key()), Err(LineFileError::Refused { .. })));
        }
        assert_eq!(fs::read(&path).unwrap(), text);
        file.append(EPOCH, 1, 3_001, [0; 32], i64::MAX, &key()).unwrap();
        // A restored database is another epoch and may stand at a smaller number.
        file.append(Uuid::from_u128(1), 1, 5, [0; 32], 5, &key()).unwrap();
        assert_eq!(AnchorFile::read(&path, &key().public(), None).unwrap().faults, []);
        assert_eq!(AnchorFile::read(&path.with_extension("none"), &key().public(), None).unwrap().anchors, []);
    }

    #[test]
    fn every_flip_of_every_byte_is_found_on_its_line() {
        let (_directory, _path, text) = written();
        let whole = verify_anchors(&text, &key().public(), None);
        assert!(whole.faults.is_empty());
        let line_of = |at: usize| 1 + text[..at].iter().filter(|byte| **byte == b'\n').count();
        for at in 0..text.len() {
            for flip in [1_u8, 0x20] {
                let mut altered = text.clone();
                altered[at] ^= flip;
                let report = verify_anchors(&altered, &key().public(), Some(whole.head()));
                let first = report.faults.first().unwrap_or_else(|| panic!("byte {at} flipped by {flip:#x} passes"));
                let line = match first {
                    LineFault::Unreadable { line, .. }
                    | LineFault::NotCanonical { line }
                    | LineFault::NotAuthentic { line } => *line,
                    LineFault::Gap { line } | LineFault::Order { line, .. } | LineFault::Torn { line, .. } => *line,
                    LineFault::EndMissing { .. } => panic!("byte {at}: only the missing end was noticed"),
                };
                assert_eq!(line, line_of(at), "byte {at} flipped by {flip:#x}: {:?}", report.faults);
            }
        }
    }

    #[test]
    fn removed_moved_repeated_and_foreign_lines_are_located() {
        let (_directory, _path, text) = written();
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let verify = |lines: &[&[u8]], known| verify_anchors(&lines.concat(), &key().public(), known).faults;
        let head = verify_anchors(&text, &key().public(), None).head();
        for removed in 0..lines.len() {
            let mut left = lines.clone();
            left.remove(removed);
            let faults = verify(&left, Some(head));
            let expected = if removed + 1 == lines.len() {
                LineFault::EndMissing { lines: 5 }
            } else {
                LineFault::Gap { line: removed + 1 }
            };
            assert_eq!(faults, [expected], "line {} removed", removed + 1);
        }
        for first in 0..lines.len() - 1 {
            let mut moved = lines.clone();
            moved.swap(first, first + 1);
            assert_eq!(
                verify(&moved, None).first(),
                Some(&LineFault::Gap { line: first + 1 }),
                "lines {} and {}",
                first + 1,
                first + 2
            );
        }
        for repeated in 0..lines.len() {
            let mut more = lines.clone();
            more.insert(repeated, lines[repeated]);
            assert_eq!(verify(&more, None).first(), Some(&LineFault::Gap { line: repeated + 2 }));
        }
        // A line signed by somebody else, chained and in order.
        let forged =
            Anchor { database_epoch: EPOCH, stream: 1, seq: 9_000, hash: [0; 32], at: i64::MAX, previous: head }
                .sign(&AnchorKey::from_bytes(&[8; 32]));
        let forged = format!("{}\n", forged.to_line());
        let mut more = lines.clone();
        more.push(forged.as_bytes());
        assert_eq!(verify(&more, None), [LineFault::NotAuthentic { line: 7 }]);
        // Rightly signed and chained, but going back.
        let back =
            Anchor { database_epoch: EPOCH, stream: 1, seq: 3_000, hash: [1; 32], at: i64::MAX, previous: head }
                .sign(&key());
        let back = format!("{}\n", back.to_line());
        let last = more.len() - 1;
        more[last] = back.as_bytes();
        assert!(matches!(verify(&more, None).as_slice(), [LineFault::Order { line: 7, .. }]));
    }

    #[test]
    fn a_torn_end_is_cut_off_and_other_faults_refuse_the_file() {
        let (_directory, path, text) = written();
        for cut in 1..40 {
            let torn = &text[..text.len() - cut];
            fs::write(&path, torn).unwrap();
            assert!(matches!(
                AnchorFile::read(&path, &key().public(), None).unwrap().faults.as_slice(),
                [LineFault::Torn { line: 6, .. }]
            ));
            let mut file = AnchorFile::open(&path, &key().public()).unwrap();
            assert_eq!(file.latest(EPOCH, 2).map(|anchor| anchor.seq), Some(2_000));
            file.append(EPOCH, 2, 3_000, [3; 32], 1_700_000_180_000, &key()).unwrap();
            assert_eq!(fs::read(&path).unwrap(), text, "the same anchor gives the same line");
        }
        let mut altered = text.clone();
        altered[100] ^= 1;
        fs::write(&path, &altered).unwrap();
        assert!(matches!(AnchorFile::open(&path, &key().public()), Err(LineFileError::NotSound { .. })));
        assert_eq!(fs::read(&path).unwrap(), altered, "evidence is left as it is");
    }

    #[test]
    fn a_second_writer_is_noticed() {
        let (_directory, path, _text) = written();
        let mut one = AnchorFile::open(&path, &key().public()).unwrap();
        let mut two = AnchorFile::open(&path, &key().public()).unwrap();
        one.append(EPOCH, 1, 4_000, [4; 32], i64::MAX, &key()).unwrap();
        assert!(matches!(two.append(EPOCH, 2, 4_000, [4; 32], i64::MAX, &key()), Err(LineFileError::Foreign { .. })));
        assert_eq!(AnchorFile::read(&path, &key().public(), None).unwrap().faults, []);
    }
}
