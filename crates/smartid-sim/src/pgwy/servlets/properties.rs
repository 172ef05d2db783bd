//! `ast.properties`: which header holds which attribute (protocol notes: cm 7.1, D; vendor page: AST support in Certificate Manager). The
//! file is a Java properties file by its name, and is read as one: comments, continued lines, escapes, three kinds of separators.

use std::collections::BTreeMap;

use crate::config::DefaultHeaders;

/// Longer texts are refused.
const MAX_LENGTH: usize = 1 << 20;
/// More mappings than this are refused.
const MAX_MAPPINGS: usize = 1000;

/// Attributes of CM that have a header of their own name in [`DefaultHeaders::Plausible`], beside `countryname` (cm 7.3, I).
const PLAUSIBLE: [&str; 11] = [
    "commonname",
    "givenname",
    "surname",
    "serialnumber",
    "organizationname",
    "organizationalunitname",
    "localityname",
    "stateorprovincename",
    "title",
    "rfc822name",
    "upn",
];

/// Attributes with the headers that hold them.
pub(crate) type Headers = BTreeMap<String, String>;

/// The headers of a handler, which is `<x>` in the lines.
///
/// Of two lines with the same key the last counts, as in every properties file; two keys for one attribute count in the order of their
/// `<k>` (U which does).
///
/// # Errors
/// A sentence with the number of the line that cannot be read. It does not quote the line, since there may be secrets in such files.
pub(crate) fn headers(text: &str, handler: &str, defaults: DefaultHeaders) -> Result<Headers, String> {
    let mut headers = match defaults {
        DefaultHeaders::None => Headers::new(),
        DefaultHeaders::Documented | DefaultHeaders::Plausible => {
            Headers::from([("countryname".to_owned(), "country".to_owned())])
        }
    };
    if defaults == DefaultHeaders::Plausible {
        headers.extend(PLAUSIBLE.map(|name| (name.to_owned(), name.to_owned())));
    }
    let mut mappings: Vec<Mapping> = mappings(text)?;
    mappings.retain(|mapping| mapping.handler == handler);
    mappings.sort_by(|one, other| one.order().cmp(&other.order()));
    for mapping in mappings {
        if mapping.header.is_empty() {
            headers.remove(&mapping.attribute);
        } else {
            headers.insert(mapping.attribute, mapping.header);
        }
    }
    Ok(headers)
}

/// One line `handler.<x>.formatFields.<k> = ast.valuetarget.<attribute>.value = <header>`.
struct Mapping {
    handler: String,
    key: String,
    attribute: String,
    header: String,
}

impl Mapping {
    /// Numbers by their value, words behind them.
    fn order(&self) -> (u64, &str) {
        (self.key.parse().unwrap_or(u64::MAX), &self.key)
    }
}

fn mappings(text: &str) -> Result<Vec<Mapping>, String> {
    if text.len() > MAX_LENGTH {
        return Err("the text is too long".into());
    }
    let mut out: Vec<Mapping> = Vec::new();
    for (line, logical) in logical_lines(text) {
        let wrong = |what: &str| format!("line {line}: {what}");
        let (key, value) = entry(&logical).ok_or_else(|| wrong("an escape cannot be read"))?;
        let Some((handler, key)) = key
            .strip_prefix("handler.")
            .and_then(|rest| rest.split_once(".formatFields."))
        else {
            continue;
        };
        // The same key once more: what stood there is gone, whatever it was.
        out.retain(|before| before.handler != handler || before.key != key);
        let Some(rest) = value.strip_prefix("ast.valuetarget.") else {
            continue;
        };
        let (target, header) = rest
            .split_once('=')
            .ok_or_else(|| wrong("there is no equals sign before the header"))?;
        // Something else is said of the attribute.
        let Some(attribute) = target.trim().strip_suffix(".value") else {
            continue;
        };
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if attribute.is_empty() || !attribute.bytes().all(named) {
            return Err(wrong("the attribute is none"));
        }
        let header = header.trim_matches([' ', '\t', '\u{c}']);
        if !header.is_empty() && http::HeaderName::from_bytes(header.as_bytes()).is_err() {
            return Err(wrong("the header's name is none"));
        }
        if out.len() >= MAX_MAPPINGS {
            return Err(wrong("there are too many mappings"));
        }
        out.push(Mapping {
            handler: handler.to_owned(),
            key: key.to_owned(),
            attribute: attribute.to_ascii_lowercase(),
            header: header.to_owned(),
        });
    }
    Ok(out)
}

const BLANK: [char; 3] = [' ', '\t', '\u{c}'];

/// Lines that hold something, with those that continue them, and the number of their first line.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let mut out = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (line, number) in text.split(['\n', '\r']).zip(1..) {
        let line = line.trim_start_matches(BLANK);
        let (number, mut whole) = match open.take() {
            Some((first, before)) => (first, before + line),
            None if line.is_empty() || line.starts_with(['#', '!']) => continue,
            None => (number, line.to_owned()),
        };
        let backslashes = whole.len() - whole.trim_end_matches('\\').len();
        // Those at the end of what stood before have been taken off already.
        if backslashes % 2 == 1 {
            whole.pop();
            open = Some((number, whole));
        } else {
            out.push((number, whole));
        }
    }
    out.extend(open);
    out
}

/// Key and value, without escapes. The key ends at the first separator that has no backslash before it.
fn entry(line: &str) -> Option<(String, String)> {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|(_, character)| {
            let separates = !escaped && (BLANK.contains(character) || matches!(character, '=' | ':'));
            escaped = !escaped && *character == '\\';
            separates
        })
        .map_or(line.len(), |(place, _)| place);
    let (key, rest) = line.split_at_checked(end)?;
    let rest = rest.trim_start_matches(BLANK);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    Some((unescape(key)?, unescape(rest.trim_start_matches(BLANK))?))
}

fn unescape(text: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    let push = |character: char, units: &mut Vec<u16>| {
        units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
    };
    while let Some(character) = characters.next() {
        if character != '\\' {
            push(character, &mut units);
            continue;
        }
        match characters.next()? {
            't' => units.push(9),
            'n' => units.push(10),
            'f' => units.push(12),
            'r' => units.push(13),
            'u' => {
                let digits: String = characters.by_ref().take(4).collect();
                let sound = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                units.push(u16::from_str_radix(sound.then_some(digits.as_str())?, 16).ok()?);
            }
            other => push(other, &mut units),
        }
    }
    String::from_utf16(&units).ok()
}
