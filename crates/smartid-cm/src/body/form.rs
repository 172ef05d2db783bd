//! `application/x-www-form-urlencoded`.

use smartid_core::BuildError;
use url::form_urlencoded::Serializer;

use super::{Part, Value, each_form_value};
use crate::dialect::Requests;

pub(super) fn write(forms: &Requests, parts: &[Part<'_>]) -> Result<String, BuildError> {
    let mut body = Serializer::new(String::with_capacity(1024));
    for part in parts {
        each_form_value(forms, part, |value| {
            body.append_pair(part.name, value);
        })?;
    }
    Ok(body.finish())
}

/// Whether every text is ASCII.
pub(super) fn is_ascii(parts: &[Part<'_>]) -> bool {
    parts.iter().all(|part| match part.value {
        Value::Text(text) | Value::Json(text) => text.is_ascii(),
        Value::Secret(secret) => secret.expose().is_ascii(),
        Value::Texts(texts) => texts.iter().all(|text| text.is_ascii()),
        Value::Number(_) | Value::Bool(_) | Value::Binary(_) | Value::Csr(_) => true,
    })
}
