//! The chain: whatever is changed in a journal is found, and found where it is.

use domain::id::StreamId;
use store::{
    engine::Engine,
    tables::JOURNAL,
    value::{Row, Value},
    verify::{Chain, Fault, genesis, walk_chain},
    writer::chain_hash,
};
use testkit::{Stage, damage, engines, scene};

const STREAM: i64 = 1;
const ENTRIES: usize = 1_000;
const SEQ: usize = 1;
/// Flips tried in the ordinary run.
const SAMPLE: usize = 3_000;

/// A sound chain with anchors at every hundredth entry up to the ninth hundred.
struct Sound {
    rows: Vec<Row>,
    anchors: Vec<(i64, [u8; 32])>,
}

fn hash_of(row: &Row) -> Vec<u8> {
    row[JOURNAL.columns.len() - 1].bytes().expect("a hash").to_vec()
}

fn head_of(rows: &[Row]) -> (i64, Vec<u8>) {
    rows.last().map_or((0, genesis(STREAM)), |row| (row[SEQ].int().expect("a number"), hash_of(row)))
}

impl Sound {
    async fn chain() -> Self {
        let stage = Stage::new(Engine::Sqlite).await;
        let mut batch = Vec::new();
        for n in 0..600u64 {
            batch.push(scene::caused(u128::from(n) * 2 + 1, StreamId(STREAM), scene::register(n)));
            batch.push(scene::caused(u128::from(n) * 2 + 2, StreamId(STREAM), scene::open_case(n)));
        }
        for outcome in stage.store.submit(batch).await {
            assert!(outcome.expect("it is written").is_accepted());
        }
        let mut tx = stage.store.read().await.expect("a read begins");
        let sql =
            format!("SELECT {} FROM journal WHERE stream = 1 ORDER BY seq LIMIT {ENTRIES}", JOURNAL.column_list());
        let rows = tx.rows(&sql, &[], &JOURNAL.types()).await.expect("the journal is read");
        assert_eq!(rows.len(), ENTRIES);
        let anchored = rows.iter().skip(99).step_by(100).take(9);
        let anchors =
            anchored.map(|row| (row[SEQ].int().expect("a number"), hash_of(row).try_into().expect("32 bytes")));
        let sound = Self { anchors: anchors.collect(), rows };
        assert_eq!(sound.walk(&sound.rows), Chain { faults: vec![], unproven: 100 }, "a sound chain has no fault");
        sound
    }

    /// Walks changed rows under the head that was; the rows come in the order of their numbers, as from the database.
    fn walk(&self, rows: &[Row]) -> Chain {
        walk_chain(STREAM, rows, Some(head_of(&self.rows)), &self.anchors)
    }

    /// Walks changed rows under a head that fits them, as left by somebody who changed the head as well.
    fn walk_covered(&self, rows: &[Row]) -> Chain {
        walk_chain(STREAM, rows, Some(head_of(rows)), &self.anchors)
    }

    /// Every (entry, column, byte) that can be flipped.
    fn places(&self) -> Vec<(usize, usize, usize)> {
        let mut places = Vec::new();
        for (entry, row) in self.rows.iter().enumerate() {
            for (column, value) in row.iter().enumerate() {
                places.extend((0..width(value)).map(|byte| (entry, column, byte)));
            }
        }
        places
    }

    fn flip_is_found(&mut self, (entry, column, byte): (usize, usize, usize)) {
        if column != SEQ {
            // The row stays in its place, so that nothing after the next one is needed to see it.
            flip(&mut self.rows[entry][column], byte);
            let faults = walk_chain(STREAM, &self.rows[..(entry + 2).min(ENTRIES)], None, &self.anchors).faults;
            flip(&mut self.rows[entry][column], byte);
            assert!(
                names(&faults, entry as i64 + 1),
                "entry {}, column {column}, byte {byte}: {faults:?}",
                entry + 1
            );
            return;
        }
        let mut rows = self.rows.clone();
        flip(&mut rows[entry][column], byte);
        rows.sort_by_key(|row| row[SEQ].int().expect("a number"));
        if rows.windows(2).any(|pair| pair[0][SEQ] == pair[1][SEQ]) {
            return; // The primary key does not admit it.
        }
        let faults = self.walk(&rows).faults;
        assert!(names(&faults, entry as i64 + 1), "entry {}, column {column}, byte {byte}: {faults:?}", entry + 1);
    }
}

