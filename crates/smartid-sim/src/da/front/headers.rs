//! Which headers pass through the front, and which it sets (protocol notes: digital-access 5). A back end believes these headers, so a
//! client's own copies must not reach it, in no spelling that a back end might take for the same name.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{DaHeader, DaHeaderSource, DaResource, HeaderEncoding};
use crate::da::session::SessionUser;

/// Headers of one connection (RFC 9110 7.6.1), or made anew.
const OF_THE_CONNECTION: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "expect",
];

/// A name as a back end may see it: CGI and its kin write `HTTP_X_USER` for `X-User`, `X_User` and, some of them, `X.User`.
fn folded(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect()
}

/// The headers without those of the connection and those that `Connection` names.
pub(super) fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = headers
        .get_all("connection")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut out = headers.clone();
    for name in headers.keys() {
        let name = name.as_str();
        if OF_THE_CONNECTION.contains(&name) || named.iter().any(|other| other == name) {
            out.remove(name);
        }
    }
    out
}

/// Takes out what a client has sent under the names of the resource's headers, whether they will be set or not.
pub(super) fn strip(resource: &DaResource, headers: &mut HeaderMap) -> usize {
    let own: Vec<String> = resource
        .headers
        .iter()
        .map(|header| folded(&header.name))
        .collect();
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| own.contains(&folded(name.as_str())))
        .cloned()
        .collect();
    for name in &forged {
        headers.remove(name);
    }
    forged.len()
}

fn value<'u>(header: &'u DaHeader, user: &'u SessionUser) -> Option<&'u str> {
    match header.from {
        DaHeaderSource::UserName => Some(&user.name),
        DaHeaderSource::DisplayName => Some(&user.display_name),
        // Of the user storage alone: what users write into their own record proves nothing.
        DaHeaderSource::Attribute => user.attributes.get(&header.value).map(String::as_str),
        DaHeaderSource::Fixed => Some(&header.value),
    }
}

fn written(encoding: HeaderEncoding, text: &str) -> Result<HeaderValue, &'static str> {
    if text.chars().any(char::is_control) {
        return Err("header_control");
    }
    let octets = match encoding {
        HeaderEncoding::Utf8 => text.as_bytes().to_vec(),
        HeaderEncoding::Iso8859 => text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).map_err(|_| "header_encoding"))
            .collect::<Result<_, _>>()?,
        HeaderEncoding::Percent => {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
                .into_bytes()
        }
    };
    HeaderValue::from_bytes(&octets).map_err(|_| "header_control")
}

/// Sets the resource's headers; an attribute that the user does not have leaves its header out. The word says why a value cannot be
/// written.
pub(super) fn add(
    resource: &DaResource,
    user: &SessionUser,
    headers: &mut HeaderMap,
) -> Result<(), &'static str> {
    for header in &resource.headers {
        let Some(text) = value(header, user).filter(|text| !text.is_empty()) else {
            continue;
        };
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| "header_name")?;
        headers.insert(name, written(resource.encoding, text)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_fold_into_one() {
        for name in ["X-User", "x_user", "X.User", "x-USER", "x~user"] {
            assert_eq!(folded(name), "x-user");
        }
        assert_ne!(folded("XUser"), "x-user");
    }

    #[test]
    fn values_are_written_or_refused() {
        let text = "Zo\u{eb} \u{20ac}";
        assert_eq!(
            written(HeaderEncoding::Utf8, text).unwrap().as_bytes(),
            text.as_bytes()
        );
        assert_eq!(
            written(HeaderEncoding::Iso8859, "Zo\u{eb}").unwrap().as_bytes(),
            b"Zo\xeb"
        );
        assert_eq!(written(HeaderEncoding::Iso8859, text), Err("header_encoding"));
        assert_eq!(
            written(HeaderEncoding::Percent, "Zo\u{eb}").unwrap().as_bytes(),
            b"Zo%C3%AB"
        );
        for control in ["a\r\nX-Admin: 1", "a\nb", "a\rb", "a\0b", "a\u{85}b", "a\u{7f}"] {
            for encoding in [
                HeaderEncoding::Utf8,
                HeaderEncoding::Iso8859,
                HeaderEncoding::Percent,
            ] {
                assert_eq!(written(encoding, control), Err("header_control"));
            }
        }
    }

    #[test]
    fn what_connection_names_goes_no_further() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Trace"),
            ("x-trace", "1"),
            ("te", "trailers"),
            ("x-kept", "1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let kept = end_to_end(&headers);
        assert_eq!(
            kept.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["x-kept"]
        );
    }
}
