//! What of a URL matters here: whose it is, and how it is shown.

use reqwest::Url;

use crate::error::one_line;
use crate::host::{Host, is_loopback_name};

/// A URL for messages: the query of a presigned URL is as good as a password.
pub(crate) fn redacted(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // These fail only for URLs that cannot have a user.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    one_line(shown.as_str())
}

pub(crate) fn same_origin(left: &Url, right: &Url) -> bool {
    left.origin() == right.origin()
}

/// Where the registry named `host` answers in plain http.
pub(super) fn plain_url(host: &str) -> Option<Url> {
    let host = Host::parse(host).ok()?;
    Url::parse(&format!("http://{}", host.endpoint())).ok()
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_in_a_message_has_no_secrets() {
        let url = Url::parse("https://user:pw@storage.example/blob?signature=secret#fragment").unwrap();
        assert_eq!(redacted(&url), "https://storage.example/blob");
    }
}
