//! What a revision of a git repository has at a path: asks git for it, and checks nothing out.
//!
//! A directory is read as one on disk is: its `.wit` files and its `deps`, symbolic links followed as far as they stay in the
//! revision, and no more of it than WIT can have. What is at a path that is a file is told as of a file on disk, too.

mod objects;

use std::path::Path;

use wit::{DEPS, Files, Level, Package, TooMuch};

use self::objects::{Entry, EntryKind, GitError, Object, Objects, SUBMODULE, ask};
use super::wit_reader::{Wit, is_wit, of_file, unreadable};
use crate::{
    component_file,
    diagnostic::{Code, Diagnostic},
    wit_source::{Revision, WitSource},
};

/// How many bytes the lists of all directories of a package may have together.
const LISTS_LIMIT: u64 = 16 << 20;

/// Reads a directory of WIT files, a WIT file, an encoded package or a component, relative to `directory`.
pub(super) fn read(directory: &Path, revision: &Revision) -> Result<Wit, Diagnostic> {
    let named = Named { directory, revision, name: WitSource::Revision(revision.clone()).to_string() };
    let mut objects = Objects::of(directory).map_err(|error| named.git(error))?;
    let path = Path::new(revision.path());
    let limit = if is_wit(path) { Files::SIZE_LIMIT } else { component_file::LIMIT };
    let found = objects.read(&named.object(""), limit, LISTS_LIMIT).map_err(|error| named.git(error))?;
    match found {
        Object::Blob(bytes) => of_file(&named.name, path, bytes),
        Object::Tree(entries) => {
            let files = Reading { named: &named, objects, files: Files::default() }.package(&entries)?;
            Package::from_files(&named.name, &files.into_map()).map(Wit::Package).map_err(|error| unreadable(&error))
        }
        Object::TooLarge => Err(named.failed(&format!("it is larger than {limit} bytes, which no WIT is"))),
        Object::Other => Err(named.submodule("it")),
        Object::Absent => Err(named.absent(&mut objects)),
    }
}

/// A directory that is being read.
struct Reading<'a> {
    named: &'a Named<'a>,
    objects: Objects,
    files: Files,
}

impl Reading<'_> {
    fn package(mut self, entries: &[Entry]) -> Result<Files, Diagnostic> {
        self.level(Level::Package, "", entries)?;
        let deps = entries.iter().find(|entry| entry.name == DEPS && entry.kind != EntryKind::Blob);
        if let Some(deps) = deps
            && let Some(entries) = self.directory(deps, DEPS)?
        {
            self.level(Level::Deps, &format!("{DEPS}/"), &entries)?;
            for dependency in entries.iter().filter(|entry| entry.kind != EntryKind::Blob) {
                let path = format!("{DEPS}/{}", dependency.name);
                if Level::Deps.has(&dependency.name) && dependency.kind == EntryKind::Link {
                    continue;
                }
                if let Some(entries) = self.directory(dependency, &path)? {
                    self.level(Level::Dependency, &format!("{path}/"), &entries)?;
                }
            }
        }
        Ok(self.files)
    }

    /// Adds the files of a directory that are WIT.
    fn level(&mut self, level: Level, prefix: &str, entries: &[Entry]) -> Result<(), Diagnostic> {
        for entry in entries.iter().filter(|entry| level.has(&entry.name)) {
            if !matches!(entry.kind, EntryKind::Blob | EntryKind::Link) {
                continue;
            }
            let path = format!("{prefix}{}", entry.name);
            let bytes = match self.object(&path)? {
                Object::Blob(bytes) => bytes,
                Object::TooLarge if self.files.room() == Files::SIZE_LIMIT => {
                    return Err(self.named.failed(&TooMuch::File { path }.to_string()));
                }
                Object::TooLarge => return Err(self.named.failed(&TooMuch::Size.to_string())),
                Object::Tree(_) | Object::Other | Object::Absent => continue,
            };
            self.files.add(path, bytes).map_err(|much| self.named.failed(&much.to_string()))?;
        }
        Ok(())
    }

    /// The entries of a directory, or of the directory that a link leads to; nothing where it leads to none.
    fn directory(&mut self, entry: &Entry, path: &str) -> Result<Option<Vec<Entry>>, Diagnostic> {
        if entry.kind == EntryKind::Submodule {
            return Err(self.named.submodule(&format!("`{path}`")));
        }
        match self.object(path)? {
            Object::Tree(entries) => Ok(Some(entries)),
            Object::TooLarge => Err(self.named.failed(&format!("`{path}` has too many files"))),
            Object::Blob(_) | Object::Other | Object::Absent => Ok(None),
        }
    }

    fn object(&mut self, path: &str) -> Result<Object, Diagnostic> {
        let found = self.objects.read(&self.named.object(path), self.files.room(), LISTS_LIMIT);
        found.map_err(|error| self.named.git(error))
    }
}

