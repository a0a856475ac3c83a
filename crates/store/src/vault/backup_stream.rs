//! Encryption of a backup as a stream of chunks (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
//! CRYPTO 2015): 64 KiB of text each, ChaCha20-Poly1305, nonce = 7 random bytes ‖ chunk counter (u32) ‖ 1 on the last
//! chunk. So a flipped, missing, moved, repeated or foreign chunk and a cut file are all refused, and nothing is
//! given out that was not authenticated.
//!
//! Every backup has a random key of its own, wrapped by the master key in the header. The header is bound to every
//! chunk. The life in the header is a rule for `restore` and for whoever keeps the files, not a lock: bytes cannot
//! expire by themselves, a discarded master key can make them so.

use std::io::{self, Read, Write};

use chacha20poly1305::{AeadInOut as _, ChaCha20Poly1305, KeyInit as _, Tag};
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

use super::master::{MasterKeys, Purpose};
use crate::cipher::{self, KEY_BYTES, TAG_BYTES};

/// Plain bytes per chunk.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// The only format version there is.
pub const BACKUP_VERSION: u16 = 1;

const MAGIC: &[u8; 16] = b"firebreak backup";
const WRAPPED_BYTES: usize = 24 + KEY_BYTES + TAG_BYTES;
/// Header fields before the wrapped key: magic, version, id, created_at, life_ms, master key number, nonce prefix.
const PLAIN_HEADER_BYTES: usize = 16 + 2 + 16 + 8 + 8 + 8 + NONCE_PREFIX_BYTES;
const NONCE_PREFIX_BYTES: usize = 7;
/// Length of the header in the file, bytes.
pub const HEADER_BYTES: usize = PLAIN_HEADER_BYTES + WRAPPED_BYTES;

/// Why a backup cannot be read or written. In `Read` and `Write` it travels inside an [`io::Error`] of kind `InvalidData`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    #[error(
        "this file is not a Firebreak backup (its first bytes are others); give the path of a file that `backup` wrote"
    )]
    NotABackup,
    #[error(
        "the backup is of format {found}, this program reads format {BACKUP_VERSION}; use the version that wrote it"
    )]
    UnknownVersion { found: u16 },
    #[error("the backup ends within its header: it was cut; use another copy")]
    HeaderCut,
    #[error(
        "the backup's key is wrapped under master key {number}, which is not given; add the line `{number}:…` to the key file"
    )]
    MasterKeyMissing { number: i64 },
    #[error(
        "the backup's header does not open under master key {number}: the header was altered or the key is another one"
    )]
    HeaderNotAuthentic { number: i64 },
    #[error(
        "chunk {chunk} (file offset {offset}) does not open: altered, moved, repeated or from another backup; use another copy"
    )]
    ChunkNotAuthentic { chunk: u64, offset: u64 },
    #[error(
        "the backup ends after chunk {chunk} (file offset {offset}) but its last chunk is missing: it was cut; use another copy"
    )]
    Cut { chunk: u64, offset: u64 },
    #[error("the backup's life ended at {ended} (milliseconds UTC, now {now}); it must be destroyed, not restored")]
    LifeOver { ended: i64, now: i64 },
    #[error("a backup life of {0} ms is not a time span; give more than 0")]
    BadLife(i64),
    #[error("the backup is longer than 2^32 chunks of 64 KiB; split it")]
    TooLong,
}

impl From<BackupError> for io::Error {
    fn from(error: BackupError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// What a backup says about itself; authentic once [`BackupReader::open`] has returned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupHeader {
    pub version: u16,
    pub backup: Uuid,
    /// When it was made, milliseconds UTC.
    pub created_at: i64,
    /// How long it may be kept and restored, milliseconds.
    pub life_ms: i64,
    /// Number of the master key that wraps its key.
    pub master_key: i64,
    nonce_prefix: [u8; NONCE_PREFIX_BYTES],
}

impl BackupHeader {
    /// Refuses a backup whose configured life is over.
    pub fn check_life(&self, now: i64) -> Result<(), BackupError> {
        let ended = self.created_at.saturating_add(self.life_ms);
        if now < ended { Ok(()) } else { Err(BackupError::LifeOver { ended, now }) }
    }

    fn plain_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(self.backup.as_bytes());
        bytes.extend_from_slice(&self.created_at.to_be_bytes());
        bytes.extend_from_slice(&self.life_ms.to_be_bytes());
        bytes.extend_from_slice(&self.master_key.to_be_bytes());
        bytes.extend_from_slice(&self.nonce_prefix);
        bytes
    }

