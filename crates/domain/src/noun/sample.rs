//! Samples: one specimen of one person, and what tests of it said. A positive is never refused (DESIGN §13.8).

use super::{
    About, MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, MatchKey, Noun, Of as _, at_most,
    case::{self, Case},
    evidence::same_person,
    outbreak::Outbreak,
    person::{Identifier, Person, fold_name},
};
use crate::{
    access::Action,
    date::KnownDate,
    fields,
    fields::{Kept, Open},
    id::{AccountId, CaseId, JurisdictionId, OutbreakId, PersonId, PlaceId, SampleId},
    journaled,
    kernel::{self, Context, Link, Needs, Relation, Stamp, World},
    pack::TestKind,
    refusal::Refusal,
    seal::{Clinical, FreeText, Identity, Reading},
    seals,
    when::{When, zone},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Specimen {
    /// Swab of the nasopharynx.
    NasopharyngealSwab,
    /// Swab of the throat.
    OropharyngealSwab,
    /// Swab of the nose.
    NasalSwab,
    /// Swab of the mouth (of the dead, in Ebola).
    OralSwab,
    /// Swab of a lesion.
    LesionSwab,
    /// Saliva.
    Saliva,
    /// Sputum.
    Sputum,
    /// Lavage or aspirate of the lower airways.
    LowerRespiratory,
    /// Whole blood.
    Blood,
    /// Serum.
    Serum,
    /// Urine.
    Urine,
    /// Stool.
    Stool,
    /// Another.
    Other,
}

/// What a test said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Found.
    Positive,
    /// Not found.
    Negative,
    /// Neither; to be repeated.
    Indeterminate,
    /// The run or the specimen was not fit.
    Invalid,
}

fields! {
    /// What is known of a sample.
    pub Fields, Given, Changes, Patch {
        /// When it was taken.
        sampled: Open<When>,
        /// What was taken.
        specimen: Open<Specimen>,
        /// Numbers by which laboratories and other systems know it.
        identifiers: Identity<Vec<Identifier>>,
        /// Anything else.
        note: FreeText<String>,
    }
}

fields! {
    /// What is known of one test of a sample.
    pub ResultFields, ResultGiven, ResultChanges, ResultPatch {
        /// Which test.
        test: Open<TestKind>,
        /// What it said.
        result: Open<Verdict>,
        /// When it was run.
        tested: Open<When>,
        /// When it was reported.
        reported: Open<When>,
        /// The laboratory.
        laboratory: Open<PlaceId>,
        /// The laboratory as written.
        laboratory_name: Clinical<String>,
        /// Whether laboratory and run stand behind it. Without them a result is kept unverified whatever is claimed.
        verified: Open<bool>,
    }
}

/// One test of a sample.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tested {
    /// What is known of it.
    pub fields: ResultFields,
    /// When it was recorded, milliseconds UTC.
    pub recorded_at: i64,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was last corrected.
    pub corrected_at: Option<i64>,
}

impl Tested {
    /// Which test and what it said.
    pub fn said(&self) -> Option<(TestKind, Verdict)> {
        Some((self.fields.test.as_ref()?.0, self.fields.result.as_ref()?.0))
    }

    /// Whether laboratory and run stand behind it.
    pub fn is_verified(&self) -> bool {
        self.fields.verified.as_ref().is_some_and(|verified| verified.0)
    }
}

/// A sample as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Its id.
    pub id: SampleId,
    /// Whose.
    pub person: PersonId,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area in charge: the case's, or the person's.
    pub jurisdiction: JurisdictionId,
    /// What is known.
    pub fields: Fields,
    /// Day it was taken, in the outbreak's zone.
    pub sampled_on: KnownDate,
    /// Tests, in the order they were recorded.
    pub results: Vec<Tested>,
    /// When it was marked as entered in error.
    pub entered_in_error_at: Option<i64>,
}

impl Sample {
    /// Whether any test found the pathogen, verified or not.
    pub fn is_positive(&self) -> bool {
        self.entered_in_error_at.is_none()
            && self.results.iter().any(|test| matches!(test.said(), Some((_, Verdict::Positive))))
    }
}

