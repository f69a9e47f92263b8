//! `compose new` and `compose init`: from a template to the files of an application that builds and runs as it is.
//!
//! Files that are there already are never written over; nothing is written when one of the template's is there.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    manifest::FILE_NAME,
};
use registry_client::PackageName;

use crate::{
    args::{InitArgs, MessageFormat, NewArgs, StartArgs, Template},
    environment,
    exit::{Complaint, Ended, Stop},
    message::Message,
    output::Output,
};

/// The namespace of an application whose author has not said another one.
const NAMESPACE: &str = "example";

/// What a template's manifest has in the place of the package's name.
const NAME: &str = "{{name}}";

/// What a repository is to leave out: kept where the directory has one already.
const GITIGNORE: &str = include_str!("../../templates/shared/gitignore");

/// One file of a template.
struct TemplateFile {
    path: &'static str,
    text: &'static str,
}

impl Template {
    fn files(self) -> [TemplateFile; 3] {
        let (manifest, main) = match self {
            Self::Command => {
                (include_str!("../../templates/command/compose.toml"), include_str!("../../templates/command/main.wat"))
            }
            Self::Http => {
                (include_str!("../../templates/http/compose.toml"), include_str!("../../templates/http/main.wat"))
            }
        };
        [
            TemplateFile { path: FILE_NAME, text: manifest },
            TemplateFile { path: "main.wat", text: main },
            TemplateFile { path: "greeter.wat", text: include_str!("../../templates/shared/greeter.wat") },
        ]
    }

    /// What to do with the application once it is there.
    fn next_command(self) -> &'static str {
        match self {
            Self::Command => "compose run",
            Self::Http => "compose serve",
        }
    }
}

/// `compose new`.
pub(super) fn run(arguments: &NewArgs, output: &Output) -> Result<Ended, Stop> {
    let directory = &arguments.directory;
    if exists(directory) {
        let found = already_exists(directory).hint("`compose init` starts an application in a directory that is there");
        return Err(Failure::from(found).into());
    }
    let start = Start::new(&arguments.start, directory)?;
    fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
    start.write()?;
    start.report(&format!("cd {} && ", shell_word(&directory.display().to_string())), output)
}

/// `compose init`.
pub(super) fn run_here(arguments: &InitArgs, output: &Output) -> Result<Ended, Stop> {
    let directory = environment::current_directory()?;
    let start = Start::new(&arguments.start, &directory)?;
    start.write()?;
    start.report("", output)
}

/// An application that is about to exist.
struct Start<'a> {
    directory: &'a Path,
    template: Template,
    name: PackageName,
}

impl<'a> Start<'a> {
    fn new(arguments: &StartArgs, directory: &'a Path) -> Result<Self, Stop> {
        let name = match &arguments.name {
            Some(given) => given.parse().map_err(|_| Stop::Usage(not_a_package_name(given)))?,
            None => package_name(directory),
        };
        Ok(Self { directory, template: arguments.template, name })
    }

    /// Writes every file, or none if one of them is there.
    fn write(&self) -> Result<(), Failure> {
        let files = self.template.files();
        let present = files.iter().map(|file| self.directory.join(file.path)).filter(|path| exists(path));
        let found: Vec<Diagnostic> = present.map(|path| already_exists(&path)).collect();
        Failure::check(found)?;

        for file in files {
            create(&self.directory.join(file.path), &file.text.replace(NAME, &self.name.to_string()))?;
        }
        let ignored = self.directory.join(".gitignore");
        if exists(&ignored) { Ok(()) } else { create(&ignored, GITIGNORE) }
    }

