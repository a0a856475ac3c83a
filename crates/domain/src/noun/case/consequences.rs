//! What follows from the events of a case: samples find it, follow-ups of its person end in it or come back from it.

use super::{Case, Changes, ContactId, Context, Finding, Patch, Relation, kernel};
use crate::noun::{
    contact::{self, Contact, Status},
    sample::{self, Sample},
};

impl Case {
    /// Samples that the findings name and that belong to no case yet belong to this one.
    pub(super) fn link_samples(&self, findings: &[Finding], context: &Context<'_>) -> Vec<kernel::Command> {
        let samples = findings.iter().filter_map(|finding| match finding {
            Finding::PositiveSample(id) | Finding::NegativeSample(id) => Some(*id),
            _ => None,
        });
        samples
            .filter(|id| context.find::<Sample>(*id).is_some_and(|sample| sample.case.is_none()))
            .map(|id| kernel::Command::Sample(sample::Command::LinkCase { id, case: self.id }))
            .collect()
    }

    /// Open follow-ups of the person end in this case when it becomes an infection.
    pub(super) fn promote(&self, infections_added: i64, context: &Context<'_>) -> Vec<kernel::Command> {
        if infections_added <= 0 {
            return Vec::new();
        }
        self.contacts(context, Status::is_open)
            .map(|id| kernel::Command::Contact(contact::Command::Promote { id, case: self.id }))
            .collect()
    }

    /// Follow-ups that ended in this case are judged anew: it may be none.
    pub(super) fn return_promoted(&self, context: &Context<'_>) -> Vec<kernel::Command> {
        self.contacts(context, |status| status == Status::Promoted(self.id))
            .map(|id| kernel::Command::Contact(contact::Command::Reassess { id }))
            .collect()
    }

    fn contacts<'a>(
        &self,
        context: &Context<'a>,
        which: impl Fn(Status) -> bool + 'a,
    ) -> impl Iterator<Item = ContactId> + 'a {
        let outbreak = self.outbreak;
        let contacts = context.referring::<Contact>(self.person, Relation::ContactOfPerson);
        contacts
            .into_iter()
            .filter(move |(_, contact)| contact.outbreak == outbreak && which(contact.status()))
            .map(|(id, _)| ContactId(id))
    }
}

/// Whether a correction may move a date that windows are measured from.
pub(super) fn moves_anchors(changes: &Changes) -> bool {
    changes.onset_on.is_some()
        || changes.rash_onset_on.is_some()
        || changes.first_positive_on.is_some()
        || changes.outcome.is_some()
        || changes.outcome_on.is_some()
}

/// Whether it did.
pub(super) fn anchors_touched(patch: &Patch) -> bool {
    !(patch.onset_on.is_keep()
        && patch.rash_onset_on.is_keep()
        && patch.first_positive_on.is_keep()
        && patch.outcome.is_keep()
        && patch.outcome_on.is_keep())
}
