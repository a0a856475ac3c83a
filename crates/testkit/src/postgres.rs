//! A private PostgreSQL cluster for one test process: made in a temporary directory, reached only through its own
//! socket, stopped and removed when dropped. No container, no shared server, nothing left behind.
//!
//! PostgreSQL refuses to run as root, so a root process starts it as the user `postgres`.

use crate::{program::run, signal::signal};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often the state of a starting or stopping server is looked at.
const POLL: Duration = Duration::from_millis(10);
/// Looks before a start or a stop counts as failed: one minute.
const POLLS: u32 = 6_000;
/// The kernel keeps socket paths in 108 bytes, and the file name `.s.PGSQL.5432.lock` is added to the directory.
const MAX_SOCKET_DIRECTORY: usize = 80;

/// What a test may choose about its cluster.
#[derive(Debug, Clone, Copy)]
pub struct PostgresSettings {
    /// `fsync`. Off saves time where no test kills the machine; off is also what a server must refuse to serve on.
    pub fsync: bool,
    /// `full_page_writes`, likewise.
    pub full_page_writes: bool,
    /// `max_connections`.
    pub connections: u32,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self { fsync: true, full_page_writes: true, connections: 100 }
    }
}

/// A running (or killed) private cluster.
pub struct PostgresCluster {
    binaries: PathBuf,
    settings: PostgresSettings,
    server: Option<Child>,
    watchdog: Option<Child>,
    // Dropped last: the directory goes after the server is down.
    directory: tempfile::TempDir,
}

impl PostgresCluster {
    /// A durable cluster (`fsync` on). The error says what is missing; a test prints it as its reason to skip only if
    /// [`PostgresCluster::installed`] is false.
    pub fn start() -> Result<Self, String> {
        Self::start_with(PostgresSettings::default())
    }

    /// A cluster with chosen settings.
    pub fn start_with(settings: PostgresSettings) -> Result<Self, String> {
        let binaries = find_binaries().ok_or("no PostgreSQL server programs in /usr/lib/postgresql/*/bin or PATH")?;
        let directory =
            tempfile::Builder::new().prefix("fbpg").tempdir().map_err(|e| format!("temporary directory: {e}"))?;
        if directory.path().as_os_str().len() > MAX_SOCKET_DIRECTORY {
            return Err(format!(
                "{} is too long for a socket; set TMPDIR to a shorter path",
                directory.path().display()
            ));
        }
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(directory.path()), "chown postgres")?;
        }
        let watchdog = Some(watch(directory.path())?);
        let mut cluster = Self { binaries, settings, server: None, watchdog, directory };
        let mut initdb = cluster.command("initdb");
        initdb
            .args(["-A", "trust", "--no-sync", "-U", "postgres", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(cluster.data());
        run(&mut initdb, "initdb")?;
        cluster.restart()?;
        Ok(cluster)
    }

    /// Are the server programs on this machine?
    pub fn installed() -> bool {
        find_binaries().is_some()
    }

    /// The cluster's data directory, for tests that search its bytes.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The URL of a database of this cluster (superuser, socket).
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.directory.path().display())
    }

    /// Make an empty database and return its URL.
    pub fn create_database(&self, name: &str) -> Result<String, String> {
        let mut createdb = self.command("createdb");
        createdb.arg("-h").arg(self.directory.path()).args(["-U", "postgres", name]);
        run(&mut createdb, "createdb")?;
        Ok(self.url(name))
    }

    /// Run one SQL text through `psql` and return what it prints, unaligned.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = self.command("psql");
        psql.arg("-h").arg(self.directory.path()).args([
            "-U",
            "postgres",
            "-X",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
            database,
        ]);
        run(&mut psql, "psql")
    }

    /// `SIGKILL` for the postmaster and every backend, as a power cut would look to clients; returns when all are gone.
    pub fn kill_9(&mut self) -> Result<(), String> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        let postmaster = server.id();
        signal("KILL", &[postmaster])?;
        server.wait().map_err(|e| format!("wait for the killed server: {e}"))?;
        // Backends are found by their data directory, not by their parent: orphans have been handed to init by now.
        let data = fs::canonicalize(self.data()).map_err(|e| format!("{}: {e}", self.data().display()))?;
        for _ in 0..POLLS {
            let left = backends_of(&data);
            if left.is_empty() {
                return Ok(());
            }
            // One may end by itself between the look and the signal; the next look decides.
            let _ = signal("KILL", &left);
            thread::sleep(POLL);
        }
        Err("backends outlive SIGKILL".to_owned())
    }

    /// Stop cleanly (`SIGINT`: fast shutdown with a checkpoint).
    pub fn stop(&mut self) -> Result<(), String> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        signal("INT", &[server.id()])?;
        let status = server.wait().map_err(|e| format!("wait for the server: {e}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("server ended with {status} (signal {:?})", status.signal()))
        }
    }

    /// Start after [`PostgresCluster::kill_9`] or [`PostgresCluster::stop`]; returns when it accepts connections.
    pub fn restart(&mut self) -> Result<(), String> {
        self.stop()?;
        let log_path = self.directory.path().join("log");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(|e| format!("{}: {e}", log_path.display()))?;
        let on_off = |on: bool| if on { "on" } else { "off" };
        let mut server = self.command("postgres");
        server.arg("-D").arg(self.data()).arg("-k").arg(self.directory.path());
        for setting in [
            "listen_addresses=".to_owned(),
            format!("fsync={}", on_off(self.settings.fsync)),
            format!("full_page_writes={}", on_off(self.settings.full_page_writes)),
            format!("max_connections={}", self.settings.connections),
            "shared_buffers=64MB".to_owned(),
        ] {
            server.arg("-c").arg(setting);
        }
        let log_copy = log.try_clone().map_err(|e| format!("log: {e}"))?;
        let child = server
            .stdin(Stdio::null())
            .stdout(log_copy)
            .stderr(log)
            .spawn()
            .map_err(|e| format!("start postgres: {e}"))?;
        self.server = Some(child);
        self.wait_until_ready(&log_path)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<(), String> {
        for _ in 0..POLLS {
            if let Some(server) = &mut self.server
                && let Ok(Some(status)) = server.try_wait()
            {
                self.server = None;
                return Err(format!("postgres ended with {status}: {}", fs::read_to_string(log).unwrap_or_default()));
            }
            let mut ready = Command::new(self.binaries.join("pg_isready"));
            ready.arg("-q").arg("-h").arg(self.directory.path());
            if ready.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(format!("postgres is not ready after a minute: {}", fs::read_to_string(log).unwrap_or_default()))
    }

    /// One of PostgreSQL's programs, under a user it accepts.
    fn command(&self, program: &str) -> Command {
        let path = self.binaries.join(program);
        let mut command = if is_root() {
            // `setpriv` replaces itself by the program, so the child's id is the postmaster's.
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        // A readable working directory, and no libpq defaults from the machine's environment.
        command.current_dir(self.directory.path());
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGDATA", "PGOPTIONS", "PGSERVICE"] {
            command.env_remove(name);
        }
        command
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // SIGQUIT: immediate shutdown, nothing of it is kept. What cannot be told to end is ended.
            if signal("QUIT", &[server.id()]).is_err() {
                let _ = server.kill();
            }
            let _ = server.wait();
        }
        if let Some(mut watchdog) = self.watchdog.take() {
            // `wait` closes its standard input, which is what it waits for.
            let _ = watchdog.wait();
        }
    }
}

