//! How often one account, or one address before sign-in, may ask: token buckets, bounded in number.

use std::{collections::BTreeMap, net::IpAddr, sync::Mutex};
use uuid::Uuid;

/// Whose requests are counted together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Asker {
    /// A signed-in account.
    Account(Uuid),
    /// An address that is not signed in.
    Address(IpAddr),
    /// An address that tries to sign in.
    SignIn(IpAddr),
}

/// Most buckets kept. Full ones are forgotten first: they say nothing.
const MAX_BUCKETS: usize = 20_000;

#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of a request that may still be made.
    left: u64,
    at: i64,
}

/// The buckets.
#[derive(Default)]
pub struct Rates {
    buckets: Mutex<BTreeMap<Asker, Bucket>>,
}

impl Rates {
    /// Takes one request of `asker`; the seconds to wait when there is none left. `burst` requests fit a bucket, and
    /// `per_thousand_seconds` are added.
    pub fn take(&self, asker: Asker, now: i64, burst: u32, per_thousand_seconds: u64) -> Result<(), u32> {
        let full = u64::from(burst) * 1_000;
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS && !buckets.contains_key(&asker) {
            buckets.retain(|_, bucket| refilled(*bucket, now, full, per_thousand_seconds) < full);
            if buckets.len() >= MAX_BUCKETS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(asker).or_insert(Bucket { left: full, at: now });
        let left = refilled(*bucket, now, full, per_thousand_seconds);
        // Too short a time adds nothing, and then does not count as used either.
        if left > bucket.left || left == full {
            *bucket = Bucket { left, at: now };
        }
        if left < 1_000 {
            let missing = (1_000 - left) * 1_000;
            return Err(u32::try_from(missing.div_ceil(per_thousand_seconds.max(1)).div_ceil(1_000)).unwrap_or(3_600));
        }
        bucket.left = left - 1_000;
        Ok(())
    }
}

/// `per_thousand_seconds` requests in 1,000 s are as many millionths of a request in a millisecond.
fn refilled(bucket: Bucket, now: i64, full: u64, per_thousand_seconds: u64) -> u64 {
    let millis = u64::try_from(now - bucket.at).unwrap_or(0);
    bucket.left.saturating_add(millis.saturating_mul(per_thousand_seconds) / 1_000).min(full)
}
