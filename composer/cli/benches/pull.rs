//! How long pulling takes beside other clients: 200 components of 50 KB and 10 of 20 MB, from a real registry on loopback.
//!
//! ```text
//! cargo bench -p compose-cli --no-default-features --bench pull
//! ```
//!
//! It needs `docker-registry`. `wkg` (`cargo install wkg`) and `skopeo` are measured where they are installed, and otherwise said to be
//! missing and left out. A number after `--` is how often everything is measured; the fastest counts, as it does without noise.
//!
//! Whole processes are measured, from the start of the first to the end of the last:
//!
//! | row | is |
//! |---|---|
//! | `compose, together` | one `compose pull` of all of them |
//! | `compose`, `wkg`, `skopeo` | a process a component, one after the other, and some at a time: the better of the two counts |
//! | `bare` | one connection after the other, written to files and synced, nothing verified: what disk and loopback allow |
//!
//! *Cold* begins with nothing on disk. *Warm* is the same once more: `compose` and `skopeo` keep what they have, `wkg` keeps nothing.
//! Memory is the most that any of the processes had, as Linux counts it. Files that were pulled are compared with what was pushed.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write as _},
    net::TcpStream,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use registry_client::{
    Artifact, Client, ClientOptions, Content, Credentials, Digest, EventSink, Network, Origin, Os, PushOptions, Store,
};
use registry_server::{Access, DockerRegistry};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many processes run at a time where they run at a time; as many as `compose` has downloads.
const AT_A_TIME: usize = 8;
/// How often a process is asked for its memory.
const ASKED_EVERY: Duration = Duration::from_millis(1);

fn main() -> Outcome<()> {
    let runs = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    let registry = DockerRegistry::start(Access::Anonymous);
    let directory = tempfile::tempdir()?;
    let mut pullers = vec![Puller::Bare, Puller::ComposeTogether, Puller::Compose];
    for (puller, program) in [(Puller::Wkg, "wkg"), (Puller::Skopeo, "skopeo")] {
        match Command::new(program).arg("--version").stdout(Stdio::null()).status() {
            Ok(_) => pullers.push(puller),
            Err(error) => println!("left out: `{program}` cannot be run ({error})"),
        }
    }
    for (name, count, size) in [("small", 200, 50_000), ("large", 10, 20_000_000)] {
        let components = publish(&registry, name, count, size)?;
        let bench = Bench { address: registry.address(), components, directory: directory.path() };
        println!("\n{count} components of {} KB{:>21}{:>10}{:>12}", size / 1000, "cold", "warm", "memory");
        let mut best = BTreeMap::new();
        for puller in &pullers {
            best.insert(*puller, bench.measure(*puller, runs)?);
        }
        compare(&best);
    }
    Ok(())
}

/// Who pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Puller {
    Bare,
    ComposeTogether,
    Compose,
    Wkg,
    Skopeo,
}

/// What is pulled, and where to.
struct Bench<'a> {
    address: &'a str,
    components: Vec<Published>,
    directory: &'a Path,
}

/// A component in the registry.
struct Published {
    name: String,
    digest: Digest,
    size: u64,
}

#[derive(Debug, Clone, Copy)]
struct Measured {
    cold: Duration,
    warm: Duration,
    /// In bytes; 0 where nobody can say.
    memory: u64,
}

impl Measured {
    fn best(self, other: Measured) -> Measured {
        Measured {
            cold: self.cold.min(other.cold),
            warm: self.warm.min(other.warm),
            memory: self.memory.max(other.memory),
        }
    }
}

