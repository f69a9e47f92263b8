//! What an artifact is made of when it is pushed: from a component and what is known of it to an image manifest and its blobs.
//!
//! The shape is the [CNCF Wasm OCI artifact](https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/), as `wkg` writes it,
//! and deterministic: the same [`Artifact`] pushed under the same name has the same manifest, byte for byte. It must not look inside
//! the component: what the config says of it comes in as values.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use oci_client::annotations::{ORG_OPENCONTAINERS_IMAGE_TITLE, ORG_OPENCONTAINERS_IMAGE_VERSION};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _};

use crate::artifact::COMPONENT_LAYER_TYPE;
use crate::digest::{Descriptor, Digester};
use crate::error::Error;
use crate::release::{Origin, Release};

/// The media type of the config. `oci-client` has the one that `wasm-to-oci` wrote before there was a specification.
const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";

/// Every reader that follows `wkg` wants the key, and the time of day would make another manifest of the same component.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// How much of a file is read at once.
const PIECE: u64 = 64 * 1024;

/// A component, a WIT package in binary form, or a module: what is pushed, and what its config and its annotations say of it.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The bytes.
    pub content: Content,
    /// Which version of WASI it is for.
    pub os: Os,
    /// What a component imports and exports; nothing for a module.
    pub component: Option<ComponentConfig>,
    /// Annotations of the image manifest, as [`org.opencontainers.image.description`][keys]. The version is added where it is pushed as
    /// one.
    ///
    /// [keys]: https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
    pub annotations: BTreeMap<String, String>,
}

/// Bytes that are here. A file is read as often as it is needed, and never held in memory as a whole.
#[derive(Debug, Clone)]
pub enum Content {
    /// The bytes of a file.
    File(PathBuf),
    /// These bytes.
    Bytes(Arc<[u8]>),
}

/// The `os` of a Wasm artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// WASI 0.1, or no WASI: a core module.
    WasiP1,
    /// WASI 0.2; also what `wkg` says of WIT packages.
    WasiP2,
    /// WASI 0.3.
    WasiP3,
}

/// The `component` of an artifact's config.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ComponentConfig {
    /// The interfaces it exports, as `wasi:http/handler@0.3.0`; of a WIT package, its interfaces and its worlds.
    pub exports: BTreeSet<String>,
    /// The interfaces it imports; none of a WIT package.
    pub imports: BTreeSet<String>,
    /// The world it was built for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// An artifact as a registry will hold it.
#[derive(Debug)]
pub(crate) struct Image {
    /// The bytes of the image manifest.
    pub(crate) manifest: Vec<u8>,
    pub(crate) release: Release,
    /// What the manifest lists: the layer, and the config.
    pub(crate) blobs: [Blob; 2],
}

/// Bytes to be sent, and what identifies them.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    pub(crate) content: Content,
    pub(crate) descriptor: Descriptor,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: &'static str,
    architecture: &'static str,
    os: Os,
    layer_digests: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a ComponentConfig>,
}

impl Image {
    /// Reads `artifact` through once and says what its image is as `target`.
    pub(crate) fn of(artifact: &Artifact, target: &Origin) -> Result<Image, Error> {
        let layer = Blob::of(artifact.content.clone())?;
        let component = layer.descriptor;
        let config = json(&Config {
            created: CREATED,
            architecture: "wasm",
            os: artifact.os,
            layer_digests: [component.digest.to_string()],
            component: artifact.component.as_ref(),
        });
        let config = Blob { descriptor: Descriptor::of(&config), content: Content::Bytes(config.into()) };
        let mut annotations = artifact.annotations.clone();
        if let Origin::Package { version, .. } = target {
            annotations.entry(ORG_OPENCONTAINERS_IMAGE_VERSION.to_owned()).or_insert_with(|| version.to_string());
        }
        let title = BTreeMap::from([(ORG_OPENCONTAINERS_IMAGE_TITLE.to_owned(), format!("{}.wasm", name_of(target)))]);
        let manifest = json(&OciImageManifest {
            schema_version: 2,
            media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
            config: oci_descriptor(CONFIG_TYPE, config.descriptor, None),
            layers: vec![oci_descriptor(COMPONENT_LAYER_TYPE, component, Some(title))],
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            ..OciImageManifest::default()
        });
        let release = Release { manifest: Descriptor::of(&manifest), component, log: None };
        Ok(Image { manifest, release, blobs: [layer, config] })
    }
}

