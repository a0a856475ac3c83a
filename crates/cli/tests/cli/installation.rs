//! An installation in a folder that goes with the test.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::Mutex,
};
use store::{
    store::{Opening, Store},
    vault::MasterKeys,
};
use tempfile::TempDir;
use testkit::{clock::TestClock, damage, entropy, postgres::PostgresCluster};
use uuid::Uuid;

/// The password of every account.
pub const PASSWORD: &str = "correct horse battery staple";

/// The installation of one test.
pub struct Installation {
    folder: TempDir,
    url: String,
    keys_url: String,
    /// Its own PostgreSQL, where it is not on SQLite.
    cluster: Option<PostgresCluster>,
    /// Everything that the program printed: its log.
    printed: Mutex<String>,
}

/// What a run said.
#[derive(Debug)]
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("the program ends by itself"),
            out: String::from_utf8(output.stdout).expect("it prints UTF-8"),
            err: String::from_utf8(output.stderr).expect("it prints UTF-8"),
        }
    }
}

impl Said {
    /// Asserts success and gives the standard output.
    pub fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// Asserts a refusal that says `part`, wherever.
    pub fn refused(self, part: &str) {
        assert_eq!(self.code, 1, "{self:?}");
        assert!(self.out.contains(part) || self.err.contains(part), "{part:?} is not in {self:?}");
    }
}

impl Installation {
    /// A migrated database with the first account `root` for an area.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let url = |file: &str| format!("sqlite:{}", folder.path().join(file).display());
        let (url, keys_url) = (url("data/firebreak.sqlite"), url("data-keys/keys.sqlite"));
        Self { folder, url, keys_url, cluster: None, printed: Mutex::default() }.begun()
    }

    /// The same on a database and a key store elsewhere, such as two empty PostgreSQL databases.
    pub fn on(url: String, keys_url: String) -> Self {
        Self::beside(url, keys_url, None)
    }

    /// One on each engine; SQLite alone, with the reason printed, where PostgreSQL is not installed.
    pub fn on_both() -> Vec<Self> {
        let cluster = match PostgresCluster::start() {
            Ok(cluster) => cluster,
            Err(reason) => {
                println!("SKIPPED on PostgreSQL: {reason}");
                return vec![Self::new()];
            }
        };
        let [url, keys_url, _] = ["firebreak", "keys", "restored"]
            .map(|name| cluster.create_database(name).expect("a database can be made"));
        vec![Self::new(), Self::beside(url, keys_url, Some(cluster))]
    }

    fn beside(url: String, keys_url: String, cluster: Option<PostgresCluster>) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        Self { folder, url, keys_url, cluster, printed: Mutex::default() }.begun()
    }

    fn begun(self) -> Self {
        self.run(&["migrate"]).well();
        let first = ["account", "first", "root", "Root", "--area", &area(), "--password-stdin"];
        self.run_with(&first, &format!("{PASSWORD}\n")).well();
        self
    }

    /// A command post with the district and the outbreak of the test scene.
    pub async fn with_outbreak(self) -> Self {
        self.run_as("root", &["account", "stream", "add", "FZ", "Fengze", "--area", &area()]).well();
        let store = self.store().await;
        for outcome in store.submit(testkit::scene::beginning(domain::id::StreamId(1))).await {
            assert!(outcome.expect("the door answers").is_accepted());
        }
        store.close().await;
        self
    }

    /// An account with a post in the district and the password of all.
    pub fn staff(&self, login: &str, role: &str) {
        self.run_as("root", &["account", "create", login, login, "--area", &area()]).well();
        self.run_as("root", &["account", "grant", login, role, "--area", &area()]).well();
        self.run_with(&["--account", "root", "account", "password", login], &format!("{PASSWORD}\n")).well();
    }

    /// A path inside its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The database's address.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The key store's address.
    pub fn keys_url(&self) -> String {
        self.keys_url.clone()
    }

    /// The address of an empty database to restore into.
    pub fn empty_url(&self) -> String {
        match &self.cluster {
            Some(cluster) => cluster.url("restored"),
            None => format!("sqlite:{}", self.path("restored/firebreak.sqlite").display()),
        }
    }

    /// Whether it is on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.cluster.is_some()
    }

    /// A person's wrapped keys as PostgreSQL keeps them.
    pub fn wrapped_keys(&self, person: Uuid) -> Option<Vec<u8>> {
        let cluster = self.cluster.as_ref()?;
        Some(damage::wrapped_keys(cluster, "keys", person).expect("the key store is read"))
    }

    /// Runs the program on it.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs it as an account.
    pub fn run_as(&self, login: &str, arguments: &[&str]) -> Said {
        self.run(&[&["--account", login], arguments].concat())
    }

    /// Open conflicts as an account sees them.
    pub fn conflicts(&self, login: &str) -> Vec<serde_json::Value> {
        let listed = self.run_as(login, &["conflict", "list", "--json"]).well();
        listed.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
    }

    /// The one conflict that is open.
    pub fn only_conflict(&self) -> serde_json::Value {
        let mut open = self.conflicts("epi");
        assert_eq!(open.len(), 1, "{open:?}");
        open.remove(0)
    }

    /// Runs the program with an input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_firebreak"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // A program that reads no input may be gone already.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
        let said = Said::from(child.wait_with_output().expect("the program ends"));
        let mut printed = self.printed.lock().expect("no test thread panicked with it");
        printed.push_str(&said.out);
        printed.push_str(&said.err);
        said
    }

    /// A program told of this installation by its environment, and of no other.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        for name in ["MASTER_KEY", "MASTER_KEY_FILE", "ACCOUNT"] {
            command.env_remove(format!("FIREBREAK_{name}"));
        }
        command.env("FIREBREAK_DATABASE", &self.url).env("FIREBREAK_FOLDER", self.path("data"));
        command.env("FIREBREAK_KEYS", &self.keys_url);
        command
    }

    /// The database, open in the test's own process, at the beginning of the test clock.
    pub async fn store(&self) -> Store {
        let master = std::fs::read_to_string(self.path("data-keys/master.key")).expect("there is a master key");
        Store::open(Opening {
            url: self.url(),
            keys_url: self.keys_url.clone(),
            master: MasterKeys::parse(&master).expect("it is well formed"),
            keys_kept: store::store::KEYS_KEPT,
            clock: TestClock::default().shared(),
            entropy: entropy::seeded(7),
            create: false,
            exercise: false,
        })
        .await
        .expect("it opens")
    }

    /// Every file of the installation with its bytes, PostgreSQL's included, and what the program printed.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut folders = vec![self.folder.path().to_owned()];
        folders.extend(self.cluster.iter().map(PostgresCluster::data));
        let printed = self.printed.lock().expect("no test thread panicked with it").clone().into_bytes();
        let mut files = vec![(PathBuf::from("what was printed"), printed)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder is read") {
                let path = entry.expect("an entry is read").path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(bytes) = std::fs::read(&path) {
                    // A server at work may take a file away between the look and the reading; a socket cannot be read.
                    files.push((path, bytes));
                }
            }
        }
        files
    }
}

/// The area of the test district.
pub fn area() -> String {
    testkit::scene::DISTRICT.to_string()
}

/// Accounts with posts in the district.
pub fn staffed(place: &Installation, posts: &[(&str, &str)]) {
    for (login, role) in posts {
        place.run_as("root", &["account", "create", login, login, "--area", &area()]).well();
        place.run_as("root", &["account", "grant", login, role, "--area", &area()]).well();
    }
}