impl Bench<'_> {
    /// Measures `puller` in every way that it can be used, prints each, and returns the best of each figure.
    fn measure(&self, puller: Puller, runs: usize) -> Outcome<Measured> {
        let ways: &[(&str, usize)] = match puller {
            Puller::Bare => &[("bare", 1)],
            Puller::ComposeTogether => &[("compose, together", 1)],
            Puller::Compose => &[("compose, one by one", 1), ("compose, some at a time", AT_A_TIME)],
            Puller::Wkg => &[("wkg, one by one", 1), ("wkg, some at a time", AT_A_TIME)],
            Puller::Skopeo => &[("skopeo, one by one", 1), ("skopeo, some at a time", AT_A_TIME)],
        };
        let mut best: Option<Measured> = None;
        for (title, at_a_time) in ways {
            let mut fastest = self.run(puller, *at_a_time)?;
            for _ in 1..runs {
                fastest = fastest.best(self.run(puller, *at_a_time)?);
            }
            let Measured { cold, warm, memory } = fastest;
            let memory = if memory > 0 { format!("{} MB", memory / 1_000_000) } else { "-".to_owned() };
            println!("  {title:<28}{:>12.2} s{:>8.2} s{memory:>12}", cold.as_secs_f64(), warm.as_secs_f64());
            best = Some(best.map_or(fastest, |best| best.best(fastest)));
        }
        Ok(best.expect("there is a best way because there is a way"))
    }

    /// Pulls everything twice into an empty directory.
    fn run(&self, puller: Puller, at_a_time: usize) -> Outcome<Measured> {
        let directory = tempfile::tempdir_in(self.directory)?;
        let output = directory.path().join("pulled");
        fs::create_dir(&output)?;
        let memory = AtomicU64::new(0);
        let pull = || -> Outcome<Duration> {
            let begun = Instant::now();
            match puller {
                Puller::Bare => self.pull_bare(&output)?,
                Puller::ComposeTogether => {
                    let mut command = compose(directory.path());
                    command.args(self.components.iter().map(|component| self.reference(component)));
                    finish(command.arg("-o").arg(&output), &memory)?;
                }
                Puller::Compose | Puller::Wkg | Puller::Skopeo => {
                    self.pull_each(at_a_time, |component| {
                        finish(&mut self.command(puller, component, directory.path(), &output), &memory)
                    })?;
                }
            }
            Ok(begun.elapsed())
        };
        let cold = pull()?;
        let warm = pull()?;
        self.check(puller, &output)?;
        Ok(Measured { cold, warm, memory: memory.into_inner() })
    }

    fn command(&self, puller: Puller, component: &Published, directory: &Path, output: &Path) -> Command {
        let (reference, file) = (self.reference(component), component.file(output));
        match puller {
            Puller::Wkg => {
                let mut command = isolated("wkg", directory);
                command.args(["oci", "pull", "--insecure", self.address, &reference, "-o"]).arg(file);
                command
            }
            Puller::Skopeo => {
                let mut command = isolated("skopeo", directory);
                command.args(["--insecure-policy", "copy", "--src-tls-verify=false"]);
                command.arg(format!("docker://{reference}"));
                command.arg(format!("oci:{}:1.0.0", output.join(&component.name).display()));
                command
            }
            Puller::Bare | Puller::ComposeTogether | Puller::Compose => {
                let mut command = compose(directory);
                command.arg(reference).arg("-o").arg(file);
                command
            }
        }
    }

    /// Pulls each component, `at_a_time` of them at once.
    fn pull_each(&self, at_a_time: usize, pull: impl Fn(&Published) -> Outcome<()> + Sync) -> Outcome<()> {
        let next = Mutex::new(self.components.iter());
        let work = || {
            loop {
                let component = next.lock().expect("nobody panics with it").next();
                match component {
                    Some(component) => pull(component)?,
                    None => return Ok(()),
                }
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..at_a_time).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("a worker returns its errors"))
        })
    }

    /// Reads every blob from a connection of its own into a file that is synced.
    fn pull_bare(&self, output: &Path) -> io::Result<()> {
        for component in &self.components {
            let mut stream = BufReader::new(TcpStream::connect(self.address)?);
            let target = format!("/v2/bench/{}/blobs/{}", component.name, component.digest);
            write!(stream.get_mut(), "GET {target} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address)?;
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line)?;
            }
            let mut file = File::create(component.file(output))?;
            io::copy(&mut stream, &mut file)?;
            file.sync_all()?;
        }
        Ok(())
    }

    fn reference(&self, component: &Published) -> String {
        format!("{}/bench/{}:1.0.0", self.address, component.name)
    }

    /// Checks that what was pulled is what was pushed.
    fn check(&self, puller: Puller, output: &Path) -> Outcome<()> {
        for component in &self.components {
            let path = match puller {
                Puller::Skopeo => output.join(&component.name).join("blobs/sha256").join(component.digest.to_hex()),
                Puller::Bare | Puller::ComposeTogether | Puller::Compose | Puller::Wkg => component.file(output),
            };
            let bytes = fs::read(&path)?;
            if bytes.len() as u64 != component.size || Digest::of(&bytes) != component.digest {
                return Err(format!("{} is not what was pushed", path.display()).into());
            }
        }
        Ok(())
    }
}

