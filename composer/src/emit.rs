//! Emission: puts bytes into a file, all of them or none.

use std::{io::Write, path::Path};

use crate::{
    diagnostic::{Code, Diagnostic, shown},
    validate::Validated,
};

/// Writes a proven component to a file.
///
/// # Errors
/// [`Code::OutputUnwritable`] when the file system refuses; an existing file is then as it was.
pub fn emit(component: &Validated, path: &Path) -> Result<(), Diagnostic> {
    replace(path, component.bytes())
}

/// Replaces a file atomically: a temporary beside it is written, synced and renamed.
///
/// # Errors
/// [`Code::OutputUnwritable`] when the file system refuses; an existing file is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let write = || -> std::io::Result<()> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // A temporary is private by default; the result is a file like any other, and the umask still narrows this.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut temporary = builder.prefix(".compose-").tempfile_in(directory)?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        Diagnostic::error(Code::OutputUnwritable, format!("cannot write `{}`", shown(path))).note(error.to_string())
    })
}
