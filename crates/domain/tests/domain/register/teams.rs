use crate::desk::*;
use domain::{
    access::{Assignee, Membership, Role, Task},
    id::{AccountId, AssignmentId, TeamId},
    kernel::Outcome,
    noun::{
        assignment::{self, Assignment, Work},
        team::{Command, Team},
    },
    refusal::Answer,
};

const TEAM: TeamId = TeamId(uuid::Uuid::from_u128(0x7e));

fn form(desk: &mut Desk) {
    desk.accept(Command::Form { id: TEAM, jurisdiction: DISTRICT, name: "流调一队".to_owned() });
}

fn add(account: AccountId, from: Option<i64>, until: Option<i64>) -> Command {
    Command::AddMember { id: TEAM, account, from, until }
}

fn end(account: AccountId, at: Option<i64>) -> Command {
    Command::EndMember { id: TEAM, account, at }
}

#[test]
fn a_member_has_one_term_at_a_time() {
    let mut desk = Desk::new();
    form(&mut desk);
    desk.accept(add(BOB, None, None));
    let joined = desk.now;
    assert_eq!(desk.refused(add(BOB, None, None)), "terms_overlap");
    assert_eq!(desk.refused(add(BOB, Some(joined), None)), "nothing_changes");
    assert_eq!(desk.refused(end(BOB, Some(joined - 1))), "order_of_dates");
    desk.accept(end(BOB, None));
    let left = desk.now;
    assert_eq!(desk.refused(end(BOB, None)), "nothing_changes");
    desk.accept(add(BOB, Some(left), None));
    assert_eq!(desk.refused(end(ALICE, None)), "nothing_changes");
    let memberships: Vec<Membership> = desk.get::<Team>(TEAM).memberships(BOB).collect();
    let term = |valid_from, valid_to| Membership { team: TEAM.0, valid_from, valid_to };
    assert_eq!(memberships, vec![term(joined, Some(left)), term(left, None)]);
    desk.assert_replays();
}

#[test]
fn leaving_ends_the_term_to_come_as_well() {
    let mut desk = Desk::new();
    form(&mut desk);
    let later = START + 1_000 * MINUTE;
    desk.accept(add(BOB, None, Some(START + 500 * MINUTE)));
    desk.accept(add(BOB, Some(later), None));
    desk.accept(end(BOB, None));
    let left = desk.now;
    let memberships: Vec<Membership> = desk.get::<Team>(TEAM).memberships(BOB).collect();
    assert!(memberships.iter().all(|term| term.valid_to.is_some_and(|end| end <= left.max(term.valid_from))));
    desk.accept(add(BOB, Some(later - MINUTE), None));
    assert_eq!(desk.refused(add(ALICE, Some(later), Some(later))), "order_of_dates");
}

#[test]
fn areas_come_and_go_like_members() {
    let mut desk = Desk::new();
    form(&mut desk);
    let assign = |area| Command::AssignArea { id: TEAM, area, from: None, until: None };
    let unknown = domain::id::JurisdictionId(uuid(9, 9));
    assert_eq!(desk.waits(assign(unknown)), vec![unknown.0]);
    desk.accept(assign(OTHER_DISTRICT));
    assert_eq!(desk.refused(assign(OTHER_DISTRICT)), "terms_overlap");
    desk.accept(Command::EndArea { id: TEAM, area: OTHER_DISTRICT, at: None });
    let area = desk.get::<Team>(TEAM).areas[0].clone();
    assert_eq!(area.term.end_recorded_at, Some(desk.now));
    assert_eq!(desk.refused(Command::EndArea { id: TEAM, area: OTHER_DISTRICT, at: None }), "nothing_changes");
}

#[test]
fn a_name_is_changed_from_what_was_seen() {
    let mut desk = Desk::new();
    form(&mut desk);
    let rename = |seen: &str, name: &str| Command::Rename { id: TEAM, seen: seen.to_owned(), name: name.to_owned() };
    assert_eq!(desk.refused(rename("流调一队", "  ")), "empty_name");
    assert_eq!(desk.refused(rename("流调一队", "流调一队")), "nothing_changes");
    let Outcome::Declined(refusal) = desk.send(rename("流调三队", "流调二队")) else {
        panic!("a stale view")
    };
    assert_eq!(refusal.answer, Answer::Conflict);
    desk.accept(rename("流调一队", "流调二队"));
    assert_eq!(desk.get::<Team>(TEAM).name, "流调二队");
}

#[test]
fn disbanding_ends_members_areas_and_assignments() {
    let mut desk = Desk::new();
    form(&mut desk);
    desk.accept(add(BOB, None, None));
    let work = AssignmentId(uuid(3, 1));
    let assign = |id| assignment::Command::Assign {
        id,
        work: Work::Area(DISTRICT),
        to: Assignee::Team(TEAM.0),
        task: Task::FollowContact,
        from: None,
        until: None,
    };
    desk.accept(assign(work));
    assert_eq!(desk.accept(Command::Disband { id: TEAM }), 2, "the team and its assignment");
    let ended = Some(desk.now);
    assert_eq!(desk.get::<Team>(TEAM).members[0].term.span.valid_to, ended);
    assert_eq!(desk.get::<Assignment>(work).term.span.valid_to, ended);
    assert_eq!(desk.refused(add(ALICE, None, None)), "team_disbanded");
    assert_eq!(desk.refused(Command::Disband { id: TEAM }), "team_disbanded");
    assert_eq!(desk.refused(assign(AssignmentId(uuid(3, 2)))), "team_disbanded");
    desk.assert_replays();
}

#[test]
fn nobody_adds_themselves_or_gives_their_own_team_an_area() {
    let mut desk = Desk::new();
    form(&mut desk);
    let mut leader = holder(BOB, Role::Epidemiologist);
    assert_eq!(rule_of(&desk.ask(&leader, add(BOB, None, None))), "access.for_oneself");
    assert!(desk.ask(&leader, add(ALICE, None, None)).is_accepted());
    let area = Command::AssignArea { id: TEAM, area: DISTRICT, from: None, until: None };
    leader.teams = vec![Membership { team: TEAM.0, valid_from: 0, valid_to: None }];
    assert_eq!(rule_of(&desk.ask(&leader, area.clone())), "access.for_oneself");
    leader.teams.clear();
    assert!(desk.ask(&leader, area).is_accepted());
}
