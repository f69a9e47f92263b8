//! Turns [`Access`] and standard streams into what a guest's store holds, and names everything that guests can import:
//! WASI 0.2 and 0.3 with HTTP, and nothing else.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::io::AsyncWrite;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use crate::access::{Access, Input, Network, Output};
use crate::error::Error;

/// Defines all that guests can import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// The host's side of one guest instance.
pub(crate) struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
    table: ResourceTable,
}

/// What one guest instance is given.
pub(crate) struct Given<'a> {
    pub(crate) arguments: &'a [String],
    pub(crate) stdin: &'a Input,
    pub(crate) stdout: &'a Output,
    pub(crate) stderr: &'a Output,
    pub(crate) access: &'a Access,
}

impl Host {
    /// Makes the store of one guest instance.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`]: a directory of the access cannot be opened.
    pub(crate) fn store(engine: &Engine, given: &Given<'_>) -> Result<Store<Host>, Error> {
        let host = Host {
            wasi: context(given)?,
            http: WasiHttpCtx::new(),
            outgoing: Outgoing { network: given.access.network },
            table: ResourceTable::new(),
        };
        let mut store = Store::new(engine, host);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        Ok(store)
    }
}

fn context(given: &Given<'_>) -> Result<WasiCtx, Error> {
    let mut context = WasiCtxBuilder::new();
    context.args(given.arguments).envs(&given.access.environment);
    match given.stdin {
        Input::Empty => {}
        Input::Stdin => {
            context.inherit_stdin();
        }
        Input::Bytes(bytes) => {
            context.stdin(MemoryInputPipe::new(bytes.clone()));
        }
    }
    match given.stdout {
        Output::Discard => {}
        Output::Stdout => {
            context.stdout(io::stdout());
        }
        Output::Stderr => {
            context.stdout(io::stderr());
        }
        Output::Writer(writer) => {
            context.stdout(Shared(Arc::clone(writer)));
        }
    }
    match given.stderr {
        Output::Discard => {}
        Output::Stdout => {
            context.stderr(io::stdout());
        }
        Output::Stderr => {
            context.stderr(io::stderr());
        }
        Output::Writer(writer) => {
            context.stderr(Shared(Arc::clone(writer)));
        }
    }
    for directory in &given.access.directories {
        context.preopened_dir(&directory.host, &directory.guest, FsPerms::ReadWrite).map_err(|source| {
            Error::Directory { directory: directory.host.clone(), source: io::Error::other(source) }
        })?;
    }
    match given.access.network {
        Network::None => {}
        Network::Full => {
            context.inherit_network().allow_ip_name_lookup(true).allow_tcp(true).allow_udp(true);
        }
    }
    Ok(context.build())
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outgoing, table: &mut self.table, ctx: &mut self.http }
    }
}

/// The way out for the guest's HTTP requests.
struct Outgoing {
    network: Network,
}

/// What becomes of the connection once the response's head is there.
type Transfer = Box<dyn Future<Output = Result<(), wasmtime_wasi_http::Error>> + Send>;
/// A response to come.
type Exchange =
    Box<dyn Future<Output = Result<(hyper::Response<WasiBody>, Transfer), wasmtime_wasi_http::Error>> + Send>;

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: hyper::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Transfer,
    ) -> Exchange {
        match self.network {
            Network::None => Box::new(async { Err(wasmtime_wasi_http::Error::HttpRequestDenied) }),
            Network::Full => Box::new(async move {
                let (response, transfer) = wasmtime_wasi_http::default_send_request(request, options).await?;
                Ok((response.map(BodyExt::boxed_unsync), Box::new(transfer) as Transfer))
            }),
        }
    }
}

/// A writer that all streams of a guest, and all its instances, write to.
#[derive(Clone)]
struct Shared(Arc<Mutex<dyn Write + Send>>);

impl Shared {
    fn with<R>(&self, write: impl FnOnce(&mut dyn Write) -> R) -> R {
        // A writer that panicked in one instance is no reason to silence the others.
        write(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl IsTerminal for Shared {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Shared {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    // The default would write from a task of its own, which may come after the guest's end.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Shared {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.with(|writer| writer.write(bytes)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.with(|writer| writer.flush()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Shared {
    async fn ready(&mut self) {}
}

impl OutputStream for Shared {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.with(|writer| writer.write_all(&bytes)).map_err(|error| StreamError::LastOperationFailed(error.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.with(|writer| writer.flush()).map_err(|error| StreamError::LastOperationFailed(error.into()))
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        /// How much a guest may write at once.
        const CHUNK: usize = 64 * 1024;
        Ok(CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use wasmtime_wasi_http::Error;

    use super::*;

    /// Sends a request to `address` the way a guest's goes out, and returns the response's body.
    async fn send(network: Network, address: std::net::SocketAddr) -> Result<Bytes, Error> {
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let request = hyper::Request::get(format!("http://{address}/")).header("host", "test").body(body).unwrap();
        let exchange = Outgoing { network }.send_request(request, None, Box::new(async { Ok(()) }));
        let (response, transfer) = Box::into_pin(exchange).await?;
        let (body, transferred) = tokio::join!(response.into_body().collect(), Box::into_pin(transfer));
        transferred?;
        Ok(body?.to_bytes())
    }

    #[tokio::test]
    async fn sends_requests_where_the_network_is_open() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answering = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.read_u8().await.unwrap();
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
            // To the end of the request: a connection with unread bytes is reset.
            connection.shutdown().await.unwrap();
            connection.read_to_end(&mut Vec::new()).await.unwrap();
        };
        let (body, ()) = tokio::join!(send(Network::Full, address), answering);
        assert_eq!(body.unwrap(), "hello");
    }

    #[tokio::test]
    async fn denies_requests_where_it_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let denied = send(Network::None, listener.local_addr().unwrap()).await;
        assert!(matches!(denied, Err(Error::HttpRequestDenied)));
    }
}
