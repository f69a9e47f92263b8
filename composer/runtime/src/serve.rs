//! Decides how HTTP requests reach a component's handler and what the client gets when the handler fails.
//!
//! The component is linked once; every request has an instance of its own, so that none sees what another left, and a
//! trap ends one request only. Nothing is printed: what the operator should know is an [`Event`].

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use wasmtime::Store;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyIndices};
use wasmtime_wasi_http::p3::bindings::ServiceIndices;
use wasmtime_wasi_http::{WasiBody, WasiHttpView, p3};

use crate::access::{Access, Input, Output};
use crate::application::Application;
use crate::error::Error;
use crate::host::{Given, Host};
use crate::wasi::{self, Generation};

/// The interface of handlers in WASI 0.2.
const INCOMING_HANDLER: &str = "wasi:http/incoming-handler";
/// The interface of handlers in WASI 0.3.
const HANDLER: &str = "wasi:http/handler";

/// How long to wait after the system refuses a connection, which it does when it lacks descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a component is served.
#[derive(Clone)]
pub struct ServeOptions {
    /// Where to listen; port 0 means any free port.
    pub address: SocketAddr,
    /// The guest's standard output, shared by all requests.
    pub stdout: Output,
    /// The guest's standard error, shared by all requests.
    pub stderr: Output,
    /// What of the host the guest may reach.
    pub access: Access,
    /// How many requests have an instance at the same time; the others wait for their turn.
    pub concurrency: usize,
    /// How long requests in flight may take once a shutdown began.
    pub grace: Duration,
    /// Told what happens, on the executor's threads: it must not block for long.
    pub report: Arc<dyn Fn(Event) + Send + Sync>,
}

