//! Pushes a file, or pulls one: `push_and_pull push|pull REFERENCE FILE`, as nobody in particular. It prints the digest of the image
//! manifest. For trying other clients against this one, as `tests/interop/run` does.

use std::num::NonZeroUsize;
use std::path::Path;

use registry_client::{
    Artifact, Client, ClientOptions, ComponentConfig, Content, Credentials, EventSink, Network, Origin, Os,
    PushOptions, Store,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [action, reference, file] = arguments.as_slice() else {
        return Err("usage: push_and_pull push|pull REFERENCE FILE".into());
    };
    let store = tempfile::tempdir()?;
    let client = Client::new(ClientOptions {
        store: Store::open(store.path())?,
        credentials: Credentials::anonymous(),
        network: Network::Online,
        insecure: [].into(),
        parallel: NonZeroUsize::MIN,
        events: EventSink::silent(),
    });
    let origin = Origin::Reference(reference.parse()?);
    let digest = match action.as_str() {
        "push" => {
            let artifact = Artifact {
                content: Content::File(file.into()),
                os: Os::WasiP2,
                component: Some(ComponentConfig::default()),
                annotations: [].into(),
            };
            client.push(&origin, &artifact, &PushOptions::default()).await?.release.manifest.digest
        }
        "pull" => client.pull(&origin, Path::new(file)).await?.manifest.digest,
        other => return Err(format!("`{other}` is neither `push` nor `pull`").into()),
    };
    println!("{digest}");
    Ok(())
}
