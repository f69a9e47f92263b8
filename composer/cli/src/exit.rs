//! How a command ends: from what stopped it to an exit status.

use std::{io, process::ExitCode};

use composer::{
    component_file::ComponentFileError,
    diagnostic::{Blame, Failure},
};

/// The arguments ask for what does not go together, or for what this build does not have.
const USAGE: u8 = 2;

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Well.
    Well,
    /// It found what it was asked to look for, and has said so.
    WithFindings,
    /// As the guest that was run chose to.
    #[cfg(feature = "runtime")]
    Guest(u8),
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What the library found.
    Failure(Failure),
    /// The arguments cannot be used.
    Usage(Complaint),
    /// Nobody reads standard output any more.
    OutputClosed,
    /// Standard output cannot be written.
    Output(io::Error),
}

/// What is said about arguments: there is no text to point into, and `--help` rather than `explain` tells more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// What is wrong, in one lowercase sentence without a full stop.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hints: Vec<String>,
}

impl Stop {
    /// What a failure to write standard output means.
    pub(crate) fn writing(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::OutputClosed } else { Self::Output(error) }
    }

    /// The exit status that tells why.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Failure(failure) => blame_status(failure.blame()),
            Self::Usage(_) => USAGE,
            Self::OutputClosed => 0,
            Self::Output(_) => blame_status(Blame::Environment),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<ComponentFileError> for Stop {
    fn from(error: ComponentFileError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::SUCCESS,
            Ended::WithFindings => Self::from(blame_status(Blame::Input)),
            #[cfg(feature = "runtime")]
            Ended::Guest(status) => Self::from(status),
        }
    }
}

/// The exit status for a failure by whose doing it is.
fn blame_status(blame: Blame) -> u8 {
    match blame {
        Blame::Input => 1,
        Blame::Environment => 3,
        Blame::Bug => 101,
    }
}

#[cfg(test)]
mod tests {
    use composer::diagnostic::{Code, Diagnostic};

    use super::*;

    #[test]
    fn the_worst_error_decides_the_exit_status() {
        let found = |codes: &[Code]| {
            let diagnostics = codes.iter().map(|code| Diagnostic::error(*code, "wrong")).collect();
            Stop::from(Failure::check(diagnostics).expect_err("there are errors")).status()
        };
        assert_eq!(found(&[Code::ManifestSyntax]), 1);
        assert_eq!(found(&[Code::RegistryFailure, Code::ManifestSyntax]), 3);
        assert_eq!(found(&[Code::RegistryFailure, Code::Internal]), 101);
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        assert_eq!(Stop::writing(io::Error::from(io::ErrorKind::BrokenPipe)).status(), 0);
        assert_eq!(Stop::writing(io::Error::from(io::ErrorKind::StorageFull)).status(), 3);
    }
}
