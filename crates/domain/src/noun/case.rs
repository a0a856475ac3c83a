//! Cases: one infection episode of one person in one outbreak, with its classification and how it came about.

use super::{
    About, MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, MatchKey, Noun, at_most, exposure,
    outbreak::Outbreak,
    person::{Identifier, Person, fold_name, not_future},
};
use crate::{
    access::Action,
    date::KnownDate,
    fields,
    fields::{Kept, Open},
    id::{AccountId, CaseId, ContactId, ExposureId, JurisdictionId, OutbreakId, PersonId, PlaceId, SampleId},
    journaled,
    kernel::{self, Context, Link, Needs, Relation, Stamp, World},
    pack::{self, AnchorDates, Pack, PackRef},
    refusal::Refusal,
    seal::{Clinical, FreeText, Identity, Reading},
    seals,
    when::When,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

mod acts;
mod consequences;
mod investigation;

pub use investigation::{InvestigationStep, StepClock, StepDone};

/// What the records say the episode is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// Listed, with no finding that a definition names.
    Unclassified,
    /// Meets the suspect definition.
    Suspect,
    /// Meets the probable definition.
    Probable,
    /// Confirmed by laboratory, with symptoms.
    Confirmed,
    /// Pathogen found, no symptoms.
    Asymptomatic,
    /// Looked at and ruled out.
    NotACase,
    /// A positive result was wrong.
    FalsePositive,
}

impl Classification {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unclassified => "unclassified",
            Self::Suspect => "suspect",
            Self::Probable => "probable",
            Self::Confirmed => "confirmed",
            Self::Asymptomatic => "asymptomatic",
            Self::NotACase => "not_a_case",
            Self::FalsePositive => "false_positive",
        }
    }

    /// The pack's word for it; a listing without findings has none.
    pub fn in_pack(self) -> Option<pack::Classification> {
        match self {
            Self::Unclassified => None,
            Self::Suspect => Some(pack::Classification::Suspect),
            Self::Probable => Some(pack::Classification::Probable),
            Self::Confirmed => Some(pack::Classification::Confirmed),
            Self::Asymptomatic => Some(pack::Classification::Asymptomatic),
            Self::NotACase => Some(pack::Classification::NotACase),
            Self::FalsePositive => Some(pack::Classification::FalsePositive),
        }
    }
}

/// What a classification rests on (DESIGN §13.7: nobody is listed on a word alone).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Finding {
    /// Symptoms that the definition names, seen or told.
    Symptoms,
    /// Examined, and free of signs.
    NoSymptoms,
    /// Death with a picture that the definition names.
    Death,
    /// An exposure on record.
    Exposure(ExposureId),
    /// A link to a case, without a recorded exposure.
    EpidemiologicalLink(CaseId),
    /// A sample with a positive result.
    PositiveSample(SampleId),
    /// A positive result told by a paper or file, its sample not on record here. Kept; proves nothing by itself.
    PositiveResultReported,
    /// Samples with negative results.
    NegativeSample(SampleId),
    /// A reviewer's verdict on a positive result.
    Review,
}

/// How the episode ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// Recovered.
    Recovered,
    /// Died.
    Died,
    /// Still ill.
    Ill,
    /// Not known.
    Unknown,
}

