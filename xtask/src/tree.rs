//! The project's text files in memory: read once from disk, or planted by a test.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Folders that hold what was built or brought in, never what we wrote.
const SKIPPED_FOLDERS: [&str; 5] = [".git", "target", ".demo", "node_modules", "backups"];
const TEXT_ENDINGS: [&str; 12] =
    [".rs", ".toml", ".md", ".sql", ".sh", ".txt", ".json", ".csv", ".ts", ".svelte", ".yml", ".yaml"];
const TEXT_NAMES: [&str; 4] = ["Makefile", ".gitignore", "LICENSE", "run"];

/// Text by path; paths are relative to the workspace root with `/` between the parts.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads every text file under `root`. A file that is not UTF-8 (a GB18030 sample, say) is left out:
    /// none of the rules can speak about it.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    self.read_folder(&entry.path(), &path)?;
                }
            } else if kind.is_file() && is_text(&name) {
                match String::from_utf8(std::fs::read(entry.path())?) {
                    Ok(text) => drop(self.files.insert(path, text)),
                    Err(_not_utf8) => {}
                }
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// All files in path order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust files in path order.
    pub fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }
}

fn is_text(name: &str) -> bool {
    TEXT_NAMES.contains(&name) || TEXT_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_tree_holds_this_file_and_nothing_built() {
        let tree = Tree::read(&crate::workspace_root()).unwrap();
        assert!(tree.get("xtask/src/tree.rs").is_some());
        assert!(tree.get(".ci/run").is_some());
        assert!(tree.files().all(|(path, _)| !path.starts_with("target/") && !path.starts_with(".git/")));
    }
}