    /// Says what is there now, and what to do with it; `enter` leads there in a shell.
    fn report(&self, enter: &str, output: &Output) -> Result<Ended, Stop> {
        output.status("Created", format_args!("application `{}`", self.name));
        output.remark(format_args!("\nNext: {enter}{}", self.template.next_command()));
        if output.format() == MessageFormat::Json {
            output.message(&Message::Created {
                name: self.name.to_string(),
                directory: self.directory.display().to_string(),
                files: self.template.files().map(|file| file.path).to_vec(),
            })?;
        }
        Ok(Ended::Well)
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Writes a file that is not there; that it is not is checked again by the operating system.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => already_exists(path).into(),
        _ => unwritable(path, &error),
    })
}

/// The package's name where none is given: the directory's, as far as a package can have it.
fn package_name(directory: &Path) -> PackageName {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| PathBuf::from(directory));
    let name = absolute.file_name().map(|name| kebab_case(&name.to_string_lossy())).unwrap_or_default();
    let named = format!("{NAMESPACE}:{name}").parse();
    named
        .or_else(|_| format!("{NAMESPACE}:app").parse())
        .expect("`example:app` is a package name because its parts are words")
}

/// The words of a name, in lower case, with hyphens between them.
fn kebab_case(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

/// A word as a shell takes it for one.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn already_exists(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::AlreadyExists, format!("`{}` exists already", environment::shown(path)))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write `{}`", environment::shown(path));
    Diagnostic::error(Code::OutputUnwritable, message).note(error.to_string()).into()
}

fn not_a_package_name(given: &str) -> Complaint {
    Complaint {
        message: format!("`{given}` is not the name of a package"),
        hints: vec!["a package is named NAMESPACE:NAME in lower case, like `acme:site`".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use composer::driver;

    use super::*;
    use crate::{commands::sample, session::block_on};

    #[test]
    fn the_application_of_every_template_can_be_composed() {
        for template in [Template::Command, Template::Http] {
            let directory = tempfile::tempdir().expect("there is room for a directory");
            let start = Start { directory: directory.path(), template, name: package_name(Path::new("hello")) };
            start.write().expect("the directory is empty");
            let checked = block_on(driver::check(&sample::session(directory.path()))).expect("there are threads");
            let checked = checked.unwrap_or_else(|failure| panic!("{template:?}: {failure:?}"));
            assert_eq!(checked.planned.manifest.output_name(), "hello");
            assert_eq!(checked.planned.plan.instances.len(), 2);
            assert!(checked.planned.warnings.is_empty());
        }
    }

    #[test]
    fn nothing_is_written_where_something_is() {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        fs::write(directory.path().join("main.wat"), "mine").expect("it can be written");
        let start =
            Start { directory: directory.path(), template: Template::Command, name: package_name(directory.path()) };
        let failure = start.write().expect_err("main.wat is there");
        assert_eq!(failure.diagnostics()[0].code, Code::AlreadyExists);
        assert!(!directory.path().join(FILE_NAME).exists());
        assert_eq!(fs::read(directory.path().join("main.wat")).expect("it is still there"), b"mine");
    }

    #[test]
    fn a_gitignore_that_is_there_is_kept() {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        fs::write(directory.path().join(".gitignore"), "mine").expect("it can be written");
        let start =
            Start { directory: directory.path(), template: Template::Command, name: package_name(directory.path()) };
        start.write().expect("no file of the template is there");
        assert_eq!(fs::read(directory.path().join(".gitignore")).expect("it is still there"), b"mine");
    }

    #[test]
    fn a_directory_is_quoted_where_a_shell_needs_it() {
        assert_eq!(shell_word("a/hello-2"), "a/hello-2");
        assert_eq!(shell_word("my shop"), "'my shop'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
    }

    #[test]
    fn the_package_is_named_after_the_directory_as_far_as_that_is_possible() {
        let names = ["hello", "a/b/My_Shop 2", "..", "日本", "9lives"];
        let named: Vec<String> = names.into_iter().map(|name| package_name(Path::new(name)).to_string()).collect();
        assert_eq!(named[..2], ["example:hello", "example:my-shop-2"]);
        assert!(named.iter().all(|name| name.parse::<PackageName>().is_ok()));
    }
}
