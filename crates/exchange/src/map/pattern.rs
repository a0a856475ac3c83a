//! Fixed texts with holes between them: `{}, {} ({})`.

/// A pattern of texts and holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The text before the first hole.
    head: String,
    /// The text after each hole.
    after: Vec<String>,
}

impl Pattern {
    /// Compiles a pattern; two holes need a text between them.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let mut pieces = pattern.split("{}").map(str::to_owned);
        let head = pieces.next().unwrap_or_default();
        let after: Vec<String> = pieces.collect();
        let Some((_, inner)) = after.split_last() else {
            return Err(format!("{pattern:?} has no hole {{}}"));
        };
        if inner.iter().any(String::is_empty) {
            return Err(format!("{pattern:?} has two holes with no text between them"));
        }
        Ok(Self { head, after })
    }

    /// Number of holes.
    pub fn holes(&self) -> usize {
        self.after.len()
    }

    /// The texts in the holes, each as short as the texts after it allow; `None` where the cell does not fit.
    pub fn read<'c>(&self, cell: &'c str) -> Option<Vec<&'c str>> {
        let mut rest = cell.strip_prefix(self.head.as_str())?;
        let mut found = Vec::with_capacity(self.after.len());
        for (at, after) in self.after.iter().enumerate() {
            let last = at + 1 == self.after.len();
            let (hole, tail) =
                if last { (rest.strip_suffix(after.as_str())?, "") } else { rest.split_once(after.as_str())? };
            found.push(hole);
            rest = tail;
        }
        Some(found)
    }
}
