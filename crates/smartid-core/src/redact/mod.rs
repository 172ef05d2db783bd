//! What may be shown of something that came from outside.
//!
//! Redaction is by allow-list: of a JSON body only the member names and the values of a few members that carry a verdict are shown, of
//! an HTML page only the words of its title, of a URL only scheme, host, port and path. Everything else could be a token. A verdict's own
//! sentence is shown, but for words that look like a token and for what stands behind a secret's name.

mod address;
mod sentence;
mod shape;

use crate::incoming::{Content, Incoming};
use crate::json::Pointer;

pub use address::url;
pub use sentence::message;
use shape::looks_secret;

/// Members whose values say what went wrong and are no secrets in any of the products.
const SHOWN: &[&str] = &[
    "code",
    "commandType",
    "error",
    "errorCode",
    "msg",
    "message",
    "path",
    "reason",
    "state",
    "status",
    "type",
    "title",
];

/// What stands in the place of a secret.
const MASK: &str = "[…]";

/// How many characters of an excerpt are kept.
const EXCERPT: usize = 400;

/// The reason of a JSON reader, without the values that it quotes: they come from the document.
#[must_use]
pub fn json_reason(reason: &str) -> String {
    let of_document = [
        "invalid type",
        "invalid value",
        "unknown field",
        "unknown variant",
    ];
    let quotes_document = of_document.iter().any(|start| reason.starts_with(start));
    // What stands after "expected" is ours.
    let (theirs, ours) = match reason.rfind(", expected") {
        Some(at) if quotes_document => reason.split_at(at),
        _ if quotes_document => (reason, ""),
        _ => ("", reason),
    };
    let kind: String = theirs
        .split(['"', '`'])
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_owned();
    message(&format!("{kind}{ours}"))
}

/// Printable characters on one line, at most `limit` of them.
fn printable(text: &str, limit: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(limit)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

/// A short, safe description of an answer's body.
#[must_use]
pub fn excerpt(incoming: &Incoming) -> String {
    let size = incoming.body().len();
    match incoming.content() {
        Content::Empty => "no body".to_owned(),
        Content::Html => {
            let title = html_title(incoming.body()).unwrap_or_default();
            if title.is_empty() {
                format!("an HTML page of {size} bytes")
            } else {
                format!("an HTML page titled \"{title}\"")
            }
        }
        Content::Json => match serde_json::from_slice::<serde_json::Value>(incoming.body()) {
            Ok(value) => {
                let mut text = String::new();
                outline(&value, "", &mut text, 0);
                printable(&text, EXCERPT)
            }
            Err(_) => format!("{size} bytes that are not valid JSON"),
        },
        _ => format!(
            "{size} bytes of {}",
            if incoming.content_type().is_empty() {
                "an unnamed type"
            } else {
                "another content type"
            }
        ),
    }
}

/// The structure of a JSON value, with the values of [`SHOWN`] members only.
fn outline(value: &serde_json::Value, name: &str, text: &mut String, depth: usize) {
    use serde_json::Value;
    if text.len() > EXCERPT * 2 {
        return;
    }
    match value {
        Value::Object(members) if depth < 6 => {
            text.push('{');
            for (index, (member, value)) in members.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                // A member name is shown when it looks like one; a service that keys an object by token would leak otherwise.
                text.push_str(if looks_secret(member) { MASK } else { member });
                text.push_str(": ");
                outline(value, member, text, depth + 1);
            }
            text.push('}');
        }
        Value::Array(items) => text.push_str(&format!("[{} items]", items.len())),
        Value::Object(_) => text.push_str("{…}"),
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::String(value) if SHOWN.contains(&name) => {
            text.push('"');
            text.push_str(&message(value));
            text.push('"');
        }
        Value::Number(number) if SHOWN.contains(&name) => text.push_str(&message(&number.to_string())),
        Value::String(_) => text.push_str("\"…\""),
        Value::Number(_) => text.push('#'),
    }
}

