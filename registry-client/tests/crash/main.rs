//! Pulls that are killed at random moments, many times over one store: what is in it is always whole, and what is whole is never
//! fetched again.
//!
//! `cargo test -p registry-client --test crash -- 500` kills five hundred; without a number it is a few dozen. The moment is a number
//! of bytes that the server has sent, not a time, so that slow and fast machines test the same.

// A test that cannot go on panics; that is how it fails.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use registry_client::{
    Client, ClientOptions, Credentials, Descriptor, Digest, EventSink, Network, Origin, Release, Store,
};

const EVERYDAY_RUNS: usize = 40;
const BLOBS: usize = 24;
const CHILD: &str = "--child";

/// What this test is called where tests have names.
const NAME: &str = "killed_pulls_leave_the_store_whole";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [mode, address, store, blobs @ ..] if mode == CHILD => pull(address, Path::new(store), blobs),
        // `cargo nextest` asks which tests there are, and then which of them are ignored.
        asked if asked.iter().any(|argument| argument == "--list") => {
            if !asked.iter().any(|argument| argument == "--ignored") {
                println!("{NAME}: test");
            }
        }
        // The test runner's own arguments are not numbers.
        others => kill_runs(others.iter().find_map(|argument| argument.parse().ok()).unwrap_or(EVERYDAY_RUNS)),
    }
}

/// What is killed: fetches every blob into the store.
#[tokio::main]
async fn pull(address: &str, store: &Path, blobs: &[String]) {
    let client = Client::new(ClientOptions {
        store: Store::open(store).unwrap(),
        credentials: Credentials::anonymous(),
        network: Network::Online,
        insecure: [].into(),
        parallel: NonZeroUsize::new(4).unwrap(),
        events: EventSink::silent(),
    });
    let fetches: Vec<_> = blobs
        .iter()
        .map(|blob| {
            let (digest, size) = blob.split_once('/').unwrap();
            let component = Descriptor { digest: digest.parse().unwrap(), size: size.parse().unwrap() };
            let origin = Origin::Reference(format!("{address}/team/catalog:1").parse().unwrap());
            let client = client.clone();
            tokio::spawn(async move {
                let release = Release { manifest: component, component, log: None };
                client.fetch_file(&origin, &release).await.unwrap();
            })
        })
        .collect();
    for fetch in fetches {
        fetch.await.unwrap();
    }
}

/// Kills `runs` pulls, and lets one more end.
fn kill_runs(runs: usize) {
    let seed = RandomState::new().hash_one(());
    let mut random = seed | 1;
    let blobs: BTreeMap<Digest, Vec<u8>> = (0..BLOBS).map(blob).map(|blob| (Digest::of(&blob), blob)).collect();
    let total: usize = blobs.values().map(Vec::len).sum();
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store");
    let server = Server::start(blobs.clone());
    let (mut killed, mut filled) = (0, 0);
    for _ in 0..runs {
        let mut before = whole(&store, &blobs);
        if before.len() == blobs.len() {
            filled += 1;
            before.clear();
            fs::remove_dir_all(&store).unwrap();
        }
        let missing = total - before.iter().map(|digest| blobs[digest].len()).sum::<usize>();
        let budget = usize::try_from(next(&mut random) % missing as u64).unwrap();
        killed += usize::from(run(&server, &store, Some(budget)) == Ending::Killed);
        check(&server, &store, &before);
    }
    let before = whole(&store, &blobs);
    assert_eq!(run(&server, &store, None), Ending::Ended);
    check(&server, &store, &before);
    assert_eq!(whole(&store, &blobs).len(), blobs.len(), "seed {seed}");
    let usage = Store::open(&store).unwrap().usage().unwrap();
    assert_eq!((usage.partial.files, usage.corrupt.files), (0, 0), "seed {seed}");
    println!(
        "{killed} of {runs} pulls were killed, the store was filled {filled} times, and nothing in it was ever wrong"
    );
}

/// Nothing that was whole before was asked for again, and whatever is in the store is whole.
fn check(server: &Server, store: &Path, before: &BTreeSet<Digest>) {
    let asked = std::mem::take(&mut *server.asked.lock().unwrap());
    assert_eq!(asked.intersection(before).count(), 0, "whole blobs were fetched again");
    whole(store, &server.blobs);
}

