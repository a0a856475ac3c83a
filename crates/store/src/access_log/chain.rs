//! The chain of the log: a row changed, taken out or put in shows.

use super::{ACCESS_LOG, ACCESS_LOG_HEAD};
use crate::{
    anchor,
    engine::{DbError, Engine, Found, Tx},
    store::Store,
    upkeep::Head,
    value::{ColumnType, Value},
    verify::integers,
};
use futures_util::TryStreamExt as _;
use std::collections::BTreeMap;

const TAG: &[u8] = b"firebreak access log 1";

/// Hash of one row: a tag, the hash before it, and every column but the hash itself.
pub(super) fn hash_of(previous: &[u8], row: &[Value]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TAG).update(previous);
    let mut bytes = Vec::new();
    for value in &row[..(ACCESS_LOG.columns.len() - 1).min(row.len())] {
        value.canonical(&mut bytes);
    }
    hasher.update(&bytes);
    *hasher.finalize().as_bytes()
}

/// The hash before the first row of a stream of the log.
pub(super) fn genesis(stream: i64) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"firebreak access log genesis 1").update(&stream.to_be_bytes());
    hasher.finalize().as_bytes().to_vec()
}

/// One place where the log is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum LogFault {
    /// A row's hash does not follow from its columns and the row before.
    BrokenLink {
        /// The log's stream.
        stream: i64,
        /// The row.
        seq: i64,
    },
    /// A number is missing.
    Gap {
        /// The log's stream.
        stream: i64,
        /// The number expected.
        expected: i64,
        /// The number found.
        found: i64,
    },
    /// The head is not the last row.
    WrongHead {
        /// The log's stream.
        stream: i64,
        /// What the head says.
        head: i64,
        /// The last row.
        last: i64,
    },
    /// Rows whose stream or number is no integer.
    Misplaced {
        /// How many.
        rows: i64,
    },
    /// A row that was anchored is gone or differs.
    AnchorBroken {
        /// The log's stream.
        stream: i64,
        /// The anchored row.
        seq: i64,
    },
}

/// What verifying the log found.
#[derive(Clone, Default, PartialEq, Eq, Debug, serde::Serialize)]
pub struct LogReport {
    /// Rows read.
    pub rows: i64,
    /// The last hash of each stream of the log, hexadecimal: what an anchor signs.
    pub heads: BTreeMap<i64, (i64, String)>,
    /// Rows after the last anchor, per stream of the log: unproven.
    pub unproven: BTreeMap<i64, i64>,
    /// What is wrong; empty when all is well.
    pub faults: Vec<LogFault>,
}

struct Walk {
    stream: i64,
    last: i64,
    hash: Vec<u8>,
    anchored: BTreeMap<i64, [u8; 32]>,
    proven: i64,
}

impl Walk {
    fn new(stream: i64, anchors: &BTreeMap<i64, Vec<(i64, [u8; 32])>>) -> Self {
        let anchored = anchors.get(&anchor::of_log(stream)).into_iter().flatten().copied().collect();
        Self { stream, last: 0, hash: genesis(stream), anchored, proven: 0 }
    }

    fn step(&mut self, found: &Found, faults: &mut Vec<LogFault>) {
        let (stream, expected) = (self.stream, self.last.saturating_add(1));
        let seq = found.row[1].opt_int().unwrap_or(expected);
        if seq != expected {
            faults.push(LogFault::Gap { stream, expected, found: seq });
        }
        let stored = found.row.last().and_then(|value| value.bytes().ok()).unwrap_or_default();
        if found.misfit.is_some() || stored != hash_of(&self.hash, &found.row) {
            faults.push(LogFault::BrokenLink { stream, seq });
        }
        match self.anchored.remove(&seq) {
            Some(anchor) if stored == anchor => self.proven = seq,
            Some(_) => faults.push(LogFault::AnchorBroken { stream, seq }),
            None => {}
        }
        self.hash = stored.to_vec();
        self.last = seq;
    }

    fn finish(&mut self, head: Option<(i64, Vec<u8>)>, faults: &mut Vec<LogFault>) {
        let (stream, (seq, hash)) = (self.stream, head.unwrap_or((-1, Vec::new())));
        if seq != self.last || hash != self.hash {
            faults.push(LogFault::WrongHead { stream, head: seq, last: self.last });
        }
        faults.extend(self.anchored.keys().map(|seq| LogFault::AnchorBroken { stream, seq: *seq }));
    }
}