fn width(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Uuid(_) => 16,
    }
}

/// Flips the lowest bit of one byte: text stays text, because kinds of events are ASCII.
fn flip(value: &mut Value, byte: usize) {
    match value {
        Value::Null => {}
        Value::Int(number) => *number ^= 1 << (8 * byte),
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            bytes[byte] ^= 1;
            *text = String::from_utf8(bytes).expect("ASCII stays ASCII");
        }
        Value::Bytes(bytes) => bytes[byte] ^= 1,
        Value::Uuid(id) => {
            let mut bytes = *id.as_bytes();
            bytes[byte] ^= 1;
            *id = uuid::Uuid::from_bytes(bytes);
        }
    }
}

/// Whether the first fault is about this entry: its link, or that it is not where it belongs.
fn names(faults: &[Fault], seq: i64) -> bool {
    match faults.first() {
        Some(Fault::BrokenLink { seq: found, .. } | Fault::AnchorBroken { seq: found, .. }) => *found == seq,
        // An entry whose number fell below others is the one found; one that rose leaves the gap.
        Some(Fault::Gap { expected, found, .. }) => *expected == seq || *found != seq && *found < *expected,
        Some(Fault::WrongHead { last, .. }) => *last + 1 == seq,
        _ => false,
    }
}

/// Hashes everything from `first` on anew, as somebody would who knows how the chain is made.
fn forge(rows: &mut [Row], first: usize) {
    let mut before = if first == 0 { genesis(STREAM) } else { hash_of(&rows[first - 1]) };
    for (at, row) in rows.iter_mut().enumerate().skip(first) {
        row[SEQ] = Value::Int(at as i64 + 1);
        before = chain_hash(&before, row).to_vec();
        let last = row.len() - 1;
        row[last] = Value::Bytes(before.clone());
    }
}