impl Published {
    fn file(&self, output: &Path) -> PathBuf {
        output.join(format!("{}.wasm", self.name))
    }
}

/// Prints how many times as fast as the others `compose` is.
fn compare(measured: &BTreeMap<Puller, Measured>) {
    let others: Vec<&Measured> = [Puller::Wkg, Puller::Skopeo].iter().filter_map(|other| measured.get(other)).collect();
    for (title, puller) in [("together", Puller::ComposeTogether), ("a process each", Puller::Compose)] {
        let ours = measured[&puller];
        let ratio = |of: fn(&Measured) -> Duration| {
            let fastest = others.iter().map(|other| of(other)).min()?;
            Some(format!("{:.1}", fastest.as_secs_f64() / of(&ours).as_secs_f64()))
        };
        if let (Some(cold), Some(warm)) = (ratio(|times| times.cold), ratio(|times| times.warm)) {
            println!("  compose, {title}: {cold} times as fast as the best other when cold, {warm} times when warm");
        }
    }
}

fn compose(directory: &Path) -> Command {
    let mut command = isolated(env!("CARGO_BIN_EXE_compose"), directory);
    command.arg("pull");
    command
}

/// A command that neither knows nor changes anything of the machine's user.
fn isolated(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("HOME", directory).env("COMPOSE_CACHE", directory.join("store")).current_dir(directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end, and notes the most memory that it had.
fn finish(command: &mut Command, memory: &AtomicU64) -> Outcome<()> {
    let mut child = command.spawn()?;
    while child.try_wait()?.is_none() {
        memory.fetch_max(peak_memory(&child), Ordering::Relaxed);
        thread::sleep(ASKED_EVERY);
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// The most memory that a process had so far, in bytes; nothing as long as it is still this program, about to become another one.
fn peak_memory(process: &Child) -> u64 {
    let program = |process: &str| fs::read_link(format!("/proc/{process}/exe")).ok();
    if program(&process.id().to_string()) == program("self") {
        return 0;
    }
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.and_then(|kilobytes| kilobytes.trim().parse::<u64>().ok()).unwrap_or_default() * 1024
}

/// Publishes components of `size` bytes, each in a repository of its own.
fn publish(registry: &DockerRegistry, name: &str, count: usize, size: usize) -> Outcome<Vec<Published>> {
    let store = tempfile::tempdir()?;
    let client = Client::new(ClientOptions {
        store: Store::open(store.path())?,
        credentials: Credentials::anonymous(),
        network: Network::Online,
        insecure: [].into(),
        parallel: NonZeroUsize::MIN,
        events: EventSink::silent(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut published = Vec::new();
    for number in 0..count {
        let (name, bytes) = (format!("{name}-{number}"), component(size, number as u64 + 1));
        published.push(Published { name: name.clone(), digest: Digest::of(&bytes), size: bytes.len() as u64 });
        let origin = Origin::Reference(format!("{}/bench/{name}:1.0.0", registry.address()).parse()?);
        let content = Content::Bytes(bytes.into());
        let artifact = Artifact { content, os: Os::WasiP2, component: None, annotations: [].into() };
        runtime.block_on(client.push(&origin, &artifact, &PushOptions::default()))?;
    }
    Ok(published)
}

/// A component of one custom section whose bytes nothing compresses; `seed` is not 0.
fn component(size: usize, seed: u64) -> Vec<u8> {
    let mut random = seed;
    let payload = std::iter::repeat_with(|| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_le_bytes()
    });
    let mut section = b"\x05bench".to_vec();
    section.extend(payload.flatten().take(size));
    let mut component = b"\0asm\x0d\0\x01\0\0".to_vec();
    // The section's size, seven bits a byte.
    let mut left = section.len();
    while left >= 0x80 {
        component.push(left.to_le_bytes()[0] | 0x80);
        left >>= 7;
    }
    component.push(left.to_le_bytes()[0]);
    component.append(&mut section);
    component
}
