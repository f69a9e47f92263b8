//! The objects of a git repository: from a name that git knows to a file's bytes or a directory's entries.
//!
//! One `git cat-file --batch` is asked for all of them, by lines on its standard input, so that no name can be taken for an option;
//! it follows symbolic links within the revision, and tells how large an object is before it gives it. Nothing here reads more than
//! it was told that it may.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::JoinHandle,
};

/// How long a line of git's may be: it repeats the name that it was asked for.
const LINE_LIMIT: u64 = 64 << 10;

/// How much of what git says about a failure is kept.
const COMPLAINT_LIMIT: u64 = 4 << 10;

/// What hooks of git set, and what would have another repository asked than the one that the directory is in.
const OF_HOOKS: [&str; 4] = ["GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"];

/// The mode of an entry that is a submodule.
pub(super) const SUBMODULE: &str = "160000";

/// A conversation with git.
pub(super) struct Objects {
    git: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    complaints: Option<JoinHandle<String>>,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) enum Object {
    /// A file.
    Blob(Vec<u8>),
    /// A directory.
    Tree(Vec<Entry>),
    /// Something that is larger than it may be.
    TooLarge,
    /// A commit, or a tag.
    Other,
    /// There is no such thing, or a link leads nowhere.
    Absent,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: EntryKind,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Blob,
    Tree,
    Link,
    Submodule,
}

/// Why git gives no answer.
#[derive(Debug)]
pub(super) enum GitError {
    /// There is no such program.
    NotInstalled,
    /// It cannot be run, or is not understood.
    Io(io::Error),
    /// It gave up, and said so.
    Failed(String),
}