fields! {
    /// What is known of an episode.
    pub Fields, Given, Changes, Patch {
        /// Numbers by which other systems know this case.
        identifiers: Identity<Vec<Identifier>>,
        /// Estimated day of infection.
        infected_on: Open<KnownDate>,
        /// First day of symptoms (for Ebola: fever; for measles: prodrome).
        onset_on: Open<KnownDate>,
        /// First day of rash.
        rash_onset_on: Open<KnownDate>,
        /// Day of the first positive sample, where the sample itself is not on record.
        first_positive_on: Open<KnownDate>,
        /// Day the case was reported.
        reported_on: Open<KnownDate>,
        /// Day of admission.
        admitted_on: Open<KnownDate>,
        /// Day of isolation.
        isolated_on: Open<KnownDate>,
        /// Facility of admission.
        facility: Open<PlaceId>,
        /// Facility as written.
        facility_name: Clinical<String>,
        /// How it ended.
        outcome: Open<CaseOutcome>,
        /// Day of the outcome.
        outcome_on: Open<KnownDate>,
        /// Classification that came with a file or a paper, beside what the records say (DESIGN §13.12).
        reported_as: Open<Classification>,
        /// Generation in a chain, as told by a file.
        reported_generation: Open<i64>,
        /// Symptoms.
        symptoms: Clinical<Vec<String>>,
        /// Anything else.
        note: FreeText<String>,
    }
}

/// One step of the classification's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Classified {
    /// What it became.
    pub to: Classification,
    /// What it rests on.
    pub findings: Vec<Finding>,
    /// The pack that judged it.
    pub pack: PackRef,
    /// From which day it holds, if told.
    pub valid_from: Option<KnownDate>,
    /// When it was recorded, milliseconds UTC.
    pub recorded_at: i64,
    /// When the next step was recorded.
    pub superseded_at: Option<i64>,
    /// Who recorded it.
    pub recorded_by: AccountId,
}

/// A case as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Whose.
    pub person: PersonId,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area in charge.
    pub jurisdiction: JurisdictionId,
    /// Its number in the outbreak and stream; the human code is made of it.
    pub number: i64,
    /// The human code, e.g. `FZ-0137`.
    pub code: String,
    /// What is known.
    pub fields: Fields,
    /// Steps of the classification, oldest first; never empty.
    pub history: Vec<Classified>,
    /// Whether it counts as one infection, by the packs that judged its steps (F76).
    pub counts: bool,
    /// Day of the first positive sample on record.
    pub first_positive: Option<KnownDate>,
    /// Steps of the investigation.
    pub investigation: BTreeMap<InvestigationStep, StepDone>,
    /// The earlier episode, where this is a reinfection.
    pub reinfection_of: Option<CaseId>,
    /// When it was marked as entered in error.
    pub entered_in_error_at: Option<i64>,
}

impl Case {
    /// What the records say now.
    pub fn classification(&self) -> Classification {
        self.history.last().map_or(Classification::Unclassified, |step| step.to)
    }

    /// Dates that windows are measured from, each at the end of its uncertainty that `end` takes.
    pub fn anchors(&self, end: fn(KnownDate) -> Option<Date>) -> AnchorDates {
        let of = |date: &Option<Open<KnownDate>>| date.as_ref().and_then(|date| end(date.0));
        let ended = of(&self.fields.outcome_on);
        let outcome = self.fields.outcome.as_ref().map(|outcome| outcome.0);
        AnchorDates {
            onset: of(&self.fields.onset_on),
            fever: None,
            rash: of(&self.fields.rash_onset_on),
            first_positive_sample: self.first_positive.and_then(end).or_else(|| of(&self.fields.first_positive_on)),
            death: ended.filter(|_| outcome == Some(CaseOutcome::Died)),
            burial: None,
            release: ended.filter(|_| outcome == Some(CaseOutcome::Recovered)),
        }
    }

    /// The day the episode is dated by: onset, else first positive sample, else report.
    pub fn dated(&self, end: fn(KnownDate) -> Option<Date>) -> Option<Date> {
        let anchors = self.anchors(end);
        let reported = self.fields.reported_on.as_ref().and_then(|date| end(date.0));
        anchors.onset.or(anchors.rash).or(anchors.first_positive_sample).or(reported)
    }
}

