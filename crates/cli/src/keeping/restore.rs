//! `restore`: a copy is decrypted, loaded, brought up to date with the erasures made since, and verified, before anyone
//! reads it (DESIGN §13.14).

use super::{anchoring, migrate::shown, postgres, private::PrivateFolder, verify};
use crate::{account::new_id, place::Place, printing::say};
use anyhow::{Context as _, bail};
use domain::id::AccountId;
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};
use store::{
    store::Store,
    upkeep,
    vault::{BackupReader, ErasureLedger, LedgerEntry},
};

/// How to restore.
#[derive(clap::Args)]
pub struct Restore {
    /// The file that `backup` wrote.
    file: PathBuf,
    /// The empty database to restore into.
    #[arg(long)]
    into: String,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// Restores.
pub async fn restore(place: Place, arguments: Restore) -> anyhow::Result<()> {
    // Everything but the database stays where it is: keys, ledger, anchors.
    let target = Place {
        database: arguments.into.clone(),
        keys: Some(place.keys_url()?),
        master_key: Some(place.master_key_file()?),
        folder: Some(place.folder()?),
        account: place.account.clone(),
    };
    let entries = ledger(&place)?;
    if !empty(&target).await? {
        bail!("{} is not empty; restore into a new database by --into", shown(&arguments.into));
    }
    load(&place, &target, &arguments.file)?;
    let store = target.open().await.context("the restored database does not open")?;
    known_in_ledger(&store, &entries).await?;
    // What was anchored in the original up to the copy must be in the copy; later anchors speak of entries it never had.
    let heads = anchoring::heads(&store).await?;
    let mut anchored = anchoring::of_database(&anchoring::read(&place)?, store.epoch());
    for (stream, list) in &mut anchored {
        let last = heads.iter().find(|head| head.stream == *stream).map_or(0, |head| head.seq);
        list.retain(|(seq, _)| *seq <= last);
    }
    let count = replay(&store, &entries).await?;
    verify::check(
        &target,
        &store,
        &anchored,
        anchoring::Known::default(),
        if arguments.json { verify::Show::Faults } else { verify::Show::Text },
    )
    .await?;
    // Cursors and anchors of the original end here.
    store.set_property("epoch", &new_id().to_string()).await?;
    // A SQLite file was loaded whole and overwrites what it erases; PostgreSQL keeps old rows until it is rewritten.
    let scrubbed = store.scrub(target.database.starts_with("postgres")).await?;
    store.close().await;
    if !scrubbed {
        bail!(
            "the write-ahead log is being read and was not emptied; stop other programs and run `firebreak verify`"
        );
    }
    let options = format!(
        "--database {} --keys {} --folder {}",
        shown(&target.database),
        shown(&target.keys_url()?),
        target.folder()?.display()
    );
    if arguments.json {
        say!("{}", serde_json::json!({ "database": shown(&target.database), "erasures": count }));
    } else {
        say!("restored; {count} erasures done again; use it with {options}");
    }
    Ok(())
}

/// The ledger, whole; without it nothing is restored, for the copy may hold people who were erased since.
fn ledger(place: &Place) -> anyhow::Result<Vec<LedgerEntry>> {
    let path = place.ledger_file()?;
    let (entries, faults) = ErasureLedger::read(&path, None).with_context(|| {
        format!("without the erasure ledger {} nothing is restored: bring it from its copy", path.display())
    })?;
    match faults.first() {
        None => Ok(entries),
        Some(fault) => bail!("the erasure ledger {} is not sound: {fault}; bring it from its copy", path.display()),
    }
}

async fn empty(target: &Place) -> anyhow::Result<bool> {
    match target.database.strip_prefix("sqlite:") {
        Some(file) => Ok(fs::metadata(file).map_or(true, |metadata| metadata.len() == 0)),
        None => Ok(upkeep::is_empty(&target.database).await?),
    }
}

/// Decrypts to the end before anything is loaded: a cut copy loads nothing.
fn load(place: &Place, target: &Place, file: &Path) -> anyhow::Result<()> {
    let source = fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut reader = BackupReader::open(io::BufReader::new(source), &place.master_keys()?)
        .with_context(|| file.display().to_string())?;
    reader.header().check_life((crate::born::clock())())?;
    let private = PrivateFolder::inside(&place.folder()?)?;
    let plain = private.file("copy");
    let mut out = fs::File::options().write(true).create_new(true).open(&plain)?;
    io::copy(&mut reader, &mut out).with_context(|| file.display().to_string())?;
    out.sync_all()?;
    let mut kind = [0; 5];
    fs::File::open(&plain)?.read_exact(&mut kind).context("the copy holds nothing")?;
    match (target.database.strip_prefix("sqlite:"), &kind) {
        (Some(into), b"SQLit") => {
            let parent = Path::new(into).parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = parent {
                fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            }
            fs::copy(&plain, into).with_context(|| format!("{into} cannot be written"))?;
            fs::File::open(into)?.sync_all()?;
            Ok(())
        }
        (None, b"PGDMP") => postgres::load(&target.database, &plain),
        (Some(_), b"PGDMP") => {
            bail!("this copy is of a PostgreSQL database; give an empty one as --into postgres://…")
        }
        (None, b"SQLit") => bail!("this copy is of a SQLite database; give a new file as --into sqlite:FILE"),
        _ => bail!("the copy is of no engine that this program knows; use the version that wrote it"),
    }
}

/// Refuses a ledger that lacks what the database knew to be in it when it was copied.
async fn known_in_ledger(store: &Store, entries: &[LedgerEntry]) -> anyhow::Result<()> {
    let known = store.property("ledger_entries").await?.and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
    if entries.len() < known {
        bail!(
            "the erasure ledger has {} entries, the copy knew of {known}: bring the newer ledger from its copy",
            entries.len()
        );
    }
    Ok(())
}

/// Does every erasure again, keys, rows and what stands beside them; doing one twice is harmless. How many there are.
pub async fn replay(store: &Store, entries: &[LedgerEntry]) -> anyhow::Result<usize> {
    for entry in entries {
        let erasure = entry.erasure();
        let by = AccountId(erasure.approvers.last().copied().unwrap_or_default());
        store.complete_erasure(&[erasure.person], &erasure.classes, by).await.with_context(|| {
            format!("person {}: the erasure was not done again; do not use this database", erasure.person)
        })?;
    }
    Ok(entries.len())
}
