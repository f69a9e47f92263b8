//! `[build]`: how the result is laid out.

use toml::de::DeValue;

use super::{
    read::{Reader, Value},
    schema,
};
use crate::{
    diagnostic::{Code, Diagnostic, listed, nearest},
    encode::{Form, Share, Strip},
};

const SHARES: [(&str, Share); 3] =
    [("modules", Share::Modules), ("components", Share::Components), ("none", Share::Nothing)];

pub(super) fn build(reader: &mut Reader, value: &Value<'_>) -> Form {
    let Some(section) = reader.section("[build]", value) else { return Form::default() };
    section.refuse_unknown_keys(reader, &schema::BUILD);
    let share = section.key("share").and_then(|value| share(reader, value)).unwrap_or_default();
    let strip = section.key("strip").and_then(|value| strip(reader, value)).unwrap_or_default();
    Form { share, strip }
}

fn share(reader: &mut Reader, value: &Value<'_>) -> Option<Share> {
    let text = reader.text("`share`", value)?;
    let found = SHARES.iter().find(|(name, _)| *name == text.value);
    if found.is_none() {
        let names = || SHARES.iter().map(|(name, _)| *name);
        let message = format!("`{}` cannot be what is shared", text.value);
        let label = format!("expected {}", listed(names()).replace(" and ", " or "));
        let diagnostic = Diagnostic::error(Code::InvalidValue, message).label(reader.source(), text.span, label);
        reader.diagnostics.push(match nearest(&text.value, names()) {
            Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    }
    found.map(|(_, share)| *share)
}

fn strip(reader: &mut Reader, value: &Value<'_>) -> Option<Strip> {
    match value.get_ref() {
        DeValue::Boolean(true) => return Some(Strip::All),
        DeValue::Boolean(false) => return Some(Strip::Nothing),
        DeValue::String(text) if text == "debug" => return Some(Strip::Debug),
        DeValue::String(text) => {
            let message = format!("`{text}` cannot be what is stripped");
            reader.report(Code::InvalidValue, value.span(), message, "expected `true`, `false` or `\"debug\"`");
        }
        other => reader.wrong_type("`strip`", "a boolean or `\"debug\"`", other, value.span()),
    }
    None
}
