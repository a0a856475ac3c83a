//! `pack`: disease packs are checked and previewed before they are brought in, and listed.

mod preview;

use crate::{place::Place, printing::say};
use anyhow::{Context as _, bail};
use domain::pack::{Shelf, check_all};
use std::path::PathBuf;

/// What is to be done with packs.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Checks pack files together: each alone, and none against another.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Shows what another pack would move in an outbreak, and changes nothing.
    Preview(preview::Preview),
    /// Lists the packs that this program ships.
    List {
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Checks, previews or lists packs.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    match arguments.act {
        Act::Check { files, json } => check(&files, json),
        Act::Preview(arguments) => preview::run(place, arguments).await,
        Act::List { json } => {
            list(json);
            Ok(())
        }
    }
}

fn check(files: &[PathBuf], json: bool) -> anyhow::Result<()> {
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| {
            format!("{} cannot be read as UTF-8 text; give the path of a pack file", file.display())
        })?;
        texts.push((file.display().to_string(), text));
    }
    let named: Vec<(&str, &str)> = texts.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let (packs, faults) = match check_all(&named) {
        Ok(packs) => (packs, Vec::new()),
        Err(faults) => (Vec::new(), faults),
    };
    if json {
        let sound: Vec<String> = packs.iter().map(|pack| pack.reference().to_string()).collect();
        say!("{}", serde_json::json!({ "packs": sound, "faults": faults }));
    } else {
        for pack in &packs {
            say!("{} is sound", pack.reference());
        }
        for fault in &faults {
            say!("{fault}");
        }
    }
    match faults.len() {
        0 => Ok(()),
        count => bail!("{count} faults; nothing was brought in"),
    }
}

fn list(json: bool) {
    let shelf = Shelf::shipped();
    if json {
        let packs: Vec<serde_json::Value> = shelf
            .packs()
            .map(|pack| serde_json::json!({ "pack": pack.reference().to_string(), "content": pack.content_hash() }))
            .collect();
        say!("{}", serde_json::json!({ "packs": packs }));
        return;
    }
    for pack in shelf.packs() {
        let until = pack.valid.to.map_or_else(|| "open".to_owned(), |day| day.to_string());
        say!("{}\t{} to {until}\t{}", pack.reference(), pack.valid.from, pack.content_hash());
    }
}
