//! Where rows that were refused go, to be corrected and imported again. A file that is there is never written over: it may
//! be an earlier one that somebody has corrected meanwhile.

use super::Arguments;
use anyhow::{Context as _, bail};
use exchange::{ErrorsFile, RowError, source::RawRow};
use std::{
    fs::File,
    io::{BufWriter, ErrorKind},
    path::{Path, PathBuf},
};

/// Reasons that a dry run says itself: it writes a file only where it is told to.
const SAID: usize = 10;

/// The place, and the file once a row was refused.
pub struct ErrorsPlace {
    to: To,
    file: Option<(ErrorsFile<BufWriter<File>>, PathBuf)>,
    said: Vec<String>,
    unsaid: usize,
}

enum To {
    /// As the account said: made when it is needed.
    Named(PathBuf),
    /// Beside the file, under the next name that is free.
    Beside(PathBuf),
    /// A dry run that was told of no file.
    Said,
}

/// Where the refused rows are at the end.
pub enum Refused {
    /// In this file.
    In(PathBuf),
    /// Said here, and how many more there are. Both empty where nothing was refused.
    Said(Vec<String>, usize),
}

impl ErrorsPlace {
    /// Of an import. One that was named and is there is refused before anything is done.
    pub fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let to = match &arguments.errors {
            Some(named) if named.symlink_metadata().is_ok() => bail!(
                "the errors file {} is there already, and would be lost: name another one by --errors, or remove it",
                named.display()
            ),
            Some(named) => To::Named(named.clone()),
            None if arguments.dry_run => To::Said,
            None => To::Beside(arguments.file.clone()),
        };
        Ok(Self { to, file: None, said: Vec::new(), unsaid: 0 })
    }

    /// Keeps a row with its reasons.
    pub fn refuse(&mut self, row: &RawRow, errors: &[RowError], columns: &[String]) -> anyhow::Result<()> {
        if matches!(self.to, To::Said) {
            for error in errors {
                if self.said.len() < SAID {
                    self.said.push(error.to_string());
                } else {
                    self.unsaid += 1;
                }
            }
            return Ok(());
        }
        let (file, _) = match &mut self.file {
            Some(file) => file,
            None => {
                let (file, path) = self.to.make()?;
                self.file.insert((ErrorsFile::create(BufWriter::new(file), columns)?, path))
            }
        };
        Ok(file.refuse(row, errors)?)
    }

    /// All rows are through: makes the file durable.
    pub fn whole(self) -> anyhow::Result<Refused> {
        let Some((file, path)) = self.file else { return Ok(Refused::Said(self.said, self.unsaid)) };
        file.finish()?.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        Ok(Refused::In(path))
    }
}

impl To {
    fn make(&self) -> anyhow::Result<(File, PathBuf)> {
        let named = |path: &Path| File::options().write(true).create_new(true).open(path);
        let beside = |path: &Path| {
            format!("the errors file {} cannot be written: name another place by --errors", path.display())
        };
        match self {
            Self::Named(path) => Ok((named(path).with_context(|| beside(path))?, path.clone())),
            Self::Beside(input) => {
                for n in 1_u32.. {
                    let ending = if n == 1 { "errors.csv".to_owned() } else { format!("errors-{n}.csv") };
                    let path = input.with_extension(ending);
                    match named(&path) {
                        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                        made => return Ok((made.with_context(|| beside(&path))?, path)),
                    }
                }
                bail!("no name for an errors file is free beside {}: name one by --errors", input.display())
            }
            Self::Said => bail!("a dry run writes no errors file unless one is named by --errors"),
        }
    }
}
