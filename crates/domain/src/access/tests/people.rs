//! Grants, teams, time, and acts that take somebody else.

use super::*;

#[test]
fn account_administrator_grants_nothing_to_self_or_to_their_own_team_or_to_nobody_named() {
    let mut actor = holder(Role::AccountAdministrator);
    actor.teams.push(Membership { team: TEAM, valid_from: 0, valid_to: None });
    for action in [Action::GrantCreate, Action::AccountResetCredentials] {
        let to = |recipient| allow(&actor, action, &Target { recipient, ..record() });
        assert_eq!(refusal(to(Some(Assignee::Account(ME)))), "access.for_oneself");
        assert_eq!(refusal(to(Some(Assignee::Team(TEAM)))), "access.for_oneself");
        assert_eq!(refusal(to(None)), "access.for_oneself");
        assert!(to(Some(Assignee::Account(OTHER))).allowed);
    }
}

#[test]
fn account_administrator_grants_nothing_outside_their_jurisdiction() {
    let to = Some(Assignee::Account(OTHER));
    for lineage in [vec![CITY], vec![NEIGHBOUR, CITY], vec![Uuid::from_u128(99)], vec![]] {
        let target = Target { lineage, recipient: to, ..Target::default() };
        assert_eq!(
            refusal(allow(&holder(Role::AccountAdministrator), Action::GrantCreate, &target)),
            "access.elsewhere"
        );
    }
}

#[test]
fn a_jurisdiction_that_carries_ones_own_rights_is_not_moved() {
    let admin = holder(Role::AccountAdministrator);
    assert_eq!(refusal(allow(&admin, Action::JurisdictionMove, &record())), "access.elsewhere");
    let part = Target { lineage: vec![Uuid::from_u128(20), DISTRICT, CITY], ..Target::default() };
    assert!(allow(&admin, Action::JurisdictionMove, &part).allowed);
}

#[test]
fn a_token_is_made_by_the_holder_alone() {
    for &role in Role::ALL {
        let to = |account| {
            allow(
                &holder(role),
                Action::AccountIssueToken,
                &Target { recipient: Some(Assignee::Account(account)), ..record() },
            )
        };
        assert_eq!(refusal(to(OTHER)), "access.for_another", "{role}");
        assert!(to(ME).allowed);
    }
}

#[test]
fn who_administers_accounts_holds_no_other_role_at_the_same_time() {
    let admin = granted(Role::AccountAdministrator, &[DISTRICT, CITY]);
    let tracer = granted(Role::Tracer, &[NEIGHBOUR, CITY]);
    assert_eq!(may_hold(std::slice::from_ref(&admin), &tracer), Err(Denial::SeparationOfDuties));
    assert_eq!(may_hold(std::slice::from_ref(&tracer), &admin), Err(Denial::SeparationOfDuties));
    assert_eq!(
        may_hold(std::slice::from_ref(&admin), &granted(Role::AccountAdministrator, &[NEIGHBOUR, CITY])),
        Ok(())
    );
    let over = Grant { valid_to: Some(500), ..admin };
    assert_eq!(may_hold(std::slice::from_ref(&over), &Grant { valid_from: 500, ..tracer.clone() }), Ok(()));
    let before = Grant { valid_to: Some(500), ..tracer.clone() };
    assert_eq!(may_hold(&[Grant { valid_from: 500, valid_to: None, ..over.clone() }], &before), Ok(()));
    assert_eq!(may_hold(&[over], &Grant { valid_from: 499, ..tracer }), Err(Denial::SeparationOfDuties));
    assert_eq!(may_hold(&[], &granted(Role::AccountAdministrator, &[])), Ok(()));
}

#[test]
fn erasure_needs_two_people() {
    for role in [Role::Epidemiologist, Role::Commander] {
        let by = |requested_by| allow(&holder(role), Action::ErasureApprove, &Target { requested_by, ..record() });
        assert_eq!(refusal(by(Some(ME))), "access.same_person");
        assert_eq!(refusal(by(None)), "access.same_person");
        assert!(by(Some(OTHER)).allowed);
    }
    assert_eq!(refusal(allow(&holder(Role::Commander), Action::ErasureRequest, &record())), "access.role");
}

