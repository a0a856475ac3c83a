//! Groups of fields: the unit in which a record is shown or withheld. Each row type says to which group its columns belong.

use super::named::{named, named_set};

named! {
    /// A class of fields of any record. A field belongs to exactly one group.
    pub enum FieldGroup {
        /// Names, identifiers, birth date, photograph.
        Identity = "identity",
        /// Telephone, messaging, e-mail, guardian to call.
        ContactDetails = "contact_details",
        /// Addresses and coordinates of a person or dwelling.
        Location = "location",
        /// Diagnosis, classification, symptoms, results, outcome.
        Clinical = "clinical",
        /// Exposure (when, how long, which type), ring, onset window. Not from whom.
        Epidemiology = "epidemiology",
        /// The id or code of the source case. Held apart from `Epidemiology` because bulletins print codes beside age, sex and street:
        /// to know the code is often to know the person.
        SourceCaseLink = "source_case_link",
        /// Who the source case is.
        SourceCaseIdentity = "source_case_identity",
        /// Duties, plans, times, tube token, states of work, names of facilities and of staff at work.
        Operational = "operational",
        /// Notes, and whatever a person typed: may hold anything, so it is treated as if it did.
        FreeText = "free_text",
        /// Age band, sex, community, counts; of an exposure its area, which is that of its source.
        Statistics = "statistics",
    }
}

named_set! {
    /// Which groups of a record are shown.
    pub struct FieldSet of FieldGroup
}

impl FieldSet {
    /// The groups that tell something about one person; a read that gives any of them has a purpose and is logged.
    pub const PERSONAL: Self = Self::of(&[
        FieldGroup::Identity,
        FieldGroup::ContactDetails,
        FieldGroup::Location,
        FieldGroup::Clinical,
        FieldGroup::Epidemiology,
        FieldGroup::SourceCaseLink,
        FieldGroup::SourceCaseIdentity,
        FieldGroup::FreeText,
    ]);

    /// The groups that say who somebody is or how to reach them.
    pub const IDENTIFYING: Self = Self::of(&[
        FieldGroup::Identity,
        FieldGroup::ContactDetails,
        FieldGroup::Location,
        FieldGroup::SourceCaseIdentity,
        FieldGroup::FreeText,
    ]);

    /// Whether any personal group is in the set.
    pub const fn is_personal(self) -> bool {
        !self.intersection(Self::PERSONAL).is_empty()
    }
}
