//! From mapped records to commands of the domain. Pure: what was found in the register comes in as [`Known`], what has
//! to be done goes out as commands under ids computed from the import and the row, so that a second run makes the same.
//!
//! A machine never merges: an exact identifier is the same record, a likeness makes a suspected pair (DESIGN §13.2). A
//! blank cell says nothing, `(clear)` empties; what was changed in the file and here is merged by what files knew before
//! (§13.13). A classification without findings is kept as reported (§13.7).

mod cases;
mod changes;
mod contacts;
mod exposures;
mod known;
mod people;
mod places;
mod read;
mod samples;

pub use known::{Known, Lookup, Origin};

use crate::{MappedRecord, Noun, RowError, Value, map::Kind};
use domain::{
    date::KnownDate,
    id::{self, ImportId, JurisdictionId, OutbreakId},
    kernel::{Aggregate, Command},
    noun::import::Counts,
};
use jiff::tz::TimeZone;
use uuid::Uuid;

/// What became, or is to become, of one row. Of several records in a row the greatest stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// All it says is there already.
    Unchanged,
    /// Changes a record.
    Updated,
    /// Makes a record.
    Created,
    /// Makes a record that may be of somebody already here.
    Duplicate,
    /// Names something not yet known.
    Waiting,
    /// Changed here too.
    Conflict,
    /// Refused.
    Refused,
}

impl Verdict {
    /// Counts the row under it.
    pub fn count(self, counts: &mut Counts, by: i64) {
        *match self {
            Self::Unchanged => &mut counts.unchanged,
            Self::Updated => &mut counts.updated,
            Self::Created => &mut counts.created,
            Self::Duplicate => &mut counts.duplicate,
            Self::Waiting => &mut counts.waiting,
            Self::Conflict => &mut counts.conflict,
            Self::Refused => &mut counts.refused,
        } += by;
    }
}

/// What holds for the whole import.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The import.
    pub import: ImportId,
    /// Imports of the very same file that made records before. A row without an id of its own is found by what it made then.
    pub earlier: Vec<ImportId>,
    /// Kind of the identifiers that the file's own ids become: the name of the system it came from.
    pub source: String,
    /// The area of records that name none.
    pub jurisdiction: JurisdictionId,
    /// The outbreak that cases, exposures and samples belong to, with its zone.
    pub outbreak: Option<(OutbreakId, TimeZone)>,
    /// Milliseconds UTC, for dates in the future.
    pub now: i64,
}

impl Settings {
    /// When the import was started, milliseconds UTC: it stands in front of its id.
    pub fn started_at(&self) -> i64 {
        started_at(self.import)
    }
}

/// The millisecond in front of an import's id.
pub fn started_at(import: ImportId) -> i64 {
    (import.0.as_u128() >> 80) as i64
}

/// One reason why a row is refused before anything of it is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The column it speaks of.
    pub column: Option<usize>,
    /// The rule's id.
    pub rule: &'static str,
    /// What to do.
    pub remedy: String,
}

/// What is to be done about one row.
#[derive(Default, Debug)]
pub struct RowPlan {
    /// What becomes of it if the door accepts everything.
    pub verdict: Option<Verdict>,
    /// Commands in the order they have to be decided.
    pub commands: Vec<Command>,
    /// Why it is refused; then nothing is done.
    pub faults: Vec<Fault>,
    /// Cells changed in the file and here: the fields' names, which the value here keeps.
    pub conflicts: Vec<&'static str>,
    /// Links whose ends are not known yet: to be planned again after the last row.
    pub deferred: Vec<MappedRecord>,
}

/// How a record ends that cannot be planned.
pub(crate) enum Stop {
    /// An end of a link is not known: it may come with a later row.
    Unknown(Fault),
    /// Refused.
    Fault(Fault),
}

/// Result of planning one record.
pub(crate) type Planned = Result<Verdict, Stop>;

/// Records made by one row under which its people are looked for when the file comes again. [P]
const MADE_BY_A_ROW: u8 = 8;

/// Plans rows against what is known.
pub struct Intake {
    settings: Settings,
    /// The register as far as this batch needs it, with what the batch itself makes.
    pub known: Known,
    row: u32,
    made: u8,
    /// People of this row found by what the row made before: each stands for one person of the row.
    found_again: Vec<Uuid>,
    commands: Vec<Command>,
    conflicts: Vec<&'static str>,
}

