//! How one value of a JSON object comes to be another while everything else in the text stays as somebody wrote it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

/// An object in a text: where its values are.
struct Object<'a> {
    text: &'a str,
    /// From its `{` to its `}`, both included.
    range: Range<usize>,
    /// Keys, unescaped, and where their values are.
    values: BTreeMap<String, Range<usize>>,
}

impl<'a> Object<'a> {
    /// Reads the object at `range` of `text`, as far as its own keys.
    fn read(text: &'a str, range: Range<usize>) -> serde_json::Result<Object<'a>> {
        let values: BTreeMap<String, &RawValue> = serde_json::from_str(&text[range.clone()])?;
        let position = |value: &RawValue| value.get().as_ptr().addr() - text.as_ptr().addr();
        let values = values.into_iter().map(|(key, value)| (key, position(value)..position(value) + value.get().len()));
        Ok(Object { text, values: values.collect(), range })
    }

    /// The text with `key` having `value`, which is JSON.
    fn set(&self, key: &str, value: &str, depth: usize) -> serde_json::Result<String> {
        if let Some(range) = self.values.get(key) {
            return Ok(splice(self.text, range.clone(), value));
        }
        let key = serde_json::to_string(key)?;
        let start = self.range.start + 1;
        let (before, after) = match indent(self.text) {
            Some(indent) => (format!("\n{}", indent.repeat(depth)), format!("\n{}", indent.repeat(depth - 1))),
            None => (String::new(), String::new()),
        };
        let space = if before.is_empty() { "" } else { " " };
        if self.values.is_empty() {
            let inside = start..self.range.end - 1;
            return Ok(splice(self.text, inside, &format!("{before}{key}:{space}{value}{after}")));
        }
        Ok(splice(self.text, start..start, &format!("{before}{key}:{space}{value},")))
    }

    /// The text without `key`.
    fn remove(&self, key: &str) -> Option<String> {
        let value = self.values.get(key)?;
        if self.values.len() == 1 {
            return Some(splice(self.text, self.range.start + 1..self.range.end - 1, ""));
        }
        // Before the value are its colon and its key, which ends with a quote and begins with one that is not escaped.
        let before = self.text[..value.start].trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
        let mut quotes = before.rmatch_indices('"').map(|(position, _)| position);
        let start = quotes.find(|position| !before[..*position].ends_with('\\'))?;
        let rest = &self.text[value.end..];
        let range = match rest.trim_start().strip_prefix(',') {
            Some(rest) => start..self.text.len() - rest.trim_start().len(),
            None => {
                let head = self.text[..start].trim_end();
                head.strip_suffix(',').map_or(head.len(), str::len)..value.end
            }
        };
        Some(splice(self.text, range, ""))
    }
}

/// Sets the value of `key` in the object `object` of the object in `text`, creating what is missing.
pub(crate) fn set(text: &str, object: &str, key: &str, value: &str) -> serde_json::Result<String> {
    let outer = whole(text)?;
    match outer.values.get(object) {
        Some(range) => Object::read(text, range.clone())?.set(key, value, 2),
        None => {
            let text = outer.set(object, "{}", 1)?;
            let range = whole(&text)?.values.remove(object).unwrap_or_default();
            Object::read(&text, range)?.set(key, value, 2)
        }
    }
}

/// Removes `key` from the object `object` of the object in `text`, if it is there.
pub(crate) fn remove(text: &str, object: &str, key: &str) -> serde_json::Result<Option<String>> {
    match whole(text)?.values.get(object) {
        Some(range) => Ok(Object::read(text, range.clone())?.remove(key)),
        None => Ok(None),
    }
}

fn whole(text: &str) -> serde_json::Result<Object<'_>> {
    let start = text.len() - text.trim_start().len();
    Object::read(text, start..text.trim_end().len())
}

/// What the text indents its lines with, if it has several.
fn indent(text: &str) -> Option<&str> {
    let line = text.lines().skip(1).find(|line| line.starts_with([' ', '\t']))?;
    Some(&line[..line.len() - line.trim_start().len()])
}

fn splice(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, set_to: Option<&str>, expected: &str) {
        let edited = match set_to {
            Some(value) => set(text, "auths", "a.io", value).unwrap(),
            None => remove(text, "auths", "a.io").unwrap().unwrap_or_else(|| text.to_owned()),
        };
        assert_eq!(edited, expected);
        serde_json::from_str::<serde_json::Value>(&edited).unwrap();
    }

    #[test]
    fn a_value_is_set_and_the_rest_stays() {
        check(
            r#"{"z":1, "auths" : {"a.io":{"auth":"x"},"b.io":{}}}"#,
            Some("2"),
            r#"{"z":1, "auths" : {"a.io":2,"b.io":{}}}"#,
        );
        check(r#"{"z":1,"auths":{"b.io":{}}}"#, Some("2"), r#"{"z":1,"auths":{"a.io":2,"b.io":{}}}"#);
        check(r#"{"z":1}"#, Some("2"), r#"{"auths":{"a.io":2},"z":1}"#);
        check("{}\n", Some("2"), "{\"auths\":{\"a.io\":2}}\n");
        check(
            "{\n\t\"auths\": {\n\t\t\"b.io\": {}\n\t},\n\t\"z\": 1\n}\n",
            Some("2"),
            "{\n\t\"auths\": {\n\t\t\"a.io\": 2,\n\t\t\"b.io\": {}\n\t},\n\t\"z\": 1\n}\n",
        );
        check("{\n  \"z\": 1\n}", Some("2"), "{\n  \"auths\": {\n    \"a.io\": 2\n  },\n  \"z\": 1\n}");
    }

    #[test]
    fn a_value_is_removed_and_the_rest_stays() {
        check(r#"{"z":1,"auths":{"a.io":{"auth":"x"},"b.io":{}}}"#, None, r#"{"z":1,"auths":{"b.io":{}}}"#);
        check(r#"{"auths":{"b.io":{},"a.io":{"auth":"x"}}}"#, None, r#"{"auths":{"b.io":{}}}"#);
        check(r#"{"auths":{"a.io" : {}}}"#, None, r#"{"auths":{}}"#);
        check(
            "{\n\t\"auths\": {\n\t\t\"a.io\": {},\n\t\t\"b.io\": {}\n\t}\n}",
            None,
            "{\n\t\"auths\": {\n\t\t\"b.io\": {}\n\t}\n}",
        );
        check(r#"{"auths":{"b.io":{}}}"#, None, r#"{"auths":{"b.io":{}}}"#);
        check(r#"{"z":"a.io"}"#, None, r#"{"z":"a.io"}"#);
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["", "[]", "{", r#"{"auths": 1}"#, r#"{"auths": {}} x"#] {
            assert!(set(text, "auths", "a.io", "1").is_err(), "{text}");
        }
    }
}
