//! An installation in a folder that goes with the test.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};
use store::{
    store::{Opening, Store},
    vault::MasterKeys,
};
use tempfile::TempDir;
use testkit::{clock::TestClock, entropy};

/// The installation of one test.
pub struct Installation {
    folder: TempDir,
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
        let made = Self { folder: tempfile::tempdir().expect("a folder can be made") };
        made.run(&["migrate"]).well();
        let first = ["account", "first", "root", "Root", "--area", &area(), "--password-stdin"];
        made.run_with(&first, "correct horse battery staple\n").well();
        made
    }

    /// A path inside its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The database's address.
    pub fn url(&self) -> String {
        format!("sqlite:{}", self.path("data/firebreak.sqlite").display())
    }

    /// Runs the program on it.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs it as an account.
    pub fn run_as(&self, login: &str, arguments: &[&str]) -> Said {
        self.run(&[&["--account", login], arguments].concat())
    }

    /// Runs the program with an input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
        command.arg("--database").arg(self.url()).args(arguments).current_dir(self.folder.path());
        for name in ["KEYS", "MASTER_KEY", "MASTER_KEY_FILE", "FOLDER", "ACCOUNT", "DATABASE"] {
            command.env_remove(format!("FIREBREAK_{name}"));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // A program that reads no input may be gone already.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
        child.wait_with_output().expect("the program ends").into()
    }

    /// The database, open in the test's own process, at the beginning of the test clock.
    pub async fn store(&self) -> Store {
        let master = std::fs::read_to_string(self.path("data-keys/master.key")).expect("there is a master key");
        Store::open(Opening {
            url: self.url(),
            keys_url: format!("sqlite:{}", self.path("data-keys/keys.sqlite").display()),
            master: MasterKeys::parse(&master).expect("it is well formed"),
            clock: TestClock::default().shared(),
            entropy: entropy::seeded(7),
            create: false,
            exercise: false,
        })
        .await
        .expect("it opens")
    }

    /// Every file of the installation, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder is read") {
                let path = entry.expect("an entry is read").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).expect("a file is read");
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