impl Intake {
    /// An intake that knows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, known: Known::default(), row: 0, made: 0, found_again: Vec::new(), commands: Vec::new(), conflicts: Vec::new() }
    }

    /// What holds for the whole import.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What planning these records will look for.
    pub fn lookups<'r>(&self, rows: impl Iterator<Item = (u32, &'r [MappedRecord])>) -> Lookup {
        let mut lookup = Lookup::default();
        for (row, record) in rows.flat_map(|(row, records)| records.iter().map(move |record| (row, record))) {
            lookup.row = row;
            self.look(record, &mut lookup);
            for field in &record.fields {
                if let (Kind::Reference, Value::Text(text)) = (field.to.target.kind, &field.value) {
                    lookup.ids.extend(known::own_id(text));
                }
            }
        }
        lookup
    }

    /// Why a row is refused whatever the register has.
    pub fn faults(&self, records: &[MappedRecord]) -> Vec<Fault> {
        let mut faults = Vec::new();
        records.iter().for_each(|record| read::check(record, &self.settings, &mut faults));
        faults
    }

    /// Plans one row. With `last`, what is not known yet will not come any more.
    pub fn row(&mut self, row: u32, records: &[MappedRecord], last: bool) -> RowPlan {
        self.row = row;
        // Ids of the second turn are apart from those of the first.
        self.made = if last { 64 } else { 0 };
        self.found_again.clear();
        self.commands.clear();
        self.conflicts.clear();
        let mut plan = RowPlan { faults: self.faults(records), ..RowPlan::default() };
        if !plan.faults.is_empty() {
            plan.verdict = Some(Verdict::Refused);
            return plan;
        }
        let mut verdict = None;
        for record in records {
            match self.record(record) {
                Ok(done) => verdict = verdict.max(Some(done)),
                Err(Stop::Unknown(_)) if !last => plan.deferred.push(record.clone()),
                Err(Stop::Unknown(fault) | Stop::Fault(fault)) => {
                    verdict = Some(Verdict::Refused);
                    plan.faults.push(fault);
                }
            }
        }
        plan.verdict = verdict;
        plan.commands = std::mem::take(&mut self.commands);
        plan.conflicts = std::mem::take(&mut self.conflicts);
        plan
    }

    fn record(&mut self, record: &MappedRecord) -> Planned {
        match record.noun {
            Noun::People => self.person_record(record),
            Noun::Places => self.place_record(record),
            Noun::Linelist => self.case_record(record),
            Noun::Contacts => self.contact_record(record),
            Noun::Exposures => self.exposure_record(record),
            Noun::Followups => self.follow_up_record(record),
            Noun::Results => self.result_record(record),
        }
    }

    fn outbreak(&self) -> Result<OutbreakId, Stop> {
        match &self.settings.outbreak {
            Some((id, _)) => Ok(*id),
            None => Err(Stop::Fault(Fault {
                column: None,
                rule: "intake.no_outbreak",
                remedy: "Name the outbreak these records belong to by --outbreak ID.".to_owned(),
            })),
        }
    }

    /// Ids under which earlier imports of the same file may have made records of a row.
    fn made_before(&self, row: u32) -> impl Iterator<Item = Uuid> {
        let earlier = self.settings.earlier.iter();
        earlier.flat_map(move |import| (0..MADE_BY_A_ROW).map(move |n| id::sequenced(import.0, row, n, started_at(*import))))
    }

    /// The next id of this row.
    fn fresh(&mut self) -> Uuid {
        let id = id::sequenced(self.settings.import.0, self.row, self.made, self.settings.started_at());
        self.made = self.made.wrapping_add(1);
        id
    }

    fn then(&mut self, command: impl Into<Command>) {
        self.commands.push(command.into());
    }

    /// Notes a record after a row, and what is known of it outside.
    fn settled(&mut self, id: Uuid, after: Aggregate, known: Option<Aggregate>, verdict: Verdict) -> Verdict {
        if let Some(known) = known {
            self.known.put_outside(id, known);
        }
        if verdict != Verdict::Unchanged {
            self.known.put(id, after);
        }
        verdict
    }

    /// Asks for what a row puts in the place of something that is no field of its own (an address, a household, the place
    /// around) and differs from it: updated, or in conflict where `known`, what files knew of a record that was rewritten
    /// here, is not what stands.
    fn put<T: PartialEq, C: Into<Command>>(
        &mut self,
        (id, field): (Uuid, &'static str),
        stands: T,
        known: Option<T>,
        command: impl FnOnce(T) -> C,
    ) -> Verdict {
        match known {
            Some(known) if known != stands => self.dispute(id, &[field], command(known).into()),
            _ => {
                self.then(command(stands));
                Verdict::Updated
            }
        }
    }

    /// Fields of a record that were changed in the file and here go to the conflict queue: the door finds that what files
    /// knew stands no more, and keeps the command (DESIGN §13.13). What lies there already is not put there again, and
    /// what a person decided stays so.
    fn dispute(&mut self, id: Uuid, fields: &[&'static str], command: Command) -> Verdict {
        let queued = self.known.disputed(id, &command);
        self.known.dispute(id, command.clone(), queued.unwrap_or(true));
        match queued {
            Some(false) => return Verdict::Unchanged,
            Some(true) => {}
            None => self.then(command),
        }
        self.conflicts.extend(fields);
        Verdict::Conflict
    }
}

/// Whether a day has begun nowhere yet (UTC+14 sees it first).
pub(crate) fn in_the_future(date: KnownDate, now: i64) -> bool {
    const FIRST_ZONE_MILLIS: i64 = 14 * 3_600_000;
    let today = jiff::Timestamp::from_millisecond(now.saturating_add(FIRST_ZONE_MILLIS))
        .map(|instant| TimeZone::UTC.to_datetime(instant).date());
    match (date.earliest(), today) {
        (Some(date), Ok(today)) => date > today,
        _ => false,
    }
}

/// A refusal's reason as the errors file has it.
pub fn row_error(number: u64, columns: &[String], cell: impl Fn(usize) -> String, fault: &Fault) -> RowError {
    let name = fault.column.and_then(|at| columns.get(at)).map_or("", String::as_str);
    let value = fault.column.map(cell).unwrap_or_default();
    RowError::new(number, name, &value, fault.rule, fault.remedy.clone())
}
