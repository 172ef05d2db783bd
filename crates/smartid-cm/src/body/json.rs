//! `application/json`: one object, its members in the order of the fields.

use smartid_core::BuildError;

use super::{Part, Value, one_text};
use crate::dialect::Requests;

pub(super) fn write(forms: &Requests, parts: &[Part<'_>]) -> Result<String, BuildError> {
    let text =
        |value: &str| serde_json::to_string(value).map_err(|error| BuildError::Json(error.to_string()));
    let mut body = String::with_capacity(1024);
    body.push('{');
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(&text(part.name)?);
        body.push(':');
        match part.value {
            Value::Number(number) => body.push_str(&number.to_string()),
            Value::Bool(flag) => body.push_str(if *flag { "true" } else { "false" }),
            Value::Json(json) => body.push_str(json),
            Value::Texts(texts) => {
                let list =
                    serde_json::to_string(texts).map_err(|error| BuildError::Json(error.to_string()))?;
                body.push_str(&list);
            }
            other => {
                let value = one_text(forms.csr, other).ok_or_else(|| {
                    BuildError::Invalid(format!(
                        "dialect: requests.csr = \"der\" can only go out as multipart ({})",
                        part.name
                    ))
                })?;
                body.push_str(&text(&value)?);
            }
        }
    }
    body.push('}');
    Ok(body)
}
