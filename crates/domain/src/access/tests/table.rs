//! The table itself is well made.

use std::collections::BTreeSet;

use super::*;

fn rules() -> impl Iterator<Item = (Noun, &'static Rule)> {
    Noun::ALL.iter().flat_map(|&noun| table(noun).iter().map(move |rule| (noun, rule)))
}

#[test]
fn every_action_can_be_done_by_somebody_and_every_noun_can_be_read() {
    for &action in Action::ALL {
        assert!(cells().iter().any(|cell| cell.action == action && cell.decision.allowed), "nobody can {action}");
        assert!(action.name().starts_with(action.noun().name()) || action == Action::BreakGlassReview, "{action}");
    }
    for noun in Noun::ALL {
        assert!(noun.read_action().is_some(), "{noun} has no read action");
    }
}

#[test]
fn a_rule_speaks_of_its_noun_and_of_tasks_that_all_its_roles_do_for_one_purpose() {
    let mut ids = BTreeSet::new();
    for (noun, rule) in rules() {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        assert!(rule.id.starts_with(&format!("{noun}.")), "{} in the table of {noun}", rule.id);
        assert!(!rule.roles.is_empty() && !rule.actions.is_empty() && !rule.reach.is_empty(), "{}", rule.id);
        for action in rule.actions {
            assert_eq!(action.noun(), noun, "{}", rule.id);
        }
        for role in rule.roles {
            assert!(
                role.tasks().covers(rule.tasks.union(rule.open_task)),
                "{}: {role} does not do {}",
                rule.id,
                rule.tasks
            );
            let purposes: BTreeSet<Purpose> =
                rule.tasks.iter().chain(rule.open_task.iter()).map(Task::purpose).collect();
            assert!(purposes.len() <= 1, "{} mixes purposes", rule.id);
        }
    }
}

#[test]
fn a_list_shows_of_a_record_what_reading_it_shows() {
    let cells = cells();
    for list in cells.iter().filter(|cell| cell.action.name().ends_with("_list")) {
        let read = list.action.noun().read_action();
        let same = cells.iter().find(|cell| {
            Some(cell.action) == read
                && cell.role == list.role
                && cell.held == list.held
                && cell.relation == list.relation
        });
        assert_eq!(
            same.map(|cell| cell.decision.fields),
            Some(list.decision.fields),
            "{} {}",
            list.action,
            list.role
        );
    }
}

#[test]
fn no_read_or_list_depends_on_who_asked_or_receives_so_scope_can_express_it() {
    for (_, rule) in rules() {
        let reads = rule.actions.iter().any(|action| matches!(action.kind(), Kind::List | Kind::Read));
        assert!(!(reads && (rule.two_person || rule.recipient != Recipient::Anyone)), "{}", rule.id);
    }
}

#[test]
fn a_personal_field_is_never_shown_without_a_purpose() {
    for cell in cells() {
        if cell.decision.fields.is_personal() {
            assert!(cell.decision.purpose.is_some(), "{} {}", cell.role, cell.action);
        }
    }
}

#[test]
fn every_denial_says_why_and_what_to_do_in_both_languages() {
    for &denial in Denial::ALL {
        for text in [denial.reason(), denial.remedy()] {
            assert!(text.zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{denial}");
            assert!(!text.en.is_empty() && text.en.is_ascii(), "{denial}");
        }
    }
}

#[test]
fn names_are_stable_and_read_back() {
    let action = Action::FollowUpRecord;
    assert_eq!(action.name(), "follow_up_record");
    assert_eq!(Action::from_name("follow_up_record"), Some(action));
    assert_eq!(Role::from_name("account_administrator"), Some(Role::AccountAdministrator));
    assert_eq!(Action::from_name("police_query"), None);
    let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.name()).collect();
    assert_eq!(names.len(), Action::ALL.len());
    use serde::Deserialize;
    use serde::de::value::{Error, SeqDeserializer, StrDeserializer};
    for action in Action::ALL {
        let text: StrDeserializer<'_, Error> = StrDeserializer::new(action.name());
        assert_eq!(Action::deserialize(text), Ok(*action));
    }
    let list: SeqDeserializer<_, Error> = SeqDeserializer::new(["clinical", "identity"].into_iter());
    assert_eq!(FieldSet::deserialize(list), Ok(FieldSet::of(&[FieldGroup::Identity, FieldGroup::Clinical])));
}

#[test]
fn there_are_six_purposes_and_no_other() {
    let names: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
    assert_eq!(names, ["trace", "test", "care", "supply", "order", "statistics"]);
}
