//! Disease packs: public rules, adopted by a signed command of a commander for their area (DESIGN §13.6).

use super::super::action::Action::{PackAdopt, PackList, PackPreview, PackRead};
use super::super::relation::RelationSet;
use super::super::role::Role::{Commander, Epidemiologist};
use super::super::rule::Rule;
use super::{EVERYONE, WORK};

pub(super) const RULES: &[Rule] = &[
    Rule::by_jurisdiction("pack.everyone", EVERYONE, &[PackList, PackRead], RelationSet::ANYWHERE, WORK),
    Rule::by_jurisdiction("pack.previewing", &[Epidemiologist, Commander], &[PackPreview], RelationSet::AREA, WORK),
    Rule::by_jurisdiction("pack.adopting", &[Commander], &[PackAdopt], RelationSet::AREA, WORK),
];
