//! Where a database and what belongs to it lie, and how they are opened. Nothing secret lies beside the database.

use crate::born;
use anyhow::{Context as _, bail};
use clap::Args;
use domain::access::Actor;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    store::{KEYS_KEPT, Opening, Store},
    vault::MasterKeys,
};

/// The database of an installation that names none.
pub const DEFAULT: &str = "sqlite:firebreak/firebreak.sqlite";

/// Options of every command that touches data.
#[derive(Args, Clone)]
pub struct Place {
    /// The database: `sqlite:FILE` or `postgres://USER@HOST/NAME`.
    #[arg(long, env = "FIREBREAK_DATABASE", default_value = DEFAULT, global = true)]
    pub database: String,
    /// The key store's own address, never the same database. With SQLite the folder `FOLDER-keys` beside the database's.
    #[arg(long, env = "FIREBREAK_KEYS", global = true)]
    pub keys: Option<String>,
    /// File with the master keys, one `NUMBER:HEX` per line.
    #[arg(long, env = "FIREBREAK_MASTER_KEY_FILE", global = true)]
    pub master_key: Option<PathBuf>,
    /// Folder of anchors, erasure ledger and scratch files; with SQLite the database's folder.
    #[arg(long, env = "FIREBREAK_FOLDER", global = true)]
    pub folder: Option<PathBuf>,
    /// Login of the account that acts.
    #[arg(long, env = "FIREBREAK_ACCOUNT", global = true)]
    pub account: Option<String>,
}

impl Place {
    /// The folder of what lies outside the database.
    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        match self.database.strip_prefix("sqlite:") {
            Some(file) => {
                let parent = Path::new(file).parent().unwrap_or(Path::new(""));
                Ok(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
            }
            None => bail!("with PostgreSQL name a folder for anchors and the erasure ledger by --folder"),
        }
    }

    /// The folder of secrets: apart from the database's.
    pub fn secrets(&self) -> anyhow::Result<PathBuf> {
        let folder = self.folder()?;
        let name = folder.file_name().map_or_else(|| "firebreak".into(), |name| name.to_string_lossy().into_owned());
        Ok(folder.with_file_name(format!("{name}-keys")))
    }

    /// The key store's address.
    pub fn keys_url(&self) -> anyhow::Result<String> {
        match (&self.keys, self.database.starts_with("sqlite:")) {
            (Some(url), _) => Ok(url.clone()),
            (None, true) => Ok(format!("sqlite:{}", self.secrets()?.join("keys.sqlite").display())),
            (None, false) => bail!("with PostgreSQL name the key store's own database by --keys or FIREBREAK_KEYS"),
        }
    }

    /// The master key's file.
    pub fn master_key_file(&self) -> anyhow::Result<PathBuf> {
        match &self.master_key {
            Some(file) => Ok(file.clone()),
            None => Ok(self.secrets()?.join("master.key")),
        }
    }

    /// The erasure ledger: outside the database, replayed by `restore`.
    pub fn ledger_file(&self) -> anyhow::Result<PathBuf> {
        Ok(self.secrets()?.join("erasures.jsonl"))
    }

    /// Signed heads of the journal.
    pub fn anchor_file(&self) -> anyhow::Result<PathBuf> {
        Ok(self.secrets()?.join("anchors.jsonl"))
    }

    /// The key that signs anchors.
    pub fn anchor_key_file(&self) -> anyhow::Result<PathBuf> {
        Ok(self.secrets()?.join("anchor.key"))
    }

    /// Reads the master keys from FIREBREAK_MASTER_KEY or the file.
    pub fn master_keys(&self) -> anyhow::Result<MasterKeys> {
        if let Ok(text) = std::env::var("FIREBREAK_MASTER_KEY") {
            return Ok(MasterKeys::parse(&text)?);
        }
        let file = self.master_key_file()?;
        let text = std::fs::read_to_string(&file).with_context(|| {
            format!("the master key {} cannot be read: bring it from its copy; for a new database `firebreak migrate` makes one", file.display())
        })?;
        MasterKeys::parse(&text).with_context(|| format!("the master key file {} is not well formed", file.display()))
    }

    /// Opens a database that exists.
    pub async fn open(&self) -> anyhow::Result<Store> {
        self.open_with(false, false, KEYS_KEPT).await
    }

    /// Opens a database for work that comes back to few people: the keys of so many stay in memory.
    pub async fn open_keeping(&self, keys: usize) -> anyhow::Result<Store> {
        self.open_with(false, false, keys).await
    }

    /// Makes what is missing (folders, keys, schema) and opens it.
    pub async fn create(&self, exercise: bool) -> anyhow::Result<Store> {
        self.prepare_folders()?;
        self.open_with(true, exercise, KEYS_KEPT).await
    }

    /// Makes folders and key files that are missing.
    pub fn prepare_folders(&self) -> anyhow::Result<()> {
        for folder in [self.folder()?, self.secrets()?] {
            std::fs::create_dir_all(&folder).with_context(|| format!("folder {} cannot be made", folder.display()))?;
        }
        private(&self.secrets()?, 0o700)?;
        for file in [self.master_key_file()?, self.anchor_key_file()?] {
            if !file.exists() && std::env::var("FIREBREAK_MASTER_KEY").is_err() {
                let mut key = [0; 32];
                (born::entropy().lock().unwrap_or_else(std::sync::PoisonError::into_inner))(&mut key);
                let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                std::fs::write(&file, format!("1:{hex}\n")).with_context(|| format!("{} cannot be written", file.display()))?;
                private(&file, 0o600)?;
            }
        }
        Ok(())
    }

    async fn open_with(&self, create: bool, exercise: bool, keys_kept: usize) -> anyhow::Result<Store> {
        Ok(Store::open(Opening {
            url: self.database.clone(),
            keys_url: self.keys_url()?,
            master: self.master_keys()?,
            keys_kept,
            clock: born::clock(),
            entropy: born::entropy(),
            create,
            exercise,
        })
        .await?)
    }

    /// The rights of the account named by `--account`; every act on data needs one.
    pub async fn actor(&self, store: &Store) -> anyhow::Result<Arc<Actor>> {
        let login = self.account.as_ref().context("name the account that acts by --account LOGIN")?;
        let account = store.account_by_login(login).await?.with_context(|| format!("there is no account {login}"))?;
        store.rights(account.id, store.now()).await?.with_context(|| format!("account {login} is disabled"))
    }
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .with_context(|| format!("the permissions of {} cannot be set", path.display()))
}

#[cfg(not(unix))]
fn private(_: &Path, _: u32) -> anyhow::Result<()> {
    Ok(())
}
