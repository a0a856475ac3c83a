//! Sealing by type (DESIGN §3, ADR 3). A personal value in an event or a state is `Sealed`: the journal holds it
//! only enciphered under a key of that person and class, and `apply` can carry it but has no way to read it, so
//! replay after an erasure takes the same path as the live write did.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, de::DeserializeOwned, ser};

/// Retention classes (G10): each has its own key per person, so that one can be destroyed before another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Class {
    /// Who: names, birth date, sex, identifiers.
    Identity = 0,
    /// How to reach: phones, mail, languages.
    Contact = 1,
    /// Where: addresses, coordinates.
    Location = 2,
    /// What a resident asked for.
    Request = 3,
    /// Findings: symptoms, temperatures, notes of a clinician in fixed fields.
    Clinical = 4,
    /// Anything typed freely.
    FreeText = 5,
}

impl Class {
    /// All classes in the order of their numbers.
    pub const ALL: [Class; 6] =
        [Class::Identity, Class::Contact, Class::Location, Class::Request, Class::Clinical, Class::FreeText];
}

/// A set of classes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Classes(u8);

impl Classes {
    /// The set with these bits, bit `n` for class number `n`; bits of no class are left out.
    pub fn from_bits(bits: i64) -> Self {
        Self::from_numbers((0..8).filter(|class| bits & (1 << class) != 0))
    }

    /// The set of these class numbers; numbers of no class are left out.
    pub fn from_numbers(numbers: impl IntoIterator<Item = u8>) -> Self {
        let known = numbers.into_iter().filter(|class| usize::from(*class) < Class::ALL.len());
        Self(known.fold(0, |bits, class| bits | (1 << class)))
    }

    /// One bit for each class.
    pub fn bits(self) -> i64 {
        i64::from(self.0)
    }

    /// Whether the class is in it.
    pub fn contains(self, class: Class) -> bool {
        self.0 & (1 << class as u8) != 0
    }

    /// Whether all of `others` are in it.
    pub fn covers(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether no class is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both together.
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

/// A value sealed under class number `C`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sealed<T, const C: u8> {
    /// Readable: in memory and in rows.
    Clear(T),
    /// Enciphered: as it stands in the journal.
    Cipher(Vec<u8>),
    /// Its key was destroyed.
    Gone,
}

/// Names, birth date, sex, identifiers.
pub type Identity<T> = Sealed<T, { Class::Identity as u8 }>;
/// Phones, mail, languages.
pub type ContactDetail<T> = Sealed<T, { Class::Contact as u8 }>;
/// Addresses, coordinates.
pub type Location<T> = Sealed<T, { Class::Location as u8 }>;
/// Symptoms, temperatures.
pub type Clinical<T> = Sealed<T, { Class::Clinical as u8 }>;
/// Free text.
pub type FreeText<T> = Sealed<T, { Class::FreeText as u8 }>;

/// Permission to read sealed values. `decide` has one (it may compare a correction with what stands), the row
/// writer has one; `apply` is given none.
pub struct Reading(());

impl Reading {
    /// For `decide` and for what turns states into rows or answers.
    pub fn permit() -> Self {
        Self(())
    }
}

impl<T, const C: u8> Sealed<T, C> {
    /// The value; `None` when it is enciphered or gone.
    pub fn read(&self, _: &Reading) -> Option<&T> {
        match self {
            Self::Clear(value) => Some(value),
            Self::Cipher(_) | Self::Gone => None,
        }
    }
}

/// A place in an event that holds one sealed value, without its type.
pub trait Cell {
    /// Its class.
    fn class(&self) -> Class;
    /// Whether it holds a value that can be read.
    fn is_clear(&self) -> bool;
    /// Replaces a readable value by what `encipher` makes of its bytes.
    fn seal(&mut self, encipher: &mut dyn FnMut(Class, &[u8]) -> Vec<u8>);
    /// Replaces an enciphered value by its reading; `None` from `decipher` says that the key is gone.
    fn unseal(&mut self, decipher: &mut dyn FnMut(Class, &[u8]) -> Option<Vec<u8>>) -> Result<(), Unreadable>;
    /// Forgets the value.
    fn erase(&mut self);
}

/// A deciphered value that is not of the type its event says.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value of class {class:?} is not of the type its event declares: {reason}")]
pub struct Unreadable {
    /// Class of the value.
    pub class: Class,
    /// What the decoder said; never the value.
    pub reason: String,
}

impl<T: Serialize + DeserializeOwned, const C: u8> Cell for Sealed<T, C> {
    fn class(&self) -> Class {
        Class::ALL[C as usize]
    }

