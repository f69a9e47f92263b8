//! Keys of warg registries as texts: whose word counts there, and what a publisher signs with.
//!
//! Both are written as `warg` writes them, `ecdsa-p256:` and base64. Only their shape is checked here, which needs no cryptography: whether
//! a key is a point of the curve shows where it is used.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::credential::Secret;
use crate::digest::Digest;
#[cfg(feature = "warg")]
use crate::error::Error;

const ALGORITHM: &str = "ecdsa-p256";
/// A point of the curve, compressed.
const PUBLIC_BYTES: usize = 33;
const PRIVATE_BYTES: usize = 32;

/// The public half of a key: `ecdsa-p256:` and the base64 of 33 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(String);

impl PublicKey {
    /// What records and checkpoints call the key: the digest of its text.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = KeyParseError;

    fn from_str(text: &str) -> Result<PublicKey, KeyParseError> {
        match decode(text)? {
            PUBLIC_BYTES => Ok(PublicKey(text.to_owned())),
            PRIVATE_BYTES => Err(KeyParseError::PrivateForPublic),
            found => Err(KeyParseError::Length { expected: PUBLIC_BYTES, found }),
        }
    }
}

/// The private half of a key: `ecdsa-p256:` and the base64 of 32 bytes. Never printed.
#[derive(Debug, Clone)]
// A build without warg registries signs nothing.
#[cfg_attr(not(feature = "warg"), allow(dead_code))]
pub struct SigningKey(Secret);

impl SigningKey {
    /// Reads a key from the text of a file or a variable; white space around it does not matter.
    ///
    /// # Errors
    /// [`KeyParseError`] where it is none. The error never shows the text.
    pub fn parse(text: &str) -> Result<SigningKey, KeyParseError> {
        let text = text.trim();
        match decode(text)? {
            PRIVATE_BYTES => Ok(SigningKey(Secret::new(text))),
            PUBLIC_BYTES => Err(KeyParseError::PublicForPrivate),
            found => Err(KeyParseError::Length { expected: PRIVATE_BYTES, found }),
        }
    }

    /// Makes a key that nobody had before.
    #[cfg(feature = "warg")]
    pub fn generate() -> SigningKey {
        SigningKey(Secret::new(crate::warg::new_key()))
    }

    /// The other half, which everybody may have.
    ///
    /// # Errors
    /// [`Error::SigningKey`] where the bytes are no key.
    #[cfg(feature = "warg")]
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        let text = crate::warg::public_key(self.expose()).map_err(|error| Error::SigningKey(Box::new(error)))?;
        text.parse().map_err(|error| Error::SigningKey(Box::new(error)))
    }

    /// Writes the key, as [`SigningKey::parse`] reads it.
    ///
    /// # Errors
    /// What writing says.
    #[cfg(feature = "warg")]
    pub fn write_to(&self, writer: &mut impl std::io::Write) -> std::io::Result<()> {
        writeln!(writer, "{}", self.expose())
    }

    #[cfg(feature = "warg")]
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn decode(text: &str) -> Result<usize, KeyParseError> {
    let Some((algorithm, digits)) = text.split_once(':') else { return Err(KeyParseError::NoAlgorithm) };
    if algorithm != ALGORITHM {
        return Err(KeyParseError::Algorithm);
    }
    STANDARD.decode(digits).map(|bytes| bytes.len()).map_err(|_| KeyParseError::Base64)
}

/// Why a text is not a key. Never shows the text, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyParseError {
    /// There is no `:` that would end an algorithm.
    #[error("a key is `ecdsa-p256:` and base64")]
    NoAlgorithm,
    /// The algorithm is not ECDSA over P-256.
    #[error("a key is `ecdsa-p256:` and base64; warg has no other algorithm")]
    Algorithm,
    /// What follows the algorithm is not base64.
    #[error("what follows `ecdsa-p256:` is not base64")]
    Base64,
    /// The private half stands where everybody can read it.
    #[error("this is a private key, which is nobody's business here: replace it, and give the public one")]
    PrivateForPublic,
    /// The public half stands where the private one is needed.
    #[error("this is a public key; the private one is needed to sign")]
    PublicForPrivate,
    /// There are more or fewer bytes than a key has.
    #[error("a key has {expected} bytes, and this has {found}")]
    Length {
        /// How many a key has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "ecdsa-p256:A1OfZz5Y9Ny7VKPVwroCTQPAr9tmlI4U/UTYHZHA87AF";
    const PRIVATE: &str = "ecdsa-p256:I+UlDo0HxyBBFeelhPPWmD+LnklOpqZDkrFP5VduASk=";

    fn check_public(text: &str, expected: Result<(), &str>) {
        let actual = text.parse::<PublicKey>().map(|key| assert_eq!(key.to_string(), text));
        assert_eq!(actual.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn a_public_key_prints_as_it_was_written() {
        check_public(PUBLIC, Ok(()));
    }

    #[test]
    fn a_signing_key_is_never_printed() {
        let key = SigningKey::parse(&format!("{PRIVATE}\n")).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey([redacted])");
    }

    #[test]
    fn refuses_what_is_no_key() {
        check_public("A1Of", Err("a key is `ecdsa-p256:` and base64"));
        check_public("ed25519:A1Of", Err("a key is `ecdsa-p256:` and base64; warg has no other algorithm"));
        check_public("ecdsa-p256:!", Err("what follows `ecdsa-p256:` is not base64"));
        check_public("ecdsa-p256:A1Of", Err("a key has 33 bytes, and this has 3"));
    }

    #[test]
    fn the_halves_of_a_key_are_not_confused() {
        check_public(
            PRIVATE,
            Err("this is a private key, which is nobody's business here: replace it, and give the public one"),
        );
        let error = SigningKey::parse(PUBLIC).unwrap_err();
        assert_eq!(error.to_string(), "this is a public key; the private one is needed to sign");
    }
}
