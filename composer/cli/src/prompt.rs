//! What a person is asked on a terminal; what is secret is not shown while it is typed.

use std::io;

use console::Term;

use crate::exit::{Complaint, Stop};

/// Asks for a text.
///
/// # Errors
/// When nothing is entered, or nothing can be read.
pub(crate) fn text(question: &str) -> Result<String, Stop> {
    ask(question, Term::read_line)
}

/// Asks for a text that is not shown.
///
/// # Errors
/// As [`text`].
pub(crate) fn secret(question: &str) -> Result<String, Stop> {
    ask(question, Term::read_secure_line)
}

fn ask(question: &str, read: fn(&Term) -> io::Result<String>) -> Result<String, Stop> {
    let terminal = Term::stderr();
    match terminal.write_str(question).and_then(|()| read(&terminal)) {
        Ok(answer) if !answer.trim().is_empty() => Ok(answer),
        Ok(_) => Err(Stop::Usage(Complaint { message: "nothing was entered".to_owned(), hints: Vec::new() })),
        Err(error) => Err(Stop::Usage(Complaint {
            message: format!("nothing was read from the terminal: {error}"),
            hints: vec!["every question has an option instead: see `--help`".to_owned()],
        })),
    }
}