    fn parse(bytes: &[u8; PLAIN_HEADER_BYTES]) -> Result<Self, BackupError> {
        let mut rest = bytes.as_slice();
        if take::<16>(&mut rest) != *MAGIC {
            return Err(BackupError::NotABackup);
        }
        let version = u16::from_be_bytes(take(&mut rest));
        if version != BACKUP_VERSION {
            return Err(BackupError::UnknownVersion { found: version });
        }
        Ok(Self {
            version,
            backup: Uuid::from_bytes(take(&mut rest)),
            created_at: i64::from_be_bytes(take(&mut rest)),
            life_ms: i64::from_be_bytes(take(&mut rest)),
            master_key: i64::from_be_bytes(take(&mut rest)),
            nonce_prefix: take(&mut rest),
        })
    }
}

/// The next `N` bytes; the caller's array is long enough by type.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk::<N>() {
        Some((head, tail)) => {
            *rest = tail;
            *head
        }
        None => [0; N],
    }
}

/// One direction's cipher state: key, bound header and counter.
struct Chunks {
    cipher: ChaCha20Poly1305,
    header_hash: [u8; 32],
    nonce_prefix: [u8; NONCE_PREFIX_BYTES],
    counter: u64,
}

impl Chunks {
    fn new(key: &[u8; KEY_BYTES], header: &[u8], nonce_prefix: [u8; NONCE_PREFIX_BYTES]) -> Self {
        Self {
            cipher: ChaCha20Poly1305::new(key.into()),
            header_hash: *blake3::hash(header).as_bytes(),
            nonce_prefix,
            counter: 0,
        }
    }

    fn nonce(&self, last: bool) -> Result<[u8; 12], BackupError> {
        let counter = u32::try_from(self.counter).map_err(|_| BackupError::TooLong)?;
        let mut nonce = [0_u8; 12];
        let (prefix, rest) = nonce.split_at_mut(NONCE_PREFIX_BYTES);
        let (count, flag) = rest.split_at_mut(4);
        prefix.copy_from_slice(&self.nonce_prefix);
        count.copy_from_slice(&counter.to_be_bytes());
        flag.copy_from_slice(&[u8::from(last)]);
        Ok(nonce)
    }

    fn seal(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), BackupError> {
        let nonce = self.nonce(last)?;
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), &self.header_hash, chunk.as_mut_slice().into())
            .map_err(|_| BackupError::TooLong)?;
        chunk.extend_from_slice(&tag);
        self.counter += 1;
        Ok(())
    }

    /// Opens in place and cuts the tag off. On failure the buffer holds the ciphertext again.
    fn open(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<bool, BackupError> {
        let nonce = self.nonce(last)?;
        let Some((_, tag)) = chunk.split_last_chunk::<TAG_BYTES>() else {
            return Ok(false);
        };
        let tag = Tag::from(*tag);
        let length = chunk.len() - TAG_BYTES;
        let (body, _) = chunk.split_at_mut(length);
        // The tag is checked before anything is decrypted.
        if self.cipher.decrypt_inout_detached(&nonce.into(), &self.header_hash, body.into(), &tag).is_err() {
            return Ok(false);
        }
        chunk.truncate(length);
        self.counter += 1;
        Ok(true)
    }
}

/// Encrypts what is written to it. [`BackupWriter::finish`] must be called: without the last chunk the file does not open.
pub struct BackupWriter<W: Write> {
    out: W,
    chunks: Chunks,
    buffer: Zeroizing<Vec<u8>>,
    failed: bool,
}

impl<W: Write> BackupWriter<W> {
    /// Writes the header. `entropy` fills the backup's key and nonce prefix; `life_ms` > 0.
    pub fn new(
        mut out: W,
        master: &MasterKeys,
        backup: Uuid,
        created_at: i64,
        life_ms: i64,
        entropy: &mut dyn FnMut(&mut [u8]),
    ) -> io::Result<Self> {
        if life_ms <= 0 {
            return Err(BackupError::BadLife(life_ms).into());
        }
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        let mut nonce_prefix = [0_u8; NONCE_PREFIX_BYTES];
        entropy(key.as_mut_slice());
        entropy(&mut nonce_prefix);
        let number = master.current();
        let wrapping = master.derive(number, Purpose::Backup).ok_or(BackupError::MasterKeyMissing { number })?;
        let header =
            BackupHeader { version: BACKUP_VERSION, backup, created_at, life_ms, master_key: number, nonce_prefix };
        let mut bytes = header.plain_bytes();
        let wrapped = cipher::wrap(&wrapping, &bytes, key.as_slice()).map_err(|_| BackupError::TooLong)?;
        bytes.extend_from_slice(&wrapped);
        out.write_all(&bytes)?;
        let chunks = Chunks::new(&key, &bytes, nonce_prefix);
        Ok(Self { out, chunks, buffer: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES + TAG_BYTES)), failed: false })
    }

    /// Writes the last chunk and gives the inner writer back, flushed; making it durable is the caller's.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_chunk(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_chunk(&mut self, last: bool) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("the backup already failed; what was written is not usable"));
        }
        let written = self
            .chunks
            .seal(&mut self.buffer, last)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(&self.buffer));
        self.buffer.clear();
        self.failed = written.is_err();
        written
    }
}

