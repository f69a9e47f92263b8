//! An HTTP server on loopback that answers as a test says, so that it can do what no real server should.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request, as far as the tests look at it. Header names are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    pub(crate) host: String,
    pub(crate) body: String,
}

/// The bytes of an answer, head and body.
pub(crate) struct Reply(Vec<u8>);

impl Reply {
    /// An answer with `status` and `headers`, each a line.
    pub(crate) fn new(status: u16, headers: &[String], body: &[u8]) -> Reply {
        let mut reply = format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n");
        for header in headers {
            reply.push_str(header);
            reply.push_str("\r\n");
        }
        if !headers.iter().any(|header| header.starts_with("Content-Length") || header.starts_with("Transfer-Encoding"))
        {
            reply.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        reply.push_str("\r\n");
        Reply([reply.as_bytes(), body].concat())
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Reply {
        Reply::new(200, &[], body.as_ref())
    }

    pub(crate) fn status(status: u16) -> Reply {
        Reply::new(status, &[], b"")
    }

    /// No answer.
    pub(crate) fn hang_up() -> Reply {
        Reply(Vec::new())
    }

    pub(crate) fn redirect(location: &str) -> Reply {
        Reply::new(307, &[format!("Location: {location}")], b"")
    }
}

/// A server that runs as long as its test does.
pub(crate) struct ScriptedServer {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl ScriptedServer {
    /// Answers every request with what `answer` makes of it.
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> ScriptedServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (requests.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer) = (seen.clone(), answer.clone());
                tokio::spawn(async move {
                    // A client that has had enough closes the connection: that is what some tests are about.
                    let _ = converse(stream, &seen, &*answer).await;
                });
            }
        });
        ScriptedServer { address, requests }
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests so far, a line each: method, target, and what kind of authorization they came with.
    pub(crate) fn log(&self) -> String {
        let line = |request: Request| {
            let scheme =
                request.authorization.as_deref().unwrap_or("-").split(' ').next().unwrap_or_default().to_owned();
            format!("{} {} {scheme}", request.method, request.target)
        };
        self.requests().into_iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

async fn converse(
    stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &(impl Fn(&Request) -> Reply + Sync),
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut request = Request {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        authorization: None,
        host: String::new(),
        body: String::new(),
    };
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => request.authorization = Some(value.to_owned()),
            "host" => request.host = value.to_owned(),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    let Reply(reply) = answer(&request);
    seen.lock().unwrap().push(request);
    stream.get_mut().write_all(&reply).await?;
    stream.get_mut().shutdown().await
}
