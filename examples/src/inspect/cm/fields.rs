//! The fields of a request's body, whichever of the three encodings it has.

use smartid::core::base64::{Flavour, decode_lenient};
use smartid::core::json;

use crate::inspect::http::Asked;

/// How the fields came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Multipart,
    Form,
    Json,
}

impl Encoding {
    /// The word in the dialect.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Multipart => "multipart",
            Self::Form => "form",
            Self::Json => "json",
        }
    }
}

/// One field.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    /// Whether it is a multipart part with a file name.
    pub(super) is_file: bool,
}

impl Field {
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.value).ok()
    }

    /// The value as bytes: base64, wherever it may be broken into lines, or as it is.
    pub(super) fn decoded(&self) -> Option<Vec<u8>> {
        let compact: String = self.text()?.split_whitespace().collect();
        decode_lenient(Flavour::Standard, &compact)
            .ok()
            .map(|(bytes, _)| bytes)
    }
}

/// The most fields that are looked at.
const MOST: usize = 200;

/// The fields of a body; `None` when it is not what its head says.
pub(super) fn read(asked: &Asked<'_>, body: &[u8]) -> Option<(Encoding, Vec<Field>)> {
    let content_type = asked.content_type();
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match kind.as_str() {
        "multipart/form-data" => {
            let boundary = parameter(content_type, "boundary")?;
            Some((Encoding::Multipart, multipart(body, &boundary)))
        }
        "application/json" => Some((Encoding::Json, members(std::str::from_utf8(body).ok()?.trim())?)),
        "application/x-www-form-urlencoded" => {
            Some((Encoding::Form, pairs(std::str::from_utf8(body).ok()?.trim())))
        }
        _ => None,
    }
}

/// A parameter of a header's value, without quotes.
fn parameter(value: &str, name: &str) -> Option<String> {
    let found = value.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })?;
    Some(found.trim_matches('"').to_owned())
}

/// The names and values of a query or a form.
pub(super) fn pairs(text: &str) -> Vec<Field> {
    let part = |text: &str| {
        let spaced = text.replace('+', "%20");
        percent(&spaced)
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .take(MOST)
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Field {
                name: String::from_utf8_lossy(&part(name)).into_owned(),
                value: part(value),
                is_file: false,
            }
        })
        .collect()
}

/// Percent-decoded octets; what is no escape stays.
fn percent(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        let escaped = match (octet, behind) {
            (b'%', [high, low, ..]) => {
                let digit = |octet: u8| char::from(octet).to_digit(16);
                digit(*high)
                    .zip(digit(*low))
                    .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            _ => None,
        };
        match escaped {
            Some(value) => {
                octets.push(value);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(octet);
                rest = behind;
            }
        }
    }
    octets
}

fn members(text: &str) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    for (name, raw) in json::members(text)?.into_iter().take(MOST) {
        let values = match json::items(raw).filter(|_| raw.starts_with('[')) {
            Some(items) => items.into_iter().take(MOST).collect(),
            None => vec![raw],
        };
        fields.extend(values.into_iter().map(|raw| {
            Field {
                name: name.clone(),
                value: serde_json::from_str::<String>(raw)
                    .unwrap_or_else(|_| raw.to_owned())
                    .into_bytes(),
                is_file: false,
            }
        }));
    }
    Some(fields)
}

fn multipart(body: &[u8], boundary: &str) -> Vec<Field> {
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut fields = Vec::new();
    let mut rest = body;
    while let Some(at) = position(rest, &mark) {
        let part = rest.get(at + mark.len()..).unwrap_or_default();
        if part.starts_with(b"--") || fields.len() == MOST {
            break;
        }
        let part = part
            .strip_prefix(b"\r\n")
            .or_else(|| part.strip_prefix(b"\n"))
            .unwrap_or(part);
        let end = position(part, &mark).unwrap_or(part.len());
        fields.extend(field(part.get(..end).unwrap_or_default()));
        rest = part;
    }
    fields
}

/// One part, from its head to the line end before the next boundary.
fn field(part: &[u8]) -> Option<Field> {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    let part = part.strip_suffix(b"\r").unwrap_or(part);
    let (head, value) = match (position(part, b"\r\n\r\n"), position(part, b"\n\n")) {
        (Some(at), other) if other.is_none_or(|other| at < other) => (part.get(..at)?, part.get(at + 4..)?),
        (_, Some(at)) => (part.get(..at)?, part.get(at + 2..)?),
        _ => return None,
    };
    let head = std::str::from_utf8(head).ok()?;
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    Some(Field {
        name: parameter(disposition, "name")?,
        value: value.to_vec(),
        is_file: parameter(disposition, "filename").is_some(),
    })
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