    fn is_clear(&self) -> bool {
        matches!(self, Self::Clear(_))
    }

    fn seal(&mut self, encipher: &mut dyn FnMut(Class, &[u8]) -> Vec<u8>) {
        if let Self::Clear(value) = self {
            // Encoding into memory fails only for types that cannot be encoded at all; then the value is dropped,
            // never written in clear.
            *self = match postcard::to_allocvec(value) {
                Ok(bytes) => Self::Cipher(encipher(Class::ALL[C as usize], &bytes)),
                Err(_) => Self::Gone,
            };
        }
    }

    fn unseal(&mut self, decipher: &mut dyn FnMut(Class, &[u8]) -> Option<Vec<u8>>) -> Result<(), Unreadable> {
        if let Self::Cipher(bytes) = self {
            *self = match decipher(Class::ALL[C as usize], bytes) {
                Some(plain) => Self::Clear(
                    postcard::from_bytes(&plain)
                        .map_err(|error| Unreadable { class: Class::ALL[C as usize], reason: error.to_string() })?,
                ),
                None => Self::Gone,
            };
        }
        Ok(())
    }

    fn erase(&mut self) {
        *self = Self::Gone;
    }
}

/// Walks the sealed cells of a value in a fixed order; the order numbers the fields for their nonces.
pub trait Seals {
    /// Calls `visit` for each cell.
    fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell));
}

impl<T: Serialize + DeserializeOwned, const C: u8> Seals for Sealed<T, C> {
    fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell)) {
        visit(self);
    }
}

impl<T: Seals> Seals for Option<T> {
    fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell)) {
        if let Some(value) = self {
            value.each_cell(visit);
        }
    }
}

impl<T: Seals> Seals for Vec<T> {
    fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell)) {
        for value in self {
            value.each_cell(visit);
        }
    }
}

impl<K, T: Seals> Seals for std::collections::BTreeMap<K, T> {
    fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn Cell)) {
        for value in self.values_mut() {
            value.each_cell(visit);
        }
    }
}

/// Implements [`Seals`] for a struct by naming the fields that hold sealed cells: `seals!(Registered: fields, note)`.
#[macro_export]
macro_rules! seals {
    ($($type:ty: $($field:ident),* ;)*) => {$(
        impl $crate::seal::Seals for $type {
            fn each_cell(&mut self, visit: &mut dyn FnMut(&mut dyn $crate::seal::Cell)) {
                let _ = &visit;
                $($crate::seal::Seals::each_cell(&mut self.$field, visit);)*
            }
        }
    )*};
}

impl<T: Serialize, const C: u8> Serialize for Sealed<T, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return match self {
                Self::Clear(value) => Some(value).serialize(serializer),
                Self::Gone => None::<&T>.serialize(serializer),
                Self::Cipher(_) => Err(ser::Error::custom("a state may not hold an enciphered value")),
            };
        }
        match self {
            Self::Cipher(bytes) => serializer.serialize_str(&BASE64.encode(bytes)),
            Self::Gone => serializer.serialize_none(),
            Self::Clear(_) => Err(ser::Error::custom("an unsealed value may not enter the journal")),
        }
    }
}

impl<'de, T: Deserialize<'de>, const C: u8> Deserialize<'de> for Sealed<T, C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Gone, Self::Clear));
        }
        match Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)? {
            Some(text) => BASE64
                .decode(text.as_bytes())
                .map(Self::Cipher)
                .map_err(|_| de::Error::custom("a sealed value is not base64")),
            None => Ok(Self::Gone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn an_unsealed_value_cannot_be_journalled() {
        let value: Identity<String> = Sealed::Clear("王伟".to_owned());
        assert!(serde_json::to_string(&value).is_err());
    }

    #[test]
    fn sealing_and_unsealing_gives_the_value_back_and_a_lost_key_gives_nothing() {
        let mut value: Identity<String> = Sealed::Clear("王伟".to_owned());
        value.seal(&mut |_, bytes| bytes.iter().map(|byte| byte ^ 0x5a).collect());
        let text = serde_json::to_string(&value).expect("an enciphered value is written");
        let mut back: Identity<String> = serde_json::from_str(&text).expect("and read");
        let mut lost = back.clone();
        back.unseal(&mut |_, bytes| Some(bytes.iter().map(|byte| byte ^ 0x5a).collect())).expect("it is a string");
        assert_eq!(back, Sealed::Clear("王伟".to_owned()));
        lost.unseal(&mut |_, _| None).expect("a lost key is no error");
        assert_eq!(lost, Sealed::Gone);
    }
}
