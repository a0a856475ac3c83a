//! Cases: one infection episode of one person in one outbreak, with its classification and how it came about.

use super::{
    About, MAX_ENTRIES, MAX_LINE_CHARS, MAX_NOTE_CHARS, MatchKey, Noun, at_most,
    outbreak::Outbreak,
    person::{Identifier, Person, fold_name, not_future},
};
use crate::{
    access::Action,
    date::KnownDate,
    fields,
    fields::{Kept, Open},
    id::{AccountId, CaseId, ExposureId, JurisdictionId, OutbreakId, PersonId, PlaceId, SampleId},
    journaled,
    kernel::{Context, Link, Needs, Relation, Stamp, World},
    pack::PackRef,
    refusal::Refusal,
    seal::{Clinical, FreeText, Identity, Reading},
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

    /// Whether the episode counts as an infection. Turning asymptomatic into confirmed adds none (F76).
    pub fn is_infection(self) -> bool {
        matches!(self, Self::Probable | Self::Confirmed | Self::Asymptomatic)
    }
}

/// What a classification rests on (DESIGN §13.7: nobody is listed on a word alone).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Finding {
    /// Symptoms that the definition names, seen or told.
    Symptoms,
    /// Death with a picture that the definition names.
    Death,
    /// An exposure on record.
    Exposure(ExposureId),
    /// A link to a case, without a recorded exposure.
    EpidemiologicalLink(CaseId),
    /// A sample with a positive result.
    PositiveSample(SampleId),
    /// A positive result told by a paper or file, its sample not on record here.
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
    /// Closes a case that should never have been entered.
    MarkEnteredInError {
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

/// The case should never have been entered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnteredInError {}

/// What happens to cases.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Opened.
    Opened(Opened),
    /// Corrected.
    Corrected(Corrected),
    /// Reclassified.
    Reclassified(Reclassified),
    /// Entered in error.
    EnteredInError(EnteredInError),
}

journaled!(Event:
    Opened "case.opened" 1,
    Corrected "case.corrected" 1,
    Reclassified "case.reclassified" 1,
    EnteredInError "case.entered_in_error" 1,
);
seals! { Opened: fields; Corrected: changes; Reclassified: ; EnteredInError: ; Case: fields; }

impl Noun for Case {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Open { id, .. }
            | Command::Correct { id, .. }
            | Command::Classify { id, .. }
            | Command::MarkEnteredInError { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Open { .. } => Action::CaseCreate,
            Command::Correct { .. } => Action::CaseCorrect,
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
        match command {
            Command::Open { person, outbreak, .. } => {
                needs.id(*person);
                needs.id(*outbreak);
                needs.referrers(*person, Relation::CaseOfPerson);
                needs.codes.insert(*outbreak);
            }
            Command::Classify { id, findings, .. } => {
                if let Some(case) = find(known, *id) {
                    needs.id(case.outbreak);
                }
                for finding in findings {
                    if let Finding::EpidemiologicalLink(source) = finding {
                        needs.id(*source);
                    }
                }
            }
            Command::Correct { id, .. } => {
                if let Some(case) = find(known, *id) {
                    needs.id(case.person);
                }
            }
            Command::MarkEnteredInError { .. } => {}
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Open { .. }) => open(command, context),
            (Some(_), Command::Open { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(Case { entered_in_error_at: Some(_), .. }), _) => Err(Refusal::rule("entered_in_error")),
            (Some(case), Command::Correct { changes, .. }) => correct(case, changes, context),
            (Some(case), Command::Classify { to, findings, valid_from, .. }) => {
                let outbreak = context.expect::<Outbreak>(case.outbreak)?;
                if case.classification() == *to {
                    return Err(Refusal::rule("nothing_changes").at("to"));
                }
                if findings.is_empty() {
                    return Err(Refusal::rule("no_finding").at("findings"));
                }
                if findings.len() > MAX_ENTRIES {
                    return Err(Refusal::rule("too_many").at("findings"));
                }
                let before = i64::from(case.classification().is_infection());
                Ok(vec![Event::Reclassified(Reclassified {
                    to: *to,
                    findings: findings.clone(),
                    pack: outbreak.pack.clone(),
                    valid_from: *valid_from,
                    infections_added: i64::from(to.is_infection()) - before,
                })])
            }
            (Some(_), Command::MarkEnteredInError { .. }) => Ok(vec![Event::EnteredInError(EnteredInError {})]),
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
            Event::EnteredInError(_) => case.entered_in_error_at = Some(stamp.at),
        }
        Some(case)
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
        reinfection_of: made.reinfection_of,
        entered_in_error_at: None,
    }
}

