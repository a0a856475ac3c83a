//! Cells that no later change of the table may open.

use super::FieldGroup::{Clinical, Identity, SourceCaseIdentity, SourceCaseLink};
use super::*;

/// All that one post can put together: the union over every action, place and assignment of the chosen cells.
fn seen(choose: impl Fn(&Cell) -> bool) -> FieldSet {
    cells()
        .iter()
        .filter(|cell| choose(cell))
        .fold(FieldSet::EMPTY, |fields, cell| fields.union(cell.decision.fields))
}

const NAME_WITH_DIAGNOSIS: FieldSet = FieldSet::of(&[Identity, Clinical]);

#[test]
fn laboratory_and_courier_see_no_name_at_all() {
    for role in [Role::Laboratory, Role::Courier] {
        let fields = seen(|cell| cell.role == role);
        assert!(fields.intersection(FieldSet::IDENTIFYING).is_empty(), "{role} sees {fields}");
    }
    assert!(seen(|cell| cell.role == Role::Laboratory).contains(Clinical), "a laboratory reads its results");
    assert!(!seen(|cell| cell.role == Role::Courier).is_personal());
}

#[test]
fn supply_sees_address_and_needs_and_no_name_with_a_diagnosis() {
    let supply = |cell: &Cell| cell.held == Held::By(Task::SupplyHousehold);
    assert!(!seen(supply).covers(NAME_WITH_DIAGNOSIS));
    let ordinary = seen(|cell| supply(cell) && cell.action != Action::PersonBreakGlass);
    assert!(
        ordinary.contains(FieldGroup::Location) && !ordinary.contains(Identity) && !ordinary.contains(Clinical),
        "{ordinary}"
    );
}

#[test]
fn sampler_dispatcher_and_hotline_see_no_diagnosis() {
    for role in [Role::Sampler, Role::Dispatcher, Role::Hotline] {
        assert!(!seen(|cell| cell.role == role).contains(Clinical), "{role}");
    }
}

#[test]
fn commander_inspector_and_analyst_see_no_identities_by_default() {
    for role in [Role::Commander, Role::Inspector, Role::DataAnalyst] {
        let fields = seen(|cell| cell.role == role && cell.action != Action::PersonBreakGlass);
        assert!(fields.intersection(FieldSet::IDENTIFYING).is_empty(), "{role} sees {fields}");
    }
    for role in [Role::Inspector, Role::DataAnalyst] {
        assert_eq!(refusal(allow(&holder(role), Action::PersonBreakGlass, &record())), "access.role");
    }
}

#[test]
fn account_administrator_sees_no_personal_data() {
    let fields = seen(|cell| cell.role == Role::AccountAdministrator);
    assert!(!fields.is_personal(), "{fields}");
    assert_eq!(Role::AccountAdministrator.standing_purpose(), None);
}

#[test]
fn nobody_serving_a_contact_sees_who_the_source_case_is() {
    for cell in cells().iter().filter(|cell| cell.decision.fields.contains(SourceCaseIdentity)) {
        assert_eq!(
            (cell.role, cell.held),
            (Role::Epidemiologist, Held::By(Task::InvestigateCase)),
            "{}",
            cell.action
        );
    }
    for role in [
        Role::Tracer,
        Role::CommunityWorker,
        Role::Sampler,
        Role::Dispatcher,
        Role::Hotline,
        Role::Laboratory,
        Role::Courier,
    ] {
        assert!(!seen(|cell| cell.role == role).contains(SourceCaseLink), "{role}");
    }
    // Nor in which area, which the exposure has from its source.
    let exposure = |cell: &Cell| {
        let follows = cell.role == Role::Tracer && cell.held == Held::By(Task::FollowContact);
        follows && cell.action.noun() == Noun::Exposure
    };
    assert!(!seen(exposure).contains(FieldGroup::Statistics));
    assert!(seen(exposure).contains(FieldGroup::Epidemiology), "when and how it was is read");
}

#[test]
fn the_epidemiologist_assigned_to_the_case_sees_who_infected_whom() {
    let contact = assigned_to(Assignee::Account(ME), Task::InvestigateCase);
    for action in [Action::ContactRead, Action::ExposureRead, Action::CaseRead] {
        assert!(
            allow(&holder(Role::Epidemiologist), action, &contact).fields.contains(SourceCaseIdentity),
            "{action}"
        );
        assert!(
            !allow(&holder(Role::Epidemiologist), action, &record()).fields.contains(SourceCaseIdentity),
            "{action}"
        );
    }
}

#[test]
fn who_follows_a_contact_does_not_read_the_interviewers_notes() {
    for role in [Role::Tracer, Role::CommunityWorker] {
        let fields =
            allow(&holder(role), Action::ContactRead, &assigned_to(Assignee::Account(ME), Task::FollowContact))
                .fields;
        assert!(fields.contains(Identity) && !fields.contains(FieldGroup::FreeText), "{role} sees {fields}");
    }
}

