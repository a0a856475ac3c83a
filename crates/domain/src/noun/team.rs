//! Teams: who is in them, and the areas they look after. Being in a team gives what the team is assigned; an area of a
//! team says who takes the work that arises there and opens no record (assignments do).

use super::{
    About, MAX_LINE_CHARS, Noun, assignment,
    assignment::Assignment,
    at_most,
    term::{Span, Term},
};
use crate::{
    access::{self, Action, Assignee},
    id::{AccountId, AssignmentId, JurisdictionId, TeamId},
    journaled,
    kernel::{self, Context, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most terms of members, and of areas, that one team keeps.
pub const MAX_TERMS: usize = 2_000;

/// An account in a team.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// When.
    pub term: Term,
}

/// An area that a team looks after.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Area {
    /// The area.
    pub jurisdiction: JurisdictionId,
    /// When.
    pub term: Term,
}

/// A team as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// The area it belongs to.
    pub jurisdiction: JurisdictionId,
    /// Its name.
    pub name: String,
    /// Terms of its members, in the order they were recorded.
    pub members: Vec<Member>,
    /// Terms of its areas, in the order they were recorded.
    pub areas: Vec<Area>,
    /// When it was disbanded, milliseconds UTC.
    pub disbanded_at: Option<i64>,
}

impl Team {
    /// Its memberships of an account, as the access table reads them.
    pub fn memberships(&self, account: AccountId) -> impl Iterator<Item = access::Membership> {
        self.members.iter().filter(move |member| member.account == account).map(|member| access::Membership {
            team: self.id.0,
            valid_from: member.term.span.valid_from,
            valid_to: member.term.span.valid_to,
        })
    }
}

/// What can be asked of teams.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Makes a team.
    Form {
        /// Its id.
        id: TeamId,
        /// The area it belongs to.
        jurisdiction: JurisdictionId,
        /// Its name.
        name: String,
    },
    /// Gives it another name.
    Rename {
        /// The team.
        id: TeamId,
        /// The name its author saw.
        seen: String,
        /// The new name.
        name: String,
    },
    /// Takes an account into it.
    AddMember {
        /// The team.
        id: TeamId,
        /// The account.
        account: AccountId,
        /// First instant; now if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<i64>,
        /// First instant after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// Ends an account's being in it.
    EndMember {
        /// The team.
        id: TeamId,
        /// The account.
        account: AccountId,
        /// First instant after it; now if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
    },
    /// Gives it an area to look after.
    AssignArea {
        /// The team.
        id: TeamId,
        /// The area.
        area: JurisdictionId,
        /// First instant; now if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<i64>,
        /// First instant after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// Takes an area from it.
    EndArea {
        /// The team.
        id: TeamId,
        /// The area.
        area: JurisdictionId,
        /// First instant after it; now if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
    },
    /// Ends the team, with all that runs in it and all that is assigned to it.
    Disband {
        /// The team.
        id: TeamId,
    },
}

/// A team was made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formed {
    /// Its id.
    pub id: TeamId,
    /// The area it belongs to.
    pub jurisdiction: JurisdictionId,
    /// Its name.
    pub name: String,
}

/// It has another name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// The name.
    pub name: String,
}

/// An account is in it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberAdded {
    /// The account.
    pub account: AccountId,
    /// When.
    pub span: Span,
}

/// An account's terms end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberEnded {
    /// The account.
    pub account: AccountId,
    /// First instant after them.
    pub at: i64,
}

/// It looks after an area.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaAssigned {
    /// The area.
    pub area: JurisdictionId,
    /// When.
    pub span: Span,
}

/// An area's terms end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaEnded {
    /// The area.
    pub area: JurisdictionId,
    /// First instant after them.
    pub at: i64,
}

/// It is no more.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disbanded {}

/// What happens to teams.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Made.
    Formed(Formed),
    /// Renamed.
    Renamed(Renamed),
    /// A member more.
    MemberAdded(MemberAdded),
    /// A member less.
    MemberEnded(MemberEnded),
    /// An area more.
    AreaAssigned(AreaAssigned),
    /// An area less.
    AreaEnded(AreaEnded),
    /// Disbanded.
    Disbanded(Disbanded),
}

