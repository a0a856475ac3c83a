//! `migrate`: a new database, or an older one brought up to this program, after a backup.

use super::copy;
use crate::place::Place;
use anyhow::bail;
use std::path::Path;
use store::{schema, upkeep, vault::ErasureLedger};

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
    let exists = place.database.strip_prefix("sqlite:").is_none_or(|file| Path::new(file).exists());
    let mut saved = None;
    if exists
        && let Some(found) = upkeep::schema_of(&place.database).await?
        && found < schema::VERSION
    {
        let to = place.folder()?.join(format!("before-schema-{}.backup", schema::VERSION));
        copy::write(&place, &to, 30).await?;
        eprintln!("schema {found} was saved to {} first", to.display());
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
        println!("{object}");
    } else {
        println!("{} is ready (schema {})", shown(&place.database), schema::VERSION);
        if first {
            println!("next: `firebreak account first LOGIN NAME`, then `firebreak serve`");
            println!(
                "keep a copy of {} elsewhere: without the keys no copy of the database can be read",
                place.secrets()?.display()
            );
        }
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
