use std::io::{self, Read as _, Write as _};

use uuid::Uuid;

use super::engines::{MASTER_1, MASTER_2, NOW, WRONG_1, both, entropy};
use crate::vault::{BackupError, BackupReader, BackupWriter, CHUNK_BYTES, HEADER_BYTES, MasterKeys};

const BACKUP: Uuid = Uuid::from_u128(0xb0);
const WEEK: i64 = 7 * 86_400_000;

fn keys(text: &str) -> MasterKeys {
    MasterKeys::parse(text).unwrap()
}

fn text(bytes: usize) -> Vec<u8> {
    let mut text = vec![0; bytes];
    entropy(77)(&mut text);
    text
}

fn encrypt(plain: &[u8], seed: u64) -> Vec<u8> {
    let mut writer = BackupWriter::new(Vec::new(), &keys(MASTER_1), BACKUP, NOW, WEEK, &mut entropy(seed)).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

fn decrypt(sealed: &[u8], master: &str) -> Result<Vec<u8>, BackupError> {
    let fault = |error: io::Error| {
        error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<BackupError>())
            .cloned()
            .unwrap_or_else(|| panic!("{error}"))
    };
    let mut reader = BackupReader::open(sealed, &keys(master)).map_err(fault)?;
    let mut plain = Vec::new();
    reader.read_to_end(&mut plain).map_err(fault)?;
    Ok(plain)
}

#[test]
fn backups_of_every_size_are_read_back() {
    for size in [0, 1, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 17] {
        let plain = text(size);
        let sealed = encrypt(&plain, 1);
        let chunks = size.div_ceil(CHUNK_BYTES).max(1);
        assert_eq!(sealed.len(), HEADER_BYTES + size + 16 * chunks);
        assert_eq!(decrypt(&sealed, MASTER_1).unwrap(), plain, "{size} bytes");
        // An old backup opens after a rotation as long as the old key is given.
        assert_eq!(decrypt(&sealed, &both()).unwrap(), plain);
    }
    // However the bytes come, the file is the same.
    let plain = text(2 * CHUNK_BYTES + 5);
    let mut pieces = BackupWriter::new(Vec::new(), &keys(MASTER_1), BACKUP, NOW, WEEK, &mut entropy(1)).unwrap();
    for piece in plain.chunks(1_013) {
        pieces.write_all(piece).unwrap();
    }
    assert_eq!(pieces.finish().unwrap(), encrypt(&plain, 1));
}

#[test]
fn the_header_tells_life_and_key_and_is_authentic() {
    let sealed = encrypt(b"rows", 1);
    let reader = BackupReader::open(sealed.as_slice(), &keys(MASTER_1)).unwrap();
    let header = reader.header().clone();
    assert_eq!((header.backup, header.created_at, header.life_ms, header.master_key), (BACKUP, NOW, WEEK, 1));
    assert_eq!(header.check_life(NOW + WEEK - 1), Ok(()));
    assert_eq!(header.check_life(NOW + WEEK), Err(BackupError::LifeOver { ended: NOW + WEEK, now: NOW + WEEK }));
    assert_eq!(decrypt(&sealed, WRONG_1), Err(BackupError::HeaderNotAuthentic { number: 1 }));
    assert_eq!(decrypt(&sealed, MASTER_2), Err(BackupError::MasterKeyMissing { number: 1 }));
    assert_eq!(
        decrypt(b"SQLite format 3, and more than a header of it, whatever it says then: not ours at all", MASTER_1),
        Err(BackupError::NotABackup)
    );
    for bit in 0..HEADER_BYTES * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(decrypt(&altered, MASTER_1).is_err(), "header bit {bit}");
    }
    assert!(BackupWriter::new(Vec::new(), &keys(MASTER_1), BACKUP, NOW, 0, &mut entropy(1)).is_err());
}

#[test]
fn two_backups_share_neither_key_nor_bytes() {
    let (one, two) = (encrypt(&text(1_000), 1), encrypt(&text(1_000), 2));
    assert_ne!(one[HEADER_BYTES..], two[HEADER_BYTES..]);
    let mixed = [&one[..HEADER_BYTES], &two[HEADER_BYTES..]].concat();
    assert_eq!(
        decrypt(&mixed, MASTER_1),
        Err(BackupError::ChunkNotAuthentic { chunk: 0, offset: HEADER_BYTES as u64 })
    );
    // The plain text is not in it.
    assert!(!one.windows(16).any(|window| window == &text(1_000)[..16]));
}

