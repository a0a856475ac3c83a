//! `migrate`: a new database, or an older one brought up to this program, after a backup.

use super::copy;
use crate::{place::Place, printing::{note, say}};
use anyhow::bail;
use std::path::Path;
use store::{
    schema, upkeep,
    vault::{ErasureLedger, Vault},
};

/// How to migrate.
#[derive(clap::Args)]
pub struct Migrate {
    /// Marks a new database *exercise*: sign-in links, and every page says so.
    #[arg(long)]
    exercise: bool,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// Migrates.
pub async fn migrate(place: Place, arguments: Migrate) -> anyhow::Result<()> {
    let exists = sqlite_file(&place.database).is_none_or(|file| file.exists());
    let found = if exists { upkeep::schema_of(&place.database).await? } else { None };
    belong_together(&place, found.is_some() && upkeep::is_used(&place.database).await?).await?;
    let mut saved = None;
    if let Some(found) = found
        && found < schema::VERSION
    {
        let to = place.folder()?.join(format!("before-schema-{}.backup", schema::VERSION));
        copy::write(&place, &to, 30).await?;
        note!("schema {found} was saved to {} first", to.display());
        saved = Some(to);
    }
    let store = place.create(arguments.exercise).await?;
    // An empty ledger says that nobody was erased; a missing one says nothing, and `restore` refuses.
    ErasureLedger::open(&place.ledger_file()?)?;
    if arguments.exercise && !store.is_exercise() {
        store.close().await;
        bail!("this database exists and is not an exercise; give the exercise a database of its own by --database");
    }
    let first = !store.has_accounts().await?;
    let exercise = store.is_exercise();
    store.close().await;
    if arguments.json {
        let object = serde_json::json!({ "database": shown(&place.database), "schema": schema::VERSION, "exercise": exercise, "backup": saved });
        say!("{object}");
    } else {
        say!("{} is ready (schema {})", shown(&place.database), schema::VERSION);
        if first {
            say!("next: `firebreak account first LOGIN NAME`, then `firebreak serve`");
            say!(
                "keep a copy of {} elsewhere: without the keys no copy of the database can be read",
                place.secrets()?.display()
            );
        }
    }
    Ok(())
}

fn sqlite_file(url: &str) -> Option<&Path> {
    Some(Path::new(url.strip_prefix("sqlite:")?))
}

/// Refuses to make half of an installation anew beside the other half: a new key opens nothing that is sealed, and an empty
/// ledger would let a restored copy bring back who was erased. A new installation that was cut off is made to its end.
async fn belong_together(place: &Place, used: bool) -> anyhow::Result<()> {
    let keys_url = place.keys_url()?;
    let key_store = match sqlite_file(&keys_url) {
        Some(file) => file.metadata().is_ok_and(|file| file.len() > 0),
        None => !upkeep::is_empty(&keys_url).await?,
    };
    let (ledger, master) = (place.ledger_file()?, place.master_key_file()?);
    let master_is_given = std::env::var("FIREBREAK_MASTER_KEY").is_ok() || master.exists();
    if used {
        let missing = [
            (master_is_given, format!("its master key {}", master.display())),
            (key_store, format!("its key store {}", shown(&keys_url))),
            (ledger.exists(), format!("its erasure ledger {}", ledger.display())),
            (place.anchor_key_file()?.exists(), format!("its anchor key {}", place.anchor_key_file()?.display())),
        ];
        let missing: Vec<String> = missing.into_iter().filter(|(there, _)| !there).map(|(_, what)| what).collect();
        if !missing.is_empty() {
            bail!(
                "{} is in use, but {} cannot be found: bring it from its copy, or say where it is; nothing was made anew",
                shown(&place.database),
                missing.join(", ")
            );
        }
        return Ok(());
    }
    let erased = ledger.exists() && !ErasureLedger::read(&ledger, None)?.0.is_empty();
    let sealed = key_store && (!master_is_given || Vault::open(&keys_url, place.master_keys()?).await?.persons().await? > 0);
    if erased || sealed {
        bail!(
            "{} holds nothing, but {} holds keys or erasures of another database: restore that one by `firebreak restore`, \
             give the new one a folder of its own by --database, or move the old keys to where they are kept",
            shown(&place.database),
            place.secrets()?.display()
        );
    }
    Ok(())
}

/// An address without its password.
pub fn shown(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            let user = url.get(scheme + 3..at).unwrap_or("").split(':').next().unwrap_or("");
            format!("{}://{user}{}", url.get(..scheme).unwrap_or(""), url.get(at..).unwrap_or(""))
        }
        _ => url.to_owned(),
    }
}
