//! `backup`: an encrypted copy of the database while it is in use. Sealing keys are not in it.

use super::{postgres, private::PrivateFolder};
use crate::{
    account::{DAY_MS, new_id},
    born,
    place::Place,
    printing::say,
};
use anyhow::{Context as _, bail};
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::PoisonError,
};
use store::{upkeep, vault::BackupWriter};

/// How to back up.
#[derive(clap::Args)]
pub struct Backup {
    /// The file to write; it must not exist.
    #[arg(long)]
    to: PathBuf,
    /// How many days it may be kept and restored.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// Backs up.
pub async fn backup(place: Place, arguments: Backup) -> anyhow::Result<()> {
    // Refuses an empty database, another program's, and wrong keys before anything is written.
    place.open().await?.close().await;
    let bytes = write(&place, &arguments.to, arguments.days).await?;
    if arguments.json {
        say!("{}", serde_json::json!({ "file": arguments.to, "bytes": bytes, "days": arguments.days }));
    } else {
        say!("{} written, {bytes} bytes; destroy it after {} days", arguments.to.display(), arguments.days);
        say!(
            "the keys and the erasure ledger are not in it: copy {} to another place",
            place.secrets()?.display()
        );
    }
    Ok(())
}

/// Writes an encrypted copy under a key of its own; the file's length.
pub async fn write(place: &Place, to: &Path, days: u32) -> anyhow::Result<u64> {
    if to.exists() {
        bail!("{} exists; a copy is never written over another, give a new name", to.display());
    }
    let part = to.with_extension("part");
    let made = match place.database.starts_with("sqlite:") {
        true => {
            let private = PrivateFolder::inside(&place.folder()?)?;
            let plain = private.file("copy.sqlite");
            upkeep::copy_sqlite(&place.database, &plain).await?;
            let mut source = fs::File::open(&plain)?;
            encrypt(place, &part, days, &mut source)
        }
        false => postgres::dump(&place.database, |source| encrypt(place, &part, days, source)),
    };
    if let Err(error) = made {
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    fs::rename(&part, to).with_context(|| format!("{} cannot be named {}", part.display(), to.display()))?;
    if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(fs::metadata(to)?.len())
}

fn encrypt(place: &Place, part: &Path, days: u32, source: &mut dyn Read) -> anyhow::Result<()> {
    let master = place.master_keys()?;
    let entropy = born::entropy();
    let mut entropy = entropy.lock().unwrap_or_else(PoisonError::into_inner);
    let file =
        fs::File::options().write(true).create_new(true).open(part).with_context(|| {
            let what = if part.exists() { "an earlier backup was cut off: remove it" } else { "name a folder that is there and yours" };
            format!("{} cannot be made: {what}", part.display())
        })?;
    let life = i64::from(days).saturating_mul(DAY_MS);
    let mut writer = BackupWriter::new(file, &master, new_id(), (born::clock())(), life, &mut *entropy)?;
    io::copy(source, &mut writer)?;
    writer.finish()?.sync_all()?;
    Ok(())
}
