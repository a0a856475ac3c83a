//! The packs at hand. Six are shipped with the program; a text adopted by an outbreak is put beside them.

use super::{Fault, Pack, PackRef};
use std::collections::BTreeMap;

/// Packs by name and version.
#[derive(Clone, Debug, Default)]
pub struct Shelf(BTreeMap<PackRef, Pack>);

/// The texts shipped with the program.
pub const SHIPPED: &[(&str, &str)] = &[
    ("packs/cn-covid-8.toml", include_str!("../../../../packs/cn-covid-8.toml")),
    ("packs/cn-covid-9.toml", include_str!("../../../../packs/cn-covid-9.toml")),
    ("packs/who-ebola.toml", include_str!("../../../../packs/who-ebola.toml")),
    ("packs/measles.toml", include_str!("../../../../packs/measles.toml")),
    ("packs/mers.toml", include_str!("../../../../packs/mers.toml")),
    ("packs/disease-x.toml", include_str!("../../../../packs/disease-x.toml")),
];

impl Shelf {
    /// The packs shipped with the program; a test holds each of them to be without fault.
    pub fn shipped() -> Self {
        let mut shelf = Self::default();
        for (_, text) in SHIPPED {
            let _ = shelf.put(text);
        }
        shelf
    }

    /// Puts a pack beside the others. One name and version has one content for ever.
    pub fn put(&mut self, text: &str) -> Result<PackRef, Vec<Fault>> {
        let pack = Pack::parse(text)?;
        let reference = pack.reference();
        self.0.entry(reference.clone()).or_insert(pack);
        Ok(reference)
    }

    /// The pack of this name and version.
    pub fn get(&self, reference: &PackRef) -> Option<&Pack> {
        self.0.get(reference)
    }

    /// All packs, by name and version.
    pub fn packs(&self) -> impl Iterator<Item = &Pack> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_pack_is_on_the_shelf() {
        assert_eq!(Shelf::shipped().packs().count(), SHIPPED.len());
    }
}
