//! A two-week outbreak in a [`World`](crate::World): the hidden truth ([`Infection`]) and the records a response leaves.
//!
//! Parts: [`natural_history`] (what an infection does to one person), [`mixing`] (who meets whom),
//! [`transmission`] (who infects whom), `response` (what is found and done), [`records`] (what is written
//! down), [`follow_up`] (the daily rounds). Days run in three steps: reports arrive, people meet, swabs are taken.
//!
//! Left out on purpose: immunity, households moving, false positives, infection inside quarantine, and staff who get tired.

pub mod follow_up;
pub mod mixing;
pub mod natural_history;
pub mod records;
mod response;
pub mod transmission;

use serde::Serialize;

use crate::district::{SpecError, World};

pub use follow_up::{FollowUpEntry, FollowUpOutcome, Mode};
pub use mixing::Setting;
pub use natural_history::{Severity, Symptom};
pub use records::{
    CaseRecord, Classification, ContactEnd, ContactRecord, DropReason, ExposureRecord, Outcome, Placement, Ring,
};
pub use response::SampleReason;
pub use transmission::Infection;

use mixing::Mixing;
use response::Response;
use transmission::Spread;

/// What happens in the outbreak. `OutbreakSpec::for_population` gives the exercise's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutbreakSpec {
    /// Days simulated, day 0 included.
    pub days: u32,
    /// People who arrive infected in the first three days.
    pub imported: u32,
    /// Infectiousness in percent of the usual; 0 for none.
    pub transmissibility_percent: u32,
    /// Contacts are searched this many days before onset or first positive swab (4 since Delta, domain.md §1.1).
    pub lookback_days: u32,
    /// Contacts are followed this many days after the last exposure.
    pub follow_up_days: u32,
    /// Follow-up rounds a day, 1 or 2.
    pub slots_per_day: u8,
    /// Whether contacts are searched and quarantined.
    pub tracing: bool,
    /// Whether everybody is swabbed every three days after the first report.
    pub screening: bool,
    /// Whether schools and gatherings are closed after the first report.
    pub closures: bool,
}

impl OutbreakSpec {
    /// Fourteen days that give a few hundred cases in a district of 20,000.
    #[must_use]
    pub fn for_population(population: u32) -> OutbreakSpec {
        OutbreakSpec {
            days: 14,
            imported: (population / 1_000).max(3),
            transmissibility_percent: 100,
            lookback_days: 4,
            follow_up_days: 14,
            slots_per_day: 2,
            tracing: true,
            screening: true,
            closures: true,
        }
    }

    fn end_minute(&self) -> i32 {
        self.days as i32 * 1_440
    }
}

/// An outbreak that has run. Lists are in order of time: infections of infection, cases of report,
/// exposures of interview, contacts of naming, entries of contact and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outbreak {
    pub spec: OutbreakSpec,
    /// The truth, found or not.
    pub infections: Vec<Infection>,
    pub cases: Vec<CaseRecord>,
    pub exposures: Vec<ExposureRecord>,
    pub contacts: Vec<ContactRecord>,
    pub follow_up: Vec<FollowUpEntry>,
    /// Instant of the first report, milliseconds UTC.
    pub alert_at: Option<i64>,
    /// The instant the records end, milliseconds UTC.
    pub ends_at: i64,
}

impl Outbreak {
    /// Runs the outbreak in a world. The same world and specification give the same records.
    ///
    /// # Errors
    /// [`SpecError::Days`] when `days` is not 1 to 60.
    pub fn run(world: &World, spec: OutbreakSpec) -> Result<Outbreak, SpecError> {
        if spec.days == 0 || spec.days > 60 {
            return Err(SpecError::Days(spec.days));
        }
        let mixing = Mixing::new(world);
        let mut spread = Spread::new(world, &spec);
        let mut response = Response::new(&spec);
        spread.import(world, spec.imported);
        for day in 0..spec.days as i32 {
            response.receive(world, &mixing, &mut spread, day);
            spread.spend_day(world, &mixing, day, response.measures());
            response.sample(world, &spread, day);
        }
        let mut written = records::write(world, &spec, &spread, &response);
        let follow_up = follow_up::write(world, &spec, &spread, &mut written);
        let clock = world.clock();
        Ok(Outbreak {
            infections: spread.infections,
            alert_at: written.cases.first().map(|case| case.reported_at),
            cases: written.cases,
            exposures: written.exposures,
            contacts: written.contacts,
            follow_up,
            ends_at: clock.instant(spec.end_minute()),
            spec,
        })
    }

    /// A hash over everything in the outbreak: equal for equal outbreaks.
    #[must_use]
    pub fn digest(&self) -> String {
        crate::digest(self)
    }
}
