//! Where a server may send us: from the URL that was asked and the one it names, in a redirect or as a token server, to yes or why not.
//!
//! A registry decides where its blobs and its tokens come from, and a hostile one must not thereby reach what only we can reach, nor
//! be given in the clear what it was asked for under TLS.
//!
//! | named | allowed | because |
//! |---|---|---|
//! | another host, https | yes | registries keep blobs in object stores and tokens at their operator's, as Docker Hub does |
//! | plain http | from plain http only, and to a host that may be spoken to so | a secret under TLS stays under TLS |
//! | loopback | from loopback only | services on this machine trust whoever reaches them |
//! | link-local, unspecified | from the same host only | cloud machines have their own credentials at 169.254.169.254 |
//! | a user in the URL | no | it would become a credential that nobody gave us |
//!
//! Redirects never carry our authorization to another origin. A token server is sent the credential that is for the registry it
//! speaks for: whoever stores one for a registry trusts that registry to say where tokens are had.
//!
//! NB: hosts are judged by name, not by what the name resolves to. A public name that resolves to a loopback address is spoken to,
//! under TLS, with a certificate that service does not have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use crate::transport::redacted;

/// Whether plain http is allowed to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    Allowed,
    Refused,
}

/// Checks that the server at `from` may send us to `to`; an error is a phrase that says what `to` is.
pub(crate) fn check(from: &Url, to: &Url, plain_http: PlainHttp) -> Result<(), String> {
    let shown = redacted(to);
    if !to.username().is_empty() || to.password().is_some() {
        return Err(format!("{shown} with a user name in it"));
    }
    match to.scheme() {
        "https" => {}
        "http" if plain_http == PlainHttp::Allowed => {
            if from.scheme() != "http" {
                return Err(format!("{shown}, from https to plain http"));
            }
        }
        _ => return Err(format!("{shown}, which is neither https nor on a host where plain http is allowed")),
    }
    match reach(to) {
        Reach::Loopback if reach(from) != Reach::Loopback => {
            Err(format!("{shown}, which is on this machine, while the registry is not"))
        }
        Reach::Link if from.host() != to.host() => {
            Err(format!("{shown}, which is an address of the local link and not the registry's own"))
        }
        Reach::Loopback | Reach::Link | Reach::Network => Ok(()),
    }
}

/// How far a host's name reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Loopback,
    Link,
    Network,
}

fn reach(url: &Url) -> Reach {
    let host = url.host_str().unwrap_or_default();
    let name = host.trim_end_matches('.');
    if name == "localhost" || name.ends_with(".localhost") {
        return Reach::Loopback;
    }
    let address = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().ok().map(|address| match address.to_ipv4_mapped() {
            Some(mapped) => IpAddr::V4(mapped),
            None => IpAddr::V6(address),
        }),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    };
    match address {
        Some(address) if address.is_loopback() => Reach::Loopback,
        Some(address) if address.is_unspecified() => Reach::Link,
        Some(IpAddr::V4(address)) if address.is_link_local() || address.octets()[0] == 0 => Reach::Link,
        Some(IpAddr::V6(address)) if address.is_unicast_link_local() => Reach::Link,
        Some(_) | None => Reach::Network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_allowed(from: &str, to: &str, plain_http: PlainHttp, expected: Result<(), &str>) {
        let (from, to) = (Url::parse(from).unwrap(), Url::parse(to).unwrap());
        assert_eq!(check(&from, &to, plain_http), expected.map_err(str::to_owned), "{from} → {to}");
    }

    #[test]
    fn another_host_is_allowed_under_tls() {
        check_allowed("https://r.example", "https://auth.example/token", PlainHttp::Refused, Ok(()));
        check_allowed("http://127.0.0.1:5000", "https://auth.example/token", PlainHttp::Refused, Ok(()));
        check_allowed("http://127.0.0.1:5000", "http://localhost:5001/", PlainHttp::Allowed, Ok(()));
        check_allowed("http://r.example", "http://r.example:81/", PlainHttp::Allowed, Ok(()));
    }

    #[test]
    fn plain_http_is_no_way_out_of_tls() {
        let elsewhere = "http://auth.example/, which is neither https nor on a host where plain http is allowed";
        check_allowed("http://127.0.0.1", "http://auth.example/", PlainHttp::Refused, Err(elsewhere));
        check_allowed("https://r.example", "http://auth.example/", PlainHttp::Refused, Err(elsewhere));
        let downgrade = "http://r.example/, from https to plain http";
        check_allowed("https://r.example", "http://r.example/", PlainHttp::Allowed, Err(downgrade));
        let file = "file:///etc/passwd, which is neither https nor on a host where plain http is allowed";
        check_allowed("http://127.0.0.1", "file:///etc/passwd", PlainHttp::Allowed, Err(file));
    }

    #[test]
    fn a_registry_elsewhere_does_not_reach_this_machine() {
        for to in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "localhost",
            "localhost.",
            "a.localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            let to = Url::parse(&format!("https://{to}/token")).unwrap();
            let expected = format!("{to}, which is on this machine, while the registry is not");
            check_allowed("https://r.example", to.as_str(), PlainHttp::Allowed, Err(&expected));
            check_allowed("https://127.0.0.1", to.as_str(), PlainHttp::Allowed, Ok(()));
        }
    }

    #[test]
    fn nobody_else_reaches_the_local_link() {
        for to in ["169.254.169.254", "0.0.0.0", "[fe80::1]", "[::]", "[::ffff:169.254.169.254]"] {
            let to = Url::parse(&format!("https://{to}/token")).unwrap();
            let expected = format!("{to}, which is an address of the local link and not the registry's own");
            check_allowed("https://r.example", to.as_str(), PlainHttp::Allowed, Err(&expected));
            check_allowed("https://127.0.0.1", to.as_str(), PlainHttp::Allowed, Err(&expected));
            check_allowed(to.as_str(), to.as_str(), PlainHttp::Allowed, Ok(()));
        }
    }

    #[test]
    fn a_user_in_a_url_is_refused_and_not_shown() {
        let expected = "https://a.example/ with a user name in it";
        check_allowed("https://r.example", "https://ada:s3cret@a.example/", PlainHttp::Refused, Err(expected));
    }
}
