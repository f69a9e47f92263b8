//! Which server a text names, and whether that is this machine: from `host[:port]` to a [`Host`].

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::repository::LocationError;

/// The longest name DNS can hold.
const MAX_NAME: usize = 253;

/// `host[:port]`: a DNS name, an IPv4 address or an IPv6 address in brackets. Names are compared in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Host(String);

impl Host {
    pub(crate) fn parse(text: &str) -> Result<Host, LocationError> {
        let (name, port) = split_port(text);
        let port_is_valid = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
        if port_is_valid && is_name(name) {
            Ok(Host(text.to_ascii_lowercase()))
        } else {
            Err(LocationError::Host { text: text.to_owned() })
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the registry of this name answers: Docker Hub is named by one host and served by another.
    pub(crate) fn endpoint(&self) -> &str {
        match self.as_str() {
            "docker.io" => "registry-1.docker.io",
            other => other,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({self})")
    }
}

/// Whether `name`, without a port, is `localhost` or an address of the loopback interface.
pub(crate) fn is_loopback_name(name: &str) -> bool {
    name == "localhost"
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || in_brackets(name).is_some_and(|address| address.is_loopback())
}

/// Whether a first path segment is meant as a host. Docker's rule: it has a dot or a port, or is `localhost`.
pub(crate) fn looks_like_host(segment: &str) -> bool {
    segment.contains('.') || segment.contains(':') || segment == "localhost"
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (text, None),
    }
}

fn is_name(name: &str) -> bool {
    if name.starts_with('[') {
        return in_brackets(name).is_some();
    }
    name.len() <= MAX_NAME
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

fn in_brackets(name: &str) -> Option<Ipv6Addr> {
    name.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for text in ["ghcr.io", "localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "[::1]", "a-b.example"] {
            assert_eq!(Host::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Host::parse("GHCR.io").unwrap().as_str(), "ghcr.io");
    }

    #[test]
    fn refuses_what_is_no_host() {
        for text in
            ["", ":5000", "a:", "a:0", "a:65536", "a:b", "a b", "user@host", "a/b", "-a", "a..b", "[::1", "[x]", "a_b"]
        {
            assert!(Host::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for name in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in ["localhost.example", "127.0.0.1.example", "128.0.0.1", "[::2]", "0.0.0.0", ""] {
            assert!(!is_loopback_name(name), "{name}");
        }
    }

    #[test]
    fn docker_hub_is_served_by_another_host_than_it_is_named_by() {
        assert_eq!(Host::parse("docker.io").unwrap().endpoint(), "registry-1.docker.io");
        assert_eq!(Host::parse("ghcr.io").unwrap().endpoint(), "ghcr.io");
    }
}