/// The first anchor at or after an entry (counted from 0), if there is one.
fn anchor_after(sound: &Sound, entry: usize) -> Option<i64> {
    sound.anchors.iter().map(|(seq, _)| *seq).find(|seq| *seq > entry as i64)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_is_found_where_it_is() {
    let mut sound = Sound::chain().await;
    let places = sound.places();
    // An odd stride: rows differ in length, so it comes to every column in every part of the chain.
    let stride = places.len() / SAMPLE;
    for place in places.into_iter().step_by(stride | 1) {
        sound.flip_is_found(place);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "exhaustive: minutes"]
async fn every_flipped_byte_is_found_where_it_is() {
    let mut sound = Sound::chain().await;
    let places = sound.places();
    println!("{} flips", places.len());
    places.into_iter().for_each(|place| sound.flip_is_found(place));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deletion_is_found_where_it_is() {
    let sound = Sound::chain().await;
    for entry in 0..ENTRIES {
        let mut rows = sound.rows.clone();
        rows.remove(entry);
        assert!(names(&sound.walk(&rows).faults, entry as i64 + 1), "entry {}", entry + 1);
        forge(&mut rows, entry);
        let forged = sound.walk_covered(&rows);
        assert_eq!(first_anchor(&forged), anchor_after(&sound, entry), "entry {} with new hashes", entry + 1);
    }
}

fn first_anchor(chain: &Chain) -> Option<i64> {
    chain.faults.iter().find_map(|fault| match fault {
        Fault::AnchorBroken { seq, .. } => Some(*seq),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_swap_of_neighbours_is_found_where_it_is() {
    let sound = Sound::chain().await;
    for entry in 0..ENTRIES - 1 {
        let mut rows = sound.rows.clone();
        rows.swap(entry, entry + 1);
        let number = rows[entry][SEQ].clone();
        rows[entry][SEQ] = rows[entry + 1][SEQ].clone();
        rows[entry + 1][SEQ] = number;
        assert!(names(&sound.walk(&rows).faults, entry as i64 + 1), "entry {}", entry + 1);
        forge(&mut rows, entry);
        let forged = sound.walk_covered(&rows);
        assert_eq!(first_anchor(&forged), anchor_after(&sound, entry), "entry {} with new hashes", entry + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_insertion_is_found_where_it_is() {
    let sound = Sound::chain().await;
    for entry in 0..ENTRIES {
        let mut rows = sound.rows.clone();
        rows.insert(entry, sound.rows[ENTRIES - 1 - entry].clone());
        for (at, row) in rows.iter_mut().enumerate().skip(entry) {
            row[SEQ] = Value::Int(at as i64 + 1);
        }
        assert!(names(&sound.walk(&rows).faults, entry as i64 + 1), "before entry {}", entry + 1);
        forge(&mut rows, entry);
        let forged = sound.walk_covered(&rows);
        assert_eq!(first_anchor(&forged), anchor_after(&sound, entry), "before entry {}, new hashes", entry + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncation_is_found_by_the_head_and_covered_up_by_the_anchors() {
    let sound = Sound::chain().await;
    for kept in 0..ENTRIES {
        let rows = &sound.rows[..kept];
        let found = sound.walk(rows).faults;
        let wrong = Fault::WrongHead { stream: STREAM, head: ENTRIES as i64, last: kept as i64 };
        assert!(found.contains(&wrong), "{kept} kept: {found:?}");
        let covered = sound.walk_covered(rows);
        assert_eq!(first_anchor(&covered), anchor_after(&sound, kept), "{kept} kept under a head that fits");
        let proven = sound.anchors.iter().map(|(seq, _)| *seq).filter(|seq| *seq <= kept as i64).max().unwrap_or(0);
        assert_eq!(covered.unproven, kept as i64 - proven, "entries after the last anchor are unproven");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_to_the_database_is_found_by_verify() {
    for engine in engines() {
        let written = async || {
            let stage = Stage::new(engine).await;
            let batch = (0..20).map(|n| scene::caused(u128::from(n) + 1, StreamId(STREAM), scene::register(n)));
            for outcome in stage.store.submit(batch.collect()).await {
                assert!(outcome.expect("it is written").is_accepted());
            }
            stage.verified().await;
            stage
        };
        let stage = written().await;
        damage::flip_payload(stage.url(), STREAM, 7, 3).await.expect("the damage is done");
        assert!(names(&faults(&stage).await, 7), "{engine:?}: a flip");
        let stage = written().await;
        damage::delete_entry(stage.url(), STREAM, 7).await.expect("the damage is done");
        assert!(faults(&stage).await.contains(&Fault::Gap { stream: STREAM, expected: 7, found: 8 }), "{engine:?}");
        // Below the first number, above the last, and in a stream that nobody made.
        for (stream, seq) in [(STREAM, 0), (STREAM, i64::MIN), (STREAM, i64::MAX), (9, 1)] {
            let stage = written().await;
            damage::copy_entry(stage.url(), STREAM, 7, stream, seq).await.expect("the damage is done");
            let found = faults(&stage).await;
            let is_named = |fault: &Fault| matches!(fault, Fault::BrokenLink { stream: of, seq: at, .. } if (*of, *at) == (stream, seq));
            assert!(found.iter().any(is_named), "{engine:?}: {stream}/{seq}: {found:?}");
        }
    }
}

async fn faults(stage: &Stage) -> Vec<Fault> {
    let report = stage.store.verify(&Default::default(), stage.folder.path(), |_| {}).await.expect("verify runs");
    report.faults
}
