//! Enums with one stable snake_case name per value, and small sets of them that can be written in a `const` table.

/// Declares an enum whose values carry their stable name: the same text in JSON, in the journal, in the golden file.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $enum:ident { $($(#[$value_meta:meta])* $value:ident = $name:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $enum { $($(#[$value_meta])* #[serde(rename = $name)] $value),+ }

        impl $enum {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $name),+ }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

/// Declares an ordered set of a `named!` enum of at most 16 values; in JSON it is the list of their names.
macro_rules! named_set {
    ($(#[$meta:meta])* pub struct $set:ident of $enum:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $set(u16);

        impl $set {
            /// Nothing.
            pub const EMPTY: Self = Self(0);

            /// The set of these values.
            pub const fn of(values: &[$enum]) -> Self {
                let mut bits = 0;
                let mut i = 0;
                while i < values.len() {
                    bits |= 1 << values[i] as u16;
                    i += 1;
                }
                Self(bits)
            }

            /// Both sets together.
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// What both sets have.
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// Whether the value is in the set.
            pub const fn contains(self, value: $enum) -> bool {
                self.0 & (1 << value as u16) != 0
            }

            /// Whether every value of `other` is in this set.
            pub const fn covers(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether the set is empty.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// How many values are in the set.
            pub const fn len(self) -> u32 {
                self.0.count_ones()
            }

            /// The values, in the order of declaration.
            pub fn iter(self) -> impl Iterator<Item = $enum> {
                $enum::ALL.iter().copied().filter(move |value| self.contains(*value))
            }
        }

        impl FromIterator<$enum> for $set {
            fn from_iter<I: IntoIterator<Item = $enum>>(values: I) -> Self {
                values.into_iter().fold(Self::EMPTY, |set, value| set.union(Self::of(&[value])))
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{{{self}}}")
            }
        }

        impl std::fmt::Display for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.iter().map(|value| value.name()).collect::<Vec<_>>().join(","))
            }
        }

        impl serde::Serialize for $set {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.iter())
            }
        }

        impl<'de> serde::Deserialize<'de> for $set {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Vec::<$enum>::deserialize(deserializer)?.into_iter().collect())
            }
        }
    };
}

pub(super) use {named, named_set};
