//! Counter-based random numbers: Philox4x32-10.
//!
//! A stream is named, not stored: (seed, purpose, day, subject, other) is its key and counter, so a draw
//! for one person on one day does not depend on who was drawn before. That is what makes the same seed
//! give the same bytes for any order of work and any number of threads.
//!
//! Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// One block of Philox4x32 with ten rounds: four words from a counter and a key.
#[must_use]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let mut c = counter;
    let mut k = key;
    for round in 0..10 {
        if round > 0 {
            k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
        }
        let p0 = u64::from(MULTIPLIER[0]) * u64::from(c[0]);
        let p1 = u64::from(MULTIPLIER[1]) * u64::from(c[2]);
        c = [(p1 >> 32) as u32 ^ c[1] ^ k[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k[1], p0 as u32];
    }
    c
}

/// What a draw is for. The number is part of the counter: never renumber, only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    CommunitySize = 1,
    BuildingShape = 2,
    Vacancy = 3,
    HouseholdSize = 4,
    HouseholdMembers = 5,
    GivenName = 6,
    Work = 8,
    WorkplaceSize = 9,
    Commute = 10,
    Phone = 11,
    Import = 20,
    NaturalHistory = 21,
    Meeting = 22,
    Transmission = 23,
    CareSeeking = 24,
    Screening = 25,
    ContactTest = 26,
    Response = 27,
    Recall = 28,
    FollowUp = 29,
    Staffing = 30,
    Course = 31,
    CaseInterview = 32,
    LineListSlots = 40,
    LineListRow = 41,
    LineListChange = 42,
}

/// A stream of words under one name. Cheap to make (no state is kept anywhere else).
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

impl Stream {
    /// The stream of one subject (a person, household, community, row) on one day (0 when no day matters).
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, day: u32, subject: u32) -> Stream {
        Stream::pair(seed, purpose, day, subject, 0)
    }

    /// The stream of two subjects on one day. Order matters; pass the smaller first for an unordered pair.
    #[must_use]
    pub fn pair(seed: u64, purpose: Purpose, day: u32, subject: u32, other: u32) -> Stream {
        Stream {
            key: [seed as u32, (seed >> 32) as u32],
            counter: [u32::from(purpose as u8) << 24, day, subject, other],
            block: [0; 4],
            used: 4,
        }
    }

    /// The next 32 bits. After 2^26 words (24 bits of block number) a stream repeats itself.
    pub fn word(&mut self) -> u32 {
        if self.used == 4 {
            self.block = philox4x32_10(self.counter, self.key);
            let next = self.counter[0].wrapping_add(1) & 0x00FF_FFFF;
            self.counter[0] = (self.counter[0] & 0xFF00_0000) | next;
            self.used = 0;
        }
        let word = self.block[self.used];
        self.used += 1;
        word
    }

    /// Uniform in `0..bound`, without bias (Lemire 2019). 0 when `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.word()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Uniform in `low..=high`; `low` when the range is empty.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below((high.saturating_sub(low)).saturating_add(1))
    }

    /// True with a probability of `parts` in a million.
    pub fn ppm(&mut self, parts: u32) -> bool {
        self.below(1_000_000) < parts
    }

    /// True with a probability of `percent` in a hundred.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of a slice that is not empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// An index with the given weights (the sum must fit in 32 bits); the last one when all are 0.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        weights.len().saturating_sub(1)
    }
}