impl Blob {
    pub(crate) fn of(content: Content) -> Result<Blob, Error> {
        let mut digester = Digester::default();
        content.read(|piece| {
            digester.update(piece);
            Ok(())
        })?;
        Ok(Blob { descriptor: digester.finish(), content })
    }

    /// Whether there are still as many bytes as there were.
    pub(crate) fn is_whole(&self) -> bool {
        match &self.content {
            Content::File(path) => std::fs::metadata(path).is_ok_and(|file| file.len() == self.descriptor.size),
            Content::Bytes(_) => true,
        }
    }

    /// The bytes from `start` to `end` as a request's body, in pieces; after each, `sent` is told how far it is.
    ///
    /// A file that has become shorter fails the request, and one that has become another is refused for its digest.
    pub(crate) fn body(&self, start: u64, end: u64, sent: impl Fn(u64) + Clone + Send + 'static) -> reqwest::Body {
        let content = self.content.clone();
        reqwest::Body::wrap_stream(futures::stream::try_unfold((None, start), move |(reader, position)| {
            let (content, sent) = (content.clone(), sent.clone());
            async move {
                let mut reader = match reader {
                    _ if position == end => return Ok(None),
                    Some(reader) => reader,
                    None => content.open(position).await?,
                };
                let next = end.min(position + PIECE);
                let mut piece = Vec::new();
                (&mut reader).take(next - position).read_to_end(&mut piece).await?;
                if (piece.len() as u64) < next - position {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "what is pushed became shorter meanwhile",
                    ));
                }
                sent(next);
                Ok(Some((piece, (Some(reader), next))))
            }
        }))
    }
}

impl Content {
    /// Opens the bytes from `start` on.
    async fn open(&self, start: u64) -> io::Result<Box<dyn AsyncRead + Send + Unpin>> {
        match self {
            Content::File(path) => {
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(io::SeekFrom::Start(start)).await?;
                Ok(Box::new(file))
            }
            Content::Bytes(bytes) => {
                let mut cursor = io::Cursor::new(bytes.clone());
                cursor.set_position(start);
                Ok(Box::new(cursor))
            }
        }
    }

