//! JSON in which each name stands once.

use serde_json::{Map, Value};
use smartid_core::json;

use super::reason::OidcReason;

/// The longest document, key set or answer in bytes.
pub(super) const LONGEST_BODY: usize = 1024 * 1024;

/// The members of an object with their exact text.
pub(super) fn members(body: &[u8]) -> Result<Vec<(String, &str)>, OidcReason> {
    if body.len() > LONGEST_BODY {
        return Err(OidcReason::Body);
    }
    let text = std::str::from_utf8(body).map_err(|_| OidcReason::Body)?;
    let members = json::members(text).ok_or(OidcReason::Body)?;
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names
        .windows(2)
        .any(|pair| matches!(pair, [first, second] if first == second))
    {
        return Err(OidcReason::Duplicate);
    }
    Ok(members)
}

/// An object whose own members stand once. Those of objects within it are not looked at.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, OidcReason> {
    let members = members(body)?;
    members
        .into_iter()
        .map(|(name, value)| {
            let value = serde_json::from_str(value).map_err(|_| OidcReason::Body)?;
            Ok((name, value))
        })
        .collect()
}

/// A member that is a text; `null` is as if it were not there.
pub(super) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, OidcReason> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(OidcReason::Member),
    }
}

/// A member that is a list of texts; `null` is as if it were not there.
pub(super) fn texts(members: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, OidcReason> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map(Some)
            .ok_or(OidcReason::Member),
        Some(_) => Err(OidcReason::Member),
    }
}
