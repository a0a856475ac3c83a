//! A line list of any length for import tests: mostly new people, and known shares of near-duplicates,
//! of people who are in the register already, and of bad rows.
//!
//! Each row is a function of its number, so a list of a million rows needs no memory and any row can be
//! asked for again. Two new people may agree in name and birth date by chance; their identity numbers differ.

mod columns;
mod row;

use std::io::Write;

use jiff::civil::Date;
use serde::Serialize;

use crate::district::World;
use crate::rng::{Purpose, Stream};

pub use columns::{
    CLASSIFICATION, COLUMN_COUNT, COLUMNS, Column, DISEASE, OUTCOME, SAMPLE_TYPE, SEVERITY, SEX, SYMPTOMS,
    TEST_RESULT,
};

/// The mapping file that reads the list (`firebreak import --as linelist --map`).
pub const MAPPING: &str = include_str!("mapping.toml");

/// What to write. Shares are exact in every full hundred of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineListSpec {
    pub rows: u32,
    /// The day the list was taken: no date of a good row is later.
    pub as_of: Date,
    /// Updates are about the first so many people of the world.
    pub base_people: u32,
    pub near_duplicate_percent: u32,
    pub bad_percent: u32,
    pub update_percent: u32,
}

impl LineListSpec {
    /// 3 % near-duplicates, 1 % bad rows, 2 % updates of the first `base_people` people.
    #[must_use]
    pub fn new(rows: u32, as_of: Date, base_people: u32) -> LineListSpec {
        LineListSpec { rows, as_of, base_people, near_duplicate_percent: 3, bad_percent: 1, update_percent: 2 }
    }
}

/// Why a list cannot be written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineListError {
    #[error(
        "base_people {base_people} is more than the world's {population} people: lower it or generate a larger world"
    )]
    BasePeople { base_people: u32, population: u32 },
    #[error("the shares add up to {0} %: leave at least 1 % for new people")]
    Shares(u32),
    #[error(
        "{rows} rows and {population} people need more than the 5,000,000 distinct identity numbers: lower one of them"
    )]
    TooMany { rows: u32, population: u32 },
}

/// What differs in the second report of a person. It bears no identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateChange {
    /// One character of the given name mistyped, by sound where possible.
    NameTypo,
    /// Two digits of the birth date exchanged; the date is still possible.
    BirthDateTransposed,
    /// Another telephone number.
    PhoneChanged,
}

/// What is new about a person of the register, beside the case. Name, birth date, sex and identity number are the register's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateChange {
    /// Only the case is new.
    CaseOnly,
    Phone,
    Address,
}

/// What is wrong with a bad row. Exactly one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// The onset date is not in the calendar.
    ImpossibleDate,
    /// The report time is after `as_of`.
    FutureDate,
    /// The classification is not a known word.
    UnknownCode,
    /// The name is empty.
    MissingName,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RowKind {
    /// Somebody the register does not have.
    New,
    /// The person of an earlier row once more, with something different.
    NearDuplicate {
        of: u32,
        change: DuplicateChange,
    },
    /// A person of the register.
    Update {
        person: u32,
        change: UpdateChange,
    },
    Bad {
        defect: Defect,
    },
}

/// How many rows of each kind were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Accounting {
    pub rows: u32,
    pub new_people: u32,
    pub name_typos: u32,
    pub transposed_birth_dates: u32,
    pub changed_phones: u32,
    pub updates_case_only: u32,
    pub updates_phone: u32,
    pub updates_address: u32,
    /// Different people among the updates.
    pub updated_people: u32,
    pub impossible_dates: u32,
    pub future_dates: u32,
    pub unknown_codes: u32,
    pub missing_names: u32,
}

impl Accounting {
    /// Near-duplicates of all kinds.
    #[must_use]
    pub fn near_duplicates(&self) -> u32 {
        self.name_typos + self.transposed_birth_dates + self.changed_phones
    }

    /// Rows about people of the register.
    #[must_use]
    pub fn updates(&self) -> u32 {
        self.updates_case_only + self.updates_phone + self.updates_address
    }

    /// Bad rows of all kinds.
    #[must_use]
    pub fn bad(&self) -> u32 {
        self.impossible_dates + self.future_dates + self.unknown_codes + self.missing_names
    }

    fn count(&mut self, kind: RowKind) {
        self.rows += 1;
        let counter = match kind {
            RowKind::New => &mut self.new_people,
            RowKind::NearDuplicate { change: DuplicateChange::NameTypo, .. } => &mut self.name_typos,
            RowKind::NearDuplicate { change: DuplicateChange::BirthDateTransposed, .. } => {
                &mut self.transposed_birth_dates
            }
            RowKind::NearDuplicate { change: DuplicateChange::PhoneChanged, .. } => &mut self.changed_phones,
            RowKind::Update { change: UpdateChange::CaseOnly, .. } => &mut self.updates_case_only,
            RowKind::Update { change: UpdateChange::Phone, .. } => &mut self.updates_phone,
            RowKind::Update { change: UpdateChange::Address, .. } => &mut self.updates_address,
            RowKind::Bad { defect: Defect::ImpossibleDate } => &mut self.impossible_dates,
            RowKind::Bad { defect: Defect::FutureDate } => &mut self.future_dates,
            RowKind::Bad { defect: Defect::UnknownCode } => &mut self.unknown_codes,
            RowKind::Bad { defect: Defect::MissingName } => &mut self.missing_names,
        };
        *counter += 1;
    }
}

