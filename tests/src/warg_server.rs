//! A real warg registry in this process, and what can stand between it and its clients.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use registry_client::{PublicKey, SigningKey};
use tempfile::TempDir;
use tokio::sync::oneshot;
use warg_crypto::signing::{PrivateKey, generate_p256_pair};
use warg_protocol::operator::NamespaceState;
use warg_server::{
    Config, Server,
    policy::{content::WasmContentPolicy, record::AuthorizedKeyPolicy},
};

/// How often the registry signs a checkpoint: often, because whoever publishes waits for the next one.
const CHECKPOINTS: Duration = Duration::from_millis(50);

/// A registry on loopback, with its log in memory, which ends with its value.
#[derive(Debug)]
pub struct WargServer {
    address: SocketAddr,
    operator: String,
    content: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _directory: TempDir,
}

impl WargServer {
    /// Starts an empty registry that defines these namespaces. Those with an `=` are said to be another registry's, after it.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(namespaces: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", &new_key(), namespaces)
    }

    /// Starts an empty registry of this operator, at this address.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_at(address: &str, operator: &str, namespaces: &[&str]) -> Self {
        Self::start_as(address, operator, namespaces, |config| config)
    }

    /// Starts an empty registry that defines a namespace and takes from one key alone what is for it.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_for(namespace: &str, key: &PublicKey) -> Self {
        let policy = AuthorizedKeyPolicy::new().with_namespace_key(namespace, key.fingerprint().to_string().into());
        let policy = policy.expect("a namespace");
        Self::start_as("127.0.0.1:0", &new_key(), &[namespace], |config| config.with_record_policy(policy))
    }

    fn start_as(address: &str, operator: &str, namespaces: &[&str], complete: impl FnOnce(Config) -> Config) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let content = directory.path().to_owned();
        let namespaces = namespaces.iter().map(|namespace| match namespace.split_once('=') {
            Some((name, registry)) => (name.to_owned(), NamespaceState::Imported { registry: registry.to_owned() }),
            None => ((*namespace).to_owned(), NamespaceState::Defined),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let config = Config::new(private(operator), Some(namespaces.collect()), content.clone())
            .with_addr(address.parse::<SocketAddr>().expect("an address"))
            .with_checkpoint_interval(CHECKPOINTS)
            .with_content_policy(WasmContentPolicy::default());
        let config = complete(config);
        let (started, address) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let serve = async {
                let server = Server::new(config).initialize().await.expect("the registry starts");
                started.send(server.local_addr().expect("it listens")).expect("somebody waits for it");
                server.serve().await
            };
            // Connections that are kept open must not keep it alive.
            runtime.block_on(async {
                tokio::select! { served = serve => served.expect("it serves"), _ = stopped => {} }
            });
            runtime.shutdown_background();
        });
        let address = address.recv().expect("the registry started");
        Self {
            address,
            operator: operator.to_owned(),
            content,
            stop: Some(stop),
            thread: Some(thread),
            _directory: directory,
        }
    }

    /// As a manifest names it.
    pub fn registry(&self) -> String {
        format!("warg+http://{}", self.address)
    }

    /// Where it listens: `HOST:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The private key of its operator.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// The public key of its operator.
    pub fn operator_key(&self) -> PublicKey {
        public(&self.operator)
    }

    /// The file that has the content of `digest`.
    pub fn content(&self, digest: &str) -> PathBuf {
        self.content.join("files").join(digest.replace(':', "-"))
    }
}

impl Drop for WargServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A private key that nobody had before, as text.
pub fn new_key() -> String {
    generate_p256_pair().1.encode().to_string()
}

/// A private key, to sign with.
///
/// # Panics
/// When it is none.
pub fn signing(key: &str) -> SigningKey {
    SigningKey::parse(key).expect("a private key")
}

/// The public half of a private key.
///
/// # Panics
/// When it is none.
pub fn public(key: &str) -> PublicKey {
    private(key).public_key().to_string().parse().expect("a public key")
}

/// A private key as the protocol has it.
///
/// # Panics
/// When it is none.
pub fn private(key: &str) -> PrivateKey {
    PrivateKey::decode(key.to_owned()).expect("a private key")
}

