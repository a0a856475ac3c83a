//! A database to test on, on either engine.

use crate::{clock::TestClock, entropy, postgres::PostgresCluster, scene};
use domain::id::StreamId;
use std::sync::OnceLock;
use store::{
    engine::Engine,
    store::{Opening, Store},
    vault::MasterKeys,
    verify::{Verifying, verify},
    writer::SharedClock,
};
use tempfile::TempDir;

/// Master key of test databases.
const MASTER: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// An open database in a folder that goes when the stage goes.
pub struct Stage {
    /// The store.
    pub store: Store,
    /// Its clock.
    pub clock: TestClock,
    /// The folder of its files.
    pub folder: TempDir,
    url: String,
    keys_url: String,
}

/// One cluster for the whole test process; `None`, with the reason printed, where PostgreSQL is not installed.
fn cluster() -> Option<&'static PostgresCluster> {
    static CLUSTER: OnceLock<Option<PostgresCluster>> = OnceLock::new();
    let found = CLUSTER.get_or_init(|| match PostgresCluster::start() {
        Ok(cluster) => Some(cluster),
        Err(reason) => {
            println!("SKIPPED on PostgreSQL: {reason}");
            None
        }
    });
    found.as_ref()
}

/// The engines that can be tested here.
pub fn engines() -> Vec<Engine> {
    if cluster().is_some() { vec![Engine::Sqlite, Engine::Postgres] } else { vec![Engine::Sqlite] }
}

impl Stage {
    /// An empty database with no stream.
    pub async fn empty(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (url, keys_url) = match engine {
            Engine::Sqlite => (
                format!("sqlite:{}", folder.path().join("firebreak.sqlite").display()),
                format!("sqlite:{}", folder.path().join("keys.sqlite").display()),
            ),
            Engine::Postgres => {
                let cluster = cluster().expect("`engines` names PostgreSQL only where it runs");
                let name = format!("t{}", uuid_of(&folder));
                let url = cluster.create_database(&name).expect("a database can be made");
                let keys = cluster.create_database(&format!("{name}_keys")).expect("a database can be made");
                (url, keys)
            }
        };
        let clock = TestClock::default();
        let store = open(&url, &keys_url, clock.shared(), 7, true).await;
        Self { store, clock, folder, url, keys_url }
    }

    /// A database with one stream, the district and the outbreak of [`scene`].
    pub async fn new(engine: Engine) -> Self {
        let stage = Self::empty(engine).await;
        let stream = stage.store.add_stream("FZ", "Fengze", Some(scene::DISTRICT)).await.expect("a stream is made");
        for outcome in stage.store.submit(scene::beginning(stream)).await {
            assert!(outcome.expect("the beginning is written").is_accepted());
        }
        stage
    }

    /// The first stream.
    pub fn stream(&self) -> StreamId {
        StreamId(1)
    }

    /// A second process on the same database.
    pub async fn another(&self) -> Store {
        self.another_by(self.clock.shared()).await
    }

    /// A second process with a clock of its own.
    pub async fn another_by(&self, clock: SharedClock) -> Store {
        open(&self.url, &self.keys_url, clock, 7, false).await
    }

    /// The database's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key store's URL.
    pub fn keys_url(&self) -> &str {
        &self.keys_url
    }

    /// Asserts that chain, replay and tables agree, and gives the state hash.
    pub async fn verified(&self) -> String {
        let report = self.store.verify(&Default::default(), self.folder.path(), |_| {}).await.expect("verify runs");
        assert_eq!(report.faults, vec![], "verify finds nothing wrong");
        // A replay that keeps next to nothing in memory comes to the same.
        let (db, vault) = (self.store.db(), self.store.vault().clone());
        let what = Verifying {
            db,
            vault,
            anchors: &Default::default(),
            key: [1; 32],
            kept: 2,
            scratch_folder: self.folder.path(),
        };
        let frugal = verify(what, |_| {}).await.expect("verify runs");
        assert_eq!((frugal.faults, &frugal.state), (vec![], &report.state), "with states on disk");
        report.state
    }
}

fn uuid_of(folder: &TempDir) -> String {
    let name = folder.path().file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

/// Another process's store on a database; every process has a `seed` of its own for its keys.
pub async fn open_again(url: &str, keys_url: &str, seed: u64) -> Store {
    open(url, keys_url, TestClock::default().shared(), seed, false).await
}

async fn open(url: &str, keys_url: &str, clock: SharedClock, seed: u64, create: bool) -> Store {
    Store::open(Opening {
        url: url.to_owned(),
        keys_url: keys_url.to_owned(),
        master: MasterKeys::parse(MASTER).expect("the master key is well formed"),
        keys_kept: store::store::KEYS_KEPT,
        clock,
        entropy: entropy::seeded(seed),
        create,
        exercise: true,
    })
    .await
    .expect("the database opens")
}