journaled!(Event:
    Formed "team.formed" 1,
    Renamed "team.renamed" 1,
    MemberAdded "team.member_added" 1,
    MemberEnded "team.member_ended" 1,
    AreaAssigned "team.area_assigned" 1,
    AreaEnded "team.area_ended" 1,
    Disbanded "team.disbanded" 1,
);
seals! {
    Formed: ; Renamed: ; MemberAdded: ; MemberEnded: ; AreaAssigned: ; AreaEnded: ; Disbanded: ; Team: ;
}

impl Noun for Team {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Form { id, .. }
            | Command::Rename { id, .. }
            | Command::AddMember { id, .. }
            | Command::EndMember { id, .. }
            | Command::AssignArea { id, .. }
            | Command::EndArea { id, .. }
            | Command::Disband { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Form { .. } => Action::TeamCreate,
            Command::Rename { .. } | Command::Disband { .. } => Action::TeamCorrect,
            Command::AddMember { .. } => Action::TeamAddMember,
            Command::EndMember { .. } => Action::TeamEndMember,
            Command::AssignArea { .. } | Command::EndArea { .. } => Action::TeamAssignArea,
        }
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Form { jurisdiction, .. } => Some(*jurisdiction),
            _ => None,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            Command::AssignArea { area, .. } => vec![(area.0, Action::TeamAssignArea)],
            _ => Vec::new(),
        }
    }

    fn recipient(command: &Command) -> Option<Assignee> {
        match command {
            Command::AddMember { account, .. } => Some(Assignee::Account(account.0)),
            Command::AssignArea { id, .. } | Command::EndArea { id, .. } => Some(Assignee::Team(id.0)),
            _ => None,
        }
    }

    fn needs(command: &Command, _: &dyn World, needs: &mut Needs) {
        match command {
            Command::AssignArea { area, .. } => needs.id(*area),
            Command::Disband { id } => needs.referrers(*id, Relation::AssignedTo),
            _ => {}
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Form { id, jurisdiction, name }) => {
                named(name)?;
                Ok(vec![Event::Formed(Formed { id: *id, jurisdiction: *jurisdiction, name: name.clone() })])
            }
            (Some(_), Command::Form { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
            (Some(Team { disbanded_at: Some(_), id, .. }), _) => Err(Refusal::rule("team_disbanded").about(*id)),
            (Some(team), _) => change(team, command, context).map(|event| vec![event]),
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        let Some(mut team) = this else {
            let Event::Formed(made) = event else { return None };
            return Some(Self {
                id: made.id,
                jurisdiction: made.jurisdiction,
                name: made.name.clone(),
                members: Vec::new(),
                areas: Vec::new(),
                disbanded_at: None,
            });
        };
        match event {
            Event::Formed(_) => return None,
            Event::Renamed(renamed) => team.name.clone_from(&renamed.name),
            Event::MemberAdded(added) => {
                team.members.push(Member { account: added.account, term: Term::recorded(added.span, stamp.at) });
            }
            Event::MemberEnded(ended) => {
                let terms = team.members.iter_mut().filter(|member| member.account == ended.account);
                end_all(terms.map(|member| &mut member.term), ended.at, stamp.at);
            }
            Event::AreaAssigned(assigned) => {
                team.areas.push(Area { jurisdiction: assigned.area, term: Term::recorded(assigned.span, stamp.at) });
            }
            Event::AreaEnded(ended) => {
                let terms = team.areas.iter_mut().filter(|area| area.jurisdiction == ended.area);
                end_all(terms.map(|area| &mut area.term), ended.at, stamp.at);
            }
            Event::Disbanded(_) => {
                let members = team.members.iter_mut().map(|member| &mut member.term);
                end_all(members.chain(team.areas.iter_mut().map(|area| &mut area.term)), stamp.at, stamp.at);
                team.disbanded_at = Some(stamp.at);
            }
        }
        Some(team)
    }

    fn react(&self, event: &Event, context: &Context<'_>) -> Vec<kernel::Command> {
        let Event::Disbanded(_) = event else { return Vec::new() };
        let assigned = context.referring::<Assignment>(self.id, Relation::AssignedTo);
        assigned
            .into_iter()
            .filter(|(_, assignment)| assignment.term.outlasts(context.now))
            // One that would begin later ends where it begins.
            .map(|(id, assignment)| (id, context.now.max(assignment.term.span.valid_from)))
            .map(|(id, at)| assignment::Command::End { id: AssignmentId(id), at: Some(at) }.into())
            .collect()
    }

    fn about(&self) -> About {
        About { jurisdiction: Some(self.jurisdiction), ..About::default() }
    }
}

fn change(team: &Team, command: &Command, context: &Context<'_>) -> Result<Event, Refusal> {
    match command {
        Command::Form { id, .. } => Err(Refusal::rule("already_exists").about(*id)),
        Command::Rename { seen, name, .. } => {
            named(name)?;
            if team.name == *name {
                return Err(Refusal::rule("nothing_changes"));
            }
            if team.name != *seen {
                return Err(Refusal::conflict(&["name"]));
            }
            Ok(Event::Renamed(Renamed { name: name.clone() }))
        }
        Command::AddMember { account, from, until, .. } => {
            let terms = team.members.iter().filter(|member| member.account == *account);
            let terms: Vec<Term> = terms.map(|member| member.term).collect();
            let span = Span::asked(*from, *until, context.now)?;
            room_for(span, &terms, team.members.len(), "account")?;
            Ok(Event::MemberAdded(MemberAdded { account: *account, span }))
        }
        Command::EndMember { account, at, .. } => {
            let terms = team.members.iter().filter(|member| member.account == *account);
            let at = last_end(terms.map(|member| member.term), *at, context.now)?;
            Ok(Event::MemberEnded(MemberEnded { account: *account, at }))
        }
        Command::AssignArea { area, from, until, .. } => {
            context.expect::<super::jurisdiction::Jurisdiction>(*area)?;
            let terms = team.areas.iter().filter(|held| held.jurisdiction == *area);
            let terms: Vec<Term> = terms.map(|held| held.term).collect();
            let span = Span::asked(*from, *until, context.now)?;
            room_for(span, &terms, team.areas.len(), "area")?;
            Ok(Event::AreaAssigned(AreaAssigned { area: *area, span }))
        }
        Command::EndArea { area, at, .. } => {
            let terms = team.areas.iter().filter(|held| held.jurisdiction == *area);
            let at = last_end(terms.map(|held| held.term), *at, context.now)?;
            Ok(Event::AreaEnded(AreaEnded { area: *area, at }))
        }
        Command::Disband { .. } => Ok(Event::Disbanded(Disbanded {})),
    }
}

fn named(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::rule("empty_name").at("name"));
    }
    at_most("name", name, MAX_LINE_CHARS)
}

