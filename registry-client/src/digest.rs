//! What identifies bytes: from bytes or text to a [`Digest`], and with a size to a [`Descriptor`].

use std::fmt;
use std::io;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

const ALGORITHM: &str = "sha256";

/// The SHA-256 digest of some bytes, written `sha256:` and 64 lowercase hexadecimal digits.
///
/// OCI registers further algorithms; SHA-256 is the one that every registry and client has.
/// See the [image specification](https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Computes the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// Takes the 32 bytes that a digest is.
    pub const fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// The 32 bytes that the digest is.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits, without the algorithm.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}:{}", self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestParseError;

    fn from_str(text: &str) -> Result<Digest, DigestParseError> {
        let Some((algorithm, digits)) = text.split_once(':') else {
            return Err(DigestParseError::NoAlgorithm { text: text.to_owned() });
        };
        if algorithm != ALGORITHM {
            return Err(DigestParseError::UnsupportedAlgorithm { algorithm: algorithm.to_owned() });
        }
        let malformed = || DigestParseError::Malformed { text: text.to_owned() };
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| malformed())?;
        Ok(Digest(bytes))
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestParseError {
    /// There is no `:` that would end an algorithm.
    #[error("`{text}` is not a digest: expected `sha256:` and 64 hexadecimal digits")]
    NoAlgorithm {
        /// The text.
        text: String,
    },
    /// The algorithm is not SHA-256.
    #[error("the digest algorithm `{algorithm}` is not supported: expected `sha256`")]
    UnsupportedAlgorithm {
        /// The algorithm, as written.
        algorithm: String,
    },
    /// What follows the algorithm is not 64 lowercase hexadecimal digits.
    #[error("`{text}` is not a digest: expected 64 lowercase hexadecimal digits after `sha256:`")]
    Malformed {
        /// The text.
        text: String,
    },
}

/// Computes a digest from bytes that arrive in pieces.
#[derive(Debug, Clone, Default)]
pub struct Digester {
    hasher: Sha256,
    size: u64,
}

impl Digester {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size = self.size.saturating_add(bytes.len() as u64);
    }

    /// How many bytes were given so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The descriptor of all bytes that were given.
    pub fn finish(self) -> Descriptor {
        Descriptor { digest: Digest(self.hasher.finalize().into()), size: self.size }
    }
}

impl io::Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Names bytes by digest and size, in bytes: an OCI descriptor without its media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Descriptor {
    /// The digest of the bytes.
    pub digest: Digest,
    /// How many bytes there are.
    pub size: u64,
}

impl Descriptor {
    /// Computes the descriptor of `bytes`.
    pub fn of(bytes: &[u8]) -> Descriptor {
        Descriptor { digest: Digest::of(bytes), size: bytes.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let actual = text.parse::<Digest>().map(|digest| digest.to_string()).map_err(|error| error.to_string());
        assert_eq!(actual, expected.map(|()| text.to_owned()).map_err(str::to_owned));
    }

    #[test]
    fn a_digest_prints_as_it_was_written() {
        check("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Ok(()));
    }

    #[test]
    fn the_digest_of_no_bytes_is_the_known_one() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(Digester::default().finish(), Descriptor::of(b""));
    }

    #[test]
    fn bytes_in_pieces_have_the_digest_of_the_whole() {
        let mut digester = Digester::default();
        digester.update(b"com");
        digester.update(b"ponent");
        assert_eq!(digester.finish(), Descriptor::of(b"component"));
    }

    #[test]
    fn refuses_what_is_not_a_sha256_digest() {
        check("latest", Err("`latest` is not a digest: expected `sha256:` and 64 hexadecimal digits"));
        check("sha512:00", Err("the digest algorithm `sha512` is not supported: expected `sha256`"));
        check(
            "sha256:../../etc",
            Err("`sha256:../../etc` is not a digest: expected 64 lowercase hexadecimal digits after `sha256:`"),
        );
        let shouting = format!("sha256:{}", "A".repeat(64));
        let message = format!("`{shouting}` is not a digest: expected 64 lowercase hexadecimal digits after `sha256:`");
        check(&shouting, Err(&message));
    }
}