    /// Reads all bytes, in pieces that `take` is given.
    pub(crate) fn read(&self, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let path = match self {
            Content::File(path) => path,
            Content::Bytes(bytes) => return take(bytes),
        };
        let failed = |source| Error::Content { path: path.clone(), source };
        let mut file = std::fs::File::open(path).map_err(failed)?;
        let mut piece = vec![0; 1 << 16];
        loop {
            match io::Read::read(&mut file, &mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => take(&piece[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

/// What an artifact's file would be called: the last word of where it is pushed to.
fn name_of(target: &Origin) -> &str {
    match target {
        Origin::Package { package, .. } => package.name(),
        Origin::Reference(reference) => {
            let repository = reference.repository();
            repository.rsplit_once('/').map_or(repository, |(_, name)| name)
        }
    }
}

fn oci_descriptor(
    media_type: &str,
    descriptor: Descriptor,
    annotations: Option<BTreeMap<String, String>>,
) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: descriptor.digest.to_string(),
        size: i64::try_from(descriptor.size).expect("fits, because no file has more bytes"),
        annotations,
        ..OciDescriptor::default()
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("can be JSON, because every key is a text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::read_manifest;

    fn artifact() -> Artifact {
        Artifact {
            content: Content::Bytes((*b"component").into()),
            os: Os::WasiP2,
            component: Some(ComponentConfig {
                imports: ["wasi:io/streams@0.2.6".to_owned(), "wasi:cli/environment@0.2.6".to_owned()].into(),
                exports: ["shop:catalog/items@1.0.0".to_owned()].into(),
                target: Some("shop:catalog/service@1.0.0".to_owned()),
            }),
            annotations: [("org.opencontainers.image.licenses".to_owned(), "Apache-2.0".to_owned())].into(),
        }
    }

    fn package() -> Origin {
        Origin::Package {
            registry: "oci://ghcr.io/acme".parse().unwrap(),
            package: "shop:catalog".parse().unwrap(),
            version: semver::Version::new(1, 0, 0),
        }
    }

    fn image(artifact: &Artifact, target: &Origin) -> (String, String) {
        let image = Image::of(artifact, target).unwrap();
        assert_eq!(read_manifest(&image.manifest).unwrap(), image.release);
        let Content::Bytes(config) = &image.blobs[1].content else { panic!("{image:?}") };
        (String::from_utf8(image.manifest).unwrap(), String::from_utf8(config.to_vec()).unwrap())
    }

    // These bytes are a promise: another version of this program must make the same of the same component.
    #[test]
    fn the_same_component_has_the_same_manifest_everywhere() {
        let (manifest, config) = image(&artifact(), &package());
        insta::assert_snapshot!(config, @r#"{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":["sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa"],"component":{"exports":["shop:catalog/items@1.0.0"],"imports":["wasi:cli/environment@0.2.6","wasi:io/streams@0.2.6"],"target":"shop:catalog/service@1.0.0"}}"#);
        insta::assert_snapshot!(manifest, @r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"sha256:5bf37f712b6353866f33928af9ac45490faf8c1084009c5b8428656d2d0b3b08","size":317},"layers":[{"mediaType":"application/wasm","digest":"sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa","size":9,"annotations":{"org.opencontainers.image.title":"catalog.wasm"}}],"annotations":{"org.opencontainers.image.licenses":"Apache-2.0","org.opencontainers.image.version":"1.0.0"}}"#);
    }

    #[test]
    fn a_module_has_no_component_in_its_config() {
        let module = Artifact { os: Os::WasiP1, component: None, annotations: BTreeMap::new(), ..artifact() };
        let (manifest, config) = image(&module, &Origin::Reference("ghcr.io/acme/fraud:3".parse().unwrap()));
        insta::assert_snapshot!(config, @r#"{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip1","layerDigests":["sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa"]}"#);
        insta::assert_snapshot!(manifest, @r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"sha256:8972eb564590e3820c32a66eb9c2e16bd973bbb0122b29dd556ca9621c9f9d45","size":161},"layers":[{"mediaType":"application/wasm","digest":"sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa","size":9,"annotations":{"org.opencontainers.image.title":"fraud.wasm"}}]}"#);
    }

    #[test]
    fn a_version_that_was_annotated_already_stays() {
        let annotations = [("org.opencontainers.image.version".to_owned(), "one".to_owned())].into();
        let (manifest, _) = image(&Artifact { annotations, ..artifact() }, &package());
        assert!(manifest.contains(r#""annotations":{"org.opencontainers.image.version":"one"}"#), "{manifest}");
    }

    #[test]
    fn a_file_and_its_bytes_are_the_same_artifact() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("component.wasm");
        std::fs::write(&path, "component").unwrap();
        let file = Artifact { content: Content::File(path), ..artifact() };
        assert_eq!(image(&file, &package()), image(&artifact(), &package()));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let missing = Artifact { content: Content::File("no/such.wasm".into()), ..artifact() };
        let error = Image::of(&missing, &package()).unwrap_err();
        assert_eq!(error.to_string(), "cannot read no/such.wasm");
    }
}
