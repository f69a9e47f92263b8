//! Where the bytes of a component are: in a file, in memory, or laid out as a composition that was never written.
//!
//! From any of them to bytes at a place, a few at a time: nothing here holds a component in memory that was not there before.
//! Nothing is believed about the bytes either: a file may change while it is read, and whoever copies from one compares checksums.

use std::{
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::encode::{Layout, LayoutReader};

/// How far a file is read ahead.
const AHEAD: usize = 64 * 1024;

/// The bytes of a component, wherever they are. Cheap to clone.
#[derive(Clone)]
pub struct Input(Arc<Source>);

enum Source {
    File { path: PathBuf, size: u64 },
    Memory(Vec<u8>),
    Layout(Arc<Layout>),
}

impl Input {
    /// A file that is there.
    ///
    /// # Errors
    /// When it is not, or is no file.
    pub fn file(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(Self(Arc::new(Source::File { path: path.to_owned(), size: metadata.len() })))
    }

    /// The file, where the bytes are in one.
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Source::File { path, .. } => Some(path),
            Source::Memory(_) | Source::Layout(_) => None,
        }
    }

    /// A file that is known to be there, and how large it is.
    pub(crate) fn file_of_size(path: &Path, size: u64) -> Self {
        Self(Arc::new(Source::File { path: path.to_owned(), size }))
    }

    /// Bytes in memory.
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Source::Memory(bytes)))
    }

    /// A composition.
    pub(crate) fn layout(layout: Arc<Layout>) -> Self {
        Self(Arc::new(Source::Layout(layout)))
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        match &*self.0 {
            Source::File { size, .. } => *size,
            Source::Memory(bytes) => bytes.len() as u64,
            Source::Layout(layout) => layout.size(),
        }
    }

    /// All bytes.
    ///
    /// # Errors
    /// When they cannot be read, or a file has become shorter.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        if let Source::Memory(bytes) = &*self.0 {
            return Ok(bytes.clone());
        }
        let size = usize::try_from(self.size()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let mut bytes = vec![0; size];
        self.reader()?.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Begins to read.
    pub(crate) fn reader(&self) -> io::Result<Reader<'_>> {
        Ok(match &*self.0 {
            Source::File { path, size } => {
                Reader::File(FileReader { file: File::open(path)?, size: *size, ahead: Vec::new(), start: 0 })
            }
            Source::Memory(bytes) => Reader::Memory(bytes),
            Source::Layout(layout) => Reader::Layout(Box::new(layout.reader())),
        })
    }

    /// Whether two are the same one, so that a reader of one is a reader of the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::File { path, size } => write!(f, "Input({}, {size} bytes)", path.display()),
            Source::Memory(bytes) => write!(f, "Input({} bytes)", bytes.len()),
            Source::Layout(layout) => write!(f, "Input(a composition of {} bytes)", layout.size()),
        }
    }
}

/// Reads an [`Input`], best from front to back.
pub(crate) enum Reader<'a> {
    File(FileReader),
    Memory(&'a [u8]),
    Layout(Box<LayoutReader<'a>>),
}

impl Reader<'_> {
    /// Fills `buffer` with the bytes from `offset` on.
    pub(crate) fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(reader) => reader.read_at(offset, buffer)?,
            Self::Memory(bytes) => buffer.copy_from_slice(piece(bytes, offset, buffer.len())?),
            Self::Layout(reader) => reader.read_at(offset, buffer)?,
        }
        Ok(())
    }
}

/// Reads a file, a little more of it than is asked for: most files are small, and read in many pieces that follow each other.
pub(crate) struct FileReader {
    file: File,
    size: u64,
    /// Bytes of the file from `start` on.
    ahead: Vec<u8>,
    start: u64,
}

impl FileReader {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if buffer.len() >= AHEAD {
            return read_exact_at(&self.file, offset, buffer);
        }
        let within = offset.checked_sub(self.start);
        let known = within.and_then(|within| piece(&self.ahead, within, buffer.len()).ok());
        if let Some(known) = known {
            buffer.copy_from_slice(known);
            return Ok(());
        }
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        // Nothing is known while the buffer is filled, in case that fails.
        let mut ahead = std::mem::take(&mut self.ahead);
        ahead.resize(left.clamp(buffer.len(), AHEAD), 0);
        read_exact_at(&self.file, offset, &mut ahead)?;
        buffer.copy_from_slice(piece(&ahead, 0, buffer.len())?);
        (self.ahead, self.start) = (ahead, offset);
        Ok(())
    }
}

fn piece(bytes: &[u8], offset: u64, length: usize) -> io::Result<&[u8]> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let found = bytes.get(start..).and_then(|rest| rest.get(..length));
    found.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(not(unix))]
fn read_exact_at(mut file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}
