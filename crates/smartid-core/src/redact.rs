//! What may be shown of something that came from outside.
//!
//! Redaction is by allow-list: of a JSON body only the member names and the values of a few members that carry a verdict are shown, of
//! an HTML page only the words of its title, of a URL only scheme, host, port and path. Everything else could be a token.

use crate::json::Pointer;
use crate::message::{Content, Incoming};

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

/// How many characters of an excerpt are kept.
const EXCERPT: usize = 400;

/// Scheme, host, port and path of a URL; its user information, query and fragment are dropped. A relative reference stays relative.
#[must_use]
pub fn url(text: &str) -> String {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let text = text.get(..end).unwrap_or_default();
    let shown = match text.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => text.to_owned(),
    };
    printable(&shown, 200)
}

/// A text from a service's own verdict (an error message): printable, on one line, capped, with anything that looks like a token masked.
#[must_use]
pub fn message(text: &str) -> String {
    let masked: Vec<&str> = text
        .split_whitespace()
        .map(|word| if looks_secret(word) { "[…]" } else { word })
        .collect();
    printable(&masked.join(" "), EXCERPT)
}

/// Words with digits that our own sentences need.
const OF_THE_TRADE: &[&str] = &[
    "base64",
    "base64url",
    "options.base64",
    "preflight.base64",
    "SHA-256",
];

/// Long, or of mixed letters and digits, or with base64's own letters: no word that explains a refusal looks like that.
fn looks_secret(word: &str) -> bool {
    let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
    if OF_THE_TRADE.contains(&word) {
        return false;
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    // An exception's class name is long, but dotted, and without digits.
    let dotted = word.contains('.') && digits == 0 && word.split('.').all(|part| part.len() <= 40);
    !dotted
        && (word.len() > 32
            || (word.len() >= 8 && digits >= 2 && letters >= 2)
            || (word.len() >= 12 && word.contains('=')))
}

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
                text.push_str(if looks_secret(member) { "[…]" } else { member });
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
        Value::Number(number) if SHOWN.contains(&name) => text.push_str(&number.to_string()),
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

    #[test]
    fn urls_lose_what_may_be_secret() {
        assert_eq!(
            url("https://u:p@h.example:1/a/b?c=d#e"),
            "https://h.example:1/a/b"
        );
        assert_eq!(url("/wa/auth?x"), "/wa/auth");
        assert_eq!(
            url("com.nexusgroup.plugout:///?url=x&token=y"),
            "com.nexusgroup.plugout:///"
        );
    }
}
