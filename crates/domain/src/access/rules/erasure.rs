//! Erasure takes two people (DESIGN §13.14): who approves or refuses is not who requested. The second person judges the request,
//! not the person's file. Refused while an appeal or legal hold is open: that is the command's rule.

use super::super::action::Action::{
    ErasureApprove, ErasureLiftHold, ErasureList, ErasurePlaceHold, ErasureRead, ErasureRefuse, ErasureRequest,
};
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, Epidemiologist, Inspector};
use super::super::rule::Rule;
use super::{NOTHING, WORK};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction(
        "erasure.register",
        &[Epidemiologist, Commander, Inspector],
        &[ErasureList, ErasureRead],
        RelationSet::AREA,
        WORK,
    ),
    Rule::by_jurisdiction("erasure.requesting", &[Epidemiologist], &[ErasureRequest], RelationSet::AREA, NOTHING),
    Rule::by_jurisdiction(
        "erasure.deciding",
        &[Epidemiologist, Commander],
        &[ErasureApprove, ErasureRefuse],
        RelationSet::AREA,
        NOTHING,
    )
    .two_person(),
    // Who gets the court's letter stops the erasing at once; it takes a commander to let it go on.
    Rule::by_jurisdiction(
        "erasure.holding",
        &[Epidemiologist, Commander],
        &[ErasurePlaceHold],
        RelationSet::AREA,
        NOTHING,
    ),
    Rule::by_jurisdiction("erasure.releasing", &[Commander], &[ErasureLiftHold], RelationSet::AREA, NOTHING),
];