/// What can be asked of cases.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Opens a case.
    Open {
        /// Its id.
        id: CaseId,
        /// Whose.
        person: PersonId,
        /// In which outbreak.
        outbreak: OutbreakId,
        /// The area in charge.
        jurisdiction: JurisdictionId,
        /// What it is, by the findings named.
        #[serde(default = "unclassified")]
        classification: Classification,
        /// What the classification rests on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
        /// What is known.
        #[serde(default)]
        fields: Given,
        /// The earlier episode, where this is a reinfection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reinfection_of: Option<CaseId>,
    },
    /// Corrects fields.
    Correct {
        /// The case.
        id: CaseId,
        /// The changes.
        changes: Changes,
    },
    /// Changes the classification on findings.
    Classify {
        /// The case.
        id: CaseId,
        /// What it becomes.
        to: Classification,
        /// What it rests on.
        findings: Vec<Finding>,
        /// From which day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_from: Option<KnownDate>,
    },
    /// Records when a step of the investigation was done.
    RecordStep {
        /// The case.
        id: CaseId,
        /// The step.
        step: InvestigationStep,
        /// When.
        when: When,
        /// The time its author saw there, where one is corrected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<When>,
    },
    /// Closes a case that should never have been entered.
    MarkEnteredInError {
        /// The case.
        id: CaseId,
    },
    /// Notes the first positive sample anew. Follows from samples; changes nothing where nothing changed.
    Reassess {
        /// The case.
        id: CaseId,
    },
}

fn unclassified() -> Classification {
    Classification::Unclassified
}

/// A case was opened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Its id.
    pub id: CaseId,
    /// Whose.
    pub person: PersonId,
    /// In which outbreak.
    pub outbreak: OutbreakId,
    /// The area in charge.
    pub jurisdiction: JurisdictionId,
    /// Its number.
    pub number: i64,
    /// Its human code.
    pub code: String,
    /// What it is.
    pub classification: Classification,
    /// What that rests on.
    pub findings: Vec<Finding>,
    /// The pack that judged it.
    pub pack: PackRef,
    /// What is known.
    pub fields: Patch,
    /// The earlier episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reinfection_of: Option<CaseId>,
    /// Change of the number of infections: 1 or 0.
    pub infections_added: i64,
}

/// Fields were corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The changes.
    pub changes: Patch,
}

/// The classification changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reclassified {
    /// What it became.
    pub to: Classification,
    /// What that rests on.
    pub findings: Vec<Finding>,
    /// The pack that judged it.
    pub pack: PackRef,
    /// From which day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<KnownDate>,
    /// Change of the number of infections: 1, 0 or −1. A conversion from asymptomatic to confirmed is 0 (F76).
    pub infections_added: i64,
}

/// A step of the investigation was done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecorded {
    /// The step.
    pub step: InvestigationStep,
    /// When.
    pub when: When,
}

/// Samples on record give this first positive; without one, none does.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstPositiveNoted {
    /// Its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<KnownDate>,
}

/// The case should never have been entered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnteredInError {
    /// Change of the number of infections: 0 or −1.
    pub infections_added: i64,
}

/// What happens to cases.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Opened.
    Opened(Opened),
    /// Corrected.
    Corrected(Corrected),
    /// Reclassified.
    Reclassified(Reclassified),
    /// A step of the investigation.
    StepRecorded(StepRecorded),
    /// First positive sample.
    FirstPositiveNoted(FirstPositiveNoted),
    /// Entered in error.
    EnteredInError(EnteredInError),
}

journaled!(Event:
    Opened "case.opened" 1,
    Corrected "case.corrected" 1,
    Reclassified "case.reclassified" 1,
    StepRecorded "case.step_recorded" 1,
    FirstPositiveNoted "case.first_positive_noted" 1,
    EnteredInError "case.entered_in_error" 1,
);
seals! {
    Opened: fields;
    Corrected: changes;
    Reclassified: ;
    StepRecorded: ;
    FirstPositiveNoted: ;
    EnteredInError: ;
    Case: fields;
}

