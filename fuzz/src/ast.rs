//! Soft tokens over AST: the service's properties file, what callers give, what comes back.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_cm::ast::{AstProperties, AstRequest, AttributeHeaders, NonAscii};
use smartid_cm::dialect::CmDialect;
use smartid_cm::{Attribute, HandlerName};
use smartid_core::{Endpoint as _, Error, Incoming, ResponseError};

use crate::choice;

/// A file that is read is written in plain lines and read again as the same mappings.
pub fn properties(data: &[u8]) {
    let Ok(properties) = AstProperties::parse(data) else {
        return;
    };
    let mut plain = String::new();
    let mut key = 0;
    for (handler, headers) in properties.handlers() {
        let mapped = headers.as_map().iter();
        let mapped = mapped.map(|(attribute, header)| (attribute, header.as_str()));
        let off = headers.switched_off().map(|attribute| (attribute, ""));
        for (attribute, header) in mapped.chain(off) {
            key += 1;
            plain +=
                &format!("handler.{handler}.formatFields.{key}=ast.valuetarget.{attribute}.value={header}\n");
        }
        assert!(headers.front().is_err() || headers.front().is_ok_and(|rules| rules.iter().next().is_some()));
    }
    let again = AstProperties::parse(&plain).expect("what was read can be written");
    assert!(again.handlers().eq(properties.handlers()), "{plain}");
    assert!(again.passed_over().is_empty());
}

/// Whatever a caller gives, no header holds a line end, and what goes out is what was given.
pub fn request(data: &[u8]) {
    let (which, rest) = choice(data);
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let mut dialect = CmDialect::default();
    dialect.ast.non_ascii = [
        NonAscii::Refuse,
        NonAscii::Utf8,
        NonAscii::Latin1,
        NonAscii::Percent,
    ][usize::from(which) % 4];
    dialect.ast.empty_values = which & 4 != 0;
    dialect.ast.non_ascii_passwords = which & 8 != 0;
    // Parted at a character that no value of ours can hold, and which is allowed to stand in any input.
    let mut parts = text.split('\u{1}');
    let password = parts.next().unwrap_or_default();
    let mut request = AstRequest::new(password);
    if let Some(Ok(handler)) = parts.next().map(HandlerName::new) {
        request = request.handler(handler);
    }
    let mut headers = AttributeHeaders::new();
    while let (Some(attribute), Some(header), Some(value)) = (parts.next(), parts.next(), parts.next()) {
        let Ok(attribute) = Attribute::new(attribute) else {
            continue;
        };
        if headers.set(attribute.clone(), header).is_ok() {
            request = request.attribute(attribute, value);
        }
    }
    let request = request.headers(headers);
    let typed = request.check(&dialect);
    let outgoing = request.request(&dialect);
    assert_eq!(typed.is_ok(), outgoing.is_ok(), "{typed:?}");
    let Ok(outgoing) = outgoing else { return };
    for (name, value) in outgoing.headers() {
        assert!(
            value
                .as_bytes()
                .iter()
                .all(|octet| *octet >= b' ' && *octet != 0x7f),
            "{name}"
        );
    }
    let fields: Vec<_> = url::form_urlencoded::parse(outgoing.body_bytes()).collect();
    assert_eq!(fields, [("password".into(), password.into())]);
    assert_eq!(
        outgoing.target().split('/').count(),
        1 + usize::from(request.handler.is_some())
    );
}

/// An answer with its headers: a message of HTTP, or a body alone.
fn message(data: &[u8]) -> Incoming {
    let head = data.windows(2).position(|pair| pair == b"\n\n");
    let Some(head) = head.filter(|_| data.starts_with(b"HTTP/")) else {
        return Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::copy_from_slice(data));
    };
    let mut lines = data[..head].split(|octet| *octet == b'\n');
    let status = lines
        .next()
        .and_then(|line| StatusCode::from_bytes(line.get(9..12)?).ok());
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|octet| *octet == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii())) {
            headers.append(name, value);
        }
    }
    let body = Bytes::copy_from_slice(&data[head + 2..]);
    Incoming::new(status.unwrap_or(StatusCode::OK), headers, body)
}

/// Any answer is a token or an error, and neither shows the password.
pub fn answer(data: &[u8]) {
    const PASSWORD: &str = "test-Passw0rd";
    static DIALECT: OnceLock<CmDialect> = OnceLock::new();
    let incoming = message(data);
    let shown =
        match AstRequest::new(PASSWORD).response(DIALECT.get_or_init(CmDialect::default), incoming.clone()) {
            Ok(issued) => {
                assert!(incoming.status().is_success());
                let octets = issued.token.expose_octets();
                assert_eq!(octets.first(), Some(&0x30));
                assert!(octets == &**incoming.body() || incoming.body().first() != Some(&0x30));
                if let Some(cookie) = &issued.downloaded {
                    assert!(
                        cookie
                            .set_cookie()
                            .to_str()
                            .is_ok_and(|text| text.starts_with("downloaded"))
                    );
                }
                format!("{issued:?}")
            }
            Err(error) => {
                let error = match error {
                    ResponseError::Refused(refusal) => Error::refused("cm.ast", refusal),
                    ResponseError::Unreadable(unreadable) => Error::unreadable("cm.ast", unreadable),
                };
                assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
                format!("{error} {error:?} {}", error.advice())
            }
        };
    assert!(!shown.contains(PASSWORD), "{shown}");
}