#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Killed,
    Ended,
}

/// Runs one pull, and kills it once the server has sent `budget` bytes.
fn run(server: &Server, store: &Path, budget: Option<usize>) -> Ending {
    let (sender, receiver) = channel();
    server.budget.store(budget.map_or(i64::MAX, |budget| i64::try_from(budget).unwrap()), Ordering::SeqCst);
    *server.exhausted.lock().unwrap() = Some(sender.clone());
    let blobs = server.blobs.iter().map(|(digest, bytes)| format!("{digest}/{}", bytes.len()));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, &server.address])
        .arg(store)
        .args(blobs)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let waiting = std::thread::spawn(move || {
        // It says nothing: this ends when the process does.
        output.read_to_end(&mut Vec::new()).unwrap();
        sender.send(Ending::Ended).ok();
    });
    let ending = receiver.recv().unwrap();
    if ending == Ending::Killed {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    waiting.join().unwrap();
    assert!(ending == Ending::Killed || status.success(), "{status}");
    ending
}

/// The blobs in the store, each of which must be whole; read as files, so that the store's own checks are not what is believed.
fn whole(store: &Path, blobs: &BTreeMap<Digest, Vec<u8>>) -> BTreeSet<Digest> {
    let is_whole = |digest: &&Digest| {
        let hex = digest.to_hex();
        match fs::read(store.join("blobs/sha256").join(&hex[..2]).join(&hex[2..])) {
            Ok(bytes) => {
                assert!(bytes == blobs[*digest], "{digest} is not whole");
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
                false
            }
        }
    };
    blobs.keys().filter(is_whole).copied().collect()
}

/// Blobs from a few bytes to some hundred kilobytes.
fn blob(number: usize) -> Vec<u8> {
    let mut random = number as u64 + 1;
    let length = 100 << (number % 13);
    (0..length).map(|_| next(&mut random).to_le_bytes()[0]).collect()
}

/// Xorshift: any sequence without a visible pattern will do.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// A registry of blobs that counts what it sends.
struct Server {
    address: String,
    blobs: Arc<BTreeMap<Digest, Vec<u8>>>,
    asked: Arc<Mutex<BTreeSet<Digest>>>,
    budget: Arc<AtomicI64>,
    exhausted: Arc<Mutex<Option<Sender<Ending>>>>,
}

impl Server {
    fn start(blobs: BTreeMap<Digest, Vec<u8>>) -> Arc<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Arc::new(Server {
            address: listener.local_addr().unwrap().to_string(),
            blobs: Arc::new(blobs),
            asked: Arc::default(),
            budget: Arc::default(),
            exhausted: Arc::default(),
        });
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                // A client that is killed closes its connections: that is what this is about.
                std::thread::spawn(move || serving.answer(stream).ok());
            }
        });
        server
    }

    fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let (mut target, mut offset) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("get ") {
                target = rest.split(' ').next().unwrap_or_default().to_owned();
            } else if let Some(range) = line.strip_prefix("range: bytes=") {
                offset = range.trim_end_matches('-').parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        let Some(digest) = target.rsplit('/').next().and_then(|digest| digest.parse::<Digest>().ok()) else {
            return Ok(());
        };
        self.asked.lock().unwrap().insert(digest);
        let body = &self.blobs[&digest];
        let (status, length) = if offset > 0 { (206, body.len() - offset) } else { (200, body.len()) };
        let range = format!("Content-Range: bytes {offset}-{}/{}", body.len() - 1, body.len());
        let stream = reader.get_mut();
        write!(stream, "HTTP/1.1 {status} OK\r\nConnection: close\r\nContent-Length: {length}\r\n{range}\r\n\r\n")?;
        for piece in body[offset..].chunks(4096) {
            stream.write_all(piece)?;
            let sent = i64::try_from(piece.len()).unwrap();
            let left = self.budget.fetch_sub(sent, Ordering::SeqCst);
            if left <= sent
                && let Some(sender) = self.exhausted.lock().unwrap().take()
            {
                sender.send(Ending::Killed).ok();
            }
        }
        Ok(())
    }
}
