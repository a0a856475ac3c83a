//! The chain of the log: a row changed, taken out or put in shows.

use super::ACCESS_LOG;
use crate::{
    engine::DbError,
    store::Store,
    value::{ColumnType, Row, Value},
};

const TAG: &[u8] = b"firebreak access log 1";

/// Hash of one row: a tag, the hash before it, and every column but the hash itself.
pub(super) fn hash_of(previous: &[u8], row: &[Value]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TAG).update(previous);
    for value in &row[..(ACCESS_LOG.columns.len() - 1).min(row.len())] {
        value.hash_into(&mut hasher);
    }
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
}

/// What verifying the log found.
#[derive(Clone, Default, PartialEq, Eq, Debug, serde::Serialize)]
pub struct LogReport {
    /// Rows read.
    pub rows: i64,
    /// The last hash of each stream of the log, hexadecimal: what an anchor signs.
    pub heads: std::collections::BTreeMap<i64, (i64, String)>,
    /// What is wrong; empty when all is well.
    pub faults: Vec<LogFault>,
}

struct Walk {
    stream: i64,
    last: i64,
    hash: Vec<u8>,
}

impl Walk {
    fn step(&mut self, row: &Row, faults: &mut Vec<LogFault>) -> Result<(), DbError> {
        let (stream, seq) = (self.stream, row[1].int()?);
        if seq != self.last + 1 {
            faults.push(LogFault::Gap { stream, expected: self.last + 1, found: seq });
        }
        let stored = row[ACCESS_LOG.columns.len() - 1].bytes()?;
        if stored != hash_of(&self.hash, row) {
            faults.push(LogFault::BrokenLink { stream, seq });
        }
        self.hash = stored.to_vec();
        self.last = seq;
        Ok(())
    }
}

/// Rows read at a time.
const CHUNK: i64 = 2_000;

impl Store {
    /// Verifies the chain of the access log. A log cut off at its end, head included, is found only by an anchor of
    /// its head ([`LogReport::heads`]).
    pub async fn verify_access_log(&self) -> Result<LogReport, DbError> {
        let mut tx = self.read().await?;
        let mut report = LogReport::default();
        let streams =
            "SELECT stream FROM access_log_head UNION SELECT DISTINCT stream FROM access_log ORDER BY stream";
        let streams: Vec<i64> =
            tx.rows(streams, &[], &[ColumnType::Int]).await?.iter().filter_map(|row| row[0].opt_int()).collect();
        let sql = format!(
            "SELECT {} FROM access_log WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT {CHUNK}",
            ACCESS_LOG.column_list()
        );
        for stream in streams {
            let mut walk = Walk { stream, last: 0, hash: genesis(stream) };
            loop {
                let rows = tx.rows(&sql, &[stream.into(), walk.last.into()], &ACCESS_LOG.types()).await?;
                if rows.is_empty() {
                    break;
                }
                for row in &rows {
                    walk.step(row, &mut report.faults)?;
                }
                report.rows += rows.len() as i64;
            }
            let head = "SELECT seq, hash FROM access_log_head WHERE stream = $1";
            let head = tx.row(head, &[stream.into()], &[ColumnType::Int, ColumnType::Bytes]).await?;
            let (seq, hash) = match &head {
                Some(row) => (row[0].int()?, row[1].bytes()?.to_vec()),
                None => (-1, Vec::new()),
            };
            if seq != walk.last || hash != walk.hash {
                report.faults.push(LogFault::WrongHead { stream, head: seq, last: walk.last });
            }
            let hex = walk.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            report.heads.insert(stream, (walk.last, hex));
        }
        tx.roll_back().await?;
        Ok(report)
    }
}
