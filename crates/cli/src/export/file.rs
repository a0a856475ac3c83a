//! Where the bytes go: beside the file's name until all are there, so that a half-written file is never taken for a whole one.

use super::Arguments;
use anyhow::{Context as _, bail};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// The file that is to appear, or the standard output.
pub struct Target {
    parts: Vec<Part>,
    overwrite: bool,
    file: Option<PathBuf>,
}

/// A file under its temporary name; removed unless it appeared.
struct Part {
    file: File,
    under: PathBuf,
    name: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already where it appeared.
        let _ = std::fs::remove_file(&self.under);
    }
}

fn beside(name: &Path, ending: &str) -> PathBuf {
    let mut file = std::ffi::OsString::from(".");
    file.push(name.file_name().unwrap_or_default());
    file.push(ending);
    name.with_file_name(file)
}

/// The mapping's name beside the file's.
pub fn mapping_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".map.toml");
    file.with_file_name(name)
}

impl Part {
    fn open(name: PathBuf) -> anyhow::Result<Self> {
        let under = beside(&name, ".part");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            // Readable by nobody else, whatever it will hold.
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options
            .open(&under)
            .with_context(|| format!("{} cannot be written: choose a folder that is there and yours", name.display()))?;
        if file.try_lock().is_err() {
            bail!("{} is being written by another export: wait for it, or choose another name", name.display());
        }
        // What an earlier run left that was killed.
        file.set_len(0)?;
        Ok(Self { file, under, name })
    }
}

impl Target {
    /// Opens it. A file that is there stays, unless it may be replaced.
    pub fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let mut target = Self { parts: Vec::new(), overwrite: arguments.overwrite, file: arguments.file.clone() };
        let Some(name) = &target.file else {
            return Ok(target);
        };
        if name.file_name().is_none() {
            bail!("{} is no name of a file", name.display());
        }
        match name.symlink_metadata() {
            // A folder, a device or a link to something else would be replaced, not written to.
            Ok(found) if !found.is_file() => {
                bail!("{} is no ordinary file: name a file, or none for the standard output", name.display());
            }
            Ok(_) if !target.overwrite => {
                bail!("{} is there already: choose another name, or say --overwrite", name.display());
            }
            _ => {}
        }
        target.parts.push(Part::open(name.clone())?);
        Ok(target)
    }

    /// The folder for scratch files: the file's own, where its reader looks after what lies there.
    pub fn folder(&self) -> Option<PathBuf> {
        let parent = self.file.as_ref()?.parent()?;
        Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
    }

    /// Where the rows are written.
    pub fn sink(&self) -> io::Result<Box<dyn Write + Send>> {
        Ok(match self.parts.first() {
            Some(part) => Box::new(BufWriter::new(part.file.try_clone()?)),
            None => Box::new(BufWriter::new(io::stdout())),
        })
    }

    /// All rows are written: makes them durable.
    pub fn whole(&self, mut sink: Box<dyn Write + Send>) -> io::Result<()> {
        sink.flush()?;
        self.parts.iter().try_for_each(|part| part.file.sync_all())
    }

    /// Writes the mapping that reads the file back.
    pub fn mapping(&mut self, text: &str) -> anyhow::Result<()> {
        let Some(file) = &self.file else {
            bail!("a file with names in other words comes with a mapping beside it: name a file, or leave out --language");
        };
        let mut part = Part::open(mapping_of(file))?;
        part.file.write_all(text.as_bytes())?;
        part.file.sync_all()?;
        self.parts.push(part);
        Ok(())
    }

    /// Lets the whole file appear under its name, the mapping before it.
    pub fn appear(self) -> anyhow::Result<()> {
        for part in self.parts.iter().rev() {
            let (under, name) = (&part.under, &part.name);
            let done = if self.overwrite || name.ends_with(".map.toml") {
                std::fs::rename(under, name)
            } else {
                // A link fails where another file has come meanwhile, which a renaming would replace.
                match std::fs::hard_link(under, name) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => std::fs::rename(under, name),
                    done => done,
                }
            };
            done.with_context(|| format!("{} cannot appear under its name: it is not written", name.display()))?;
        }
        let folder = self.folder().and_then(|folder| File::open(folder).ok());
        // Where folders cannot be synced the name may be lost with the power, never half the file.
        folder.map(|folder| folder.sync_all()).transpose().ok();
        Ok(())
    }
}
