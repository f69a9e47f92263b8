//! An HTTP server on loopback that answers as a test says, so that it can do what no real server should.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request, as far as the tests look at it. Header names are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    pub(crate) range: Option<String>,
    pub(crate) host: String,
    pub(crate) body: String,
}

impl Request {
    /// The first byte that is asked for.
    pub(crate) fn offset(&self) -> usize {
        let range = self.range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        range.map_or(0, |first| first.parse().unwrap())
    }
}

/// An answer: the bytes of its head and body, and what comes after them.
pub(crate) struct Reply {
    bytes: Vec<u8>,
    ending: Ending,
}

/// What a server does once it has sent what it had to send.
enum Ending {
    Close,
    Reset,
    Silence,
    Drip,
    Flood,
}

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
        Reply { bytes: [reply.as_bytes(), body].concat(), ending: Ending::Close }
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Reply {
        Reply::new(200, &[], body.as_ref())
    }

    /// A body that ends with the connection alone.
    pub(crate) fn unbounded(body: &[u8]) -> Reply {
        Reply::new(200, &["Transfer-Encoding: identity".to_owned()], body)
    }

    pub(crate) fn status(status: u16) -> Reply {
        Reply::new(status, &[], b"")
    }

    /// No answer.
    pub(crate) fn hang_up() -> Reply {
        Reply { bytes: Vec::new(), ending: Ending::Close }
    }

    /// Nothing at all, for as long as the client waits.
    pub(crate) fn silence() -> Reply {
        Reply { bytes: Vec::new(), ending: Ending::Silence }
    }

    /// Part of `body`, which may be all of it: from where the request wants it, if it says so.
    pub(crate) fn part(request: &Request, body: &[u8]) -> Reply {
        match request.offset() {
            0 => Reply::ok(body),
            offset => {
                let range = format!("Content-Range: bytes {offset}-{}/{}", body.len() - 1, body.len());
                Reply::new(206, &[range], &body[offset..])
            }
        }
    }

    /// The first `count` bytes of the body, and then nothing more: the connection closes.
    pub(crate) fn cut(mut self, count: usize) -> Reply {
        let head = self.bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        self.bytes.truncate(head + count);
        self
    }

    /// Then a reset of the connection.
    pub(crate) fn then_reset(self) -> Reply {
        Reply { ending: Ending::Reset, ..self }
    }

    /// Then nothing, with the connection open.
    pub(crate) fn then_silence(self) -> Reply {
        Reply { ending: Ending::Silence, ..self }
    }

    /// Then a byte a second, without an end.
    pub(crate) fn then_a_drip(self) -> Reply {
        Reply { ending: Ending::Drip, ..self }
    }

    /// Then bytes as fast as the client takes them, without an end.
    pub(crate) fn then_a_flood(self) -> Reply {
        Reply { ending: Ending::Flood, ..self }
    }

    pub(crate) fn redirect(location: &str) -> Reply {
        Reply::new(307, &[format!("Location: {location}")], b"")
    }
}

/// A server that runs as long as its test does.
pub(crate) struct ScriptedServer {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    flooded: Arc<AtomicU64>,
}

impl ScriptedServer {
    /// Answers every request with what `answer` makes of it.
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> ScriptedServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let flooded = Arc::new(AtomicU64::new(0));
        let (seen, sent, answer) = (requests.clone(), flooded.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, sent, answer) = (seen.clone(), sent.clone(), answer.clone());
                tokio::spawn(async move {
                    // A client that has had enough closes the connection: that is what some tests are about.
                    let _ = converse(stream, &seen, &sent, &*answer).await;
                });
            }
        });
        ScriptedServer { address, requests, flooded }
    }

    /// How many bytes floods have sent.
    pub(crate) fn flooded(&self) -> u64 {
        self.flooded.load(Ordering::SeqCst)
    }

    /// The ranges that were asked for so far, a line each request that got a blob.
    pub(crate) fn ranges(&self) -> String {
        let blobs = self.requests().into_iter().filter(|request| !request.target.contains("/manifests/"));
        blobs.map(|request| request.range.unwrap_or("all".to_owned())).collect::<Vec<_>>().join("\n")
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
    flooded: &AtomicU64,
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
        range: None,
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
            "range" => request.range = Some(value.to_owned()),
            "host" => request.host = value.to_owned(),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    let Reply { bytes, ending } = answer(&request);
    seen.lock().unwrap().push(request);
    let stream = stream.get_mut();
    stream.write_all(&bytes).await?;
    match ending {
        Ending::Close => stream.shutdown().await,
        Ending::Reset => stream.set_zero_linger(),
        Ending::Silence => tokio::io::copy(stream, &mut tokio::io::sink()).await.map(drop),
        Ending::Drip => loop {
            stream.write_all(b" ").await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        },
        Ending::Flood => loop {
            flooded.fetch_add(stream.write(&[b' '; 64 * 1024]).await? as u64, Ordering::SeqCst);
        },
    }
}