impl ServeOptions {
    /// Serves on `address`, with no access, no output, no reports, 256 requests at the same time and 10 seconds of grace.
    pub fn new(address: SocketAddr) -> ServeOptions {
        ServeOptions {
            address,
            stdout: Output::Discard,
            stderr: Output::Discard,
            access: Access::default(),
            concurrency: 256,
            grace: Duration::from_secs(10),
            report: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for ServeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeOptions")
            .field("address", &self.address)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .field("access", &self.access)
            .field("concurrency", &self.concurrency)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

/// What happens while a component is served.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A request was answered by the guest.
    Answered {
        /// The request's method.
        method: String,
        /// The request's path and query.
        path: String,
        /// The response's status.
        status: u16,
    },
    /// The guest failed at a request: before its response, which then is a 500, or after it had begun.
    Failed {
        /// The request's method.
        method: String,
        /// The request's path and query.
        path: String,
        /// What the guest did.
        error: Error,
    },
    /// The system refused a connection.
    NotAccepted {
        /// What the operating system said.
        source: io::Error,
    },
}

impl Application {
    /// Serves HTTP/1.1 with the component's `wasi:http/handler` of WASI 0.3, or else its `wasi:http/incoming-handler` of
    /// WASI 0.2, until `shutdown` is ready and the requests in flight have ended.
    ///
    /// `ready` is called once, with the address that is listened on. A request whose handler traps or fails is answered
    /// with status 500, and the [`Event`] says why. A client that leaves before its response ends its instance. After
    /// `shutdown`, no connection is accepted, requests in flight have [`grace`](ServeOptions::grace) to end, and what is
    /// left then is stopped.
    ///
    /// Dropping the future stops everything at once.
    ///
    /// <https://github.com/WebAssembly/WASI/blob/v0.2.8/wasip2/http/proxy.wit>
    ///
    /// # Errors
    ///
    /// - [`Error::NotAService`]: the component exports no handler.
    /// - [`Error::MissingImports`], [`Error::IncompatibleImport`]: the runtime does not provide what it imports.
    /// - [`Error::IncompatibleExport`]: the handler has not WASI's function. One of another type fails at every request.
    /// - [`Error::Directory`]: a directory of the access cannot be opened.
    /// - [`Error::AddressInUse`], [`Error::Listen`]: the address cannot be listened on.
    pub async fn serve(
        &self,
        options: ServeOptions,
        ready: impl FnOnce(SocketAddr),
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let generation = wasi::exported(&self.component, INCOMING_HANDLER, HANDLER)
            .ok_or_else(|| Error::NotAService { exports: self.exports() })?;
        let service = Service::new(generation, self.link()?, options)?;
        // Whatever would fail for every request fails here.
        service.store()?;

        let ServeOptions { address, grace, .. } = service.options;
        let (listener, address) = listen(address).await?;
        let server = Arc::new(Server { service: Arc::new(service), guests: Mutex::default() });
        ready(address);

        let (stopping, _) = watch::channel(());
        let mut connections = JoinSet::new();
        tokio::select! {
            () = shutdown => {}
            never = accept(&listener, &server, &mut connections, &stopping) => match never {},
        }

        drop(listener);
        stopping.send_replace(());
        let ended = async {
            while connections.join_next().await.is_some() {}
            let mut guests = server.take_guests();
            while guests.join_next().await.is_some() {}
        };
        // In time or not, what is left is stopped.
        let _ = timeout(grace, ended).await;
        connections.shutdown().await;
        server.take_guests().shutdown().await;
        Ok(())
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bound.await.map_err(|source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => Error::AddressInUse { address },
        _ => Error::Listen { address, source },
    })
}

/// Gives every connection a task of its own, for ever.
async fn accept(
    listener: &TcpListener,
    server: &Arc<Server>,
    connections: &mut JoinSet<()>,
    stopping: &watch::Sender<()>,
) -> Infallible {
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(server), stopping.subscribe()));
                }
                Err(source) => {
                    (server.service.options.report)(Event::NotAccepted { source });
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// Answers the requests of one connection until the client leaves or the server stops.
async fn converse(stream: TcpStream, server: Arc<Server>, mut stopping: watch::Receiver<()>) {
    let answer = service_fn(|request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    // A connection that breaks is the client's affair: it has its own error, and the guest its own event.
    let _ = tokio::select! {
        done = connection.as_mut() => done,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
}

/// What connections share.
struct Server {
    service: Arc<Service>,
    /// The running instances, which may outlive their response, but not the server: none of them holds it.
    guests: Mutex<JoinSet<()>>,
}

impl Server {
    /// Answers one request with an instance of its own, which may go on after its response has begun.
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if request.uri().authority().is_none() && !request.headers().contains_key(HOST) {
            // RFC 9112, section 3.2.
            return plain(StatusCode::BAD_REQUEST, "the request has no Host header\n");
        }
        let subject = Subject::of(&request);
        let turn = Arc::clone(&self.service.turns)
            .acquire_owned()
            .await
            .expect("a turn because the semaphore is never closed");
        let (answer, answered) = oneshot::channel();
        let service = Arc::clone(&self.service);
        let guest = self.start(async move {
            let _turn = turn;
            let report = &*service.options.report;
            let reply = Reply { answer, subject: subject.clone(), report };
            if let Err(error) = service.handle(request, reply).await {
                report(subject.failed(error));
            }
        });

        let unanswered = StopOnDrop(Some(guest));
        let answer = answered.await;
        unanswered.disarm();
        answer.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "the application failed at this request\n"))
    }

    fn start(&self, guest: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        // A set keeps what has ended until somebody asks.
        while guests.try_join_next().is_some() {}
        guests.spawn(guest)
    }

    fn take_guests(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.guests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A component that is being served.
struct Service {
    linked: InstancePre<Host>,
    handler: Handler,
    options: ServeOptions,
    turns: Arc<Semaphore>,
}

/// Where the component exports its handler.
enum Handler {
    P2(ProxyIndices),
    P3(ServiceIndices),
}

/// What a client gets.
type Answer = Response<WasiBody>;

impl Service {
    fn new(generation: Generation, linked: InstancePre<Host>, options: ServeOptions) -> Result<Service, Error> {
        let handler = match generation {
            Generation::P2 => ProxyIndices::new(&linked).map(Handler::P2).map_err(incompatible(INCOMING_HANDLER))?,
            Generation::P3 => ServiceIndices::new(&linked).map(Handler::P3).map_err(incompatible(HANDLER))?,
        };
        let turns = Arc::new(Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Service { linked, handler, options, turns })
    }

    fn store(&self) -> Result<Store<Host>, Error> {
        let given = Given {
            arguments: &[],
            stdin: &Input::Empty,
            stdout: &self.options.stdout,
            stderr: &self.options.stderr,
            access: &self.options.access,
        };
        Host::store(self.linked.engine(), &given)
    }

    /// Gives one request to an instance of its own.
    async fn handle(&self, request: Request<Incoming>, reply: Reply<'_>) -> Result<(), Error> {
        let mut store = self.store()?;
        let instance = self.linked.instantiate_async(&mut store).await.map_err(|error| Error::from_guest(&error))?;
        match &self.handler {
            Handler::P2(proxy) => {
                let proxy = proxy.load(&mut store, &instance).map_err(incompatible(INCOMING_HANDLER))?;
                handle_p2(&proxy, store, request, reply).await
            }
            Handler::P3(service) => {
                let service = service.load(&mut store, &instance).map_err(incompatible(HANDLER))?;
                handle_p3(&service, store, request, reply).await
            }
        }
    }
}

fn incompatible(interface: &'static str) -> impl Fn(wasmtime::Error) -> Error {
    move |source| Error::IncompatibleExport { interface, source: source.into() }
}

/// The way back to the client.
struct Reply<'a> {
    answer: oneshot::Sender<Answer>,
    subject: Subject,
    report: &'a (dyn Fn(Event) + Send + Sync),
}

impl Reply<'_> {
    /// Starts the response; its body may still be to come.
    fn send(self, answer: Answer) {
        (self.report)(self.subject.answered(answer.status()));
        // A client that has left misses nothing.
        drop(self.answer.send(answer));
    }
}

