//! What goes where: data to standard output, everything else to standard error, and in JSON all messages to standard output.
//!
//! The only place that writes to either. A reader of standard output that went away ends the command quietly; if standard
//! error cannot be written there is nobody left to tell.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use composer::diagnostic::{Diagnostic, Severity};

use crate::{
    args::{MessageFormat, OutputOptions, ReportFormat, When},
    environment,
    exit::{Complaint, Stop},
    message::Message,
    render::{self, Colour},
    report::{self, Finding, Subject},
};

/// How much is said beside results and findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Nothing.
    Quiet,
    /// What was done.
    Normal,
    /// Each step.
    Verbose,
}

/// How the steps of the work are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steps {
    /// Not at all.
    Nothing,
    /// Transfers to and from registries alone, each as a line that stays.
    Transfers,
    /// Each as a line that stays.
    Lines,
    /// As bars that go away.
    Bars,
}

/// Where a command says what it has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: MessageFormat,
    report: Option<ReportFormat>,
    verbosity: Verbosity,
    colour: Colour,
    progress: When,
}

impl Output {
    /// Decides how to write, by the options and by what the standard streams are.
    pub(crate) fn new(options: &OutputOptions) -> Self {
        let coloured = match options.color {
            When::Auto => environment::stderr_is_terminal() && !environment::refuses_colour(),
            When::Always => true,
            When::Never => false,
        };
        let verbosity = match (options.quiet, options.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let colour = if coloured { Colour::Styled } else { Colour::Plain };
        let (format, report) = (options.message_format.messages(), options.message_format.report());
        Self { format, report, verbosity, colour, progress: options.progress }
    }

    /// For whom to write.
    pub(crate) fn format(&self) -> MessageFormat {
        self.format
    }

    /// The report that is to be written, if one is asked for.
    pub(crate) fn report_format(&self) -> Option<ReportFormat> {
        self.report
    }

    /// Whether people are told what is found beside a report: not where they read the report, in the log of a GitHub workflow.
    pub(crate) fn tells_people(&self) -> bool {
        self.report != Some(ReportFormat::Github)
    }

    /// Writes the report, if one is asked for; `title` says what was examined.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn report(&self, title: &str, findings: impl IntoIterator<Item = Finding>) -> Result<(), Stop> {
        let Some(format) = self.report else { return Ok(()) };
        self.data(report::report(format, title, &findings.into_iter().collect::<Vec<_>>()))
    }

    /// How each step of the work is shown.
    pub(crate) fn steps(&self) -> Steps {
        match self.progress {
            When::Never => Steps::Nothing,
            _ if self.verbosity == Verbosity::Verbose => Steps::Lines,
            When::Auto if self.verbosity == Verbosity::Quiet => Steps::Nothing,
            When::Auto if environment::stderr_is_terminal() => Steps::Bars,
            When::Auto => Steps::Transfers,
            When::Always if environment::stderr_is_terminal() => Steps::Bars,
            When::Always => Steps::Lines,
        }
    }

    /// Writes a result to standard output, as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn data(&self, data: impl AsRef<[u8]>) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(data.as_ref()).and_then(|()| stdout.flush()).map_err(Stop::writing)
    }

    /// Writes a message for programs to standard output, as one line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn message(&self, message: &Message<'_>) -> Result<(), Stop> {
        let line = serde_json::to_string(message).expect("a message is JSON because its keys are strings");
        self.data(line + "\n")
    }

    /// Says what was done, unless that is not wanted: `verb` is one word, aligned as cargo does.
    pub(crate) fn status(&self, verb: &str, what: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            say(render::status(verb, what, self.colour));
        }
    }

    /// Says that a step begins; whether steps are shown as lines is [`Output::steps`].
    pub(crate) fn step(&self, verb: &str, what: impl Display) {
        say(render::status(verb, what, self.colour));
    }

    /// Says something that is not a result, unless that is not wanted.
    pub(crate) fn remark(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            say(format_args!("{text}\n"));
        }
    }

    /// Says something that only a person who wants to know each step wants to know.
    #[cfg(feature = "runtime")]
    pub(crate) fn detail(&self, text: impl Display) {
        if self.verbosity == Verbosity::Verbose {
            say(format_args!("{text}\n"));
        }
    }

    /// Says findings that do not stop the command.
    ///
    /// # Errors
    /// When standard output, where findings go in JSON, cannot be written.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic]) -> Result<(), Stop> {
        match self.format {
            MessageFormat::Human => {
                diagnostics.iter().for_each(|found| say(format_args!("{}\n", render::diagnostic(found, self.colour))));
                Ok(())
            }
            MessageFormat::Json => diagnostics.iter().try_for_each(|found| self.message(&found.into())),
        }
    }

    /// Says to a person what a rule found.
    pub(crate) fn finding(&self, rule: &str, found: &Diagnostic) {
        say(format_args!("{}\n", render::finding(rule, found, self.colour)));
    }

    /// Says why the command stopped; in a report that is about the subject, if one is asked for.
    ///
    /// # Errors
    /// When standard output, where findings go in JSON and in reports, cannot be written.
    pub(crate) fn stop(&self, stop: &Stop, subject: Option<&Subject>) -> Result<(), Stop> {
        match stop {
            Stop::Failure(failure) => {
                if let Some(subject) = subject {
                    self.report(&subject.title, failure.diagnostics().iter().map(|found| subject.finding(found)))?;
                }
                if self.tells_people() { self.failure(failure.diagnostics()) } else { Ok(()) }
            }
            Stop::Usage(complaint) => self.complaint(complaint),
            Stop::OutputClosed => Ok(()),
            Stop::Output(error) => {
                let message = format!("standard output cannot be written: {error}");
                say(render::complaint(&Complaint { message, hints: Vec::new() }, self.colour));
                Ok(())
            }
        }
    }

    fn failure(&self, diagnostics: &[Diagnostic]) -> Result<(), Stop> {
        let ([rest @ .., last], MessageFormat::Human) = (diagnostics, self.format) else {
            return self.diagnostics(diagnostics);
        };
        self.diagnostics(rest)?;
        say(render::diagnostic(last, self.colour));
        let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
        if errors > 1 {
            say(format_args!("\n{}", render::count_of_errors(errors, self.colour)));
        }
        Ok(())
    }

    fn complaint(&self, complaint: &Complaint) -> Result<(), Stop> {
        match self.format {
            MessageFormat::Human => say(render::complaint(complaint, self.colour)),
            MessageFormat::Json => self.message(&complaint.into())?,
        }
        Ok(())
    }
}

/// Writes to standard error; in one call, so that lines of several processes do not mix.
fn say(text: impl Display) {
    let _ = io::stderr().lock().write_all(text.to_string().as_bytes());
}
