//! How a record's jurisdiction stands to the jurisdiction of a grant.

use uuid::Uuid;

use super::named::{named, named_set};

named! {
    /// Where the record lies, seen from the grant.
    pub enum JurisdictionRelation {
        /// In the granted jurisdiction itself.
        Own = "own",
        /// In a part of it, at any depth and in any of the parallel hierarchies.
        Below = "below",
        /// In one that contains it.
        Above = "above",
        /// Neither contains the other, and some jurisdiction contains both.
        Beside = "beside",
        /// Nothing contains both; also a record whose jurisdiction is not known.
        None = "none",
    }
}

named_set! {
    /// Relations that a rule reaches.
    pub struct RelationSet of JurisdictionRelation
}

impl RelationSet {
    /// The granted jurisdiction and all its parts: a subtree.
    pub const AREA: Self = Self::of(&[JurisdictionRelation::Own, JurisdictionRelation::Below]);
    /// Every record under a common root. An assignment reaches this far: it was made by somebody entitled over the record, and teams
    /// help neighbours and records whose address is known only to the district.
    pub const SAME_TREE: Self = Self::of(&[
        JurisdictionRelation::Own,
        JurisdictionRelation::Below,
        JurisdictionRelation::Above,
        JurisdictionRelation::Beside,
    ]);
    /// Every record.
    pub const ANYWHERE: Self = Self::SAME_TREE.union(Self::of(&[JurisdictionRelation::None]));
}

/// The relation of a record's jurisdiction to a grant's. Both are lineages: the jurisdiction itself first, then everything that
/// contains it, in any order. An empty lineage is a jurisdiction not known, and stands to nothing.
pub fn relation(grant: &[Uuid], record: &[Uuid]) -> JurisdictionRelation {
    let (Some((own, above)), Some((here, over))) = (grant.split_first(), record.split_first()) else {
        return JurisdictionRelation::None;
    };
    if own == here {
        JurisdictionRelation::Own
    } else if over.contains(own) {
        JurisdictionRelation::Below
    } else if above.contains(here) {
        JurisdictionRelation::Above
    } else if above.iter().any(|ancestor| over.contains(ancestor)) {
        JurisdictionRelation::Beside
    } else {
        JurisdictionRelation::None
    }
}