async fn handle_p2(
    proxy: &Proxy,
    store: Store<Host>,
    request: Request<Incoming>,
    reply: Reply<'_>,
) -> Result<(), Error> {
    let (set, response) = oneshot::channel();
    let handled = async {
        // The outparam goes with the store, and with it the wait for a response: the store must not outlive the call.
        let mut store = store;
        let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
        let outparam = store.data_mut().http().new_response_outparam(set)?;
        proxy.wasi_http_incoming_handler().call_handle(&mut store, request, outparam).await
    };
    let responded = async {
        match response.await {
            Ok(Ok(response)) => reply.send(response),
            Ok(Err(code)) => return Err(error_response(&code)),
            Err(_) => return Err(Error::NoResponse),
        }
        Ok(())
    };
    let (handled, responded): (wasmtime::Result<()>, _) = tokio::join!(handled, responded);
    handled.map_err(|error| Error::from_guest(&error))?;
    responded
}

async fn handle_p3(
    service: &p3::bindings::Service,
    mut store: Store<Host>,
    request: Request<Incoming>,
    reply: Reply<'_>,
) -> Result<(), Error> {
    let handled = async {
        let (request, received) = p3::Request::from_http(store.data_mut().http().hooks, request);
        store
            .run_concurrent(async |store| {
                let response = match service.handle(store, request).await? {
                    Ok(response) => response,
                    Err(code) => return Ok(Err(error_response(&code))),
                };
                let response = store.with(|mut store| response.into_http(&mut store, received))?;
                reply.send(response);
                // The body comes from tasks that run on after the handler has returned.
                std::future::poll_fn(|context| store.poll_no_interesting_tasks(context)).await;
                Ok(Ok(()))
            })
            .await?
    };
    let handled: wasmtime::Result<Result<(), Error>> = handled.await;
    handled.map_err(|error| Error::from_guest(&error))?
}

/// The error of a handler that answered with a code, which prints as `ErrorCode::HttpRequestDenied`.
fn error_response(code: &impl fmt::Display) -> Error {
    let code = code.to_string();
    Error::ErrorResponse { code: code.strip_prefix("ErrorCode::").unwrap_or(&code).to_owned() }
}

/// Stops a guest that nobody waits for any more.
struct StopOnDrop(Option<AbortHandle>);

impl StopOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(guest) = &self.0 {
            guest.abort();
        }
    }
}

/// The request that an event is about.
#[derive(Clone)]
struct Subject {
    method: Method,
    path: String,
}

impl Subject {
    fn of(request: &Request<Incoming>) -> Subject {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        Subject { method: request.method().clone(), path: path.to_owned() }
    }

    fn answered(self, status: StatusCode) -> Event {
        Event::Answered { method: self.method.to_string(), path: self.path, status: status.as_u16() }
    }

    fn failed(self, error: Error) -> Event {
        Event::Failed { method: self.method.to_string(), path: self.path, error }
    }
}

/// A response of the server itself.
fn plain(status: StatusCode, text: &'static str) -> Answer {
    let body = Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