fn open(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::Open { id, person, outbreak, jurisdiction, classification, findings, fields, reinfection_of } =
        command
    else {
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
    if *classification != Classification::Unclassified && findings.is_empty() {
        return Err(Refusal::rule("no_finding").at("findings"));
    }
    if findings.len() > MAX_ENTRIES {
        return Err(Refusal::rule("too_many").at("findings"));
    }
    check(fields, context.now)?;
    let earlier = context.referring::<Case>(*person, Relation::CaseOfPerson).into_iter().find(|(other, case)| {
        case.outbreak == *outbreak
            && case.entered_in_error_at.is_none()
            && reinfection_of.map(|id| id.0) != Some(*other)
    });
    if let Some((other, _)) = earlier {
        return Err(Refusal::rule("open_case_exists").about(other));
    }
    let number = context.world.next_code(*outbreak);
    Ok(vec![Event::Opened(Opened {
        id: *id,
        person: *person,
        outbreak: *outbreak,
        jurisdiction: *jurisdiction,
        number,
        code: declared.code(number),
        classification: *classification,
        findings: findings.clone(),
        pack: declared.pack.clone(),
        fields: fields.clone().patch(),
        reinfection_of: *reinfection_of,
    })])
}

fn correct(case: &Case, changes: &Changes, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let given = Given {
        infected_on: changes.infected_on.as_ref().and_then(|change| change.to),
        onset_on: changes.onset_on.as_ref().and_then(|change| change.to),
        rash_onset_on: changes.rash_onset_on.as_ref().and_then(|change| change.to),
        first_positive_on: changes.first_positive_on.as_ref().and_then(|change| change.to),
        reported_on: changes.reported_on.as_ref().and_then(|change| change.to),
        admitted_on: changes.admitted_on.as_ref().and_then(|change| change.to),
        isolated_on: changes.isolated_on.as_ref().and_then(|change| change.to),
        outcome_on: changes.outcome_on.as_ref().and_then(|change| change.to),
        symptoms: changes.symptoms.as_ref().and_then(|change| change.to.clone()),
        note: changes.note.as_ref().and_then(|change| change.to.clone()),
        facility_name: changes.facility_name.as_ref().and_then(|change| change.to.clone()),
        identifiers: changes.identifiers.as_ref().and_then(|change| change.to.clone()),
        ..Given::default()
    };
    check(&given, context.now)?;
    let patch = changes.clone().judge(&case.fields)?;
    if patch.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    Ok(vec![Event::Corrected(Corrected { changes: patch })])
}

fn check(fields: &Given, now: i64) -> Result<(), Refusal> {
    let dates = [
        ("infected_on", fields.infected_on),
        ("onset_on", fields.onset_on),
        ("rash_onset_on", fields.rash_onset_on),
        ("first_positive_on", fields.first_positive_on),
        ("reported_on", fields.reported_on),
        ("admitted_on", fields.admitted_on),
        ("isolated_on", fields.isolated_on),
        ("outcome_on", fields.outcome_on),
    ];
    for (pointer, date) in dates {
        if let Some(date) = date {
            not_future(pointer, date, now)?;
        }
    }
    if let Some(name) = &fields.facility_name {
        at_most("facility_name", name, MAX_LINE_CHARS)?;
    }
    if let Some(note) = &fields.note {
        at_most("note", note, MAX_NOTE_CHARS)?;
    }
    for (pointer, count) in [
        ("symptoms", fields.symptoms.as_ref().map_or(0, Vec::len)),
        ("identifiers", fields.identifiers.as_ref().map_or(0, Vec::len)),
    ] {
        if count > MAX_ENTRIES {
            return Err(Refusal::rule("too_many").at(pointer));
        }
    }
    for symptom in fields.symptoms.iter().flatten() {
        at_most("symptoms", symptom, MAX_LINE_CHARS)?;
    }
    for identifier in fields.identifiers.iter().flatten() {
        at_most("identifiers", &identifier.kind, MAX_LINE_CHARS)?;
        at_most("identifiers", &identifier.number, MAX_LINE_CHARS)?;
    }
    Ok(())
}
