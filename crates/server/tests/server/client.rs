//! A plain HTTP/1.1 client on a socket: one request, one answer, nothing hidden.

use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// An answer as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("an answer is UTF-8")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// All that a client can tell two answers apart by; the date is the server's clock.
    pub fn without_date(&self) -> Self {
        let mut answer = self.clone();
        answer.headers.retain(|(name, _)| name != "date");
        answer
    }
}

/// Who asks: headers that go with every request.
#[derive(Clone, Default)]
pub struct Client {
    pub address: Option<SocketAddr>,
    pub headers: Vec<(String, String)>,
}

impl Client {
    pub fn to(address: SocketAddr) -> Self {
        Self { address: Some(address), headers: Vec::new() }
    }

    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(of, _)| of != name);
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address.expect("the client knows its server")).await.expect("the server listens")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Answer {
        let body = body.to_string();
        self.with("content-type", "application/json").send("POST", path, Some(body.as_bytes())).await
    }

    pub async fn post_text(&self, path: &str, kind: &str, body: &str) -> Answer {
        self.with("content-type", kind).send("POST", path, Some(body.as_bytes())).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Answer {
        let mut stream = self.open(method, path, body).await;
        let mut bytes = Vec::new();
        // A server that cuts the connection after its answer has still answered.
        let _ = stream.read_to_end(&mut bytes).await;
        parse(&bytes)
    }

    /// Sends a request and leaves the answer on the stream.
    pub async fn open(&self, method: &str, path: &str, body: Option<&[u8]>) -> TcpStream {
        let mut stream = self.connect().await;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.host());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.expect("the head is sent");
        if let Some(body) = body {
            // The server may refuse a body before it is read.
            let _ = stream.write_all(body).await;
        }
        stream
    }

    pub fn host(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }
}

/// Reads an answer, chunked bodies included.
pub fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| {
        panic!("no answer: {:?}", String::from_utf8_lossy(bytes));
    });
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    Answer {
        status: status.expect("a status line"),
        headers,
        body: if chunked { unchunk(body) } else { body.to_vec() },
    }
}

/// The bytes of the whole chunks that have come so far.
pub fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size.filter(|size| *size > 0 && rest.len() >= line + 2 + size) else { break };
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
    body
}
