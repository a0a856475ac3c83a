//! Accounts. Their administrator sees logins and posts, and of residents nothing. A token carries the rights of its account: only
//! the holder makes one. New credentials are given by somebody else, as a one-time link that the holder is told of.

use super::super::action::Action::{
    AccountCorrect, AccountCreate, AccountDisable, AccountIssueToken, AccountList, AccountRead,
    AccountResetCredentials,
};
use super::super::field::FieldGroup::Operational;
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{AccountAdministrator, Inspector};
use super::super::rule::Rule;
use super::EVERYONE;

const LOGIN: FieldSet = FieldSet::of(&[Operational]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "account.administering",
        &[AccountAdministrator],
        &[AccountList, AccountRead, AccountCreate, AccountCorrect, AccountDisable],
        RelationSet::AREA,
        LOGIN,
    ),
    Rule::by_jurisdiction(
        "account.credentials",
        &[AccountAdministrator],
        &[AccountResetCredentials],
        RelationSet::AREA,
        LOGIN,
    )
    .not_for_self(),
    Rule::by_jurisdiction("account.token", EVERYONE, &[AccountIssueToken], RelationSet::ANYWHERE, LOGIN)
        .for_oneself(),
    Rule::by_jurisdiction("account.inspection", &[Inspector], &[AccountList, AccountRead], RelationSet::AREA, LOGIN),
];
