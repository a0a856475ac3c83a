use crate::desk::*;
use domain::{
    access::{Actor, Assignee, Membership, Role, Task},
    fields::Change,
    id::{AssignmentId, CaseId, HouseholdId, OutbreakId, PersonId, TeamId},
    kernel::{Outcome, Relation},
    noun::{
        assignment::{Assignment, Command, Work},
        case, household, outbreak, person, team,
    },
    pack::Shelf,
    refusal::Answer,
};

const TEAM: TeamId = TeamId(uuid::Uuid::from_u128(0x7e));
const OUTBREAK: OutbreakId = OutbreakId(uuid::Uuid::from_u128(0x0b));
const CASE: CaseId = CaseId(uuid::Uuid::from_u128(0xca5e));
const HOME: HouseholdId = HouseholdId(uuid::Uuid::from_u128(0x60));

fn assignment(n: u64) -> AssignmentId {
    AssignmentId(uuid(3, n))
}

fn assign(n: u64, work: Work, to: Assignee, task: Task) -> Command {
    Command::Assign { id: assignment(n), work, to, task, from: None, until: None }
}

fn me() -> Assignee {
    Assignee::Account(BOB.0)
}

/// Person 1 with a case lives with person 2; person 3 lives elsewhere; a team waits for work.
fn scene() -> Desk {
    let mut desk = Desk::new();
    let pack = Shelf::shipped().packs().next().expect("packs are shipped").reference();
    desk.accept(outbreak::Command::Declare {
        id: OUTBREAK,
        name: "泉州".to_owned(),
        disease: "covid".to_owned(),
        pack,
        time_zone: "Asia/Shanghai".to_owned(),
        code_mask: "QZ-0000".to_owned(),
        jurisdiction: DISTRICT,
    });
    desk.accept(household::Command::Establish {
        id: HOME,
        jurisdiction: DISTRICT,
        dwelling: None,
        fields: household::Given::default(),
    });
    for n in 1..=3 {
        desk.register(n);
    }
    for n in 1..=2 {
        desk.accept(person::Command::JoinHousehold { id: person_id(n), household: Some(HOME), seen: None });
    }
    desk.accept(case::Command::Open {
        id: CASE,
        person: person_id(1),
        outbreak: OUTBREAK,
        jurisdiction: DISTRICT,
        classification: case::Classification::Unclassified,
        findings: Vec::new(),
        fields: case::Given::default(),
        reinfection_of: None,
    });
    desk.accept(team::Command::Form { id: TEAM, jurisdiction: DISTRICT, name: "一队".to_owned() });
    desk
}

