//! The words that a parameter of an enumeration takes: those of the type itself, so that a misspelt one is refused and not
//! answered with nothing.

use domain::{
    kernel::Kind,
    noun::{duplicate::Standing, person::AgeBand},
};
use serde::de::{DeserializeOwned, Error, value::StrDeserializer};
use std::fmt::{self, Display};

/// The words of an enumeration as serde writes them.
pub(super) fn written<T: DeserializeOwned>() -> Vec<&'static str> {
    // No enumeration has a word of no letters, so what is expected in its place is said.
    T::deserialize(StrDeserializer::<Expected>::new("")).err().map_or_else(Vec::new, |expected| expected.0.to_vec())
}

/// Bands of age as tables have them.
pub(super) fn age_bands() -> Vec<&'static str> {
    AgeBand::ALL.map(AgeBand::name).to_vec()
}

/// Where a suspected duplicate can stand.
pub(super) fn standings() -> Vec<&'static str> {
    Standing::ALL.map(Standing::name).to_vec()
}

/// Kinds of records.
pub(super) fn kinds() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.name()).collect()
}

/// What a deserializer says it would have taken.
#[derive(Debug)]
struct Expected(&'static [&'static str]);

impl Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "one of {}", self.0.join(", "))
    }
}

impl std::error::Error for Expected {}

impl Error for Expected {
    fn custom<T: Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}