/// One account, and one area, has one term at a time.
fn room_for(span: Span, held: &[Term], recorded: usize, pointer: &'static str) -> Result<(), Refusal> {
    if held.iter().any(|term| term.span == span) {
        return Err(Refusal::rule("nothing_changes"));
    }
    if held.iter().any(|term| term.span.overlaps(span)) {
        return Err(Refusal::rule("terms_overlap").at(pointer));
    }
    if recorded >= MAX_TERMS {
        return Err(Refusal::rule("too_many").at(pointer));
    }
    Ok(())
}

/// The instant at which these terms end, those to come included; there must be one that runs or is to come.
fn last_end(terms: impl Iterator<Item = Term>, at: Option<i64>, now: i64) -> Result<i64, Refusal> {
    let end = at.unwrap_or(now);
    let lasting: Vec<Term> = terms.filter(|term| term.outlasts(end)).collect();
    if lasting.is_empty() {
        return Err(Refusal::rule("nothing_changes"));
    }
    if at.is_some() && lasting.iter().all(|term| term.span.valid_from > end) {
        return Err(Refusal::rule("order_of_dates").at("at"));
    }
    Ok(end)
}

fn end_all<'a>(terms: impl Iterator<Item = &'a mut Term>, end: i64, recorded_at: i64) {
    terms.filter(|term| term.outlasts(end)).for_each(|term| term.end(end, recorded_at));
}