/// Whether the holder may correct this person now.
fn may_correct(desk: &mut Desk, rights: &Actor, person: PersonId) -> bool {
    let age = domain::noun::person::Changes { died_on: Some(Change { seen: None, to: None }), ..Default::default() };
    match desk.ask(rights, person::Command::Correct { id: person, changes: age }) {
        Outcome::Declined(refusal) if refusal.rule == "nothing_changes" => true,
        Outcome::Declined(refusal) if refusal.answer == Answer::Waiting => {
            assert_eq!(refusal.ids, vec![person.0], "hidden like a record that is not there");
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn access_follows_the_assignment_of_a_case_and_ends_with_it() {
    let mut desk = scene();
    let tracer = holder(BOB, Role::Tracer);
    assert!(!may_correct(&mut desk, &tracer, person_id(1)));
    desk.accept(assign(1, Work::Case(CASE), me(), Task::InvestigateCase));
    assert!(may_correct(&mut desk, &tracer, person_id(1)), "the case's person");
    assert!(!may_correct(&mut desk, &tracer, person_id(2)), "not who lives there too");
    assert!(!may_correct(&mut desk, &tracer, person_id(3)));
    let isolated =
        case::Changes { note: Some(Change { seen: None, to: Some("访谈".to_owned()) }), ..Default::default() };
    assert!(desk.ask(&tracer, case::Command::Correct { id: CASE, changes: isolated }).is_accepted());
    let moved = household::Command::MoveHouse { id: HOME, jurisdiction: DISTRICT, dwelling: None };
    assert_eq!(rule_of(&desk.ask(&tracer, moved.clone())), "nothing_changes", "the case's household is in reach");
    desk.accept(Command::End { id: assignment(1), at: None });
    assert!(!may_correct(&mut desk, &tracer, person_id(1)));
    let Outcome::Declined(hidden) = desk.ask(&tracer, moved) else { panic!("the assignment has ended") };
    assert_eq!(hidden.answer, Answer::Waiting);
    desk.assert_replays();
}

#[test]
fn an_assignment_to_a_team_is_for_its_members_only() {
    let mut desk = scene();
    desk.accept(assign(1, Work::Case(CASE), Assignee::Team(TEAM.0), Task::InvestigateCase));
    let mut tracer = holder(BOB, Role::Tracer);
    assert!(!may_correct(&mut desk, &tracer, person_id(1)));
    tracer.teams = vec![Membership { team: TEAM.0, valid_from: 0, valid_to: None }];
    assert!(may_correct(&mut desk, &tracer, person_id(1)));
    let links = desk.memory.get(assignment(1).0).expect("it is there").aggregate.links();
    assert!(links.iter().any(|link| (link.target, link.relation) == (TEAM.0, Relation::AssignedTo)));
    assert!(links.iter().any(|link| (link.target, link.relation) == (CASE.0, Relation::AssignmentOf)));
}

#[test]
fn an_area_opens_its_records_and_a_household_its_people() {
    let worker = holder(BOB, Role::CommunityWorker);
    let mut desk = scene();
    desk.accept(assign(1, Work::Household(HOME), me(), Task::FollowContact));
    assert!(may_correct(&mut desk, &worker, person_id(2)));
    assert!(!may_correct(&mut desk, &worker, person_id(3)));
    let mut desk = scene();
    desk.accept(assign(1, Work::Area(OTHER_DISTRICT), me(), Task::FollowContact));
    assert!(!may_correct(&mut desk, &worker, person_id(3)));
    desk.accept(assign(2, Work::Area(DISTRICT), me(), Task::FollowContact));
    assert!(may_correct(&mut desk, &worker, person_id(3)));
}

#[test]
fn a_task_to_come_opens_nothing_yet_and_a_task_of_another_post_never() {
    let mut desk = scene();
    let tracer = holder(BOB, Role::Tracer);
    let tomorrow = Some(desk.now + 1_440 * MINUTE);
    let (work, to) = (Work::Case(CASE), me());
    let later = |n, task, from| Command::Assign { id: assignment(n), work, to, task, from, until: None };
    desk.accept(later(1, Task::InvestigateCase, tomorrow));
    desk.accept(later(2, Task::CollectSample, None));
    assert!(!may_correct(&mut desk, &tracer, person_id(1)));
    desk.now += 1_440 * MINUTE;
    assert!(may_correct(&mut desk, &tracer, person_id(1)));
}

#[test]
fn work_is_a_record_of_its_kind_given_once() {
    let mut desk = scene();
    let absent = CaseId(uuid(5, 5));
    assert_eq!(desk.waits(assign(1, Work::Case(absent), me(), Task::InvestigateCase)), vec![absent.0]);
    let nobody = Assignee::Team(uuid(5, 6));
    assert_eq!(desk.waits(assign(1, Work::Case(CASE), nobody, Task::InvestigateCase)), vec![uuid(5, 6)]);
    let misnamed = Work::Household(HouseholdId(CASE.0));
    assert_eq!(desk.refused(assign(1, misnamed, me(), Task::FollowContact)), "wrong_kind_of_record");
    desk.accept(assign(1, Work::Case(CASE), me(), Task::InvestigateCase));
    assert_eq!(desk.refused(assign(2, Work::Case(CASE), me(), Task::InvestigateCase)), "already_assigned");
    assert_eq!(desk.refused(assign(1, Work::Case(CASE), me(), Task::InvestigateCase)), "already_exists");
    desk.accept(assign(2, Work::Case(CASE), me(), Task::FollowContact));
    desk.accept(assign(4, Work::Case(CASE), Assignee::Team(TEAM.0), Task::InvestigateCase));
    let early = Command::End { id: assignment(1), at: Some(START) };
    assert_eq!(desk.refused(early), "order_of_dates");
    desk.accept(Command::End { id: assignment(1), at: None });
    assert_eq!(desk.refused(Command::End { id: assignment(1), at: None }), "nothing_changes");
    desk.accept(assign(3, Work::Case(CASE), me(), Task::InvestigateCase));
    assert_eq!(desk.get::<Assignment>(assignment(3)).jurisdiction, Some(DISTRICT));
}

#[test]
fn giving_out_work_is_a_right_over_that_work() {
    let mut desk = scene();
    let epidemiologist = holder(ALICE, Role::Epidemiologist);
    let commander = holder(ALICE, Role::Commander);
    let case = |n| assign(n, Work::Case(CASE), me(), Task::InvestigateCase);
    assert_eq!(rule_of(&desk.ask(&commander, case(1))), "access.role");
    assert!(desk.ask(&epidemiologist, case(1)).is_accepted());
    let area = |n, to| assign(n, Work::Area(DISTRICT), to, Task::FollowContact);
    let own = Assignee::Account(ALICE.0);
    assert_eq!(rule_of(&desk.ask(&commander, area(2, own))), "access.for_oneself");
    assert!(desk.ask(&commander, area(2, me())).is_accepted());
    let abroad = assign(3, Work::Area(OTHER_DISTRICT), me(), Task::FollowContact);
    assert!(!desk.ask(&commander, abroad).is_accepted());
    assert!(desk.ask(&commander, Command::End { id: assignment(1), at: None }).is_accepted());
}