/// The slot of a row in its hundred, before it is made into a kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    New,
    /// The number of near-duplicates, updates or bad rows before this one, about.
    NearDuplicate(u32),
    Update(u32),
    Bad(u32),
}

/// A line list about a world.
#[derive(Debug)]
pub struct LineList<'w> {
    world: &'w World,
    spec: LineListSpec,
    /// Step and shift of the permutation that chooses whom the updates are about.
    person_step: (u64, u64),
}

/// Multipliers that share no factor with 100.
const STEPS: [u32; 16] = [1, 3, 7, 9, 11, 13, 17, 19, 21, 23, 27, 29, 31, 33, 37, 39];

impl<'w> LineList<'w> {
    /// Prepares a list; nothing is generated yet.
    ///
    /// # Errors
    /// [`LineListError`] when the specification does not fit the world.
    pub fn new(world: &'w World, spec: LineListSpec) -> Result<LineList<'w>, LineListError> {
        let population = world.spec().population;
        if spec.base_people > population {
            return Err(LineListError::BasePeople { base_people: spec.base_people, population });
        }
        let shares = spec.near_duplicate_percent.saturating_add(spec.bad_percent).saturating_add(spec.update_percent);
        if shares > 99 {
            return Err(LineListError::Shares(shares));
        }
        if u64::from(population) + u64::from(spec.rows) > u64::from(crate::identity::DISTINCT_PEOPLE) {
            return Err(LineListError::TooMany { rows: spec.rows, population });
        }
        let mut stream = Stream::new(world.spec().seed, Purpose::LineListSlots, 0, u32::MAX);
        let people = u64::from(spec.base_people.max(1));
        let mut step = u64::from(stream.below(spec.base_people.max(1))).max(1);
        while common_divisor(step, people) != 1 {
            step += 1;
        }
        Ok(LineList { world, person_step: (step, u64::from(stream.word())), spec })
    }

    /// What row `row` (from 0, header not counted) is. Rows beyond the list have kinds too.
    #[must_use]
    pub fn kind(&self, row: u32) -> RowKind {
        match self.slot(row) {
            Slot::New => RowKind::New,
            Slot::NearDuplicate(ordinal) => self.near_duplicate(row, ordinal),
            Slot::Update(ordinal) => RowKind::Update {
                person: self.updated_person(ordinal),
                change: [UpdateChange::CaseOnly, UpdateChange::Phone, UpdateChange::Address][ordinal as usize % 3],
            },
            Slot::Bad(ordinal) => RowKind::Bad {
                defect: [Defect::ImpossibleDate, Defect::FutureDate, Defect::UnknownCode, Defect::MissingName]
                    [ordinal as usize % 4],
            },
        }
    }

    /// The cells of a row, in the order of [`COLUMNS`].
    #[must_use]
    pub fn row(&self, row: u32) -> [String; COLUMN_COUNT] {
        row::cells(self, row, self.kind(row))
    }

    /// Writes the header and all rows as CSV in UTF-8 and says what was written.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: impl Write) -> std::io::Result<Accounting> {
        let mut writer = csv::Writer::from_writer(out);
        let mut accounting = Accounting::default();
        writer.write_record(COLUMNS.map(|column| column.header)).map_err(cause)?;
        for row in 0..self.spec.rows {
            let kind = self.kind(row);
            writer.write_record(row::cells(self, row, kind)).map_err(cause)?;
            accounting.count(kind);
        }
        writer.flush()?;
        // Updates go through the people in a permutation: nobody twice before everybody once.
        accounting.updated_people = accounting.updates().min(self.spec.base_people);
        Ok(accounting)
    }

    fn slot(&self, row: u32) -> Slot {
        let (hundred, place) = (row / 100, row % 100);
        let mut stream = Stream::new(self.world.spec().seed, Purpose::LineListSlots, 0, hundred);
        let step = *stream.pick(&STEPS);
        // The first row of all is a new person, so that every near-duplicate has somebody before it.
        let shift = if hundred == 0 { 99 } else { stream.below(100) };
        let slot = (place * step + shift) % 100;
        let near = self.spec.near_duplicate_percent;
        let bad = near + self.spec.bad_percent;
        let update = bad + self.spec.update_percent;
        match slot {
            slot if slot < near => Slot::NearDuplicate(hundred * near + slot),
            slot if slot < bad => Slot::Bad(hundred * self.spec.bad_percent + slot - near),
            slot if slot < update && self.spec.base_people > 0 => {
                Slot::Update(hundred * self.spec.update_percent + slot - bad)
            }
            _ => Slot::New,
        }
    }

    fn updated_person(&self, ordinal: u32) -> u32 {
        let (step, shift) = self.person_step;
        ((u64::from(ordinal) * step + shift) % u64::from(self.spec.base_people.max(1))) as u32
    }

    /// An earlier row with a new person, and what differs. A birth date without two digits to exchange gets another
    /// telephone number instead.
    fn near_duplicate(&self, row: u32, ordinal: u32) -> RowKind {
        let mut of = Stream::new(self.world.spec().seed, Purpose::LineListChange, 0, row).below(row);
        while of > 0 && self.slot(of) != Slot::New {
            of -= 1;
        }
        let change = match ordinal % 3 {
            0 => DuplicateChange::NameTypo,
            1 if row::transposed(row::newcomer(self, of).born, self.spec.as_of).is_some() => {
                DuplicateChange::BirthDateTransposed
            }
            _ => DuplicateChange::PhoneChanged,
        };
        RowKind::NearDuplicate { of, change }
    }
}

/// The error of `out` itself, so that a caller can tell a full disk.
fn cause(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
