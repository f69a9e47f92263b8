//! Just enough JSON to write an answer.

use core::fmt::{Display, Write};

/// An object that is being written, one member at a time.
#[derive(Default)]
pub struct Object(String);

impl Object {
    /// Adds a member whose value is JSON already: a number, an object, an array.
    pub fn raw(mut self, name: &str, value: impl Display) -> Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        let _ = write!(self.0, "{}:{value}", string(name));
        self
    }

    pub fn string(self, name: &str, value: &str) -> Object {
        self.raw(name, string(value))
    }

    pub fn optional(self, name: &str, value: Option<impl Display>) -> Object {
        match value {
            Some(value) => self.raw(name, value),
            None => self.raw(name, "null"),
        }
    }

    pub fn end(self) -> String {
        if self.0.is_empty() { "{}".into() } else { self.0 + "}" }
    }
}

pub fn array(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(","))
}

pub fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}
