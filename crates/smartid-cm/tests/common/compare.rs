//! Compares a request that we make with one of the golden files, as their README says.

use percent_encoding::percent_decode_str;
use smartid_core::{Outgoing, ServiceUrl};

use super::golden::Entry;

/// Compares.
pub fn request(outgoing: &Outgoing, fixture: &Entry) {
    request_but(outgoing, fixture, "");
}

/// Compares, but for the value of one field of the body.
pub fn request_but(outgoing: &Outgoing, fixture: &Entry, ignored: &str) {
    let expected = fixture.message();
    let base = match fixture.folder.as_str() {
        "ast" | "eui" => super::GATEWAY,
        _ => super::BASE,
    };
    let base = fixture.optional_text("base").unwrap_or(base);
    let base = ServiceUrl::parse("cm.url", base).unwrap();
    let absolute = outgoing.absolute(&base);
    let (authority, target) = split(&absolute);
    let (verb, expected_target) = expected.request_line();
    assert_eq!(outgoing.method().as_str(), verb, "{fixture}");
    assert_eq!(authority, expected.header("host").unwrap(), "{fixture}");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (expected_path, expected_query) = expected_target.split_once('?').unwrap_or((expected_target, ""));
    assert_eq!(path, expected_path, "{fixture}");
    assert!(!query.contains('+'), "{fixture}: {query}");
    assert_eq!(pairs(query), pairs(expected_query), "{fixture}");
    for list in expected_query.split('&').filter(|pair| pair.contains(',')) {
        assert!(query.split('&').any(|pair| pair == list), "{fixture}: {query}");
    }
    for header in ["cookie", "authorization"] {
        assert!(!outgoing.headers().contains_key(header), "{fixture}");
    }
    let content_type = outgoing
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    let kind = |text: &str| {
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    assert_eq!(
        content_type.as_deref().map(kind),
        expected.header("content-type").map(kind),
        "{fixture}"
    );
    let ours = outgoing.body_bytes();
    let ours = fields(ours, content_type.as_deref(), fixture, ignored);
    let theirs = fields(&expected.body, expected.header("content-type"), fixture, ignored);
    assert_eq!(ours, theirs, "{fixture}");
}

fn split(absolute: &str) -> (&str, &str) {
    let rest = absolute.strip_prefix("https://").unwrap();
    match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// Names and values, sorted; an offset of zero is none.
fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && *pair != "searchOffset=0")
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect();
    pairs.sort();
    pairs
}

/// The fields of a body: name, value, and in multipart whether it is a file and its content type where that matters. Base64 keeps its
/// line lengths. The value of the ignored field is left out.
fn fields(
    octets: &[u8],
    content_type: Option<&str>,
    fixture: &Entry,
    ignored: &str,
) -> Vec<(String, bool, String, String)> {
    let text = || String::from_utf8(octets.to_vec()).unwrap();
    let mut fields = match content_type.unwrap_or_default() {
        kind if kind.starts_with("application/json") => {
            let value: serde_json::Value =
                serde_json::from_slice(octets).unwrap_or_else(|error| panic!("{fixture}: {error}"));
            let members = value
                .as_object()
                .unwrap_or_else(|| panic!("{fixture}: no object"));
            let member = |(name, value): (&String, &serde_json::Value)| {
                (name.clone(), false, String::new(), value.to_string())
            };
            members.iter().map(member).collect()
        }
        kind if kind.starts_with("application/x-www-form-urlencoded") => text()
            .replace('+', "%20")
            .trim_end()
            .split('&')
            .map(|field| field.split_once('=').unwrap())
            .map(|(name, value)| (decoded(name), false, String::new(), decoded(value)))
            .collect(),
        kind if kind.starts_with("multipart/form-data") => {
            let types = fixture
                .optional_text("dialect")
                .is_some_and(|dialect| dialect.contains("media type"));
            parts(octets, kind.split_once("boundary=").unwrap().1, types)
        }
        _ => vec![(String::new(), false, String::new(), text())],
    };
    for (name, _, _, value) in &mut fields {
        if !ignored.is_empty() && name == ignored {
            value.clear();
        }
    }
    fields.sort();
    fields
}

/// Name, whether it is a file, content type, and value of each part. Line ends are those of the files.
fn parts(body: &[u8], boundary: &str, types: bool) -> Vec<(String, bool, String, String)> {
    let text = String::from_utf8(body.to_vec()).unwrap().replace("\r\n", "\n");
    text.split(&format!("--{boundary}"))
        .skip(1)
        .filter(|part| !part.starts_with("--"))
        .map(|part| {
            let (head, value) = part.trim_start_matches('\n').split_once("\n\n").unwrap();
            let disposition = head
                .lines()
                .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))
                .unwrap();
            let name = disposition.split_once("name=\"").unwrap().1;
            let name = name.split('"').next().unwrap().to_owned();
            let kind = head
                .lines()
                .find_map(|line| {
                    let (header, value) = line.split_once(':')?;
                    header
                        .eq_ignore_ascii_case("content-type")
                        .then(|| value.trim().to_owned())
                })
                .filter(|_| types)
                .unwrap_or_default();
            let value = value.trim_end_matches('\n').to_owned();
            (name, disposition.contains("filename="), kind, value)
        })
        .collect()
}