/// A backup of four chunks, in its parts.
fn parts() -> (Vec<u8>, Vec<Vec<u8>>) {
    let sealed = encrypt(&text(3 * CHUNK_BYTES + 100), 1);
    let (header, body) = sealed.split_at(HEADER_BYTES);
    (header.to_vec(), body.chunks(CHUNK_BYTES + 16).map(<[u8]>::to_vec).collect())
}

fn joined(header: &[u8], chunks: &[&Vec<u8>]) -> Vec<u8> {
    chunks.iter().fold(header.to_vec(), |mut all, chunk| {
        all.extend_from_slice(chunk);
        all
    })
}

#[test]
fn a_flip_in_any_chunk_is_refused_and_located() {
    let (header, chunks) = parts();
    assert_eq!(chunks.len(), 4);
    for (n, chunk) in chunks.iter().enumerate() {
        // Both ends, every byte of the tag, and a walk through the text.
        let positions = (0..chunk.len()).step_by(997).chain(chunk.len() - 17..chunk.len());
        for at in positions {
            let mut altered = chunks.clone();
            altered[n][at] ^= 0x10;
            let sealed = joined(&header, &altered.iter().collect::<Vec<_>>());
            let offset = (HEADER_BYTES + n * (CHUNK_BYTES + 16)) as u64;
            assert_eq!(
                decrypt(&sealed, MASTER_1),
                Err(BackupError::ChunkNotAuthentic { chunk: n as u64, offset }),
                "chunk {n} byte {at}"
            );
        }
    }
}

#[test]
fn every_order_but_the_right_one_is_refused() {
    let (header, chunks) = parts();
    let mut right = 0;
    // Every sequence of up to four of the four chunks: removed, moved, repeated, cut.
    for length in 0..=4_u32 {
        for code in 0..4_usize.pow(length) {
            let order: Vec<usize> = (0..length).map(|place| code / 4_usize.pow(place) % 4).collect();
            let sealed = joined(&header, &order.iter().map(|n| &chunks[*n]).collect::<Vec<_>>());
            match decrypt(&sealed, MASTER_1) {
                Ok(_) => {
                    assert_eq!(order, [0, 1, 2, 3]);
                    right += 1;
                }
                Err(error) => assert!(
                    matches!(error, BackupError::ChunkNotAuthentic { .. } | BackupError::Cut { .. }),
                    "{order:?}: {error}"
                ),
            }
        }
    }
    assert_eq!(right, 1);
    // Something added after the end.
    let mut longer = joined(&header, &chunks.iter().collect::<Vec<_>>());
    longer.push(0);
    assert!(decrypt(&longer, MASTER_1).is_err());
}

#[test]
fn a_cut_at_any_place_is_refused() {
    let (header, chunks) = parts();
    let sealed = joined(&header, &chunks.iter().collect::<Vec<_>>());
    let cuts = (0..=HEADER_BYTES + 20)
        .chain((HEADER_BYTES..sealed.len()).step_by(1_009))
        .chain(sealed.len() - 130..sealed.len());
    for length in cuts {
        assert!(decrypt(&sealed[..length], MASTER_1).is_err(), "cut to {length}");
    }
    // Between two chunks the reason is plain.
    let between = HEADER_BYTES + 2 * (CHUNK_BYTES + 16);
    assert_eq!(decrypt(&sealed[..between], MASTER_1), Err(BackupError::Cut { chunk: 1, offset: between as u64 }));
}

#[test]
fn a_reader_that_failed_gives_nothing_more() {
    let (header, mut chunks) = parts();
    chunks[1][5] ^= 1;
    let sealed = joined(&header, &chunks.iter().collect::<Vec<_>>());
    let mut reader = BackupReader::open(sealed.as_slice(), &keys(MASTER_1)).unwrap();
    let mut plain = Vec::new();
    assert!(reader.read_to_end(&mut plain).is_err());
    assert_eq!(plain, text(CHUNK_BYTES), "only the chunk before the fault");
    let mut more = [0; 10];
    assert!(reader.read(&mut more).is_err());
    assert!(reader.read(&mut more).is_err());
}
