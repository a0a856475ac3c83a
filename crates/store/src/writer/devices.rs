//! Devices number their envelopes; a number that never came shows as a gap.

use super::unit::Unit;
use crate::{
    engine::{Arg, DbError, Tx},
    store::Store,
    tables::DEVICE,
    value::{ColumnType, Value},
};
use domain::kernel::group::Submission;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What one device has sent: the highest number, and the ranges below it that are missing.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
struct Sent {
    last: i64,
    gaps: Vec<(i64, i64)>,
}

impl Sent {
    fn take(&mut self, seq: i64) {
        if seq > self.last {
            if seq > self.last + 1 {
                self.gaps.push((self.last + 1, seq - 1));
            }
            self.last = seq;
            return;
        }
        // A late one fills its gap, splitting it where it lies inside.
        let mut left = Vec::with_capacity(self.gaps.len() + 1);
        for (first, last) in self.gaps.drain(..) {
            if seq < first || seq > last {
                left.push((first, last));
                continue;
            }
            if first < seq {
                left.push((first, seq - 1));
            }
            if seq < last {
                left.push((seq + 1, last));
            }
        }
        self.gaps = left;
    }
}

/// Notes the numbers of the group's devices.
pub(crate) async fn note(
    tx: &mut Tx,
    stream: i64,
    now: i64,
    submissions: &[Submission],
    unit: &mut Unit,
) -> Result<(), DbError> {
    let mut sent: BTreeMap<Uuid, Sent> = BTreeMap::new();
    let numbered = submissions.iter().filter_map(|submission| {
        submission.envelope.device.zip(submission.envelope.device_seq).map(|(device, seq)| (device.0, seq))
    });
    let numbered: Vec<(Uuid, i64)> = numbered.filter(|(_, seq)| *seq > 0).collect();
    if numbered.is_empty() {
        return Ok(());
    }
    let devices: Vec<Uuid> = numbered.iter().map(|(device, _)| *device).collect();
    let types = [ColumnType::Uuid, ColumnType::Int, ColumnType::Text];
    let sql = "SELECT device_id, last_seq, gaps FROM device WHERE stream = $1 AND device_id IN {2}";
    for row in tx.rows(sql, &[stream.into(), Arg::Uuids(devices)], &types).await? {
        let gaps = serde_json::from_str(row[2].text()?).unwrap_or_default();
        sent.insert(row[0].uuid()?, Sent { last: row[1].int()?, gaps });
    }
    for (device, seq) in numbered {
        sent.entry(device).or_default().take(seq);
    }
    for (device, sent) in sent {
        let gaps = serde_json::to_string(&sent.gaps).unwrap_or_else(|_| "[]".to_owned());
        unit.put(
            &DEVICE,
            vec![Value::Int(stream), Value::Uuid(device), Value::Int(sent.last), Value::Text(gaps), Value::Int(now)],
        );
    }
    Ok(())
}

/// A device whose numbers have gaps: what it sent under them never came.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Skipped {
    /// The stream it sends to.
    pub stream: i64,
    /// The device.
    pub device: Uuid,
    /// The ranges that are missing, first and last number.
    pub gaps: Vec<(i64, i64)>,
    /// When it last sent, milliseconds UTC.
    pub seen_at: i64,
}

impl Store {
    /// Devices that skipped numbers.
    pub async fn skipped(&self) -> Result<Vec<Skipped>, DbError> {
        let mut tx = self.read().await?;
        let sql = "SELECT stream, device_id, gaps, seen_at FROM device WHERE gaps <> '[]' ORDER BY stream, device_id";
        let types = [ColumnType::Int, ColumnType::Uuid, ColumnType::Text, ColumnType::Int];
        let rows = tx.rows(sql, &[], &types).await?;
        tx.roll_back().await?;
        let skipped = |row: &crate::value::Row| -> Result<Skipped, DbError> {
            let gaps = serde_json::from_str(row[2].text()?).unwrap_or_default();
            Ok(Skipped { stream: row[0].int()?, device: row[1].uuid()?, gaps, seen_at: row[3].int()? })
        };
        rows.iter().map(skipped).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Sent;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn gaps_are_exactly_the_numbers_that_never_came(mut seqs in proptest::collection::vec(1i64..40, 1..60)) {
            let mut sent = Sent::default();
            for seq in &seqs {
                sent.take(*seq);
            }
            let missing: Vec<i64> = sent.gaps.iter().flat_map(|(first, last)| *first..=*last).collect();
            seqs.sort_unstable();
            let last = *seqs.last().expect("at least one");
            let mut expected: Vec<i64> = (1..=last).filter(|seq| !seqs.contains(seq)).collect();
            expected.sort_unstable();
            let mut found = missing.clone();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(sent.last, last);
        }
    }
}