/// The words of an HTML title; a word with a digit or of more than 20 letters is left out.
#[must_use]
pub fn html_title(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(body.get(..body.len().min(8192)).unwrap_or_default()).into_owned();
    let lower = head.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let open = start + lower.get(start..)?.find('>')? + 1;
    let close = open + lower.get(open..)?.find("</title")?;
    let words: Vec<&str> = head
        .get(open..close)?
        .split_whitespace()
        .filter(|word| word.len() <= 20 && word.chars().all(|c| c.is_alphabetic() || "-,.:'".contains(c)))
        .collect();
    Some(printable(&words.join(" "), 80))
}

/// A JSON pointer as errors show it.
#[must_use]
pub fn pointer(pointer: &Pointer) -> String {
    printable(&pointer.to_string(), 120)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};

    use super::*;

    fn shown(content_type: &'static str, body: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        excerpt(&Incoming::new(
            StatusCode::OK,
            headers,
            Bytes::from_static(body.as_bytes()),
        ))
    }

    #[test]
    fn json_shows_its_shape_and_its_verdict() {
        let text = shown(
            "application/json",
            r#"{"error":"Not Found","token":"canary","list":[1,"canary"],"n":7,"in":{"state":"FAILED"}}"#,
        );
        assert!(
            text.contains("error: \"Not Found\"") && text.contains("state: \"FAILED\""),
            "{text}"
        );
        assert!(!text.contains("canary") && !text.contains('7'), "{text}");
    }

    #[test]
    fn a_token_inside_a_message_or_a_member_name_is_masked() {
        let text = shown(
            "application/json",
            r#"{"message":"bad token 51b7c9d0-0000-4000-8000-0000000000c3","aW50ZXJuYWw6MDEyMzQ1Njc4OWFiY2RlZg":1}"#,
        );
        assert!(
            text.contains("bad token […]") && !text.contains("51b7c9d0") && !text.contains("aW50"),
            "{text}"
        );
        assert_eq!(
            message("is not base64url, see options.base64."),
            "is not base64url, see options.base64."
        );
        assert!(message("java.lang.IllegalArgumentException: boom").contains("IllegalArgumentException"));
    }

    #[test]
    fn a_readers_reason_keeps_no_value_of_the_document() {
        let of = |body: &str| json_reason(&serde_json::from_str::<Vec<u8>>(body).unwrap_err().to_string());
        assert_eq!(
            of(r#"["cana\"ry, expected x"]"#).split(" at line").next(),
            Some("invalid type: string, expected u8")
        );
        assert_eq!(
            of(r#"["canary"]"#),
            "invalid type: string, expected u8 at line 1 column 9"
        );
        assert_eq!(
            of("[77777]"),
            "invalid value: integer, expected u8 at line 1 column 6"
        );
        assert_eq!(of("[1"), "EOF while parsing a list at line 1 column 2");
        #[derive(Debug, serde::Deserialize)]
        enum Only {
            One,
        }
        let reason = serde_json::from_str::<Only>("\"canary\"")
            .map(|_: Only| Only::One)
            .unwrap_err()
            .to_string();
        assert_eq!(
            json_reason(&reason),
            "unknown variant, expected `One` at line 1 column 8"
        );
    }

    #[test]
    fn html_shows_the_words_of_its_title_only() {
        assert_eq!(
            shown(
                "text/html",
                "<html><TITLE lang=en>Log in - Digital Access</title><p>canary"
            ),
            "an HTML page titled \"Log in - Digital Access\""
        );
        assert!(!shown("text/html", "<title>token c4n4ry123</title>").contains("c4n4ry"));
        assert_eq!(shown("text/html", "<p>canary"), "an HTML page of 9 bytes");
    }

    #[test]
    fn other_bytes_are_only_counted() {
        assert_eq!(shown("text/plain", "canary"), "6 bytes of another content type");
        assert_eq!(
            shown("application/json", "{\"canary\""),
            "9 bytes that are not valid JSON"
        );
    }
}