#[test]
fn a_break_glass_is_reviewed_by_another() {
    let mine = Target { requested_by: Some(ME), ..record() };
    assert_eq!(refusal(allow(&holder(Role::Inspector), Action::BreakGlassReview, &mine)), "access.same_person");
}

#[test]
fn nobody_gives_work_that_opens_records_to_themselves() {
    let mut actor = holder(Role::Dispatcher);
    actor.teams.push(Membership { team: TEAM, valid_from: 0, valid_to: None });
    for action in [Action::SampleAssign, Action::TeamAddMember, Action::TeamAssignArea] {
        for recipient in [Assignee::Account(ME), Assignee::Team(TEAM)] {
            assert_eq!(
                refusal(allow(&actor, action, &Target { recipient: Some(recipient), ..record() })),
                "access.for_oneself"
            );
        }
    }
}

#[test]
fn a_role_held_here_does_not_work_there() {
    let mut actor = holder(Role::Epidemiologist);
    actor.grants.push(granted(Role::Courier, &[NEIGHBOUR, CITY]));
    let neighbour = Target { lineage: vec![NEIGHBOUR, CITY], ..Target::default() };
    // By assignment the epidemiologist may help a neighbour; by jurisdiction the case is not theirs.
    assert_eq!(refusal(allow(&actor, Action::CaseRead, &neighbour)), "access.not_assigned");
    assert_eq!(refusal(allow(&actor, Action::PersonRead, &neighbour)), "access.elsewhere");
    assert!(allow(&actor, Action::CaseRead, &record()).allowed);
}

#[test]
fn two_grants_add_up() {
    let mut actor = holder(Role::Commander);
    let contact = assigned_to(Assignee::Account(ME), Task::FollowContact);
    let commander = allow(&actor, Action::ContactRead, &contact).fields;
    actor.grants = vec![granted(Role::Tracer, &[DISTRICT, CITY])];
    let tracer = allow(&actor, Action::ContactRead, &contact).fields;
    actor.grants.push(granted(Role::Commander, &[DISTRICT, CITY]));
    for _order in 0..2 {
        let both = allow(&actor, Action::ContactRead, &contact);
        assert_eq!(both.fields, commander.union(tracer));
        assert_eq!((both.rule, both.purpose), ("contact.follow_up_tracer", Some(Purpose::Trace)));
        actor.grants.reverse();
    }
}

#[test]
fn a_grant_holds_from_its_first_instant_to_before_its_last() {
    let mut actor = holder(Role::Epidemiologist);
    let mut read = |valid_from, valid_to| {
        actor.grants[0].valid_from = valid_from;
        actor.grants[0].valid_to = valid_to;
        allow(&actor, Action::PersonRead, &record())
    };
    assert!(read(NOW, Some(NOW + 1)).allowed);
    assert_eq!(refusal(read(NOW + 1, None)), "access.no_grant");
    assert_eq!(refusal(read(0, Some(NOW))), "access.no_grant");
}

#[test]
fn access_ends_with_the_assignment_and_with_the_membership() {
    let mut actor = holder(Role::Tracer);
    let mut mine = assigned_to(Assignee::Account(ME), Task::FollowContact);
    mine.assignments[0].valid_to = Some(NOW + 1);
    assert!(allow(&actor, Action::PersonRead, &mine).allowed);
    mine.assignments[0].valid_to = Some(NOW);
    assert_eq!(refusal(allow(&actor, Action::PersonRead, &mine)), "access.assignment_ended");
    mine.assignments[0] = Assigned { valid_from: NOW + 1, valid_to: None, ..mine.assignments[0].clone() };
    assert_eq!(refusal(allow(&actor, Action::PersonRead, &mine)), "access.not_assigned");

    let ours = assigned_to(Assignee::Team(TEAM), Task::FollowContact);
    assert_eq!(refusal(allow(&actor, Action::PersonRead, &ours)), "access.not_assigned");
    actor.teams.push(Membership { team: TEAM, valid_from: NOW + 1, valid_to: None });
    assert_eq!(refusal(allow(&actor, Action::PersonRead, &ours)), "access.not_assigned");
    actor.teams[0] = Membership { team: TEAM, valid_from: 0, valid_to: Some(NOW + 1) };
    assert!(allow(&actor, Action::PersonRead, &ours).allowed);
    actor.teams[0].valid_to = Some(NOW);
    assert_eq!(refusal(allow(&actor, Action::PersonRead, &ours)), "access.assignment_ended");
}