/// Rows that stand under no integer, where the engine takes any value for one.
async fn misplaced(tx: &mut Tx) -> Result<Option<LogFault>, DbError> {
    if tx.engine() == Engine::Postgres {
        return Ok(None);
    }
    let sql = "SELECT COUNT(*) FROM access_log WHERE typeof(stream) <> 'integer' OR typeof(seq) <> 'integer'";
    let rows = tx.row(sql, &[], &[ColumnType::Int]).await?.and_then(|row| row[0].opt_int());
    Ok(rows.filter(|rows| *rows > 0).map(|rows| LogFault::Misplaced { rows }))
}

/// Rows read at a time.
const CHUNK: i64 = 2_000;

impl Store {
    /// Verifies the chain of the access log against anchors of its heads; without them a log cut off at its end, head
    /// included, is not found.
    pub async fn verify_access_log(
        &self,
        anchors: &BTreeMap<i64, Vec<(i64, [u8; 32])>>,
    ) -> Result<LogReport, DbError> {
        let mut tx = self.read().await?;
        let mut report = LogReport::default();
        report.faults.extend(misplaced(&mut tx).await?);
        let only = integers(tx.engine(), " WHERE", "stream");
        let sql = format!("SELECT stream FROM access_log_head{only} UNION SELECT stream FROM access_log{only}");
        let rows = tx.rows(&sql, &[], &[ColumnType::Int]).await?;
        let mut streams: std::collections::BTreeSet<i64> = rows.iter().filter_map(|row| row[0].opt_int()).collect();
        // A stream of the log that was anchored and is gone is found by its anchors.
        streams.extend(anchors.keys().filter(|stream| **stream < 0).map(|stream| anchor::of_log(*stream)));
        let sql = format!(
            "SELECT {} FROM access_log WHERE stream = $1 AND seq >= $2{} ORDER BY seq LIMIT {CHUNK}",
            ACCESS_LOG.column_list(),
            integers(tx.engine(), " AND", "seq")
        );
        for stream in streams {
            let mut walk = Walk::new(stream, anchors);
            let mut from = Some(i64::MIN);
            while let Some(first) = from {
                let args = vec![stream.into(), first.into()];
                let found: Vec<Found> = tx.found(sql.clone(), args, &ACCESS_LOG).try_collect().await?;
                if found.is_empty() {
                    break;
                }
                found.iter().for_each(|found| walk.step(found, &mut report.faults));
                from = walk.last.checked_add(1);
                report.rows += found.len() as i64;
            }
            let sql = format!("SELECT {} FROM access_log_head WHERE stream = $1", ACCESS_LOG_HEAD.column_list());
            let head = tx.found(sql, vec![stream.into()], &ACCESS_LOG_HEAD).try_next().await?;
            let head = head.and_then(|head| Some((head.row[1].opt_int()?, head.row[2].bytes().ok()?.to_vec())));
            walk.finish(head, &mut report.faults);
            report.unproven.insert(stream, walk.last.saturating_sub(walk.proven));
            let hex = walk.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            report.heads.insert(stream, (walk.last, hex));
        }
        tx.roll_back().await?;
        Ok(report)
    }

    /// The last row of every stream of the log, under the numbers by which they are anchored.
    pub async fn log_heads(&self) -> Result<Vec<Head>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT stream, seq, hash FROM access_log_head WHERE seq > 0 ORDER BY stream";
        let rows = tx.rows(sql, &[], &[ColumnType::Int, ColumnType::Int, ColumnType::Bytes]).await?;
        tx.roll_back().await?;
        let head = |row: &crate::value::Row| -> Result<Head, DbError> {
            let hash = row[2].bytes()?.try_into();
            let hash =
                hash.map_err(|_| DbError::Schema("a log's head is not 32 bytes; run `firebreak verify`".into()))?;
            Ok(Head { stream: anchor::of_log(row[0].int()?), seq: row[1].int()?, hash })
        };
        rows.iter().map(head).collect()
    }
}
