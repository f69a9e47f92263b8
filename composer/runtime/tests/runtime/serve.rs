//! HTTP: requests over real connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use compose_runtime::{Application, Error, Event, ServeOptions};
use insta::assert_snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::guest::{explain, guest, load};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

static SERVICE: LazyLock<Application> = LazyLock::new(|| load(&guest!("service")));

/// The service being served, until it is stopped.
struct Server {
    address: SocketAddr,
    events: mpsc::UnboundedReceiver<Event>,
    shutdown: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), Error>>,
}

impl Server {
    async fn start(grace: Duration) -> Server {
        Server::start_application(SERVICE.clone(), grace).await
    }

    async fn start_application(application: Application, grace: Duration) -> Server {
        let (report, events) = mpsc::unbounded_channel();
        let (ready, address) = oneshot::channel();
        let (shutdown, stopped) = oneshot::channel();
        let options = ServeOptions {
            grace,
            report: Arc::new(move |event| drop(report.send(event))),
            ..ServeOptions::new(ANY_PORT)
        };
        let ended = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            application.serve(options, |address| ready.send(address).expect("a test that waits"), shutdown).await
        });
        Server { address: address.await.expect("an address"), events, shutdown, ended }
    }

    /// The next event, in a line.
    async fn event(&mut self) -> String {
        match self.events.recv().await.expect("an event") {
            Event::Answered { method, path, status } => format!("{method} {path}: {status}"),
            Event::Failed { method, path, error } => format!("{method} {path}: {}", explain(&error)),
            event => format!("{event:?}"),
        }
    }

    async fn stop(self) {
        self.shutdown.send(()).expect("a server that runs");
        self.ended.await.unwrap().unwrap();
    }
}

const PATIENT: Duration = Duration::from_secs(600);

/// Sends a request on a connection of its own and returns the response's status and body.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn answers_a_request_with_what_the_guest_writes() {
    let mut server = Server::start(PATIENT).await;
    let (status, body) = get(server.address, "/a?b=c").await;
    assert_eq!(status, 200);
    assert_snapshot!(body, @"
    6
    /a?b=c
    0
    ");
    assert_snapshot!(server.event().await, @"GET /a?b=c: 200");
    server.stop().await;
}

#[tokio::test]
async fn answers_many_requests_at_the_same_time() {
    let server = Server::start(PATIENT).await;
    let address = server.address;
    let requests: Vec<_> =
        (0..32).map(|number| tokio::spawn(async move { get(address, &format!("/{number}")).await })).collect();
    for (number, request) in requests.into_iter().enumerate() {
        let (status, body) = request.await.unwrap();
        assert_eq!(status, 200);
        assert!(body.contains(&format!("/{number}")), "{body}");
    }
    server.stop().await;
}

#[tokio::test]
async fn answers_several_requests_on_one_connection() {
    let server = Server::start(PATIENT).await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    let mut answered = 0;
    for _ in 0..3 {
        connection.write_all(b"GET /x HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
        let mut response = Vec::new();
        // The end of a chunked body.
        while !response.ends_with(b"0\r\n\r\n") {
            response.push(connection.read_u8().await.unwrap());
        }
        answered += usize::from(response.starts_with(b"HTTP/1.1 200 "));
    }
    assert_eq!(answered, 3);
    server.stop().await;
}

#[tokio::test]
async fn a_trap_is_a_500_and_the_server_lives_on() {
    let mut server = Server::start(PATIENT).await;
    let (status, body) = get(server.address, "/trap").await;
    assert_eq!(status, 500);
    assert_snapshot!(body, @"the application failed at this request");
    assert_snapshot!(server.event().await, @"GET /trap: the component trapped: wasm `unreachable` instruction executed");
    assert_eq!(get(server.address, "/again").await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_handler_that_does_not_answer_is_a_500() {
    let mut server = Server::start(PATIENT).await;
    assert_eq!(get(server.address, "/silent").await.0, 500);
    assert_snapshot!(server.event().await, @"GET /silent: the handler returned without a response");
    server.stop().await;
}

#[tokio::test]
async fn an_error_code_is_a_500() {
    let mut server = Server::start(PATIENT).await;
    assert_eq!(get(server.address, "/denied").await.0, 500);
    assert_snapshot!(server.event().await, @"GET /denied: the handler answered with the error HttpRequestDenied");
    server.stop().await;
}

#[tokio::test]
async fn a_trap_after_the_response_began_is_reported() {
    let mut server = Server::start(PATIENT).await;
    assert_eq!(get(server.address, "/begun").await.0, 200);
    let events = [server.event().await, server.event().await];
    assert_snapshot!(events.join("\n"), @"
    GET /begun: 200
    GET /begun: the component trapped: wasm `unreachable` instruction executed
    ");
    server.stop().await;
}

#[tokio::test]
async fn a_handler_of_wasi_0_3_answers_and_fails_too() {
    let mut server = Server::start_application(load(&guest!("service3")), PATIENT).await;
    let (status, body) = get(server.address, "/a?b=c").await;
    assert_eq!(status, 200);
    assert_snapshot!(body, @"
    6
    /a?b=c
    0
    ");
    assert_eq!(get(server.address, "/trap").await.0, 500);
    assert_eq!(get(server.address, "/denied").await.0, 500);
    let events = [server.event().await, server.event().await, server.event().await];
    assert_snapshot!(events.join("\n"), @"
    GET /a?b=c: 200
    GET /trap: the component trapped: wasm `unreachable` instruction executed
    GET /denied: the handler answered with the error HttpRequestDenied
    ");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_its_response_ends_its_instance() {
    let server = Server::start(PATIENT).await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    connection.write_all(b"GET /loop HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    drop(connection);
    // With the instance computing on, this would wait for the whole grace.
    server.stop().await;
}

#[tokio::test]
async fn a_request_without_host_is_a_400() {
    let server = Server::start(PATIENT).await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    server.stop().await;
}

#[tokio::test]
async fn a_shutdown_stops_what_takes_longer_than_the_grace() {
    let mut server = Server::start(Duration::ZERO).await;
    let address = server.address;
    let endless = tokio::spawn(async move {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(b"GET /loop HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
        // Nothing but the end of the connection.
        connection.read_u8().await.is_err()
    });
    // Answered while the other request computes.
    assert_eq!(get(address, "/quick").await.0, 200);
    assert_snapshot!(server.event().await, @"GET /quick: 200");
    server.stop().await;
    assert!(endless.await.unwrap());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn dropping_the_future_stops_everything() {
    let mut server = Server::start(PATIENT).await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    connection.write_all(b"GET /loop HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    server.ended.abort();
    assert!(server.ended.await.unwrap_err().is_cancelled());
    assert!(connection.read_u8().await.is_err());
    // The report, and with it everything that could report, is gone.
    assert!(server.events.recv().await.is_none());
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let server = Server::start(PATIENT).await;
    let never = std::future::pending();
    let error = SERVICE.serve(ServeOptions::new(server.address), |_| {}, never).await.unwrap_err();
    assert!(matches!(error, Error::AddressInUse { address } if address == server.address));
    server.stop().await;
}

#[tokio::test]
async fn says_what_a_component_exports_that_is_no_service() {
    let application = load(&guest!("command"));
    let error = application.serve(ServeOptions::new(ANY_PORT), |_| {}, async {}).await.unwrap_err();
    assert_snapshot!(explain(&error), @"the component exports neither `wasi:http/incoming-handler` nor `wasi:http/handler`");
    let Error::NotAService { exports } = error else { panic!("{error:?}") };
    assert_eq!(exports, ["wasi:cli/run@0.2.0"]);
}
