//! Lists in answers: bare, or in an envelope.
//!
//! Public clients of one operation have met both, so every reader of a list takes both. What says that there are rows and shows none is
//! not an empty list.

use serde::de::DeserializeOwned;
use smartid_core::{Incoming, Unreadable, json};

use crate::dialect::CmDialect;

/// How many rows there are in all, when the answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Total(pub(crate) Option<u64>);

/// The member that tells the total (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin).
const TOTAL: &str = "searchHits";

/// An answer that was found to be JSON, as text.
pub(crate) fn text(incoming: &Incoming) -> Result<&str, Unreadable> {
    std::str::from_utf8(incoming.body())
        .map(str::trim)
        .map_err(|_| incoming.unreadable("the body is not UTF-8"))
}

/// The last member of this name that is not null.
pub(crate) fn member<'a>(members: &[(String, &'a str)], name: &str) -> Option<&'a str> {
    let (_, value) = members.iter().rev().find(|(known, _)| known == name)?;
    (*value != "null").then_some(*value)
}

/// Reads a list of JSON that stands in a member of the answer, or is all of it.
pub(crate) fn read<T: DeserializeOwned>(
    incoming: &Incoming,
    member: &str,
    list: &str,
) -> Result<Vec<T>, Unreadable> {
    incoming.json_of(list.as_bytes()).map_err(|unreadable| {
        let inner = unreadable.path().unwrap_or_default();
        let path = match member {
            "" => inner.to_owned(),
            member if inner.is_empty() || inner.starts_with('[') => format!("{member}{inner}"),
            member => format!("{member}.{inner}"),
        };
        unreadable.at(Some(path).filter(|path| !path.is_empty()))
    })
}

/// The rows of a list in this member, or of an answer that is nothing but the list, with the total.
pub(crate) fn with_total<T: DeserializeOwned>(
    incoming: &Incoming,
    name: &str,
) -> Result<(Total, Vec<T>), Unreadable> {
    let text = text(incoming)?;
    if text.starts_with('[') {
        return Ok((Total(None), read(incoming, "", text)?));
    }
    let Some(members) = json::members(text) else {
        return Err(incoming.unreadable("neither an object nor a list"));
    };
    let total = match member(&members, TOTAL) {
        None => None,
        Some(number) => {
            let digits = number.trim_matches('"').trim();
            let digits = digits.strip_suffix(".0").unwrap_or(digits);
            Some(digits.parse().map_err(|_| {
                incoming
                    .unreadable("the number of hits is not a whole number")
                    .at(Some(TOTAL.to_owned()))
            })?)
        }
    };
    let rows = match (member(&members, name), total) {
        (Some(list), _) => read(incoming, name, list)?,
        (None, Some(0)) => Vec::new(),
        (None, _) => {
            let missing = incoming.unreadable("the list is missing");
            return Err(missing.at(Some(name.to_owned())));
        }
    };
    Ok((Total(total), rows))
}

/// Whether a member of this name belongs to the envelope and not to what is in it.
pub(crate) fn is_envelope(dialect: &CmDialect, name: &str) -> bool {
    let answers = &dialect.answers;
    [
        &answers.code,
        &answers.message,
        &answers.items,
        &answers.data_to_sign,
    ]
    .into_iter()
    .any(|pointer| pointer.tokens().first().is_some_and(|first| first == name))
}

/// The rows of a list that may stand in any member: in the one of this name, else in the only one that is a list. An envelope without
/// any is an empty list.
pub(crate) fn anywhere<T: DeserializeOwned>(
    dialect: &CmDialect,
    incoming: &Incoming,
    name: &str,
) -> Result<Vec<T>, Unreadable> {
    let text = text(incoming)?;
    if text.starts_with('[') {
        return read(incoming, "", text);
    }
    let Some(members) = json::members(text) else {
        return Err(incoming.unreadable("neither an object nor a list"));
    };
    if let Some(list) = member(&members, name) {
        return read(incoming, name, list);
    }
    let others: Vec<_> = members
        .iter()
        .filter(|(known, value)| !is_envelope(dialect, known) && known != name && *value != "null")
        .collect();
    let lists: Vec<_> = others
        .iter()
        .filter(|(_, value)| value.starts_with('['))
        .collect();
    match (lists.as_slice(), others.as_slice()) {
        ([(known, list)], _) => read(incoming, known, list),
        ([], []) if members.iter().any(|(known, _)| is_envelope(dialect, known)) => Ok(Vec::new()),
        ([], _) => {
            let missing = incoming.unreadable("there is no list in the answer");
            Err(missing.at(Some(name.to_owned())))
        }
        _ => {
            let several = incoming
                .unreadable("there are several lists in the answer; a dialect can say which is meant");
            Err(several.at(Some(name.to_owned())))
        }
    }
}