/// What a request is answered with: a status and a body.
pub type Answer = (u16, Vec<u8>);
/// What becomes of the answer to a request, of which it is given the head.
pub type Meddling = dyn Fn(&str, Answer) -> Answer + Send + Sync;

/// Somebody between a registry and its clients, who answers as they like.
pub struct Meddler {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Meddler {
    /// Passes requests on to `upstream`, and what `meddle` makes of its answers back.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start(upstream: String, meddle: impl Fn(&str, Answer) -> Answer + Send + Sync + 'static) -> Self {
        Self::between(upstream, move |head, answer| meddle(head.split(' ').nth(1).unwrap_or_default(), answer))
    }

    fn between(upstream: String, meddle: impl Fn(&str, Answer) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it listens");
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, meddle): (_, Arc<Meddling>) = (Arc::clone(&is_over), Arc::new(meddle));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (upstream, meddle) = (upstream.clone(), Arc::clone(&meddle));
                // What breaks off here is an answer that breaks off for the client.
                thread::spawn(move || pass_on(stream, &upstream, &*meddle).ok());
            }
        });
        Self { address, is_over }
    }

    /// Lets those through who have this authorization.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn guarded(upstream: String, authorization: &'static str) -> Self {
        Self::between(upstream, move |head, answer| {
            let mut headers = head.lines().filter_map(|line| line.split_once(':'));
            let is_right = |(name, value): (&str, &str)| {
                name.eq_ignore_ascii_case("authorization") && value.trim() == authorization
            };
            if headers.any(is_right) { answer } else { (401, br#"{"status":401,"message":"who are you?"}"#.to_vec()) }
        })
    }

    /// As a manifest names it.
    pub fn registry(&self) -> String {
        format!("warg+http://{}", self.address)
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // So that it notices.
        TcpStream::connect(self.address).ok();
    }
}

fn pass_on(mut client: TcpStream, upstream: &str, meddle: &Meddling) -> std::io::Result<()> {
    let address = client.local_addr()?.to_string();
    let (head, body) = message(&mut client)?;
    let asked = head.clone();
    let mut server = TcpStream::connect(upstream)?;
    let kept = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = kept.collect::<Vec<_>>().join("\r\n");
    server.write_all(format!("{}\r\nConnection: close\r\n\r\n", head.trim_end()).as_bytes())?;
    server.write_all(&body)?;
    let (head, body) = message(&mut server)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(500);
    let body = here(&asked, body, upstream, &address);
    let (status, body) = meddle(&asked, (status, body));
    // A `HEAD` is answered with the length of a body that does not come.
    let declared = length_of(&head).filter(|_| asked.starts_with("HEAD "));
    let length = declared.unwrap_or(body.len());
    let head = format!(
        "HTTP/1.1 {status} Meddled\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    client.write_all(head.as_bytes())?;
    client.write_all(&body)?;
    client.shutdown(Shutdown::Write)
}

/// Where the registry says that content is, with this place instead of its own, so that content goes through here too.
pub(crate) fn here(asked: &str, body: Vec<u8>, upstream: &str, address: &str) -> Vec<u8> {
    match String::from_utf8(body) {
        Ok(text) if asked.contains(" /v1/content/") => text.replace(upstream, address).into_bytes(),
        Ok(text) => text.into_bytes(),
        Err(bytes) => bytes.into_bytes(),
    }
}

/// The head of a request or an answer, and its body, which has a length, chunks, or nothing.
pub(crate) fn message(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    if let Some(length) = length_of(&head) {
        while body.len() < length {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            body.extend_from_slice(&buffer[..count]);
        }
    } else if header(&head, "transfer-encoding").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            body.extend_from_slice(&buffer[..count]);
        }
        body = joined(&body);
    }
    Ok((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn length_of(head: &str) -> Option<usize> {
    header(head, "content-length")?.parse().ok()
}

/// The chunks of a body, as one.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|window| window == b"\r\n") {
        let size =
            std::str::from_utf8(&chunks[..end]).ok().and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let Some(size @ 1..) = size else { break };
        body.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 4 + size..];
    }
    body
}