impl Noun for Case {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Open { id, .. }
            | Command::Correct { id, .. }
            | Command::Classify { id, .. }
            | Command::RecordStep { id, .. }
            | Command::MarkEnteredInError { id }
            | Command::Reassess { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Open { .. } => Action::CaseCreate,
            Command::Correct { .. } | Command::RecordStep { .. } | Command::Reassess { .. } => Action::CaseCorrect,
            Command::Classify { .. } => Action::CaseClassify,
            Command::MarkEnteredInError { .. } => Action::CaseEnterInError,
        }
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Open { jurisdiction, .. } => Some(*jurisdiction),
            _ => None,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            Command::Open { person, outbreak, .. } => {
                vec![(person.0, Action::PersonRead), (outbreak.0, Action::OutbreakRead)]
            }
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        let case = find(known, CaseId(Self::target(command)));
        match command {
            Command::Open { person, outbreak, findings, reinfection_of, .. } => {
                needs.id(*person);
                needs.id(*outbreak);
                needs.referrers(*person, Relation::CaseOfPerson);
                needs.codes.insert(*outbreak);
                if let Some(earlier) = reinfection_of {
                    needs.id(*earlier);
                }
                foresee(findings, needs);
            }
            Command::Classify { findings, .. } => foresee(findings, needs),
            Command::Correct { id, changes } if consequences::moves_anchors(changes) => {
                needs.referrers(*id, Relation::ExposureFrom);
            }
            Command::MarkEnteredInError { id } => needs.referrers(*id, Relation::ExposureFrom),
            Command::Reassess { id } => needs.referrers(*id, Relation::SampleOfCase),
            Command::Correct { .. } | Command::RecordStep { .. } => {}
        }
        if let Some(case) = case {
            match command {
                Command::Classify { .. } => {
                    needs.id(case.outbreak);
                    needs.referrers(case.person, Relation::ContactOfPerson);
                }
                Command::MarkEnteredInError { .. } => needs.referrers(case.person, Relation::ContactOfPerson),
                _ => {}
            }
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        let case = match (this, command) {
            (None, Command::Open { .. }) => return acts::open(command, context),
            (Some(_), Command::Open { id, .. }) => return Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => return Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(case), Command::Reassess { .. }) => return acts::reassess(case, context),
            (Some(Case { entered_in_error_at: Some(_), .. }), _) => return Err(Refusal::rule("entered_in_error")),
            (Some(case), _) => case,
        };
        match command {
            Command::Open { .. } | Command::Reassess { .. } => Err(Refusal::rule("already_exists")),
            Command::Correct { changes, .. } => acts::correct(case, changes, context),
            Command::Classify { to, findings, valid_from, .. } => {
                acts::classify(case, *to, findings, *valid_from, context)
            }
            Command::RecordStep { step, when, seen, .. } => {
                when.not_future("when", context.now)?;
                let stands = case.investigation.get(step).map(|done| done.when);
                if stands == Some(*when) {
                    return Err(Refusal::rule("nothing_changes"));
                }
                if stands != *seen {
                    return Err(Refusal::conflict(&["when"]));
                }
                Ok(vec![Event::StepRecorded(StepRecorded { step: *step, when: *when })])
            }
            Command::MarkEnteredInError { .. } => {
                Ok(vec![Event::EnteredInError(EnteredInError { infections_added: -i64::from(case.counts) })])
            }
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let Some(mut case) = this else {
            let Event::Opened(made) = event else { return None };
            return Some(opened(made, stamp));
        };
        match event {
            Event::Opened(_) => return None,
            Event::Corrected(corrected) => corrected.changes.clone().apply(&mut case.fields),
            Event::Reclassified(step) => {
                if let Some(last) = case.history.last_mut() {
                    last.superseded_at = Some(stamp.at);
                }
                case.history.push(Classified {
                    to: step.to,
                    findings: step.findings.clone(),
                    pack: step.pack.clone(),
                    valid_from: step.valid_from,
                    recorded_at: stamp.at,
                    superseded_at: None,
                    recorded_by: stamp.actor,
                });
            }
            Event::StepRecorded(step) => {
                let done = StepDone { when: step.when, recorded_at: stamp.at, recorded_by: stamp.actor };
                case.investigation.insert(step.step, done);
            }
            Event::FirstPositiveNoted(noted) => case.first_positive = noted.on,
            Event::EnteredInError(_) => case.entered_in_error_at = Some(stamp.at),
        }
        if let Event::Reclassified(Reclassified { infections_added, .. })
        | Event::EnteredInError(EnteredInError { infections_added }) = event
        {
            case.counts = i64::from(case.counts) + infections_added > 0;
        }
        Some(case)
    }

