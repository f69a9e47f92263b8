//! TLS under a private authority, against the real registry server: trusted, not trusted, not verified, and with client certificates.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use registry_client::{
    Artifact, Authorities, ClientIdentity, Content, Credentials, HostOptions, HttpOptions, Os, PushOptions, Scheme,
    Verification,
};
use tempfile::TempDir;

use crate::artifact::COMPONENT;
use crate::docker_registry::{Access, DockerRegistry};
use crate::sandbox::Sandbox;

/// An authority of a test's own, and what it issued.
struct Authority {
    directory: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

/// Whether a server asks its clients for a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clients {
    Anyone,
    Certified,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { directory: tempfile::tempdir().unwrap(), authority }
    }

    fn authorities(&self) -> Vec<Authorities> {
        vec![Authorities::from_pem(self.authority.pem().as_bytes()).unwrap()]
    }

    /// A certificate and its key, each as PEM.
    fn issue(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.authority).unwrap().pem(), key.serialize_pem())
    }

    fn identity(&self) -> ClientIdentity {
        let (certificate, key) = self.issue(CertificateParams::default(), ExtendedKeyUsagePurpose::ClientAuth);
        ClientIdentity::from_pem(format!("{key}{certificate}").as_bytes()).unwrap()
    }

    /// Starts a registry on loopback with a certificate of this authority.
    fn serve(&self, clients: Clients) -> DockerRegistry {
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let (certificate, key) = self.issue(params, ExtendedKeyUsagePurpose::ServerAuth);
        let (certificate, key) = (self.write("server.pem", &certificate), self.write("server.key", &key));
        let mut tls = format!("certificate: {}, key: {}", certificate.display(), key.display());
        if clients == Clients::Certified {
            let authority = self.write("authority.pem", &self.authority.pem());
            tls.push_str(&format!(", clientcas: [{}]", authority.display()));
        }
        DockerRegistry::start_with(Access::Anonymous, &format!(", tls: {{ {tls} }}"))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = Path::join(self.directory.path(), name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Pushes to and pulls from `registry`, which is spoken to as `options` say.
async fn check(registry: &DockerRegistry, options: HostOptions) -> Result<(), String> {
    let sandbox = Sandbox::with_host(&registry.address, HostOptions { scheme: Some(Scheme::Https), ..options });
    push_and_pull(registry, &sandbox).await
}

async fn push_and_pull(registry: &DockerRegistry, sandbox: &Sandbox) -> Result<(), String> {
    let artifact =
        Artifact { content: Content::Bytes(COMPONENT.into()), os: Os::WasiP2, component: None, annotations: [].into() };
    let origin = registry.package("1.0.0");
    let pushed = sandbox.client.push(&origin, &artifact, &PushOptions::default()).await;
    pushed.map_err(|error| registry.told(&error))?;
    let (_, blob) = sandbox.pull(&origin).await.map_err(|error| registry.told(&error))?;
    assert_eq!(&*blob, COMPONENT);
    Ok(())
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_was_given() {
    let authority = Authority::new("Team");
    let registry = authority.serve(Clients::Anyone);
    check(&registry, HostOptions { authorities: authority.authorities(), ..HostOptions::default() }).await.unwrap();
    let host = HostOptions { scheme: Some(Scheme::Https), ..HostOptions::default() };
    let hosts = [(registry.address.clone(), host)].into();
    let everywhere = HttpOptions { authorities: authority.authorities(), hosts, ..HttpOptions::default() };
    push_and_pull(&registry, &Sandbox::with_http(Credentials::anonymous(), everywhere)).await.unwrap();
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let registry = Authority::new("Team").serve(Clients::Anyone);
    // An authority beside the system's, so that there is one on every machine.
    let authorities = Authority::new("Another team").authorities();
    let error = check(&registry, HostOptions { authorities, ..HostOptions::default() }).await.unwrap_err();
    insta::assert_snapshot!(error, @"
    cannot get the image manifest of shop:catalog@1.0.0 in oci://ADDRESS/team
    GET https://ADDRESS/v2/team/shop/catalog/manifests/1.0.0 failed
    error sending request
    client error (Connect)
    invalid peer certificate: UnknownIssuer
    ");
}

#[tokio::test]
async fn a_server_need_not_prove_itself_where_that_was_waived() {
    let registry = Authority::new("Team").serve(Clients::Anyone);
    check(&registry, HostOptions { verification: Verification::Nothing, ..HostOptions::default() }).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_opens_a_registry_that_wants_one() {
    let authority = Authority::new("Team");
    let registry = authority.serve(Clients::Certified);
    let options = HostOptions { authorities: authority.authorities(), ..HostOptions::default() };
    let error = check(&registry, options.clone()).await.unwrap_err();
    // Which alert it is depends on the version of TLS.
    // It may come as a closed connection at first, which is tried again.
    assert!(error.contains("received fatal alert: "), "{error}");
    check(&registry, HostOptions { identity: Some(authority.identity()), ..options }).await.unwrap();
}