/// What can be asked of samples.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Records that a sample was taken.
    Collect {
        /// Its id.
        id: SampleId,
        /// Whose.
        person: PersonId,
        /// The case it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<CaseId>,
        /// In which outbreak.
        outbreak: OutbreakId,
        /// What is known.
        #[serde(default)]
        fields: Given,
    },
    /// Corrects fields.
    Correct {
        /// The sample.
        id: SampleId,
        /// The changes.
        changes: Changes,
    },
    /// Says to which case it belongs.
    LinkCase {
        /// The sample.
        id: SampleId,
        /// The case.
        case: CaseId,
    },
    /// Records what a test said.
    RecordResult {
        /// The sample.
        id: SampleId,
        /// What is known; `test` and `result` are required.
        fields: ResultGiven,
    },
    /// Corrects a result.
    CorrectResult {
        /// The sample.
        id: SampleId,
        /// Its place among the sample's results, from 0.
        n: u32,
        /// The changes.
        changes: ResultChanges,
    },
    /// Closes a sample that should never have been entered.
    MarkEnteredInError {
        /// The sample.
        id: SampleId,
    },
}

/// A sample was taken.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collected {
    /// Its id.
    pub id: SampleId,
    /// Whose.
    pub person: PersonId,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area in charge.
    pub jurisdiction: JurisdictionId,
    /// What is known.
    pub fields: Patch,
    /// Day it was taken, in the outbreak's zone.
    pub sampled_on: KnownDate,
}

/// Fields were corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The changes.
    pub changes: Patch,
    /// Day it was taken, after the correction.
    pub sampled_on: KnownDate,
}

/// It belongs to this case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedToCase {
    /// The case.
    pub case: CaseId,
}

/// A test was reported.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultRecorded {
    /// What is known.
    pub fields: ResultPatch,
}

/// A result was corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultCorrected {
    /// Its place among the sample's results.
    pub n: u32,
    /// The changes.
    pub changes: ResultPatch,
}

/// The sample should never have been entered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnteredInError {}

/// What happens to samples.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Taken.
    Collected(Collected),
    /// Corrected.
    Corrected(Corrected),
    /// Put to a case.
    LinkedToCase(LinkedToCase),
    /// Tested.
    ResultRecorded(ResultRecorded),
    /// A result corrected.
    ResultCorrected(ResultCorrected),
    /// Entered in error.
    EnteredInError(EnteredInError),
}

journaled!(Event:
    Collected "sample.collected" 1,
    Corrected "sample.corrected" 1,
    LinkedToCase "sample.linked_to_case" 1,
    ResultRecorded "sample.result_recorded" 1,
    ResultCorrected "sample.result_corrected" 1,
    EnteredInError "sample.entered_in_error" 1,
);
seals! {
    Tested: fields;
    Sample: fields, results;
    Collected: fields;
    Corrected: changes;
    LinkedToCase: ;
    ResultRecorded: fields;
    ResultCorrected: changes;
    EnteredInError: ;
}