    fn react(&self, event: &Event, context: &Context<'_>) -> Vec<kernel::Command> {
        match event {
            Event::Opened(made) => {
                let linked = self.link_samples(&made.findings, context);
                linked.into_iter().chain(self.promote(made.infections_added, context)).collect()
            }
            Event::Reclassified(step) => {
                let linked = self.link_samples(&step.findings, context);
                let promoted = self.promote(step.infections_added, context);
                let returned = self.return_promoted(context);
                linked.into_iter().chain(promoted).chain(returned).collect()
            }
            Event::Corrected(corrected) if consequences::anchors_touched(&corrected.changes) => {
                exposure::reassess_from(context, self.id.0)
            }
            Event::FirstPositiveNoted(_) => exposure::reassess_from(context, self.id.0),
            Event::EnteredInError(_) => {
                let mut commands = exposure::reassess_from(context, self.id.0);
                commands.extend(self.return_promoted(context));
                commands
            }
            Event::Corrected(_) | Event::StepRecorded(_) => Vec::new(),
        }
    }

    fn code_given(event: &Event) -> Option<(OutbreakId, i64)> {
        match event {
            Event::Opened(made) => Some((made.outbreak, made.number)),
            _ => None,
        }
    }

    fn about(&self) -> About {
        About {
            jurisdiction: Some(self.jurisdiction),
            subject: Some(self.person),
            links: vec![Link { target: self.person.0, relation: Relation::CaseOfPerson }],
        }
    }

    fn match_keys(&self, permit: &Reading) -> Vec<MatchKey> {
        let identifiers = self.fields.identifiers.iter().filter_map(|list| list.shown(permit)).flatten();
        identifiers
            .map(|identifier| MatchKey::new("case", &[&identifier.kind, &fold_name(&identifier.number)]))
            .collect()
    }
}

/// What judging these findings will read.
fn foresee(findings: &[Finding], needs: &mut Needs) {
    for finding in findings.iter().take(MAX_ENTRIES) {
        match finding {
            Finding::Exposure(id) => needs.id(*id),
            Finding::EpidemiologicalLink(id) => needs.id(*id),
            Finding::PositiveSample(id) | Finding::NegativeSample(id) => needs.id(*id),
            _ => {}
        }
    }
}

fn find(known: &dyn World, id: CaseId) -> Option<&Case> {
    known.get(id.0).and_then(|located| <Case as super::Of>::of(&located.aggregate))
}

fn opened(made: &Opened, stamp: &Stamp) -> Case {
    let mut fields = Fields::default();
    made.fields.clone().apply(&mut fields);
    Case {
        id: made.id,
        person: made.person,
        outbreak: made.outbreak,
        jurisdiction: made.jurisdiction,
        number: made.number,
        code: made.code.clone(),
        fields,
        history: vec![Classified {
            to: made.classification,
            findings: made.findings.clone(),
            pack: made.pack.clone(),
            valid_from: None,
            recorded_at: stamp.at,
            superseded_at: None,
            recorded_by: stamp.actor,
        }],
        counts: made.infections_added > 0,
        first_positive: None,
        investigation: BTreeMap::new(),
        reinfection_of: made.reinfection_of,
        entered_in_error_at: None,
    }
}
