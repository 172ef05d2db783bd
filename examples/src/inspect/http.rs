//! Whole HTTP messages: an answer as `curl -i` shows it, and a request as a proxy logs it. The body counts; the head tells to which
//! command or operation it belongs.

use std::borrow::Cow;

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid::hermod::ApiKey;

use super::kind::Command;
use super::{Context, Finding, cm, inspect};

/// The head of an answer.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

/// The head of a request.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) target: &'a str,
    pub(super) headers: HeaderMap,
}

impl<'a> Asked<'a> {
    /// Without the query.
    pub(super) fn path(&self) -> &'a str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What stands behind the question mark.
    pub(super) fn query(&self) -> Option<&'a str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    pub(super) fn content_type(&self) -> &str {
        let value = self.headers.get(::http::header::CONTENT_TYPE);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// `None`: these are no HTTP message.
pub(super) fn message(bytes: &[u8], context: &Context) -> Option<Finding> {
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    let (head, body) = parts(bytes);
    // Headers may hold any octet; each stands for the letter that ISO-8859-1 gives it.
    let head: &str = &match std::str::from_utf8(head) {
        Ok(head) => Cow::Borrowed(head),
        Err(_) => head.iter().copied().map(char::from).collect(),
    };
    if head.starts_with("HTTP/") {
        return Some(answer(head, body, context));
    }
    let line = head.lines().next().unwrap_or_default();
    let mut words = line.trim_end().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    let is_method = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method);
    (is_method && version.starts_with("HTTP/")).then(|| {
        let asked = Asked {
            method,
            target,
            headers: headers(head),
        };
        request(&asked, body, context)
    })
}

/// The body of an HTTP message, or the bytes themselves when they are none.
pub(super) fn body(bytes: &[u8]) -> &[u8] {
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    match bytes.starts_with(b"HTTP/") {
        true => parts(bytes).1,
        false => bytes,
    }
}

/// Head and body.
fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = |end: &[u8]| {
        let at = bytes.windows(end.len()).position(|window| window == end)?;
        Some((bytes.get(..at)?, bytes.get(at + end.len()..)?))
    };
    let (crlf, lf) = (at(b"\r\n\r\n"), at(b"\n\n"));
    match (crlf, lf) {
        (Some(first), Some(second)) if second.0.len() < first.0.len() => second,
        (Some(found), _) | (None, Some(found)) => found,
        (None, None) => (bytes, b""),
    }
}

fn headers(head: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1).take(200) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.trim()),
            HeaderValue::from_bytes(value.trim().as_bytes()),
        ) {
            headers.append(name, value);
        }
    }
    headers
}

fn answer(head: &str, body: &[u8], context: &Context) -> Finding {
    let line = head.lines().next().unwrap_or_default().trim();
    let mut context = context.clone();
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    context.answered = status.map(|status| Answered {
        status,
        headers: headers(head),
    });
    let mut finding = inside(body, "HTTP answer", &context);
    cm::head(&mut finding, &context);
    cm::head_of_token(&mut finding, body, &context);
    finding.facts.insert(0, ("answered".to_owned(), line.to_owned()));
    finding
}

fn inside(body: &[u8], name: &str, context: &Context) -> Finding {
    inspect(body, context).unwrap_or_else(|| {
        if body.trim_ascii().is_empty() {
            return Finding::of(format!("{name} without a body"));
        }
        let mut finding = Finding::of(name);
        finding.problem("its body is not recognised");
        finding
    })
}

fn request(asked: &Asked<'_>, body: &[u8], context: &Context) -> Finding {
    if let Some(mut finding) = cm::request(asked, body, context) {
        let line = ("sent".to_owned(), format!("{} {}", asked.method, asked.path()));
        finding.facts.insert(0, line);
        return finding;
    }
    let path = asked.path();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut context = context.clone();
    context.command = context.command.or_else(|| Command::of(last, &context.messaging));
    let mut finding = inside(body, "HTTP request", &context);
    let mut facts = vec![("sent".to_owned(), format!("{} {path}", asked.method))];
    if asked.query().is_some() {
        finding.remark("its target has a query, which is not shown");
    }
    credentials(asked, &mut facts, &mut finding);
    if body.trim_ascii().is_empty() {
        match asked.method {
            "GET" => facts.push(("looks like".to_owned(), format!("a poll for the command {last}"))),
            "DELETE" => facts.push(("looks like".to_owned(), format!("withdrawing the command {last}"))),
            _ => finding.remark("the command is in its body, which is not here"),
        }
    }
    facts.append(&mut finding.facts);
    finding.facts = facts;
    finding
}

/// Who calls, as far as the head tells; never the secret itself.
pub(super) fn credentials(asked: &Asked<'_>, facts: &mut Vec<(String, String)>, finding: &mut Finding) {
    if let Some(token) = asked.headers.get("x-api-key") {
        match token.to_str().map(ApiKey::from_token) {
            Ok(Ok(key)) => facts.push(("API user".to_owned(), key.client_id().to_owned())),
            Ok(Err(error)) => finding.problem(format!("its X-Api-Key cannot be used: {error}")),
            Err(_) => finding.problem("its X-Api-Key is no text"),
        }
    }
    if let Some(value) = asked.headers.get(::http::header::AUTHORIZATION) {
        let scheme = value.to_str().unwrap_or_default();
        let scheme = scheme.split(' ').next().unwrap_or_default();
        facts.push((
            "authenticates by".to_owned(),
            format!("HTTP {scheme} (not shown)"),
        ));
    }
}
