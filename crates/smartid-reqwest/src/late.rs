//! Recognises the page with which a server says that it wanted a client certificate after the handshake and could not get one.
//!
//! A server that is set up so reads the request first and then asks. Under TLS 1.2 it negotiates anew, which ends in an alert
//! ([`problem`](crate::problem)). Under TLS 1.3 it may only ask a client that has offered authentication after the handshake, which
//! rustls does not do; so it does not ask at all, and answers with an error page of its own. Status and media type are not enough to
//! know that page by: services answer 401 and 403 for many reasons. Its sentence is. Each was seen here from the server itself, Tomcat
//! 10.1 of Debian (also with TLS 1.2, when the body of the request is too long to be kept while negotiating) and Apache httpd 2.4.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

/// The sentences, by status. Tomcat speaks the language of its machine.
const SENTENCES: [(StatusCode, &str); 5] = [
    (
        StatusCode::UNAUTHORIZED,
        "No client certificate chain in this request",
    ),
    (
        StatusCode::UNAUTHORIZED,
        "No hay cadena de certificados del cliente en esta petición",
    ),
    (
        StatusCode::UNAUTHORIZED,
        "Aucune chaîne de certificat client (client certificate chain) dans cette requête",
    ),
    (
        StatusCode::UNAUTHORIZED,
        "このリクエストにはクライアント認証チェーンがありません",
    ),
    (
        StatusCode::FORBIDDEN,
        "Cannot perform Post-Handshake Authentication",
    ),
];

/// Such pages have less than a kibibyte, unless an installation has dressed them up.
const LONGEST: usize = 64 * 1024;

/// Whether this answer says so.
pub(crate) fn is_missing_certificate(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> bool {
    // Looked at first: nearly every answer ends here.
    if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) || body.len() > LONGEST {
        return false;
    }
    let is_html = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"));
    is_html
        && SENTENCES.iter().any(|(of, sentence)| {
            *of == status
                && body
                    .windows(sentence.len())
                    .any(|part| part == sentence.as_bytes())
        })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is(status: u16, media_type: Option<&'static str>, body: &str) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(media_type) = media_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        is_missing_certificate(
            StatusCode::from_u16(status).unwrap(),
            &headers,
            &Bytes::copy_from_slice(body.as_bytes()),
        )
    }

    #[test]
    fn each_sentence_counts_with_its_status_and_in_a_page() {
        for (status, sentence) in SENTENCES {
            let page = format!("<html><body><p><b>Message</b> {sentence}</p></body></html>");
            let status = status.as_u16();
            assert!(is(status, Some("text/html;charset=utf-8"), &page), "{sentence}");
            assert!(is(status, Some("Text/HTML"), &page), "{sentence}");
            assert!(!is(804 - status, Some("text/html"), &page), "{sentence}");
            assert!(!is(200, Some("text/html"), &page), "{sentence}");
            assert!(!is(status, Some("application/json"), &page), "{sentence}");
            assert!(!is(status, None, &page), "{sentence}");
            assert!(
                !is(
                    status,
                    Some("text/html"),
                    &page.replace(' ', "").replace("ク", "")
                ),
                "{sentence}"
            );
            let long = page + &" ".repeat(LONGEST);
            assert!(!is(status, Some("text/html"), &long), "{sentence}");
        }
    }

    #[test]
    fn other_refusals_stay_answers() {
        for status in [401, 403] {
            assert!(!is(
                status,
                Some("text/html"),
                "<html>HTTP Status 401 – Unauthorized</html>"
            ));
            assert!(!is(status, Some("text/html"), ""));
        }
    }
}
