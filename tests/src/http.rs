//! One HTTP request over one connection: enough to publish to a registry and to ask a component that is served.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

/// A request.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, String)>,
    body: &'a [u8],
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    head: String,
}

impl<'a> Request<'a> {
    /// Starts a request; `target` is a path, perhaps with a query.
    pub fn new(method: &'a str, target: &'a str) -> Self {
        Self { method, target, headers: Vec::new(), body: &[] }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }

    /// Sends the request to `HOST:PORT`.
    ///
    /// It says HTTP/1.0, so that the answer is the rest of the connection: neither chunked nor kept alive.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn send(&self, address: &str) -> Response {
        let mut head = format!("{} {} HTTP/1.0\r\nHost: {address}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        let mut stream = TcpStream::connect(address).expect("somebody listens");
        stream.write_all(head.as_bytes()).expect("the head is read");
        stream.write_all(self.body).expect("the body is read");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("there is an answer");
        Response::parse(&bytes)
    }
}

impl Response {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("the answer has a head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("the answer has a status");
        Self { status, body: bytes[end + 4..].to_vec(), head }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut values = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        values.next()
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}