impl Noun for Sample {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Collect { id, .. }
            | Command::Correct { id, .. }
            | Command::LinkCase { id, .. }
            | Command::RecordResult { id, .. }
            | Command::CorrectResult { id, .. }
            | Command::MarkEnteredInError { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Collect { .. } => Action::SampleCreate,
            Command::Correct { .. } | Command::LinkCase { .. } | Command::MarkEnteredInError { .. } => {
                Action::SampleCorrect
            }
            Command::RecordResult { .. } | Command::CorrectResult { .. } => Action::SampleRecordResult,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            // Who may take a sample is judged on what it hangs on: the case where there is one, else the person.
            Command::Collect { case: Some(case), person, outbreak, .. } => vec![
                (case.0, Action::SampleCreate),
                (person.0, Action::PersonRead),
                (outbreak.0, Action::OutbreakRead),
            ],
            Command::Collect { case: None, person, outbreak, .. } => {
                vec![(person.0, Action::SampleCreate), (outbreak.0, Action::OutbreakRead)]
            }
            Command::LinkCase { case, .. } => vec![(case.0, Action::SampleCreate)],
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        let known = known.get(Self::target(command)).and_then(|located| Self::of(&located.aggregate));
        match command {
            Command::Collect { person, case, outbreak, .. } => {
                needs.id(*person);
                needs.id(*outbreak);
                if let Some(case) = case {
                    needs.id(*case);
                }
            }
            Command::LinkCase { case, .. } => needs.id(*case),
            _ => {}
        }
        if let Some(sample) = known {
            needs.id(sample.outbreak);
            if let Some(case) = sample.case {
                needs.id(case);
                needs.referrers(case, Relation::SampleOfCase);
            }
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Collect { .. }) => collect(command, context),
            (Some(_), Command::Collect { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(Sample { entered_in_error_at: Some(_), .. }), _) => Err(Refusal::rule("entered_in_error")),
            (Some(sample), Command::Correct { changes, .. }) => correct(sample, changes, context),
            (Some(sample), Command::LinkCase { case, .. }) => {
                if sample.case == Some(*case) {
                    return Err(Refusal::rule("nothing_changes").at("case"));
                }
                fits(*case, sample.person, sample.outbreak, context)?;
                Ok(vec![Event::LinkedToCase(LinkedToCase { case: *case })])
            }
            (Some(sample), Command::RecordResult { fields, .. }) => record(sample, fields, context),
            (Some(sample), Command::CorrectResult { n, changes, .. }) => correct_result(sample, *n, changes, context),
            (Some(_), Command::MarkEnteredInError { .. }) => Ok(vec![Event::EnteredInError(EnteredInError {})]),
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let Some(mut sample) = this else {
            let Event::Collected(made) = event else { return None };
            let mut fields = Fields::default();
            made.fields.clone().apply(&mut fields);
            return Some(Self {
                id: made.id,
                person: made.person,
                case: made.case,
                outbreak: made.outbreak,
                jurisdiction: made.jurisdiction,
                fields,
                sampled_on: made.sampled_on,
                results: Vec::new(),
                entered_in_error_at: None,
            });
        };
        match event {
            Event::Collected(_) => return None,
            Event::Corrected(corrected) => {
                corrected.changes.clone().apply(&mut sample.fields);
                sample.sampled_on = corrected.sampled_on;
            }
            Event::LinkedToCase(linked) => sample.case = Some(linked.case),
            Event::ResultRecorded(made) => {
                let mut fields = ResultFields::default();
                made.fields.clone().apply(&mut fields);
                sample.results.push(Tested {
                    fields,
                    recorded_at: stamp.at,
                    recorded_by: stamp.actor,
                    corrected_at: None,
                });
            }
            Event::ResultCorrected(corrected) => {
                let tested = sample.results.get_mut(corrected.n as usize)?;
                corrected.changes.clone().apply(&mut tested.fields);
                tested.corrected_at = Some(stamp.at);
            }
            Event::EnteredInError(_) => sample.entered_in_error_at = Some(stamp.at),
        }
        Some(sample)
    }

    /// The case notes its first positive; what it is called stays for a person to sign (DESIGN §13.2).
    fn react(&self, event: &Event, _: &Context<'_>) -> Vec<kernel::Command> {
        if matches!(event, Event::Collected(_)) {
            return Vec::new();
        }
        let case = self.case.into_iter();
        case.map(|id| kernel::Command::Case(case::Command::Reassess { id })).collect()
    }

    fn about(&self) -> About {
        let case = self.case.map(|case| Link { target: case.0, relation: Relation::SampleOfCase });
        let person = Link { target: self.person.0, relation: Relation::SampleOfPerson };
        About {
            jurisdiction: Some(self.jurisdiction),
            subject: Some(self.person),
            links: case.into_iter().chain([person]).collect(),
        }
    }

    fn covered_by(&self) -> Vec<Uuid> {
        self.case.map(|case| case.0).into_iter().chain([self.person.0]).collect()
    }

    fn match_keys(&self, permit: &Reading) -> Vec<MatchKey> {
        let identifiers = self.fields.identifiers.iter().filter_map(|list| list.shown(permit)).flatten();
        identifiers
            .map(|identifier| MatchKey::new("sample", &[&identifier.kind, &fold_name(&identifier.number)]))
            .collect()
    }
}

fn collect(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::Collect { id, person, case, outbreak, fields } = command else {
        return Err(Refusal::rule("unknown_body"));
    };
    let owner = context.expect::<Person>(*person)?;
    let declared = context.expect::<Outbreak>(*outbreak)?;
    if let Some(kept) = owner.merged_into {
        return Err(Refusal::rule("merged_record").about(kept));
    }
    if declared.closed_at.is_some() {
        return Err(Refusal::rule("outbreak_closed").about(*outbreak));
    }
    check(fields, context.now)?;
    let jurisdiction = match case {
        Some(case) => fits(*case, *person, *outbreak, context)?.jurisdiction,
        None => owner.jurisdiction,
    };
    Ok(vec![Event::Collected(Collected {
        id: *id,
        person: *person,
        case: *case,
        outbreak: *outbreak,
        jurisdiction,
        fields: fields.clone().patch(),
        sampled_on: day(fields.sampled, declared),
    })])
}

/// The case, where it is one of this person in this outbreak.
fn fits<'a>(
    case: CaseId,
    person: PersonId,
    outbreak: OutbreakId,
    context: &Context<'a>,
) -> Result<&'a Case, Refusal> {
    let found = context.expect::<Case>(case)?;
    if found.outbreak != outbreak {
        return Err(Refusal::rule("wrong_outbreak").about(case));
    }
    if found.entered_in_error_at.is_some() {
        return Err(Refusal::rule("entered_in_error").about(case));
    }
    if !same_person(context, found.person, person) {
        return Err(Refusal::rule("wrong_person").about(case));
    }
    Ok(found)
}

