//! Signing heads of the journal into a file outside the database (DESIGN §3).

use crate::place::Place;
use anyhow::{Context as _, bail};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use store::{
    anchor::{AnchorFile, AnchorKey, AnchorReport},
    anchor_known::KnownAnchorFile,
    engine::DbError,
    store::Store,
    upkeep::Head,
};
use tokio::sync::watch;

/// Signed after this many events …
const EVERY_EVENTS: i64 = 1_000;
/// … or after this time, whichever comes first.
const EVERY: Duration = Duration::from_secs(60);

/// Anchored entries per stream: number and chain hash.
pub type Anchored = BTreeMap<i64, Vec<(i64, [u8; 32])>>;

/// Reads the key that signs anchors.
pub fn key(place: &Place) -> anyhow::Result<AnchorKey> {
    let file = place.anchor_key_file()?;
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!("the anchor key {} cannot be read: bring it from its copy; for a new database `firebreak migrate` makes one", file.display())
    })?;
    let hex = text.trim().rsplit(':').next().unwrap_or("");
    match blake3::Hash::from_hex(hex) {
        Ok(secret) => Ok(AnchorKey::from_bytes(secret.as_bytes())),
        Err(_) => bail!(
            "the anchor key {} is not `NUMBER:` and 64 hexadecimal digits; restore it from its copy",
            file.display()
        ),
    }
}

/// Reads the anchor file and checks it; a missing file has no anchors.
pub fn read(place: &Place) -> anyhow::Result<AnchorReport> {
    Ok(AnchorFile::read(&place.anchor_file()?, &key(place)?.public(), None)?)
}

/// What an anchor file is held against: what the database knows of the files that were ever written for it.
#[derive(Default)]
pub struct Known {
    /// What is wrong with this place's file.
    pub faults: Vec<String>,
    /// What has to be looked at elsewhere.
    pub notes: Vec<String>,
}

/// Holds the anchor file against what the database knows, so that one that was lost, cut or exchanged is not passed over.
pub async fn compare(place: &Place, report: &AnchorReport, store: &Store) -> anyhow::Result<Known> {
    let (path, known) = (place.anchor_file()?, store.anchor_files().await?);
    let mut compared = Known::default();
    match report.first() {
        None if !known.is_empty() => compared.faults.push(format!(
            "the anchor file {} is missing or empty, and this database was anchored; bring the file from its copy",
            path.display()
        )),
        None => {}
        Some(first) => {
            let own = known.iter().find(|file| file.first == first);
            let holds = |head| report.anchors.iter().any(|anchor| anchor.digest() == head);
            if own.is_some_and(|file| !holds(file.head)) {
                compared.faults.push(format!(
                    "the anchor file {} was cut off: its last known anchor is not in it; bring the file from its copy",
                    path.display()
                ));
            }
        }
    }
    for file in known.iter().filter(|file| report.first().is_some_and(|first| first != file.first)) {
        let name: String = blake3::Hash::from_bytes(file.first).to_hex().chars().take(16).collect();
        compared.notes.push(format!(
            "another anchor file of this database ({name}…) is not here: verify at the place that has it, or what it alone anchored is unproven"
        ));
    }
    Ok(compared)
}

/// The heads to be anchored: of the journal, and of the log of reads under their numbers below zero.
pub async fn heads(store: &Store) -> Result<Vec<Head>, DbError> {
    let mut heads = store.stream_heads().await?;
    heads.extend(store.log_heads().await?);
    Ok(heads)
}

/// The anchored entries of one database.
pub fn of_database(report: &AnchorReport, epoch: uuid::Uuid) -> Anchored {
    let mut all = Anchored::new();
    for anchor in report.anchors.iter().map(|signed| signed.anchor).filter(|anchor| anchor.database_epoch == epoch) {
        all.entry(anchor.stream).or_default().push((anchor.seq, anchor.hash));
    }
    all
}

/// Completes when the server stops, or is gone.
pub async fn told(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Completes when enough was written since the heads summed up to `last`; never where the door is gone.
async fn enough(heads: &mut watch::Receiver<BTreeMap<i64, i64>>, last: i64) {
    let written = |heads: &BTreeMap<i64, i64>| heads.values().sum::<i64>().saturating_sub(last);
    if heads.wait_for(|heads| written(heads) >= EVERY_EVENTS).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The file, open for adding.
pub struct Anchoring {
    path: PathBuf,
    key: AnchorKey,
    file: AnchorFile,
}

impl Anchoring {
    /// Opens the file; one with faults is refused, so that evidence is not written over.
    pub fn open(place: &Place) -> anyhow::Result<Self> {
        let (path, key) = (place.anchor_file()?, key(place)?);
        let file = open(&path, &key)?;
        Ok(Self { path, key, file })
    }

    /// Signs until the server stops, and once more then.
    pub async fn run(mut self, store: Store, mut stopped: watch::Receiver<bool>) {
        let mut heads = store.door().heads();
        let mut timer = tokio::time::interval(EVERY);
        let mut last: i64 = 0;
        loop {
            let stopping = tokio::select! {
                () = told(&mut stopped) => true,
                _ = timer.tick() => false,
                () = enough(&mut heads, last) => false,
            };
            match self.sign(&store).await {
                Ok(()) => last = heads.borrow().values().sum(),
                Err(error) => tracing::error!(error = format!("{error:#}"), "heads were not anchored"),
            }
            if stopping {
                return;
            }
        }
    }

    /// Signs every head that went forward.
    pub async fn sign(&mut self, store: &Store) -> anyhow::Result<()> {
        let before = self.file.head();
        for head in heads(store).await? {
            let latest = self.file.latest(store.epoch(), head.stream).copied();
            if latest.is_some_and(|latest| latest.seq >= head.seq) {
                continue;
            }
            // A clock that went back does not take the file's order with it.
            let at = latest.map_or(store.now(), |latest| latest.at.max(store.now()));
            if let Err(error) = self.file.append(store.epoch(), head.stream, head.seq, head.hash, at, &self.key) {
                self.file = open(&self.path, &self.key)?;
                return Err(error).context("the anchor file was opened again");
            }
        }
        if let Some(first) = self.file.first().filter(|_| self.file.head() != before) {
            store.note_anchor_file(KnownAnchorFile { first, head: self.file.head() }).await?;
        }
        Ok(())
    }
}

fn open(path: &Path, key: &AnchorKey) -> anyhow::Result<AnchorFile> {
    Ok(AnchorFile::open(path, &key.public())?)
}
