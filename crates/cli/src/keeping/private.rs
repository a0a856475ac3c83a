//! Files that hold personal values in clear for a moment: in a folder of their own, overwritten before they go.

use crate::printing::note;
use anyhow::Context as _;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// A folder that only this account may enter (mode 700); its files are overwritten and removed when it goes.
pub struct PrivateFolder(tempfile::TempDir);

impl PrivateFolder {
    /// Makes one inside `parent`.
    pub fn inside(parent: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(".private-")
            .tempdir_in(parent)
            .with_context(|| format!("a private folder cannot be made in {}", parent.display()))?;
        Ok(Self(folder))
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let Ok(entries) = fs::read_dir(self.0.path()) else { return };
        for entry in entries.flatten() {
            if let Err(error) = overwrite(&entry.path()) {
                note!(
                    "firebreak: {} was not overwritten ({error}); overwrite it by hand",
                    entry.path().display()
                );
            }
        }
    }
}

/// Writes zeros over a file, durably. A file system that writes elsewhere keeps the old blocks; disk encryption helps.
fn overwrite(path: &Path) -> std::io::Result<()> {
    let mut file = fs::File::options().write(true).open(path)?;
    let mut left = file.metadata()?.len();
    let zeros = [0_u8; 64 * 1024];
    while left > 0 {
        let step = left.min(zeros.len() as u64);
        file.write_all(zeros.get(..usize::try_from(step).unwrap_or(0)).unwrap_or(&[]))?;
        left -= step;
    }
    file.sync_all()
}
