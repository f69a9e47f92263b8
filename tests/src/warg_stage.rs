//! A warg registry with bad manners, in front of a real one: what no real registry does to whoever asks it.
//!
//! Unlike [`Meddler`](crate::warg_server::Meddler), it is made for a clock that is paused, so that nobody waits for timeouts: it runs on
//! its client's own thread and keeps that busy while the real registry answers, and so time passes only while it is silent itself.

use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::warg_server::{Answer, here, message};

/// What becomes of a request.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// The real registry answers.
    Honest,
    /// Nobody answers.
    Silence,
    /// An answer begins, and goes on with a byte a second.
    Drip,
    /// An answer begins, and goes on as fast as it is taken.
    Flood,
    /// Somebody answers this, and the real registry never hears of it.
    Says(&'static str),
    /// Somebody makes something else of the real registry's answer: this, of a number and what it was.
    Meddled(u64, fn(u64, Answer) -> Answer),
}

/// A registry that answers as it is told.
#[derive(Debug)]
pub struct Stage {
    address: SocketAddr,
    flooded: Arc<AtomicU64>,
}

impl Stage {
    /// Starts in front of the registry at `upstream`. `manner` is asked for every request, of which it is given method and path.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(upstream: String, manner: impl Fn(&str) -> Manner + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        let flooded = Arc::new(AtomicU64::new(0));
        let (sent, manner) = (Arc::clone(&flooded), Arc::new(manner));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sent, manner, upstream) = (Arc::clone(&sent), Arc::clone(&manner), upstream.clone());
                // A client that has had enough closes the connection: that is what it is for.
                tokio::spawn(async move { converse(stream, &upstream, address, &*manner, &sent).await.ok() });
            }
        });
        Self { address, flooded }
    }

    /// As a manifest names it.
    pub fn registry(&self) -> String {
        format!("warg+http://{}", self.address)
    }

    /// How many bytes floods have sent.
    pub fn flooded(&self) -> u64 {
        self.flooded.load(Ordering::SeqCst)
    }
}

async fn converse(
    stream: TcpStream,
    upstream: &str,
    address: SocketAddr,
    manner: &(impl Fn(&str) -> Manner + Sync),
    flooded: &AtomicU64,
) -> std::io::Result<()> {
    const BEGUN: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let mut stream = BufReader::new(stream);
    let (head, body) = request(&mut stream).await?;
    let asked = head.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let stream = stream.get_mut();
    match manner(&asked) {
        Manner::Honest => {
            let (answered, body) = answer(&head, &body, upstream, &address.to_string())?;
            stream.write_all(&[answered.as_bytes(), b"\r\n\r\n", &body].concat()).await?;
            stream.shutdown().await
        }
        Manner::Silence => tokio::io::copy(stream, &mut tokio::io::sink()).await.map(drop),
        Manner::Drip => {
            stream.write_all(BEGUN).await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Manner::Says(body) => say(stream, 200, body.as_bytes()).await,
        Manner::Meddled(seed, meddle) => {
            let (answered, body) = answer(&head, &body, upstream, &address.to_string())?;
            let status = answered.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(500);
            let (status, body) = meddle(seed, (status, body));
            say(stream, status, &body).await
        }
        Manner::Flood => {
            stream.write_all(BEGUN).await?;
            loop {
                flooded.fetch_add(stream.write(&[b' '; 64 * 1024]).await? as u64, Ordering::SeqCst);
            }
        }
    }
}

/// The head of a request, and its body, which has a length or is none.
async fn request(stream: &mut BufReader<TcpStream>) -> std::io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while stream.read_line(&mut head).await? > 2 {}
    let mut lengths =
        head.lines().filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; lengths.next().unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok((head, body))
}

async fn say(stream: &mut TcpStream, status: u16, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    stream.shutdown().await
}

/// What the real registry answers, as a head without its end and a body. The thread waits for it, and time does not pass.
fn answer(head: &str, body: &[u8], upstream: &str, address: &str) -> std::io::Result<(String, Vec<u8>)> {
    let mut server = std::net::TcpStream::connect(upstream)?;
    let kept = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let kept = kept.collect::<Vec<_>>().join("\r\n");
    server.write_all(format!("{kept}\r\nConnection: close\r\n\r\n").as_bytes())?;
    server.write_all(body)?;
    let (answered, body) = message(&mut server)?;
    let body = here(head, body, upstream, address);
    let headers = answered.trim_end().lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !line.starts_with("transfer-encoding:") && (head.starts_with("HEAD ") || !line.starts_with("content-length:"))
    });
    let mut answer = headers.collect::<Vec<_>>().join("\r\n");
    if !head.starts_with("HEAD ") {
        answer += &format!("\r\nContent-Length: {}", body.len());
    }
    Ok((answer, body))
}