impl Objects {
    /// Begins a conversation about the repository that a directory is in.
    pub(super) fn of(directory: &Path) -> Result<Self, GitError> {
        let mut command = git(directory);
        command.args(["cat-file", "--batch", "--follow-symlinks"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut git = command.spawn().map_err(not_run)?;
        let (Some(questions), Some(answers), Some(complaints)) =
            (git.stdin.take(), git.stdout.take(), git.stderr.take())
        else {
            return Err(GitError::Io(io::ErrorKind::BrokenPipe.into()));
        };
        let complaints = std::thread::spawn(move || {
            let mut text = Vec::new();
            // What could be read is what can be told.
            let _ = complaints.take(COMPLAINT_LIMIT).read_to_end(&mut text);
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        Ok(Self { git, questions, answers: BufReader::new(answers), complaints: Some(complaints) })
    }

    /// What a name stands for, if a file has no more than `blob_limit` bytes and a directory's list no more than `tree_limit`. After
    /// something that is too large nothing can be asked any more.
    pub(super) fn read(&mut self, name: &str, blob_limit: u64, tree_limit: u64) -> Result<Object, GitError> {
        if name.contains('\n') {
            return Ok(Object::Absent);
        }
        let asked = self.questions.write_all(format!("{name}\n").as_bytes()).and_then(|()| self.questions.flush());
        asked.or_else(|error| self.gave_up(error))?;
        let header = self.line()?;
        let words: Vec<&str> = header.split(' ').collect();
        let [id, kind @ ("blob" | "tree" | "commit" | "tag"), size] = words[..] else {
            // `NAME missing`, `NAME ambiguous`; or, of links and paths, a kind and a size, with that many bytes behind.
            if let ["dangling" | "loop" | "notdir" | "symlink", size] = words[..] {
                self.content(size, LINE_LIMIT)?;
            }
            return Ok(Object::Absent);
        };
        let limit = match kind {
            "blob" => blob_limit,
            "tree" => tree_limit,
            _ => LINE_LIMIT,
        };
        let (id_size, kind) = (id.len() / 2, kind.to_owned());
        let Some(content) = self.content(size, limit)? else { return Ok(Object::TooLarge) };
        match kind.as_str() {
            "blob" => Ok(Object::Blob(content)),
            "tree" => entries(&content, id_size).map(Object::Tree).ok_or_else(|| GitError::Io(not_understood())),
            _ => Ok(Object::Other),
        }
    }

    /// The bytes of an answer, and the line feed behind them, which is not theirs; nothing if there are more than `limit`.
    fn content(&mut self, size: &str, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        let size: u64 = size.parse().map_err(|_| GitError::Io(not_understood()))?;
        if size > limit {
            return Ok(None);
        }
        let mut content = Vec::new();
        let read = (&mut self.answers).take(size + 1).read_to_end(&mut content);
        read.or_else(|error| self.gave_up(error))?;
        match content.pop() {
            Some(b'\n') if content.len() as u64 == size => Ok(Some(content)),
            _ => self.gave_up(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn line(&mut self) -> Result<String, GitError> {
        let mut line = Vec::new();
        let read = (&mut self.answers).take(LINE_LIMIT).read_until(b'\n', &mut line);
        read.or_else(|error| self.gave_up(error))?;
        if line.pop() != Some(b'\n') {
            return self.gave_up(io::ErrorKind::UnexpectedEof.into());
        }
        String::from_utf8(line).or_else(|_| self.gave_up(not_understood()))
    }

    /// Why git says no more: what it says itself, else what was noticed of it.
    fn gave_up<T>(&mut self, noticed: io::Error) -> Result<T, GitError> {
        let _ = self.git.kill();
        let said = self.complaints.take().and_then(|complaints| complaints.join().ok()).unwrap_or_default();
        Err(if said.is_empty() { GitError::Io(noticed) } else { GitError::Failed(said) })
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It may be in the middle of something that nobody wants any more.
        let _ = self.git.kill();
        let _ = self.git.wait();
    }
}

/// What git says to a question, in a line; nothing where it has no answer.
pub(super) fn ask(directory: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = git(directory);
    let mut git =
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut answer = Vec::new();
    let read = git.stdout.take()?.take(LINE_LIMIT).read_to_end(&mut answer);
    let is_well = git.wait().ok()?.success();
    read.ok().filter(|_| is_well)?;
    let answer = String::from_utf8(answer).ok()?.lines().next()?.to_owned();
    (!answer.is_empty()).then_some(answer)
}

/// Git, in a directory, in English and without questions of its own.
fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    command.current_dir(directory).env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    for variable in OF_HOOKS {
        command.env_remove(variable);
    }
    command
}

fn not_run(error: io::Error) -> GitError {
    if error.kind() == io::ErrorKind::NotFound { GitError::NotInstalled } else { GitError::Io(error) }
}

fn not_understood() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its answer is not understood")
}

/// The entries of a [tree](https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_tree_objects): `MODE NAME`, a zero, and the
/// binary id.
fn entries(mut tree: &[u8], id_size: usize) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !tree.is_empty() {
        let end = tree.iter().position(|byte| *byte == 0)?;
        let (entry, rest) = tree.split_at(end);
        tree = rest.get(1 + id_size..)?;
        let (mode, name) = std::str::from_utf8(entry).ok().map_or(Some(("", "")), |entry| entry.split_once(' '))?;
        let kind = match mode {
            "40000" => EntryKind::Tree,
            "120000" => EntryKind::Link,
            SUBMODULE => EntryKind::Submodule,
            _ => EntryKind::Blob,
        };
        // A name that is no text is not of WIT.
        if !name.is_empty() {
            entries.push(Entry { name: name.to_owned(), kind });
        }
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_with_ids_of_either_size() {
        for id_size in [20, 32] {
            let mut tree = Vec::new();
            for entry in ["100644 a b.wit", "40000 deps", "120000 link", "160000 other", "100755 run"] {
                tree.extend(entry.bytes().chain([0]).chain(std::iter::repeat_n(b'\n', id_size)));
            }
            tree.extend(b"100644 \xff.wit\0".iter().copied().chain(std::iter::repeat_n(0, id_size)));
            let found = entries(&tree, id_size).expect("it is a tree");
            let found: Vec<_> = found.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
            let expected = [
                ("a b.wit", EntryKind::Blob),
                ("deps", EntryKind::Tree),
                ("link", EntryKind::Link),
                ("other", EntryKind::Submodule),
                ("run", EntryKind::Blob),
            ];
            assert_eq!(found, expected);
            assert_eq!(entries(&tree[..tree.len() - 1], id_size), None);
        }
    }
}
