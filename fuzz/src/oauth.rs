//! Answers of a token endpoint.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{Credential, Endpoint as _, Incoming, ResponseError, SecretString, ServiceError as _};
use smartid_da::oauth::{ClientAuthentication, OAuthClient, TokenRequest};

const SECRET: &str = "golden-Secret-1";

/// An HTTP message; what is none is a body.
fn message(data: &[u8]) -> Incoming {
    let head_and_body = data
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .map(|at| data.split_at(at));
    let (head, body) = match head_and_body {
        Some((head, body)) if head.starts_with(b"HTTP/1.1 ") => (head, &body[2..]),
        _ => return Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::copy_from_slice(data)),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let status = lines.next().and_then(|line| line.get(9..12));
    let status = status.and_then(|code| StatusCode::from_bytes(code).ok());
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let Some(at) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(at);
        let name = HeaderName::from_bytes(name).ok();
        let value = HeaderValue::from_bytes(value[1..].trim_ascii()).ok();
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    Incoming::new(
        status.unwrap_or(StatusCode::OK),
        headers,
        Bytes::copy_from_slice(body),
    )
}

/// Any answer is a token that can be shown to a service, or an error that shows neither our secret nor what steers a terminal.
pub fn oauth_token(data: &[u8]) {
    static CALL: OnceLock<TokenRequest> = OnceLock::new();
    let call = CALL.get_or_init(|| {
        let secret = ClientAuthentication::basic(SecretString::new(SECRET));
        OAuthClient::builder("https://da.example.test/token", "golden-client", secret)
            .token_request()
            .unwrap()
    });
    match call.response(&(), message(data)) {
        Ok(token) => {
            let text = token.token().expose();
            assert!(
                (1..=32 * 1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
            );
            assert!(Credential::bearer("t", token.token()).is_ok());
            assert!(token.lifetime().unwrap_or_default() <= Duration::from_secs(365 * 86_400));
        }
        Err(ResponseError::Refused(error)) => {
            let shown = format!("{error} {error:?} {} {:?}", error.advice(), error.retry());
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(!shown.contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)));
            assert!(shown.chars().count() < 4000, "{shown}");
        }
        Err(ResponseError::Unreadable(error)) => panic!("every failure is one of OAuth's: {error}"),
    }
}
