//! Fields that are given, corrected and kept. One declaration per noun yields what a command may give, what a
//! correction may change (with the value its author saw), what the state keeps and what the event carries, so
//! that the four never drift apart.

use crate::{
    refusal::Refusal,
    seal::{Cell, Reading, Sealed, Seals},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A value kept in clear: codes, dates and flags that figures need after an erasure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Open<T>(pub T);

impl<T> Seals for Open<T> {
    fn each_cell(&mut self, _: &mut dyn FnMut(&mut dyn Cell)) {}
}

/// How a field is kept, and what people give for it.
pub trait Kept {
    /// What a command carries.
    type Given: Clone + PartialEq;
    /// Turns what was given into what is kept.
    fn keep(given: Self::Given) -> Self;
    /// What is kept, for comparison and for rows.
    fn shown(&self, permit: &Reading) -> Option<&Self::Given>;
}

impl<T: Clone + PartialEq> Kept for Open<T> {
    type Given = T;

    fn keep(given: T) -> Self {
        Self(given)
    }

    fn shown(&self, _: &Reading) -> Option<&T> {
        Some(&self.0)
    }
}

impl<T: Clone + PartialEq + Serialize + DeserializeOwned, const C: u8> Kept for Sealed<T, C> {
    type Given = T;

    fn keep(given: T) -> Self {
        Self::Clear(given)
    }

    fn shown(&self, permit: &Reading) -> Option<&T> {
        self.read(permit)
    }
}

/// One changed field of a correction: what its author saw, and what it should be. Absent `to` clears the field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change<T> {
    /// The value the author saw; absent where the field was empty.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub seen: Option<T>,
    /// The new value; absent to clear.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub to: Option<T>,
}

/// What its author saw where a command puts something else than a field of its own: a household, an address, the place
/// around. Written `{}` where nothing stood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen<T> {
    /// What stood; absent where nothing did.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub stood: Option<T>,
}

/// Judges what is put in the place of what stands, as [`judge`] does for a field: refused where nothing would change, in
/// conflict where something else stands than was seen. Nothing said of what was seen is no conflict.
pub fn judge_put<T: PartialEq>(
    pointer: &'static str,
    stands: Option<&T>,
    seen: Option<&Seen<T>>,
    to: Option<&T>,
) -> Result<(), Refusal> {
    if stands == to {
        return Err(Refusal::rule("nothing_changes"));
    }
    let stale = seen.is_some_and(|seen| seen.stood.as_ref() != stands);
    if stale { Err(Refusal::conflict(&[pointer])) } else { Ok(()) }
}

/// One changed field as an event carries it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Set<T> {
    /// Not touched.
    #[default]
    Keep,
    /// Emptied.
    Clear,
    /// Given this value.
    To(T),
}

impl<T> Set<T> {
    /// Whether the field is untouched; such fields are left out of the journal.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Puts the change into a kept field.
    pub fn put(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::To(value) => *field = Some(value),
        }
    }
}

impl<T: Seals> Seals for Set<T> {
    fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell)) {
        if let Self::To(value) = self {
            value.each_cell(visit);
        }
    }
}

/// Judges one changed field: nothing to do, a change, or a conflict with what somebody else wrote meanwhile.
pub fn judge<K: Kept>(
    pointer: &'static str,
    kept: Option<&K>,
    change: Option<Change<K::Given>>,
    conflicts: &mut Vec<&'static str>,
) -> Set<K> {
    let Some(change) = change else { return Set::Keep };
    let stands = kept.and_then(|kept| kept.shown(&Reading::permit()));
    if stands == change.to.as_ref() {
        return Set::Keep;
    }
    if stands != change.seen.as_ref() {
        conflicts.push(pointer);
        return Set::Keep;
    }
    match change.to {
        Some(value) => Set::To(K::keep(value)),
        None => Set::Clear,
    }
}

/// A change as made by somebody who has seen what stands.
pub fn seen_again<K: Kept>(kept: Option<&K>, change: Change<K::Given>) -> Change<K::Given> {
    Change { seen: kept.and_then(|kept| kept.shown(&Reading::permit())).cloned(), to: change.to }
}

/// A correction that changes nothing is said so; one made on a stale view goes before a person.
pub fn conclude(conflicts: &[&'static str]) -> Result<(), Refusal> {
    if conflicts.is_empty() { Ok(()) } else { Err(Refusal::conflict(conflicts)) }
}

/// Declares the fields of a noun: `fields! { pub Fields, Given, Changes, Patch { onset_on: Open<KnownDate>, … } }`.
///
/// `Fields` is kept in the state, `Given` is the body of a command that makes the thing, `Changes` of one that
/// corrects it, `Patch` is what the event carries.
#[macro_export]
macro_rules! fields {
    ($(#[$doc:meta])* pub $Fields:ident, $Given:ident, $Changes:ident, $Patch:ident {
        $($(#[$field_doc:meta])* $field:ident: $kept:ty),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $Fields { $($(#[$field_doc])* pub $field: Option<$kept>),* }

        /// What a command gives for these fields; what is left out is not said.
        #[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Given { $(
            $(#[$field_doc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<<$kept as $crate::fields::Kept>::Given>
        ),* }

        /// What a correction changes, field by field, with the value its author saw.
        #[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Changes { $(
            $(#[$field_doc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$crate::fields::Change<<$kept as $crate::fields::Kept>::Given>>
        ),* }

        /// The changes as the journal carries them.
        #[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $Patch { $(
            $(#[$field_doc])*
            #[serde(skip_serializing_if = "crate::fields::Set::is_keep")]
            pub $field: $crate::fields::Set<$kept>
        ),* }

        impl $Given {
            /// These fields as they are kept.
            pub fn kept(self) -> $Fields {
                $Fields { $($field: self.$field.map(<$kept as $crate::fields::Kept>::keep)),* }
            }

            /// These fields as the journal carries them.
            pub fn patch(self) -> $Patch {
                $Patch { $($field: match self.$field {
                    Some(given) => $crate::fields::Set::To(<$kept as $crate::fields::Kept>::keep(given)),
                    None => $crate::fields::Set::Keep,
                }),* }
            }
        }

        impl $Changes {
            /// Judges the changes against what stands: a patch, or a conflict naming the fields.
            pub fn judge(self, kept: &$Fields) -> Result<$Patch, $crate::refusal::Refusal> {
                let mut conflicts = Vec::new();
                let patch = $Patch { $(
                    $field: $crate::fields::judge(stringify!($field), kept.$field.as_ref(), self.$field, &mut conflicts)
                ),* };
                $crate::fields::conclude(&conflicts)?;
                Ok(patch)
            }

            /// The same changes as made by somebody who has seen what stands.
            pub fn seen_again(self, kept: &$Fields) -> Self {
                Self { $($field: self.$field.map(|change| $crate::fields::seen_again(kept.$field.as_ref(), change))),* }
            }
        }

        impl $Patch {
            /// Whether nothing changes.
            pub fn is_empty(&self) -> bool {
                $(self.$field.is_keep())&&*
            }

            /// Puts the changes into kept fields.
            pub fn apply(self, kept: &mut $Fields) {
                $(self.$field.put(&mut kept.$field);)*
            }
        }

        $crate::seals! {
            $Fields: $($field),* ;
            $Patch: $($field),* ;
        }
    };
}
