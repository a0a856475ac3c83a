//! Assignments: who works on what, for which task, from when until when. Access to records follows them and ends with
//! them (DESIGN §13.10).

use super::{
    About, Noun,
    team::Team,
    term::{Span, Term},
};
use crate::{
    access::{self, Action, Assignee, Task},
    id::{AccountId, AssignmentId, CaseId, ContactId, HouseholdId, JurisdictionId, PlaceId, SampleId, TeamId},
    journaled,
    kernel::{Context, Link, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is worked on. It is named with its kind, because giving out a case is another right than giving out an area.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A case, with its contacts and samples.
    Case(CaseId),
    /// A contact.
    Contact(ContactId),
    /// A sample.
    Sample(SampleId),
    /// A household, with its people.
    Household(HouseholdId),
    /// All records of an area and the areas in it.
    Area(JurisdictionId),
    /// What comes to a place: the samples of a laboratory.
    Queue(PlaceId),
}

impl Work {
    /// The record.
    pub fn id(self) -> Uuid {
        match self {
            Self::Case(id) => id.0,
            Self::Contact(id) => id.0,
            Self::Sample(id) => id.0,
            Self::Household(id) => id.0,
            Self::Area(id) => id.0,
            Self::Queue(id) => id.0,
        }
    }

    /// The noun that the record must be.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Case(_) => "case",
            Self::Contact(_) => "contact",
            Self::Sample(_) => "sample",
            Self::Household(_) => "household",
            Self::Area(_) => "jurisdiction",
            Self::Queue(_) => "place",
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Case(_) => Action::CaseAssign,
            Self::Contact(_) => Action::ContactAssign,
            Self::Sample(_) | Self::Queue(_) => Action::SampleAssign,
            Self::Household(_) => Action::HouseholdAssign,
            Self::Area(_) => Action::TeamAssignArea,
        }
    }
}

/// An assignment as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// What is worked on.
    pub work: Work,
    /// Who works.
    pub to: Assignee,
    /// What is to be done.
    pub task: Task,
    /// The area the work lay in when it was given out.
    pub jurisdiction: Option<JurisdictionId>,
    /// When.
    pub term: Term,
    /// Who gave it out.
    pub assigned_by: AccountId,
}

impl Assignment {
    /// As the access table reads it.
    pub fn assigned(&self) -> access::Assigned {
        access::Assigned {
            assignee: self.to,
            task: self.task,
            valid_from: self.term.span.valid_from,
            valid_to: self.term.span.valid_to,
        }
    }
}

/// What can be asked of assignments.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Gives work to an account or a team.
    Assign {
        /// Its id.
        id: AssignmentId,
        /// What is worked on.
        work: Work,
        /// Who works.
        to: Assignee,
        /// What is to be done.
        task: Task,
        /// First instant; now if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<i64>,
        /// First instant after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// Ends it.
    End {
        /// The assignment.
        id: AssignmentId,
        /// First instant after it; now if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
    },
}

/// Work was given out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assigned {
    /// Its id.
    pub id: AssignmentId,
    /// What is worked on.
    pub work: Work,
    /// Who works.
    pub to: Assignee,
    /// What is to be done.
    pub task: Task,
    /// The area the work lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<JurisdictionId>,
    /// When.
    pub span: Span,
}

/// It ends.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// First instant after it.
    pub at: i64,
}

/// What happens to assignments.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Given out.
    Assigned(Assigned),
    /// Ended.
    Ended(Ended),
}

journaled!(Event: Assigned "assignment.assigned" 1, Ended "assignment.ended" 1);
seals! { Assigned: ; Ended: ; Assignment: ; }

impl Noun for Assignment {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Assign { id, .. } | Command::End { id, .. } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Assign { work, .. } => work.action(),
            Command::End { .. } => Action::AssignmentEnd,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            Command::Assign { work, .. } => vec![(work.id(), work.action())],
            Command::End { .. } => Vec::new(),
        }
    }

    fn recipient(command: &Command) -> Option<Assignee> {
        match command {
            Command::Assign { to, .. } => Some(*to),
            Command::End { .. } => None,
        }
    }

    fn needs(command: &Command, _: &dyn World, needs: &mut Needs) {
        if let Command::Assign { work, to, .. } = command {
            needs.id(work.id());
            needs.referrers(work.id(), Relation::AssignmentOf);
            if let Assignee::Team(team) = to {
                needs.id(*team);
            }
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Assign { .. }) => assign(command, context),
            (Some(_), Command::Assign { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, Command::End { id, .. }) => Err(Refusal::waiting(vec![id.0])),
            (Some(assignment), Command::End { at, .. }) => {
                Ok(vec![Event::Ended(Ended { at: assignment.term.ending(*at, context.now)? })])
            }
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        match (this, event) {
            (None, Event::Assigned(made)) => Some(Self {
                id: made.id,
                work: made.work,
                to: made.to,
                task: made.task,
                jurisdiction: made.jurisdiction,
                term: Term::recorded(made.span, stamp.at),
                assigned_by: stamp.actor,
            }),
            (Some(mut assignment), Event::Ended(ended)) => {
                assignment.term.end(ended.at, stamp.at);
                Some(assignment)
            }
            _ => None,
        }
    }

    fn about(&self) -> About {
        let mut links = vec![Link { target: self.work.id(), relation: Relation::AssignmentOf }];
        if let Assignee::Team(team) = self.to {
            links.push(Link { target: team, relation: Relation::AssignedTo });
        }
        About { jurisdiction: self.jurisdiction, subject: None, links }
    }

    /// Who works on a record may read that they do.
    fn covered_by(&self) -> Vec<Uuid> {
        vec![self.work.id()]
    }
}

fn assign(command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Command::Assign { id, work, to, task, from, until } = command else {
        return Err(Refusal::rule("unknown_body"));
    };
    let Some(record) = context.world.get(work.id()) else { return Err(Refusal::waiting(vec![work.id()])) };
    if record.aggregate.kind().name() != work.noun() {
        return Err(Refusal::rule("wrong_kind_of_record").at("work").about(work.id()));
    }
    if let Assignee::Team(team) = to {
        let team = TeamId(*team);
        if context.expect::<Team>(team)?.disbanded_at.is_some() {
            return Err(Refusal::rule("team_disbanded").at("to").about(team));
        }
    }
    let span = Span::asked(*from, *until, context.now)?;
    let same = context.referring::<Assignment>(work.id(), Relation::AssignmentOf).into_iter().find(|(_, other)| {
        other.to == *to && other.task == *task && other.work == *work && other.term.span.overlaps(span)
    });
    if let Some((other, _)) = same {
        return Err(Refusal::rule("already_assigned").about(other));
    }
    Ok(vec![Event::Assigned(Assigned {
        id: *id,
        work: *work,
        to: *to,
        task: *task,
        jurisdiction: record.aggregate.about().jurisdiction,
        span,
    })])
}
