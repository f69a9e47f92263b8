//! Which file is usable: from a file and the descriptor it must have to a [`VerifiedFile`], without holding its bytes in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::blob::{Mismatch, Unverified, VerifiedBlob};
use crate::digest::{Descriptor, Digest, Digester};

/// How much of a file is in memory at a time.
const BUFFER: usize = 64 * 1024;

/// An open file whose digest and size were verified: as it was opened, or as it was written.
///
/// It stays readable when the store is pruned meanwhile. Files of a store are replaced, never written to, so that what was verified
/// is what is read; [`VerifiedFile::copy_to`] relies on that no more than it must.
pub struct VerifiedFile {
    file: File,
    path: PathBuf,
    descriptor: Descriptor,
}

impl VerifiedFile {
    /// Reads `file` once, to see that it is what `expected` describes.
    pub(crate) fn verify(mut file: File, path: &Path, expected: &Descriptor) -> Result<VerifiedFile, Unverified> {
        let found = digest_up_to(&mut file, expected.size)?;
        check(expected, found)?;
        Ok(VerifiedFile::written(file, path, expected)?)
    }

    /// Takes a file whose bytes were verified while they were written.
    pub(crate) fn written(mut file: File, path: &Path, descriptor: &Descriptor) -> io::Result<VerifiedFile> {
        file.seek(SeekFrom::Start(0))?;
        Ok(VerifiedFile { file, path: path.to_owned(), descriptor: *descriptor })
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        self.descriptor.digest
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.descriptor.size
    }

    /// Where the file was when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the bytes into `writer`, and verifies them once more on the way: what was copied is usable once this returns.
    ///
    /// # Errors
    /// What reading and writing say; [`io::ErrorKind::InvalidData`] where the file changed since it was verified.
    pub fn copy_to(mut self, writer: &mut impl Write) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        match copy_verified(&mut self.file, &self.descriptor, writer) {
            Ok(written) => written,
            Err(Unverified::Io(error)) => Err(error),
            Err(Unverified::Mismatch(mismatch)) => Err(io::Error::new(io::ErrorKind::InvalidData, mismatch)),
        }
    }

    /// Makes `target`, which is empty, a file of the same bytes: the operating system copies them, or has both files share them.
    ///
    /// They are not verified once more. That is for a file of the store that this process has written, or read, just now.
    pub(crate) fn clone_to(mut self, target: &mut File) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        match io::copy(&mut self.file, target)? {
            copied if copied == self.descriptor.size => Ok(()),
            found => {
                let mismatch = Mismatch::Size { expected: self.descriptor.size, found };
                Err(io::Error::new(io::ErrorKind::InvalidData, mismatch))
            }
        }
    }

    /// Reads all bytes into memory. The caller has bounded how many there are.
    pub(crate) fn into_blob(mut self) -> Result<VerifiedBlob, Unverified> {
        self.file.seek(SeekFrom::Start(0))?;
        VerifiedBlob::read(&self.file, &self.descriptor)
    }
}

impl Read for VerifiedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for VerifiedFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

impl fmt::Debug for VerifiedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedFile({}, {} bytes)", self.digest(), self.size())
    }
}

/// Whether `found`, of which one byte too many may have been counted, is what was `expected`.
pub(crate) fn check(expected: &Descriptor, found: Descriptor) -> Result<(), Mismatch> {
    if found.size != expected.size {
        return Err(Mismatch::Size { expected: expected.size, found: found.size });
    }
    if found.digest != expected.digest {
        return Err(Mismatch::Digest { expected: expected.digest, found: found.digest });
    }
    Ok(())
}

/// Copies what `expected` describes, and verifies it on the way: what was copied is usable where both results are fine. The inner one
/// is the writer's.
pub(crate) fn copy_verified(
    reader: &mut impl Read,
    expected: &Descriptor,
    writer: &mut impl Write,
) -> Result<io::Result<()>, Unverified> {
    let mut digester = Digester::default();
    let mut reader = reader.take(expected.size.saturating_add(1));
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        digester.update(&buffer[..count]);
        if let Err(error) = writer.write_all(&buffer[..count]) {
            return Ok(Err(error));
        }
    }
    check(expected, digester.finish())?;
    Ok(Ok(()))
}

/// The descriptor of what `reader` has, read no further than the first byte beyond `size`.
fn digest_up_to(reader: &mut impl Read, size: u64) -> io::Result<Descriptor> {
    let mut digester = Digester::default();
    io::copy(&mut io::BufReader::with_capacity(BUFFER, reader.take(size.saturating_add(1))), &mut digester)?;
    Ok(digester.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::NamedTempFile, File) {
        let mut named = tempfile::NamedTempFile::new().unwrap();
        named.write_all(bytes).unwrap();
        let opened = named.reopen().unwrap();
        (named, opened)
    }

    #[test]
    fn a_verified_file_is_read_and_copied() {
        let (named, opened) = file(b"component");
        let mut verified = VerifiedFile::verify(opened, named.path(), &Descriptor::of(b"component")).unwrap();
        let mut read = Vec::new();
        verified.read_to_end(&mut read).unwrap();
        let mut copied = Vec::new();
        verified.copy_to(&mut copied).unwrap();
        assert_eq!((read.as_slice(), copied.as_slice()), (b"component".as_slice(), b"component".as_slice()));
    }

    #[test]
    fn refuses_a_file_of_other_bytes() {
        for bytes in [b"components".as_slice(), b"compo", b"COMPONENT", b""] {
            let (named, opened) = file(bytes);
            let refused = VerifiedFile::verify(opened, named.path(), &Descriptor::of(b"component"));
            assert!(matches!(refused, Err(Unverified::Mismatch(_))), "{bytes:?}");
        }
    }

    #[test]
    fn a_change_after_verification_is_found_while_copying() {
        let (mut named, opened) = file(b"component");
        let verified = VerifiedFile::verify(opened, named.path(), &Descriptor::of(b"component")).unwrap();
        named.write_all(b"!").unwrap();
        let error = verified.copy_to(&mut Vec::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (io::ErrorKind::InvalidData, "expected 9 bytes, found 10")
        );
    }
}
