//! Comparing tables without sorting: a sum over keyed hashes of rows. It is the same in every order, and nobody who
//! changed a table could have known the key, which is drawn anew for each run: 256 bits of sums of a keyed function, so
//! other rows with the same sums cannot be chosen.

use crate::{engine::Found, table::Table, value::Value};

/// The rows of one table, whatever their order.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Sum {
    pub rows: i64,
    parts: [u64; 4],
}

/// Hashes rows under the run's key.
pub(super) struct Summing {
    hasher: blake3::Hasher,
    bytes: Vec<u8>,
}

impl Summing {
    pub fn new(key: &[u8; 32]) -> Self {
        Self { hasher: blake3::Hasher::new_keyed(key), bytes: Vec::with_capacity(1_024) }
    }

    pub fn add(&mut self, sum: &mut Sum, table: &Table, row: &[Value]) {
        self.bytes.clear();
        self.take(sum, table, row);
    }

    /// A row as it was found: one with a misfit equals no row that replay makes.
    pub fn add_found(&mut self, sum: &mut Sum, table: &Table, found: &Found) {
        self.bytes.clear();
        self.bytes.extend(found.misfit.map(|_| 0xff));
        self.take(sum, table, &found.row);
    }

    fn take(&mut self, sum: &mut Sum, table: &Table, row: &[Value]) {
        row.iter().for_each(|value| value.canonical(&mut self.bytes));
        self.hasher.reset().update(table.name.as_bytes()).update(&[0]).update(&self.bytes);
        let hash = self.hasher.finalize();
        for (part, bytes) in sum.parts.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            *part = part.wrapping_add(u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
        }
        sum.rows += 1;
    }
}