/// A process that outlives this one by a moment: when its standard input ends, because this process has ended in whatever
/// way (a cluster in a `static` is never dropped, a killed test drops nothing), it ends the server and removes the
/// directory. It looks at the server's working directory first, so that a reused process number is not hit.
fn watch(directory: &Path) -> Result<Child, String> {
    const SCRIPT: &str = r#"
        cat >/dev/null
        server=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
        if [ -n "$server" ] && [ "$(readlink "/proc/$server/cwd")" = "$(readlink -f "$1/data")" ]; then
            kill -s QUIT "$server"
            while [ -e "/proc/$server" ]; do sleep 0.1; done
        fi
        rm -rf -- "$1"
    "#;
    let mut watchdog = Command::new("sh");
    watchdog.arg("-c").arg(SCRIPT).arg("watchdog").arg(directory).stdin(Stdio::piped()).stdout(Stdio::null());
    // Its own group: an interrupt from the terminal must not end it before its work.
    watchdog.stderr(Stdio::null()).process_group(0).spawn().map_err(|e| format!("start the watchdog: {e}"))
}

fn is_root() -> bool {
    // The owner of this process's entry in /proc is its effective user.
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// The newest installed server version's programs, else those on PATH.
#[allow(clippy::disallowed_methods, reason = "a development tool looks for a real program where the shell would")]
fn find_binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let directory = entry.path().join("bin");
        if let Some(version) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            && directory.join("initdb").is_file()
            && directory.join("postgres").is_file()
        {
            versions.push((version, directory));
        }
    }
    versions.sort();
    versions.pop().map(|(_, directory)| directory).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .find(|directory| directory.join("initdb").is_file() && directory.join("postgres").is_file())
    })
}

/// Live server processes whose working directory is this data directory (PostgreSQL changes into it at start).
fn backends_of(data: &Path) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            && fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data)
        {
            found.push(process);
        }
    }
    found
}
