//! A real warg registry on loopback, until it is ended: for clients in other processes.
//!
//! ```text
//! cargo run -p compose-tests --example warg_registry -- NAMESPACE…
//! ```
//!
//! It writes its URL on a line of its own, and the public key of its operator on the next.

use compose_tests::warg_server::WargServer;

fn main() {
    let namespaces: Vec<String> = std::env::args().skip(1).collect();
    let namespaces: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    let server = WargServer::start(&namespaces);
    println!("{}\n{}", server.registry().trim_start_matches("warg+"), server.operator_key());
    loop {
        std::thread::park();
    }
}
