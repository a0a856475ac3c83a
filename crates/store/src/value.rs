//! Values and rows as both engines know them: 64-bit integers, text, bytes and UUIDs. Instants are milliseconds in
//! an integer, dates are text `YYYY-MM-DD`, flags are 0 and 1 (dataplane rules R1–R3).

use uuid::Uuid;

/// The four column types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColumnType {
    /// 64-bit integer.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// UUID.
    Uuid,
}

/// One value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// 64-bit integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// UUID.
    Uuid(Uuid),
}

impl Value {
    /// Absent values become NULL.
    pub fn or_null(value: Option<impl Into<Value>>) -> Self {
        value.map_or(Self::Null, Into::into)
    }

    /// The integer, or an error naming what was expected.
    pub fn int(&self) -> Result<i64, Mistyped> {
        match self {
            Self::Int(value) => Ok(*value),
            _ => Err(Mistyped("an integer")),
        }
    }

    /// The integer, if there is one.
    pub fn opt_int(&self) -> Option<i64> {
        self.int().ok()
    }

    /// The UUID, or an error naming what was expected.
    pub fn uuid(&self) -> Result<Uuid, Mistyped> {
        match self {
            Self::Uuid(value) => Ok(*value),
            _ => Err(Mistyped("a UUID")),
        }
    }

    /// The UUID, if there is one.
    pub fn opt_uuid(&self) -> Option<Uuid> {
        self.uuid().ok()
    }

    /// The text, or an error naming what was expected.
    pub fn text(&self) -> Result<&str, Mistyped> {
        match self {
            Self::Text(value) => Ok(value),
            _ => Err(Mistyped("text")),
        }
    }

    /// The text, if there is one.
    pub fn opt_text(&self) -> Option<&str> {
        self.text().ok()
    }

    /// The bytes, or an error naming what was expected.
    pub fn bytes(&self) -> Result<&[u8], Mistyped> {
        match self {
            Self::Bytes(value) => Ok(value),
            _ => Err(Mistyped("bytes")),
        }
    }

    /// Appends the canonical form that every hash is over: a tag, a length where it varies, the bytes. A hash takes a
    /// whole row at once several times faster than value by value.
    pub(crate) fn canonical(&self, out: &mut Vec<u8>) {
        let mut sized = |tag: u8, bytes: &[u8]| {
            out.push(tag);
            out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            out.extend_from_slice(bytes);
        };
        match self {
            Self::Null => out.push(0),
            Self::Int(value) => {
                out.push(1);
                out.extend_from_slice(&value.to_be_bytes());
            }
            Self::Text(value) => sized(2, value.as_bytes()),
            Self::Bytes(value) => sized(3, value),
            Self::Uuid(value) => {
                out.push(4);
                out.extend_from_slice(value.as_bytes());
            }
        }
    }
}

/// A stored value is of another type than its table declares: the database was changed by something else.
#[derive(Debug, thiserror::Error)]
#[error("a stored value is not {0}; run `firebreak verify`")]
pub struct Mistyped(pub(crate) &'static str);

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Uuid(value)
    }
}

/// One row, in the order of its table's columns.
pub type Row = Vec<Value>;