#[test]
fn field_posts_read_people_only_by_assignment() {
    let posts = [
        (Role::Tracer, Task::FollowContact),
        (Role::CommunityWorker, Task::FollowContact),
        (Role::Sampler, Task::CollectSample),
        (Role::Dispatcher, Task::DispatchTransport),
    ];
    for (role, task) in posts {
        assert_eq!(refusal(allow(&holder(role), Action::PersonRead, &record())), "access.not_assigned");
        let mine = assigned_to(Assignee::Account(ME), task);
        assert!(allow(&holder(role), Action::PersonRead, &mine).fields.contains(Identity), "{role}");
        let abroad = Target { lineage: vec![Uuid::from_u128(99)], ..mine };
        assert_eq!(refusal(allow(&holder(role), Action::PersonRead, &abroad)), "access.elsewhere");
    }
}

#[test]
fn a_task_of_another_post_opens_nothing() {
    let for_sampling = assigned_to(Assignee::Account(ME), Task::CollectSample);
    assert_eq!(refusal(allow(&holder(Role::Tracer), Action::PersonRead, &for_sampling)), "access.not_assigned");
    assert_eq!(refusal(allow(&holder(Role::Laboratory), Action::SampleRead, &for_sampling)), "access.not_assigned");
}

#[test]
fn only_who_answers_for_the_area_searches_by_name_or_exports_names() {
    for action in [Action::PersonSearch, Action::ExportIdentified, Action::DuplicateRead] {
        for cell in cells().iter().filter(|cell| cell.action == action && cell.decision.allowed) {
            assert_eq!(cell.role, Role::Epidemiologist, "{action}");
            assert!(RelationSet::AREA.contains(cell.relation), "{action} {}", cell.relation);
        }
    }
}

#[test]
fn a_deidentified_export_has_no_identifying_field() {
    assert!(seen(|cell| cell.action == Action::ExportDeidentified).intersection(FieldSet::IDENTIFYING).is_empty());
}

#[test]
fn hotline_hears_match_or_no_match_and_reads_nobody() {
    let ordinary = |cell: &Cell| cell.role == Role::Hotline && cell.action != Action::PersonBreakGlass;
    assert!(!seen(ordinary).is_personal());
    for action in
        [Action::PersonList, Action::PersonRead, Action::PersonSearch, Action::CaseRead, Action::ContactRead]
    {
        let call = assigned_to(Assignee::Account(ME), Task::AnswerCall);
        assert_eq!(refusal(allow(&holder(Role::Hotline), action, &call)), "access.role", "{action}");
    }
    let mut actor = holder(Role::Hotline);
    assert_eq!(refusal(allow(&actor, Action::PersonMatch, &record())), "access.no_open_task");
    assert_eq!(refusal(may_ask(&actor, Action::PersonMatch)), "access.no_open_task");
    actor.open_tasks.push(OpenTask { id: OTHER, task: Task::AnswerCall, valid_from: 0, valid_to: None });
    let heard = allow(&actor, Action::PersonMatch, &record());
    assert!(heard.allowed && heard.fields.is_empty());
    assert_eq!(heard.purpose, Some(Purpose::Care));
    actor.uses.matches = heard.limit.map_or(0, |limit| limit.most);
    assert_eq!(refusal(allow(&actor, Action::PersonMatch, &record())), "access.limit_reached");
    assert!(scope(&actor, Action::PersonMatch).is_empty());
}

#[test]
fn break_glass_is_limited_told_and_reviewed() {
    let mut actor = holder(Role::Tracer);
    let opened = allow(&actor, Action::PersonBreakGlass, &record());
    assert!(opened.allowed && !opened.fields.contains(Clinical) && !opened.fields.contains(SourceCaseLink));
    let limit = opened.limit.expect("break-glass has a limit");
    assert!(limit.tell_supervisor && limit.review_within_ms == Some(86_400_000));
    actor.uses.break_glass = limit.most - 1;
    assert!(allow(&actor, Action::PersonBreakGlass, &record()).allowed);
    actor.uses.break_glass = limit.most;
    assert_eq!(refusal(allow(&actor, Action::PersonBreakGlass, &record())), "access.limit_reached");
}

#[test]
fn a_laboratory_nobody_assigned_may_report_a_result_and_sees_nothing() {
    let abroad = Target { lineage: vec![Uuid::from_u128(99)], ..Target::default() };
    let reported = allow(&holder(Role::Laboratory), Action::SampleRecordResult, &abroad);
    assert!(reported.allowed && reported.fields.is_empty());
}