/// What is read, and how a person named it.
struct Named<'a> {
    directory: &'a Path,
    revision: &'a Revision,
    name: String,
}

impl Named<'_> {
    /// What git calls the object at a path within.
    fn object(&self, path: &str) -> String {
        let (revision, at) = (self.revision.revision(), self.revision.path().trim_end_matches('/'));
        let between = if at.is_empty() || path.is_empty() { "" } else { "/" };
        format!("{revision}:./{at}{between}{path}")
    }

    fn failed(&self, why: &str) -> Diagnostic {
        Diagnostic::error(Code::WorldUnreadable, format!("cannot read `{}`", self.name)).note(why)
    }

    fn submodule(&self, what: &str) -> Diagnostic {
        self.failed(&format!("{what} is a submodule, whose files are in another repository"))
    }

    fn git(&self, error: GitError) -> Diagnostic {
        match error {
            GitError::NotInstalled => {
                self.failed("there is no program `git` to ask").hint("install git, or name a directory")
            }
            GitError::Io(error) => self.failed(&format!("git cannot be asked: {error}")),
            GitError::Failed(said) => {
                let diagnostic = self.failed(&format!("git says: {said}"));
                if said.contains("not a git repository") {
                    return diagnostic.hint("`git:` is for a directory that is in a git repository");
                }
                diagnostic
            }
        }
    }

    /// Why there is nothing: the revision is not known, or has no such path.
    fn absent(&self, objects: &mut Objects) -> Diagnostic {
        let (revision, path) = (self.revision.revision(), self.revision.path());
        let coded = |message: String| Diagnostic::error(Code::WorldUnreadable, message);
        let root = objects.read(&format!("{revision}^{{tree}}"), 0, LISTS_LIMIT);
        if let Ok(Object::Tree(_) | Object::TooLarge) = root {
            let entry = ask(self.directory, &["ls-tree", revision, "--", path.trim_end_matches('/')]);
            if entry.is_some_and(|entry| entry.starts_with(SUBMODULE)) {
                return self.submodule("it");
            }
            let diagnostic = coded(format!("the revision `{revision}` has nothing at `{path}`"));
            return match ask(self.directory, &["rev-parse", "--show-prefix"]) {
                Some(prefix) => diagnostic.note(format!("it is looked for at `{prefix}{path}` of the repository")),
                None => diagnostic,
            };
        }
        let diagnostic = coded(format!("there is no revision `{revision}` in the git repository"));
        let remote = format!("refs/remotes/*/{revision}");
        if let Some(branch) = ask(self.directory, &["for-each-ref", "--format=%(refname:short)", &remote]) {
            return diagnostic.hint(format!("did you mean `git:{branch}:{path}`?"));
        }
        if ask(self.directory, &["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true") {
            return diagnostic
                .note("the repository is a shallow clone, and has some revisions only")
                .hint("get the others, too\ngit fetch --unshallow --tags");
        }
        diagnostic.hint(
            "a revision is a commit, a tag or a branch; what others have pushed since comes with\ngit fetch --tags",
        )
    }
}