fn day(sampled: Option<When>, outbreak: &Outbreak) -> KnownDate {
    sampled.map_or(KnownDate::NotAsked, |sampled| sampled.date(&zone(&outbreak.time_zone)))
}

fn correct(sample: &Sample, changes: &Changes, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let outbreak = context.expect::<Outbreak>(sample.outbreak)?;
    let given = Given {
        sampled: changes.sampled.as_ref().and_then(|change| change.to),
        specimen: None,
        identifiers: changes.identifiers.as_ref().and_then(|change| change.to.clone()),
        note: changes.note.as_ref().and_then(|change| change.to.clone()),
    };
    check(&given, context.now)?;
    let patch = changes.clone().judge(&sample.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    let mut fields = sample.fields.clone();
    patch.clone().apply(&mut fields);
    let sampled_on = day(fields.sampled.map(|sampled| sampled.0), outbreak);
    Ok(vec![Event::Corrected(Corrected { changes: patch, sampled_on })])
}

fn record(sample: &Sample, fields: &ResultGiven, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    if fields.test.is_none() || fields.result.is_none() {
        return Err(Refusal::rule("incomplete_result").at("fields"));
    }
    if sample.results.len() >= MAX_ENTRIES {
        return Err(Refusal::rule("too_many").at("fields"));
    }
    check_result(fields, context.now)?;
    // DESIGN §13.8: what lacks its run is kept, as unverified.
    let backed = (fields.laboratory.is_some() || fields.laboratory_name.is_some()) && fields.tested.is_some();
    let verified = Some(fields.verified == Some(true) && backed);
    Ok(vec![Event::ResultRecorded(ResultRecorded { fields: ResultGiven { verified, ..fields.clone() }.patch() })])
}

fn correct_result(
    sample: &Sample,
    n: u32,
    changes: &ResultChanges,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let Some(tested) = sample.results.get(n as usize) else {
        return Err(Refusal::rule("no_such_entry").at("n"));
    };
    let given = ResultGiven {
        tested: changes.tested.as_ref().and_then(|change| change.to),
        reported: changes.reported.as_ref().and_then(|change| change.to),
        laboratory_name: changes.laboratory_name.as_ref().and_then(|change| change.to.clone()),
        ..ResultGiven::default()
    };
    check_result(&given, context.now)?;
    let patch = changes.clone().judge(&tested.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    let mut after = tested.fields.clone();
    patch.clone().apply(&mut after);
    if after.test.is_none() || after.result.is_none() {
        return Err(Refusal::rule("incomplete_result").at("changes"));
    }
    let backed = (after.laboratory.is_some() || after.laboratory_name.is_some()) && after.tested.is_some();
    if after.verified == Some(Open(true)) && !backed {
        return Err(Refusal::rule("run_not_named").at("changes/verified"));
    }
    Ok(vec![Event::ResultCorrected(ResultCorrected { n, changes: patch })])
}

fn check(fields: &Given, now: i64) -> Result<(), Refusal> {
    if let Some(sampled) = fields.sampled {
        sampled.not_future("sampled", now)?;
    }
    if let Some(note) = &fields.note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    if fields.identifiers.as_ref().is_some_and(|list| list.len() > MAX_ENTRIES) {
        return Err(Refusal::rule("too_many").at("identifiers"));
    }
    for identifier in fields.identifiers.iter().flatten() {
        at_most("identifiers", &identifier.kind, MAX_LINE_CHARS)?;
        at_most("identifiers", &identifier.number, MAX_LINE_CHARS)?;
    }
    Ok(())
}

fn check_result(fields: &ResultGiven, now: i64) -> Result<(), Refusal> {
    for (pointer, when) in [("tested", fields.tested), ("reported", fields.reported)] {
        if let Some(when) = when {
            when.not_future(pointer, now)?;
        }
    }
    if let Some(name) = &fields.laboratory_name {
        at_most("laboratory_name", name, MAX_LINE_CHARS)?;
    }
    Ok(())
}
