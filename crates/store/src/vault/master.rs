//! The master keys that wrap everything the vault holds. They come from a file or the environment, read by `cli`; this
//! room only parses the text.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::cipher::KEY_BYTES;

/// Why a text holds no usable master keys. Says where, never what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    #[error(
        "no master key: write 64 hexadecimal digits, or one `NUMBER:64 digits` per line, the highest number being the one in use"
    )]
    None,
    #[error("master key, line {line}: {reason}")]
    Line { line: usize, reason: &'static str },
}

/// One or more numbered master keys. The highest number is in use: it wraps all that is new. Lower ones open what was
/// wrapped before, until [`Vault::rotate`](super::Vault::rotate) has rewrapped it.
#[derive(Clone)]
pub struct MasterKeys {
    keys: BTreeMap<i64, Zeroizing<[u8; KEY_BYTES]>>,
    current: i64,
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKeys(numbers {:?})", self.keys.keys().collect::<Vec<_>>())
    }
}

impl MasterKeys {
    /// Parse the content of a key file or environment value: 64 hexadecimal digits (key number 1), or one
    /// `NUMBER:DIGITS` per line. Empty lines and lines that begin with `#` are skipped.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let mut keys = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let fault = |reason| MasterKeyError::Line { line: line_number, reason };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (number, digits) = match line.split_once(':') {
                None => (1, line),
                Some((number, digits)) => {
                    let number = number.trim().parse::<i64>().ok().filter(|n| *n >= 1);
                    (
                        number.ok_or_else(|| fault("the number before ':' is not a whole number from 1 up"))?,
                        digits.trim(),
                    )
                }
            };
            let key =
                parse_hex(digits).ok_or_else(|| fault("the key is not exactly 64 hexadecimal digits (32 bytes)"))?;
            if key.iter().all(|byte| Some(byte) == key.first()) {
                return Err(fault("the key is one byte repeated; make 32 random bytes"));
            }
            if keys.values().any(|other: &Zeroizing<[u8; KEY_BYTES]>| **other == *key) {
                return Err(fault("the same key stands under two numbers; a rotation needs a new key"));
            }
            if keys.insert(number, key).is_some() {
                return Err(fault("this key number stands twice"));
            }
        }
        let current = *keys.last_key_value().ok_or(MasterKeyError::None)?.0;
        Ok(Self { keys, current })
    }

    /// The number of the key in use.
    pub fn current(&self) -> i64 {
        self.current
    }

    /// The numbers of all keys given, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = i64> {
        self.keys.keys().copied()
    }

    /// The key for one purpose under a master key: purposes never share a key. `None` if the number is not given.
    pub(crate) fn derive(&self, number: i64, purpose: Purpose) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let master = self.keys.get(&number)?;
        Some(Zeroizing::new(blake3::derive_key(purpose.context(), master.as_slice())))
    }
}

/// What a master key is used for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    PersonKeys,
    Check,
    Backup,
}

impl Purpose {
    fn context(self) -> &'static str {
        match self {
            Purpose::PersonKeys => "firebreak 2026 master key wraps person keys 1",
            Purpose::Check => "firebreak 2026 master key check 1",
            Purpose::Backup => "firebreak 2026 master key wraps backup keys 1",
        }
    }
}

fn parse_hex(digits: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    if digits.len() != 2 * KEY_BYTES {
        return None;
    }
    let mut nibbles = digits.chars().map(|digit| digit.to_digit(16));
    for byte in key.iter_mut() {
        let (high, low) = (nibbles.next()??, nibbles.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const TWO: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn one_key_or_numbered_keys_are_read() {
        assert_eq!(MasterKeys::parse(&format!("{ONE}\n")).unwrap().current(), 1);
        let two = MasterKeys::parse(&format!("# rotated in May\n1:{ONE}\n\n 2 : {TWO}\n")).unwrap();
        assert_eq!(two.current(), 2);
        assert_eq!(two.numbers().collect::<Vec<_>>(), [1, 2]);
        // The order of lines does not matter, and the same number means the same key.
        let swapped = MasterKeys::parse(&format!("2:{TWO}\n1:{ONE}")).unwrap();
        assert_eq!(*two.derive(1, Purpose::Backup).unwrap(), *swapped.derive(1, Purpose::Backup).unwrap());
        assert_ne!(*two.derive(1, Purpose::Backup).unwrap(), *two.derive(1, Purpose::PersonKeys).unwrap());
        assert!(two.derive(3, Purpose::Backup).is_none());
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_line() {
        assert_eq!(MasterKeys::parse("# nothing\n").err(), Some(MasterKeyError::None));
        let zeros = "0".repeat(64);
        let cases = [
            (format!("{}\n", &ONE[1..]), 1),
            (format!("{ONE}0"), 1),
            (format!("1:{ONE}\n2:{}g", &TWO[1..]), 2),
            (format!("1:{ONE}\n1:{TWO}"), 2),
            (format!("1:{ONE}\n2:{ONE}"), 2),
            (format!("\n0:{ONE}"), 2),
            (format!("x:{ONE}"), 1),
            (zeros, 1),
            ("钥".repeat(64), 1),
        ];
        for (text, line) in cases {
            match MasterKeys::parse(&text) {
                Err(MasterKeyError::Line { line: found, .. }) => assert_eq!(found, line, "{text}"),
                other => panic!("{text} gave {other:?}"),
            }
        }
    }

    #[test]
    fn keys_are_never_printed() {
        let text = format!("{:?}", MasterKeys::parse(ONE).unwrap());
        assert_eq!(text, "MasterKeys(numbers [1])");
    }
}