#[test]
fn a_foreign_record_and_an_absent_one_are_answered_alike_whatever_is_tried() {
    let foreign =
        Target { lineage: vec![NEIGHBOUR, CITY], ..assigned_to(Assignee::Account(OTHER), Task::FollowContact) };
    let actor = holder(Role::Tracer);
    for action in
        [Action::PersonRead, Action::ContactRead, Action::ContactDrop, Action::CaseClassify, Action::FollowUpRecord]
    {
        assert_eq!(answer(&actor, action, Some(&foreign)), answer(&actor, action, None), "{action}");
    }
    let mine = assigned_to(Assignee::Account(ME), Task::FollowContact);
    assert_eq!(
        answer(&actor, Action::ContactDrop, Some(&mine)).rule,
        "access.role",
        "of a record one reads, the reason is told"
    );
}

#[test]
fn a_record_comes_with_what_its_reader_may_do() {
    let mine = assigned_to(Assignee::Account(ME), Task::FollowContact);
    let acts = actions_on(&holder(Role::Tracer), Noun::Contact, &mine);
    assert_eq!(acts.len(), 9);
    let allowed: Vec<&str> =
        acts.iter().filter(|(_, decision)| decision.allowed).map(|(action, _)| action.name()).collect();
    assert_eq!(allowed, ["contact_list", "contact_read", "contact_correct"]);
}

#[test]
fn a_pair_needs_both_sides() {
    let actor = holder(Role::Epidemiologist);
    let here = allow(&actor, Action::DuplicateRead, &record());
    let there = allow(&actor, Action::DuplicateRead, &Target { lineage: vec![NEIGHBOUR, CITY], ..Target::default() });
    assert_eq!(refusal(here.both(there)), "access.elsewhere");
    assert_eq!(refusal(there.both(here)), "access.elsewhere");
    assert!(here.both(here).allowed);
    let less = allow(&holder(Role::Commander), Action::CaseRead, &record());
    let more = allow(&actor, Action::CaseRead, &record());
    assert_eq!(more.both(less).fields, less.fields);
}

#[test]
fn who_is_offered_a_contact_sees_what_it_takes_to_answer_and_nothing_more() {
    let offered = Target { lineage: vec![NEIGHBOUR, CITY], offered: vec![DISTRICT, CITY], ..Target::default() };
    let actor = holder(Role::Epidemiologist);
    let read = allow(&actor, Action::ContactRead, &offered);
    assert_eq!(read.fields, FieldSet::of(&[FieldGroup::Epidemiology, FieldGroup::Operational]));
    assert_eq!(read.purpose, Some(Purpose::Trace));
    assert!(allow(&actor, Action::ContactAcknowledge, &offered).allowed);
    for action in [Action::ContactCorrect, Action::ContactDrop, Action::ContactHandOver, Action::FollowUpRead] {
        assert!(!allow(&actor, action, &offered).allowed, "an offer gives no other right: {action}");
    }
    for role in Role::ALL.iter().filter(|role| **role != Role::Epidemiologist) {
        assert!(!allow(&holder(*role), Action::ContactRead, &offered).allowed, "{role}");
    }
    let to_another = Target { offered: vec![NEIGHBOUR, CITY], ..offered };
    assert!(!allow(&actor, Action::ContactRead, &to_another).allowed);
}