impl<W: Write> Write for BackupWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk goes out only when more follows, so that the last chunk is never empty in a backup that is not.
        if self.buffer.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.write_chunk(false)?;
        }
        let room = CHUNK_BYTES.saturating_sub(self.buffer.len());
        let (now, _) = bytes.split_at(room.min(bytes.len()));
        self.buffer.extend_from_slice(now);
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // Half a chunk cannot be written: its length is its place in the stream.
        self.out.flush()
    }
}

/// Decrypts a backup. Nothing is given out before its chunk is authenticated; the end of the stream is given only after
/// the last chunk. A caller that must not act on a part of a cut backup reads to the end first.
pub struct BackupReader<R: Read> {
    source: R,
    header: BackupHeader,
    chunks: Chunks,
    /// The opened chunk and how much of it was handed out.
    text: Zeroizing<Vec<u8>>,
    given: usize,
    /// First byte of the next chunk, read ahead to know whether the present one is the last.
    ahead: Option<u8>,
    offset: u64,
    ended: bool,
    failed: Option<BackupError>,
}

impl<R: Read> BackupReader<R> {
    /// Reads and authenticates the header. Whether its life is over is asked by [`BackupHeader::check_life`].
    pub fn open(mut source: R, master: &MasterKeys) -> io::Result<Self> {
        let mut plain = [0_u8; PLAIN_HEADER_BYTES];
        let mut wrapped = [0_u8; WRAPPED_BYTES];
        read_header(&mut source, &mut plain)?;
        let header = BackupHeader::parse(&plain)?;
        read_header(&mut source, &mut wrapped)?;
        let number = header.master_key;
        let wrapping = master.derive(number, Purpose::Backup).ok_or(BackupError::MasterKeyMissing { number })?;
        let key =
            cipher::unwrap(&wrapping, &plain, &wrapped).map_err(|_| BackupError::HeaderNotAuthentic { number })?;
        let key = key.first_chunk::<KEY_BYTES>().ok_or(BackupError::HeaderNotAuthentic { number })?;
        let mut bound = plain.to_vec();
        bound.extend_from_slice(&wrapped);
        let chunks = Chunks::new(key, &bound, header.nonce_prefix);
        let text = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES + TAG_BYTES));
        Ok(Self {
            source,
            header,
            chunks,
            text,
            given: 0,
            ahead: None,
            offset: HEADER_BYTES as u64,
            ended: false,
            failed: None,
        })
    }

    /// The authentic header.
    pub fn header(&self) -> &BackupHeader {
        &self.header
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        self.text.zeroize();
        self.given = 0;
        self.text.extend(self.ahead.take());
        let wanted = CHUNK_BYTES + TAG_BYTES - self.text.len();
        self.source.by_ref().take(wanted as u64).read_to_end(&mut self.text)?;
        let full = self.text.len() == CHUNK_BYTES + TAG_BYTES;
        let mut one = [0_u8; 1];
        if full && read_one(&mut self.source, &mut one)? {
            let [byte] = one;
            self.ahead = Some(byte);
        }
        let last = self.ahead.is_none();
        let (chunk, offset, length) = (self.chunks.counter, self.offset, self.text.len() as u64);
        if length == 0 {
            return Err(BackupError::Cut { chunk, offset }.into());
        }
        if !self.chunks.open(&mut self.text, last)? {
            // Only to say what happened: a cut at a chunk's border leaves a chunk that opens as not the last.
            let cut = last && self.chunks.open(&mut self.text, false)?;
            self.text.zeroize();
            let offset_after = offset + length;
            return Err(if cut {
                BackupError::Cut { chunk, offset: offset_after }
            } else {
                BackupError::ChunkNotAuthentic { chunk, offset }
            }
            .into());
        }
        self.offset += length;
        self.ended = last;
        Ok(())
    }
}

impl<R: Read> Read for BackupReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        while self.given >= self.text.len() {
            if self.ended {
                return Ok(0);
            }
            if let Err(error) = self.next_chunk() {
                self.failed = error.get_ref().and_then(|inner| inner.downcast_ref()).cloned();
                return Err(error);
            }
        }
        let left = self.text.get(self.given..).unwrap_or_default();
        let count = left.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), left.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

fn read_header(source: &mut impl Read, bytes: &mut [u8]) -> io::Result<()> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::HeaderCut.into(),
        _ => error,
    })
}

/// One byte, or `false` at the end.
fn read_one(source: &mut impl Read, byte: &mut [u8; 1]) -> io::Result<bool> {
    loop {
        match source.read(byte) {
            Ok(count) => return Ok(count == 1),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
