//! The journal as a whole. Its payloads are sealed, a back-up is encrypted, and proving the chain shows no field, so these acts on
//! the database are not bound to a jurisdiction.

use super::super::action::Action::{
    JournalBackUp, JournalList, JournalMigrate, JournalRead, JournalRestore, JournalVerify,
};
use super::super::field::FieldGroup::Operational;
use super::super::field::FieldSet;
use super::super::relation::RelationSet;
use super::super::role::Role::{AccountAdministrator, Commander, Epidemiologist, Inspector};
use super::super::rule::Rule;

const PROOF: FieldSet = FieldSet::of(&[Operational]);

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction("journal.inspection", &[Inspector], &[JournalList, JournalRead], RelationSet::AREA, PROOF),
    Rule::by_jurisdiction(
        "journal.proving",
        &[Inspector, AccountAdministrator, Commander, Epidemiologist],
        &[JournalVerify],
        RelationSet::ANYWHERE,
        PROOF,
    ),
    Rule::by_jurisdiction(
        "journal.keeping",
        &[AccountAdministrator],
        &[JournalBackUp, JournalRestore, JournalMigrate],
        RelationSet::ANYWHERE,
        PROOF,
    ),
];
