//! The real binary, serving, and clients that speak HTTP to it on connections they keep.

use crate::installation::{Installation, PASSWORD};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::process::ExitStatusExt as _,
    process::{Child, ChildStdout, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use testkit::signal::signal;

/// The longest that a client waits for a byte; nothing that is well takes as long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The longest that anything is waited for: a machine that is stopped for minutes and goes on is still waited for, and what
/// hangs ends the test instead of standing still with it.
pub const LONGEST: Duration = Duration::from_secs(600);

/// Lines of what a server said that a failed test shows.
const LAST_LINES: usize = 40;

/// `firebreak serve`; killed when dropped, so that a failed test leaves none behind.
pub struct Served {
    child: Child,
    /// What it says on its standard error; shown where the test fails.
    said: File,
    _out: BufReader<ChildStdout>,
    pub address: SocketAddr,
    /// From its start to its first answer that it is ready.
    pub ready_after: Duration,
}

impl Served {
    /// Starts it on a free port and waits until it is ready.
    pub fn start(place: &Installation) -> Self {
        let mut command = place.command(env!("CARGO_BIN_EXE_firebreak"));
        command.args(["serve", "--port", "0"]);
        Self::ready(command, tempfile::tempfile().expect("a temporary file is made"))
    }

    /// Starts it with its log at the most talkative level, in a file of the installation.
    pub fn talkative(place: &Installation, log: &str, form: &[&str]) -> Self {
        let mut command = place.command(env!("CARGO_BIN_EXE_firebreak"));
        command.args(["serve", "--port", "0"]).args(form).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        let log = File::options().create(true).read(true).append(true).open(place.path(log));
        Self::ready(command, log.expect("the log is opened"))
    }

    /// Starts it by a shell that limits the size of every file, in KiB.
    pub fn limited(place: &Installation, kib: u64) -> Self {
        let mut command = place.command("bash");
        let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" serve --port 0");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_firebreak")]);
        Self::ready(command, tempfile::tempfile().expect("a temporary file is made"))
    }

    fn ready(mut command: std::process::Command, said: File) -> Self {
        let began = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(said.try_clone().expect("it is opened twice"));
        let mut child = command.spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("its output is read");
        let address = line.trim().rsplit('/').next().and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("it says where it serves: {line:?}"));
        let mut served = Self { child, said, _out: out, address, ready_after: Duration::ZERO };
        served.wait_until_ready();
        served.ready_after = began.elapsed();
        served
    }

    /// Asks until it says that it is ready, and how long that took.
    pub fn wait_until_ready(&self) -> Duration {
        let (began, mut client) = (Instant::now(), Client::to(self.address));
        while client.send("GET", "/readyz", None).map_or(0, |answer| answer.status) != 200 {
            assert!(began.elapsed() < LONGEST, "it becomes ready");
        }
        began.elapsed()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("SIGKILL is sent");
        let status = self.child.wait().expect("it has ended");
        assert_eq!(status.signal(), Some(9), "it was ended by the kill, not by itself: {status}");
    }

    /// SIGTERM, and its end.
    pub fn stop(mut self) -> ExitStatus {
        let id = self.child.id();
        signal("TERM", &[id]).expect("SIGTERM is sent");
        let (done, ended) = mpsc::channel();
        thread::spawn(move || done.send(self.child.wait()));
        match ended.recv_timeout(LONGEST) {
            Ok(status) => status.expect("it has ended"),
            Err(_) => {
                let _ = signal("KILL", &[id]);
                panic!("it does not stop");
            }
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state is told").is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Of one that has ended nothing is left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let mut said = String::new();
            let read = self.said.rewind().and_then(|()| self.said.read_to_string(&mut said));
            let from = said.lines().count().saturating_sub(LAST_LINES);
            let last: Vec<&str> = said.lines().skip(from).collect();
            eprintln!("what the server said at last ({read:?}):\n{}", last.join("\n"));
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Whether the other side has ended the connection.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

/// A client on one connection; a broken one is made again with the next request.
#[derive(Debug)]
pub struct Client {
    pub address: SocketAddr,
    pub cookie: String,
    /// Connections that had ended while they were kept, and were made again.
    pub made_again: u64,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub fn to(address: SocketAddr) -> Self {
        Self { address, cookie: String::new(), made_again: 0, connection: None }
    }

    /// Another connection of the same session, maybe to another server.
    pub fn again(&self, address: SocketAddr) -> Self {
        Self { address, cookie: self.cookie.clone(), made_again: 0, connection: None }
    }

    pub fn signed_in(address: SocketAddr, login: &str) -> Self {
        let mut client = Self::to(address);
        let body = json!({"login": login, "password": PASSWORD}).to_string();
        // Hashing is slow on purpose; a busy machine turns whoever signs in away for a moment.
        let cookie = loop {
            let answer = client.send("POST", "/api/v1/session", Some(&body)).expect("the server answers");
            match answer.header("set-cookie") {
                Some(cookie) => break cookie.split(';').next().unwrap_or_default().to_owned(),
                None => assert_eq!(answer.status, 503, "{}", String::from_utf8_lossy(&answer.body)),
            }
        };
        client.cookie = cookie;
        client
    }

    pub fn send(&mut self, method: &str, path: &str, body: Option<&str>) -> io::Result<Answer> {
        let kept = self.connection.is_some();
        let mut begun = self.begin(method, path, body);
        // A server ends a connection on which no request came for a while, and may do so while one is on its way: every
        // client asks once more on a new one (RFC 9112 §9.3.1), its commands under the same ids. A new connection that
        // ends without an answer is an error.
        if kept && begun.as_ref().is_err_and(is_end) {
            self.connection = None;
            self.made_again += 1;
            begun = self.begin(method, path, body);
        }
        let answer = begun.and_then(|()| self.read());
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    /// Sends a request and waits for the first byte of its answer.
    fn begin(&mut self, method: &str, path: &str, body: Option<&str>) -> io::Result<()> {
        self.open(method, path, body)?;
        let connection = self.connection.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        if connection.fill_buf()?.is_empty() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// Sends a request and leaves its answer on the connection.
    fn open(&mut self, method: &str, path: &str, body: Option<&str>) -> io::Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                self.connection.insert(BufReader::new(stream))
            }
        };
        let (host, cookie, body) = (self.address, &self.cookie, body.unwrap_or_default());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-firebreak: 1\r\ncookie: {cookie}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.get_mut().write_all(request.as_bytes())
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let connection = self.connection.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        match connection.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    fn head(&mut self) -> io::Result<Answer> {
        let status = self.line()?.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer =
            Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, headers: Vec::new(), body: Vec::new() };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(answer);
            }
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            answer.headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
    }

    fn read(&mut self) -> io::Result<Answer> {
        let mut answer = self.head()?;
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        answer.body = vec![0; length];
        self.connection.as_mut().ok_or(io::ErrorKind::NotConnected)?.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    /// Opens the live feed after a cursor, from now on without one.
    pub fn listen(mut self, after: Option<&str>) -> io::Result<Feed> {
        let path = after.map_or("/api/v1/feed".to_owned(), |cursor| format!("/api/v1/feed?after={cursor}"));
        self.open("GET", &path, None)?;
        let answer = self.head()?;
        assert_eq!(answer.status, 200, "{answer:?}");
        Ok(Feed { client: self, cursor: after.map(str::to_owned) })
    }
}

/// An open live feed.
pub struct Feed {
    client: Client,
    /// The id of the last event, with which another server goes on.
    pub cursor: Option<String>,
}

impl Feed {
    /// The next event's name and data; an error at the end of the stream. Chunk sizes stand on lines of their own, which
    /// are none of an event's.
    pub fn next(&mut self) -> io::Result<(String, String)> {
        let (mut name, mut data, mut cursor) = (String::new(), String::new(), None);
        loop {
            let line = self.client.line()?;
            match line.split_once(": ") {
                Some(("event", text)) => text.clone_into(&mut name),
                Some(("data", text)) => text.clone_into(&mut data),
                Some(("id", text)) => cursor = Some(text.to_owned()),
                _ if line.is_empty() && !name.is_empty() => {
                    self.cursor = cursor.or(self.cursor.take());
                    return Ok((name, data));
                }
                _ => {}
            }
        }
    }
}
